// The conformance port of the package: one vector per line of standard input,
// one line of answers each. docs: tests/conformance.
import { createInterface } from 'node:readline';
import { Engine } from 'sergo';

/** A number that JSON.stringify would round is written as it is, between marks that are taken off again. */
const EXACT = '\u0001';
const exact = (nanos) =>
  nanos === undefined ? null : Number.isSafeInteger(Number(nanos)) ? Number(nanos) : `${EXACT}${nanos}${EXACT}`;
const line = (value) => JSON.stringify(value).replaceAll(/"\\u0001(\d+)\\u0001"/g, '$1');

/** `at` is nanoseconds that a double may not hold: those of sixteen digits or more are read as text. */
const parse = (text) => JSON.parse(text.replaceAll(/"at":(\d{16,})(?=[,}])/g, '"at":"$1"'));

class Port {
  constructor({ app, namespace, labels }) {
    this.now = 0n;
    this.engine = new Engine({ app, namespace, labels, clock: () => this.now, sampleSystem: false });
    /** The entries under each name, oldest first, with whether they were exited. */
    this.entries = new Map();
  }

  step(step) {
    this.now = BigInt(step.at ?? 0);
    const verb = VERBS[step.op];
    if (verb === undefined) {
      throw new Error(`unknown op: ${step.op}`);
    }
    return verb.call(this, step);
  }

  rules({ text }) {
    return this.engine.load(text);
  }

  enter({ resource, cost = 1, direction = 'inbound', as, repeat = 1 }) {
    let [passed, blocked, last] = [0, 0, undefined];
    for (let n = 0; n < repeat; n += 1) {
      last = this.engine.tryEnter(resource, { cost, direction });
      if (last.kind === 'block') {
        blocked += 1;
        continue;
      }
      passed += 1;
      if (as) {
        this.entries.set(as, [...(this.entries.get(as) ?? []), { entry: last.entry, open: true }]);
      }
    }
    return repeat > 1 ? { passed, blocked } : decided(last);
  }

  exit({ entry, error = false, count, again = false }) {
    const named = this.entries.get(entry);
    if (named === undefined) {
      throw new Error(`no entry is called ${entry}`);
    }
    for (const one of named.filter(({ open }) => open !== again).slice(0, count ?? named.length)) {
      one.entry.exit({ error });
      one.open = false;
    }
    return {};
  }

  state({ resource, strategy }) {
    return { state: this.engine.breakerState(resource, strategy) ?? null };
  }

  events() {
    return { events: this.engine.drainEvents().filter(({ event }) => event === 'breaker') };
  }

  load(step) {
    this.engine.setSystemLoad(withoutNulls({ cpu: step.cpu, memory: step.memory, load1: step.load1 }));
    return {};
  }

  endpoints({ host, instances }) {
    this.engine.setInstances(host, instances.map(withoutNulls));
    return {};
  }

  route(step) {
    return repeated(step, (call) => this.engine.route({ ...call, ...requested(step) }));
  }

  connect(step) {
    const { sni, address } = withoutNulls(step);
    return repeated(step, (call) => this.engine.connect({ ...call, sni, address }));
  }

  pick(step) {
    const { repeat = 1 } = step;
    const request = { ...called(step), ...requested(step) };
    const picks = Array.from({ length: repeat }, () => this.engine.pick(request));
    if (repeat > 1) {
      return { share: counted(picks.flatMap((pick) => pick?.instance?.id ?? [])) };
    }
    const { routing = { kind: 'none' }, instance } = picks[0] ?? {};
    const answer = routed(routing);
    return answer.none
      ? answer
      : { ...answer, instance: instance?.id ?? null, subset: answer.destination?.subset ?? null };
  }

  report({ host, instance, outcome, repeat = 1 }) {
    for (let n = 0; n < repeat; n += 1) {
      this.engine.report(host, instance, outcome);
    }
    return {};
  }

  ejected({ host }) {
    return { ejected: this.engine.ejected(host) };
  }

  label(step) {
    const { port, client, source } = called(step);
    return (
      this.engine.label({ port, client, source, ...requested(step) }, { trust: step.trust ?? true }) ?? { none: true }
    );
  }
}

/** What requests and connections have in common. */
function called(step) {
  const { host, port, client, source, hash, rolls } = withoutNulls(step);
  return { host, port, client, source: source && withoutNulls(source), hash, rolls };
}

