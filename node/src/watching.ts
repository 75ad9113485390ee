/** Hearing from the system that files have changed. */

import { type FSWatcher, watch } from 'node:fs';
import type { Place } from './source';

interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: string;
  names: Set<string> | undefined;
}

/**
 * Watches folders, each by itself: watching what is below at the same time is not to be
 * relied on everywhere, and would not follow links. It keeps no process alive.
 *
 * What the system says of a change differs from one to the next, so nothing is taken
 * from it but that there was one.
 *
 * @internal
 */
export class Watching {
  readonly #heard: () => void;
  readonly #watched = new Map<string, Watched>();
  #refused: Error | undefined;

  constructor(heard: () => void) {
    this.#heard = heard;
  }

  /** Why the system does not tell of changes; undefined while it does. */
  get refused(): Error | undefined {
    return this.#refused;
  }

  /** Watches these folders and no others; whether it began with any, in which something may have changed before. */
  follow(places: ReadonlyMap<string, Place>): boolean {
    for (const [path, { identity }] of this.#watched) {
      if (places.get(path)?.identity !== identity) {
        this.#leave(path);
      }
    }
    let isNew = false;
    for (const [path, place] of places) {
      const known = this.#watched.get(path);
      if (known !== undefined) {
        known.names = place.names;
      } else if (this.#refused === undefined) {
        isNew = this.#begin(path, place) || isNew;
      }
    }
    return isNew;
  }

  /** Watches no more. */
  close(): void {
    for (const path of [...this.#watched.keys()]) {
      this.#leave(path);
    }
  }

  #begin(path: string, { identity, names }: Place): boolean {
    let watcher: FSWatcher;
    try {
      watcher = watch(path, { persistent: false });
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
      return false;
    }
    const watched: Watched = { watcher, identity, names };
    this.#watched.set(path, watched);
    watcher.on('change', (_, name) => {
      if (name === null || (watched.names?.has(String(name)) ?? true)) {
        this.#heard();
      }
    });
    // A folder that is gone is an error on some systems, and an event on others.
    watcher.on('error', () => {
      if (this.#watched.get(path) === watched) {
        this.#leave(path);
        this.#heard();
      }
    });
    return true;
  }

  /** Of a folder that has just gone, or that may not be read, the next look tells; what has run out is out for all. */
  #fail(error: NodeJS.ErrnoException): void {
    if (!PASSING.has(error.code ?? '')) {
      this.#refused = error;
      this.close();
    }
  }

  #leave(path: string): void {
    const watched = this.#watched.get(path);
    this.#watched.delete(path);
    watched?.watcher.close();
  }
}

const PASSING = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']);
