import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { carrying, Engine } from 'sergo';
import { routedFetch } from 'sergo/fetch';
import { lane, workload } from './rules.mjs';
import { serve } from './serve.mjs';

const router = (http, host = 'shop') => `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: ${host}}
spec: ${JSON.stringify({ hosts: [host], http })}
---
`;
const to = (more = {}, host = 'shop') => ({ route: [{ destination: { host } }], ...more });

function engineOf(t, rules = '') {
  const engine = new Engine({ app: 'foo-app' });
  t.after(() => engine.close());
  assert.deepEqual(engine.load(rules).rejected, []);
  return engine;
}

/** Tells what it was asked. */
const echo = async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, url, headers, body }));
};

/** A port of the loopback on which nobody listens. */
async function nobody() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

test('a request goes to an instance, under the name that it was asked for', async (t) => {
  const engine = engineOf(t);
  const { address } = await serve(t, echo);
  engine.setInstances('shop', [{ id: address }]);
  const fetch = routedFetch(engine);
  const response = await fetch('http://shop:8080/foo?a=b', { method: 'POST', body: 'größe', headers: { 'x-a': '1' } });
  assert.deepEqual([response.status, response.url, response.redirected], [200, 'http://shop:8080/foo?a=b', false]);
  const { method, url, headers, body } = await response.json();
  assert.deepEqual([method, url, body], ['POST', '/foo?a=b', 'größe']);
  assert.deepEqual(
    [headers.host, headers['x-a'], headers['content-type']],
    ['shop:8080', '1', 'text/plain;charset=UTF-8'],
  );
  const empty = await fetch(new Request('http://shop/', { method: 'HEAD' }));
  assert.deepEqual([empty.status, await empty.text()], [200, '']);
});

test('bodies of every kind arrive whole', async (t) => {
  const engine = engineOf(t);
  const { address } = await serve(t, echo);
  engine.setInstances('shop', [{ id: address }]);
  const fetch = routedFetch(engine);
  const form = new FormData();
  form.set('name', 'value');
  const stream = new Blob(['streamed']).stream();
  const bodies = [
    [{ body: new URLSearchParams({ a: 'b' }) }, /^a=b$/],
    [{ body: form }, /name="name"\r\n\r\nvalue/],
    [{ body: new Uint8Array([97, 98]) }, /^ab$/],
    [{ body: new Blob(['blob']) }, /^blob$/],
    [{ body: stream, duplex: 'half' }, /^streamed$/],
  ];
  for (const [init, expected] of bodies) {
    const { body, headers } = await (await fetch('http://shop/', { method: 'PUT', ...init })).json();
    assert.match(body, expected);
    const [, boundary = ''] = headers['content-type']?.match(/boundary=(.+)/) ?? [];
    assert(body.includes(boundary));
  }
  const asked = new Request('http://shop/', { method: 'POST', body: 'of a request' });
  assert.equal((await (await fetch(asked)).json()).body, 'of a request');
});

test('a host of which nobody knows is fetched as always, with the lane', async (t) => {
  const engine = engineOf(t);
  const { address } = await serve(t, echo);
  const fetch = routedFetch(engine);
  const label = { lane: 'gray', baggage: { 'x-lane': 'gray' } };
  const get = () => fetch(`http://${address}/`, { headers: { baggage: 'a=b' } });
  const { headers } = await (await carrying({ label, baggage: 'c=d' }, get)).json();
  assert.deepEqual([headers['x-lane'], headers.baggage], ['gray', 'x-lane=gray,a=b']);
  assert.equal((await fetch('data:text/plain,text')).status, 200);
});

test('a coloured request stays in its lane', async (t) => {
  const engine = engineOf(t, lane());
  const [base, gray] = [await serve(t, (_q, r) => r.end('base')), await serve(t, (_q, r) => r.end('gray'))];
  engine.setInstances('shop', [
    { id: base.address },
    { id: gray.address, labels: { 'traffic.opensergo.io/label': 'gray' } },
  ]);
  const fetch = routedFetch(engine);
  const asked = (what) => carrying(what, async () => (await fetch('http://shop/')).text());
  const what = { label: engine.label({ path: '/gray' }) };
  for (let n = 0; n < 10; n += 1) {
    assert.deepEqual(await Promise.all([asked(what), asked(undefined)]), ['gray', 'base']);
  }
});

