package io.sergo;

import java.util.List;

/**
 * What loading rules came to, in full: nothing is dropped silently.
 *
 * @param version the version of the rules now in force, counted from 1
 * @param accepted how many documents were valid: those that wait and those for other apps included,
 *     unknown kinds and last good versions not
 * @param rejected the mistakes; of a document with any, the last good version stays in force
 * @param waiting what valid rules still miss, one entry per missing reference
 * @param warnings what is most likely not meant: unknown fields, unknown kinds
 * @param shadowed routes that can never be reached, and why
 * @param unserved destinations that nothing serves: undefined subsets, and hosts of which discovery
 *     knows nobody healthy
 */
public record Report(
        long version,
        int accepted,
        List<Diagnostic> rejected,
        List<Waiting> waiting,
        List<Diagnostic> warnings,
        List<Diagnostic> shadowed,
        List<Diagnostic> unserved) {
    static Report of(Value value) {
        return new Report(
                value.at("version").number(),
                (int) value.at("accepted").number(),
                value.at("rejected").list(Diagnostic::of),
                value.at("waiting").list(Waiting::of),
                value.at("warnings").list(Diagnostic::of),
                value.at("shadowed").list(Diagnostic::of),
                value.at("unserved").list(Diagnostic::of));
    }

    /**
     * One thing that is wrong with one field of one document.
     *
     * @param kind the document's kind; empty where it could not be read
     * @param namespace the document's namespace; empty where it could not be read
     * @param name the document's name; empty where it could not be read
     * @param field the path from the document's root, as in {@code
     *     spec.targets[0].targetResourceName}
     * @param found what was found there
     * @param expected what would be right
     * @param message the whole sentence: document, field, what was found, what would be right
     * @param source the name of the text that the document came from; may be empty
     * @param line the line in the text, from 1; 0 is unknown
     * @param column the column in the line, from 1; 0 is unknown
     * @param code what kind of mistake it is, as in {@code unknown-field}: what {@code sergo check
     *     --explain} knows it by
     */
    public record Diagnostic(
            String kind,
            String namespace,
            String name,
            String field,
            String found,
            String expected,
            String message,
            String source,
            int line,
            int column,
            String code) {
        static Diagnostic of(Value value) {
            return new Diagnostic(
                    value.at("kind").text(),
                    value.at("namespace").text(),
                    value.at("name").text(),
                    value.at("field").text(),
                    value.at("found").text(),
                    value.at("expected").text(),
                    value.at("message").text(),
                    value.at("source").text(),
                    (int) value.at("line").number(),
                    (int) value.at("column").number(),
                    value.at("code").text());
        }

        /** The whole sentence. */
        @Override
        public String toString() {
            return message;
        }
    }

    /**
     * A rule that takes effect when what it names arrives.
     *
     * @param kind the waiting document's kind
     * @param namespace the waiting document's namespace
     * @param name the waiting document's name
     * @param missing the name that is missing
     * @param message the whole sentence
     * @param code what kind of mistake it would be, if it stayed so: {@code dangling-reference}
     */
    public record Waiting(
            String kind,
            String namespace,
            String name,
            String missing,
            String message,
            String code) {
        static Waiting of(Value value) {
            return new Waiting(
                    value.at("kind").text(),
                    value.at("namespace").text(),
                    value.at("name").text(),
                    value.at("missing").text(),
                    value.at("message").text(),
                    value.at("code").text());
        }

        /** The whole sentence. */
        @Override
        public String toString() {
            return message;
        }
    }
}
