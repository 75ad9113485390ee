package io.sergo;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** A file or folder with rules, looked at without a file handle kept open. */
record FileSource(Path path, Optional<Duration> every) implements RuleSource {
    /**
     * What tells that a file has changed, at the price of a look. Links are followed, so that a
     * folder swapped by its link, as Kubernetes mounts do, is another file by its key.
     */
    record Stamp(FileTime modified, long size, Object key) {
        static Stamp of(Path file) throws IOException {
            BasicFileAttributes seen = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(seen.lastModifiedTime(), seen.size(), seen.fileKey());
        }

        /** Written out, since what Java makes for a record keeps the record's class loader. */
        @Override
        public boolean equals(Object other) {
            return other instanceof Stamp stamp
                    && size == stamp.size
                    && modified.equals(stamp.modified)
                    && Objects.equals(key, stamp.key);
        }

        @Override
        public int hashCode() {
            return Objects.hash(modified, size, key);
        }
    }

    /**
     * The files that there are, each with its stamp, in order.
     *
     * @throws IOException naming the file or folder that can't be looked at
     */
    SortedMap<String, Stamp> look() throws IOException {
        return look(new Places());
    }

    /** Looks, and says where to watch for changes of what is seen, also where that fails. */
    SortedMap<String, Stamp> look(Places places) throws IOException {
        SortedMap<String, Stamp> files = new TreeMap<>();
        places.addWay(path);
        if (Files.isDirectory(path)) {
            look(path, new HashSet<>(), files, places);
        } else {
            files.put(path.toString(), Stamp.of(path));
        }
        return files;
    }

    /** The folders above are known, so that a link to one of them is no endless way. */
    private static void look(
            Path folder, Set<Path> above, SortedMap<String, Stamp> files, Places places)
            throws IOException {
        Path real = folder.toRealPath();
        if (!above.add(real)) {
            return;
        }
        places.addFolder(real);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (name.startsWith(".")) {
                    continue;
                }
                if (Files.isSymbolicLink(entry)) {
                    places.addWay(entry);
                }
                if (Files.isDirectory(entry)) {
                    look(entry, above, files, places);
                } else if (name.endsWith(".yaml")
                        || name.endsWith(".yml")
                        || name.endsWith(".json")) {
                    files.put(entry.toString(), Stamp.of(entry));
                }
            }
        } catch (DirectoryIteratorException failure) {
            throw failure.getCause();
        } finally {
            above.remove(real);
        }
    }

    /**
     * Reads the files.
     *
     * @throws IOException naming the file that can't be read, or is not UTF-8
     */
    static List<RuleText> read(Set<String> files) throws IOException {
        List<RuleText> texts = new ArrayList<>();
        for (String file : files) {
            try {
                texts.add(new RuleText(file, Files.readString(Path.of(file))));
            } catch (CharacterCodingException notText) {
                throw new IOException(file + ": rules must be UTF-8 text", notText);
            }
        }
        return texts;
    }
}
