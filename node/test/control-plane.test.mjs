import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { controlPlane, Engine, file } from 'sergo';
import { folder, proxy, serveRules } from './plane.mjs';
import { limit, overload, until } from './rules.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
/** Longer than anything takes: a test that comes to it has failed. */
const PATIENT = { firstRulesTimeoutMs: 60_000 };

/** An engine with a subscription, and all that it says; closed when the test is over. */
function subscribed(t, address, options = {}, engine = new Engine({ app: 'foo-app', clock: () => 0n })) {
  t.after(() => engine.close());
  const [reports, errors] = [[], []];
  const subscription = engine.subscribe(controlPlane(address, { ...PATIENT, ...options }), {
    onReport: (report) => reports.push(report),
    onError: ({ message }) => errors.push(message),
  });
  const governed = (target = '/foo') => engine.explain(target).governed;
  const threshold = (target = '/foo') => engine.explain(target).gates[0]?.limit;
  return { engine, subscription, reports, errors, governed, threshold };
}

test('first rules, a change, and a deletion', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { address } = await serveRules(t, rules.path);
  const { subscription, reports, threshold, governed } = subscribed(t, address);
  await subscription.ready;
  const { state } = subscription;
  assert.deepEqual([state.phase, state.isSynced, state.address], ['connected', true, address]);
  assert(state.connectedSince <= new Date() && state.lastPush >= state.connectedSince);
  assert.deepEqual([state.lastError, subscription.error], [undefined, undefined]);
  assert.equal(threshold(), 7);
  assert.equal(subscription.report, reports.at(-1));
  assert.equal(reports.at(-1).accepted, 2);
  const kinds = new Map(state.subscriptions.map(({ kind, ...rest }) => [kind.split('/').at(-1), rest]));
  const { version, documents, app } = kinds.get('RateLimitStrategy');
  assert.deepEqual([documents, app], [1, 'foo-app']);
  rules.put('limit.yaml', limit({ threshold: 8 }));
  await until(() => threshold() === 8);
  const later = subscription.state.subscriptions.find(({ kind }) => kind.endsWith('/RateLimitStrategy'));
  assert(later.version > version);
  rules.remove('limit.yaml');
  await until(() => !governed());
});

test('a bad document takes no good one with it, and the control plane hears of it', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { address, json } = await serveRules(t, rules.path);
  const { subscription, reports, threshold } = subscribed(t, address);
  await subscription.ready;
  rules.put('other.yaml', limit({ target: '/other', name: 'other', threshold: 3 }));
  rules.put('limit.yaml', limit({ threshold: -1 }));
  await until(() => threshold('/other') === 3 && reports.at(-1).rejected.length === 1);
  assert.equal(reports.at(-1).rejected[0].field, 'spec.threshold');
  assert.equal(threshold(), 7, 'the last good one stays');
  await until(async () => JSON.stringify(await json('/v1/clients')).includes('spec.threshold'));
});

test('a control plane that goes and comes back leaves no request ungoverned', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const first = await serveRules(t, rules.path);
  const before = await proxy(t, first.address);
  const { subscription, errors, threshold } = subscribed(t, before.address);
  await subscription.ready;
  const version = () =>
    subscription.state.subscriptions.find(({ kind }) => kind.endsWith('/RateLimitStrategy')).version;
  const known = version();
  await first.kill();
  await subscription.until(({ phase }) => phase !== 'connected');
  assert.equal(threshold(), 7);
  await until(() => errors.length > 0);
  rules.put('limit.yaml', limit({ threshold: 8 }));
  const second = await serveRules(t, rules.path);
  before.target = second.address;
  while (threshold() !== 8) {
    assert.equal(threshold(), 7);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { isSynced, phase } = await subscription.until(({ isSynced }) => isSynced);
  assert.deepEqual([isSynced, phase], [true, 'connected']);
  assert(version() > known, 'versions go on where they were');
});

