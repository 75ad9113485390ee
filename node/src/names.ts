/** The names behind blocks. */

import type { BlockDetails, StrategyKind } from './block';
import { native } from './native';
import { Remembered } from './remembered';

type Names = Omit<BlockDetails, 'retryAfterMs' | 'retryAfterNanos'>;

const kinds = native.strategyKinds();

/** Remembers the names of an engine's blocks by their ids. @internal */
export class BlockNames {
  readonly #known = new Remembered<number, Names>();

  /** The names behind a block of a strategy of this kind. */
  of(handle: number, id: number, kind: number): Names {
    const known = this.#known.get(id);
    if (known !== undefined) {
      return known;
    }
    try {
      const { strategy, name, rule, fallback } = JSON.parse(native.block(handle, id));
      return this.#known.set(id, {
        strategy,
        strategyName: name,
        rule,
        fallback: fallback
          ? Object.freeze({ ...fallback, headers: Object.freeze(Object.fromEntries(fallback.headers)) })
          : undefined,
      });
    } catch {
      // The rules were replaced many times since: it is a block all the same.
      return { strategy: kinds[kind - 1] as StrategyKind, strategyName: '', rule: '', fallback: undefined };
    }
  }
}
