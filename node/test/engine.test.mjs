import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { BlockedError, Engine, SergoError } from 'sergo';
import { action, limit, overload, SECOND } from './rules.mjs';

const require = createRequire(import.meta.url);

/** An engine on a clock that the test sets. */
function engineAt(options = {}) {
  const time = { now: 0n };
  const engine = new Engine({ app: 'foo-app', clock: () => time.now, ...options });
  return { engine, time };
}

const code = (word) => (error) => error instanceof SergoError && error.code === word;

test('without rules everything passes', () => {
  const { engine } = engineAt();
  const decision = engine.tryEnter('GET:/foo');
  assert.equal(decision.kind, 'pass');
  assert.equal(decision.waitMs, 0);
  assert.equal(decision.waitNanos, 0n);
  decision.entry.exit();
  assert.equal(engine.version, 0);
  assert.deepEqual(engine.figures(), { version: 0, inFlight: 0, resources: [], instance: [] });
});

test('a block says who blocked, when to come again and what to answer', () => {
  const { engine, time } = engineAt();
  const report = engine.load(
    action({ status: 503, body: 'later', headers: { 'X-Limit': 'foo' } }) + limit({ fallback: 'sorry' }),
  );
  assert.equal(report.accepted, 3, JSON.stringify(report));
  assert.equal(engine.version, 1);
  assert.equal(engine.tryEnter('GET:/foo').kind, 'pass');
  time.now = SECOND / 4n + 1n;
  assert.deepEqual(engine.tryEnter('POST:/foo'), {
    kind: 'block',
    strategy: 'RateLimitStrategy',
    strategyName: 'limit',
    rule: 'rule-of-limit',
    retryAfterNanos: 749_999_999n,
    retryAfterMs: 749.999999,
    fallback: { status: 503, body: 'later', headers: { 'X-Limit': 'foo' } },
  });
  time.now = SECOND;
  assert.equal(engine.tryEnter('GET:/foo').kind, 'pass');
});

test('a block without action has no fallback, one that can never pass no time', () => {
  const { engine } = engineAt();
  engine.load(limit({ threshold: 3 }));
  const block = engine.tryEnter('/foo', { cost: 4 });
  assert.equal(block.kind, 'block');
  assert.equal(block.fallback, undefined);
  assert.equal(block.retryAfterNanos, undefined);
  assert.equal(block.retryAfterMs, undefined);
  assert.equal(engine.tryEnter('/foo', { cost: 3 }).kind, 'pass');
});

test('times beyond 2^53 nanoseconds are exact', () => {
  const { engine, time } = engineAt();
  engine.load(limit());
  time.now = 2n ** 60n + 1n;
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
  time.now += 3n;
  assert.equal(engine.tryEnter('/foo').retryAfterNanos, SECOND - 3n);
  time.now += SECOND - 3n;
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
});

test('the clock may answer numbers or bigints, and nothing else', () => {
  let now = 5;
  const engine = new Engine({ app: 'a', clock: () => now });
  engine.load(limit());
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
  now = 5 + 1e9;
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
  for (const wrong of [-1, 0.5, Number.NaN, -1n, 2n ** 64n, 'now', undefined]) {
    now = wrong;
    assert.throws(() => engine.tryEnter('/foo'), code('argument'), String(wrong));
  }
  assert.throws(() => new Engine({ app: 'a', clock: 5 }), code('argument'));
});

test('a resource that rules name later is governed from then on', () => {
  const { engine } = engineAt();
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
  engine.load(limit());
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
  assert.equal(engine.tryEnter('/foo').kind, 'block');
  engine.load('');
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
});

test('more names than are remembered are all decided', () => {
  const { engine } = engineAt();
  engine.load(limit());
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
  for (let n = 0; n < 25_000; n += 1) {
    assert.equal(engine.tryEnter(`GET:/users/${n}`).kind, 'pass');
  }
  assert.equal(engine.tryEnter('x'.repeat(5000)).kind, 'pass');
  assert.equal(engine.tryEnter('/foo').kind, 'block');
});

