package io.sergo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

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
        return new FileSource(path, Optional.empty());
    }

    /**
     * A file or folder, as {@link #file(Path)}, that is looked at as often as this, whether the
     * system tells of changes or not.
     *
     * @param path the file or folder; it need not be there yet
     * @param every how long to wait between two looks: more than nothing
     * @return the source
     * @throws IllegalArgumentException for another time
     */
    static RuleSource file(Path path, Duration every) {
        if (every.isNegative() || every.isZero()) {
            throw new IllegalArgumentException("found " + every + ", expected more than nothing");
        }
        return new FileSource(path, Optional.of(every));
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
