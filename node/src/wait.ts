/** Sleeping until a moment, never a moment less. */

/** The longest that one timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** How a wait can be called off: by its signal, or by `waiting`, whose every member ends one wait. */
export interface CallOff {
  readonly signal: AbortSignal | undefined;
  readonly waiting: Set<() => void>;
  /** What the wait fails with when a member of `waiting` is called. */
  readonly closed: () => Error;
}

/**
 * Resolves when the process's monotonic clock has reached `until`. A timer can be
 * a little early and cannot be longer than 24 days, so there may be several.
 */
export function sleepUntil(until: bigint, { signal, waiting, closed }: CallOff): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (settle: () => void) => {
      clearTimeout(timer);
      waiting.delete(onClose);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onClose = () => end(() => reject(closed()));
    const onAbort = () => end(() => reject(signal?.reason));
    const go = () => {
      const rest = until - process.hrtime.bigint();
      if (rest <= 0n) {
        end(resolve);
      } else {
        timer = setTimeout(go, Math.min(LONGEST_MS, Math.ceil(Number(rest) / 1e6)));
      }
    };
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    waiting.add(onClose);
    signal?.addEventListener('abort', onAbort);
    go();
  });
}
