/**
 * The words that this thread shares with the addon: hot calls find their
 * arguments here and leave their answers here. `bindings/napi/src/words.rs` has
 * the same layout, and says what each word is.
 */

import { native } from './native';

/** Where in the words is what. These are `const enum`s since they then cost no look-up where they are used. */
export enum Word {
  HANDLE = 0,
  RESOURCE = 1,
  COST = 2,
  FLAG = 3,
  TIME = 4,
  PERMIT = 6,
  WAIT = 11,
  BLOCK = 13,
  RETRY = 14,
  LENGTH = 16,
  RANDOM = 17,
  ANSWER = 18,
  INSTANCE = 19,
  STATUS = 20,
  PLACE = 21,
}

/** How an entry ends. */
export enum Flag {
  SUCCEEDED = 0,
  FAILED = 1,
  CANCELLED = 2,
}

/** What entering says, beside the numbers of kinds of strategies and of codes. */
export enum Status {
  PASSES = 0,
  WAITS = 256,
}

/** How many words a permit has. */
export const PERMIT_WORDS = 5;
const COUNT = 24;
/** How many words the permits that the addon keeps take. */
const PERMITS = 1024 * PERMIT_WORDS;
/** How many bytes the block behind the words has; what is larger crosses by a cold call. */
const BLOCK_BYTES = 8192;

/** The words in force for this thread, and the block behind them. */
export const words: Float64Array = native.share(
  new Float64Array(COUNT + PERMITS + BLOCK_BYTES / Float64Array.BYTES_PER_ELEMENT),
);

/** The block in force for this thread. */
export const sharedBlock: Buffer = Buffer.from(
  words.buffer,
  words.byteOffset + (COUNT + PERMITS) * Float64Array.BYTES_PER_ELEMENT,
  BLOCK_BYTES,
);

const HIGH = 2 ** 32;
const HIGH_NANOS = 2n ** 32n;

/** Writes nanoseconds that were checked to be below 2⁶⁴. */
export function putNanos(at: number, nanos: number | bigint): void {
  if (typeof nanos === 'number') {
    words[at] = Math.floor(nanos / HIGH);
    words[at + 1] = nanos % HIGH;
  } else {
    words[at] = Number(nanos / HIGH_NANOS);
    words[at + 1] = Number(nanos % HIGH_NANOS);
  }
}

/** Reads nanoseconds. */
export function nanosAt(at: number): bigint {
  return BigInt(words[at] as number) * HIGH_NANOS + BigInt(words[at + 1] as number);
}
