import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from 'sergo';
import { limit } from './rules.mjs';

function engineOf(t) {
  const engine = new Engine({ app: 'foo-app', clock: () => 0n });
  t.after(() => engine.close());
  return engine;
}

/** Texts that something on the way might stumble over. `\ud800` is half a character, which UTF-8 cannot say. */
const STRANGE = ['', ' ', 'a\0b', '日本😀', '\ud800', 'a\udc00b', '__proto__', 'constructor', 'x'.repeat(2 ** 20)];

test('strange names pass while no rule names them', async (t) => {
  const engine = engineOf(t);
  engine.load(limit());
  for (const name of STRANGE) {
    engine.tryEnter(name).entry.exit();
    (await engine.enter(name)).exit();
    const { governed, answer } = engine.explain(name);
    assert.deepEqual([governed, answer], [false, 'pass']);
    assert.equal(engine.breakerState(name, name), undefined);
  }
  assert.equal(engine.figures().inFlight, 0);
});

test('a name with NUL or beyond 16 bits is a name like any other', (t) => {
  for (const [name, written] of [
    ['a\0b', 'a\\0b'],
    ['日本😀', '日本😀'],
    ['__proto__', '__proto__'],
  ]) {
    const engine = engineOf(t);
    assert.deepEqual(engine.load(limit({ target: written })).rejected, []);
    assert.equal(engine.tryEnter(name).kind, 'pass');
    assert.equal(engine.tryEnter(name).kind, 'block');
    assert.equal(engine.tryEnter(`${name}b`).kind, 'pass');
    assert.equal(engine.explain(name).resource, name);
    assert.equal(engine.figures().resources[0].resource, name);
  }
});

test('strange texts are bad documents, apps, requests and connections at worst', (t) => {
  const engine = engineOf(t);
  engine.load(limit());
  for (const text of STRANGE) {
    new Engine({ app: text, namespace: text, labels: { [text]: text } }).close();
    const { rejected, warnings } = engine.load([
      { name: text, text },
      { name: 'limit', text: limit() },
    ]);
    assert(rejected.length + warnings.length <= 1, JSON.stringify([rejected, warnings]).slice(0, 1000));
    engine.setInstances(text, [{ id: text, labels: { a: text } }]);
    const source = { labels: { a: text }, namespace: text, gateway: text };
    const common = { host: text, client: text, hash: text, source };
    assert.equal(engine.route({ ...common, method: text, path: text, headers: { [text]: text } }).kind, 'none');
    assert.equal(engine.connect({ ...common, sni: text, address: text }).kind, 'none');
  }
  assert.equal(engine.tryEnter('/foo').kind, 'pass');
  assert.equal(engine.tryEnter('/foo').kind, 'block', 'the rules are in force all the while');
});
