package io.sergo;

import java.util.HashMap;
import java.util.Map;

/** The core's table of codes and strategy kinds, fetched once, so that there is one table. */
final class Words {
    static final int PANICKED = -3;
    static final int UTF8 = -5;
    static final int STALE = -6;

    private static final Map<Integer, Code> CODES = new HashMap<>();
    private static final Map<Integer, String> KINDS = new HashMap<>();

    static {
        Value words = Value.of(Native.words());
        words.at("codes")
                .list(row -> row.list(column -> column))
                .forEach(
                        row ->
                                CODES.put(
                                        (int) row.get(0).number(),
                                        new Code(row.get(1).text(), row.get(2).text())));
        words.at("kinds")
                .list(row -> row.list(column -> column))
                .forEach(row -> KINDS.put((int) row.get(0).number(), row.get(1).text()));
    }

    /** A code's word, and its sentence. */
    record Code(String word, String sentence) {}

    private Words() {}

    static Code code(int number) {
        return CODES.getOrDefault(number, CODES.get(PANICKED));
    }

    /** The document kind of the strategy with this number. */
    static String kind(int number) {
        return KINDS.getOrDefault(number, "");
    }
}
