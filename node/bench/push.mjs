// 10,000 rules that arrive while a process serves: how long until they take effect, what entering costs
// before and meanwhile, and how long the event loop is held up; the argument is the command `sergo`.
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as soon } from 'node:timers/promises';
import { controlPlane, Engine, file } from 'sergo';

const RULES = 10_000;
const ROUNDS = 5;
const KIND = 'fault-tolerance.opensergo.io/v1alpha1';

const [command] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'sergo-'));

/** A strategy and a rule for each target, all new where `round` is; /foo is limited to `threshold`. */
function rules(round, threshold) {
  const documents = [];
  for (let n = 0; n < RULES / 2; n += 1) {
    const [name, target, most] = n === 0 ? ['foo', '/foo', threshold] : [`${n}-${round}`, `/bar/${n}-${round}`, 100];
    documents.push(
      `apiVersion: ${KIND}\nkind: RateLimitStrategy\nmetadata: {name: ${name}}\n` +
        `spec: {metricType: RequestAmount, limitMode: Local, threshold: ${most}, statDuration: 1s}\n`,
      `apiVersion: ${KIND}\nkind: FaultToleranceRule\nmetadata: {name: rule-${name}}\n` +
        `spec: {targets: [{targetResourceName: ${target}}], strategies: [{name: ${name}, kind: RateLimitStrategy}]}\n`,
    );
  }
  return documents.join('---\n');
}

/** Puts rules where they are read, whole at once. */
function write(text) {
  writeFileSync(join(folder, 'new'), text);
  renameSync(join(folder, 'new'), join(folder, 'rules.yaml'));
}

/** Enters until it is told to stop; every few entries it lets the event loop go on. */
function traffic(engine) {
  const entries = [];
  const turns = [];
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      for (let n = 0; n < 100; n += 1) {
        const start = process.hrtime.bigint();
        const { entry } = engine.tryEnter('GET:/elsewhere');
        entry.exit();
        entries.push(Number(process.hrtime.bigint() - start));
      }
      const start = performance.now();
      await soon();
      turns.push(performance.now() - start);
    }
  })();
  return async () => {
    isOver = true;
    await done;
    return { entries, turns };
  };
}

const sorted = (numbers) => Float64Array.from(numbers).sort();
const percentile = (numbers, share) => sorted(numbers)[Math.floor(numbers.length * share)];
const median = (numbers) => percentile(numbers, 0.5);

async function measure(name, subscribe) {
  const engine = new Engine({ app: 'bench' });
  write(rules(0, 1));
  const subscription = subscribe(engine);
  await subscription.ready;
  const isThreshold = (threshold) => engine.explain('/foo').gates[0]?.limit === threshold;
  while (!isThreshold(1)) {
    await soon();
  }
  const idle = traffic(engine);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = await idle();
  const arrivals = [];
  const meanwhile = { entries: [], turns: [] };
  for (let n = 1; n <= ROUNDS; n += 1) {
    const text = rules(n, n + 1);
    const stop = traffic(engine);
    const start = performance.now();
    write(text);
    while (!isThreshold(n + 1)) {
      await soon();
    }
    arrivals.push(performance.now() - start);
    const round = await stop();
    meanwhile.entries = meanwhile.entries.concat(round.entries);
    meanwhile.turns = meanwhile.turns.concat(round.turns);
  }
  engine.close();
  const line = ({ entries, turns }) =>
    `enter p99 ${percentile(entries, 0.99).toFixed(0)} ns, event loop held up p99 ${percentile(turns, 0.99).toFixed(1)} ms, ` +
    `at most ${sorted(turns).at(-1).toFixed(1)} ms`;
  console.log(`${name}: ${RULES} rules take effect after ${median(arrivals).toFixed(0)} ms`);
  console.log(`  before:    ${line(before)}`);
  console.log(`  meanwhile: ${line(meanwhile)}`);
}

const serve = ['serve', '--rules', folder, '--listen', '127.0.0.1:0', '--http', 'off', '--format', 'json'];
const child = spawn(command, serve, { stdio: ['ignore', 'pipe', 'inherit'] });
try {
  await measure('file', (engine) => engine.subscribe(file(folder)));
  const address = await new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, grpc } = JSON.parse(line);
      if (event === 'listening') {
        resolve(grpc);
      }
    });
  });
  await measure('control plane', (engine) => engine.subscribe(controlPlane(address)));
} finally {
  child.kill();
  rmSync(folder, { recursive: true });
}
