/** What an entry would be answered, and why. */

import { directed } from './answer';
import type { StrategyKind } from './block';
import type { BreakerState } from './figures';
import type { Routing } from './routing';

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

/** Which route a request goes by, and why none of those before it does. As text it is for people to read. */
export class RouteExplanation {
  /** The kind and name of the router of the host; undefined where there is none. */
  readonly router: string | undefined;
  /** The routes that do not match, in order, up to the one that does; the first 1,000 of them. */
  readonly misses: readonly RouteMiss[];
  /** The index of the route that matches, as in `spec.http[2]`; undefined where none does. */
  readonly position: number | undefined;
  /** Where it goes; `none` where no route matches. */
  readonly routing: Routing;
  readonly #text: string;

  /** @internal Use {@link Engine.explainRoute}. */
  constructor(json: string) {
    const { router, misses, position, directions, text } = JSON.parse(json);
    this.#text = text;
    this.router = router ?? undefined;
    this.misses = misses;
    this.position = position ?? undefined;
    this.routing = directed(directions === null ? '' : JSON.stringify(directions));
  }

  /** Where it goes and by which route, then for each before that what did not hold: the same in every language. */
  toString(): string {
    return this.#text;
  }
}

/** Which lane a request is of, and why. As text it is for people to read. */
export class LabelExplanation {
  /** The lane; undefined where it has none. */
  readonly lane: string | undefined;
  /** Why it is of that lane, or of none. */
  readonly why: string;
  /** The document that gives it the lane; undefined where it came with it. */
  readonly document: string | undefined;
  /** The lane that it came with, believed or not; undefined where it came with none. */
  readonly came: CameWith | undefined;
  /** What the calls that are made for it carry; undefined where it is of no lane. */
  readonly goes: GoesOn | undefined;
  /** The lanes and label rules that were asked before, and are not for it; the first 1,000 of them. */
  readonly misses: readonly LabelMiss[];
  readonly #text: string;

  /** @internal Use {@link Engine.explainLabel}. */
  constructor(json: string) {
    const { lane, why, document, came, goes, misses, text } = JSON.parse(json);
    this.#text = text;
    this.lane = lane ?? undefined;
    this.why = why;
    this.document = document ?? undefined;
    this.came = came ?? undefined;
    this.goes = goes ?? undefined;
    this.misses = misses;
  }

  /** The lane and why, what came in and what goes on, and why by none of the rules before: the same in every language. */
  toString(): string {
    return this.#text;
  }
}

/** The lane that a request came with. */
export interface CameWith {
  /** The lane. */
  readonly lane: string;
  /** The key that it stood under. */
  readonly key: string;
  /** The header that it stood in: that key, or `baggage`. */
  readonly header: string;
  /** Whether it was believed. */
  readonly believed: boolean;
}

/** What the calls that are made for a request carry. */
export interface GoesOn {
  /** The name of the header, whose value is the lane. */
  readonly key: string;
  /** The value of the `baggage` header. */
  readonly baggage: string;
}

/** A lane or label rule that is not for a request. */
export interface LabelMiss {
  /** The kind and the name of the document. */
  readonly document: string;
  /** For each of its matches, the first field that does not hold. */
  readonly blocks: readonly BlockMiss[];
}

/** A route that does not match. */
export interface RouteMiss {
  /** Its index in the document's list. */
  readonly position: number;
  /** For each of its match blocks, the first field that does not hold. */
  readonly blocks: readonly BlockMiss[];
}

/** The first field of a match block that does not hold. */
export interface BlockMiss {
  /** The field, as in `headers.tag`. */
  readonly field: string;
  /** What the rule asks for. */
  readonly expected: string;
  /** What the request has. */
  readonly found: string;
}
