/** Whose rules an engine enforces, and how entries ask to pass. */

import { argumentError } from './error';
import type { Clock } from './link';

/** Whose rules an engine enforces. */
export interface EngineOptions {
  /** The app; rules for others do nothing here. */
  readonly app: string;
  /** The namespace; `default` by default. */
  readonly namespace?: string | undefined;
  /** The labels of the workload that the engine runs in; none by default. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** A clock of your own, for tests; the system's monotonic clock by default. */
  readonly clock?: Clock | undefined;
  /**
   * Whether the system's figures are measured while rules look at them (CPU, load
   * and memory, twice a second); true by default. With {@link Engine.setSystemLoad}
   * you tell your own instead.
   */
  readonly sampleSystem?: boolean | undefined;
}

/** Names an engine to another thread of this process, see {@link Engine.share}. */
export interface SharedEngine {
  /** The number by which the addon knows it. */
  readonly handle: number;
}

/** An engine that another thread shares. */
export interface AttachOptions {
  /** What {@link Engine.share} answered there. */
  readonly shared: SharedEngine;
  /** A clock of your own, the same as there; the system's monotonic clock by default. */
  readonly clock?: Clock | undefined;
}

/** How an entry asks to pass. */
export interface EnterOptions {
  /** What it costs: a whole number from 1 to 2³² − 1; 1 by default. */
  readonly cost?: number | undefined;
  /** Which way the call goes, seen from this instance; `inbound` by default. Overload protection looks at inbound only. */
  readonly direction?: 'inbound' | 'outbound' | undefined;
}

const LARGEST_COST = 2 ** 32 - 1;

/** @internal */
export const NO_OPTIONS: EnterOptions = {};

/** Checks a cost and a direction. @internal */
export function checkAsk(cost: number, direction: EnterOptions['direction']): void {
  if (!(Number.isInteger(cost) && cost >= 1 && cost <= LARGEST_COST)) {
    throw argumentError('cost', cost, 'a whole number from 1 to 4294967295');
  }
  if (direction !== undefined && direction !== 'inbound' && direction !== 'outbound') {
    throw argumentError('direction', direction, 'inbound or outbound');
  }
}
