import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Engine, outcomeOf } from 'sergo';
import { INSTANCES, ROUTER, workload } from './rules.mjs';

const HOST = 'service-provider';

function engineOf(t, rules = ROUTER, clock = () => 0n) {
  const engine = new Engine({ app: 'foo-app', clock });
  t.after(() => engine.close());
  assert.deepEqual(engine.load(rules).rejected, []);
  engine.setInstances(HOST, INSTANCES);
  return engine;
}

test('a pick is what route answers, and an instance', (t) => {
  const engine = engineOf(t);
  const request = { host: HOST, headers: { Tag: 'v2', other: 'x' } };
  const pick = engine.pick(request);
  assert.equal(pick.routing, engine.route(request), 'the very same');
  assert.deepEqual(pick.instance, { id: 'c', labels: { version: 'v2' }, healthy: true, weight: 1, zone: undefined });
  const { routing, instance } = engine.pick({ ...request, rolls: [0.5] });
  assert.deepEqual(routing, pick.routing);
  assert.equal(instance, pick.instance, 'given numbers choose among the same');
  assert.equal(engine.pick({ host: 'elsewhere' }), undefined);
});

test('a host that no route names is chosen among as a whole, on every way across', (t) => {
  const engine = engineOf(t, '');
  for (const host of [HOST, `${HOST}:8080`, '[::1]:80', '[::1]', `${HOST}:http`]) {
    engine.setInstances(host, INSTANCES);
    for (const port of [undefined, 81]) {
      const plain = engine.pick({ host, port });
      const { routing, instance } = engine.pick({ host, port, rolls: [0] });
      assert.deepEqual(plain.routing, routing, host);
      assert(plain.instance && instance, host);
    }
  }
  assert.equal(engine.pick({ host: `${HOST}:8080` }).routing.destination.port, 8080);
});

test('what is more than a destination comes along, without an instance where it goes to none', (t) => {
  const engine = engineOf(
    t,
    `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [${HOST}, unknown]
  http:
    - match: [{uri: {prefix: /old}}]
      redirect: {uri: /new}
    - match: [{uri: {prefix: /v1/}}]
      rewrite: {uri: /}
      route: [{destination: {host: ${HOST}}}]
    - match: [{uri: {prefix: /v3}}]
      route: [{destination: {host: ${HOST}, subset: v3}}]
    - route: [{destination: {host: unknown}}]
`,
  );
  const pick = (path) => engine.pick({ host: HOST, path });
  const moved = pick('/old');
  assert.deepEqual([moved.routing.kind, moved.instance], ['redirect', undefined]);
  moved.report('success');
  const rewritten = pick('/v1/items');
  assert.equal(rewritten.routing.rewrite.uri, '/items');
  assert('abc'.includes(rewritten.instance.id));
  assert.deepEqual(pick('/v3').routing, { kind: 'empty', host: HOST, subset: 'v3' });
  const unknown = pick('/');
  assert.deepEqual([unknown.routing.destination.host, unknown.instance], ['unknown', undefined]);
});

test('least request: what is in flight is counted until the report, once', (t) => {
  const engine = engineOf(t, workload({ policy: { loadBalancer: { simple: 'LEAST_REQUEST' } } }));
  engine.setInstances(HOST, INSTANCES.slice(0, 2));
  const first = engine.pick({ host: HOST });
  const second = engine.pick({ host: HOST });
  assert.notEqual(first.instance.id, second.instance.id);
  first.report('success');
  first.report('success');
  const third = engine.pick({ host: HOST });
  assert.equal(third.instance.id, first.instance.id);
  second[Symbol.dispose]();
  assert.equal(engine.pick({ host: HOST }).instance.id, second.instance.id);
});

const OUTLIER = workload({
  policy: { outlierDetection: { consecutive5xxErrors: 2, baseEjectionTime: '30s', maxEjectionPercent: 100 } },
});

test('errors in a row eject, and time brings back', (t) => {
  let now = 0n;
  const engine = engineOf(t, OUTLIER, () => now);
  engine.setInstances(HOST, INSTANCES.slice(0, 2));
  for (const outcome of ['error', 'gateway-error']) {
    engine.report(HOST, 'a', outcome);
  }
  assert.deepEqual(engine.ejected(HOST), ['a']);
  for (let n = 0; n < 20; n += 1) {
    assert.equal(engine.pick({ host: HOST }).instance.id, 'b');
  }
  now = 30_000_000_000n;
  assert.deepEqual(engine.ejected(HOST), []);
  assert.deepEqual(engine.ejected('elsewhere'), []);
});

