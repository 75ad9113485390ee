// Sergo and what Node.js programs would use in its place, at the job of
// benches/rules/peers.yaml: one round. Prints a line of JSON for each, of which `id`
// is library/what it does/job; each library does what it has.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Bottleneck from 'bottleneck';
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel';
import { do_not_optimize, measure } from 'mitata';
import CircuitBreaker from 'opossum';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Engine } from '../../node/dist/index.js';

const milliseconds = Number(process.env.BENCH_MILLISECONDS ?? 200);
const cases = [];
const add = (id, once) => cases.push({ id, once });
const work = async () => 1;
const failing = async () => {
  throw new Error('on purpose');
};
/** That a promise is rejected, without a stack of our own. */
const refused = (promise) =>
  promise.then(
    () => {
      throw new Error('it passed');
    },
    () => 1,
  );

const engine = new Engine({ app: 'bench-app' });
const report = engine.load(readFileSync(new URL('../rules/peers.yaml', import.meta.url), 'utf8'));
if (report.rejected.length + report.waiting.length + report.warnings.length > 0) {
  throw new Error(`the rules are not good: ${JSON.stringify(report)}`);
}
const tryEnter = (resource, kind) => {
  const decision = engine.tryEnter(resource);
  if (decision.kind !== kind) throw new Error(`${resource}: ${decision.kind}`);
  decision.entry?.exit();
  return decision;
};
for (const [does, resource] of [
  ['limit+breaker', 'GET:/both'],
  ['limit', 'GET:/limit'],
  ['breaker', 'GET:/breaker'],
]) {
  add(`sergo/${does}/pass`, () => engine.run(resource, work));
  add(`sergo by value/${does}/pass`, () => tryEnter(resource, 'pass'));
}
add('sergo/limit+breaker/blocked', () => refused(engine.run('GET:/blocked', work)));
add('sergo by value/limit+breaker/blocked', () => tryEnter('GET:/blocked', 'block'));
add('sergo/limit+breaker/unruled', () => engine.run('GET:/unruled', work));
add('sergo by value/limit+breaker/unruled', () => tryEnter('GET:/unruled', 'pass'));

const headers = { accept: '*/*', 'user-agent': 'bench', 'x-request-id': '7', 'x-a': '1', 'x-b': '2', tag: 'v2' };
const request = { host: 'service-provider', path: '/foo', headers };
add('sergo/route/route', () => engine.route(request));
engine.setInstances(
  'service-provider',
  ['a', 'b', 'c', 'd'].map((id) => ({ id, labels: { version: 'v2' } })),
);
add('sergo/route/pick', () => {
  const pick = engine.pick(request);
  pick.report('success');
  return pick;
});

const settings = { errorThresholdPercentage: 50, volumeThreshold: 100, rollingCountTimeout: 10_000, timeout: false };
const opossum = new CircuitBreaker(work, settings);
add('opossum/breaker/pass', () => opossum.fire());
const openOpossum = new CircuitBreaker(work, { ...settings, resetTimeout: 3_600_000 });
openOpossum.open();
add('opossum/breaker/blocked', () => refused(openOpossum.fire()));

const cockatiel = circuitBreaker(handleAll, {
  halfOpenAfter: 10_000,
  breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 10 }),
});
add('cockatiel/breaker/pass', () => cockatiel.execute(work));
const openCockatiel = circuitBreaker(handleAll, { halfOpenAfter: 3_600_000, breaker: new ConsecutiveBreaker(1) });
await refused(openCockatiel.execute(failing));
if (openCockatiel.state !== CircuitState.Open) throw new Error('cockatiel is not open');
add('cockatiel/breaker/blocked', () => refused(openCockatiel.execute(work)));

const flexible = new RateLimiterMemory({ points: 1_000_000_000, duration: 1 });
add('rate-limiter-flexible/limit/pass', () => flexible.consume('GET:/limit'));
const spent = new RateLimiterMemory({ points: 1, duration: 3600 });
await spent.consume('GET:/blocked');
add('rate-limiter-flexible/limit/blocked', () => refused(spent.consume('GET:/blocked')));

// Bottleneck waits for a timer before each call, one after the other: milliseconds. What
// it does not let in it queues; that it drops it is a setting.
const bottleneck = new Bottleneck({ reservoir: 1_000_000_000 });
add('bottleneck/limit/pass', () => bottleneck.schedule(work));
const empty = new Bottleneck({ reservoir: 0, highWater: 0, strategy: Bottleneck.strategy.OVERFLOW });
add('bottleneck/limit/blocked', () => refused(empty.schedule(work)));

/** As many in a row as take about a millisecond: timing each would cost more than it. */
async function inRow(once) {
  const start = process.hrtime.bigint();
  for (let n = 0; n < 20; n++) await once();
  const each = Number(process.hrtime.bigint() - start) / 20;
  return Math.max(1, Math.min(10_000, Math.round(1e6 / each)));
}

/** The median of some milliseconds, in nanoseconds. */
async function median({ once, row }, milliseconds) {
  const awaited = async () => {
    for (let n = 0; n < row; n++) do_not_optimize(await once());
  };
  const plain = () => {
    for (let n = 0; n < row; n++) do_not_optimize(once());
  };
  const way = once() instanceof Promise ? awaited : plain;
  const stats = await measure(way, { min_cpu_time: milliseconds * 1e6, min_samples: 5 });
  return stats.p50 / row;
}

// Everything is warm before anything is measured, whatever comes first: also before it
// is said how many are timed in a row, for what is cold would be given too few.
for (const each of cases) {
  each.row = await inRow(each.once);
  await median(each, 20);
}
for (const each of cases) {
  each.row = await inRow(each.once);
}
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
// Each round begins with another, so that none always comes first.
const first = (Number(process.env.BENCH_ROUND ?? 0) * 7) % cases.length;
for (const each of [...cases.slice(first), ...cases.slice(0, first)]) {
  // Nobody pays for the garbage of whoever came before, nor for the wake of its errors.
  collect();
  await median(each, 20);
  console.log(JSON.stringify({ id: each.id, value: await median(each, milliseconds) }));
}
engine.close();
opossum.shutdown();
openOpossum.shutdown();
process.exit(0); // bottleneck and rate-limiter-flexible leave timers behind
