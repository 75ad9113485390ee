/** How requests enter and leave: the governing half of an engine. */

import { type Block, BlockedError } from './block';
import type { Decision } from './decision';
import { Entry, type WaitOptions } from './entry';
import { codeError, cold, STALE, text } from './error';
import type { Link } from './link';
import { BlockNames } from './names';
import { native } from './native';
import { checkAsk, type EnterOptions, NO_OPTIONS } from './options';
import { Remembered } from './remembered';
import { BLOCK, COST, FAILED, FLAG, nanosAt, RESOURCE, RETRY, STATUS, SUCCEEDED, WAIT, WAITS, words } from './words';

/** No rule names a longer resource, so nothing is worth remembering of it. */
const LONGEST_RESOURCE = 1024;

/** The status of a pass without a wait. */
const PASSES = 0;

const SETTLED = Promise.resolve();

/**
 * What is asked of every request is short, so that V8 makes one piece of machine code
 * of it up to the addon; all that is rare is in functions of its own.
 *
 * @internal
 */
export class Entrance {
  readonly #link: Link;
  /** The ids of resources. An id that is no longer valid says so when it is used. */
  readonly #resources = new Remembered<string, number>();
  readonly #names = new BlockNames();

  constructor(link: Link) {
    this.#link = link;
  }

  tryEnter(resource: string, options: EnterOptions): Decision {
    const status = this.#ask(resource, options);
    if (status === PASSES) {
      return { kind: 'pass', entry: new Entry(this.#link, 0n), waitMs: 0, waitNanos: 0n };
    }
    return status === WAITS ? this.#waiting() : this.#block(status);
  }

  enter(resource: string, options: EnterOptions & WaitOptions): Promise<Entry> {
    try {
      options.signal?.throwIfAborted();
      const status = this.#ask(resource, options);
      if (status === PASSES) {
        return Promise.resolve(new Entry(this.#link, 0n));
      }
      return status === WAITS ? this.#waited(options) : this.#refused(resource, status);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  run<Result>(
    resource: string,
    call: (entry: Entry) => Result | PromiseLike<Result>,
    options: EnterOptions & WaitOptions,
  ): Promise<Awaited<Result>> {
    try {
      if (options !== NO_OPTIONS) {
        options.signal?.throwIfAborted();
      }
      const status = this.#ask(resource, options);
      if (status === PASSES) {
        return governed(new Entry(this.#link, 0n), call);
      }
      return status === WAITS
        ? this.#waited(options).then((entry) => governed(entry, call))
        : this.#refused(resource, status);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Asks to enter; answers the status that is no error, and leaves the rest in the words. */
  #ask(resource: string, options: EnterOptions): number {
    let cost = 1;
    let outbound = 0;
    if (options !== NO_OPTIONS) {
      cost = options.cost ?? 1;
      checkAsk(cost, options.direction);
      outbound = options.direction === 'outbound' ? 1 : 0;
    }
    const link = this.#link;
    const now = link.time();
    const id = this.#resources.get(resource) ?? this.#resolve(resource);
    link.stamp(now);
    words[RESOURCE] = id;
    words[COST] = cost;
    words[FLAG] = outbound;
    native.enter();
    const status = words[STATUS] as number;
    return status >= 0 ? status : this.#askAgain(status, resource, cost, outbound, now);
  }

  /** Asks by a new id until the names do not change in between. */
  #askAgain(code: number, resource: string, cost: number, outbound: number, now: number | bigint): number {
    for (let status = code; ; status = words[STATUS] as number) {
      if (status >= 0) {
        return status;
      }
      if (status !== STALE) {
        throw codeError(status);
      }
      this.#resources.clear();
      const id = this.#resolve(resource);
      this.#link.stamp(now);
      words[RESOURCE] = id;
      words[COST] = cost;
      words[FLAG] = outbound;
      native.enter();
    }
  }

  #resolve(resource: string): number {
    text('resource', resource);
    const id = cold(() => native.resolve(this.#link.handle, resource));
    return resource.length > LONGEST_RESOURCE ? id : this.#resources.set(resource, id);
  }

  #waiting(): Decision {
    const waitNanos = nanosAt(WAIT);
    return { kind: 'pass', entry: new Entry(this.#link, waitNanos), waitMs: Number(waitNanos) / 1e6, waitNanos };
  }

  #block(kind: number): Block {
    const retryAfterNanos = words[RETRY] === -1 ? undefined : nanosAt(RETRY);
    const retryAfterMs = retryAfterNanos === undefined ? undefined : Number(retryAfterNanos) / 1e6;
    const { strategy, strategyName, rule, fallback } = this.#names.of(this.#link.handle, words[BLOCK] as number, kind);
    return { kind: 'block', strategy, strategyName, rule, retryAfterMs, retryAfterNanos, fallback };
  }

  async #waited(options: WaitOptions): Promise<Entry> {
    const entry = new Entry(this.#link, nanosAt(WAIT));
    await entry.ready(options);
    return entry;
  }

  /**
   * Rejects in a moment, not at once: Node.js keeps books of promises that are rejected
   * before anybody could listen, which costs more than all the rest of a block.
   */
  #refused(resource: string, kind: number): Promise<never> {
    const error = new BlockedError(resource, this.#block(kind));
    return new Promise((_, reject) => {
      SETTLED.then(() => reject(error));
    });
  }
}

/** Runs the call and exits. What is no promise is not waited for. */
async function governed<Result>(
  entry: Entry,
  call: (entry: Entry) => Result | PromiseLike<Result>,
): Promise<Awaited<Result>> {
  let result: Awaited<Result>;
  try {
    const answer = call(entry);
    result = isThenable(answer) ? await answer : (answer as Awaited<Result>);
  } catch (error) {
    entry.end(FAILED);
    throw error;
  }
  entry.end(SUCCEEDED);
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
