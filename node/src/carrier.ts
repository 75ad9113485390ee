/** What a request carries on to all calls that are made for it. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { cold } from './error';
import type { Label } from './label';
import { native } from './native';

/** What is carried on. */
export interface Carried {
  /** The lane of the request that came in, if it has one. */
  readonly label?: Label | undefined;
  /** Its `baggage` header, if it had one. */
  readonly baggage?: string | undefined;
}

/** One for all copies of the package in this thread. */
const KEY = Symbol.for('sergo.carried');
const shared = globalThis as { [KEY]?: AsyncLocalStorage<Carried | undefined> };
shared[KEY] ??= new AsyncLocalStorage();
const storage = shared[KEY];

/** What the request carries for which this code runs; undefined for nothing. */
export function carried(): Carried | undefined {
  return storage.getStore();
}

/**
 * Runs `call`, and all that it starts, carrying `what`, or nothing. The HTTP
 * adapters do so for each request; do it yourself where requests come in otherwise.
 */
export function carrying<Result>(what: Carried | undefined, call: () => Result): Result {
  // Where nothing is carried, nothing need be set: that would cost each promise.
  return what === undefined && storage.getStore() === undefined ? call() : storage.run(what, call);
}

/**
 * The headers that take what is carried along on the next call: that of the lane's
 * key, and `baggage`, in which the lane stands before what came in.
 *
 * @param baggage The `baggage` header that the call has already; by default the one that came in.
 */
export function headersForNextCall(baggage?: string): Record<string, string> {
  const what = storage.getStore();
  const own = baggage ?? what?.baggage ?? '';
  const [entry] = Object.entries(what?.label?.baggage ?? {});
  if (entry === undefined) {
    return own === '' ? {} : { baggage: own };
  }
  const [key, lane] = entry;
  return { [key]: lane, baggage: cold(() => native.baggage(own, key, lane)) };
}
