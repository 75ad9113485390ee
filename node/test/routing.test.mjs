import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from 'sergo';
import { ROUTER } from './rules.mjs';

function engineOf(t) {
  const engine = new Engine({ app: 'foo-app' });
  t.after(() => engine.close());
  return engine;
}

test('routes by header, falls back, and says what was empty', (t) => {
  const engine = engineOf(t);
  engine.load(ROUTER);
  const to = (subset, route, fallback = false) => ({ kind: 'to', route, subset, fallback });
  const route = (headers) => {
    const routing = engine.route({ host: 'service-provider', headers });
    const { kind, route, destination, fallback } = routing;
    return destination ? { kind, route, subset: destination.subset, fallback } : routing;
  };
  const v2 = { id: 'b', labels: { version: 'v2' } };
  engine.setInstances('service-provider', [{ id: 'a', labels: { version: 'v1' } }, v2]);
  assert.deepEqual(route({}), to('v1', 'everyone'));
  assert.deepEqual(route({ Tag: 'v2' }), to('v2', 'testers'));
  assert.deepEqual(route({ tag: ['v2'] }), to('v2', 'testers'));
  assert.deepEqual(route({ tag: ['v2', 'v1'], other: undefined }), to('v1', 'everyone'));
  assert.deepEqual(route([['TAG', 'v2']]), to('v2', 'testers'));
  assert.deepEqual(route(new Headers({ tag: 'v2' })), to('v2', 'testers'));
  assert.deepEqual(route(new Map([['tag', 'v2']])), to('v2', 'testers'));
  engine.setInstances('service-provider', [
    { id: 'a', labels: { version: 'v1' } },
    { ...v2, healthy: false },
  ]);
  assert.deepEqual(route({ tag: 'v2' }), to('v1', 'testers', true));
  engine.setInstances('service-provider', [v2]);
  assert.deepEqual(route({}), { kind: 'empty', host: 'service-provider', subset: 'v1' });
  assert.deepEqual(engine.route({ host: 'elsewhere' }), { kind: 'none' });
});

test('picks by the numbers given, by a key, or by its own', (t) => {
  const engine = engineOf(t);
  engine.load(`
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: split}
spec:
  hosts: [split]
  http:
    - match: [{method: {exact: POST}, uri: {prefix: /größe}}]
      route:
        - {destination: {host: a}, weight: 75}
        - {destination: {host: b, port: {number: 81}}, weight: 25}
`);
  const request = { host: 'split', method: 'POST', path: '/größe/日本' };
  const host = (more) => engine.route({ ...request, ...more }).destination.host;
  assert.equal(host({ rolls: [0.7499] }), 'a');
  assert.equal(host({ rolls: [0.75] }), 'b');
  assert.equal(engine.route({ ...request, rolls: [0.9] }).destination.port, 81);
  const key = host({ hash: 'user-7' });
  const own = new Set();
  for (let n = 0; n < 1000; n += 1) {
    assert.equal(host({ hash: 'user-7' }), key);
    own.add(host({}));
  }
  assert.deepEqual([...own].sort(), ['a', 'b']);
  assert.deepEqual(engine.route({ ...request, method: 'GET' }), { kind: 'none' });
});

test('a request larger than the block is packed whole', (t) => {
  const engine = engineOf(t);
  engine.load(ROUTER);
  const headers = { large: 'ü'.repeat(100_000), tag: 'v2', source: 'x' };
  const routing = engine.route({ host: 'service-provider', headers, source: { labels: { a: 'b' }, namespace: 'n' } });
  assert.equal(routing.destination?.subset, 'v2');
});

const SHOP = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
    - match: [{uri: {prefix: /old}}]
      redirect: {uri: /new, redirectCode: 308}
    - match: [{uri: {prefix: /closed}}]
      directResponse: {status: 503, body: {string: closed}}
    - match: [{uri: {prefix: /v1/}}]
      rewrite: {uri: /}
      fault:
        abort: {httpStatus: 418, percentage: {value: 50}}
        delay: {fixedDelay: 1500us, percentage: {value: 100}}
      mirror: {host: copy}
      route: [{destination: {host: shop}}]
    - timeout: 2500ms
      retries: {attempts: 5, perTryTimeout: 1s, retryOn: 5xx}
      headers: {request: {set: {x-a: b}, remove: [x-gone]}}
      corsPolicy: {allowOrigins: [{exact: 'https://example.com'}], maxAge: 24h}
      route: [{destination: {host: shop, subset: v1, port: {number: 81}}}]
