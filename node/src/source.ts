/** Where rules come from: files and folders, read as a whole and told apart by a cheap signature. */

import { type BigIntStats, type Dirent, promises, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { argumentError, text } from './error';
import type { RuleText } from './report';

/**
 * The rules of files, and of folders: all their `*.yaml`, `*.yml` and `*.json`, in
 * the order of their paths, those in folders below included, hidden ones not.
 * Symbolic links are followed.
 */
export class FileSource {
  /** @internal Use {@link file}. */
  constructor(
    /** The paths of the files and folders. */
    readonly paths: readonly string[],
  ) {}

  /** The paths in one line. */
  get path(): string {
    return this.paths.join(', ');
  }
}

/**
 * Rules from a file or folder, or from several, for {@link Engine.subscribe}. However many
 * there are, their rules are one push.
 *
 * @throws SergoError `argument`.
 */
export function file(...paths: (string | URL)[]): FileSource {
  if (paths.length === 0) {
    throw argumentError('path', undefined, 'the path of a file or folder');
  }
  return new FileSource(paths.map((path) => (path instanceof URL ? fileURLToPath(path) : text('path', path))));
}

/** What is asked of the file system; answered at once or later, as the reader likes. */
type Question =
  | { readonly ask: 'stat'; readonly path: string }
  | { readonly ask: 'list'; readonly path: string }
  | { readonly ask: 'real'; readonly path: string }
  | { readonly ask: 'read'; readonly path: string };
type Answer = BigIntStats | Dirent[] | string | Buffer;
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
            : ask === 'real'
              ? realpathSync(path)
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
            : ask === 'real'
              ? await promises.realpath(path)
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

/** A folder in which changes would show. */
export interface Place {
  /** Tells it apart from another that takes its place. */
  readonly identity: string;
  /** The names in it that matter; undefined for all. */
  names: Set<string> | undefined;
}

/** What a source looks like from outside. */
export interface Sight {
  /** Its files, in the order of their paths. */
  readonly files: readonly string[];
  /** Changes when one of them does. */
  readonly signature: string;
}

/**
 * Looks at the source's files, without reading them. `places` gets the folders in which
 * its next change would show, also where it throws.
 */
export function* look(paths: readonly string[], places: Map<string, Place>): Reading<Sight> {
  const found = new Map<string, string>();
  for (const path of paths) {
    yield* above(path, places);
  }
  for (const path of paths) {
    yield* gather({ path, isNamed: true, isLink: true, above: [] }, found, places);
  }
  const files: Found[] = [...found].map(([path, mark]) => ({ path, mark }));
  files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return {
    files: files.map(({ path }) => path),
    signature: files.map(({ path, mark }) => `${path}\0${mark}`).join('\n'),
  };
}

/** Reads files that were seen. */
export function* texts(files: readonly string[]): Reading<RuleText[]> {
  const read: RuleText[] = [];
  for (const path of files) {
    const bytes = (yield { ask: 'read', path }) as Buffer;
    try {
      read.push({ name: path, text: UTF8.decode(bytes) });
    } catch (cause) {
      throw new Error(`${path} is not UTF-8`, { cause });
    }
  }
  return read;
}

/** Something that may hold rules. */
interface Entry {
  readonly path: string;
  /** Whether the source names it, so that it counts whatever its own name is. */
  readonly isNamed: boolean;
  readonly isLink: boolean;
  /** The folders that lead here, against links in a circle. */
  readonly above: readonly string[];
}

/** Gathers the files under an entry, and the folders that they are in. */
function* gather(
  { path, isNamed, isLink, above }: Entry,
  found: Map<string, string>,
  places: Map<string, Place>,
): Reading<void> {
  const stats = (yield { ask: 'stat', path }) as BigIntStats;
  if (!stats.isDirectory()) {
    if (isNamed || (stats.isFile() && endsRight(path))) {
      found.set(path, `${stats.mtimeNs} ${stats.size} ${stats.dev} ${stats.ino}`);
      if (isLink) {
        const real = (yield { ask: 'real', path }) as string;
        yield* add(dirname(real), basename(real), places);
      }
    }
    return;
  }
  const folder = `${stats.dev} ${stats.ino}`;
  if (above.includes(folder)) {
    return;
  }
  places.set(resolve(path), { identity: identityOf(stats), names: undefined });
  for (const entry of (yield { ask: 'list', path }) as Dirent[]) {
    if (!entry.name.startsWith('.') && (!entry.isFile() || endsRight(entry.name))) {
      const below = { path: join(path, entry.name), isNamed: false, isLink: entry.isSymbolicLink() };
      yield* gather({ ...below, above: [...above, folder] }, found, places);
    }
  }
}

/** Adds the nearest folder above that is there: in it the source itself would come and go. */
function* above(path: string, places: Map<string, Place>): Reading<void> {
  for (let child = resolve(path); dirname(child) !== child; child = dirname(child)) {
    try {
      yield* add(dirname(child), basename(child), places);
      return;
    } catch {
      // Then the one above that.
    }
  }
}

function* add(folder: string, name: string, places: Map<string, Place>): Reading<void> {
  const known = places.get(folder);
  if (known === undefined) {
    const stats = (yield { ask: 'stat', path: folder }) as BigIntStats;
    places.set(folder, { identity: identityOf(stats), names: new Set([name]) });
  } else {
    known.names?.add(name);
  }
}

/** The number of a folder that is gone may be given to the next, the moment at which it was made is not. */
function identityOf({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${birthtimeNs}`;
}

function endsRight(path: string): boolean {
  return ENDINGS.has(extname(path).toLowerCase());
}
