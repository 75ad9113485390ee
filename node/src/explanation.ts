/** What an entry would be answered, and why. */

import type { StrategyKind } from './block';
import type { BreakerState } from './figures';

/** What is answered, without the figures. */
export type Verdict = 'pass' | 'wait' | 'block';

/** What an entry to a resource would be answered at one moment, and why. As text it is for people to read. */
export class Explanation {
  /** The resource that was asked about. */
  declare readonly resource: string;
  /** Whether a rule names it. Overload protections ask every inbound entry, also to resources that no rule names. */
  declare readonly governed: boolean;
  /** The answer: that of the first gate that blocks, else a wait where there is one. */
  declare readonly answer: Verdict;
  /** For a wait: the longest, in nanoseconds. */
  declare readonly wait?: number;
  /** For a block: after how many nanoseconds the gate that blocks would let the same entry pass, where that is known. */
  declare readonly retryAfter?: number;
  /** Every gate that applies, in the order in which they are asked. */
  declare readonly gates: readonly GateExplanation[];
  readonly #text: string;

  /** @internal Use {@link Engine.explain}. */
  constructor(json: string) {
    // What does not apply is null there, and absent here.
    const { text, ...fields } = JSON.parse(json, (_key, value) => value ?? undefined);
    Object.assign(this, fields);
    this.#text = text;
  }

  /** The answer in the first line, then what each gate says: the same in every language. */
  toString(): string {
    return this.#text;
  }
}

/** What one gate would answer by itself, and why. */
export interface GateExplanation {
  /** The target as the rule writes it; empty for an overload protection, which stands before the instance as a whole. */
  readonly target: string;
  /** The strategy's kind. */
  readonly kind: StrategyKind;
  /** The strategy's name. */
  readonly strategy: string;
  /** The name of the rule that a block is reported under. */
  readonly rule: string;
  /** The answer. */
  readonly answer: Verdict;
  /** For a wait: how long, in nanoseconds. */
  readonly wait?: number;
  /** For a block: after how many nanoseconds the same entry would pass, where that is known. */
  readonly retryAfter?: number;
  /** The state of a circuit breaker; absent for other kinds. */
  readonly state?: BreakerState;
  /**
   * The limit: the threshold of a rate limit, the most in flight, the share of bad
   * calls at which a breaker opens, the queue's timeout in nanoseconds, the figure
   * of the system at which protection begins.
   */
  readonly limit?: number;
  /**
   * What stands against the limit, in the same unit: admitted in the window, in
   * flight, the share of bad calls, the wait at the queue's end, the figure of the
   * system. Absent where it is not known.
   */
  readonly used?: number;
  /** Why, in a sentence with the figures. */
  readonly why: string;
}
