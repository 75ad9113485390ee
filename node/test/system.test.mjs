import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Engine } from 'sergo';
import { intervals, limit, overload, until } from './rules.mjs';

/** An engine, what the system's figure is to it, and how often it was measured: each time asks the clock. */
function engineOf(t, options = {}) {
  let asked = 0;
  const clock = () => {
    asked += 1;
    return 0n;
  };
  const engine = new Engine({ app: 'foo-app', clock, ...options });
  t.after(() => engine.close());
  const used = () => engine.explain('/any').gates[0]?.used;
  const measured = () => {
    const count = asked;
    asked = 0;
    return count;
  };
  return { engine, used, measured };
}

/** What the system tells of itself, the package measures. */
const KNOWN = process.platform === 'linux' ? 'number' : 'undefined';

test('the system is measured while rules look at it', (t) => {
  const timers = intervals(t);
  const { engine, used, measured } = engineOf(t);
  engine.load(limit());
  assert.deepEqual([timers.periods(), measured()], [[], 0]);
  engine.load(overload());
  assert.deepEqual([timers.periods(), measured()], [[500], 1]);
  assert.equal(typeof used(), KNOWN);
  engine.load(overload());
  measured();
  timers.tick();
  assert.deepEqual([timers.periods(), measured()], [[500], 1]);
  engine.load('');
  assert.deepEqual([timers.periods(), measured()], [[], 0]);
  engine.load(overload());
  engine.close();
  assert.deepEqual(timers.periods(), []);
});

test('CPU is known from the second look on', async (t) => {
  const { engine, used } = engineOf(t);
  engine.load(overload({ metric: 'CpuPercentage' }));
  assert.equal(used(), undefined);
  await until(() => KNOWN === 'undefined' || used() !== undefined);
});

test('own figures take the place of the measured ones for good', (t) => {
  const timers = intervals(t);
  const { engine, used, measured } = engineOf(t);
  engine.load(overload());
  engine.setSystemLoad({ memory: 0.25 });
  assert.deepEqual([timers.periods(), used()], [[], 0.25]);
  measured();
  engine.load(limit());
  engine.load(overload());
  assert.deepEqual([timers.periods(), measured(), used()], [[], 0, 0.25]);
});

test('an engine that is told not to measure does not', (t) => {
  const timers = intervals(t);
  const { engine, used } = engineOf(t, { sampleSystem: false });
  engine.load(overload());
  assert.deepEqual([engine.needsSystemLoad, timers.periods(), used()], [true, [], undefined]);
});

test('a failing clock fails entries, not loading or measuring', (t) => {
  const timers = intervals(t);
  let failing = true;
  const clock = () => {
    if (failing) {
      throw new Error('no clock');
    }
    return 0n;
  };
  const { engine, used } = engineOf(t, { clock });
  assert.deepEqual(engine.load(overload()).rejected, []);
  timers.tick();
  assert.throws(() => engine.tryEnter('/foo'), /no clock/);
  failing = false;
  assert.equal(used(), undefined);
  timers.tick();
  assert.equal(typeof used(), KNOWN);
});

test('an engine is measured by the thread that made it, and told by any', async (t) => {
  const { engine, used } = engineOf(t, { clock: undefined });
  const source = `
    import { workerData } from 'node:worker_threads';
    import { Engine } from '${import.meta.resolve('sergo')}';
    const engine = new Engine({ shared: workerData.shared });
    workerData.rules ? engine.load(workerData.rules) : engine.setSystemLoad({ memory: 0.25 });
    engine.close();`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const shared = engine.share();
  new Worker(url, { workerData: { shared, rules: overload() } });
  await until(() => typeof used() === KNOWN && engine.version === 1);
  new Worker(url, { workerData: { shared } });
  await until(() => used() === 0.25);
  const timers = intervals(t);
  engine.share();
  timers.tick();
  assert.equal(used(), 0.25);
});
