package io.sergo;

import java.util.Objects;

/**
 * A text with rule documents.
 *
 * @param name what a report calls it: a file's path, say; may be empty
 * @param text YAML, perhaps of several documents, or JSON
 */
public record RuleText(String name, String text) {
    /**
     * Checks that both are there.
     *
     * @param name what a report calls it
     * @param text the documents
     */
    public RuleText {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(text, "text");
    }
}
