/**
 * Sends requests where rules say: a `fetch` that asks the engine for an instance.
 *
 * @packageDocumentation
 */

import type { Agent } from 'node:http';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { headersForNextCall } from './carrier';
import type { Engine } from './engine';
import { outcomeOf, type Pick } from './pick';
import type { Fault } from './policy';
import { isRetried, pauseMs } from './retry';
import type { Instance, RoutedTo } from './routing';
import { type Body, change, isOnce, send, Unanswered } from './send';

/** How requests are sent. */
export interface FetchOptions {
  /**
   * The address of an instance, `host:port`; by default its id where it is one. Where there is none,
   * the request goes to the destination's host by name.
   */
  readonly address?: ((instance: Instance) => string | undefined) | undefined;
  /** The agents for requests that are routed: connection pools, certificates. */
  readonly agents?: { readonly http?: Agent | undefined; readonly https?: Agent | undefined } | undefined;
  /** Takes the requests of which sergo knows nothing; the global `fetch` by default. */
  readonly fetch?: typeof fetch | undefined;
  /** Hears of what kept sergo itself from deciding. The request then goes out unrouted. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * A `fetch` that takes the lane along, goes where rules say, to an instance that
 * discovery knows, and reports what came of it. A host of which neither knows is
 * fetched as always, with the lane.
 *
 * ```js
 * const fetch = routedFetch(engine);
 * const response = await fetch('http://service-provider/foo');
 * ```
 *
 * Done: header operations, rewrite, redirect, directResponse, fault, timeout
 * (until the body's end; it rejects with a `TimeoutError`), retries with
 * `perTryTimeout` and `backoff`. Not done: mirror and corsPolicy. A body that is a
 * stream is sent once, so it is neither retried nor sent on to another place.
 * Where no instance is healthy, the response is a 503.
 */
export function routedFetch(engine: Engine, options: FetchOptions = {}): typeof fetch {
  const plain = options.fetch ?? fetch;
  return async (input, init) => {
    const request = new Request(input, init);
    const body = await bodyOf(request, init?.body ?? undefined);
    return new Call(engine, options, plain, init).fetch(new URL(request.url), request, body);
  };
}

/** What a request is sent with, wherever it goes. */
type Sent = globalThis.Pick<Request, 'method' | 'headers' | 'signal' | 'redirect'>;

/** Bytes where the body can be sent again. */
async function bodyOf(request: Request, given: unknown): Promise<Body> {
  if (request.body === null) {
    return undefined;
  }
  const once = given === undefined || (typeof given === 'object' && given !== null && Symbol.asyncIterator in given);
  return once ? (request.body as ReadableStream) : new Uint8Array(await request.arrayBuffer());
}

const MOST_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

class Call {
  #redirects = 0;

  constructor(
    private readonly engine: Engine,
    private readonly options: FetchOptions,
    private readonly plain: typeof fetch,
    /** As given: `plain` may know more than is looked at here. */
    private readonly init: RequestInit | undefined,
  ) {}

  async fetch(url: URL, sent: Sent, body: Body): Promise<Response> {
    const response = (await this.#routed(url, sent, body)) ?? (await this.#unrouted(url, sent, body));
    const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
    if (location !== null && sent.redirect !== 'manual') {
      return this.#follow(new URL(location, url), url, sent, body, response);
    }
    const redirected = this.#redirects > 0;
    return Object.defineProperties(response, { url: { value: url.href }, redirected: { value: redirected } });
  }

  #unrouted(url: URL, { method, headers, signal }: Sent, body: Body): Promise<Response> {
    const duplex = isOnce(body) && { duplex: 'half' };
    const init = { method, headers, signal, redirect: 'manual', body: body ?? null, ...duplex };
    return this.plain(url, { ...this.init, ...init } as RequestInit);
  }