/** What a request has beside it. */
function requested(step) {
  const { method, path, scheme, headers = [], rpc } = withoutNulls(step);
  return { method, path, scheme, headers, rpc: rpc && remote(rpc) };
}

/** The call of a remote procedure. */
function remote(rpc) {
  const { service, method, args = [], attachments } = withoutNulls(rpc);
  return { service, method, arguments: args.map(withoutNulls), attachments };
}

/** Asks as often as the step says. */
function repeated(step, ask) {
  const { repeat = 1 } = step;
  const answers = Array.from({ length: repeat }, () => ask(called(step)));
  const names = answers.flatMap(({ destination }) => destination?.subset ?? destination?.host ?? []);
  return repeat > 1 ? { share: counted(names) } : routed(answers[0]);
}

/** How often each name is there. */
function counted(names) {
  const share = {};
  for (const name of names) {
    share[name] = (share[name] ?? 0) + 1;
  }
  return share;
}

/** The verbs; a step cannot name anything else of the port. */
const VERBS = { __proto__: null };
for (const verb of 'rules enter exit state events load endpoints route connect pick report ejected label'.split(' ')) {
  VERBS[verb] = Port.prototype[verb];
}

const withoutNulls = (map) => Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null));

function decided(decision) {
  if (decision.kind === 'pass') {
    return decision.waitNanos > 0n ? { wait: exact(decision.waitNanos) } : { pass: true };
  }
  const { strategy, strategyName, rule, retryAfterNanos, fallback = null } = decision;
  return { block: strategy, strategy: strategyName, rule, retryAfter: exact(retryAfterNanos), fallback };
}

/** Milliseconds as a duration that is written out, exact to the nanosecond. */
const span = (millis) => (millis === undefined ? null : `${Math.round(millis * 1e6)}ns`);

/** What was drawn, with its share as documents write it. */
const drawn = (one, more) => one && { ...one, ...more, percentage: { value: one.percentage } };

/** Without the lists and maps that have nothing in them, which documents leave out. */
const filled = (map) =>
  Object.fromEntries(
    Object.entries(map).filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0),
  );

function routed(routing) {
  if (routing.kind === 'none') {
    return { none: true };
  }
  if (routing.kind === 'empty') {
    return { none: { host: routing.host, subset: routing.subset ?? null } };
  }
  const { route = null, headers, corsPolicy, redirect, directResponse } = routing;
  const answer = { route, redirect };
  if (directResponse) {
    const { status, body } = directResponse;
    answer.directResponse = { status, body: body === undefined ? undefined : { string: body } };
  }
  if (headers) {
    answer.headers = filled({ request: filled(headers.request), response: filled(headers.response) });
  }
  if (corsPolicy) {
    const { maxAgeMs, ...policy } = corsPolicy;
    answer.corsPolicy = { ...filled(policy), maxAge: span(maxAgeMs) };
  }
  if (routing.kind === 'to') {
    const { fallback, timeoutMs, rewrite, fault, mirror } = routing;
    const { perTryTimeoutMs, backoffMs, retryOn, ...retries } = routing.retries;
    Object.assign(answer, {
      destination: destination(routing.destination),
      fallback,
      timeout: span(timeoutMs),
      rewrite,
    });
    answer.retries = {
      ...retries,
      retryOn: retryOn || null,
      perTryTimeout: span(perTryTimeoutMs),
      backoff: span(backoffMs),
    };
    if (fault) {
      const { abort, delay } = fault;
      answer.fault = { abort: drawn(abort), delay: drawn(delay, { fixedDelay: span(delay?.fixedDelayMs) }) };
    }
    if (mirror.length > 0) {
      answer.mirror = mirror.map((one) => drawn(one, { destination: destination(one.destination) }));
    }
  }
  return answer;
}

const destination = ({ host, subset = null, port = null }) => ({ host, subset, port });

function run(vector) {
  const port = new Port(vector);
  try {
    return vector.steps.map((step) => {
      try {
        return port.step(step);
      } catch (error) {
        return { error: error.message };
      }
    });
  } finally {
    port.engine.close();
  }
}

for await (const text of createInterface({ input: process.stdin })) {
  console.log(line({ answers: run(parse(text)) }));
}
