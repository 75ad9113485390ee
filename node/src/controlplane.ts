/** Where rules come from: an OpenSergo control plane. */

import { argumentError, text } from './error';

/** How a control plane is reached, and what is asked of it. */
export interface ControlPlaneOptions {
  /** Transport security: `true` for the system's roots, or your own; without it the connection is plain text. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** A bearer token, or what answers one, asked for each stream. It is not kept from a plain text connection. */
  readonly token?: string | (() => string | PromiseLike<string>) | undefined;
  /** What is sent along with each stream, or what answers it, asked for each. */
  readonly metadata?:
    | Readonly<Record<string, string>>
    | (() => Readonly<Record<string, string>> | PromiseLike<Readonly<Record<string, string>>>)
    | undefined;
  /** The labels of the workload; the engine's by default. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The kinds to subscribe to, as in `traffic.opensergo.io/v1alpha1/TrafficRouter`; all by default. */
  readonly kinds?: readonly string[] | undefined;
  /** The services that the app calls: some control planes file routing rules under these. */
  readonly services?: readonly string[] | undefined;
  /** How many milliseconds {@link ControlPlaneSubscription.ready} waits for the first rules; 5,000 by default. */
  readonly firstRulesTimeoutMs?: number | undefined;
  /** How many milliseconds of silence are followed by a ping; 20,000 by default. */
  readonly keepAliveMs?: number | undefined;
  /**
   * The path of a file in which the last good rules are kept: a process that starts while no control plane
   * is there is governed by them from its first request.
   */
  readonly lastGood?: string | undefined;
}

/** Transport security. */
export interface TlsOptions {
  /** The certificates that are trusted, as PEM; the system's by default. */
  readonly roots?: string | Uint8Array | undefined;
  /** The certificate chain of the client, as PEM, for mutual TLS. */
  readonly certificate?: string | Uint8Array | undefined;
  /** Its private key, as PEM. */
  readonly key?: string | Uint8Array | undefined;
  /** The name that the server's certificate is for, where it is not that of the address. */
  readonly serverName?: string | undefined;
}

/** A control plane, for {@link Engine.subscribe}. */
export class ControlPlaneSource {
  /** Where control planes listen, tried in turn. */
  readonly addresses: readonly string[];

  /** @internal Use {@link controlPlane}. */
  constructor(
    addresses: readonly string[],
    /** @internal */
    readonly options: ControlPlaneOptions,
  ) {
    this.addresses = addresses;
  }

  /** The addresses in one line. */
  get path(): string {
    return this.addresses.join(', ');
  }
}

/**
 * Rules from an OpenSergo control plane. It needs the package `@grpc/grpc-js`.
 *
 * @param addresses Where control planes listen, `host:port`; several are tried in turn.
 * @throws SergoError `argument`.
 */
export function controlPlane(
  addresses: string | readonly string[],
  options: ControlPlaneOptions = {},
): ControlPlaneSource {
  const list = typeof addresses === 'string' ? [addresses] : addresses;
  if (!Array.isArray(list) || list.length === 0) {
    throw argumentError('addresses', addresses, 'an address host:port, or a list of some');
  }
  for (const [at, address] of list.entries()) {
    text(`addresses[${at}]`, address);
  }
  const { firstRulesTimeoutMs, keepAliveMs, token, lastGood } = options;
  for (const [what, millis] of Object.entries({ firstRulesTimeoutMs, keepAliveMs })) {
    if (millis !== undefined && !(millis >= 0)) {
      throw argumentError(what, millis, 'milliseconds, 0 or more');
    }
  }
  if (token !== undefined && typeof token !== 'string' && typeof token !== 'function') {
    throw argumentError('token', token, 'text, or a function that answers some');
  }
  if (lastGood !== undefined) {
    text('lastGood', lastGood);
  }
  return new ControlPlaneSource([...list], options);
}
