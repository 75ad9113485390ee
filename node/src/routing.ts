/** Where requests go, and what discovery knows. */

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
  /** A sticky key: the same key always gets the same pick, without a random number. */
  readonly hash?: string | undefined;
  /** The random numbers to pick by, each in [0, 1), for tests; the last one serves every further pick. */
  readonly rolls?: readonly number[] | undefined;
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

/** Where a request goes; `kind` says which of the three it is. */
export type Routing = RoutedTo | RoutedToNone | RoutedToEmpty;

/** A route says where to. */
export interface RoutedTo {
  readonly kind: 'to';
  /** The matched route's name, if it has one. */
  readonly route: string | undefined;
  /** Where to. */
  readonly destination: Destination;
  /** Whether this is a fallback for the destination that was picked. */
  readonly fallback: boolean;
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

const NOWHERE: RoutedToNone = Object.freeze({ kind: 'none' });

/** @internal The routing that stands for "no route says". */
export function nowhere(): Routing {
  return NOWHERE;
}

/** @internal Reads the addon's answer (`sergo_border::text::answer`). */
export function routing(json: string): Routing {
  const answer = JSON.parse(json);
  if (answer.empty) {
    return Object.freeze({ kind: 'empty', host: answer.empty.host, subset: answer.empty.subset ?? undefined });
  }
  const { host, subset, port } = answer.destination;
  return Object.freeze({
    kind: 'to',
    route: answer.route ?? undefined,
    destination: Object.freeze({ host, subset: subset ?? undefined, port: port ?? undefined }),
    fallback: answer.fallback,
  });
}
