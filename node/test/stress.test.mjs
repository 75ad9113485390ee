import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep, setImmediate as soon } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Engine } from 'sergo';
import { concurrency, limit, throttle } from './rules.mjs';

const THRESHOLD = 20;
const WINDOW = 5_000_000n;
const RATE = limit({ threshold: THRESHOLD, duration: '5ms' });

function engineOf(t, options) {
  const engine = new Engine({ app: 'foo-app', ...options });
  t.after(() => engine.close());
  return engine;
}

/** That no half-open interval as long as the window holds more than the threshold of these times. */
function assertNeverOver(times) {
  const sorted = times.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0));
  for (let at = THRESHOLD; at < sorted.length; at += 1) {
    const length = sorted[at] - sorted[at - THRESHOLD];
    assert(length >= WINDOW, `${THRESHOLD + 1} within ${length} ns, up to ${sorted[at]}`);
  }
}

/** Reloads the rules, each time with others beside them, until the work is done. */
async function reloadUntil(engine, rules, work) {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  for (let n = 0; !done; n += 1) {
    const { rejected } = engine.load(rules + limit({ target: `/other-${n % 7}`, name: `other-${n % 7}` }));
    assert.deepEqual(rejected, []);
    await soon();
  }
  return ended;
}

test('however many enter at once, and however often rules are reloaded, no window is over the limit', async (t) => {
  const start = process.hrtime.bigint();
  let now = 0n;
  const clock = () => {
    now = process.hrtime.bigint() - start;
    return now;
  };
  const engine = engineOf(t, { clock });
  engine.load(RATE);
  const admitted = [];
  let blocked = 0;
  const caller = async (_, number) => {
    for (let n = 0; n < 50; n += 1) {
      const decision = engine.tryEnter('GET:/foo');
      if (decision.kind === 'block') {
        blocked += 1;
        await soon();
      } else {
        admitted.push(now);
        await (number % 2 === 0 ? soon() : sleep(1));
        decision.entry.exit({ error: number % 3 === 0 });
      }
    }
  };
  await reloadUntil(engine, RATE, Promise.all(Array.from({ length: 200 }, caller)));
  assertNeverOver(admitted);
  assert(admitted.length > THRESHOLD && blocked > 0, 'the limit was met, more than once');
  assert.equal(admitted.length + blocked, 10_000);
  const figures = engine.figures();
  const foo = figures.resources.find(({ resource }) => resource === '/foo');
  assert.deepEqual(
    [foo.passed, foo.blocked, foo.completed, foo.inFlight, figures.inFlight],
    [admitted.length, blocked, admitted.length, 0, 0],
  );
});

test('of many waits, some called off, none is lost', async (t) => {
  const engine = engineOf(t);
  const rules = throttle({ interval: '50us' });
  engine.load(rules);
  const outcomes = { done: 0, failed: 0, left: 0 };
  const caller = async (_, number) => {
    const controller = new AbortController();
    const run = engine.run(
      '/foo',
      async () => {
        await soon();
        if (number % 3 === 0) {
          throw new Error('failed');
        }
      },
      { signal: controller.signal },
    );
    if (number % 5 === 0) {
      setImmediate(() => controller.abort());
    }
    await run.then(
      () => {
        outcomes.done += 1;
      },
      ({ name }) => {
        outcomes[name === 'AbortError' ? 'left' : 'failed'] += 1;
      },
    );
  };
  await reloadUntil(engine, rules, Promise.all(Array.from({ length: 500 }, caller)));
  const { done, failed, left } = outcomes;
  assert.equal(done + failed + left, 500);
  const foo = engine.figures().resources.find(({ resource }) => resource === '/foo');
  const { passed, completed, errors, cancelled, inFlight } = foo;
  assert.deepEqual([passed, completed, errors, cancelled, inFlight], [500, done + failed, failed, left, 0]);
});

test('however many threads enter, no more are in flight than may be', async (t) => {
  const [MOST, THREADS, ENTRIES] = [1, 4, 20_000];
  const rules = concurrency({ most: MOST });
  const engine = engineOf(t);
  engine.load(rules);
  const source = `
    import { workerData } from 'node:worker_threads';
    import { Engine } from '${import.meta.resolve('sergo')}';
    const { shared, counts, most, entries } = workerData;
    const engine = new Engine({ shared });
    for (let n = 0; n < entries; n += 1) {
      const decision = engine.tryEnter('/foo');
      if (decision.kind === 'block') { Atomics.add(counts, 2, 1); continue; }
      if (Atomics.add(counts, 0, 1) >= most) Atomics.add(counts, 3, 1);
      for (let spin = 0; spin < n % 100; spin += 1) Atomics.load(counts, 0);
      Atomics.add(counts, 1, 1);
      Atomics.sub(counts, 0, 1);
      decision.entry.exit();
    }`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const counts = new Int32Array(new SharedArrayBuffer(16));
  const workerData = { shared: engine.share(), counts, most: MOST, entries: ENTRIES };
  const threads = Array.from({ length: THREADS }, () => once(new Worker(url, { workerData }), 'exit'));
  const ends = await reloadUntil(engine, rules, Promise.all(threads));
  assert.deepEqual(ends, Array(THREADS).fill([0]));
  const [inside, passed, blocked, over] = counts;
  assert.deepEqual([inside, over, passed + blocked], [0, 0, THREADS * ENTRIES]);
  const foo = engine.figures().resources.find(({ resource }) => resource === '/foo');
  assert.deepEqual([foo.passed, foo.blocked, foo.completed, foo.inFlight], [passed, blocked, passed, 0]);
});

test('a clock that stands still, jumps or goes back lets no more through', (t) => {
  const hour = 3_600_000_000_000n;
  const steps = [0n, 0n, 0n, 1n, WINDOW / 3n, WINDOW, hour, -1n, -WINDOW / 2n, -WINDOW, -hour];
  let [now, seed] = [2n * hour, 7];
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed;
  };
  const engine = engineOf(t, { clock: () => now });
  engine.load(RATE + throttle({ target: '/bar' }) + concurrency({ target: '/bar', most: 5 }));
  const admitted = [];
  const open = [];
  for (let n = 0; n < 5_000; n += 1) {
    now += steps[(random() >> 8) % steps.length];
    now = now < 0n ? 0n : now;
    for (let burst = 0; burst < THRESHOLD / 2; burst += 1) {
      const decision = engine.tryEnter('/foo');
      if (decision.kind === 'pass') {
        admitted.push(now);
        decision.entry.exit();
      }
    }
    const bar = engine.tryEnter('/bar');
    if (bar.kind === 'pass') {
      open.push(bar.entry);
    }
    assert(open.length <= 5);
    if (random() % 3 === 0) {
      open.shift()?.exit({ error: random() % 2 === 0 });
    }
  }
  assertNeverOver(admitted);
  assert(admitted.length > THRESHOLD, 'and it goes on');
  for (const entry of open) {
    entry.exit();
  }
  assert.deepEqual(
    engine.figures().resources.map(({ inFlight }) => inFlight),
    [0, 0],
  );
});
