// The strategies beside the rate limit, as C sees them.

#include "check.h"

#include <math.h>

#define MILLIS 1000000ull
#define SECONDS 1000000000ull

static sergo_decision enter_at(uint64_t engine, uint32_t flags, uint64_t now) {
    sergo_decision decision;
    CHECK_OK(sergo_enter_name(engine, SERGO_STR("foo"), 1, flags, now, &decision));
    return decision;
}

// Overload protection sheds inbound entries while the figures say so.
static void test_overload(void) {
    const char *rules =
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
        "kind: AdaptiveOverloadProtectionStrategy\n"
        "metadata: {name: spare-me}\n"
        "spec: {metricType: CpuPercentage, triggerThreshold: 80%, adaptiveStrategy: NONE}\n"
        "---\n"
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
        "kind: FaultToleranceRule\n"
        "metadata: {name: guard-all}\n"
        "spec: {targets: [{targetResourceName: /any}], strategies: [{name: spare-me}]}\n";
    uint64_t engine = engine_with(NULL);
    bool needs = true;
    CHECK_OK(sergo_needs_system_load(engine, &needs));
    CHECK(!needs);
    apply(engine, rules);
    CHECK_OK(sergo_needs_system_load(engine, &needs));
    CHECK(needs);

    CHECK_OK(sergo_set_system_load(engine, 0.79, 50, 0.99, 0));
    CHECK(enter_at(engine, SERGO_INBOUND, 0).outcome == SERGO_PASS);
    CHECK_OK(sergo_set_system_load(engine, 0.80, 50, 0.99, 0));
    sergo_decision decision = enter_at(engine, SERGO_INBOUND, 0);
    CHECK(decision.outcome == SERGO_BLOCK && decision.blocked_by == SERGO_ADAPTIVE_OVERLOAD_PROTECTION);
    CHECK(decision.retry_after_nanos == SERGO_UNKNOWN);
    CHECK(enter_at(engine, SERGO_OUTBOUND, 0).outcome == SERGO_PASS);
    CHECK_OK(sergo_set_system_load(engine, (double)NAN, 50, 0.99, 0));
    CHECK(enter_at(engine, SERGO_INBOUND, 0).outcome == SERGO_PASS);
    CHECK_OK(sergo_close(engine));
}

// In flight until it exits, and not twice given back.
static void test_concurrency(void) {
    const char *rules =
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
        "kind: ConcurrencyLimitStrategy\n"
        "metadata: {name: one-at-a-time}\n"
        "spec: {maxConcurrency: 1, limitMode: Local}\n"
        "---\n"
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
        "kind: FaultToleranceRule\n"
        "metadata: {name: guard-foo}\n"
        "spec: {targets: [{targetResourceName: foo}], strategies: [{name: one-at-a-time}]}\n";
    uint64_t engine = engine_with(rules);
    sergo_decision first = enter_at(engine, SERGO_INBOUND, 0);
    CHECK(first.outcome == SERGO_PASS);
    CHECK(enter_at(engine, SERGO_INBOUND, 0).blocked_by == SERGO_CONCURRENCY_LIMIT);
    CHECK_OK(sergo_exit(engine, &first.permit, SERGO_SUCCEEDED, 0));
    sergo_decision second = enter_at(engine, SERGO_INBOUND, 0);
    CHECK(second.outcome == SERGO_PASS);
    CHECK_OK(sergo_exit(engine, &first.permit, SERGO_SUCCEEDED, 0));
    CHECK(enter_at(engine, SERGO_INBOUND, 0).outcome == SERGO_BLOCK);
    CHECK_OK(sergo_close(engine));
}

