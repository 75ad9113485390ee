/**
 * A request as one block of bytes, which crosses to the addon in one piece.
 * `bindings/border/src/packed.rs` has the layout.
 */

import { argumentError, checkPort } from './error';
import type { RequestHeaders, RouteRequest, RpcCall } from './routing';
import type { Selection } from './selection';
import { sharedBlock } from './words';

const ABSENT = 0xffff_ffff;
/** The most bytes that UTF-8 takes for one unit of a JavaScript string. */
const BYTES_PER_UNIT = 3;
/** Up to this many units, writing them one by one is quicker than a call of the runtime. */
const SHORT = 48;
/** What a number over 2³² is divided by. */
const HIGH = 2 ** 32;

/** A request where the addon finds it, until the next is packed. */
export interface Packed {
  /** The {@link sharedBlock}, or a larger one. */
  readonly block: Buffer;
  /** How many of its bytes are in use. */
  readonly length: number;
}

let block = sharedBlock;
/** Takes what is too large for the shared block; as large as the largest request was. */
let large = Buffer.alloc(0);
let end = 0;

/** Packs a request; with a selection, only those of its headers that it takes. */
export function pack(
  request: Omit<RouteRequest, 'host' | 'rolls'>,
  host: string,
  selection: Selection | undefined,
): Packed {
  // Iterating runs the caller's code, which may route too: before anything is written.
  const headers = request.headers === undefined ? [] : gathered(request.headers, selection);
  checkPort(request.port);
  begin();
  number(request.port ?? ABSENT);
  text('host', host);
  optional('method', request.method);
  optional('path', request.path);
  optional('scheme', request.scheme);
  optional('client', request.client);
  optional('hash', request.hash);
  const { source, rpc } = request;
  optional('source.namespace', source?.namespace);
  optional('source.gateway', source?.gateway);
  if (source?.labels === undefined) {
    number(ABSENT);
  } else {
    pairs('source.labels', Object.entries(source.labels).flat());
  }
  if (selection !== undefined) {
    number(ABSENT);
    number(selection.version % HIGH);
    number(Math.floor(selection.version / HIGH));
  }
  pairs('headers', headers);
  if (rpc !== undefined) {
    call(rpc);
  }
  return { block, length: end };
}

/** Packs a text alone; how many bytes it takes in the {@link sharedBlock}, or undefined where it has no room. */
export function packText(value: string): number | undefined {
  begin();
  write(value, 0);
  return block === sharedBlock ? end : undefined;
}

/** The headers that are taken, as a flat list of names and values. */
function gathered(headers: RequestHeaders, selection: Selection | undefined): string[] {
  const taken: string[] = [];
  if (Symbol.iterator in headers) {
    for (const [name, value] of headers as Iterable<readonly [string, string]>) {
      if (selection === undefined || selection.takes(name)) {
        taken.push(name, value);
      }
    }
    return taken;
  }
  for (const name of Object.keys(headers)) {
    if (selection !== undefined && !selection.takes(name)) {
      continue;
    }
    const value = headers[name];
    if (Array.isArray(value)) {
      for (const one of value) {
        taken.push(name, one);
      }
    } else if (value !== undefined) {
      taken.push(name, value as string);
    }
  }
  return taken;
}

function call({ service, method, arguments: given = [], attachments = {} }: RpcCall): void {
  optional('rpc.service', service);
  optional('rpc.method', method);
  number(given.length);
  for (const { type, value } of given) {
    optional('rpc.arguments.type', type);
    optional('rpc.arguments.value', value);
  }
  pairs('rpc.attachments', Object.entries(attachments).flat());
}

function begin(): void {
  block = sharedBlock;
  end = 0;
}

/** Names and values, one after the other. */
function pairs(what: string, flat: readonly string[]): void {
  number(flat.length / 2);
  for (const one of flat) {
    text(what, one);
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
  const at = end;
  write(value, 4);
  putNumber(at, end - at - 4);
}

/** Writes text some bytes further on. */
function write(value: string, further: number): void {
  const units = value.length;
  reserve(further + units * BYTES_PER_UNIT);
  end += further;
  if (units > SHORT || !writeAscii(value, units)) {
    end += block.write(value, end);
  }
}

function writeAscii(value: string, units: number): boolean {
  for (let at = 0; at < units; at += 1) {
    const unit = value.charCodeAt(at);
    if (unit > 0x7f) {
      return false;
    }
    block[end + at] = unit;
  }
  end += units;
  return true;
}

function number(value: number): void {
  reserve(4);
  putNumber(end, value);
  end += 4;
}

function putNumber(at: number, value: number): void {
  block[at] = value;
  block[at + 1] = value >>> 8;
  block[at + 2] = value >>> 16;
  block[at + 3] = value >>> 24;
}

function reserve(bytes: number): void {
  if (end + bytes > block.length) {
    if (end + bytes > large.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (end + bytes));
      block.copy(larger, 0, 0, end);
      large = larger;
    } else {
      block.copy(large, 0, 0, end);
    }
    block = large;
  }
}
