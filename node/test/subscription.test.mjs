import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Engine, file, SergoError } from 'sergo';
import { limit, until } from './rules.mjs';

/** An engine, an empty folder, and every report and error of what is subscribed; gone when the test is. */
function scene(t) {
  const folder = mkdtempSync(join(tmpdir(), 'sergo-'));
  const engine = new Engine({ app: 'foo-app' });
  const [reports, errors] = [[], []];
  const options = { onReport: (report) => reports.push(report), onError: (error) => errors.push(error) };
  t.after(() => {
    engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const put = (name, text) => writeFileSync(join(folder, name), text);
  const threshold = () => {
    let passed = 0;
    while (passed < 100 && engine.tryEnter('/foo').kind === 'pass') {
      passed += 1;
    }
    return passed;
  };
  return { folder, engine, reports, errors, options, put, threshold };
}

/** Takes the subscription's timer into the test's hand: each call of the answer is one look at the source. */
function driven(t) {
  let next;
  t.mock.method(globalThis, 'setTimeout', (look) => {
    next = look;
    return { unref: () => ({}) };
  });
  return async () => {
    const look = next;
    assert(look, 'the subscription goes on looking');
    next = undefined;
    await look();
  };
}

test('the first load is over when subscribe returns', (t) => {
  const { folder, engine, reports, options, put, threshold } = scene(t);
  put('limit.yaml', limit({ threshold: 2 }));
  const subscription = engine.subscribe(file(folder), options);
  assert.equal(threshold(), 2);
  assert.equal(subscription.report.accepted, 2);
  assert.deepEqual(reports, [subscription.report]);
  assert.equal(subscription.error, undefined);
  assert.equal(subscription.path, folder);
});

test('a folder is all its rule files, in order, each a source of its own', (t) => {
  const { folder, engine, put } = scene(t);
  mkdirSync(join(folder, 'below', 'deep'), { recursive: true });
  mkdirSync(join(folder, '.hidden'));
  symlinkSync('..', join(folder, 'below', 'circle'));
  const names = ['b.yaml', 'a.yml', 'c.json', join('below', 'deep', 'd.YAML')];
  for (const name of [...names, 'note.txt', '.e.yaml', join('.hidden', 'f.yaml')]) {
    put(name, JSON.stringify({ apiVersion: 'v1', kind: 'Unknown', metadata: { name: 'x' } }));
  }
  const { report, error } = engine.subscribe(file(folder));
  assert.equal(error, undefined);
  const expected = names.map((name) => join(folder, name)).sort();
  assert.deepEqual(
    report.warnings.map(({ source }) => source),
    expected,
  );
});

test('a file by its path or its URL, whatever its name', (t) => {
  const { folder, engine, put } = scene(t);
  put('rules', limit());
  const path = join(folder, 'rules');
  for (const named of [path, pathToFileURL(path)]) {
    const subscription = engine.subscribe(file(named));
    assert.equal(subscription.report.accepted, 2);
    subscription.close();
  }
  assert.throws(() => file(7), SergoError);
});

test('changes arrive by themselves', async (t) => {
  const { folder, engine, reports, options, put } = scene(t);
  engine.subscribe(file(folder), options);
  assert.equal(reports[0].accepted, 0);
  put('limit.yaml', limit());
  await until(() => reports.length === 2);
  assert.equal(reports[1].accepted, 2);
  rmSync(join(folder, 'limit.yaml'));
  await until(() => reports.length === 3);
  assert.equal(reports[2].accepted, 0);
});

test('a file that is still being written is left alone', async (t) => {
  const { folder, engine, reports, options, put, threshold } = scene(t);
  const text = limit({ threshold: 7 });
  put('limit.yaml', limit());
  const look = driven(t);
  engine.subscribe(file(folder), options);
  await look();
  for (let part = 1; part < 10; part += 1) {
    put('limit.yaml', text.slice(0, (text.length * part) / 10));
    await look();
  }
  assert.equal(reports.length, 1, 'it was never the same twice');
  put('limit.yaml', text);
  await look();
  assert.equal(reports.length, 1, 'seen once');
  await look();
  assert.equal(reports.length, 2, 'seen twice');
  assert.equal(threshold(), 7);
  await look();
  await look();
  assert.equal(reports.length, 2, 'what is loaded is not loaded again');
});

test('a file that another takes the place of, as large and as old, is loaded', async (t) => {
  const { folder, engine, reports, options, put, threshold } = scene(t);
  put('limit.yaml', limit({ threshold: 1 }));
  put('other', limit({ threshold: 2 }));
  const path = join(folder, 'limit.yaml');
  for (const name of [path, join(folder, 'other')]) {
    utimesSync(name, 1, 1);
  }
  const look = driven(t);
  engine.subscribe(file(path), options);
  renameSync(join(folder, 'other'), path);
  await look();
  await look();
  assert.equal(reports.length, 2);
  assert.equal(threshold(), 2);
});

test('a folder whose link is swapped, as Kubernetes does, is loaded', async (t) => {
  const { folder, engine, reports, errors, options, put, threshold } = scene(t);
  for (const [name, threshold] of Object.entries({ '..one': 1, '..two': 2 })) {
    mkdirSync(join(folder, name));
    put(join(name, 'limit.yaml'), limit({ threshold }));
  }
  symlinkSync('..one', join(folder, '..data'));
  symlinkSync(join('..data', 'limit.yaml'), join(folder, 'limit.yaml'));
  const look = driven(t);
  engine.subscribe(file(folder), options);
  assert.equal(reports[0].accepted, 2, 'once, by its link');
  symlinkSync('..two', join(folder, '..new'));
  renameSync(join(folder, '..new'), join(folder, '..data'));
  await look();
  await look();
  assert.equal(reports.length, 2);
  assert.equal(threshold(), 2);
  assert.deepEqual(errors, []);
});

test('a folder that is gone leaves the last rules in force, and says so once', async (t) => {
  const { folder, engine, reports, errors, options, put, threshold } = scene(t);
  mkdirSync(join(folder, 'rules'));
  put(join('rules', 'limit.yaml'), limit());
  const look = driven(t);
  const subscription = engine.subscribe(file(join(folder, 'rules')), options);
  renameSync(join(folder, 'rules'), join(folder, 'away'));
  await look();
  await look();
  assert.equal(errors.length, 1);
  assert.equal(subscription.error, errors[0]);
  assert.match(errors[0].message, /rules can't be loaded, the last rules stay in force: ENOENT/);
  assert.equal(errors[0].cause.code, 'ENOENT');
  assert.equal(reports.length, 1);
  assert.equal(threshold(), 1, 'still limited');
  renameSync(join(folder, 'away'), join(folder, 'rules'));
  await look();
  assert.equal(subscription.error, undefined);
  put(join('rules', 'limit.yaml'), limit({ threshold: 7 }));
  await look();
  await look();
  assert.equal(reports.length, 2);
});

test('a folder that is not there yet is loaded when it comes', async (t) => {
  const { folder, engine, reports, errors, options, put } = scene(t);
  const look = driven(t);
  const subscription = engine.subscribe(file(join(folder, 'rules')), options);
  assert.equal(subscription.report, undefined);
  assert.equal(errors.length, 1);
  mkdirSync(join(folder, 'rules'));
  put(join('rules', 'limit.yaml'), limit());
  await look();
  await look();
  assert.equal(reports.length, 1);
  assert.equal(subscription.report.accepted, 2);
});

test('a file that is not UTF-8 takes no other with it', async (t) => {
  const { folder, engine, reports, errors, options, put, threshold } = scene(t);
  put('limit.yaml', limit());
  const look = driven(t);
  engine.subscribe(file(folder), options);
  put('broken.yaml', Buffer.from([0x61, 0x3a, 0xff]));
  await look();
  await look();
  assert.match(errors[0].message, /broken\.yaml is not UTF-8/);
  assert.equal(reports.length, 1);
  assert.equal(threshold(), 1);
});

test('a subscription that is closed looks no more', async (t) => {
  const { folder, engine, reports, options, put } = scene(t);
  const look = driven(t);
  const subscription = engine.subscribe(file(folder), options);
  assert.throws(() => engine.subscribe(file(folder)), { code: 'argument', message: /while the subscription to/ });
  assert.equal(subscription.closed, false);
  put('limit.yaml', limit());
  await look();
  subscription.close();
  subscription.close();
  assert.equal(subscription.closed, true);
  await look();
  await assert.rejects(look(), /goes on looking/);
  assert.equal(reports.length, 1);
  const next = engine.subscribe(file(folder), options);
  assert.equal(reports.length, 2);
  engine.close();
  assert.equal(next.closed, true, 'an engine closes its own');
});
