/**
 * A request as one block of bytes, which crosses to the addon in one piece.
 * `bindings/border/src/packed.rs` has the layout.
 */

import { argumentError, checkPort } from './error';
import type { RequestHeaders, RouteRequest } from './routing';

const ABSENT = 0xffff_ffff;
/** The most bytes that UTF-8 takes for one unit of a JavaScript string. */
const BYTES_PER_UNIT = 3;

let block = Buffer.allocUnsafeSlow(4096);
let end = 0;

/** Packs the request: the block, reused by the next call, and how much of it is in use. */
export function pack(request: RouteRequest): { block: Uint8Array; length: number } {
  // Iterating runs the caller's code, which may route too: before anything is written.
  const named = request.headers === undefined ? [] : [...headers(request.headers)];
  checkPort(request.port);
  end = 0;
  number(request.port ?? ABSENT);
  text('host', request.host);
  optional('method', request.method);
  optional('path', request.path);
  optional('scheme', request.scheme);
  optional('client', request.client);
  optional('hash', request.hash);
  optional('source.namespace', request.source?.namespace);
  optional('source.gateway', request.source?.gateway);
  const labels = request.source?.labels;
  if (labels === undefined) {
    number(ABSENT);
  } else {
    pairs('source.labels', Object.entries(labels));
  }
  pairs('headers', named);
  return { block, length: end };
}

function* headers(headers: RequestHeaders): Iterable<readonly [string, string]> {
  if (Symbol.iterator in headers) {
    yield* headers as Iterable<readonly [string, string]>;
    return;
  }
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (Array.isArray(value)) {
      for (const one of value) {
        yield [name, one];
      }
    } else if (value !== undefined) {
      yield [name, value as string];
    }
  }
}

function pairs(what: string, pairs: readonly (readonly [string, string])[]): void {
  number(pairs.length);
  for (const [name, value] of pairs) {
    text(what, name);
    text(what, value);
  }
}

function optional(what: string, value: string | undefined): void {
  if (value === undefined) {
    number(ABSENT);
  } else {
    text(what, value);
  }
}

function text(what: string, value: string): void {
  if (typeof value !== 'string') {
    throw argumentError(what, value, 'text');
  }
  reserve(4 + value.length * BYTES_PER_UNIT);
  const length = block.write(value, end + 4);
  block.writeUInt32LE(length, end);
  end += 4 + length;
}

function number(value: number): void {
  reserve(4);
  block.writeUInt32LE(value, end);
  end += 4;
}

function reserve(bytes: number): void {
  if (end + bytes > block.length) {
    const larger = Buffer.allocUnsafeSlow(2 * (end + bytes));
    block.copy(larger, 0, 0, end);
    block = larger;
  }
}