// A breaker opens, blocks, probes and closes.
static void test_breaker(void) {
    const char *rules =
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
        "kind: CircuitBreakerStrategy\n"
        "metadata: {name: cut}\n"
        "spec:\n"
        "  strategy: ErrorRequestRatio\n"
        "  triggerRatio: 50%\n"
        "  statDuration: 1s\n"
        "  recoveryTimeout: 5s\n"
        "  minRequestAmount: 2\n"
        "---\n"
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
        "kind: FaultToleranceRule\n"
        "metadata: {name: guard-foo}\n"
        "spec: {targets: [{targetResourceName: foo}], strategies: [{name: cut}]}\n";
    uint64_t engine = engine_with(rules);
    sergo_str foo = SERGO_STR("foo"), cut = SERGO_STR("cut");
    uint32_t state;
    for (int i = 0; i < 2; i++) {
        CHECK_OK(sergo_breaker_state(engine, foo, cut, &state));
        CHECK(state == SERGO_BREAKER_CLOSED);
        sergo_decision decision = enter_at(engine, SERGO_OUTBOUND, 0);
        CHECK(decision.outcome == SERGO_PASS);
        CHECK_OK(sergo_exit(engine, &decision.permit, SERGO_FAILED, 0));
    }
    CHECK_OK(sergo_breaker_state(engine, foo, cut, &state));
    CHECK(state == SERGO_BREAKER_OPEN);
    sergo_decision blocked = enter_at(engine, SERGO_OUTBOUND, 1 * SECONDS);
    CHECK(blocked.blocked_by == SERGO_CIRCUIT_BREAKER && blocked.retry_after_nanos == 4 * SECONDS);
    sergo_decision probe = enter_at(engine, SERGO_OUTBOUND, 5 * SECONDS);
    CHECK(probe.outcome == SERGO_PASS);
    CHECK_OK(sergo_breaker_state(engine, foo, cut, &state));
    CHECK(state == SERGO_BREAKER_HALF_OPEN);
    // A probe that is cancelled decides nothing: the next entry may probe at once.
    CHECK(enter_at(engine, SERGO_OUTBOUND, 5 * SECONDS).outcome == SERGO_BLOCK);
    CHECK_OK(sergo_exit(engine, &probe.permit, SERGO_CANCELLED, 5 * SECONDS));
    CHECK_OK(sergo_breaker_state(engine, foo, cut, &state));
    CHECK(state == SERGO_BREAKER_HALF_OPEN);
    probe = enter_at(engine, SERGO_OUTBOUND, 5 * SECONDS);
    CHECK(probe.outcome == SERGO_PASS);
    CHECK_OK(sergo_exit(engine, &probe.permit, SERGO_SUCCEEDED, 5 * SECONDS));
    CHECK_OK(sergo_breaker_state(engine, foo, cut, &state));
    CHECK(state == SERGO_BREAKER_CLOSED);

    sergo_text text;
    CHECK_OK(sergo_drain_events(engine, &text));
    CHECK(strstr(text.data, "\"to\":\"half-open\"") != NULL);
    sergo_text_free(&text);
    CHECK_OK(sergo_close(engine));
}

// A wait is a pass that is to be slept.
static void test_wait(void) {
    const char *rules =
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
        "kind: ThrottlingStrategy\n"
        "metadata: {name: pace}\n"
        "spec: {minIntervalOfRequests: 20ms, queueTimeout: 30ms}\n"
        "---\n"
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
        "kind: FaultToleranceRule\n"
        "metadata: {name: guard-foo}\n"
        "spec: {targets: [{targetResourceName: foo}], strategies: [{name: pace}]}\n";
    uint64_t engine = engine_with(rules);
    CHECK(enter_at(engine, SERGO_INBOUND, 0).outcome == SERGO_PASS);
    sergo_decision waits = enter_at(engine, SERGO_INBOUND, 0), blocked = enter_at(engine, SERGO_INBOUND, 0);
    CHECK(waits.outcome == SERGO_WAIT && waits.wait_nanos == 20 * MILLIS);
    CHECK(blocked.blocked_by == SERGO_THROTTLING && blocked.retry_after_nanos == 10 * MILLIS);
    CHECK_OK(sergo_exit(engine, &waits.permit, SERGO_SUCCEEDED, 25 * MILLIS));
    CHECK_OK(sergo_close(engine));
}

void test_gates(void) {
    test_overload();
    test_concurrency();
    test_breaker();
    test_wait();
}
