/** Which headers rules look at: no others need to cross to the addon. */

import { cold } from './error';
import { native } from './native';
import { Remembered } from './remembered';

/** The parts of a request, beside its host, method, path and scheme, that rules look at. */
export interface Required {
  /** The version of the rules that this holds for. */
  readonly version: number;
  /** The headers, in lower case and sorted. */
  readonly headers: readonly string[];
  /** The query parameters, sorted. */
  readonly parameters: readonly string[];
}

/** What rules look at for a host; for an empty one, what they label by. */
export function required(handle: number, host: string): Required {
  return JSON.parse(cold(() => native.required(handle, host)));
}

/** The headers that one host's routes look at. */
export class Selection {
  /** The version of the rules that it holds for. */
  readonly version: number;
  readonly #names: ReadonlySet<string>;
  /** Names as they have been written. */
  readonly #written = new Remembered<string, boolean>();

  constructor({ version, headers }: Required) {
    this.version = version;
    this.#names = new Set(headers);
  }

  /** Whether a header has to cross, its name in any case. */
  takes(name: string): boolean {
    return this.#written.get(name) ?? this.#written.set(name, this.#names.has(String(name).toLowerCase()));
  }
}

/** The selections of an engine's hosts. Those of earlier rules are found out when they are used. @internal */
export class Selections {
  readonly #known = new Remembered<string, Selection>();

  of(handle: number, host: string): Selection {
    return this.#known.get(host) ?? this.#known.set(host, new Selection(required(handle, host)));
  }

  clear(): void {
    this.#known.clear();
  }
}
