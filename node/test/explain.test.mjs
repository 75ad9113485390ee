import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from 'sergo';
import { breaker, concurrency, limit, overload, SECOND, throttle } from './rules.mjs';

function engineOf(t, rules) {
  const time = { now: 0n };
  const engine = new Engine({ app: 'foo-app', clock: () => time.now, sampleSystem: false });
  t.after(() => engine.close());
  assert.deepEqual(engine.load(rules).rejected, []);
  return { engine, time };
}

test('an explanation says what each gate would answer, and why', (t) => {
  const { engine, time } = engineOf(t, limit() + throttle({ interval: '2s' }));
  const first = engine.explain('GET:/foo');
  assert.deepEqual([first.resource, first.governed, first.answer, first.gates.length], ['GET:/foo', true, 'pass', 2]);
  assert.equal(engine.explain('GET:/foo').toString(), String(first), 'asking changes nothing');
  engine.tryEnter('GET:/foo');
  time.now = SECOND / 4n;
  const { why, ...gate } = engine.explain('/foo').gates[0];
  assert.deepEqual(gate, {
    target: '/foo',
    kind: 'RateLimitStrategy',
    strategy: 'limit',
    rule: 'rule-of-limit',
    answer: 'block',
    retryAfter: 750_000_000,
    limit: 1,
    used: 1,
  });
  assert.notEqual(why, '');
  const blocked = engine.explain('/foo');
  assert.deepEqual([blocked.answer, blocked.retryAfter, blocked.wait], ['block', 750_000_000, undefined]);
  assert.deepEqual(blocked.gates[1].answer, 'wait');
  const text = String(blocked);
  assert.equal(text.split('\n')[0], '/foo: block, retry after 750ms');
  assert(text.includes(why), text);
  time.now = SECOND;
  const waits = engine.explain('/foo');
  assert.deepEqual([waits.answer, waits.wait, waits.retryAfter], ['wait', 1_000_000_000, undefined]);
  assert.equal(engine.tryEnter('/foo').waitNanos, SECOND, 'as it was explained');
});

test('it is about a cost and a direction', (t) => {
  const { engine } = engineOf(t, limit({ threshold: 3 }) + overload());
  engine.setSystemLoad({ memory: 0.8 });
  assert.equal(engine.explain('/foo', { direction: 'outbound', cost: 3 }).answer, 'pass');
  const never = engine.explain('/foo', { direction: 'outbound', cost: 4 });
  assert.deepEqual([never.answer, never.retryAfter], ['block', undefined]);
  const [protection] = engine.explain('/anything').gates;
  const { target, kind, answer, limit: most, used } = protection;
  assert.deepEqual(
    { target, kind, answer, most, used },
    { target: '', kind: 'AdaptiveOverloadProtectionStrategy', answer: 'block', most: 0.75, used: 0.8 },
  );
});

test('a breaker tells its state, a concurrency limit what is in flight', (t) => {
  const { engine } = engineOf(t, breaker() + concurrency());
  const gates = () => engine.explain('/foo').gates.map(({ kind, state, used }) => [kind, state, used]);
  const { entry } = engine.tryEnter('/foo');
  assert.deepEqual(gates(), [
    ['ConcurrencyLimitStrategy', undefined, 1],
    ['CircuitBreakerStrategy', 'closed', undefined],
  ]);
  entry.exit({ error: true });
  assert.deepEqual(gates(), [
    ['ConcurrencyLimitStrategy', undefined, 0],
    ['CircuitBreakerStrategy', 'open', 1],
  ]);
});

test('what no rule names is said so', (t) => {
  const { engine } = engineOf(t, limit());
  const explanation = engine.explain('/bar');
  assert.deepEqual({ ...explanation }, { resource: '/bar', governed: false, answer: 'pass', gates: [] });
  assert.equal(`${explanation}`, '/bar: pass (no rule names it)');
});