test('a connection that is dead without saying so is noticed', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { address } = await serveRules(t, rules.path);
  const before = await proxy(t, address);
  const { subscription, threshold } = subscribed(t, before.address, { keepAliveMs: 300 });
  await subscription.ready;
  const { identifier } = subscription.state;
  before.frozen = true;
  await subscription.until(({ phase }) => phase !== 'connected');
  assert.equal(threshold(), 7);
  rules.put('limit.yaml', limit({ threshold: 8 }));
  before.frozen = false;
  await until(() => threshold() === 8);
  assert.notEqual(subscription.state.identifier, identifier, 'a stream of another name');
});

test('a connection that is cut during a push brings it again', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { address } = await serveRules(t, rules.path);
  const before = await proxy(t, address);
  before.most = 400;
  const { subscription, threshold, errors } = subscribed(t, before.address);
  await until(() => errors.length > 0);
  assert.equal(subscription.state.isSynced, false);
  before.most = Number.POSITIVE_INFINITY;
  await subscription.until(({ isSynced }) => isSynced);
  assert.equal(threshold(), 7);
  rules.put('limit.yaml', limit({ threshold: 8 }));
  before.most = 0;
  await subscription.until(({ phase }) => phase !== 'connected');
  assert.equal(threshold(), 7);
  before.most = Number.POSITIVE_INFINITY;
  await until(() => threshold() === 8);
});

test('the next address is tried where one does not answer', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const gone = await serveRules(t, rules.path);
  await gone.kill();
  const { address } = await serveRules(t, rules.path);
  const { subscription, errors, threshold } = subscribed(t, [gone.address, address]);
  await subscription.ready;
  assert.deepEqual([subscription.state.address, threshold()], [address, 7]);
  assert.match(errors[0], /ECONNREFUSED/);
  assert.equal(subscription.path, `${gone.address}, ${address}`);
});

const TLS = join(PACKAGE, 'test', 'tls');
const pem = (name) => readFileSync(join(TLS, name));

test('TLS: the server is checked, and the client where it has to be', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const server = ['--tls-cert', join(TLS, 'server.pem'), '--tls-key', join(TLS, 'server.key')];
  const { address } = await serveRules(t, rules.path, [...server, '--tls-client-ca', join(TLS, 'root.pem')]);
  const known = { roots: pem('root.pem'), serverName: 'control-plane.test' };
  const client = { certificate: pem('client.pem'), key: pem('client.key') };
  const wrong = [
    { ...known, ...client, roots: pem('other.pem') },
    { ...known, ...client, serverName: 'another.test' },
    known,
    false,
    true,
  ];
  await Promise.all(
    wrong.map(async (tls) => {
      const { subscription, governed } = subscribed(t, address.replace('127.0.0.1', 'localhost'), { tls });
      await subscription.until(({ failures }) => failures > 0);
      assert.deepEqual([subscription.state.isSynced, governed()], [false, false]);
      assert(subscription.error instanceof Error);
    }),
  );
  const right = subscribed(t, address, { tls: { ...known, ...client } });
  await right.subscription.ready;
  assert.equal(right.threshold(), 7);
});

test('a token is asked for each stream, and a wrong one is told', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const tokens = folder(t, {
    'tokens.yaml': 'tokens:\n- {name: foo, token: the-right-token-of-foo, namespaces: [default]}\n',
  });
  const { address } = await serveRules(t, rules.path, ['--tokens', join(tokens.path, 'tokens.yaml')]);
  let asked = 0;
  const token = async () => {
    asked += 1;
    if (asked === 1) {
      throw new Error('no token yet');
    }
    return asked < 3 ? 'the-wrong-token-of-foo' : 'the-right-token-of-foo';
  };
  const { subscription, errors, threshold } = subscribed(t, address, { token });
  await subscription.ready;
  assert.equal(threshold(), 7);
  assert.equal(errors.length, 2);
  assert.match(errors[0], /no token yet/);
  assert.match(errors[1], /UNAUTHENTICATED/);
  const authorized = { authorization: 'Bearer the-right-token-of-foo' };
  for (const metadata of [authorized, async () => authorized]) {
    await subscribed(t, address, { metadata }).subscription.until(({ isSynced }) => isSynced);
  }
});

