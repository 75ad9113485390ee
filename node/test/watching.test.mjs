// Files whose changes the system tells of: nothing else would bring them, since the next look is an hour away.
import assert from 'node:assert/strict';
import fs, {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Engine, file } from 'sergo';
import { limit, until } from './rules.mjs';

const HOUR = { intervalMs: 3_600_000 };

/** A folder, and a subscription to paths in it that is told of changes; gone when the test is. */
function scene(t) {
  const root = mkdtempSync(join(tmpdir(), 'sergo-'));
  const engine = new Engine({ app: 'foo-app', clock: () => 0n });
  t.after(() => {
    engine.close();
    rmSync(root, { recursive: true, force: true });
  });
  const [reports, errors] = [[], []];
  const at = (...names) => join(root, ...names);
  const subscribe = (names = [''], options = HOUR) =>
    engine.subscribe(file(...names.map((name) => at(name))), {
      onReport: (report) => reports.push(report),
      onError: ({ message }) => errors.push(message),
      ...options,
    });
  /** The limit that is in force for a target. */
  const threshold = (target = '/foo') => engine.explain(target).gates[0]?.limit;
  /** Until it is `expected`. */
  const becomes = (expected, target) => until(() => threshold(target) === expected);
  return { at, engine, reports, errors, subscribe, threshold, becomes };
}

const foo = (threshold) => limit({ threshold });
const bar = (threshold) => limit({ target: '/bar', name: 'bar', threshold });

test('files that are written, added, renamed and removed', async (t) => {
  const { at, subscribe, becomes, errors } = scene(t);
  writeFileSync(at('foo.yaml'), foo(1));
  assert.deepEqual(subscribe().state, { noticing: 'native', pollingReason: undefined });
  await becomes(1);
  writeFileSync(at('foo.yaml'), foo(2));
  await becomes(2);
  writeFileSync(at('bar.yaml'), bar(3));
  await becomes(3, '/bar');
  renameSync(at('bar.yaml'), at('bar.off'));
  await becomes(undefined, '/bar');
  unlinkSync(at('foo.yaml'));
  await becomes(undefined);
  assert.deepEqual(errors, []);
});

test('a file that editors replace, in their ways', async (t) => {
  const { at, subscribe, becomes, errors } = scene(t);
  writeFileSync(at('foo.yaml'), foo(1));
  subscribe(['foo.yaml']);
  for (let n = 2; n < 6; n += 2) {
    writeFileSync(at('.foo.yaml.swp'), foo(n));
    renameSync(at('.foo.yaml.swp'), at('foo.yaml'));
    await becomes(n);
    renameSync(at('foo.yaml'), at('foo.yaml~'));
    writeFileSync(at('foo.yaml'), foo(n + 1));
    await becomes(n + 1);
  }
  assert.deepEqual(errors, []);
});

test('a file that is written bit by bit is loaded once', async (t) => {
  const { at, subscribe, becomes, reports } = scene(t);
  writeFileSync(at('foo.yaml'), foo(1));
  subscribe();
  const text = foo(7);
  writeFileSync(at('foo.yaml'), '');
  for (let start = 0; start < text.length; start += 50) {
    appendFileSync(at('foo.yaml'), text.slice(start, start + 50));
  }
  await becomes(7);
  assert.deepEqual(
    reports.map(({ accepted }) => accepted),
    [2, 2],
  );
});

test('a ConfigMap whose link is turned', async (t) => {
  const { at, subscribe, becomes, errors, reports } = scene(t);
  const version = (name, threshold) => {
    mkdirSync(at(name));
    writeFileSync(at(name, 'foo.yaml'), foo(threshold));
  };
  version('..1', 1);
  symlinkSync('..1', at('..data'));
  symlinkSync(join('..data', 'foo.yaml'), at('foo.yaml'));
  subscribe();
  await becomes(1);
  for (let n = 2; n < 5; n += 1) {
    version(`..${n}`, n);
    symlinkSync(`..${n}`, at('..data_tmp'));
    renameSync(at('..data_tmp'), at('..data'));
    rmSync(at(`..${n - 1}`), { recursive: true });
    await becomes(n);
  }
  assert.deepEqual([errors, reports.length], [[], 4]);
});

test('folders that come, and what changes in them later', async (t) => {
  const { at, subscribe, becomes } = scene(t);
  subscribe();
  mkdirSync(at('below', 'deep'), { recursive: true });
  writeFileSync(at('below', 'deep', 'foo.yaml'), foo(1));
  await becomes(1);
  writeFileSync(at('below', 'deep', 'foo.yaml'), foo(2));
  await becomes(2);
  rmSync(at('below'), { recursive: true });
  await becomes(undefined);
  mkdirSync(at('below', 'deep'), { recursive: true });
  writeFileSync(at('below', 'deep', 'foo.yaml'), foo(3));
  await becomes(3);
  writeFileSync(at('below', 'deep', 'foo.yaml'), foo(4));
  await becomes(4);
});

