// What the types promise to a module; it is compiled and never run.
import { createServer } from 'node:http';
import app from 'express';
import {
  BlockedError,
  type CallOutcome,
  type Carried,
  type ConnectionPool,
  type ControlPlaneSubscription,
  carried,
  carrying,
  controlPlane,
  type Decision,
  Engine,
  type Entry,
  type Event,
  type Explanation,
  type FileState,
  file,
  headersForNextCall,
  type Label,
  outcomeOf,
  type Pick,
  type Report,
  type Routing,
  SergoError,
} from 'sergo';
import { routedFetch } from 'sergo/fetch';
import { express, govern } from 'sergo/http';

using engine = new Engine({ app: 'foo-app', labels: { tag: 'gray' }, clock: () => 0n });
const report: Report = engine.load('');
const line: number | undefined = report.rejected[0]?.line;
using subscription = engine.subscribe(file('rules'), { onReport: ({ accepted }) => accepted.toFixed() });
const reason: Error | undefined = subscription.error;

const decision: Decision = engine.tryEnter('GET:/foo', { cost: 2, direction: 'outbound' });
if (decision.kind === 'pass') {
  const entry: Entry = decision.entry;
  entry.exit({ error: true });
  // @ts-expect-error a pass has no rule
  decision.rule;
} else {
  const status: number | undefined = decision.fallback?.status;
  const nanos: bigint | undefined = decision.retryAfterNanos;
  // @ts-expect-error a block has no entry
  decision.entry;
  console.log(status, nanos);
}

try {
  using _entry = await engine.enter('GET:/foo', { signal: AbortSignal.timeout(1000) });
} catch (error) {
  if (error instanceof BlockedError) {
    const millis: number | undefined = error.retryAfterMs;
    console.log(error.strategy === 'RateLimitStrategy', millis);
  } else if (error instanceof SergoError) {
    console.log(error.code === 'closed');
    // @ts-expect-error there is no such code
    console.log(error.code === 'open');
  }
}

const text: string = await engine.run('GET:/foo', async () => 'text');
const number: number = await engine.run('GET:/foo', () => 1, { cost: 3 });

const routing: Routing = engine.route({ host: 'a', headers: new Headers({ tag: 'v2' }), rolls: [0.5] });
if (routing.kind === 'to') {
  const subset: string | undefined = routing.destination.subset;
  console.log(subset);
}
const connection: Routing = engine.connect({ host: 'a', port: 443, sni: 'a', source: { gateway: 'edge' } });
engine.setInstances('a', [{ id: '1', labels: { version: 'v1' }, healthy: false }]);

engine.updateInstances('a', [{ id: '2' }], ['1']);

{
  using pick: Pick | undefined = engine.pick({ host: 'a', rpc: { service: 's', arguments: [{ value: 'v' }] } });
  const id: string | undefined = pick?.instance?.id;
  const outcome: CallOutcome = outcomeOf(503);
  pick?.report(outcome);
  const text: string | undefined = await pick?.run(async () => 'text');
  // @ts-expect-error there is no such outcome
  engine.report('a', '1', 'well');
  console.log(id, text, engine.ejected('a').length, engine.required('a').headers);
}
const limits: ConnectionPool | undefined = engine.connectionPool('a', 'v1');
console.log(limits?.tcp.connectTimeoutMs, `${engine.explainRoute({ host: 'a' })}`);

const label: Label | undefined = engine.label({ path: '/', headers: new Headers() }, { trust: false });
const what: Carried | undefined = label && { label };
const headers: Record<string, string> = carrying(what, () => headersForNextCall());
console.log(headers, carried()?.label?.lane);

const routed: typeof fetch = routedFetch(engine, { address: ({ zone }) => zone, fetch });
console.log((await routed('http://a/', { method: 'POST', body: 'b' })).status);

const plane: ControlPlaneSubscription = new Engine({ app: 'b' }).subscribe(
  controlPlane(['a:1', 'b:1'], { tls: { roots: '' }, token: async () => 'token', lastGood: 'rules' }),
);
await plane.ready;
const { lastPush }: { lastPush: Date | undefined } = await plane.until(({ isSynced }) => isSynced);
await plane.reportServices({ services: [{ protocols: ['http'] }] });
const isSubscribed: boolean = plane.subscribe('b', 'traffic.opensergo.io/v1alpha1/TrafficRouter');
const isEnded: boolean = plane.unsubscribe('b', 'traffic.opensergo.io/v1alpha1/TrafficRouter');
console.log(lastPush, isSubscribed, isEnded);
const files: FileState = new Engine({ app: 'c' }).subscribe(file('a', new URL('file:///b')), { intervalMs: 50 }).state;
const why: string | undefined = files.noticing === 'polling' ? files.pollingReason : undefined;
console.log(why);
// @ts-expect-error a subscription to files has no phase
engine.subscribe(file('rules')).state.phase;
// @ts-expect-error a control plane is not looked at
engine.subscribe(controlPlane('a:1'), { intervalMs: 50 }).state.phase;

createServer(govern(engine, (request, response) => response.end(request.url)));
const server = app();
server.get('/users/:id', express(engine), (_request, response) => void response.json({}));
server.use(express(engine, { resource: (request) => request.headers.host, trust: false }));

// @ts-expect-error an engine is for an app
new Engine({});
// @ts-expect-error there is no third direction
engine.tryEnter('GET:/foo', { direction: 'sideways' });
// @ts-expect-error resources are text
engine.tryEnter(1);

const explanation: Explanation = engine.explain('GET:/foo', { cost: 2 });
const used: number | undefined = explanation.gates[0]?.used;
const leave: () => void = engine.onEvent((event) => event.event === 'breaker' && event.from === 'open');
for await (const event of engine.events({ signal: AbortSignal.timeout(1) })) {
  if (event.event === 'rulesApplied') {
    console.log(event.version, `${explanation}`, used, leave, connection.kind);
  }
}
// @ts-expect-error an explanation comes from an engine
new Explanation('{}');
// @ts-expect-error events are not to be changed
engine.onEvent((event: Event) => (event.event = 'breaker'));

const inThread = new Engine({ shared: engine.share() });
console.log(line, reason, text, number, inThread.version, engine.breakerState('a', 'b') === 'half-open');
