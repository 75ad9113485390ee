/** A connection, for routes that look at no request. */

import { checkPort, text } from './error';
import { json } from './json';
import type { RouteSource } from './routing';

/** What TLS and TCP routes look at in a connection. */
export interface ConnectRequest {
  /** The host that is connected to, perhaps with a port. */
  readonly host: string;
  /** The destination port, 0 to 65535. */
  readonly port?: number | undefined;
  /** The name that a TLS client asks for; without it TCP routes decide. */
  readonly sni?: string | undefined;
  /** The destination's address. */
  readonly address?: string | undefined;
  /** The caller's address. */
  readonly client?: string | undefined;
  /** Who calls; what it leaves open is the engine's own. */
  readonly source?: RouteSource | undefined;
  /** A sticky key: the same key always gets the same pick, without a random number. */
  readonly hash?: string | undefined;
  /** The random numbers to pick by, each in [0, 1), for tests; the last one serves every further pick. */
  readonly rolls?: readonly number[] | undefined;
}

/** The connection as the addon takes it (`sergo_border::text::Connecting`). @internal */
export function connecting({ host, port, sni, address, client, source, hash }: ConnectRequest): string {
  text('host', host);
  checkPort(port);
  const { labels, namespace, gateway } = source ?? {};
  const named = { sni, address, client, hash, 'source.namespace': namespace, 'source.gateway': gateway };
  for (const [what, value] of Object.entries(named)) {
    if (value !== undefined) {
      text(what, value);
    }
  }
  for (const [name, value] of Object.entries(labels ?? {})) {
    text(`source.labels.${name}`, value);
  }
  return json({ host, port, sni, address, client, hash, source: { labels, namespace, gateway } });
}
