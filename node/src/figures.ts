/** What an engine has counted. */

import type { StrategyKind } from './block';

/**
 * All counters of an engine at one moment. Each is read by itself: under traffic
 * their sums may be off by what happens meanwhile. Counts are exact up to 2⁵³.
 */
export interface Figures {
  /** The version of the rules in force, 0 before the first. */
  readonly version: number;
  /** Inbound entries in flight, those of resources without rules included. */
  readonly inFlight: number;
  /** One per target that rules name, in the order of their names. */
  readonly resources: readonly ResourceFigures[];
  /** The overload protections, which ask for the instance as a whole. */
  readonly instance: readonly StrategyFigures[];
}

/** The counters of one target since it was first named by a rule. */
export interface ResourceFigures {
  /** The target as the rule writes it. */
  readonly resource: string;
  /** Entries that passed, those that wait included. */
  readonly passed: number;
  /** Entries that were blocked. */
  readonly blocked: number;
  /** Entries that passed after a wait. */
  readonly waited: number;
  /** Entries that passed and were cancelled. */
  readonly cancelled: number;
  /** Entries that passed and have neither exited nor been cancelled. */
  readonly inFlight: number;
  /** Entries that exited. */
  readonly completed: number;
  /** Of these, those that exited with an error. */
  readonly errors: number;
  /** The sum of their response times, in nanoseconds. A response time runs from the end of the wait. */
  readonly rtSumNanos: number;
  /** The least of their response times, in nanoseconds; 0 without any. */
  readonly rtMinNanos: number;
  /** The greatest of their response times, in nanoseconds. */
  readonly rtMaxNanos: number;
  /** The median of their response times, in nanoseconds, at most an eighth too long. */
  readonly rtP50Nanos: number;
  /** The 99th percentile of their response times, likewise. */
  readonly rtP99Nanos: number;
  /** How they spread: pairs of a time in nanoseconds, and how many were under it but not under the pair's before. */
  readonly rtHistogram: readonly (readonly [nanos: number, count: number])[];
  /** How often each strategy blocked, in the order in which they are asked. */
  readonly strategies: readonly StrategyFigures[];
}

/** How often one strategy of a target blocked. */
export interface StrategyFigures {
  /** The strategy's kind. */
  readonly kind: StrategyKind;
  /** The strategy's name. */
  readonly strategy: string;
  /** Entries that it blocked. */
  readonly blocked: number;
}

/** The state of a circuit breaker: entries pass, are blocked, or one probes. */
export type BreakerState = 'closed' | 'open' | 'half-open';
