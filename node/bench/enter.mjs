// What an entry, its exit and a route cost, in nanoseconds per operation: `make node-bench`.
import { readFileSync } from 'node:fs';
import { bench, do_not_optimize, run } from 'mitata';
import { Engine } from 'sergo';

const engine = new Engine({ app: 'demo-app' });
engine.load(readFileSync(new URL('../../benches/rules/limit.yaml', import.meta.url), 'utf8'));

function enterAndExit(resource) {
  const decision = engine.tryEnter(resource);
  if (decision.kind === 'pass') {
    decision.entry.exit();
  }
  return decision;
}

bench('limited enter + exit', () => do_not_optimize(enterAndExit('GET:/foo')));
bench('ungoverned enter + exit', () => do_not_optimize(enterAndExit('GET:/elsewhere')));
bench('blocked enter', () => do_not_optimize(enterAndExit('GET:/closed')));
bench('limited run, awaited', async () => do_not_optimize(await engine.run('GET:/foo', () => 1)));

const headers = { accept: '*/*', 'user-agent': 'bench', 'x-request-id': '7', 'x-a': '1', 'x-b': '2', tag: 'v2' };
bench('route, six headers', () => do_not_optimize(engine.route({ host: 'service-provider', path: '/foo', headers })));

const instances = (...versions) => versions.map((version, n) => ({ id: `10.0.0.${n}:80`, labels: { version } }));
engine.setInstances('service-provider', instances('v1', 'v1', 'v2', 'v2'));
bench('pick + report, six headers', () => {
  const pick = engine.pick({ host: 'service-provider', path: '/foo', headers });
  pick.report('success');
  return do_not_optimize(pick);
});

await run({ colors: process.stdout.isTTY === true });
engine.close();
