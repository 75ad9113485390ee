/** What ids and names stand for, remembered up to a bound. */

const BOUND = 10_000;

/** A map that forgets everything when it is full: what it holds can be asked for again. */
export class Remembered<Key, Value> {
  readonly #map = new Map<Key, Value>();

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  /** Remembers `value` and answers it. */
  set(key: Key, value: Value): Value {
    if (this.#map.size >= BOUND) {
      this.#map.clear();
    }
    this.#map.set(key, value);
    return value;
  }

  clear(): void {
    this.#map.clear();
  }
}
