/** Finds and loads the addon. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addonFile, platform } from './platform';
import type { Happening } from './transport';
import { version } from './version';

/** What came of a turn of a session. */
export interface Turned {
  /** The number of a code where it ended early, else 0. */
  readonly code: number;
  /** What is to be done, in order; `text` is an address, a reason or a report. */
  readonly doings: readonly {
    readonly what: 'dial' | 'send' | 'close' | 'applied';
    readonly stream: number;
    readonly text: string;
    readonly bytes?: Uint8Array;
  }[];
  /** After how many milliseconds the time is to be told. */
  readonly waitMs: number;
  /** What is to be written to the file of the last good rules. */
  readonly saved?: string | null;
}

/** What came of rules that were loaded beside the event loop. */
export interface Loaded {
  /** The number of a code where nothing was loaded, else 0. */
  readonly code: number;
  /** The report, as JSON. */
  readonly report: string;
}

/** A random number from which all picks are made, or the picks' own. */
type Numbers = number | Float64Array;

/** The addon's exports: `bindings/napi/src` says what each does. */
export interface Native {
  share(words: Float64Array): Float64Array;
  enter(): void;
  exit(): void;
  addonVersion(): string;
  codes(): string[];
  strategyKinds(): string[];
  open(app: string, namespace: string, labels: string[]): number;
  close(handle: number): void;
  resolve(handle: number, resource: string): number;
  block(handle: number, id: number): string;
  apply(handle: number, names: string[], texts: string[]): string;
  applyLater(handle: number, names: string[], texts: string[]): Promise<Loaded>;
  version(handle: number): number;
  breakerState(handle: number, target: string, strategy: string): string;
  setSystemLoad(cpu: number, load1: number, memory: number): void;
  sampleSystem(): void;
  explain(resource: string): string;
  needsSystemLoad(handle: number): boolean;
  drainEvents(handle: number): string;
  figures(handle: number): string;
  route(): void;
  pick(): void;
  report(): void;
  label(): void;
  routeWith(block: Uint8Array, length: number, numbers: Numbers): number;
  direct(block: Uint8Array, length: number, numbers: Numbers): string;
  pickWith(block: Uint8Array, length: number, numbers: Numbers): string;
  explainRoute(block: Uint8Array, length: number, numbers: Numbers): string;
  connect(connection: string, numbers: Numbers): string;
  answer(handle: number, id: number): string;
  labelWith(handle: number, block: Uint8Array, length: number, trust: boolean): string;
  explainLabel(handle: number, block: Uint8Array, length: number, trust: boolean): string;
  baggage(incoming: string, key: string, lane: string): string;
  required(handle: number, host: string): string;
  setInstances(handle: number, host: string, instances: string): void;
  updateInstances(handle: number, host: string, changed: string, gone: string): void;
  instance(handle: number, host: string, number: number): string;
  reportNamed(host: string, instance: string, outcome: number): void;
  ejected(host: string): string;
  connectionPool(handle: number, host: string, subset: string | undefined): string;
  sessionOpen(handle: number, options: string, seed: number): number;
  sessionClose(session: number): void;
  sessionTurn(session: number, happenings: readonly Happening[], saves: boolean): Promise<Turned>;
  sessionTurnNow(session: number, happenings: readonly Happening[], saves: boolean): Turned;
  sessionState(session: number): string;
  sessionRestore(session: number, text: string): string;
  sessionSubscribe(session: number, app: string, kind: string): boolean;
  sessionUnsubscribe(session: number, app: string, kind: string): boolean;
  metadataMethod(): string;
  metadataMessage(app: string, node: string, services: string): Uint8Array;
  panicOnPurpose?(handle: number): void;
}

/** The path of the addon, and why it is that one. */
function choose(): { path: string; why: string } {
  const given = process.env.SERGO_NATIVE_PATH;
  if (given) {
    return { path: given, why: 'SERGO_NATIVE_PATH names it' };
  }
  const here = platform();
  return { path: join(__dirname, '..', addonFile(here)), why: `it is the one for ${here}` };
}

const REMEDY =
  'build it with `make node-build`, install a package that has it, or set SERGO_NATIVE_PATH to the path of the addon';

function load(): Native {
  const { path, why } = choose();
  if (!existsSync(path)) {
    throw new Error(`sergo: there is no addon at ${path} (${why}): ${REMEDY}`);
  }
  const addon = { exports: {} as Native };
  try {
    process.dlopen(addon, path);
  } catch (cause) {
    throw new Error(`sergo: the addon at ${path} (${why}) can't be loaded: ${(cause as Error).message}: ${REMEDY}`, {
      cause,
    });
  }
  const found = addon.exports.addonVersion?.();
  if (found !== version) {
    throw new Error(`sergo: the addon at ${path} (${why}) is version ${found}, the package is ${version}: ${REMEDY}`);
  }
  return addon.exports;
}

export const native: Native = load();