test('the last good rules govern a process that starts without a control plane', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const kept = join(folder(t).path, 'last-good');
  const { address, kill } = await serveRules(t, rules.path);
  const first = subscribed(t, address, { lastGood: kept });
  await first.subscription.ready;
  await until(
    () =>
      existsSync(kept) && ['threshold', 'targets'].every((word) => readFileSync(kept, 'utf8').includes(`"${word}"`)),
  );
  first.engine.close();
  await kill();
  const second = subscribed(t, address, { lastGood: kept, firstRulesTimeoutMs: 50 });
  assert.equal(second.threshold(), 7, 'before anything is awaited');
  assert.equal(second.reports[0].accepted, 2);
  await second.subscription.ready;
  assert.equal(second.subscription.state.isSynced, false);
});

test('a file of last good rules that is none is told, and does not matter', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { path } = folder(t, { 'last-good': 'none' });
  const { address } = await serveRules(t, rules.path);
  const { subscription, errors, threshold } = subscribed(t, address, { lastGood: join(path, 'last-good') });
  assert.match(errors[0], /last-good can't be restored: found another first line/);
  await subscription.ready;
  assert.equal(threshold(), 7);
  const saved = folder(t);
  const kept = join(saved.path, 'last-good');
  const text = () => readFileSync(join(path, 'last-good'), 'utf8');
  await until(() => text().includes('/foo'));
  saved.put('last-good', text().replace('/foo', '/bar'));
  const broken = subscribed(t, '127.0.0.1:1', { lastGood: kept, firstRulesTimeoutMs: 0 });
  assert.match(broken.errors[0], /last-good can't be restored: found .*checksum/);
  assert.equal(broken.governed(), false);
  const nowhere = subscribed(t, address, { lastGood: join(path, 'none', 'last-good') });
  await nowhere.subscription.ready;
  await until(() => nowhere.errors.some((message) => message.includes("can't be written: ENOENT")));
  assert.equal(nowhere.threshold(), 7);
});

test('a push that the control plane does not survive comes whole when it is back', async (t) => {
  const many = (threshold) =>
    Array.from({ length: 500 }, (_, n) => limit({ target: `/r${n}`, name: `r${n}`, threshold })).join('');
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }), 'many.yaml': many(1) });
  const [first, second] = [await serveRules(t, rules.path), await serveRules(t, rules.path)];
  const before = await proxy(t, first.address);
  const { subscription, threshold } = subscribed(t, before.address);
  await subscription.ready;
  const { identifier } = subscription.state;
  // The beginning of the push has come when the process is gone.
  const received = before.received;
  rules.put('many.yaml', many(2));
  await until(() => before.received > received);
  await first.kill();
  before.target = second.address;
  while (threshold('/r499') !== 2) {
    assert.equal(threshold(), 7, 'no request is ungoverned');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await subscription.until((state) => state.isSynced && state.identifier !== identifier);
});

test('subscriptions come and go', async (t) => {
  const [rate, rule] = ['RateLimitStrategy', 'FaultToleranceRule'].map(
    (kind) => `fault-tolerance.opensergo.io/v1alpha1/${kind}`,
  );
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { address, json } = await serveRules(t, rules.path);
  const { subscription, governed, threshold } = subscribed(t, address, { kinds: [rate] });
  await subscription.ready;
  assert.equal(governed(), false, 'a strategy alone limits nothing');
  assert.equal(subscription.subscribe('foo-app', rule), true);
  await until(() => threshold() === 7);
  assert.equal(subscription.subscribe('bar-app', rule), true);
  await until(async () => JSON.stringify(await json('/v1/clients')).includes('bar-app'));
  assert.equal(subscription.unsubscribe('foo-app', rule), true);
  assert.equal(subscription.unsubscribe('foo-app', rule), false);
  assert.equal(subscription.unsubscribe('bar-app', rule), true);
  await until(() => !governed());
  assert.deepEqual(
    subscription.state.subscriptions.map(({ app, kind }) => [app, kind]),
    [['foo-app', rate]],
  );
  assert.throws(() => subscription.subscribe('foo-app'), { code: 'argument' });
  subscription.close();
  assert.throws(() => subscription.subscribe('foo-app', rule), { code: 'closed' });
});