`;

test('a routing says what is done on the way, as the document names it', (t) => {
  const engine = engineOf(t);
  assert.deepEqual(engine.load(SHOP).rejected, []);
  const routing = engine.route({ host: 'shop', path: '/' });
  assert.deepEqual(routing, {
    kind: 'to',
    route: undefined,
    headers: {
      request: { remove: ['x-gone'], set: { 'x-a': 'b' }, add: {} },
      response: { remove: [], set: {}, add: {} },
    },
    corsPolicy: {
      allowOrigins: [{ exact: 'https://example.com' }],
      allowMethods: [],
      allowHeaders: [],
      exposeHeaders: [],
      maxAgeMs: 86_400_000,
      allowCredentials: undefined,
      unmatchedPreflights: undefined,
    },
    destination: { host: 'shop', subset: 'v1', port: 81 },
    fallback: false,
    timeoutMs: 2500,
    retries: {
      attempts: 5,
      perTryTimeoutMs: 1000,
      retryOn: '5xx',
      retryRemoteLocalities: undefined,
      retryIgnorePreviousHosts: undefined,
      backoffMs: undefined,
    },
    rewrite: undefined,
    fault: undefined,
    mirror: [],
  });
  assert.equal(engine.route({ host: 'shop', path: '/again' }), routing, 'the same every time');
  assert.throws(() => {
    routing.destination.host = 'other';
  }, TypeError);
});

test('what differs from request to request is worked out for each', (t) => {
  const engine = engineOf(t);
  engine.load(SHOP);
  const route = (path, rolls) => engine.route({ host: 'shop', path, rolls });
  assert.deepEqual(route('/old?a=b').redirect, {
    uri: '/new',
    authority: 'shop',
    scheme: 'http',
    port: undefined,
    redirectCode: 308,
  });
  assert.deepEqual([route('/old').kind, route('/closed').kind], ['redirect', 'response']);
  assert.deepEqual(route('/closed').directResponse, { status: 503, body: 'closed' });
  const delay = { fixedDelayMs: 1.5, percentage: 100 };
  const { rewrite, fault, mirror } = route('/v1/items?a=b', [0.4]);
  assert.deepEqual(rewrite, { uri: '/items', authority: undefined });
  assert.deepEqual(fault, { abort: { httpStatus: 418, percentage: 50 }, delay });
  assert.deepEqual(mirror, [{ destination: { host: 'copy', subset: undefined, port: undefined }, percentage: 100 }]);
  assert.deepEqual(route('/v1/items', [0.5]).fault, { abort: undefined, delay });
  assert.equal(route('/v1/users').rewrite.uri, '/users');
  const own = new Set(Array.from({ length: 1000 }, () => route('/v1/items').fault.abort?.httpStatus));
  assert.deepEqual([...own].sort(), [418, undefined]);
});

const CONNECTIONS = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: connections}
spec:
  hosts: [db, '*.example.com']
  tls:
    - match: [{sniHosts: ['*.example.com'], port: 443}]
      route:
        - {destination: {host: web, subset: v1}, weight: 75}
        - {destination: {host: web, subset: v2}, weight: 25}
  tcp:
    - match: [{destinationSubnets: [10.1.0.0/16]}]
      route: [{destination: {host: near, fallback: {host: spare}}}]
    - match: [{sourceSubnet: 192.168.0.0/24}, {sourceLabels: {app: report}}, {gateways: [edge]}]
      route: [{destination: {host: replica}}]
    - match: [{port: 5432}]
      route: [{destination: {host: far, port: {number: 5433}}}]
`;

test('a connection goes by its name, port, addresses and caller', (t) => {
  const engine = engineOf(t);
  assert.deepEqual(engine.load(CONNECTIONS).rejected, []);
  const to = (more) => engine.connect({ host: 'db', ...more }).destination;
  const host = (name, port) => ({ host: name, subset: undefined, port });
  assert.deepEqual(to({ address: '10.1.2.3' }), host('near'));
  assert.deepEqual(to({ client: '192.168.0.7' }), host('replica'));
  assert.deepEqual(to({ source: { labels: { app: 'report' } } }), host('replica'));
  assert.deepEqual(to({ source: { gateway: 'edge' } }), host('replica'));
  assert.deepEqual(to({ port: 5432 }), host('far', 5433));
  assert.deepEqual(engine.connect({ host: 'db', port: 1 }), { kind: 'none' });
  assert.deepEqual(engine.connect({ host: 'elsewhere' }), { kind: 'none' });
  const name = { host: 'shop.example.com', sni: 'shop.example.com', port: 443 };
  const subset = (more) => engine.connect({ ...name, ...more }).destination.subset;
  assert.deepEqual([subset({ rolls: [0.7499] }), subset({ rolls: [0.75] })], ['v1', 'v2']);
  const key = subset({ hash: 'user-7' });
  const own = new Set();
  for (let n = 0; n < 1000; n += 1) {
    assert.equal(subset({ hash: 'user-7' }), key);
    own.add(subset({}));
  }
  assert.deepEqual([...own].sort(), ['v1', 'v2']);
});

test('a connection falls back, and is told what was empty', (t) => {
  const engine = engineOf(t);
  engine.load(CONNECTIONS);
  engine.setInstances('near', []);
  const { kind, destination, fallback } = engine.connect({ host: 'db', address: '10.1.2.3' });
  assert.deepEqual([kind, destination.host, fallback], ['to', 'spare', true]);
  engine.setInstances('spare', []);
  assert.deepEqual(engine.connect({ host: 'db', address: '10.1.2.3' }), {
    kind: 'empty',
    host: 'spare',
    subset: undefined,
  });
});
