// A server for tests, and a way to ask it.
import { once } from 'node:events';
import { createServer, request } from 'node:http';

/** Serves `handler` on a free port of the loopback until the test is over; the answer asks it. */
export async function serve(t, handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const { port } = server.address();
  const start = (path, method, headers) => request({ port, host: '127.0.0.1', path, method, headers, agent: false });
  const ask = async (path, method = 'GET', headers = {}) => {
    const [response] = await once(start(path, method, headers).end(), 'response');
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk;
    }
    return { status: response.statusCode, headers: response.headers, body };
  };
  return { ask, start, server, address: `127.0.0.1:${port}` };
}
