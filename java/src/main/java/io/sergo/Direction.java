package io.sergo;

/** Which way a call goes, seen from this instance. */
public enum Direction {
    /** A request that this instance serves. Overload protection looks at these only. */
    INBOUND,
    /** A request that this instance makes. */
    OUTBOUND
}
