/** Calling what the package's user gave to be called. */

import { inspect } from 'node:util';

/**
 * Calls a listener. What it throws, or rejects with, is a warning of the process
 * (`SergoWarning`) and harms nothing else.
 */
export function tell<Value>(listener: ((value: Value) => unknown) | undefined, value: Value): void {
  try {
    const result = listener?.(value) as PromiseLike<unknown> | undefined;
    if (typeof result?.then === 'function') {
      result.then(undefined, warn);
    }
  } catch (error) {
    warn(error);
  }
}

function warn(error: unknown): void {
  process.emitWarning('a listener failed', { type: 'SergoWarning', detail: inspect(error) });
}