test('run reports what came of the call', async (t) => {
  const engine = engineOf(t, OUTLIER);
  engine.setInstances(HOST, [{ id: 'a' }, { id: 'b' }]);
  const fail = (error) => {
    const pick = engine.pick({ host: HOST });
    return assert.rejects(
      pick.run(async ({ instance }) => {
        assert.equal(instance, pick.instance);
        throw error;
      }),
      error,
    );
  };
  const cancelled = Object.assign(new Error('away'), { name: 'AbortError' });
  for (let n = 0; n < 8; n += 1) {
    await fail(cancelled);
  }
  assert.deepEqual(engine.ejected(HOST), [], 'who gives a call up says nothing of the instance');
  for (let n = 0; n < 8; n += 1) {
    await fail(new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }));
  }
  assert.equal(engine.ejected(HOST).length, 1);
  assert.equal(await engine.pick({ host: HOST }).run(() => 'well'), 'well');
});

test('outcomes of statuses and failures', () => {
  const outcomes = [200, 404, 500, 501, 502, 503, 504, 505].map(outcomeOf);
  const [error, gateway] = ['error', 'gateway-error'];
  assert.deepEqual(outcomes, ['success', 'success', error, error, gateway, gateway, gateway, error]);
  assert.equal(outcomeOf(Object.assign(new Error(), { code: 'ECONNRESET' })), 'local-error');
  assert.equal(outcomeOf(new Error('anything')), 'error');
  assert.equal(outcomeOf(undefined), 'error');
  const circle = new Error('circle');
  circle.cause = circle;
  assert.equal(outcomeOf(circle), 'error');
});

test('instances change by difference', (t) => {
  const engine = engineOf(t, '');
  const ids = () => [...new Set(Array.from({ length: 200 }, () => engine.pick({ host: HOST }).instance.id))].sort();
  assert.deepEqual(ids(), ['a', 'b', 'c']);
  engine.updateInstances(HOST, [{ id: 'd' }, { id: 'a', healthy: false }], ['b']);
  assert.deepEqual(ids(), ['c', 'd']);
  engine.updateInstances(HOST, [{ id: 'd', labels: { zone: 'x' }, zone: 'z', weight: 2 }], ['c']);
  const { instance } = engine.pick({ host: HOST });
  assert.deepEqual(instance, { id: 'd', labels: { zone: 'x' }, healthy: true, weight: 2, zone: 'z' });
});

test('only what rules look at crosses, and new rules look at more at once', (t) => {
  const engine = engineOf(t);
  const names = ['baggage', 'opensergo-label', 'tag', 'x-opensergo-traffic'];
  assert.deepEqual(engine.required(HOST), { version: 1, headers: names, parameters: [] });
  const read = [];
  const headers = (tag, user) => ({
    tag,
    get user() {
      read.push('user');
      return user;
    },
  });
  const subset = (...values) => engine.pick({ host: HOST, headers: headers(...values) }).routing.destination.subset;
  assert.equal(subset('v2', 'me'), 'v2');
  assert.deepEqual(read, []);
  engine.load(ROUTER.replace('tag: {exact: v2}', 'user: {exact: me}'));
  assert.equal(subset('v2', 'me'), 'v2');
  assert.equal(subset('v2', 'you'), 'v1');
  assert.deepEqual(read, ['user', 'user']);
  assert.deepEqual(engine.required(HOST).version, 2);
});

