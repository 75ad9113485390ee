import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Engine, SergoError } from 'sergo';
import { govern } from 'sergo/http';
import { limit } from './rules.mjs';

const require = createRequire(import.meta.url);
const { Entry } = require('../dist/entry.js');
const { Link } = require('../dist/link.js');
const { sleepUntil } = require('../dist/wait.js');

const MILLISECOND = 1_000_000n;
const LONG = 1000n * 3600n * 1000n * MILLISECOND;

/** An entry that has to wait for `nanos`, and the engine that it is of. */
function waiting(t, nanos) {
  const engine = new Engine({ app: 'foo-app' });
  t.after(() => engine.close());
  engine.load(limit({ threshold: 100 }));
  engine.tryEnter('/foo');
  const link = new Link(engine.share().handle, undefined);
  const inFlight = () => engine.figures().resources[0].inFlight;
  return { engine, link, entry: new Entry(link, nanos), inFlight };
}

test('a wait is never shorter than it should be', async () => {
  for (let n = 0; n < 20; n += 1) {
    const until = process.hrtime.bigint() + BigInt(n) * 137_000n;
    await sleepUntil(until, { waiting: new Set(), closed: () => assert.fail('closed') });
    assert(process.hrtime.bigint() >= until);
  }
});

test('an entry is ready after its wait, and keeps its permit', async (t) => {
  const { entry, inFlight } = waiting(t, 5n * MILLISECOND);
  await entry.ready();
  assert.equal(inFlight(), 1);
  entry.exit();
  assert.equal(inFlight(), 0);
});

test('a wait that is called off gives its permit back', async (t) => {
  const { entry, inFlight, link } = waiting(t, LONG);
  const controller = new AbortController();
  const reason = new Error('the client left');
  const ready = entry.ready({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(ready, reason);
  assert.equal(inFlight(), 0);
  assert.equal(link.waiting.size, 0);
  await assert.rejects(entry.ready({ signal: controller.signal }), reason);
});

test('closing ends the waits', async (t) => {
  const { entry, link } = waiting(t, LONG);
  const ready = entry.ready();
  for (const end of link.waiting) {
    end();
  }
  await assert.rejects(ready, (error) => error instanceof SergoError && error.code === 'closed');
  assert.equal(link.waiting.size, 0);
  assert.deepEqual(
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout'),
    [],
  );
});

/** A response as far as the adapter looks at it. */
const response = () =>
  Object.assign(new EventEmitter(), { statusCode: 200, destroyed: false, writableFinished: false });

test('the HTTP adapter serves after the wait, and not a client that left', async (t) => {
  const { entry, inFlight } = waiting(t, MILLISECOND);
  const engine = { tryEnter: () => ({ kind: 'pass', entry, waitMs: 1, waitNanos: MILLISECOND }) };
  await new Promise((served) => govern(engine, served)({ method: 'GET', url: '/foo' }, response()));
  assert.equal(inFlight(), 1);
  entry.exit();

  const left = waiting(t, LONG);
  const second = { tryEnter: () => ({ kind: 'pass', entry: left.entry, waitMs: 1, waitNanos: LONG }) };
  const gone = response();
  govern(second, () => assert.fail('nobody is there'))({ method: 'GET', url: '/foo' }, gone);
  gone.emit('close');
  assert.equal(left.inFlight(), 0);
  assert.equal(left.link.waiting.size, 0);
});

test('the HTTP adapter serves a request whose engine closes during its wait', async (t) => {
  const { entry, link } = waiting(t, LONG);
  const errors = [];
  const engine = { tryEnter: () => ({ kind: 'pass', entry, waitMs: 1, waitNanos: LONG }) };
  const onError = ({ code }) => errors.push(code);
  const served = new Promise((served) =>
    govern(engine, served, { onError })({ method: 'GET', url: '/foo' }, response()),
  );
  for (const end of link.waiting) {
    end();
  }
  await served;
  assert.deepEqual(errors, ['closed']);
});
