/** The limits that rules set for connections to a host. */

import { millis } from './answer';

/** The limits of a `connectionPool`. The package does not keep them: give them to your client. */
export interface ConnectionPool {
  /** Of connections. */
  readonly tcp: TcpPool;
  /** Of requests. */
  readonly http: HttpPool;
}

/** `connectionPool.tcp`; what the rule leaves open is undefined. */
export interface TcpPool {
  /** The most connections. */
  readonly maxConnections: number | undefined;
  /** How long connecting may take, in milliseconds. */
  readonly connectTimeoutMs: number | undefined;
  /** How long a connection may live, in milliseconds. */
  readonly maxConnectionDurationMs: number | undefined;
  /** How long a connection may be idle, in milliseconds. */
  readonly idleTimeoutMs: number | undefined;
  /** When and how often an idle connection is probed. */
  readonly tcpKeepalive: TcpKeepalive | undefined;
}

/** `connectionPool.tcp.tcpKeepalive`. */
export interface TcpKeepalive {
  /** How many probes go unanswered before the connection is given up. */
  readonly probes: number | undefined;
  /** How long a connection is idle before the first probe, in milliseconds. */
  readonly timeMs: number | undefined;
  /** The time between probes, in milliseconds. */
  readonly intervalMs: number | undefined;
}

/** `connectionPool.http`; what the rule leaves open is undefined. */
export interface HttpPool {
  /** The most requests that wait for a connection. */
  readonly http1MaxPendingRequests: number | undefined;
  /** The most requests in flight. */
  readonly http2MaxRequests: number | undefined;
  /** The most requests on one connection; 0 is no limit. */
  readonly maxRequestsPerConnection: number | undefined;
  /** The most retries in flight. */
  readonly maxRetries: number | undefined;
  /** How long a connection may be without requests, in milliseconds. */
  readonly idleTimeoutMs: number | undefined;
  /** Whether connections become HTTP/2. */
  readonly h2UpgradePolicy: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE' | undefined;
  /** Whether the client's protocol is kept. */
  readonly useClientProtocol: boolean | undefined;
  /** The most streams on one HTTP/2 connection. */
  readonly maxConcurrentStreams: number | undefined;
}

/** The fields that the addon writes as durations. */
const SPANS = new Set(['connectTimeout', 'maxConnectionDuration', 'idleTimeout', 'time', 'interval']);

/** Reads what the addon answers (`sergo::policy::ConnectionPool`). @internal */
export function pool(json: string): ConnectionPool | undefined {
  return json === '' ? undefined : typed(JSON.parse(json));
}

function typed<Typed>(map: Readonly<Record<string, unknown>>): Typed {
  const entries = Object.entries(map).map(([name, value]) => {
    if (SPANS.has(name)) {
      return [`${name}Ms`, millis(value as string | null)];
    }
    return [name, typeof value === 'object' && value !== null ? typed(value as typeof map) : (value ?? undefined)];
  });
  return Object.fromEntries(entries);
}
