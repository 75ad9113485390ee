/** Where requests go, and what discovery knows. */

import type { CorsPolicy, DirectResponse, Fault, HeaderOperations, Mirror, Redirect, Retries, Rewrite } from './policy';

/** What routes look at in a request. */
export interface RouteRequest {
  /** The host that is called, perhaps with a port. */
  readonly host: string;
  /** The method; `GET` by default. */
  readonly method?: string | undefined;
  /** The path, perhaps with a query; `/` by default. */
  readonly path?: string | undefined;
  /** The scheme; `http` by default. */
  readonly scheme?: string | undefined;
  /** The destination port, 0 to 65535. */
  readonly port?: number | undefined;
  /**
   * The headers, names in any case: an object, or pairs as `Headers` and `Map`
   * have. Of an incoming request give `request.headersDistinct`: in
   * `request.headers` several values are joined otherwise than rules expect.
   */
  readonly headers?: RequestHeaders | undefined;
  /** The caller's address. */
  readonly client?: string | undefined;
  /** Who calls; what it leaves open is the engine's own. */
  readonly source?: RouteSource | undefined;
  /** The remote procedure that is called, where it is no plain HTTP. */
  readonly rpc?: RpcCall | undefined;
  /** A sticky key: the same key always gets the same pick, without a random number. */
  readonly hash?: string | undefined;
  /** The random numbers to pick by, each in [0, 1), for tests; the last one serves every further pick. */
  readonly rolls?: readonly number[] | undefined;
}

/** A call of a remote procedure. */
export interface RpcCall {
  /** The service. */
  readonly service?: string | undefined;
  /** The method. */
  readonly method?: string | undefined;
  /** The arguments, in order; what is not known of one is undefined. */
  readonly arguments?:
    | readonly { readonly type?: string | undefined; readonly value?: string | undefined }[]
    | undefined;
  /** What travels beside the arguments. */
  readonly attachments?: Readonly<Record<string, string>> | undefined;
}

/** Headers as an object or as pairs. */
export type RequestHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [string, string]>;

/** The workload that makes a request. */
export interface RouteSource {
  /** Its labels; the engine's by default. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Its namespace; the engine's by default. */
  readonly namespace?: string | undefined;
  /** The gateway that it comes through; `mesh` by default. */
  readonly gateway?: string | undefined;
}

/** Where a request goes; `kind` says which it is. */
export type Routing = RoutedTo | RoutedToRedirect | RoutedToResponse | RoutedToNone | RoutedToEmpty;

/** What every route that matches says. */
interface Matched {
  /** The matched route's name, if it has one. */
  readonly route: string | undefined;
  /** The changes to headers, the route's and the destination's in one; undefined for none. */
  readonly headers: HeaderOperations | undefined;
  /** Which other origins may read the responses; undefined where the rule does not say. */
  readonly corsPolicy: CorsPolicy | undefined;
}

/** A route says where to. */
export interface RoutedTo extends Matched {
  readonly kind: 'to';
  /** Where to. */
  readonly destination: Destination;
  /** Whether this is a fallback for the destination that was picked. */
  readonly fallback: boolean;
  /** The timeout in milliseconds; undefined is none. */
  readonly timeoutMs: number | undefined;
  /** How often and on what the call is made again. */
  readonly retries: Retries;
  /** What the destination sees instead of this request's path and host; undefined where both stay. */
  readonly rewrite: Rewrite | undefined;
  /** The faults that were drawn for this request; undefined for none. */
  readonly fault: Fault | undefined;
  /** The mirrors that were drawn for this request. */
  readonly mirror: readonly Mirror[];
}

/** A route sends the caller elsewhere. */
export interface RoutedToRedirect extends Matched {
  readonly kind: 'redirect';
  /** Where this request is sent. */
  readonly redirect: Redirect;
}

/** A route has the response itself. */
export interface RoutedToResponse extends Matched {
  readonly kind: 'response';
  /** The response. */
  readonly directResponse: DirectResponse;
}

/** No route says where: do as without sergo. */
export interface RoutedToNone {
  readonly kind: 'none';
}

/** The picked destination and all its fallbacks have no healthy instance. */
export interface RoutedToEmpty {
  readonly kind: 'empty';
  /** The host that was looked at last. */
  readonly host: string;
  /** The subset of it that was, if one was asked for. */
  readonly subset: string | undefined;
}

/** A destination as the rule writes it. */
export interface Destination {
  /** The host. */
  readonly host: string;
  /** The subset of the host's instances. */
  readonly subset: string | undefined;
  /** The port. */
  readonly port: number | undefined;
}

/** An instance of a host that discovery found. */
export interface Instance {
  /** Its identity. */
  readonly id: string;
  /** Its labels; none by default. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether discovery holds it for healthy; true by default. */
  readonly healthy?: boolean;
  /** Its weight among its like, a whole number; 1 by default. */
  readonly weight?: number;
  /** Its zone. */
  readonly zone?: string | undefined;
}
