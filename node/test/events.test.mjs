import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Engine } from 'sergo';
import { breaker, intervals, limit } from './rules.mjs';

const { native } = createRequire(import.meta.url)('../dist/native.js');

function engineOf(t) {
  const engine = new Engine({ app: 'foo-app', clock: () => 0n });
  t.after(() => engine.close());
  return engine;
}

const applied = (...versions) => versions.map((version) => ({ event: 'rulesApplied', version }));

/** Comes after what `process.nextTick` calls. */
const soon = () => new Promise((resolve) => setImmediate(resolve));

test('events are drained once', (t) => {
  const engine = engineOf(t);
  engine.load(limit());
  engine.tryEnter('GET:/foo');
  engine.tryEnter('GET:/foo');
  assert.deepEqual(engine.drainEvents(), [...applied(1), { event: 'firstBlock', resource: '/foo', strategy: 'limit' }]);
  assert.deepEqual(engine.drainEvents(), []);
});

test('a listener hears of a breaker that opens', (t) => {
  const timers = intervals(t);
  const engine = engineOf(t);
  engine.load(breaker());
  const heard = [];
  engine.onEvent((event) => heard.push(event));
  engine.tryEnter('/foo').entry.exit({ error: true });
  timers.tick();
  const opened = {
    event: 'breaker',
    resource: '/foo',
    strategy: 'breaker',
    from: 'closed',
    to: 'open',
    total: 1,
    bad: 1,
  };
  assert.deepEqual(heard, [opened]);
  assert.throws(() => {
    heard[0].to = 'closed';
  }, TypeError);
});

test('all who listen and all who drain get every event, from when they begin to when they end', (t) => {
  const timers = intervals(t);
  const engine = engineOf(t);
  const heard = [[], []];
  engine.load('');
  assert.deepEqual(timers.periods(), []);
  const leave = engine.onEvent((event) => heard[0].push(event));
  engine.load('');
  const leaveToo = engine.onEvent((event) => heard[1].push(event));
  engine.load('');
  assert.deepEqual(engine.drainEvents(), applied(1, 2, 3), 'drained before they were heard');
  timers.tick();
  assert.deepEqual(heard, [applied(2, 3), applied(3)]);
  engine.load('');
  timers.tick();
  assert.deepEqual(heard, [applied(2, 3, 4), applied(3, 4)]);
  assert.deepEqual(engine.drainEvents(), applied(4), 'drained after they were heard');
  leave();
  leave();
  engine.load('');
  assert.deepEqual(timers.periods(), [200]);
  timers.tick();
  assert.deepEqual(heard, [applied(2, 3, 4), applied(3, 4, 5)]);
  leaveToo();
  assert.deepEqual(timers.periods(), [], 'nobody listens any more');
  assert.deepEqual(engine.drainEvents(), applied(5));
});

test('one function can listen twice', (t) => {
  const timers = intervals(t);
  const engine = engineOf(t);
  const heard = [];
  const hear = ({ version }) => heard.push(version);
  const [leave] = [engine.onEvent(hear), engine.onEvent(hear)];
  engine.load('');
  timers.tick();
  leave();
  engine.load('');
  timers.tick();
  assert.deepEqual(heard, [1, 1, 2]);
});

test('a listener that fails is a warning, and harms nobody', async (t) => {
  const timers = intervals(t);
  const engine = engineOf(t);
  const heard = [];
  engine.onEvent(() => {
    throw new Error('thrown');
  });
  engine.onEvent(() => Promise.reject(new Error('rejected')));
  engine.onEvent(({ version }) => heard.push(version));
  const warnings = [];
  const warned = ({ name, detail }) => warnings.push([name, /thrown|rejected/.exec(detail)?.[0]]);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  engine.load('');
  engine.load('');
  timers.tick();
  await soon();
  assert.deepEqual(heard, [1, 2]);
  const expected = ['thrown', 'thrown', 'rejected', 'rejected'].map((word) => ['SergoWarning', word]);
  assert.deepEqual(warnings.sort().reverse(), expected);
});

test('a listener may drain, listen, leave and close', async (t) => {
  const timers = intervals(t);
  const engine = engineOf(t);
  const heard = [];
  const leave = engine.onEvent(({ version }) => {
    heard.push(['first', version]);
    engine.drainEvents();
    engine.onEvent(({ version }) => heard.push(['inner', version]));
    leave();
    engine.load('');
  });
  engine.onEvent(({ version }) => {
    heard.push(['second', version]);
    engine.close();
  });
  engine.load('');
  timers.tick();
  await soon();
  assert.deepEqual(heard, [
    ['first', 1],
    ['second', 1],
    ['second', 2],
    ['inner', 2],
  ]);
});

test('closing tells what happened until then, and ends it', async (t) => {
  const timers = intervals(t);
  const engine = engineOf(t);
  const heard = [];
  engine.onEvent(({ version }) => heard.push(version));
  const events = engine.events();
  const [first, end] = [events.next(), events.next()];
  engine.load('');
  engine.close();
  assert.deepEqual(heard, [], 'not while it closes');
  assert.deepEqual(await first, { done: false, value: applied(1)[0] });
  assert.deepEqual(await end, { done: true, value: undefined });
  assert.deepEqual([heard, timers.periods()], [[1], []]);
});

test('events can be iterated', async (t) => {
  const engine = engineOf(t);
  engine.load('');
  const versions = [];
  const loads = setInterval(() => engine.load(''), 1);
  for await (const { version } of engine.events()) {
    versions.push(version);
    if (versions.length === 3) {
      break;
    }
  }
  clearInterval(loads);
  assert.deepEqual(versions, [2, 3, 4]);
});

test('an iteration is ended by its signal, and leaves no timer', async (t) => {
  const timers = intervals(t);
  const engine = engineOf(t);
  const reason = new Error('enough');
  await assert.rejects(engine.events({ signal: AbortSignal.abort(reason) }).next(), reason);
  const controller = new AbortController();
  const next = engine.events({ signal: controller.signal }).next();
  assert.deepEqual(timers.periods(), [200]);
  controller.abort(reason);
  await assert.rejects(next, reason);
  assert.deepEqual(timers.periods(), []);
});

test('a slow iteration and a late drain find the newest 1,024', async (t) => {
  const timers = intervals(t);
  const engine = engineOf(t);
  const events = engine.events();
  const first = events.next();
  for (let n = 0; n < 3; n += 1) {
    for (let load = 0; load < 600; load += 1) {
      engine.load('');
    }
    timers.tick();
  }
  assert.equal((await first).value.version, 777);
  assert.equal((await events.next()).value.version, 778);
  const drained = engine.drainEvents();
  assert.deepEqual([drained.length, drained.at(-1).version], [1024, 1800]);
});

test('the end of an engine is the end of the iteration, and a panic its failure', async (t) => {
  const timers = intervals(t);
  const [engine, other] = [engineOf(t), engineOf(t)];
  const attached = new Engine({ shared: engine.share() });
  const closed = attached.events().next();
  const failed = other.events().next();
  engine.close();
  assert.throws(() => native.panicOnPurpose(other.share().handle));
  timers.tick();
  assert.deepEqual(await closed, { done: true, value: undefined });
  await assert.rejects(failed, { code: 'poisoned' });
  assert.deepEqual(timers.periods(), []);
});
