package io.sergo;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The file of the last good rules, which is there whole or not at all. */
record LastGood(Path file) {
    /** The file's text; empty where there is no file. */
    String read() throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException none) {
            return "";
        }
    }

    /** Writes beside it, flushes, and puts that in its place. */
    void write(String text) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Path beside = Files.createTempFile(folder, "." + file.getFileName(), ".new");
        try {
            try (FileOutputStream out = new FileOutputStream(beside.toFile())) {
                out.write(Utf8.bytes(text));
                out.getFD().sync();
            }
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(beside);
        }
    }
}
