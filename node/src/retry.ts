/** Whether and when a call is made again. */

import type { Retries } from './policy';
import { Unanswered } from './send';

/** gRPC's numbers for the conditions of its own. */
const GRPC: Readonly<Record<string, string>> = {
  cancelled: '1',
  'deadline-exceeded': '4',
  'resource-exhausted': '8',
  internal: '13',
  unavailable: '14',
};

/** Whether one of the conditions in `retryOn` holds of a response, or of why there is none. */
export function isRetried({ retryOn }: Retries, result: Response | Unanswered): boolean {
  return retryOn.split(',').some((word) => holds(word.trim(), result));
}

function holds(condition: string, result: Response | Unanswered): boolean {
  if (result instanceof Unanswered) {
    switch (condition) {
      case '5xx':
      case 'gateway-error':
      case 'reset':
        return true;
      case 'connect-failure':
      case 'refused-stream':
      case 'reset-before-request':
        return !result.connected;
      default:
        return false;
    }
  }
  const { status } = result;
  switch (condition) {
    case '5xx':
      return status >= 500;
    case 'gateway-error':
      return status >= 502 && status <= 504;
    case 'retriable-4xx':
      return status === 409;
    default:
      return condition === String(status) || result.headers.get('grpc-status') === (GRPC[condition] ?? NaN);
  }
}

const BACKOFF_MS = 25;

/** How long to wait before a retry, the first being 0: ever longer, up to twenty times the least. */
export function pauseMs({ backoffMs = BACKOFF_MS }: Retries, retry: number): number {
  return backoffMs * Math.min(2 ** retry, 10) * (1 + Math.random());
}
