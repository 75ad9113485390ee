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
import { Flag, nanosAt, Status, Word, words } from './words';

/** No rule names a longer resource, so nothing is worth remembering of it. */
const LONGEST_RESOURCE = 1024;

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
    if (status === Status.PASSES) {
      return { kind: 'pass', entry: new Entry(this.#link, 0n), waitMs: 0, waitNanos: 0n };
    }
    return status === Status.WAITS ? this.#waiting() : this.#block(status);
  }

  enter(resource: string, options: EnterOptions & WaitOptions): Promise<Entry> {
    try {
      options.signal?.throwIfAborted();
      const status = this.#ask(resource, options);
      if (status === Status.PASSES) {
        return Promise.resolve(new Entry(this.#link, 0n));
      }
      return status === Status.WAITS ? this.#waited(options) : this.#refused(resource, status);
    } catch (error) {
      return rejected(error);
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
      if (status === Status.PASSES) {
        return governed(new Entry(this.#link, 0n), call);
      }
      return status === Status.WAITS
        ? this.#waited(options).then((entry) => governed(entry, call))
        : this.#refused(resource, status);
    } catch (error) {
      return rejected(error);
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
    words[Word.RESOURCE] = id;
    words[Word.COST] = cost;
    words[Word.FLAG] = outbound;
    native.enter();
    const status = words[Word.STATUS] as number;
    return status >= 0 ? status : this.#askAgain(status, resource, cost, outbound, now);
  }

  /** Asks by a new id until the names do not change in between. */
  #askAgain(code: number, resource: string, cost: number, outbound: number, now: number | bigint): number {
    for (let status = code; ; status = words[Word.STATUS] as number) {
      if (status >= 0) {
        return status;
      }
      if (status !== STALE) {
        throw codeError(status);
      }
      this.#resources.clear();
      const id = this.#resolve(resource);
      this.#link.stamp(now);
      words[Word.RESOURCE] = id;
      words[Word.COST] = cost;
      words[Word.FLAG] = outbound;
      native.enter();
    }
  }

  #resolve(resource: string): number {
    text('resource', resource);
    const id = cold(() => native.resolve(this.#link.handle, resource));
    return resource.length > LONGEST_RESOURCE ? id : this.#resources.set(resource, id);
  }

  #waiting(): Decision {
    const waitNanos = nanosAt(Word.WAIT);
    const entry = new Entry(this.#link, process.hrtime.bigint() + waitNanos);
    return { kind: 'pass', entry, waitMs: Number(waitNanos) / 1e6, waitNanos };
  }

  #block(kind: number): Block {
    const retryAfterNanos = words[Word.RETRY] === -1 ? undefined : nanosAt(Word.RETRY);
    const retryAfterMs = retryAfterNanos === undefined ? undefined : Number(retryAfterNanos) / 1e6;
    const { strategy, strategyName, rule, fallback } = this.#names.of(
      this.#link.handle,
      words[Word.BLOCK] as number,
      kind,
    );
    return { kind: 'block', strategy, strategyName, rule, retryAfterMs, retryAfterNanos, fallback };
  }

  async #waited(options: WaitOptions): Promise<Entry> {
    const entry = new Entry(this.#link, process.hrtime.bigint() + nanosAt(Word.WAIT));
    await entry.ready(options);
    return entry;
  }

  #refused(resource: string, kind: number): Promise<never> {
    return rejected(new BlockedError(resource, this.#block(kind)));
  }
}

/**
 * Runs the call and exits. What is no promise is not waited for; what is one is followed
 * by `then`, which is less work than to suspend a function for it.
 */
function governed<Result>(
  entry: Entry,
  call: (entry: Entry) => Result | PromiseLike<Result>,
): Promise<Awaited<Result>> {
  let answer: Result | PromiseLike<Result>;
  try {
    answer = call(entry);
  } catch (error) {
    entry.end(Flag.FAILED);
    return rejected(error);
  }
  if (!isThenable(answer)) {
    entry.end(Flag.SUCCEEDED);
    return Promise.resolve(answer as Awaited<Result>);
  }
  return Promise.resolve(answer as PromiseLike<Awaited<Result>>).then(
    (result) => {
      entry.end(Flag.SUCCEEDED);
      return result;
    },
    (error) => {
      entry.end(Flag.FAILED);
      throw error;
    },
  );
}

/**
 * A promise that rejects in a moment, not at once: Node.js keeps books of promises that
 * are rejected before anybody could listen, which costs more than all the rest of a block.
 */
function rejected(error: unknown): Promise<never> {
  return new Promise((_, reject) => {
    SETTLED.then(() => reject(error));
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
