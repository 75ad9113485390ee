// Rules that the tests load, and ways to await what happens by itself.
import { setTimeout as sleep } from 'node:timers/promises';

export const SECOND = 1_000_000_000n;

/** A rule that lets `threshold` entries of `target` through in a second, or another duration. */
export function limit({ target = '/foo', threshold = 1, duration = '1s', name = 'limit', fallback = '' } = {}) {
  return `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: ${name}}
spec: {metricType: RequestAmount, limitMode: Local, threshold: ${threshold}, statDuration: ${duration}}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: rule-of-${name}}
spec:
  targets: [{targetResourceName: "${target}"}]
  strategies: [{name: ${name}, kind: RateLimitStrategy}]
${fallback && `  fallbackAction: ${fallback}`}
---
`;
}

/** A fallback action, by its name. */
export function action({ name = 'sorry', status = 429, body = 'Blocked by Sentinel', headers = {} } = {}) {
  return `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: HttpRequestFallbackAction
metadata: {name: ${name}}
spec:
  behavior: ReturnProvidedResponse
  behaviorDesc:
    responseStatusCode: ${status}
    responseContentBody: ${JSON.stringify(body)}
    responseAdditionalHeaders: ${JSON.stringify(Object.entries(headers).map(([key, value]) => ({ key, value })))}
---
`;
}

/** A router that sends `tag: v2` to v2, with fallback to v1, and all else to v1. */
export const ROUTER = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: service-provider}
spec:
  hosts: [service-provider]
  http:
    - name: testers
      match: [{headers: {tag: {exact: v2}}}]
      route:
        - destination:
            host: service-provider
            subset: v2
            fallback: {host: service-provider, subset: v1}
    - name: everyone
      route: [{destination: {host: service-provider, subset: v1}}]
---
`;

/** Resolves when `holds` does; a test that never comes to it is ended by its runner. */
export async function until(holds) {
  while (!(await holds())) {
    await sleep(5);
  }
}

/** A strategy, and a rule that names it for `target`. */
export function strategy(kind, spec, { target = '/foo', name = 'strategy' } = {}) {
  return `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ${kind}
metadata: {name: ${name}}
spec: ${JSON.stringify(spec)}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: rule-of-${name}}
spec:
  targets: [{targetResourceName: "${target}"}]
  strategies: [{name: ${name}, kind: ${kind}}]
---
`;
}

/** A rule that lets entries of `target` through `interval` apart, however long they wait. */
export function throttle({ target, interval = '1h' } = {}) {
  const spec = { minIntervalOfRequests: interval, queueTimeout: '365d' };
  return strategy('ThrottlingStrategy', spec, { target, name: 'throttle' });
}

/** A rule that lets `most` entries be in flight. */
export function concurrency({ target, most = 1 } = {}) {
  const spec = { maxConcurrency: most, limitMode: 'Local' };
  return strategy('ConcurrencyLimitStrategy', spec, { target, name: 'concurrency' });
}

/** A breaker that one error opens for a second. */
export function breaker({ target } = {}) {
  const spec = {
    strategy: 'ErrorRequestRatio',
    triggerRatio: '50%',
    statDuration: '1s',
    recoveryTimeout: '1s',
    minRequestAmount: 1,
  };
  return strategy('CircuitBreakerStrategy', spec, { target, name: 'breaker' });
}

/** A protection that blocks while a figure of the system is at `threshold` or more. */
export function overload({ metric = 'MemoryPercentage', threshold = 0.75 } = {}) {
  const spec = { metricType: metric, triggerThreshold: threshold, adaptiveStrategy: 'NONE' };
  return strategy('AdaptiveOverloadProtectionStrategy', spec, { name: 'overload' });
}

/** Takes the place of the intervals until the test is over: what runs, and a way to let each of them run once. */
export function intervals(t) {
  const running = new Map();
  t.mock.method(globalThis, 'setInterval', (call, period) => {
    const timer = { unref: () => timer };
    running.set(timer, { call, period });
    return timer;
  });
  t.mock.method(globalThis, 'clearInterval', (timer) => running.delete(timer));
  return {
    periods: () => [...running.values()].map(({ period }) => period),
    tick: () => [...running.values()].forEach(({ call }) => void call()),
  };
}

/** Instances v1, v1, v2, named a, b, c. */
export const INSTANCES = [
  { id: 'a', labels: { version: 'v1' } },
  { id: 'b', labels: { version: 'v1' } },
  { id: 'c', labels: { version: 'v2' } },
];

/** What is done with the instances of a host. */
export function workload({ host = 'service-provider', policy = {}, subsets } = {}) {
  return `
apiVersion: traffic.opensergo.io/v1alpha1
kind: VirtualWorkload
metadata: {name: workload-of-${host}}
spec: ${JSON.stringify({ host, trafficPolicy: policy, subsets })}
---
`;
}

/** A lane for what comes in under `path`. */
export function lane({ name = 'gray', path = '/gray', key } = {}) {
  const http = { uri: { prefix: path } };
  const rules = { traffic: { http }, lane: { name }, ...(key && { traceIdBaggage: key }) };
  return `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: lane-${name}}
spec: ${JSON.stringify({ rules })}
---
`;
}
