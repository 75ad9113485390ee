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
    this.engine = new Engine({ app, namespace, labels, clock: () => this.now });
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

  endpoints({ host, instances }) {
    this.engine.setInstances(host, instances.map(withoutNulls));
    return {};
  }

  route(step) {
    const { host, method, path, scheme, headers = [], rolls, repeat = 1 } = step;
    const { port, client, hash } = withoutNulls(step);
    const source = step.source ? withoutNulls(step.source) : undefined;
    const request = { host, method, path, scheme, port, headers, client, source, hash, rolls: rolls ?? undefined };
    const share = {};
    let last;
    for (let n = 0; n < repeat; n += 1) {
      last = this.engine.route(request);
      if (last.kind === 'to') {
        const name = last.destination.subset ?? last.destination.host;
        share[name] = (share[name] ?? 0) + 1;
      }
    }
    return repeat > 1 ? { share } : routed(last);
  }
}

/** The verbs; a step cannot name anything else of the port. */
const { rules, enter, exit, state, events, endpoints, route } = Port.prototype;
const VERBS = { __proto__: null, rules, enter, exit, state, events, endpoints, route };

const withoutNulls = (map) => Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null));

function decided(decision) {
  if (decision.kind === 'pass') {
    return decision.waitNanos > 0n ? { wait: exact(decision.waitNanos) } : { pass: true };
  }
  const { strategy, strategyName, rule, retryAfterNanos, fallback = null } = decision;
  return { block: strategy, strategy: strategyName, rule, retryAfter: exact(retryAfterNanos), fallback };
}

function routed(routing) {
  switch (routing.kind) {
    case 'none':
      return { none: true };
    case 'empty':
      return { none: { host: routing.host, subset: routing.subset ?? null } };
    case 'to': {
      const { host, subset = null, port = null } = routing.destination;
      return { route: routing.route ?? null, destination: { host, subset, port }, fallback: routing.fallback };
    }
  }
}

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
