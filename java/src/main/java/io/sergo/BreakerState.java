package io.sergo;

/** The state of a circuit breaker. */
public enum BreakerState {
    /** Entries pass. */
    CLOSED("closed"),
    /** Entries are blocked. */
    OPEN("open"),
    /** One entry probes, all others are blocked. */
    HALF_OPEN("half-open");

    private final String word;

    BreakerState(String word) {
        this.word = word;
    }

    static BreakerState of(String word) {
        for (BreakerState state : values()) {
            if (state.word.equals(word)) {
                return state;
            }
        }
        throw new IllegalArgumentException("no breaker is " + word);
    }

    /** The word for it: {@code closed}, {@code open} or {@code half-open}. */
    @Override
    public String toString() {
        return word;
    }
}
