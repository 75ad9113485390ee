import assert from 'node:assert/strict';
import { Agent, request as ask } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import expressApp from 'express';
import { carried, carrying, Engine, headersForNextCall } from 'sergo';
import { express, govern } from 'sergo/http';
import { lane, throttle } from './rules.mjs';
import { serve } from './serve.mjs';

const KEY = 'x-opensergo-traffic';

function engineOf(t, rules = lane()) {
  const engine = new Engine({ app: 'foo-app' });
  t.after(() => engine.close());
  assert.deepEqual(engine.load(rules).rejected, []);
  return engine;
}

test('a label comes from the request, else from the rules', (t) => {
  const engine = engineOf(t);
  const gray = { lane: 'gray', baggage: { [KEY]: 'gray' } };
  assert.deepEqual(engine.label({ path: '/gray/1' }), gray);
  assert.equal(engine.label({ path: '/other' }), undefined);
  assert.deepEqual(engine.label({ path: '/gray', headers: { [KEY]: 'blue' } }).lane, 'blue');
  assert.deepEqual(engine.label({ path: '/gray', headers: { [KEY]: 'blue' } }, { trust: false }), gray);
  assert.equal(engine.label({ headers: new Headers({ baggage: `a=b,${KEY}=gr%20ay` }) }).lane, 'gr ay');
  assert.deepEqual(engine.required(), { version: 1, headers: ['baggage', 'opensergo-label', KEY], parameters: [] });
});

test('a label is the same however large the request, and nobody may change it', (t) => {
  const engine = engineOf(t);
  const large = `/gray/${'ü'.repeat(10_000)}`;
  const label = engine.label({ path: large });
  assert.equal(engine.label({ path: '/gray' }), label, 'the very same');
  assert.throws(() => {
    label.baggage[KEY] = 'blue';
  }, TypeError);
  const lane = 'é'.repeat(5000);
  assert.equal(engine.label({ headers: { [KEY]: lane } }).lane, lane);
});

test('the next call gets the lane and the baggage that came in', () => {
  const label = { lane: 'grau é', baggage: { 'x-lane': 'grau é' } };
  assert.deepEqual(headersForNextCall(), {});
  carrying({ label, baggage: 'user=7, x-lane=old' }, () => {
    assert.equal(carried().label, label);
    const own = { 'x-lane': 'grau é', baggage: 'x-lane=grau%20%C3%A9,user=7' };
    assert.deepEqual(headersForNextCall(), own);
    assert.deepEqual(headersForNextCall('a=b').baggage, 'x-lane=grau%20%C3%A9,a=b');
    carrying(undefined, () => assert.deepEqual(headersForNextCall(), {}));
    assert.deepEqual(headersForNextCall(), own);
  });
  carrying({ baggage: 'user=7' }, () => assert.deepEqual(headersForNextCall(), { baggage: 'user=7' }));
  assert.equal(carried(), undefined);
});

test('nothing leaks between what runs at the same time', async () => {
  const seen = async (name) => {
    const lanes = [];
    for (let n = 0; n < 20; n += 1) {
      await sleep(Math.random() * 3);
      lanes.push(carried()?.label.lane);
      await new Promise((resolve) => process.nextTick(resolve));
      lanes.push(headersForNextCall()[KEY]);
    }
    assert.deepEqual(new Set(lanes), new Set([name]));
  };
  const runs = Array.from({ length: 100 }, (_, n) => {
    const name = n % 3 === 0 ? undefined : `lane-${n}`;
    return carrying(name && { label: { lane: name, baggage: { [KEY]: name } } }, () => seen(name));
  });
  await Promise.all(runs);
  assert.equal(carried(), undefined);
});

/** Answers what is carried, after some waiting. */
const tell = async (_request, response) => {
  await sleep(Math.random() * 5);
  response.end(JSON.stringify(headersForNextCall()));
};

test('requests on one connection carry their own lane each', async (t) => {
  const engine = engineOf(t);
  // A server that is begun while something is carried carries none of it.
  const label = { lane: 'wrong', baggage: { [KEY]: 'wrong' } };
  const { server } = await carrying({ label }, () => serve(t, govern(engine, tell)));
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  t.after(() => agent.destroy());
  const { port } = server.address();
  const get = (path, headers) =>
    new Promise((resolve, reject) => {
      ask({ port, host: '127.0.0.1', path, headers, agent }, async (response) => {
        const chunks = await response.toArray();
        resolve(JSON.parse(Buffer.concat(chunks)));
      })
        .on('error', reject)
        .end();
    });
  const asked = Array.from({ length: 60 }, (_, n) => {
    if (n % 3 === 0) {
      return get('/plain', { baggage: 'user=7' }).then((told) => assert.deepEqual(told, { baggage: 'user=7' }));
    }
    if (n % 3 === 1) {
      const expected = { [KEY]: 'gray', baggage: `${KEY}=gray,user=${n}` };
      return get('/gray', { baggage: `user=${n}` }).then((told) => assert.deepEqual(told, expected));
    }
    return get('/any', { [KEY]: `lane-${n}` }).then((told) => assert.equal(told[KEY], `lane-${n}`));
  });
  await Promise.all(asked);
});

test('Express requests carry their lane, and a lane from outside is not believed where it is not to be', async (t) => {
  const engine = engineOf(t, lane({ path: '/api/gray' }) + throttle({ target: 'GET:/api/gray', interval: '20ms' }));
  const app = expressApp();
  app.use('/api', expressApp.Router().get('/gray', express(engine, { trust: false }), tell));
  app.get('/open', express(engine), tell);
  app.get('/closed', express(engine, { trust: false }), tell);
  const { ask } = await serve(t, app);
  const told = async (path) => JSON.parse((await ask(path, 'GET', { [KEY]: 'blue' })).body)[KEY];
  const asked = ['/api/gray', '/api/gray', '/open', '/closed'].map(told);
  assert.deepEqual(await Promise.all(asked), ['gray', 'gray', 'blue', undefined]);
});

test('where sergo fails nothing is carried, and the request is served', async (t) => {
  const engine = engineOf(t);
  const errors = [];
  const { ask } = await serve(t, govern(engine, tell, { onError: ({ code }) => errors.push(code) }));
  engine.close();
  assert.equal((await ask('/gray')).body, '{}');
  assert.deepEqual(errors, ['closed']);
});

test('an explanation says which lane, and why', (t) => {
  const engine = new Engine({ app: 'shop' });
  t.after(() => engine.close());
  engine.load(`
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: testers}
spec:
  rules:
    traffic: {http: {uri: {prefix: /cart}, headers: {x-user: {exact: jason}}}}
    lane: {name: gray}
`);
  const told = engine.explainLabel({ path: '/cart', headers: { 'x-user': 'jason', baggage: 'a=1' } });
  assert.deepEqual([told.lane, told.document, told.came], ['gray', 'TrafficLane testers', undefined]);
  assert.deepEqual(told.goes, { key: 'x-opensergo-traffic', baggage: 'x-opensergo-traffic=gray,a=1' });
  assert.match(String(told), /^lane gray: by TrafficLane testers: its traffic.http holds\n/);
  const doubted = engine.explainLabel({ headers: { 'x-opensergo-traffic': 'blue' } }, { trust: false });
  assert.deepEqual([doubted.lane, doubted.came?.lane, doubted.came?.believed], [undefined, 'blue', false]);
  const miss = { field: 'uri', expected: 'a value that begins with "/cart"', found: '"/"' };
  assert.deepEqual(doubted.misses, [{ document: 'TrafficLane testers', blocks: [miss] }]);
});