  async #follow(to: URL, from: URL, sent: Sent, body: Body, response: Response): Promise<Response> {
    await response.body?.cancel();
    this.#redirects += 1;
    const { status } = response;
    const { method } = sent;
    const asGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
    const once = isOnce(body) && !asGet;
    if (sent.redirect === 'error' || this.#redirects > MOST_REDIRECTS || once) {
      const why = once ? 'a body that is a stream cannot be sent again' : 'no more redirects are to be followed';
      throw new TypeError('fetch failed', { cause: new Error(`redirected to ${to.href}: ${why}`) });
    }
    const headers = new Headers(sent.headers);
    const dropped = asGet ? ['content-encoding', 'content-language', 'content-location', 'content-type'] : [];
    if (to.origin !== from.origin) {
      dropped.push('authorization', 'cookie', 'proxy-authorization');
    }
    for (const name of dropped) {
      headers.delete(name);
    }
    const { signal, redirect } = sent;
    return this.fetch(to, { method: asGet ? 'GET' : method, headers, signal, redirect }, asGet ? undefined : body);
  }

  /** The response where rules or discovery know the host, undefined where they do not, or where sergo fails. */
  async #routed(url: URL, sent: Sent, body: Body): Promise<Response | undefined> {
    let pick: Pick | undefined;
    let planned: Plan | undefined;
    try {
      this.#takeLaneAlong(sent.headers);
      pick = this.#pick(url, sent);
      if (pick === undefined) {
        return undefined;
      }
      const { routing } = pick;
      if (routing.kind !== 'to') {
        return answered(routing, url);
      }
      planned = { routing, url: rewritten(url, routing), headers: new Headers(sent.headers) };
      change(planned.headers, routing.headers?.request);
    } catch (error) {
      pick?.report('cancelled');
      this.options.onError?.(error);
      return undefined;
    }
    return this.#sent(pick, planned, url, sent, body);
  }

  #takeLaneAlong(headers: Headers): void {
    for (const [name, value] of Object.entries(headersForNextCall(headers.get('baggage') ?? undefined))) {
      if (name === 'baggage' || !headers.has(name)) {
        headers.set(name, value);
      }
    }
  }

  #pick(url: URL, { method, headers }: Sent): Pick | undefined {
    const scheme = url.protocol.slice(0, -1);
    if (scheme !== 'http' && scheme !== 'https') {
      return undefined;
    }
    return this.engine.pick({
      host: url.host,
      method,
      path: url.pathname + url.search,
      scheme,
      port: portOf(url),
      headers,
    });
  }

  /** Sends the request, again where the rule says so, and reports each time what came of it. */
  async #sent(first: Pick, plan: Plan, url: URL, sent: Sent, body: Body): Promise<Response> {
    const { routing } = plan;
    const { retries, timeoutMs } = routing;
    let pick = first;
    try {
      const ended = await faulted(routing.fault, sent.signal);
      if (ended !== undefined) {
        return ended;
      }
      const signal =
        timeoutMs === undefined ? sent.signal : AbortSignal.any([sent.signal, AbortSignal.timeout(timeoutMs)]);
      const again = isOnce(body) ? 0 : retries.attempts;
      for (let retry = 0; ; retry += 1) {
        const result = await this.#once(pick, plan, signal, sent.method, body);
        pick.report(result instanceof Unanswered ? 'local-error' : outcomeOf(result.status));
        if (retry >= again || !isRetried(retries, result)) {
          if (result instanceof Unanswered) {
            throw isTimeout(result.cause) ? result.cause : new TypeError('fetch failed', { cause: result.cause });
          }
          return result;
        }
        if (!(result instanceof Unanswered)) {
          await result.body?.cancel();
        }
        await sleep(pauseMs(retries, retry), undefined, { signal }).catch(() => signal.throwIfAborted());
        pick = this.#pickAgain(url, sent) ?? pick;
      }
    } finally {
      // Ended by its caller, or before it was sent.
      pick.report('cancelled');
    }
  }

  /** Another instance for the same request; undefined where there is none, or where sergo fails. */
  #pickAgain(url: URL, sent: Sent): Pick | undefined {
    try {
      const pick = this.#pick(url, sent);
      return pick?.routing.kind === 'to' ? pick : undefined;
    } catch (error) {
      this.options.onError?.(error);
      return undefined;
    }
  }

  async #once(pick: Pick, plan: Plan, signal: AbortSignal, method: string, body: Body): Promise<Response | Unanswered> {
    const { url, headers, routing } = plan;
    const { destination } = pick.routing as RoutedTo;
    const { agents } = this.options;
    try {
      return await send({
        ...{ method, url, headers, body, signal },
        address: this.#address(pick.instance) ?? { hostname: destination.host, port: destination.port ?? portOf(url) },
        patienceMs: routing.retries.perTryTimeoutMs,
        agent: url.protocol === 'https:' ? agents?.https : agents?.http,
        changes: routing.headers?.response,
      });
    } catch (error) {
      if (error instanceof Unanswered) {
        return error;
      }
      // The timeout of all attempts, or the caller's, says as much of the instance as that of one.
      if (isTimeout(error) && signal.reason === error) {
        pick.report('local-error');
      }
      throw error;
    }
  }

  #address(instance: Instance | undefined): { hostname: string; port: number } | undefined {
    const text = instance && (this.options.address?.(instance) ?? instance.id);
    const [, hostname, port] = text?.match(/^(?:\[(?=.+\]))?([^[\]\s/@]+?)\]?:(\d{1,5})$/) ?? [];
    return hostname === undefined ? undefined : { hostname, port: Number(port) };
  }
}

