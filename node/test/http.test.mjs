import assert from 'node:assert/strict';
import { test } from 'node:test';
import expressApp, { Router } from 'express';
import { Engine } from 'sergo';
import { express, govern } from 'sergo/http';
import { action, limit, until } from './rules.mjs';
import { serve } from './serve.mjs';

/** An engine on a clock that stands still, closed when the test is over. */
function engineWith(t, rules) {
  const engine = new Engine({ app: 'foo-app', clock: () => 0n });
  t.after(() => engine.close());
  const report = engine.load(rules);
  assert.deepEqual(report.rejected, []);
  return engine;
}

const figures = (engine) => engine.figures().resources[0];

test('a block is answered exactly as the action says', async (t) => {
  const headers = { 'X-Sentinel-Limit': 'foo', 'Content-Type': 'text/x-sorry' };
  const engine = engineWith(t, action({ status: 503, body: 'später', headers }) + limit({ fallback: 'sorry' }));
  let served = 0;
  const handler = (_request, response) => {
    served += 1;
    response.end('hello');
  };
  const { ask } = await serve(t, govern(engine, handler));
  assert.deepEqual((await ask('/foo?a=b')).body, 'hello');
  const blocked = await ask('/foo');
  assert.equal(blocked.status, 503);
  assert.equal(blocked.body, 'später');
  assert.equal(blocked.headers['x-sentinel-limit'], 'foo');
  assert.equal(blocked.headers['content-type'], 'text/x-sorry');
  assert.equal(blocked.headers['retry-after'], '1');
  assert.equal((await ask('/other')).body, 'hello');
  assert.equal(served, 2);
});

test('a block without action is 429 and empty', async (t) => {
  const engine = engineWith(t, limit({ threshold: 0 }));
  const { ask } = await serve(
    t,
    govern(engine, () => assert.fail('blocked')),
  );
  const blocked = await ask('/foo', 'POST');
  assert.equal(blocked.status, 429);
  assert.equal(blocked.body, '');
  assert.equal(blocked.headers['retry-after'], undefined, 'it will never pass');
});

test('the action may say when to come again, and no header of its own breaks the response', async (t) => {
  const headers = { 'retry-after': '7', 'Content-Length': '9999', 'Transfer-Encoding': 'chunked' };
  const engine = engineWith(t, action({ headers }) + limit({ fallback: 'sorry' }));
  const { ask } = await serve(
    t,
    govern(engine, (_request, response) => response.end()),
  );
  await ask('/foo');
  const blocked = await ask('/foo');
  assert.equal(blocked.headers['retry-after'], '7');
  assert.equal(blocked.body, 'Blocked by Sentinel');
});

test('a 5xx is an error, and so is what a handler throws', async (t) => {
  const engine = engineWith(t, limit({ threshold: 100 }));
  const failures = [];
  const handler = (request, response) => {
    if (request.url === '/foo?throw') {
      throw new Error('thrown');
    }
    if (request.url === '/foo?reject') {
      return Promise.reject(new Error('rejected'));
    }
    response.writeHead(Number(request.url.split('?')[1])).end();
    return undefined;
  };
  const governed = govern(engine, handler);
  const { ask } = await serve(t, async (request, response) => {
    try {
      // The adapter answers nothing, but what the handler's promise fails with is left unhandled as before.
      process.once('unhandledRejection', onRejection);
      governed(request, response);
    } catch (error) {
      failures.push(error.message);
      response.writeHead(500).end();
    }
    function onRejection(error) {
      failures.push(error.message);
      response.writeHead(500).end();
    }
    response.on('close', () => process.off('unhandledRejection', onRejection));
  });
  const expected = { '/foo?200': 0, '/foo?404': 0, '/foo?499': 0, '/foo?500': 1, '/foo?503': 2, '/foo?throw': 3 };
  for (const [path, errors] of Object.entries(expected)) {
    await ask(path);
    await until(() => figures(engine).inFlight === 0);
    assert.equal(figures(engine).errors, errors, path);
  }
  assert.deepEqual(failures, ['thrown']);
  assert.equal(figures(engine).completed, 6);
});