test('enter throws a block, without a stack trace', async () => {
  const { engine } = engineAt();
  engine.load(limit());
  const entry = await engine.enter('GET:/foo');
  entry.exit();
  const error = await engine.enter('GET:/foo').then(assert.fail, (error) => error);
  assert(error instanceof BlockedError && error instanceof Error);
  assert.equal(error.name, 'BlockedError');
  assert.equal(error.resource, 'GET:/foo');
  assert.equal(error.strategy, 'RateLimitStrategy');
  assert.equal(error.strategyName, 'limit');
  assert.equal(error.rule, 'rule-of-limit');
  assert.equal(error.retryAfterNanos, SECOND);
  assert.equal(error.retryAfterMs, 1000);
  assert.equal(error.message, 'GET:/foo is blocked by RateLimitStrategy limit of rule rule-of-limit');
  assert(!error.stack.includes('\n'), error.stack);
  assert(new Error('after').stack.includes('\n'), 'other errors keep theirs');
});

test('a block is an error like others, but for its stack', async () => {
  const { engine } = engineAt();
  engine.load(limit({ threshold: 0 }));
  const error = await engine.run('/foo', assert.fail).then(assert.fail, (error) => error);
  const text = '/foo is blocked by RateLimitStrategy limit of rule rule-of-limit';
  assert.equal(String(error), `BlockedError: ${text}`);
  assert.equal(error.stack, `BlockedError: ${text}`);
  assert.equal(Object.prototype.toString.call(error), '[object Error]');
  assert(inspect(new Error('outer', { cause: error })).includes(text));
  error.message = 'mine';
  error.stack = 'my stack';
  assert.deepEqual([error.message, error.stack], ['mine', 'my stack']);
  assert.throws(() => {
    throw error;
  }, BlockedError);
});

test('many entries are open at once, and end in any order', () => {
  const { engine } = engineAt();
  engine.load(limit({ threshold: 1e6 }));
  for (let round = 1; round <= 3; round += 1) {
    const entries = Array.from({ length: 3000 }, () => engine.tryEnter('/foo').entry);
    assert.equal(engine.figures().resources[0].inFlight, 3000);
    const odd = entries.filter((_, at) => at % 2 === 1).reverse();
    for (const entry of [...odd, ...entries, ...odd]) {
      entry.exit({ error: entry === entries[0] });
    }
    const [{ inFlight, completed, errors }] = engine.figures().resources;
    assert.deepEqual([inFlight, completed, errors], [0, 3000 * round, round]);
  }
});

