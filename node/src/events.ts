/** What happens in an engine, and who hears of it. */

import { argumentError, cold, type SergoError } from './error';
import type { BreakerState } from './figures';
import type { Link } from './link';
import { tell } from './listener';
import { native } from './native';

/** Something that happened in an engine; `event` says what. */
export type Event = BreakerEvent | RulesAppliedEvent | FirstBlockEvent;

/** A circuit breaker changed its state. */
export interface BreakerEvent {
  readonly event: 'breaker';
  /** The target as the rule writes it. */
  readonly resource: string;
  /** The strategy's name. */
  readonly strategy: string;
  /** The state that it left. */
  readonly from: BreakerState;
  /** The state that it is in. */
  readonly to: BreakerState;
  /** From closed to open: the completions that it judged by. */
  readonly total?: number;
  /** From closed to open: how many of them were bad. */
  readonly bad?: number;
}

/** New rules are in force. */
export interface RulesAppliedEvent {
  readonly event: 'rulesApplied';
  /** The version of the rules, counted from 1. */
  readonly version: number;
}

/** A resource was blocked for the first time after a calm. */
export interface FirstBlockEvent {
  readonly event: 'firstBlock';
  /** The target as the rule writes it. */
  readonly resource: string;
  /** The strategy's name. */
  readonly strategy: string;
}

/** How events are followed. */
export interface EventsOptions {
  /** When it aborts, the iteration fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How often the engine is asked while somebody listens, in milliseconds. */
const INTERVAL_MS = 200;
/** How many wait for the next drain, or for a slow iteration: as many as the engine itself keeps. */
const MOST = 1024;

/** Who hears of every event, in order, and of the end. */
interface Listener {
  readonly due: Event[];
  readonly hear: (event: Event) => void;
  readonly end: (error?: unknown) => void;
}

/**
 * The events of an engine. Whoever listens hears of all of them, whoever drains
 * gets all of them: one takes nothing from the other.
 *
 * @internal
 */
export class Events {
  readonly #link: Link;
  readonly #listeners = new Set<Listener>();
  /** What was fetched and not drained. */
  #kept: Event[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  drain(): Event[] {
    this.#fetch();
    return this.#kept.splice(0);
  }

  listen(hear: (event: Event) => unknown): () => void {
    if (typeof hear !== 'function') {
      throw argumentError('listener', hear, 'a function');
    }
    return this.#add({ due: [], hear: (event) => tell(hear, event), end: () => {} });
  }

  async *follow(signal: AbortSignal | undefined): AsyncGenerator<Event, void, undefined> {
    signal?.throwIfAborted();
    const due: Event[] = [];
    let wake = () => {};
    let ended: { readonly error: unknown } | undefined;
    const hear = (event: Event) => {
      bounded(due, [event]);
      wake();
    };
    const end = (error?: unknown) => {
      ended ??= { error };
      wake();
    };
    const onAbort = () => wake();
    const leave = this.#add({ due: [], hear, end });
    signal?.addEventListener('abort', onAbort);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const event = due.shift();
        if (event !== undefined) {
          yield event;
        } else if (ended === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if (ended.error === undefined) {
          return;
        } else {
          throw ended.error;
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      leave();
    }
  }

  /** Ends the listening, after what happened until now. */
  close(): void {
    let failure: unknown;
    try {
      this.#fetch();
    } catch (error) {
      failure = error;
    }
    // Later, so that no listener runs inside the close of the engine.
    process.nextTick(() => this.#end(failure));
  }

  #add(listener: Listener): () => void {
    // What happened before is not for this one.
    this.#fetch();
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) {
        this.#stop();
      }
    };
  }

  #fetch(): void {
    const events: Event[] = JSON.parse(cold(() => native.drainEvents(this.#link.handle)));
    // Many get the same ones, so nobody may change them.
    events.forEach(Object.freeze);
    bounded(this.#kept, events);
    for (const { due } of this.#listeners) {
      due.push(...events);
    }
  }

  #tick(): void {
    try {
      this.#fetch();
      this.#deliver();
    } catch (error) {
      this.#end(error);
    }
  }

  #deliver(): void {
    for (const listener of this.#listeners) {
      // A listener may end any of them.
      while (this.#listeners.has(listener) && listener.due.length > 0) {
        listener.hear(listener.due.shift() as Event);
      }
    }
  }

  /** The last that the listeners hear; closing the engine, here or elsewhere, is no failure. */
  #end(failure: unknown): void {
    this.#stop();
    this.#deliver();
    for (const { end } of this.#listeners) {
      end((failure as SergoError | undefined)?.code === 'closed' ? undefined : failure);
    }
    this.#listeners.clear();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Appends, and drops the oldest beyond the bound. */
function bounded(events: Event[], more: readonly Event[]): void {
  events.push(...more);
  events.splice(0, Math.max(0, events.length - MOST));
}
