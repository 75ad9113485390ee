/** What an entry that passed holds until it exits. */

import { CLOSED, codeError, POISONED } from './error';
import type { Link } from './link';
import { native } from './native';
import { sleepUntil } from './wait';
import { CANCELLED, FAILED, FLAG, PERMIT, SUCCEEDED, words } from './words';

/** How a permitted call ended. */
export interface ExitOptions {
  /** Whether it failed; false by default. */
  readonly error?: boolean;
}

/** What can call a wait off. */
export interface WaitOptions {
  /** When it aborts, the entry is cancelled and the wait fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An entry that passed. Give it back with {@link Entry.exit} when the call is
 * over; `using entry = ...` does so at the end of the block.
 */
export class Entry {
  readonly #link: Link;
  // The permit's words, as fields: an array would cost as much as the call.
  readonly #w0: number;
  readonly #w1: number;
  readonly #w2: number;
  readonly #w3: number;
  readonly #w4: number;
  #open = true;
  /** When the wait is over, on the process's monotonic clock; 0 where there is none. */
  readonly #until: bigint;

  /** @internal Takes the permit that the last enter left in the words. */
  constructor(link: Link, waitNanos: bigint) {
    this.#link = link;
    this.#w0 = words[PERMIT] as number;
    this.#w1 = words[PERMIT + 1] as number;
    this.#w2 = words[PERMIT + 2] as number;
    this.#w3 = words[PERMIT + 3] as number;
    this.#w4 = words[PERMIT + 4] as number;
    this.#until = waitNanos === 0n ? 0n : process.hrtime.bigint() + waitNanos;
  }

  /**
   * Gives the permit back. Only the first call counts. After the engine's close
   * there is nothing to give back to, and it does nothing.
   *
   * @throws SergoError `panicked` when the call fails inside sergo.
   */
  exit(options?: ExitOptions): void {
    this.#end(options?.error === true ? FAILED : SUCCEEDED);
  }

  /**
   * Instead of {@link Entry.exit} for a call that never began: it is no longer in
   * flight, no breaker judges by it, and if it was to probe, the next entry may.
   * What rate limits and queues admitted stays spent.
   *
   * @throws SergoError `panicked` when the call fails inside sergo.
   */
  cancel(): void {
    this.#end(CANCELLED);
  }

  #end(outcome: number): void {
    if (!this.#open) {
      return;
    }
    const link = this.#link;
    const now = link.time();
    this.#open = false;
    link.stamp(now);
    words[FLAG] = outcome;
    words[PERMIT] = this.#w0;
    words[PERMIT + 1] = this.#w1;
    words[PERMIT + 2] = this.#w2;
    words[PERMIT + 3] = this.#w3;
    words[PERMIT + 4] = this.#w4;
    const code = native.exit();
    if (code !== 0 && code !== CLOSED && code !== POISONED) {
      throw codeError(code);
    }
  }

  /**
   * Resolves when the wait of the decision is over: at once where there is none.
   *
   * @throws The signal's reason when it aborts; the entry is cancelled.
   * @throws SergoError `closed` when the engine is closed meanwhile.
   */
  async ready(options?: WaitOptions): Promise<void> {
    const signal = options?.signal;
    try {
      signal?.throwIfAborted();
      if (this.#until !== 0n) {
        const { waiting } = this.#link;
        await sleepUntil(this.#until, { signal, waiting, closed: () => codeError(CLOSED) });
      }
    } catch (reason) {
      this.cancel();
      throw reason;
    }
  }

  /** As {@link Entry.exit}, without an error. */
  [Symbol.dispose](): void {
    this.exit();
  }
}