test('what a route does with a request is done', async (t) => {
  const headers = {
    request: { set: { 'x-set': '1' }, add: { 'x-add': '2' }, remove: ['x-gone'] },
    response: { set: { 'x-answer': '3' }, remove: ['content-type'] },
  };
  const engine = engineOf(
    t,
    router([
      { match: [{ uri: { prefix: '/v1/' } }], rewrite: { uri: '/', authority: 'other.example' }, headers, ...to() },
      { match: [{ uri: { prefix: '/closed' } }], directResponse: { status: 403, body: { string: 'closed' } } },
      { match: [{ uri: { prefix: '/old' } }], redirect: { uri: '/new', redirectCode: 302 } },
      {
        match: [{ uri: { prefix: '/fault' } }],
        fault: { abort: { httpStatus: 418, percentage: { value: 100 } } },
        ...to(),
      },
      { match: [{ uri: { prefix: '/empty' } }], route: [{ destination: { host: 'shop', subset: 'v9' } }] },
      to(),
    ]),
  );
  const { address } = await serve(t, echo);
  engine.setInstances('shop', [{ id: address }]);
  const fetch = routedFetch(engine);
  const response = await fetch('http://shop/v1/items?a=b', { headers: { 'X-Gone': 'x', 'x-add': '0' } });
  assert.deepEqual([response.headers.get('x-answer'), response.headers.get('content-type')], ['3', null]);
  const asked = await response.json();
  const { host, 'x-set': set, 'x-add': add, 'x-gone': gone } = asked.headers;
  assert.deepEqual([asked.url, host, set, add, gone], ['/items?a=b', 'other.example', '1', '0, 2', undefined]);
  const status = async (path, init) => {
    const answer = await fetch(`http://shop${path}`, init);
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await status('/closed'), [403, 'closed']);
  assert.deepEqual(await status('/fault'), [418, 'fault filter abort']);
  assert.deepEqual(await status('/empty'), [503, 'no healthy instance of shop subset v9']);
  const moved = await fetch('http://shop/old?a=b', { redirect: 'manual' });
  assert.deepEqual([moved.status, moved.headers.get('location')], [302, 'http://shop/new?a=b']);
  const followed = await fetch('http://shop/old?a=b', { method: 'POST', body: 'x' });
  assert.deepEqual([followed.redirected, followed.url], [true, 'http://shop/new?a=b']);
  const { method, url, body } = await followed.json();
  assert.deepEqual([method, url, body], ['GET', '/new?a=b', '']);
  await assert.rejects(fetch('http://shop/old', { redirect: 'error' }), TypeError);
});

test('redirects of the destination are followed through the rules', async (t) => {
  const engine = engineOf(t);
  const { address } = await serve(t, (request, response) => {
    const number = Number(request.url.slice(1));
    response.writeHead(number === 0 ? 200 : 307, { location: `http://shop/${number - 1}` });
    request.pipe(response);
  });
  engine.setInstances('shop', [{ id: address }]);
  const fetch = routedFetch(engine);
  const response = await fetch('http://shop/3', { method: 'POST', body: 'again' });
  assert.deepEqual([response.url, await response.text()], ['http://shop/0', 'again']);
  await assert.rejects(fetch('http://shop/30'), ({ cause }) => /no more redirects/.test(cause.message));
  const body = new Blob(['once']).stream();
  const once = fetch('http://shop/1', { method: 'POST', body, duplex: 'half' });
  await assert.rejects(once, ({ cause }) => /sent again/.test(cause.message));
});

test('a call is made again on what the rule says, at another instance', async (t) => {
  const engine = engineOf(
    t,
    router([
      { match: [{ uri: { prefix: '/503' } }], retries: { attempts: 3, retryOn: '503', backoff: '1ms' }, ...to() },
      { match: [{ uri: { prefix: '/none' } }], retries: { attempts: 0 }, ...to() },
      to(),
    ]),
  );
  let count = 0;
  const failing = await serve(t, (request, response) => {
    count += 1;
    response.writeHead(count < 4 ? 503 : 200);
    request.pipe(response);
  });
  engine.setInstances('shop', [{ id: failing.address }]);
  const fetch = routedFetch(engine);
  const response = await fetch('http://shop/503', { method: 'POST', body: 'again' });
  assert.deepEqual([response.status, await response.text(), count], [200, 'again', 4]);
  count = 0;
  assert.deepEqual([(await fetch('http://shop/none')).status, count], [503, 1]);
  count = 0;
  const body = new Blob(['once']).stream();
  assert.equal((await fetch('http://shop/503', { method: 'POST', body, duplex: 'half' })).status, 503);
  assert.equal(count, 1);
  engine.setInstances('shop', [{ id: await nobody() }, { id: failing.address }]);
  for (let n = 0; n < 8; n += 1) {
    // Least request: an instance that refuses is tried again at the other, perhaps a second time.
    await fetch('http://shop/').then(
      ({ status }) => assert(status < 600),
      ({ cause }) => assert.equal(cause.code, 'ECONNREFUSED'),
    );
  }
  engine.setInstances('shop', [{ id: await nobody() }]);
  await assert.rejects(fetch('http://shop/none'), ({ cause }) => cause.code === 'ECONNREFUSED');
});