test('an aborted signal asks for nothing', async () => {
  const { engine } = engineAt();
  engine.load(limit());
  const reason = new Error('no longer wanted');
  await assert.rejects(engine.enter('/foo', { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
});

test('run calls at once where nothing has to be waited for', async () => {
  const { engine } = engineAt();
  let inFlight;
  const running = engine.run('/foo', () => {
    inFlight = engine.figures().inFlight;
    return 7;
  });
  assert.equal(inFlight, 1);
  assert.equal(await running, 7);
  // biome-ignore lint/suspicious/noThenProperty: what is no promise but has a `then` is waited for
  assert.equal(await engine.run('/foo', () => ({ then: (done) => setImmediate(done, 8) })), 8);
  await assert.rejects(engine.run('/foo', null), TypeError);
});

test('run exits with the outcome of its call', async () => {
  const { engine } = engineAt();
  engine.load(limit({ threshold: 10 }));
  assert.equal(await engine.run('/foo', () => 'at once'), 'at once');
  assert.equal(await engine.run('/foo', async () => 'later'), 'later');
  const failure = new Error('failed');
  await assert.rejects(
    engine.run('/foo', () => Promise.reject(failure)),
    failure,
  );
  await assert.rejects(
    engine.run('/foo', () => {
      throw failure;
    }),
    failure,
  );
  const [figures] = engine.figures().resources;
  assert.equal(figures.resource, '/foo');
  assert.equal(figures.passed, 4);
  assert.equal(figures.completed, 4);
  assert.equal(figures.errors, 2);
  assert.equal(figures.inFlight, 0);
});

test('an entry exits once, also at the end of its block', () => {
  const { engine } = engineAt();
  engine.load(limit({ threshold: 10 }));
  const [first, second] = [engine.tryEnter('/foo'), engine.tryEnter('/foo')];
  first.entry.exit({ error: true });
  first.entry.exit();
  first.entry[Symbol.dispose]();
  let [figures] = engine.figures().resources;
  assert.deepEqual([figures.completed, figures.errors, figures.inFlight], [1, 1, 1]);
  second.entry[Symbol.dispose]();
  [figures] = engine.figures().resources;
  assert.deepEqual([figures.completed, figures.errors, figures.inFlight], [2, 1, 0]);
});

test('a report says what is wrong and what would be right', () => {
  const { engine } = engineAt();
  engine.load(limit());
  const report = engine.load([{ name: 'rules/foo.yaml', text: limit().replace('threshold: 1', 'threshold: -1') }]);
  assert.equal(report.rejected.length, 1, JSON.stringify(report));
  const [{ kind, namespace, name, field, found, expected, message, source, line }] = report.rejected;
  assert.deepEqual([kind, namespace, name, field], ['RateLimitStrategy', 'default', 'limit', 'spec.threshold']);
  assert(found.includes('-1'), found);
  assert.notEqual(expected, '');
  assert(message.includes('spec.threshold'), message);
  assert.equal(source, 'rules/foo.yaml');
  assert.equal(line, 5);
  assert.equal(report.rejected[0].code, 'out-of-range');
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
  assert.equal(engine.tryEnter('/foo').kind, 'block', 'the last good version stays');
});

test('a report names what is missing and unknown', () => {
  const { engine } = engineAt();
  const [, rule] = limit().split('---');
  const report = engine.load(`${rule}---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n`);
  assert.equal(report.accepted, 1);
  assert.deepEqual(
    report.waiting.map(({ kind, name, missing }) => [kind, name, missing]),
    [['FaultToleranceRule', 'rule-of-limit', 'limit']],
  );
  assert.deepEqual(
    report.warnings.map(({ kind, field }) => [kind, field]),
    [['Secret', 'kind']],
  );
});

test('arguments out of their bounds are errors that say so', () => {
  const { engine } = engineAt();
  const wrong = (call, message) =>
    assert.throws(call, (error) => code('argument')(error) && message.test(error.message), String(message));
  wrong(() => new Engine({}), /^app: found undefined, expected text$/);
  wrong(() => new Engine(), /^app: /);
  wrong(() => new Engine({ app: 'a', labels: { tag: 1 } }), /^labels\.tag: found 1, expected text$/);
  wrong(() => new Engine({ shared: {} }), /^shared: /);
  wrong(() => engine.tryEnter(7), /^resource: found 7, expected text$/);
  for (const cost of [0, -1, 1.5, 2 ** 32, Number.NaN, '1']) {
    wrong(() => engine.tryEnter('/foo', { cost }), /^cost: /);
  }
  wrong(() => engine.tryEnter('/foo', { direction: 'up' }), /^direction: found "up", expected inbound or outbound$/);
  wrong(() => engine.load(7), /^rules: /);
  wrong(() => engine.load([{ name: 'a' }]), /^rules\[0\]\.text: /);
  wrong(() => engine.route({}), /^host: /);
  wrong(() => engine.route({ host: 'a', port: 65536 }), /^port: /);
  wrong(() => engine.route({ host: 'a', headers: { baggage: 1 } }), /^headers: found 1, expected text$/);
  wrong(() => engine.route({ host: 'a', rolls: [1] }), /^rolls: /);
  wrong(() => engine.connect({}), /^host: /);
  wrong(() => engine.connect({ host: 'a', port: -1 }), /^port: /);
  wrong(() => engine.connect({ host: 'a', sni: 1 }), /^sni: found 1, expected text$/);
  wrong(() => engine.connect({ host: 'a', source: { labels: { tag: 1 } } }), /^source\.labels\.tag: /);
  wrong(() => engine.connect({ host: 'a', rolls: [-0.1] }), /^rolls: /);
  wrong(() => engine.explain(7), /^resource: /);
  wrong(() => engine.explain('/foo', { cost: 0 }), /^cost: /);
  wrong(() => engine.onEvent('listener'), /^listener: /);
  wrong(() => engine.setSystemLoad({ cpu: '1' }), /^cpu: found "1", expected a number$/);
  wrong(() => engine.setInstances('a', {}), /^instances: /);
  wrong(() => engine.setInstances('a', [{ id: 'a', colour: 1 }]), /bounds/);
  assert.equal(engine.tryEnter('/foo').kind, 'pass', 'and the engine goes on');
});

test('figures count what passed, was blocked and failed', () => {
  const { engine, time } = engineAt();
  engine.load(limit({ threshold: 2 }));
  const entries = [1, 2, 3].map(() => engine.tryEnter('/foo')).filter(({ kind }) => kind === 'pass');
  time.now = 1000n;
  for (const { entry } of entries) {
    entry.exit({ error: true });
  }
  const { version, inFlight, resources } = engine.figures();
  assert.deepEqual([version, inFlight, resources.length], [1, 0, 1]);
  const [{ passed, blocked, waited, completed, errors, rtSumNanos, rtMinNanos, rtMaxNanos, strategies }] = resources;
  const [{ rtP50Nanos, rtP99Nanos, rtHistogram }] = resources;
  assert.deepEqual(
    { passed, blocked, waited, completed, errors },
    { passed: 2, blocked: 1, waited: 0, completed: 2, errors: 2 },
  );
  assert.deepEqual({ rtSumNanos, rtMinNanos, rtMaxNanos }, { rtSumNanos: 2000, rtMinNanos: 1000, rtMaxNanos: 1000 });
  assert.deepEqual(
    [rtP50Nanos, rtP99Nanos].map((nanos) => nanos >= 1000 && nanos <= 1125),
    [true, true],
  );
  assert.equal(rtHistogram.length, 1);
  const [[under, count]] = rtHistogram;
  assert(under > 1000, String(under));
  assert.equal(count, 2);
  assert.deepEqual(strategies, [{ kind: 'RateLimitStrategy', strategy: 'limit', blocked: 1 }]);
});

test('overload protection judges by the figures that it is told', () => {
  const { engine } = engineAt();
  assert.equal(engine.needsSystemLoad, false);
  const report = engine.load(overload());
  assert.deepEqual(report.rejected, []);
  assert.equal(engine.needsSystemLoad, true);
  const decide = (load, options) => {
    engine.setSystemLoad(load);
    return engine.tryEnter('/anything', options);
  };
  assert.equal(decide({ cpu: 1, memory: 0.5 }).kind, 'pass');
  assert.equal(decide({ memory: 0.75 }).strategy, 'AdaptiveOverloadProtectionStrategy');
  assert.equal(decide({ memory: 0.75 }, { direction: 'outbound' }).kind, 'pass');
  assert.equal(decide({}).kind, 'pass', 'unknown');
});

test('what is closed says so, and closing twice does nothing', async () => {
  const { engine } = engineAt();
  engine.load(limit());
  const { entry } = engine.tryEnter('/foo');
  const shared = engine.share();
  engine.close();
  engine.close();
  engine[Symbol.dispose]();
  const calls = [
    () => engine.tryEnter('/foo'),
    () => engine.load(''),
    () => engine.subscribe({ path: '.' }),
    () => engine.route({ host: 'a' }),
    () => engine.setInstances('a', []),
    () => engine.breakerState('a', 'b'),
    () => engine.setSystemLoad({}),
    () => engine.needsSystemLoad,
    () => engine.figures(),
    () => engine.drainEvents(),
    () => engine.onEvent(() => {}),
    () => engine.explain('/foo'),
    () => engine.connect({ host: 'a' }),
    () => engine.version,
    () => new Engine({ shared }),
    () => new Engine({ shared: { handle: 0 } }),
    () => new Engine({ shared: { handle: Number.MAX_SAFE_INTEGER } }),
    () => new Engine({ shared: { handle: -1 } }),
  ];
  for (const call of calls) {
    assert.throws(call, code('closed'), String(call));
  }
  await assert.rejects(engine.enter('/foo'), code('closed'));
  await assert.rejects(engine.events().next(), code('closed'));
  entry.exit();
  assert.equal(new Engine({ app: 'a' }).tryEnter('/foo').kind, 'pass', 'others go on');
});

test('too many engines are an error, and closing makes room', () => {
  const engines = [];
  assert.throws(() => {
    for (;;) {
      engines.push(new Engine({ app: 'a' }));
    }
  }, code('full'));
  for (const engine of engines) {
    engine.close();
  }
  new Engine({ app: 'a' }).close();
});

test('a panic inside sergo is an error, of that engine alone', () => {
  const { native } = require('../dist/native.js');
  const { cold } = require('../dist/error.js');
  const [{ engine }, { engine: other }] = [engineAt(), engineAt()];
  const { entry } = engine.tryEnter('/foo');
  assert.throws(() => cold(() => native.panicOnPurpose(engine.share().handle)), code('panicked'));
  assert.throws(() => engine.tryEnter('/foo'), code('poisoned'));
  assert.throws(() => engine.load(''), code('poisoned'));
  entry.exit();
  assert.equal(other.tryEnter('/foo').kind, 'pass');
  engine.close();
  assert.throws(() => engine.tryEnter('/foo'), code('closed'));
});
