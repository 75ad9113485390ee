/**
 * Governs HTTP servers: each request enters `METHOD:path-template`, inbound. A
 * block is answered as the rule's fallback says, or with 429 and an empty body.
 * What passes carries its lane on to the calls that are made for it.
 *
 * @packageDocumentation
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Block } from './block';
import { type Carried, carrying } from './carrier';
import type { Pass } from './decision';
import type { Engine } from './engine';
import type { Entry } from './entry';

/** How requests are governed. */
export interface GovernOptions<Request extends IncomingMessage = IncomingMessage> {
  /** The resource that a request enters; undefined lets it go ungoverned. */
  readonly resource?: ((request: Request) => string | undefined) | undefined;
  /**
   * Whether a lane that a request carries is believed; true by default. Where requests come from outside,
   * it is not to be.
   */
  readonly trust?: boolean | undefined;
  /** Hears of what kept sergo itself from deciding. The request is then served ungoverned. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What Express adds to a request, as far as the adapter looks at it. */
export interface ExpressRequest extends IncomingMessage {
  /** The path that the router is mounted on. */
  readonly baseUrl?: string;
  /** The whole path, also inside a router. */
  readonly originalUrl?: string;
  /** The route that matched; there is none where a middleware is mounted without one. */
  // biome-ignore lint/suspicious/noExplicitAny: it is `any` in Express, too
  readonly route?: any;
}

/**
 * A handler for `node:http` that lets a request through to `handler` when it may
 * enter. The resource is `METHOD:path`, without the query; servers with paths
 * that vary give `options.resource`, which answers the template.
 *
 * ```js
 * createServer(govern(engine, (request, response) => response.end('hello')))
 * ```
 */
export function govern<Request extends IncomingMessage, Response extends ServerResponse>(
  engine: Engine,
  handler: (request: Request, response: Response) => unknown,
  options: GovernOptions<Request> = {},
): (request: Request, response: Response) => void {
  const name = options.resource ?? named;
  return (request, response) =>
    admit(engine, request, response, name, options, (entry) => {
      let result: unknown;
      try {
        result = handler(request, response);
      } catch (error) {
        leave(entry, true, options);
        throw error;
      }
      // A rejection stays as unhandled as it would be without the adapter.
      return isThenable(result) ? result.then(undefined, (error) => failed(entry, error, options)) : undefined;
    });
}

/**
 * A middleware for Express. On a route, the resource is `METHOD:template`, as in
 * `GET:/users/:id`, after the path that the router is mounted on:
 *
 * ```js
 * app.get('/users/:id', express(engine), (request, response) => response.json({}))
 * ```
 *
 * Mounted with `app.use`, there is no template yet: the resource is `METHOD:path`
 * unless `options.resource` answers another.
 */
export function express(
  engine: Engine,
  options: GovernOptions<ExpressRequest> = {},
): (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void {
  const name = options.resource ?? templated;
  return (request, response, next) => admit(engine, request, response, name, options, () => void next());
}

function named(request: IncomingMessage): string {
  return `${request.method}:${pathOf(request.url)}`;
}

function templated(request: ExpressRequest): string {
  const template: unknown = request.route?.path;
  if (typeof template !== 'string') {
    return `${request.method}:${pathOf(request.originalUrl ?? request.url)}`;
  }
  const base = request.baseUrl ?? '';
  return `${request.method}:${base !== '' && template === '/' ? base : base + template}`;
}

function pathOf(url: string | undefined): string {
  return (url ?? '/').split('?', 1)[0] || '/';
}

/** Enters, answers a block, and goes on with a pass: at once, or after its wait. */
function admit<Request extends IncomingMessage>(
  engine: Engine,
  request: Request,
  response: ServerResponse,
  name: (request: Request) => string | undefined,
  options: GovernOptions<Request>,
  go: (entry: Entry | undefined) => unknown,
): void {
  let pass: Pass | undefined;
  let what: Carried | undefined;
  try {
    const resource = name(request);
    if (resource !== undefined) {
      const decision = engine.tryEnter(resource);
      if (decision.kind === 'block') {
        answer(response, decision, options);
        return;
      }
      pass = decision;
    }
    what = carriedBy(engine, request, options);
  } catch (error) {
    options.onError?.(error);
  }
  if (pass === undefined) {
    carrying(what, () => go(undefined));
    return;
  }
  const { entry, waitNanos } = pass;
  const gone = waitNanos === 0n ? undefined : new AbortController();
  const end = () => {
    leave(entry, response.statusCode >= 500, options);
    gone?.abort();
  };
  if (response.destroyed || response.writableFinished) {
    end();
  } else {
    response.once('finish', end).once('close', end);
  }
  if (gone === undefined) {
    carrying(what, () => go(entry));
    return;
  }
  entry.ready({ signal: gone.signal }).then(
    () => carrying(what, () => go(entry)),
    (error) => {
      // A client that has left needs no answer.
      if (!gone.signal.aborted) {
        options.onError?.(error);
        carrying(what, () => go(undefined));
      }
    },
  );
}

/** The lane of a request that came in, and its baggage: from a side that is not trusted none, for it could bring a lane. */
function carriedBy(engine: Engine, request: ExpressRequest, { trust }: GovernOptions<never>): Carried | undefined {
  const { method, headersDistinct: headers, socket } = request;
  const scheme = 'encrypted' in socket ? 'https' : 'http';
  const path = request.originalUrl ?? request.url;
  const label = engine.label({ method, path, scheme, headers, client: socket.remoteAddress }, { trust });
  const baggage = trust === false ? undefined : headers.baggage?.join(',');
  return label || baggage ? { label, baggage } : undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

function leave(entry: Entry | undefined, error: boolean, options: GovernOptions<never>): void {
  try {
    entry?.exit({ error });
  } catch (failure) {
    options.onError?.(failure);
  }
}

function failed(entry: Entry | undefined, error: unknown, options: GovernOptions<never>): never {
  leave(entry, true, options);
  throw error;
}

/** Headers by which a server frames a response; they are the server's to write. */
const FRAMING = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);
const NANOS_PER_SECOND = 1_000_000_000n;

function answer(response: ServerResponse, block: Block, options: GovernOptions<never>): void {
  const { status = 429, body = '', headers = {} } = block.fallback ?? {};
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    if (!FRAMING.has(name.toLowerCase())) {
      try {
        response.setHeader(name, value);
      } catch (error) {
        // What HTTP does not allow in a header is left out, the rest is answered.
        options.onError?.(error);
      }
    }
  }
  if (block.retryAfterNanos !== undefined && !response.hasHeader('Retry-After')) {
    response.setHeader('Retry-After', String((block.retryAfterNanos + NANOS_PER_SECOND - 1n) / NANOS_PER_SECOND));
  }
  try {
    response.end(body);
  } catch (error) {
    // A status that HTTP does not know.
    options.onError?.(error);
    response.statusCode = 429;
    response.end(body);
  }
}
