// A small HTTP service that is governed by rule files, or by a control plane: RULES
// names the folder of the files, SERGO_CONTROL_PLANE where a control plane listens
// (host:port), PORT where to listen (0 is any free port).
import { createServer } from 'node:http';
import { controlPlane, Engine, file } from 'sergo';
import { govern } from 'sergo/http';

const engine = new Engine({ app: 'foo-app' });
const { RULES = 'examples/rules', SERGO_CONTROL_PLANE } = process.env;
const subscription = engine.subscribe(SERGO_CONTROL_PLANE ? controlPlane(SERGO_CONTROL_PLANE) : file(RULES), {
  onReport: ({ rejected }) => {
    for (const { message } of rejected) console.error(message);
  },
  onError: ({ message }) => console.error(message),
});
await subscription.ready;
discover(true);

/** What discovery would tell: one instance of each version. */
function discover(healthyV2) {
  engine.setInstances('service-provider', [
    { id: 'a', labels: { version: 'v1' } },
    { id: 'b', labels: { version: 'v2' }, healthy: healthyV2 },
  ]);
}

const pages = {
  'GET /foo': govern(engine, (_request, response) => response.end('hello from node')),
  'GET /route': (request, response, query) => {
    const host = query.get('host') ?? 'service-provider';
    const routing = engine.route({ host, method: 'GET', path: request.url, headers: request.headersDistinct });
    const found = routing.kind === 'to' ? routing : { destination: {}, fallback: false };
    response.end(`subset=${found.destination.subset ?? 'none'} fallback=${found.fallback}`);
  },
  'GET /version': (_request, response) => response.end(String(engine.version)),
  'POST /instances': (_request, response, query) => {
    discover(query.get('healthy_v2') !== 'false');
    response.end();
  },
};

const server = createServer((request, response) => {
  const [path, query] = request.url.split('?', 2);
  const page = pages[`${request.method} ${path}`];
  if (page) {
    page(request, response, new URLSearchParams(query));
  } else {
    response.writeHead(404).end();
  }
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => engine.close());
    server.closeIdleConnections();
  });
}