test('a client that leaves gives its permit back', async (t) => {
  const engine = engineWith(t, limit({ threshold: 100 }));
  let arrived = 0;
  const { start } = await serve(
    t,
    govern(engine, () => {
      arrived += 1;
    }),
  );
  const client = start('/foo');
  client.on('error', () => {});
  client.end();
  await until(() => arrived === 1);
  assert.equal(figures(engine).inFlight, 1);
  client.destroy();
  await until(() => figures(engine).inFlight === 0);
  assert.deepEqual([figures(engine).completed, figures(engine).errors], [1, 0]);
});

test('when sergo itself fails, the request is served and the failure told', async (t) => {
  const engine = engineWith(t, limit({ threshold: 0 }));
  const errors = [];
  const onError = (error) => errors.push(error.code ?? error.message);
  const { ask } = await serve(
    t,
    govern(engine, (_request, response) => response.end('served'), { onError }),
  );
  assert.equal((await ask('/foo')).status, 429);
  engine.close();
  assert.equal((await ask('/foo')).body, 'served');
  assert.deepEqual(errors, ['closed']);
  const resource = () => {
    throw new Error('no name');
  };
  const other = await serve(
    t,
    govern(engine, (_request, response) => response.end('served'), { onError, resource }),
  );
  assert.equal((await other.ask('/foo')).body, 'served');
  assert.deepEqual(errors, ['closed', 'no name']);
});

test('an engine that closes while a request runs leaves it alone', async (t) => {
  const engine = engineWith(t, limit({ threshold: 100 }));
  const { ask } = await serve(
    t,
    govern(engine, (_request, response) => {
      engine.close();
      response.end('served');
    }),
  );
  assert.equal((await ask('/foo')).body, 'served');
});

test('the resource is what the option says, and undefined is ungoverned', async (t) => {
  const engine = engineWith(t, limit({ target: 'GET:/users/:id' }));
  const resource = ({ method, url }) => (url.startsWith('/users/') ? `${method}:/users/:id` : undefined);
  const { ask } = await serve(
    t,
    govern(engine, (_request, response) => response.end(), { resource }),
  );
  assert.equal((await ask('/users/1')).status, 200);
  assert.equal((await ask('/users/2')).status, 429);
  assert.equal((await ask('/users/2', 'PUT')).status, 200);
  assert.equal((await ask('/health')).status, 200);
});

test('Express routes enter by their template', async (t) => {
  const targets = ['GET:/users/:id', 'POST:/api/items', '/api', 'GET:/free/7'];
  const engine = engineWith(t, targets.map((target, n) => limit({ target, name: `limit-${n}` })).join(''));
  const app = expressApp();
  const answer = (_request, response) => response.send('hello');
  app.get('/users/:id', express(engine), answer);
  const api = Router();
  api.post('/items', express(engine), answer);
  api.get('/', express(engine), answer);
  app.use('/api', api);
  app.use('/free', express(engine), answer);
  const { ask } = await serve(t, app);
  for (const [first, second, method] of [
    ['/users/1', '/users/2?q=1', 'GET'],
    ['/api/items', '/api/items', 'POST'],
    ['/api', '/api/', 'GET'],
    ['/free/7', '/free/7?q=1', 'GET'],
  ]) {
    assert.equal((await ask(first, method)).body, 'hello', first);
    const blocked = await ask(second, method);
    assert.deepEqual([blocked.status, blocked.body], [429, ''], second);
  }
  assert.equal((await ask('/free/8')).body, 'hello');
});

test('Express errors count as errors', async (t) => {
  const engine = engineWith(t, limit({ threshold: 100 }));
  const app = expressApp().set('env', 'test');
  app.get('/foo', express(engine), () => {
    throw new Error('thrown');
  });
  const { ask } = await serve(t, app);
  assert.equal((await ask('/foo')).status, 500);
  await until(() => figures(engine).inFlight === 0);
  assert.equal(figures(engine).errors, 1);
});
