package io.sergo;

import java.nio.file.Path;

/** Where rules come from, for {@link Engine#subscribe(RuleSource)}. */
public sealed interface RuleSource permits FileSource {
    /**
     * A file, or a folder: all its {@code .yaml}, {@code .yml} and {@code .json} files, those in
     * its folders too, hidden ones not. The files of a folder are one push, in the order of their
     * paths.
     *
     * @param path the file or folder; it need not be there yet
     * @return the source
     */
    static RuleSource file(Path path) {
        return new FileSource(path);
    }

    /**
     * A file or folder, as {@link #file(Path)}.
     *
     * @param path the file or folder
     * @return the source
     */
    static RuleSource file(String path) {
        return file(Path.of(path));
    }
}
