/**
 * The words that this thread shares with the addon: hot calls find their
 * arguments here and leave their answers here. `bindings/napi/src/words.rs` has
 * the same layout, and says what each word is.
 */

import { native } from './native';

export const HANDLE = 0;
export const RESOURCE = 1;
export const COST = 2;
export const FLAG = 3;
export const SUCCEEDED = 0;
export const FAILED = 1;
export const CANCELLED = 2;
export const TIME = 4;
export const PERMIT = 6;
export const PERMIT_WORDS = 5;
export const WAIT = 11;
export const BLOCK = 13;
export const RETRY = 14;
export const LENGTH = 16;
export const RANDOM = 17;
export const ANSWER = 18;
export const INSTANCE = 19;
export const STATUS = 20;
export const WAITS = 256;
export const PLACE = 21;
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
