/** Why an entry may not go on. */

/** The kind of the strategy that blocked, as its document says it. */
export type StrategyKind =
  | 'AdaptiveOverloadProtectionStrategy'
  | 'ConcurrencyLimitStrategy'
  | 'CircuitBreakerStrategy'
  | 'RateLimitStrategy'
  | 'ThrottlingStrategy';

/** The HTTP response that a rule gives to what it blocks. */
export interface Fallback {
  /** The status code. */
  readonly status: number;
  /** The body, as written. */
  readonly body: string;
  /** The headers, as written. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a block says. */
export interface BlockDetails {
  /** The kind of the strategy that blocked. */
  readonly strategy: StrategyKind;
  /** The strategy's name; empty when its rules were replaced eight times since. */
  readonly strategyName: string;
  /** The name of the rule that blocked; empty in the same case. */
  readonly rule: string;
  /** After how many milliseconds the same entry would pass, with fractions; undefined where that is not known. */
  readonly retryAfterMs: number | undefined;
  /** The same in nanoseconds, exact. */
  readonly retryAfterNanos: bigint | undefined;
  /** What the rule says to answer with, if it says so. */
  readonly fallback: Fallback | undefined;
}

/** The decision that an entry may not go on. It has left no trace. */
export interface Block extends BlockDetails {
  readonly kind: 'block';
}

/**
 * `Error` without its constructor, which costs more than a decision even where it takes
 * no stack trace.
 */
const Unmade = Object.assign(function Unmade() {}, { prototype: Error.prototype }) as unknown as typeof Error;

/**
 * Thrown by {@link Engine.enter} and {@link Engine.run} for a block. It is made
 * without a stack trace, so that blocking stays cheap under load: an `Error` by
 * `instanceof`, whose `stack` is its name and message.
 */
export class BlockedError extends Unmade implements BlockDetails {
  declare readonly name: 'BlockedError';
  /** The resource that was to be entered. */
  readonly resource: string;
  readonly strategy: StrategyKind;
  readonly strategyName: string;
  readonly rule: string;
  readonly retryAfterMs: number | undefined;
  readonly retryAfterNanos: bigint | undefined;
  readonly fallback: Fallback | undefined;

  constructor(resource: string, block: BlockDetails) {
    super();
    this.message = `${resource} is blocked by ${block.strategy} ${block.strategyName} of rule ${block.rule}`;
    this.resource = resource;
    this.strategy = block.strategy;
    this.strategyName = block.strategyName;
    this.rule = block.rule;
    this.retryAfterMs = block.retryAfterMs;
    this.retryAfterNanos = block.retryAfterNanos;
    this.fallback = block.fallback;
  }
}

Object.defineProperties(BlockedError.prototype, {
  name: { value: 'BlockedError', writable: true, configurable: true },
  // What `Object.prototype.toString` says of errors, by which some know them.
  [Symbol.toStringTag]: { value: 'Error', configurable: true },
  stack: {
    configurable: true,
    get(this: BlockedError) {
      return `${this.name}: ${this.message}`;
    },
    set(this: BlockedError, value: unknown) {
      Object.defineProperty(this, 'stack', { value, writable: true, configurable: true });
    },
  },
});