test('services are reported', async (t) => {
  const { address, json } = await serveRules(t, folder(t).path);
  const { subscription } = subscribed(t, address);
  await subscription.ready;
  const methods = [{ name: 'GET:/foo', httpPaths: ['/foo'], httpMethods: ['GET'] }];
  await subscription.reportServices({
    node: { identifier: { hostName: 'here', pid: process.pid } },
    services: [{ protocols: ['http'], serviceContract: { services: [{ name: 'foo', methods }] } }],
  });
  const told = JSON.stringify(await json('/v1/services'));
  assert(told.includes('foo-app') && told.includes('GET:/foo'), told);
  await assert.rejects(subscription.reportServices({ services: [{ protocol: 'http' }] }), { code: 'argument' });
  subscription.close();
  await assert.rejects(subscription.reportServices({ services: [] }), { code: 'closed' });
});

test('a subscription that is closed says no more; the rules stay; another may follow', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { address, json } = await serveRules(t, rules.path);
  const { engine, subscription, reports, threshold } = subscribed(t, address);
  await subscription.ready;
  assert.throws(() => engine.subscribe(file(rules.path)), { code: 'argument', message: /while the subscription to/ });
  const waits = subscription.until(() => false);
  const aborted = subscription.until(() => false, { signal: AbortSignal.abort(new Error('given up')) });
  await assert.rejects(aborted, /given up/);
  subscription.close();
  subscription.close();
  assert.equal((await waits).phase, 'ended');
  assert.deepEqual(
    [subscription.closed, subscription.state.phase, subscription.state.isSynced],
    [true, 'ended', false],
  );
  const count = reports.length;
  await until(async () => !JSON.stringify(await json('/v1/clients')).includes('foo-app'));
  assert.deepEqual([reports.length, threshold()], [count, 7]);
  engine.subscribe(file(rules.path)).close();
  engine.close();
  assert.throws(() => engine.subscribe(controlPlane(address)), { code: 'closed' });
});

test('rules that look at the system have it measured', async (t) => {
  const rules = folder(t, { 'overload.yaml': overload({ threshold: 0 }) });
  const { address } = await serveRules(t, rules.path);
  const { engine, subscription } = subscribed(t, address);
  await subscription.ready;
  assert.equal(engine.needsSystemLoad, true);
  assert.equal(typeof engine.explain('/any').gates[0].used, 'number');
});

test('an engine that closes ends its subscription, and nothing is left behind', async (t) => {
  const { address } = await serveRules(t, folder(t, { 'limit.yaml': limit() }).path);
  const source = `
    import { controlPlane, Engine } from 'sergo';
    const engine = new Engine({ app: 'foo-app' });
    const subscription = engine.subscribe(controlPlane(${JSON.stringify(address)}));
    await subscription.ready;
    engine.close();
    console.log(subscription.closed, subscription.state.phase);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: PACKAGE,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.deepEqual([status, stdout.trim(), stderr], [0, 'true ended', '']);
});

test('threads subscribe for themselves and end cleanly, also in the middle', async (t) => {
  const { address } = await serveRules(t, folder(t, { 'limit.yaml': limit() }).path);
  const source = `
    import { parentPort } from 'node:worker_threads';
    import { controlPlane, Engine } from '${import.meta.resolve('sergo')}';
    const engine = new Engine({ app: 'foo-app' });
    const subscription = engine.subscribe(controlPlane('${address}'));
    await subscription.ready;
    parentPort.postMessage([engine.explain('/foo').governed, subscription.state.identifier]);`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const workers = [1, 2].map(() => new Worker(url));
  const told = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  assert.deepEqual(
    told.map(([governed]) => governed),
    [true, true],
  );
  assert.notEqual(told[0][1], told[1][1], 'each under a name of its own');
  await Promise.all(workers.map((worker) => worker.terminate()));
});

test('arguments out of their bounds', () => {
  const wrong = { code: 'argument' };
  for (const addresses of [undefined, [], [7], 7]) {
    assert.throws(() => controlPlane(addresses), wrong);
  }
  assert.throws(() => controlPlane('a:1', { token: 7 }), wrong);
  assert.throws(() => controlPlane('a:1', { firstRulesTimeoutMs: -1 }), wrong);
  assert.throws(() => controlPlane('a:1', { keepAliveMs: 'soon' }), wrong);
});