test('a kept connection that the server has closed loses no request', async (t) => {
  const engine = engineOf(t, router([{ ...to(), retries: { attempts: 0 } }]));
  const seen = new WeakSet();
  const { address } = await serve(t, (request, response) => {
    if (seen.has(request.socket)) {
      request.socket.destroy();
    } else {
      seen.add(request.socket);
      response.end('served');
    }
  });
  engine.setInstances('shop', [{ id: address }]);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const fetch = routedFetch(engine, { agents: { http: agent } });
  for (let n = 0; n < 4; n += 1) {
    assert.equal(await (await fetch('http://shop/')).text(), 'served');
  }
});

test('timeouts: of an attempt, and of all together', async (t) => {
  const retries = { attempts: 1, perTryTimeout: '300ms', retryOn: 'reset', backoff: '1ms' };
  const engine = engineOf(
    t,
    router([
      { match: [{ uri: { prefix: '/try' } }], retries, ...to() },
      { match: [{ uri: { prefix: '/all' } }], timeout: '30ms', ...to() },
      { match: [{ uri: { prefix: '/body' } }], timeout: '1s', ...to() },
      to(),
    ]),
  );
  let count = 0;
  const { address } = await serve(t, (request, response) => {
    count += 1;
    if (request.url === '/try' && count === 2) {
      response.end('the second');
    } else if (request.url === '/body') {
      response.write('begun');
    }
  });
  engine.setInstances('shop', [{ id: address }]);
  const fetch = routedFetch(engine);
  assert.equal(await (await fetch('http://shop/try')).text(), 'the second');
  await assert.rejects(fetch('http://shop/try'), { name: 'TimeoutError' });
  await assert.rejects(fetch('http://shop/all'), { name: 'TimeoutError' });
  const response = await fetch('http://shop/body');
  await assert.rejects(response.text());
  const signal = AbortSignal.timeout(30);
  await assert.rejects(fetch('http://shop/', { signal }), { name: 'TimeoutError' });
  const controller = new AbortController();
  const asked = fetch('http://shop/', { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('given up')), 10);
  await assert.rejects(asked, /given up/);
});

const OUTLIER = workload({
  host: 'shop',
  policy: { outlierDetection: { consecutive5xxErrors: 2, baseEjectionTime: '1h', maxEjectionPercent: 100 } },
});

test('what comes of a call is reported; its caller giving up is not held against the instance', async (t) => {
  const { address } = await serve(t, (request, response) => {
    const status = Number(request.url.slice(1));
    if (status > 0) {
      response.writeHead(status).end();
    }
  });
  const givenUp = () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    return controller.signal;
  };
  const cases = [
    ['/200', undefined, []],
    ['/404', undefined, []],
    ['/500', undefined, [address]],
    ['/503', undefined, [address]],
    ['/0', givenUp, []],
    ['/0', () => AbortSignal.timeout(10), [address]],
  ];
  for (const [path, signal, ejected] of cases) {
    const engine = engineOf(t, OUTLIER + router([{ ...to(), retries: { attempts: 0 } }]));
    // The last of a host is never ejected.
    engine.setInstances('shop', [{ id: address }, { id: 'other:1', healthy: false }]);
    const fetch = routedFetch(engine);
    for (let n = 0; n < 2; n += 1) {
      await fetch(`http://shop${path}`, { signal: signal?.() }).catch(() => {});
    }
    assert.deepEqual(engine.ejected('shop'), ejected, path);
  }
});

test('an instance that is no address goes by the option, else by the name of the host', async (t) => {
  const engine = engineOf(t);
  const { address } = await serve(t, echo);
  const [, port] = address.split(':');
  engine.setInstances('localhost', [{ id: 'pod-7', zone: address }]);
  const url = `http://localhost:${port}/`;
  const byZone = routedFetch(engine, { address: ({ zone }) => zone });
  assert.equal((await (await byZone('http://localhost/')).json()).headers.host, 'localhost');
  engine.setInstances('127.0.0.1', [{ id: 'pod-7' }]);
  const byName = routedFetch(engine);
  assert.equal((await byName(url.replace('localhost', '127.0.0.1'))).status, 200);
});

test('where sergo fails the request goes out unrouted', async (t) => {
  const engine = engineOf(t);
  engine.setInstances('127.0.0.1', [{ id: await nobody() }]);
  const { address } = await serve(t, echo);
  const errors = [];
  const fetch = routedFetch(engine, { onError: ({ code }) => errors.push(code) });
  await assert.rejects(fetch(`http://${address}/`), TypeError);
  engine.close();
  assert.equal((await fetch(`http://${address}/`)).status, 200);
  assert.deepEqual(errors, ['closed']);
});
