import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Engine } from 'sergo';
import { govern } from 'sergo/http';
import { breaker, concurrency, SECOND, throttle, until } from './rules.mjs';

const { sleepUntil } = createRequire(import.meta.url)('../dist/wait.js');

/** An engine whose clock stands still, and whose first entry has gone: each further one waits `interval` longer. */
function throttled(t, interval) {
  const engine = new Engine({ app: 'foo-app', clock: () => 0n });
  t.after(() => engine.close());
  assert.deepEqual(engine.load(throttle({ interval })).rejected, []);
  engine.tryEnter('/foo').entry.exit();
  return { engine, inFlight: () => engine.figures().resources[0].inFlight };
}

/** How many timers there are beside those that were there when the tests began. */
const count = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const before = count();
const timers = () => count() - before;

test('a sleep is never shorter than it should be', async () => {
  for (let n = 0; n < 20; n += 1) {
    const until = process.hrtime.bigint() + BigInt(n) * 137_000n;
    await sleepUntil(until, { waiting: new Set(), closed: () => assert.fail('closed') });
    assert(process.hrtime.bigint() >= until);
  }
});

test('tryEnter says how long to wait, and waits for nothing', (t) => {
  const { engine } = throttled(t, '40d');
  const { kind, waitMs, waitNanos } = engine.tryEnter('/foo');
  assert.deepEqual([kind, waitMs, waitNanos], ['pass', 40 * 86_400_000, 40n * 86_400_000_000_000n]);
  assert.equal(engine.tryEnter('/foo').waitNanos, 80n * 86_400_000_000_000n);
  assert.equal(timers(), 0);
});

test('enter and run wait as long as they should', async (t) => {
  const { engine, inFlight } = throttled(t, '5ms');
  const start = process.hrtime.bigint();
  const entry = await engine.enter('/foo');
  assert(process.hrtime.bigint() - start >= 5_000_000n);
  assert.equal(inFlight(), 1);
  entry.exit();
  assert.equal(await engine.run('/foo', () => process.hrtime.bigint() - start >= 10_000_000n), true);
  assert.deepEqual([inFlight(), engine.figures().resources[0].waited], [0, 2]);
});

test('a wait that is called off gives its permit back', async (t) => {
  const { engine, inFlight } = throttled(t, '40d');
  const controller = new AbortController();
  const reason = new Error('the client left');
  const { signal } = controller;
  const entered = [engine.enter('/foo', { signal }), engine.run('/foo', () => assert.fail('never'), { signal })];
  assert.equal(inFlight(), 2);
  assert.equal(timers(), 2);
  controller.abort(reason);
  for (const one of entered) {
    await assert.rejects(one, reason);
  }
  assert.equal(inFlight(), 0);
  assert.equal(timers(), 0);
});

test('a wait that is called off frees what it held: its place in flight, and its probe', async (t) => {
  const time = { now: 0n };
  const engine = new Engine({ app: 'foo-app', clock: () => time.now });
  t.after(() => engine.close());
  assert.deepEqual(engine.load(breaker() + concurrency() + throttle({ interval: '1h' })).rejected, []);
  engine.tryEnter('/foo').entry.exit({ error: true });
  assert.equal(engine.breakerState('/foo', 'breaker'), 'open');
  time.now = SECOND;
  const controller = new AbortController();
  const probe = engine.enter('/foo', { signal: controller.signal });
  assert.equal(engine.breakerState('/foo', 'breaker'), 'half-open');
  assert.equal(engine.tryEnter('/foo').strategy, 'ConcurrencyLimitStrategy');
  controller.abort();
  await assert.rejects(probe, { name: 'AbortError' });
  // Nothing was called, so nothing is known: the next entry probes.
  assert.equal(engine.breakerState('/foo', 'breaker'), 'half-open');
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
});

test('closing ends the waits', async (t) => {
  const { engine } = throttled(t, '40d');
  const entered = [engine.enter('/foo'), engine.enter('/foo')];
  engine.close();
  for (const one of entered) {
    await assert.rejects(one, { name: 'SergoError', code: 'closed' });
  }
  assert.equal(timers(), 0);
});

/** Serves `/foo` behind the engine; what was served, and a way to ask. */
async function serve(t, engine, options) {
  const served = [];
  const handler = (request, response) => {
    served.push(request.method);
    response.end('hello');
  };
  const server = createServer(govern(engine, handler, options)).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const { port } = server.address();
  const ask = () => request({ port, host: '127.0.0.1', path: '/foo', agent: false }).end();
  return { served, ask };
}

test('the HTTP adapter serves after the wait', async (t) => {
  const { engine, inFlight } = throttled(t, '1ms');
  const { served, ask } = await serve(t, engine);
  const [response] = await once(ask(), 'response');
  assert.equal(response.statusCode, 200);
  response.resume();
  await until(() => inFlight() === 0);
  assert.deepEqual(served, ['GET']);
  assert.equal(engine.figures().resources[0].waited, 1);
});

test('the HTTP adapter forgets a client that leaves during the wait', async (t) => {
  const { engine, inFlight } = throttled(t, '40d');
  const { served, ask } = await serve(t, engine);
  const client = ask().on('error', () => {});
  await until(() => inFlight() === 1);
  client.destroy();
  await until(() => inFlight() === 0);
  assert.deepEqual(served, []);
});

test('the HTTP adapter serves a request whose engine closes during the wait', async (t) => {
  const { engine, inFlight } = throttled(t, '40d');
  const errors = [];
  const { served, ask } = await serve(t, engine, { onError: ({ code }) => errors.push(code) });
  const response = once(ask(), 'response');
  await until(() => inFlight() === 1);
  engine.close();
  assert.equal((await response)[0].statusCode, 200);
  assert.deepEqual(served, ['GET']);
  assert.deepEqual(errors, ['closed']);
});
