/** The file of the last good rules: whole or not at all. */

import { readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What the file holds; undefined where there is none. */
export function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Writes files one after the other; of those that wait only the newest. */
export class Keeping {
  readonly #path: string;
  readonly #failed: (error: unknown) => void;
  #next: string | undefined;
  #writing = false;

  constructor(path: string, failed: (error: unknown) => void) {
    this.#path = path;
    this.#failed = failed;
  }

  async keep(text: string): Promise<void> {
    this.#next = text;
    if (this.#writing) {
      return;
    }
    this.#writing = true;
    while (this.#next !== undefined) {
      const text = this.#next;
      this.#next = undefined;
      await write(this.#path, text).catch(this.#failed);
    }
    this.#writing = false;
  }
}

/** Writes beside it, flushes, and puts it in its place. */
async function write(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await flushed(beside, 'wx', (file) => file.writeFile(text));
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  // So that the new name outlives a loss of power; not every system lets a folder be flushed.
  await flushed(dirname(path), 'r', async () => {}).catch(() => {});
}

async function flushed(path: string, flags: string, use: (file: Awaited<ReturnType<typeof open>>) => Promise<void>) {
  const file = await open(path, flags);
  try {
    await use(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
