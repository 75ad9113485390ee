package io.sergo;

import java.util.OptionalDouble;

/**
 * The system's figures; one that is empty is unknown.
 *
 * @param cpu the share of CPU time in use, 0 to 1
 * @param load1 the load average of the last minute
 * @param memory the share of memory in use, 0 to 1
 */
public record SystemLoad(OptionalDouble cpu, OptionalDouble load1, OptionalDouble memory) {}