/** What is sent, to whichever instance. */
interface Plan {
  readonly routing: RoutedTo;
  readonly url: URL;
  readonly headers: Headers;
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

function isTimeout(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'TimeoutError';
}

/** What the destination is asked. */
function rewritten(url: URL, { rewrite }: RoutedTo): URL {
  const to = new URL(url);
  to.pathname = rewrite?.uri ?? to.pathname;
  if (rewrite?.authority !== undefined) {
    // The port is the old one's where the new one has none.
    to.port = '';
    to.host = rewrite.authority;
  }
  return to;
}

/** The response to a request that goes nowhere. */
function answered(routing: Exclude<Pick['routing'], RoutedTo>, url: URL): Response {
  if (routing.kind === 'empty') {
    const of = routing.subset === undefined ? routing.host : `${routing.host} subset ${routing.subset}`;
    return new Response(`no healthy instance of ${of}`, { status: 503 });
  }
  const headers = new Headers();
  let [status, body]: [number, string | undefined] = [200, undefined];
  if (routing.kind === 'redirect') {
    const { redirectCode, scheme, authority, port, uri } = routing.redirect;
    headers.set('location', `${scheme}://${authority}${port === undefined ? '' : `:${port}`}${uri}${url.search}`);
    status = redirectCode;
  } else {
    ({ status, body } = routing.directResponse);
  }
  change(headers, routing.headers?.response);
  return new Response(status === 204 || status === 205 || status === 304 ? null : (body ?? ''), { status, headers });
}

const GRPC_STATUS = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
];

/** Holds a request up, and answers it where it is ended on purpose. */
async function faulted(fault: Fault | undefined, signal: AbortSignal): Promise<Response | undefined> {
  if (fault?.delay !== undefined) {
    await sleep(fault.delay.fixedDelayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  signal.throwIfAborted();
  if (fault?.abort === undefined) {
    return undefined;
  }
  const { abort } = fault;
  return 'httpStatus' in abort
    ? new Response('fault filter abort', { status: abort.httpStatus })
    : new Response(null, {
        headers: { 'content-type': 'application/grpc', 'grpc-status': String(GRPC_STATUS.indexOf(abort.grpcStatus)) },
      });
}
