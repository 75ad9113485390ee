/** One HTTP request to one address, and its response as `fetch` would give it. */

import * as http from 'node:http';
import * as https from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { HeaderChanges } from './policy';

/** The body of a request: bytes can be sent again, a stream cannot. */
export type Body = Uint8Array | ReadableStream | undefined;

/** Whether a body can be sent but once. */
export function isOnce(body: Body): body is ReadableStream {
  return body !== undefined && !(body instanceof Uint8Array);
}

/** One request. */
export interface Outgoing {
  readonly method: string;
  /** What it is asked: scheme, `Host` header and path. */
  readonly url: URL;
  /** Where it is sent. */
  readonly address: { readonly hostname: string; readonly port: number };
  readonly headers: Headers;
  readonly body: Body;
  /** Ends it, its response's body included. */
  readonly signal: AbortSignal;
  /** How long the response may be waited for, in milliseconds. */
  readonly patienceMs: number | undefined;
  readonly agent: http.Agent | undefined;
  /** What is done with the response's headers. */
  readonly changes: HeaderChanges | undefined;
}

/** There is no response. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  constructor(
    cause: unknown,
    /** Whether there was a connection at all. */
    readonly connected: boolean,
  ) {
    super('there is no response', { cause });
  }
}

/** Methods that do no more when they are done twice. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

function isReset(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** Statuses whose responses have no body. */
const EMPTY = new Set([204, 205, 304]);

/**
 * Sends a request.
 *
 * @throws Unanswered
 * @throws The signal's reason when it aborts.
 */
export function send(outgoing: Outgoing): Promise<Response> {
  const { method, url, address, headers, body, signal, patienceMs, agent, changes } = outgoing;
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    let connected = false;
    const request = (secure ? https : http).request({
      ...{ host: address.hostname, port: address.port, method, path: url.pathname + url.search, signal },
      headers: { ...Object.fromEntries(headers), host: url.host },
      ...(agent && { agent }),
    });
    const patience =
      patienceMs === undefined
        ? undefined
        : setTimeout(() => request.destroy(new DOMException('no response in time', 'TimeoutError')), patienceMs);
    const fail = (error: unknown) => {
      clearTimeout(patience);
      if (signal.aborted) {
        reject(signal.reason);
      } else if (request.reusedSocket && isReset(error) && IDEMPOTENT.has(method) && !isOnce(body)) {
        // A connection that was kept, and that the server has just closed: it says nothing of this request.
        resolve(send(outgoing));
      } else {
        reject(new Unanswered(error, connected));
      }
    };
    request.on('error', fail);
    request.on('socket', (socket) => {
      connected = !socket.connecting;
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        connected = true;
      });
    });
    request.on('response', (message) => {
      clearTimeout(patience);
      try {
        resolve(responseOf(message, changes));
      } catch (error) {
        request.destroy();
        fail(error);
      }
    });
    if (isOnce(body)) {
      pipeline(Readable.fromWeb(body), request).catch(fail);
    } else {
      request.end(body);
    }
  });
}

function responseOf(message: http.IncomingMessage, changes: HeaderChanges | undefined): Response {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(message.headersDistinct)) {
    for (const value of values) {
      headers.append(name, value);
    }
  }
  change(headers, changes);
  const { statusCode: status = 0, statusMessage: statusText = '' } = message;
  const body = EMPTY.has(status) ? null : (Readable.toWeb(message) as globalThis.ReadableStream);
  if (body === null) {
    message.resume();
  }
  return new Response(body, { status, statusText, headers });
}

/** Makes a rule's changes. */
export function change(headers: Headers, changes: HeaderChanges | undefined): void {
  for (const name of changes?.remove ?? []) {
    headers.delete(name);
  }
  for (const [name, value] of Object.entries(changes?.set ?? {})) {
    headers.set(name, value);
  }
  for (const [name, value] of Object.entries(changes?.add ?? {})) {
    headers.append(name, value);
  }
}
