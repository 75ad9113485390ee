/** Where rules come from: a file or a folder, read as a whole and told apart by a cheap signature. */

import { type BigIntStats, type Dirent, promises, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { text } from './error';
import type { RuleText } from './report';

/**
 * The rules of a file, or of a folder: all its `*.yaml`, `*.yml` and `*.json`, in
 * the order of their paths, those in folders below included, hidden ones not.
 * Symbolic links are followed.
 */
export class FileSource {
  constructor(
    /** The path of the file or folder. */
    readonly path: string,
  ) {}
}

/** Rules from a file or folder, for {@link Engine.subscribe}. */
export function file(path: string | URL): FileSource {
  return new FileSource(path instanceof URL ? fileURLToPath(path) : text('path', path));
}

/** What is asked of the file system; answered at once or later, as the reader likes. */
type Question =
  | { readonly ask: 'stat'; readonly path: string }
  | { readonly ask: 'list'; readonly path: string }
  | { readonly ask: 'read'; readonly path: string };
type Answer = BigIntStats | Dirent[] | Buffer;
/** Reads something by asking one question after the other. */
type Reading<Result> = Generator<Question, Result, Answer>;

const ENDINGS = new Set(['.yaml', '.yml', '.json']);
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Runs a reading at once. */
export function readNow<Result>(reading: Reading<Result>): Result {
  let step = reading.next();
  while (!step.done) {
    const { ask, path } = step.value;
    let answer: Answer;
    try {
      answer =
        ask === 'stat'
          ? statSync(path, { bigint: true })
          : ask === 'list'
            ? readdirSync(path, { withFileTypes: true })
            : readFileSync(path);
    } catch (error) {
      step = reading.throw(error);
      continue;
    }
    step = reading.next(answer);
  }
  return step.value;
}

/** Runs a reading without holding the thread up. */
export async function readLater<Result>(reading: Reading<Result>): Promise<Result> {
  let step = reading.next();
  while (!step.done) {
    const { ask, path } = step.value;
    let answer: Answer;
    try {
      answer =
        ask === 'stat'
          ? await promises.stat(path, { bigint: true })
          : ask === 'list'
            ? await promises.readdir(path, { withFileTypes: true })
            : await promises.readFile(path);
    } catch (error) {
      step = reading.throw(error);
      continue;
    }
    step = reading.next(answer);
  }
  return step.value;
}

/** A file as it was found, and a line that changes when it does. */
interface Found {
  readonly path: string;
  readonly mark: string;
}

/** What the source's files look like, without reading them: changes when one of them does. */
export function* signature(path: string): Reading<string> {
  const found = yield* files(path);
  return found.map(({ path, mark }) => `${path}\0${mark}`).join('\n');
}

/** The source's rules, and the signature that they were read under. */
export function* rules(path: string): Reading<{ texts: RuleText[]; signature: string }> {
  const before = yield* signature(path);
  const texts: RuleText[] = [];
  for (const file of yield* files(path)) {
    const bytes = (yield { ask: 'read', path: file.path }) as Buffer;
    try {
      texts.push({ name: file.path, text: UTF8.decode(bytes) });
    } catch (cause) {
      throw new Error(`${file.path} is not UTF-8`, { cause });
    }
  }
  return { texts, signature: before };
}

function* files(path: string): Reading<Found[]> {
  const found: Found[] = [];
  yield* gather(path, true, [], found);
  return found.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** Gathers the files under `path`; `above` are the folders that lead here, against links in a circle. */
function* gather(path: string, named: boolean, above: readonly string[], found: Found[]): Reading<void> {
  const stats = (yield { ask: 'stat', path }) as BigIntStats;
  if (!stats.isDirectory()) {
    if (named || (stats.isFile() && endsRight(path))) {
      found.push({ path, mark: `${stats.mtimeNs} ${stats.size} ${stats.dev} ${stats.ino}` });
    }
    return;
  }
  const folder = `${stats.dev} ${stats.ino}`;
  if (above.includes(folder)) {
    return;
  }
  for (const entry of (yield { ask: 'list', path }) as Dirent[]) {
    if (!entry.name.startsWith('.') && (!entry.isFile() || endsRight(entry.name))) {
      yield* gather(join(path, entry.name), false, [...above, folder], found);
    }
  }
}

function endsRight(path: string): boolean {
  return ENDINGS.has(extname(path).toLowerCase());
}
