/** The answer to an entry. */

import type { Block } from './block';
import type { Entry } from './entry';

/** The answer to an entry; `kind` says which. */
export type Decision = Pass | Block;

/** It may go on: at once, or after the wait and without asking again. */
export interface Pass {
  readonly kind: 'pass';
  /** What to give back when the call is over. */
  readonly entry: Entry;
  /** How many milliseconds to wait before going on, with fractions; 0 is not at all. `entry.ready()` waits so long. */
  readonly waitMs: number;
  /** The same in nanoseconds, exact. */
  readonly waitNanos: bigint;
}
