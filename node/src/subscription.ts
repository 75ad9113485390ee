/** Keeping an engine's rules as its files have them. */

import { codeError } from './error';
import { tell } from './listener';
import { native } from './native';
import type { Report, RuleText } from './report';
import { type FileSource, look, type Place, readLater, readNow, type Sight, texts } from './source';
import { Watching } from './watching';

/** Who hears of what a subscription does. What they throw is a warning of the process. */
export interface SubscribeOptions {
  /** Called with the report of every load, the first one included. */
  readonly onReport?: ((report: Report) => void) | undefined;
  /** Called when the source can't be read, once for each new reason. The last rules stay in force. */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** How files are followed. */
export interface FileOptions extends SubscribeOptions {
  /**
   * How often they are looked at without being told to, in milliseconds; by default 700
   * where the system tells of changes, 200 where it does not.
   */
  readonly intervalMs?: number | undefined;
}

/** A subscription to files at one moment. */
export interface FileState {
  /** How changes are noticed: the system tells of them, or they are only looked for. */
  readonly noticing: 'native' | 'polling' | 'ended';
  /** Why they are only looked for; undefined where they are not. */
  readonly pollingReason: string | undefined;
}

/** A look on the safe side: a file system on another machine tells nothing of what happens there. */
const SAFE_MS = 700;
/** How often files are looked at where nothing tells of changes, and how long they then have to stay the same. */
const POLL_MS = 200;
/** How long files have to stay the same after a change was told. */
const REST_MS = 25;
/** How long after a change was told they are looked at: most changes are told several times. */
const SOON_MS = 5;
/** Between two looks lies at least so many times what one took. */
const SHARE = 2;

/**
 * An engine's rules, kept as files have them. They are looked at when the system tells of
 * a change, and now and then in any case; a change is loaded once two looks found it the
 * same, so that half-written files are left alone. It keeps no process alive.
 */
export class Subscription {
  /** What is subscribed to. */
  readonly path: string;
  /** Resolved: the first load is over when `subscribe` returns. */
  readonly ready: Promise<void> = Promise.resolve();
  readonly #paths: readonly string[];
  readonly #handle: () => number;
  readonly #applied: () => void;
  readonly #options: FileOptions;
  readonly #watching = new Watching(() => this.#hear());
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #report: Report | undefined;
  #error: Error | undefined;
  /** What is loaded, the signature that it had, and the signature that the last look found. */
  #texts: readonly RuleText[] | undefined;
  #loaded: string | undefined;
  #seen: string | undefined;
  /** Whether somebody looks now, whether the next look comes soon, and whether a change was told since the last rest. */
  #isLooking = false;
  #isSoon = false;
  #isTold = false;
  /** Whether the last look failed. */
  #isDoubtful = false;
  /** How long the last look took, in milliseconds. */
  #tookMs = 0;