test('a source that goes and comes back, and one that is not there yet', async (t) => {
  const { at, subscribe, threshold, becomes, errors } = scene(t);
  const subscription = subscribe([join('not', 'yet', 'rules')]);
  assert.equal(errors.length, 1);
  mkdirSync(at('not', 'yet', 'rules'), { recursive: true });
  writeFileSync(at('not', 'yet', 'rules', 'foo.yaml'), foo(1));
  await becomes(1);
  for (let n = 2; n < 4; n += 1) {
    rmSync(at('not', 'yet', 'rules'), { recursive: true });
    await until(() => subscription.error !== undefined);
    assert.equal(threshold(), n - 1, 'the last rules stay');
    mkdirSync(at('not', 'yet', 'rules'));
    writeFileSync(at('not', 'yet', 'rules', 'foo.yaml'), foo(n));
    await becomes(n);
    assert.equal(subscription.error, undefined);
  }
});

test('what links lead to', async (t) => {
  const { at, subscribe, becomes } = scene(t);
  mkdirSync(at('rules'));
  mkdirSync(at('elsewhere'));
  writeFileSync(at('elsewhere', 'foo.txt'), foo(1));
  symlinkSync(join('..', 'elsewhere', 'foo.txt'), at('rules', 'foo.yaml'));
  symlinkSync('rules', at('current'));
  subscribe(['current']);
  await becomes(1);
  writeFileSync(at('elsewhere', 'foo.txt'), foo(2));
  await becomes(2);
  mkdirSync(at('others'));
  writeFileSync(at('others', 'foo.yaml'), foo(3));
  symlinkSync('others', at('next'));
  renameSync(at('next'), at('current'));
  await becomes(3);
});

test('several files and folders are one push', async (t) => {
  const { at, subscribe, becomes, reports } = scene(t);
  mkdirSync(at('rules'));
  writeFileSync(at('rules', 'foo.yaml'), foo(1));
  writeFileSync(at('bar'), bar(2));
  const subscription = subscribe(['rules', 'bar', join('rules', 'foo.yaml')]);
  assert.equal(subscription.path, `${at('rules')}, ${at('bar')}, ${at('rules', 'foo.yaml')}`);
  assert.deepEqual([reports.length, reports[0].accepted, reports[0].rejected], [1, 4, []]);
  writeFileSync(at('bar'), bar(3));
  await becomes(3, '/bar');
  writeFileSync(at('rules', 'foo.yaml'), foo(4));
  await becomes(4);
  assert.throws(() => file(), { code: 'argument' });
});

test('where the system tells nothing, files are looked at', async (t) => {
  const { at, subscribe, becomes } = scene(t);
  writeFileSync(at('foo.yaml'), foo(1));
  const silent = { on: () => silent, close: () => {} };
  t.mock.method(fs, 'watch', () => silent);
  const { state } = subscribe([''], {});
  assert.equal(state.noticing, 'native');
  writeFileSync(at('foo.yaml'), foo(2));
  await becomes(2);
});

test('where no more folders can be watched, files are looked at, and the state says why', async (t) => {
  const { at, subscribe, becomes } = scene(t);
  writeFileSync(at('foo.yaml'), foo(1));
  const { watch } = fs;
  const begun = [];
  t.mock.method(fs, 'watch', (...given) => {
    if (begun.length === 2) {
      throw Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), { code: 'ENOSPC' });
    }
    begun.push(watch(...given));
    return begun.at(-1);
  });
  const subscription = subscribe([''], {});
  assert.equal(subscription.state.noticing, 'native');
  mkdirSync(at('below'));
  writeFileSync(at('below', 'bar.yaml'), bar(1));
  await becomes(1, '/bar');
  await until(() => subscription.state.noticing === 'polling');
  assert.match(subscription.state.pollingReason, /ENOSPC/);
  writeFileSync(at('foo.yaml'), foo(2));
  await becomes(2);
  subscription.close();
  assert.equal(subscription.state.noticing, 'ended');
});

test('a watch that fails is begun again', async (t) => {
  const { at, subscribe, becomes } = scene(t);
  writeFileSync(at('foo.yaml'), foo(1));
  const { watch } = fs;
  const begun = [];
  t.mock.method(fs, 'watch', (...given) => {
    begun.push(watch(...given));
    return begun.at(-1);
  });
  subscribe();
  const before = begun.length;
  for (const watcher of begun) {
    watcher.emit('error', Object.assign(new Error('EPERM: operation not permitted, watch'), { code: 'EPERM' }));
  }
  await until(() => begun.length === 2 * before);
  writeFileSync(at('foo.yaml'), foo(2));
  await becomes(2);
});

test('a subscription that is closed watches nothing', (t) => {
  const { at, engine, subscribe } = scene(t);
  mkdirSync(at('below'));
  const watching = () => process.getActiveResourcesInfo().filter((name) => name.includes('FSEvent')).length;
  const { watch } = fs;
  let open = 0;
  t.mock.method(fs, 'watch', (...given) => {
    open += 1;
    return watch(...given).on('close', () => {
      open -= 1;
    });
  });
  const subscription = subscribe();
  assert.equal(open, 3, 'the folder, the one above, and the one below');
  assert.equal(watching(), 0, 'none of them keeps the process alive');
  subscription.close();
  return until(() => open === 0).then(() => {
    subscribe();
    engine.close();
    return until(() => open === 0);
  });
});

test('intervals out of their bounds', (t) => {
  const { subscribe } = scene(t);
  for (const intervalMs of [0, -1, Number.NaN, 2 ** 31, '1']) {
    assert.throws(() => subscribe([''], { intervalMs }), { code: 'argument' });
  }
});
