/** An engine's end of the border: its handle, its clock, and who waits on it. */

import { argumentError } from './error';
import { putNanos, Word, words } from './words';

/**
 * Tells the time, in whole nanoseconds since the engine was made, below 2⁶⁴ − 1.
 * A `number` is exact up to 2⁵³, about 104 days.
 */
export type Clock = () => number | bigint;

/** The time argument for "this moment". */
export const NOW = -1;
const END_OF_TIME = 2n ** 64n - 1n;

/** @internal */
export class Link {
  /** What ends the waits that are under way, for the engine's close. */
  readonly waiting = new Set<() => void>();

  constructor(
    /** The engine's handle; 0, which is none, once it is closed. */
    public handle: number,
    private readonly clock: Clock | undefined,
  ) {}

  /** The moment for {@link stamp}. The clock may itself use sergo, so ask it before any word is written. */
  time(): number | bigint {
    if (this.clock === undefined) {
      return NOW;
    }
    const now = this.clock();
    if (
      typeof now === 'bigint' ? now < 0n || now >= END_OF_TIME : !(Number.isInteger(now) && now >= 0 && now < 2 ** 64)
    ) {
      throw argumentError('clock', now, 'whole nanoseconds from 0 on, below 2^64 - 1');
    }
    return now;
  }

  /** Writes what every hot call takes. */
  stamp(now: number | bigint): void {
    words[Word.HANDLE] = this.handle;
    if (now === NOW) {
      words[Word.TIME] = NOW;
    } else {
      putNanos(Word.TIME, now);
    }
  }
}