  /** @internal Use {@link Engine.subscribe}. */
  constructor(
    load: (files: readonly RuleText[]) => Report,
    handle: () => number,
    source: FileSource,
    options: FileOptions,
    applied: () => void,
  ) {
    this.path = source.path;
    this.#paths = source.paths;
    this.#handle = handle;
    this.#applied = applied;
    this.#options = options;
    const places = new Map<string, Place>();
    try {
      const { files, signature } = readNow(look(this.#paths, places));
      const read = readNow(texts(files));
      this.#seen = signature;
      // What was read may have been half-written, so it counts as loaded only when it is found the same again.
      this.#took(load(read));
      this.#texts = read;
    } catch (error) {
      this.#fail(error);
    }
    this.#watching.follow(places);
    // From now on changes are told; until now they were not.
    this.#isTold = this.#watching.refused === undefined;
    this.#rest(false);
  }

  /** The report of the last load; undefined while there was none. */
  get report(): Report | undefined {
    return this.#report;
  }

  /** Why the source could not be read when it was last looked at; undefined when it could. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** How changes are noticed. */
  get state(): FileState {
    const reason = this.#watching.refused?.message;
    return {
      noticing: this.#closed ? 'ended' : reason === undefined ? 'native' : 'polling',
      pollingReason: reason,
    };
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Stops looking. The rules stay in force. Closing twice does nothing. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watching.close();
  }

  /** As {@link Subscription.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #hear(): void {
    this.#isTold = true;
    if (!this.#isLooking && !this.#isSoon) {
      this.#isSoon = true;
      this.#schedule(SOON_MS);
    }
  }

  #schedule(millis: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) {
      this.#timer = setTimeout(() => this.#look(), Math.max(millis, this.#tookMs * SHARE)).unref();
    }
  }

  /** Until the next look: short where what was found has still to be found the same, or may already be another. */
  #rest(isSettled: boolean): void {
    const { intervalMs } = this.#options;
    if (isSettled) {
      this.#isTold = false;
      this.#schedule(intervalMs ?? (this.#watching.refused === undefined ? SAFE_MS : POLL_MS));
    } else {
      const rest = this.#isTold ? REST_MS : POLL_MS;
      this.#isSoon = true;
      this.#schedule(intervalMs === undefined ? rest : Math.min(intervalMs, rest));
    }
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    this.#isSoon = false;
    const toldBefore = this.#isTold;
    this.#isTold = false;
    const start = performance.now();
    const places = new Map<string, Place>();
    let isSettled = true;
    let isSeen = false;
    try {
      const now = await readLater(look(this.#paths, places));
      isSeen = true;
      this.#tookMs = performance.now() - start;
      if (now.signature !== this.#loaded && now.signature === this.#seen) {
        await this.#read(now);
      }
      this.#seen = now.signature;
      isSettled = this.#seen === this.#loaded;
      this.#error = undefined;
    } catch (error) {
      this.#seen = undefined;
      if (isSeen || this.#isDoubtful) {
        this.#fail(error);
      } else {
        // A file that is gone between two questions, perhaps: asked again, it may be there, or not be missed.
        isSettled = false;
      }
    }
    this.#isDoubtful = !isSeen;
    this.#isLooking = false;
    if (!this.#closed) {
      const isHeard = this.#isTold;
      const isNew = this.#watching.follow(places);
      this.#isTold = isHeard || isNew || (!isSettled && toldBefore);
      this.#rest(isSettled && !isHeard && !isNew);
    }
  }

  /** Loads files that have come to rest. */
  async #read({ files, signature }: Sight): Promise<void> {
    const read = await readLater(texts(files));
    const after = await readLater(look(this.#paths, new Map()));
    // What changed while it was read is read again, when it has come to rest.
    if (after.signature !== signature || this.#closed) {
      return;
    }
    if (!isSame(read, this.#texts)) {
      const [names, bodies] = [read.map(({ name }) => name), read.map(({ text }) => text)];
      const { code, report } = await native.applyLater(this.#handle(), names, bodies);
      if (this.#closed) {
        return;
      }
      if (code !== 0) {
        throw codeError(code);
      }
      this.#texts = read;
      this.#applied();
      this.#took(JSON.parse(report));
    }
    this.#loaded = signature;
  }

  #took(report: Report): void {
    this.#report = report;
    this.#error = undefined;
    tell(this.#options.onReport, report);
  }

  #fail(error: unknown): void {
    if (this.#closed) {
      return;
    }
    const { message } = error as Error;
    const reason = new Error(`${this.path} can't be loaded, the last rules stay in force: ${message}`, {
      cause: error,
    });
    if (this.#error?.message !== reason.message) {
      this.#error = reason;
      tell(this.#options.onError, reason);
    }
  }
}

function isSame(some: readonly RuleText[], others: readonly RuleText[] | undefined): boolean {
  return (
    some.length === others?.length &&
    some.every(({ name, text }, at) => name === others[at]?.name && text === others[at]?.text)
  );
}