test('rules that change in another thread are never asked with the headers of others', async (t) => {
  const engine = engineOf(t);
  const other = ROUTER.replace('tag: {exact: v2}', 'user: {exact: me}');
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { Engine } = require('sergo');
    const engine = new Engine({ shared: workerData.shared });
    for (let n = 0; n < 300; n += 1) engine.load(workerData.rules[n % 2]);
    parentPort.postMessage('done');`;
  const workerData = { shared: engine.share(), rules: [other, ROUTER] };
  const worker = new Worker(source, { eval: true, workerData });
  let done = false;
  worker.once('message', () => {
    done = true;
  });
  let picks = 0;
  while (!done) {
    for (let n = 0; n < 100; n += 1, picks += 1) {
      const request = { host: HOST, headers: { tag: 'v2', user: 'me' } };
      const pick = engine.pick(request);
      pick.report('success');
      assert.deepEqual([pick.instance.id, engine.route(request).destination.subset], ['c', 'v2']);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert(picks > 0);
  assert.equal(engine.version, 301);
});

test('a request larger than the block is picked for all the same', (t) => {
  const engine = engineOf(t);
  const pick = engine.pick({ host: HOST, path: `/${'ü'.repeat(10_000)}`, headers: { tag: 'v2' } });
  assert.equal(pick.instance.id, 'c');
  pick.report('success');
});

test('a remote call is routed by its service, method, arguments and attachments', (t) => {
  const rules = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: RouterRule
metadata: {name: rule}
spec:
  selector: {app: shop}
  rpc:
  - name: first
    rule:
      match:
        services: [{exact: io.Hello}]
        methods: [{methodName: say, args: [{index: 1, type: {exact: Student}, value: {exact: a}}]}]
      targets: [{workloads: w, name: gray}]
    target: [{workloads: w, name: base}]
  - name: second
    rule:
      match: {attachments: {trace: {prefix: a}}}
      targets: [{workloads: w, name: tagged}]
`;
  const engine = engineOf(t, rules);
  const subset = (rpc) => engine.route({ host: 'shop', rpc }).destination?.subset;
  const say = { service: 'io.Hello', method: 'say' };
  assert.equal(subset({ ...say, arguments: [{}, { type: 'Student', value: 'a' }] }), 'gray');
  assert.equal(subset({ ...say, arguments: [{ type: 'Student', value: 'a' }] }), 'base');
  assert.equal(subset({ ...say, attachments: { trace: 'abc' } }), 'tagged');
  assert.equal(subset({}), 'base');
});

test('limits of connections are typed', (t) => {
  const tcp = { maxConnections: 100, connectTimeout: '30ms', tcpKeepalive: { probes: 3, time: '7200s' } };
  const http = { http2MaxRequests: 10, idleTimeout: '5s', h2UpgradePolicy: 'UPGRADE' };
  const subsets = [
    { name: 'v2', labels: { version: 'v2' }, trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } } } },
  ];
  const engine = engineOf(t, workload({ policy: { connectionPool: { tcp, http } }, subsets }));
  assert.deepEqual(engine.connectionPool(HOST), {
    tcp: {
      maxConnections: 100,
      connectTimeoutMs: 30,
      maxConnectionDurationMs: undefined,
      idleTimeoutMs: undefined,
      tcpKeepalive: { probes: 3, timeMs: 7_200_000, intervalMs: undefined },
    },
    http: {
      http1MaxPendingRequests: undefined,
      http2MaxRequests: 10,
      maxRequestsPerConnection: undefined,
      maxRetries: undefined,
      idleTimeoutMs: 5000,
      h2UpgradePolicy: 'UPGRADE',
      useClientProtocol: undefined,
      maxConcurrentStreams: undefined,
    },
  });
  assert.equal(engine.connectionPool(HOST, 'v2').tcp.maxConnections, 7);
  assert.equal(engine.connectionPool('elsewhere'), undefined);
});

test('an explanation says which route, and why none before it', (t) => {
  const engine = engineOf(t);
  const explanation = engine.explainRoute({ host: HOST, headers: { tag: 'v1' } });
  assert.equal(explanation.position, 1);
  const miss = { field: 'headers.tag', expected: '"v2"', found: '"v1"' };
  assert.deepEqual(explanation.misses, [{ position: 0, blocks: [miss] }]);
  assert.equal(explanation.routing.destination.subset, 'v1');
  assert.match(
    String(explanation),
    /v1[\s\S]*route 1 matches\n {2}route 0 does not: headers.tag: found "v1", expected "v2"/,
  );
  const nowhere = engine.explainRoute({ host: 'elsewhere' });
  assert.deepEqual([nowhere.router, nowhere.routing], [undefined, { kind: 'none' }]);
  assert.match(`${nowhere}`, /no router names the host/);
});

test('arguments out of their bounds, and a closed engine', (t) => {
  const engine = engineOf(t);
  const pick = engine.pick({ host: HOST });
  const wrong = { code: 'argument' };
  assert.throws(() => pick.report('bad'), wrong);
  assert.throws(() => engine.report(HOST, 'a', 4), wrong);
  assert.throws(() => engine.pick({}), wrong);
  assert.throws(() => engine.pick({ host: HOST, rolls: [1] }), wrong);
  assert.throws(() => engine.pick({ host: HOST, rpc: { service: 1 } }), wrong);
  assert.throws(() => engine.updateInstances(HOST, [], 'a'), wrong);
  engine.close();
  pick.report('success');
  const closed = { code: 'closed' };
  assert.throws(() => engine.pick({ host: HOST }), closed);
  assert.throws(() => engine.label({}), closed);
  assert.throws(() => engine.ejected(HOST), closed);
});
