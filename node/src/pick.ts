/** The instance that a request goes to, and what comes of it. */

import type { Instance, RoutedToNone, Routing } from './routing';

/**
 * What came of a call to an instance: a success, a server error, a gateway error
 * (502, 503, 504), no connection, or nothing that tells of the instance: it was
 * not made, or its caller gave it up.
 */
export type CallOutcome = 'success' | 'error' | 'gateway-error' | 'local-error' | 'cancelled';

/** The outcomes, each at its number. @internal */
export const OUTCOMES: readonly CallOutcome[] = ['success', 'error', 'gateway-error', 'local-error', 'cancelled'];

/** What Node.js calls failures of a connection. */
const LOCAL =
  /^(ECONN(REFUSED|RESET|ABORTED)|EHOST(UNREACH|DOWN)|ENET(UNREACH|DOWN)|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|UND_ERR_(SOCKET|CONNECT_TIMEOUT))$/;

/**
 * What a call came to, by the status that it was answered with, or by what it
 * failed with: a failure of the connection is a `local-error`, also as the cause
 * of another error, as `fetch` throws it; an `AbortError` is `cancelled`.
 */
export function outcomeOf(result: unknown): CallOutcome {
  if (typeof result === 'number') {
    return result < 500 ? 'success' : result >= 502 && result <= 504 ? 'gateway-error' : 'error';
  }
  for (
    let error = result as Failure | undefined, depth = 0;
    error != null && depth < 5;
    error = error.cause, depth += 1
  ) {
    if (typeof error.code === 'string' && LOCAL.test(error.code)) {
      return 'local-error';
    }
    if (error.name === 'AbortError') {
      return 'cancelled';
    }
  }
  return 'error';
}

interface Failure {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly cause?: Failure;
}

/**
 * Where a request goes, down to the instance. The request counts as in flight
 * there until the report. `using pick = engine.pick(...)` reports a success at the
 * end of the block, where nothing else was reported.
 */
export class Pick {
  /** What {@link Engine.route} answers; for a host that no route names, that host. */
  readonly routing: Exclude<Routing, RoutedToNone>;
  /**
   * The instance, as discovery told it, with the label that rules give it; undefined where the request
   * goes to none (`routing.kind` is not `to`), or to a host whose instances discovery has not named.
   */
  readonly instance: Instance | undefined;
  #report: ((outcome: CallOutcome) => void) | undefined;

  /** @internal Use {@link Engine.pick}. */
  constructor(
    routing: Exclude<Routing, RoutedToNone>,
    instance: Instance | undefined,
    report: ((outcome: CallOutcome) => void) | undefined,
  ) {
    this.routing = routing;
    this.instance = instance;
    this.#report = report;
  }

  /**
   * Says what came of the call. Only the first report counts; without an instance,
   * and after the engine's close, it does nothing.
   *
   * @throws SergoError `argument` for another outcome.
   */
  report(outcome: CallOutcome): void {
    this.#report?.(outcome);
    this.#report = undefined;
  }

  /**
   * Runs `call` and reports what came of it: a success, or what {@link outcomeOf}
   * makes of what it throws or rejects with. What `call` reports itself goes first.
   *
   * @throws What `call` throws.
   */
  async run<Result>(call: (pick: this) => Result | PromiseLike<Result>): Promise<Awaited<Result>> {
    try {
      const result = await call(this);
      this.report('success');
      return result;
    } catch (error) {
      this.report(outcomeOf(error));
      throw error;
    }
  }

  /** Reports a success, where nothing was reported. */
  [Symbol.dispose](): void {
    this.report('success');
  }
}
