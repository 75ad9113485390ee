/** What an entry that passed holds until it exits. */

import { CLOSED, codeError, POISONED } from './error';
import type { Link } from './link';
import { native } from './native';
import { sleepUntil } from './wait';
import { Flag, PERMIT_WORDS, Word, words } from './words';

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

/** Stands for the place of an entry that is over. */
const EXITED = -1;

/**
 * An entry that passed. Give it back with {@link Entry.exit} when the call is
 * over; `using entry = ...` does so at the end of the block.
 */
export class Entry {
  readonly #link: Link;
  /** Where the addon keeps the permit; 0 for nowhere, {@link EXITED} once it is given back. */
  #place: number;
  /** The permit's words where the addon does not keep them. */
  readonly #permit: Float64Array | undefined;
  /** When the wait is over, on the process's monotonic clock; 0 where there is none. */
  readonly #until: bigint;

  /** @internal Takes the permit that the last enter left. */
  constructor(link: Link, until: bigint) {
    const place = words[Word.PLACE] as number;
    this.#link = link;
    this.#place = place;
    this.#permit = place === 0 ? permitLeft() : undefined;
    this.#until = until;
  }

  /**
   * Gives the permit back. Only the first call counts. After the engine's close
   * there is nothing to give back to, and it does nothing.
   *
   * @throws SergoError `panicked` when the call fails inside sergo.
   */
  exit(options?: ExitOptions): void {
    this.end(options?.error === true ? Flag.FAILED : Flag.SUCCEEDED);
  }

  /**
   * Instead of {@link Entry.exit} for a call that never began: it is no longer in
   * flight, no breaker judges by it, and if it was to probe, the next entry may.
   * What rate limits and queues admitted stays spent.
   *
   * @throws SergoError `panicked` when the call fails inside sergo.
   */
  cancel(): void {
    this.end(Flag.CANCELLED);
  }

  /** @internal Gives the permit back with an outcome of those in the words. */
  end(outcome: number): void {
    const place = this.#place;
    if (place === EXITED) {
      return;
    }
    const link = this.#link;
    const now = link.time();
    this.#place = EXITED;
    link.stamp(now);
    words[Word.FLAG] = outcome;
    words[Word.PLACE] = place;
    if (place === 0) {
      words.set(this.#permit as Float64Array, Word.PERMIT);
    }
    native.exit();
    if (words[Word.STATUS] !== 0) {
      checkEnd(words[Word.STATUS] as number);
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

/** The permit that the last enter left where the addon does not keep it. */
function permitLeft(): Float64Array {
  return words.slice(Word.PERMIT, Word.PERMIT + PERMIT_WORDS);
}

/** What is closed or poisoned takes nothing back. */
function checkEnd(code: number): void {
  if (code !== CLOSED && code !== POISONED) {
    throw codeError(code);
  }
}
