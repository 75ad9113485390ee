import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Engine } from 'sergo';
import { limit, overload } from './rules.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** Runs a module in a process of its own, to its natural end. */
function run(source, { env = {}, cwd = PACKAGE, type = 'module' } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`--input-type=${type}`, '--eval', source], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout: stdout.trim(), stderr };
}

/** A folder that is gone when the test is. */
function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'sergo-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const SUBSCRIBE = `
  import { Engine, file } from 'sergo';
  const engine = new Engine({ app: 'foo-app' });
  const subscription = engine.subscribe(file(process.env.RULES));
`;

test('an open subscription keeps no process alive', (t) => {
  const env = { RULES: folder(t) };
  assert.deepEqual(run(`${SUBSCRIBE} console.log(subscription.report.version)`, { env }), {
    status: 0,
    stdout: '1',
    stderr: '',
  });
});

test('after close there is no timer and no handle', (t) => {
  const env = { RULES: folder(t) };
  const source = `${SUBSCRIBE}
    const before = process.getActiveResourcesInfo().length;
    setTimeout(() => {
      engine.close();
      setImmediate(() => console.log(process.getActiveResourcesInfo().filter((name) => !/(Pipe|TTY|FSReq|File)/.test(name)).join()));
    }, 250);`;
  assert.deepEqual(run(source, { env }), { status: 0, stdout: '', stderr: '' });
});

test('an engine that listens and measures keeps no process alive', () => {
  const source = `
    import { Engine } from 'sergo';
    const engine = new Engine({ app: 'foo-app' });
    engine.load(process.env.RULES);
    engine.onEvent(() => {});
    void engine.events().next();
    console.log(engine.needsSystemLoad);`;
  assert.deepEqual(run(source, { env: { RULES: overload() } }), { status: 0, stdout: 'true', stderr: '' });
});

test('what a listener throws is a warning, and the subscription goes on', (t) => {
  const source = `
    import { Engine, file } from 'sergo';
    process.on('warning', ({ name, message, detail }) => console.log(name, message, detail.includes('thrown'), subscription.closed));
    const onReport = () => { throw new Error('thrown'); };
    const subscription = new Engine({ app: 'a' }).subscribe(file(process.env.RULES), { onReport });`;
  const { status, stdout } = run(source, { env: { RULES: folder(t) } });
  assert.deepEqual([status, stdout], [0, 'SergoWarning a listener failed true false']);
});

test('threads use the addon, share an engine, and end cleanly', async () => {
  const engine = new Engine({ app: 'foo-app', clock: () => 0n });
  engine.load(limit({ threshold: 30 }));
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    import { Engine } from 'sergo';
    const own = new Engine({ app: 'foo-app', clock: () => 0n });
    own.load(workerData.rules);
    const shared = new Engine({ shared: workerData.shared, clock: () => 0n });
    const passed = (engine) => Array.from({ length: 20 }, () => engine.tryEnter('/foo').kind).filter((kind) => kind === 'pass').length;
    parentPort.postMessage({ own: passed(own), shared: passed(shared), handle: own.share() });
    shared.close();`;
  const url = new URL(
    `data:text/javascript,${encodeURIComponent(source.replace("'sergo'", `'${import.meta.resolve('sergo')}'`))}`,
  );
  const workers = [1, 2].map(
    () => new Worker(url, { workerData: { rules: limit({ threshold: 5 }), shared: engine.share() } }),
  );
  const ends = workers.map((worker) => once(worker, 'exit'));
  const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  assert.deepEqual(await Promise.all(ends), [[0], [0]]);
  assert.deepEqual(
    answers.map(({ own }) => own),
    [5, 5],
  );
  assert.equal(
    answers.reduce((sum, { shared }) => sum + shared, 0),
    30,
    'one limit for both',
  );
  assert.equal(engine.tryEnter('/foo').kind, 'block');
  assert.equal(engine.figures().resources[0].passed, 30);
  for (const { handle } of answers) {
    assert.throws(() => new Engine({ shared: handle }), { code: 'closed' }, 'an engine ends with its thread');
  }
  engine.close();
});

