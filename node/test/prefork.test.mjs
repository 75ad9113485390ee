// Servers of several processes, and of several threads: each follows its rules for itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { folder, serveRules } from './plane.mjs';
import { limit, until } from './rules.mjs';

const here = (name) => fileURLToPath(new URL(`./prefork/${name}`, import.meta.url));

test('a server of several processes, one of which is killed and replaced', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { address, json } = await serveRules(t, rules.path);
  const child = spawn(process.execPath, [here('cluster.mjs'), rules.path, address], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  t.after(() => child.stdin.end());
  const told = [];
  createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line)));
  const holds = (what) =>
    until(() => {
      assert.equal(child.exitCode, null, 'the server goes on');
      return what();
    });
  const listening = () => told.filter(({ port }) => port);
  const isGovernedBy = (threshold, pid) =>
    told.some((event) => event.pid === pid && event.limits?.every((limit) => limit === threshold));
  await holds(() => listening().length === 2);
  await holds(() => listening().every(({ pid }) => isGovernedBy(7, pid)));
  rules.put('limit.yaml', limit({ threshold: 8 }));
  await holds(() => listening().every(({ pid }) => isGovernedBy(8, pid)));
  const [{ pid: victim, port }, { pid: other }] = listening();
  process.kill(victim, 'SIGKILL');
  await holds(() => told.some(({ pid, signal }) => pid === victim && signal === 'SIGKILL'));
  await holds(() => listening().length === 3);
  const { pid: fresh } = listening()[2];
  await holds(() => isGovernedBy(8, fresh));
  const response = await fetch(`http://127.0.0.1:${port}/elsewhere`, { headers: { connection: 'close' } });
  assert([other, fresh].includes(Number(await response.text())), 'requests go on');
  await holds(async () => (await json('/v1/clients')).clients.length === 2);
  child.stdin.end();
  assert.deepEqual(await exit, [0, null]);
  const ends = told.filter(({ pid, code }) => pid !== victim && code !== undefined);
  assert.deepEqual(
    ends.map(({ code }) => code),
    [0, 0],
    'nothing that was left open held them up',
  );
});

test('threads that are ended and replaced', async (t) => {
  const rules = folder(t, { 'limit.yaml': limit({ threshold: 7 }) });
  const { address, json } = await serveRules(t, rules.path);
  const begin = () => {
    const worker = new Worker(here('thread.mjs'), { workerData: { rules: rules.path, address } });
    const limits = [];
    worker.on('message', (told) => limits.push(told));
    t.after(() => worker.terminate());
    const isGovernedBy = (threshold) => until(() => limits.some((told) => told.every((limit) => limit === threshold)));
    return { worker, isGovernedBy };
  };
  const [first, second] = [begin(), begin()];
  await Promise.all([first.isGovernedBy(7), second.isGovernedBy(7)]);
  rules.put('limit.yaml', limit({ threshold: 8 }));
  await Promise.all([first.isGovernedBy(8), second.isGovernedBy(8)]);
  await first.worker.terminate();
  const third = begin();
  await third.isGovernedBy(8);
  rules.put('limit.yaml', limit({ threshold: 9 }));
  await Promise.all([second.isGovernedBy(9), third.isGovernedBy(9)]);
  const ends = [second, third].map(({ worker }) => once(worker, 'exit'));
  for (const { worker } of [second, third]) {
    worker.postMessage('end');
  }
  assert.deepEqual(await Promise.all(ends), [[0], [0]], 'what it has closed holds no thread up');
  await until(async () => (await json('/v1/clients')).clients.length === 0);
});
