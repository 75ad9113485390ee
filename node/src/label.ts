/** Which lane a request is in. */

import type { RouteRequest } from './routing';

/** The lane of a request. */
export interface Label {
  /** The lane. */
  readonly lane: string;
  /** The key under which it travels, as a header and in the `baggage` header, and the lane: one entry. */
  readonly baggage: Readonly<Record<string, string>>;
}

/** What rules look at in a request to say its lane; its host is none of it. */
export type LabelRequest = Omit<RouteRequest, 'host' | 'hash' | 'rolls'>;

/** How a request is labelled. */
export interface LabelOptions {
  /** Whether a lane that the request carries is believed; true by default. */
  readonly trust?: boolean | undefined;
}