test('a process ends while its workers use the addon', () => {
  const source = `
    import { Worker } from 'node:worker_threads';
    import { Engine } from 'sergo';
    const busy = "const { Engine } = require('sergo'); const engine = new Engine({ app: 'a' }); require('worker_threads').parentPort.postMessage(1); for (;;) engine.tryEnter('/foo')";
    let started = 0;
    for (let n = 0; n < 2; n += 1) {
      new Worker(busy, { eval: true, execArgv: [] }).on('message', () => {
        started += 1;
        if (started === 2) { new Engine({ app: 'a' }); console.log('ends'); process.exit(0); }
      });
    }`;
  assert.deepEqual(run(source), { status: 0, stdout: 'ends', stderr: '' });
});

test('two copies of the package in one thread are two doors to one addon', () => {
  const require = createRequire(import.meta.url);
  const first = require('sergo');
  for (const path of Object.keys(require.cache)) {
    if (path.startsWith(join(PACKAGE, 'dist'))) {
      delete require.cache[path];
    }
  }
  const second = require('sergo');
  assert.notEqual(first.Engine, second.Engine);
  const clock = () => 0n;
  const engines = [first, second, { Engine }].map(({ Engine }) => new Engine({ app: 'foo-app', clock }));
  for (const engine of engines) {
    engine.load(limit({ threshold: 2 }));
  }
  for (const kind of ['pass', 'pass', 'block']) {
    for (const engine of engines) {
      assert.equal(engine.tryEnter('/foo').kind, kind);
    }
  }
});

test('an addon that is not there, or not one, is an error that says what was tried', (t) => {
  const path = join(folder(t), 'sergo.node');
  const load = () => run("require('sergo')", { type: 'commonjs', env: { SERGO_NATIVE_PATH: path } });
  const missing = load();
  assert.equal(missing.status, 1);
  assert(missing.stderr.includes(`sergo: there is no addon at ${path} (SERGO_NATIVE_PATH names it)`), missing.stderr);
  writeFileSync(path, 'no addon');
  const broken = load();
  assert.equal(broken.status, 1);
  assert(
    broken.stderr.includes(`sergo: the addon at ${path} (SERGO_NATIVE_PATH names it) can't be loaded: `),
    broken.stderr,
  );
});

test('the files of the package are all that it needs, under import and require', (t) => {
  const root = folder(t);
  const target = join(root, 'node_modules', 'sergo');
  const { files } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  assert.deepEqual(files, ['dist', 'sergo.*.node']);
  mkdirSync(target, { recursive: true });
  cpSync(join(PACKAGE, 'dist'), join(target, 'dist'), { recursive: true });
  for (const name of readdirSync(PACKAGE).filter((name) => name === 'package.json' || /^sergo\..*\.node$/.test(name))) {
    copyFileSync(join(PACKAGE, name), join(target, name));
  }
  const use =
    "new Engine({ app: 'a' }).tryEnter('b').kind + typeof govern + typeof routedFetch + typeof BlockedError + typeof file";
  const imported = `
    import { BlockedError, Engine, file } from 'sergo';
    import * as http from 'sergo/http';
    import { createRequire } from 'node:module';
    import { routedFetch } from 'sergo/fetch';
    const { govern } = http;
    console.log(${use}, createRequire(process.cwd() + '/x.js')('sergo').Engine === Engine);`;
  const required = `
    const { BlockedError, Engine, file } = require('sergo');
    const { govern } = require('sergo/http');
    const { routedFetch } = require('sergo/fetch');
    console.log(${use});`;
  const expected = 'passfunctionfunctionfunctionfunction';
  assert.deepEqual(run(imported, { cwd: root }), { status: 0, stdout: `${expected} true`, stderr: '' });
  assert.deepEqual(run(required, { cwd: root, type: 'commonjs' }), { status: 0, stdout: expected, stderr: '' });
  const subscribed = `
    const { controlPlane, Engine } = require('sergo');
    try { new Engine({ app: 'a' }).subscribe(controlPlane('a:1')); } catch ({ code, message }) { console.log(code, message); }`;
  const told = 'argument rules from a control plane need the package @grpc/grpc-js: npm install @grpc/grpc-js';
  assert.deepEqual(run(subscribed, { cwd: root, type: 'commonjs' }), { status: 0, stdout: told, stderr: '' });
});
