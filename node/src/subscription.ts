/** Keeping an engine's rules as its source has them. */

import { tell } from './listener';
import type { Report, RuleText } from './report';
import { type FileSource, readLater, readNow, rules, signature } from './source';

/** Who hears of what a subscription does. What they throw is a warning of the process. */
export interface SubscribeOptions {
  /** Called with the report of every load, the first one included. */
  readonly onReport?: ((report: Report) => void) | undefined;
  /** Called when the source can't be read, once for each new reason. The last rules stay in force. */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** How often the source is looked at, in milliseconds. */
const INTERVAL_MS = 200;

/**
 * An engine's rules, kept as a source has them. The source is looked at five
 * times a second; a change is loaded once two looks found it the same, so that
 * half-written files are left alone. It keeps no process alive.
 */
export class Subscription {
  /** What is subscribed to. */
  readonly path: string;
  /** Resolved: the first load is over when `subscribe` returns. */
  readonly ready: Promise<void> = Promise.resolve();
  readonly #load: (files: readonly RuleText[]) => Report;
  readonly #options: SubscribeOptions;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #report: Report | undefined;
  #error: Error | undefined;
  /** The signature of what is loaded, and of what the last look found. */
  #loaded: string | undefined;
  #seen: string | undefined;

  /** @internal Use {@link Engine.subscribe}. */
  constructor(load: (files: readonly RuleText[]) => Report, source: FileSource, options: SubscribeOptions) {
    this.path = source.path;
    this.#load = load;
    this.#options = options;
    try {
      this.#take(readNow(rules(this.path)));
    } catch (error) {
      this.#fail(error);
    }
    this.#schedule();
  }

  /** The report of the last load; undefined while there was none. */
  get report(): Report | undefined {
    return this.#report;
  }

  /** Why the source could not be read when it was last looked at; undefined when it could. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Stops looking. The rules stay in force. Closing twice does nothing. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** As {@link Subscription.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #schedule(): void {
    if (!this.#closed) {
      this.#timer = setTimeout(() => this.#look(), INTERVAL_MS).unref();
    }
  }

  async #look(): Promise<void> {
    try {
      const now = await readLater(signature(this.path));
      if (now !== this.#loaded && now === this.#seen) {
        const read = await readLater(rules(this.path));
        const after = await readLater(signature(this.path));
        // What changed while it was read is read again, when it has come to rest.
        if (read.signature === now && after === now && !this.#closed) {
          this.#take(read);
        }
      }
      this.#seen = now;
      this.#error = undefined;
    } catch (error) {
      this.#seen = undefined;
      this.#fail(error);
    }
    this.#schedule();
  }

  #take({ texts, signature }: { texts: RuleText[]; signature: string }): void {
    const report = this.#load(texts);
    this.#report = report;
    this.#loaded = signature;
    this.#seen = signature;
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
