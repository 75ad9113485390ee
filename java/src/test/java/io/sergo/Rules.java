package io.sergo;

/** Rule documents for tests. */
public final class Rules {
    private Rules() {}

    /** A limit on a target, in a window, with the specification's own fallback. */
    public static String limit(String target, int threshold, int seconds) {
        return """
        apiVersion: fault-tolerance.opensergo.io/v1alpha1
        kind: RateLimitStrategy
        metadata: {name: rate-limit-foo}
        spec: {metricType: RequestAmount, limitMode: Local, threshold: %d, statDuration: "%ds"}
        ---
        apiVersion: fault-tolerance.opensergo.io/v1alpha1
        kind: HttpRequestFallbackAction
        metadata: {name: fallback-foo}
        spec:
          behavior: ReturnProvidedResponse
          behaviorDesc:
            responseStatusCode: 429
            responseContentBody: "Blocked by Sentinel"
            responseAdditionalHeaders: [{key: X-Sentinel-Limit, value: foo}]
        ---
        apiVersion: fault-tolerance.opensergo.io/v1alpha1
        kind: FaultToleranceRule
        metadata: {name: my-rule}
        spec:
          selector: {app: foo-app}
          targets: [{targetResourceName: "%s"}]
          strategies: [{name: rate-limit-foo, kind: RateLimitStrategy}]
          fallbackAction: fallback-foo
        """
                .formatted(threshold, seconds, target);
    }

    /** A queue on a target: entries some way apart, waiting at most a while. */
    static String throttle(String target, String interval, String queue) {
        return """
        apiVersion: fault-tolerance.opensergo.io/v1alpha1
        kind: ThrottlingStrategy
        metadata: {name: throttle-foo}
        spec: {minIntervalOfRequests: "%s", queueTimeout: "%s"}
        ---
        apiVersion: fault-tolerance.opensergo.io/v1alpha1
        kind: FaultToleranceRule
        metadata: {name: queue}
        spec:
          targets: [{targetResourceName: "%s"}]
          strategies: [{name: throttle-foo, kind: ThrottlingStrategy}]
        """
                .formatted(interval, queue, target);
    }

    /** At most so many at once on a target. */
    static String concurrency(String target, int most) {
        return """
        apiVersion: fault-tolerance.opensergo.io/v1alpha1
        kind: ConcurrencyLimitStrategy
        metadata: {name: at-once}
        spec: {maxConcurrency: %d, limitMode: Local}
        ---
        apiVersion: fault-tolerance.opensergo.io/v1alpha1
        kind: FaultToleranceRule
        metadata: {name: at-once}
        spec:
          targets: [{targetResourceName: "%s"}]
          strategies: [{name: at-once, kind: ConcurrencyLimitStrategy}]
        """
                .formatted(most, target);
    }

    /** Opens at two errors of two, for five seconds. */
    public static final String BREAKER =
            """
            apiVersion: fault-tolerance.opensergo.io/v1alpha1
            kind: CircuitBreakerStrategy
            metadata: {name: breaker}
            spec:
              strategy: ErrorRequestRatio
              triggerRatio: 60%
              statDuration: 10s
              recoveryTimeout: 5s
              minRequestAmount: 2
            ---
            apiVersion: fault-tolerance.opensergo.io/v1alpha1
            kind: FaultToleranceRule
            metadata: {name: breaker}
            spec:
              targets: [{targetResourceName: "/foo"}]
              strategies: [{name: breaker, kind: CircuitBreakerStrategy}]
            """;

    /** Blocks all that comes in from 80 % of CPU on. */
    public static final String OVERLOAD =
            """
            apiVersion: fault-tolerance.opensergo.io/v1alpha1
            kind: AdaptiveOverloadProtectionStrategy
            metadata: {name: overload}
            spec: {metricType: CpuPercentage, triggerThreshold: 80%, adaptiveStrategy: NONE}
            ---
            apiVersion: fault-tolerance.opensergo.io/v1alpha1
            kind: FaultToleranceRule
            metadata: {name: overload}
            spec:
              targets: [{targetResourceName: "/foo"}]
              strategies: [{name: overload, kind: AdaptiveOverloadProtectionStrategy}]
            """;

    /** Requests that bear {@code tag: v2} to v2, else to v1; v1 stands in for v2. */
    public static final String ROUTER =
            """
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
                        port: {number: 8080}
                        fallback: {host: service-provider, subset: v1}
                - route:
                    - destination: {host: service-provider, subset: v1}
            """;

    /** Requests that bear {@code tag: gray} are of the lane gray. */
    public static final String LANE =
            """
            apiVersion: traffic.opensergo.io/v1alpha1
            kind: TrafficLane
            metadata: {name: gray}
            spec:
              selector: {app: foo-app}
              rules:
                traffic: {http: {headers: {tag: {exact: gray}}}}
                lane: {name: gray}
            """;
}
