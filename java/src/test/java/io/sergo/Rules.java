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
            responseAdditionalHeaders: [{name: X-Sentinel-Limit, value: foo}]
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
}
