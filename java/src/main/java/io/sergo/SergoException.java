package io.sergo;

/**
 * Something is wrong with a call, not with the traffic: the engine is closed, say, or an argument
 * is out of its bounds. A blocked entry is a {@link BlockedException} instead.
 */
public final class SergoException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The code's word. */
    private final String code;

    private SergoException(String code, String message) {
        super(message);
        this.code = code;
    }

    static SergoException of(int code) {
        Words.Code words = Words.code(code);
        return new SergoException(words.word(), words.sentence());
    }

    static SergoException argument(String message) {
        // The word as in the core's table, which may not be loaded yet.
        return new SergoException("argument", message);
    }

    /** Passes a count or an id on, and throws for a code. */
    static long check(long answer) {
        if (answer < 0) {
            throw of((int) answer);
        }
        return answer;
    }

    /**
     * The stable word for what went wrong: {@code closed}, {@code poisoned}, {@code panicked},
     * {@code argument}, {@code utf8}, {@code stale}, {@code space} or {@code full}.
     *
     * @return the word
     */
    public String code() {
        return code;
    }
}
