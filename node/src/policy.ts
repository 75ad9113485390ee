/** What a route does with a request, beside sending it on: shaped and named as in the TrafficRouter. */

import type { Destination } from './routing';

/** How often and on what a call is made again. */
export interface Retries {
  /** The most retries; 0 is none. */
  readonly attempts: number;
  /** The timeout of each attempt, in milliseconds. */
  readonly perTryTimeoutMs: number | undefined;
  /** The conditions and status codes, with commas between them; empty where there are no retries. */
  readonly retryOn: string;
  /** Whether other localities are tried. */
  readonly retryRemoteLocalities: boolean | undefined;
  /** Whether hosts that were tried are left out. */
  readonly retryIgnorePreviousHosts: boolean | undefined;
  /** The least wait between attempts, in milliseconds. */
  readonly backoffMs: number | undefined;
}

/** Changes to the headers of the request and of its response. */
export interface HeaderOperations {
  readonly request: HeaderChanges;
  readonly response: HeaderChanges;
}

/** Changes to one set of headers, made in the order remove, set, add. */
export interface HeaderChanges {
  /** Headers that are taken away. */
  readonly remove: readonly string[];
  /** Headers that get this one value. */
  readonly set: Readonly<Record<string, string>>;
  /** Headers that get this value beside those they have. */
  readonly add: Readonly<Record<string, string>>;
}

/** What a rule asks of a text: one of the three. */
export type TextMatch = { readonly exact: string } | { readonly prefix: string } | { readonly regex: string };

/** Which other origins may read the responses. */
export interface CorsPolicy {
  readonly allowOrigins: readonly TextMatch[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** How long a browser may keep what a preflight said, in milliseconds. */
  readonly maxAgeMs: number | undefined;
  readonly allowCredentials: boolean | undefined;
  /** What becomes of preflights from other origins: `FORWARD` or `IGNORE`. */
  readonly unmatchedPreflights: string | undefined;
}

/** What the destination sees instead. */
export interface Rewrite {
  /** The path without its query, which the caller keeps; undefined where it stays. */
  readonly uri: string | undefined;
  /** The host; undefined where it stays. */
  readonly authority: string | undefined;
}

/** Where the caller is sent. */
export interface Redirect {
  /** The path without its query, which the caller keeps. */
  readonly uri: string;
  /** The host; with a port only where the request's own stays. */
  readonly authority: string;
  readonly scheme: string;
  /** The port, where the rule decides it. */
  readonly port: number | undefined;
  /** The status code. */
  readonly redirectCode: number;
}

/** The response that a rule has itself. */
export interface DirectResponse {
  /** The status code. */
  readonly status: number;
  readonly body: string | undefined;
}

/** The faults that a request gets. */
export interface Fault {
  readonly abort: Abort | undefined;
  readonly delay: Delay | undefined;
}

/** The error that a request is ended with: an HTTP status, or a gRPC status by its name. */
export type Abort = ({ readonly httpStatus: number } | { readonly grpcStatus: string }) & {
  /** The share of requests that are ended, in percent; this one was drawn. */
  readonly percentage: number;
};

/** How long a request is held up. */
export interface Delay {
  readonly fixedDelayMs: number;
  /** The share of requests that are held up, in percent; this one was drawn. */
  readonly percentage: number;
}

/** A destination that gets a copy of the request. */
export interface Mirror {
  readonly destination: Destination;
  /** The share of requests that are copied, in percent; this one was drawn. */
  readonly percentage: number;
}
