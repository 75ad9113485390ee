/** Reads what the addon answers about routes (`sergo_border::text::answer` and `directions`). */

import type {
  CorsPolicy,
  DirectResponse,
  Fault,
  HeaderChanges,
  HeaderOperations,
  Mirror,
  Redirect,
  Retries,
} from './policy';
import type { Destination, RoutedTo, RoutedToNone, Routing } from './routing';

/** The answer as JSON; what does not apply is null or absent. */
interface Answer {
  readonly empty?: { readonly host: string; readonly subset: string | null };
  readonly route: string | null;
  readonly destination?: DestinationText;
  readonly fallback?: boolean;
  readonly timeout?: string | null;
  readonly retries?: RetriesText;
  readonly headers: { readonly request?: Partial<HeaderChanges>; readonly response?: Partial<HeaderChanges> } | null;
  readonly corsPolicy: (Partial<CorsPolicy> & { readonly maxAge?: string }) | null;
  readonly varies?: boolean;
  readonly rewrite?: { readonly uri?: string; readonly authority?: string };
  readonly redirect?: Redirect;
  readonly directResponse?: { readonly status: number; readonly body?: { readonly string: string } };
  readonly fault?: { readonly abort?: AbortText; readonly delay?: PercentageText & { readonly fixedDelay: string } };
  readonly mirror?: readonly {
    readonly destination: DestinationText;
    readonly percentage: { readonly value: number };
  }[];
}

interface DestinationText {
  readonly host: string;
  readonly subset: string | null;
  readonly port: number | null;
}

interface RetriesText extends Partial<Omit<Retries, 'perTryTimeoutMs' | 'backoffMs'>> {
  readonly perTryTimeout?: string;
  readonly backoff?: string;
}

interface PercentageText {
  readonly percentage: { readonly value: number };
}

type AbortText = PercentageText & ({ readonly httpStatus: number } | { readonly grpcStatus: string });

/** The routing for "no route says". */
export const NOWHERE: Routing = Object.freeze({ kind: 'none' });

/** What an answer stands for: the routing, or undefined when there is more to it for each request. */
export function settled(json: string): Somewhere | undefined {
  const answer: Answer = JSON.parse(json);
  return answer.varies === true ? undefined : deepFreeze(routing(answer));
}

/** The routing of one request. */
export function directed(json: string): Routing {
  return json === '' ? NOWHERE : routing(JSON.parse(json));
}

/** Where a request goes, and the instance's id and number; undefined for "no route says". */
export function picked(json: string): Picked | undefined {
  if (json === '') {
    return undefined;
  }
  const { instance, number, ...answer }: Answer & PickedText = JSON.parse(json);
  return { routing: routing(answer), instance: instance ?? undefined, number: number ?? undefined };
}

interface PickedText {
  readonly instance?: string | null;
  readonly number?: number | null;
}

interface Picked {
  readonly routing: Somewhere;
  readonly instance: string | undefined;
  readonly number: number | undefined;
}

/** What a route does that says nothing of retries. */
const DEFAULT_RETRIES = {
  attempts: 2,
  retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
};

/** The routing to a host that no route names, as it was asked for; the port of the request goes before the host's. */
export function whole(asked: string, port: number | undefined): RoutedTo {
  const [, name, own] = asked.match(/^([^:]*|.*\]):([^:]*)$/s) ?? [undefined, asked, ''];
  const inHost = /^\+?\d+$/.test(own as string) && Number(own) <= 0xffff ? Number(own) : null;
  const destination = { host: name as string, subset: null, port: port ?? inHost };
  const nothing = { route: null, headers: null, corsPolicy: null };
  return deepFreeze(routing({ ...nothing, destination, retries: DEFAULT_RETRIES }) as RoutedTo);
}

type Somewhere = Exclude<Routing, RoutedToNone>;

function routing(answer: Answer): Somewhere {
  if (answer.empty) {
    return { kind: 'empty', host: answer.empty.host, subset: answer.empty.subset ?? undefined };
  }
  const matched = {
    route: answer.route ?? undefined,
    headers: answer.headers ? headers(answer.headers) : undefined,
    corsPolicy: answer.corsPolicy ? corsPolicy(answer.corsPolicy) : undefined,
  };
  if (answer.redirect) {
    return { kind: 'redirect', ...matched, redirect: { ...answer.redirect, port: answer.redirect.port ?? undefined } };
  }
  if (answer.directResponse) {
    return { kind: 'response', ...matched, directResponse: directResponse(answer.directResponse) };
  }
  return {
    kind: 'to',
    ...matched,
    destination: destination(answer.destination as DestinationText),
    fallback: answer.fallback === true,
    timeoutMs: millis(answer.timeout),
    retries: retries(answer.retries ?? {}),
    rewrite: answer.rewrite ? { uri: answer.rewrite.uri, authority: answer.rewrite.authority } : undefined,
    fault: answer.fault ? fault(answer.fault) : undefined,
    mirror: (answer.mirror ?? []).map(
      ({ destination: to, percentage }): Mirror => ({ destination: destination(to), percentage: percentage.value }),
    ),
  };
}

function destination({ host, subset, port }: DestinationText): Destination {
  return { host, subset: subset ?? undefined, port: port ?? undefined };
}

function headers({ request, response }: NonNullable<Answer['headers']>): HeaderOperations {
  const changes = ({ remove = [], set = {}, add = {} }: Partial<HeaderChanges> = {}) => ({ remove, set, add });
  return { request: changes(request), response: changes(response) };
}

function corsPolicy({ maxAge, ...policy }: NonNullable<Answer['corsPolicy']>): CorsPolicy {
  const { allowOrigins = [], allowMethods = [], allowHeaders = [], exposeHeaders = [] } = policy;
  const { allowCredentials, unmatchedPreflights } = policy;
  return {
    allowOrigins,
    allowMethods,
    allowHeaders,
    exposeHeaders,
    maxAgeMs: millis(maxAge),
    allowCredentials,
    unmatchedPreflights,
  };
}

function directResponse({ status, body }: NonNullable<Answer['directResponse']>): DirectResponse {
  return { status, body: body?.string };
}

function retries(text: RetriesText): Retries {
  return {
    attempts: text.attempts ?? 0,
    perTryTimeoutMs: millis(text.perTryTimeout),
    retryOn: text.retryOn ?? '',
    retryRemoteLocalities: text.retryRemoteLocalities,
    retryIgnorePreviousHosts: text.retryIgnorePreviousHosts,
    backoffMs: millis(text.backoff),
  };
}

function fault({ abort, delay }: NonNullable<Answer['fault']>): Fault {
  return {
    abort: abort && { ...abort, percentage: abort.percentage.value },
    delay: delay && { fixedDelayMs: millis(delay.fixedDelay) ?? 0, percentage: delay.percentage.value },
  };
}

const MILLIS: Readonly<Record<string, number>> = { s: 1e3, ms: 1, us: 1e-3, ns: 1e-6 };

/** A duration as the core writes it, a whole number of one unit, in milliseconds. */
export function millis(text: string | null | undefined): number | undefined {
  const [, count, unit = ''] = text?.match(/^(\d+)(s|ms|us|ns)$/) ?? [];
  return count === undefined ? undefined : Number(count) * (MILLIS[unit] as number);
}

/** Answers are remembered and handed out many times, so nobody may change them. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
