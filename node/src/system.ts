/** How loaded the system is: measured, or told by the application. */

import { argumentError, cold, SergoError } from './error';
import type { Link } from './link';
import { native } from './native';

/** The system's figures, as they are: who tells them smooths them. */
export interface SystemLoad {
  /** The share of CPU time in use, 0 to 1. */
  readonly cpu?: number | undefined;
  /** The load average of the last minute. */
  readonly load1?: number | undefined;
  /** The share of memory in use, 0 to 1. */
  readonly memory?: number | undefined;
}

/** The figures as the addon takes them: CPU, load, memory, NaN for what is unknown. @internal */
export function told(load: SystemLoad): [cpu: number, load1: number, memory: number] {
  const figure = (name: keyof SystemLoad) => {
    const value = load[name] ?? Number.NaN;
    if (typeof value !== 'number') {
      throw argumentError(name, value, 'a number');
    }
    return value;
  };
  return [figure('cpu'), figure('load1'), figure('memory')];
}

/** What the addon's smoothing counts on, in milliseconds. */
const PERIOD_MS = 500;

/**
 * Measures the system's figures for an engine while its rules look at them. It
 * keeps no process alive.
 *
 * @internal
 */
export class Sampling {
  readonly #link: Link;
  #timer: NodeJS.Timeout | undefined;
  #shared = false;
  #closed = false;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Measures now and from now on where the rules need it, else stops: to be called when they have changed. */
  check(): void {
    if (this.#closed) {
      return;
    }
    let needed = true;
    try {
      needed = cold(() => native.needsSystemLoad(this.#link.handle));
      if (needed) {
        this.#link.stamp(this.#link.time());
        cold(() => native.sampleSystem());
      }
    } catch (error) {
      if (error instanceof SergoError && (error.code === 'closed' || error.code === 'poisoned')) {
        this.close();
        return;
      }
      // A failing clock is an error of the next entry, and may do better at the next tick.
    }
    if (needed || this.#shared) {
      this.#timer ??= setInterval(() => this.check(), PERIOD_MS).unref();
    } else {
      this.#stop();
    }
  }

  /** From now on other threads change the rules, too, and only the next tick tells. */
  share(): void {
    this.#shared = true;
    this.check();
  }

  /** Measures no more. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
