/** What went wrong, other than a block. */

import { native } from './native';

/**
 * What a call came to, in a word.
 *
 * - `closed`: the engine is closed; make a new one.
 * - `poisoned`: an earlier call on this engine failed inside sergo; close it and make a new one.
 * - `panicked`: this call failed inside sergo and was stopped; the engine is poisoned.
 * - `argument`: an argument is out of its bounds; the message says which.
 * - `full`: too many engines are open.
 * - `utf8`, `stale`, `space`: of the border; the package deals with them itself.
 */
export type ErrorCode = 'closed' | 'poisoned' | 'panicked' | 'argument' | 'utf8' | 'stale' | 'space' | 'full';

/** An error of sergo's own. A block is no error of sergo's: it is a {@link BlockedError}. */
export class SergoError extends Error {
  override readonly name = 'SergoError';
  /** What the call came to, in a word. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const table = new Map<number, [ErrorCode, string]>();
const codes = native.codes();
for (let at = 0; at + 2 < codes.length; at += 3) {
  table.set(Number(codes[at]), [codes[at + 1] as ErrorCode, codes[at + 2] as string]);
}
const words = new Set<string>([...table.values()].map(([word]) => word));

const numberOf = (code: ErrorCode): number => [...table].find(([, [word]]) => word === code)?.[0] ?? Number.NaN;

/** The number of the code for an id from before the rules changed. */
export const STALE: number = numberOf('stale');
/** The number of the code for a closed engine. */
export const CLOSED: number = numberOf('closed');
/** The number of the code for a poisoned engine. */
export const POISONED: number = numberOf('poisoned');
/** The number of the code for an answer without room. */
export const SPACE: number = numberOf('space');

/** The error for the number of a code, from a hot call. */
export function codeError(number: number): SergoError {
  const [word, sentence] = table.get(number) ?? ['panicked', `the addon answered ${number}, which is no code`];
  return new SergoError(word as ErrorCode, sentence);
}

/** The error for what is wrong with an argument. */
export function argumentError(what: string, found: unknown, expected: string): SergoError {
  return new SergoError('argument', `${what}: found ${shown(found)}, expected ${expected}`);
}

function shown(found: unknown): string {
  if (typeof found === 'string') {
    return JSON.stringify(found.length > 80 ? `${found.slice(0, 80)}...` : found);
  }
  return typeof found === 'object' && found !== null
    ? 'an object'
    : typeof found === 'function'
      ? 'a function'
      : String(found);
}

/** Runs a cold call of the addon; what it throws becomes a {@link SergoError}. */
export function cold<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    // Another code is one of Node-API's own: a value of another type than the addon takes.
    throw new SergoError(code !== undefined && words.has(code) ? (code as ErrorCode) : 'argument', message);
  }
}

/** Checks that a value is text. */
export function text(what: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw argumentError(what, value, 'text');
  }
  return value;
}

/** Checks that a value is a port, if there is one. */
export function checkPort(port: number | undefined): void {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 0xffff)) {
    throw argumentError('port', port, 'a whole number from 0 to 65535');
  }
}

/** Checks random numbers, and lays them out as the addon takes them. */
export function checkRolls(rolls: readonly number[] | undefined): Float64Array | undefined {
  if (rolls?.some((roll) => !(roll >= 0 && roll < 1))) {
    throw argumentError('rolls', rolls.join(', '), 'numbers from 0 to below 1');
  }
  return rolls && Float64Array.from(rolls);
}
