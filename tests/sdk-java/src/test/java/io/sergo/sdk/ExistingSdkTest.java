package io.sergo.sdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.route.v3.ClusterSpecifierPlugin;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RedirectAction.RedirectResponseCode;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster.ClusterWeight;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.v3.FractionalPercent.DenominatorType;
import io.opensergo.ConfigKind;
import io.opensergo.OpenSergoClient;
import io.opensergo.proto.common.v1.TimeUnit;
import io.opensergo.proto.fault_tolerance.v1.CircuitBreakerStrategy;
import io.opensergo.proto.fault_tolerance.v1.ConcurrencyLimitStrategy;
import io.opensergo.proto.fault_tolerance.v1.FaultToleranceRule;
import io.opensergo.proto.fault_tolerance.v1.RateLimitStrategy;
import io.opensergo.proto.fault_tolerance.v1.ThrottlingStrategy;
import io.opensergo.proto.router.v1.ClusterFallbackConfig_ClusterConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the released SDK receives from our control plane. Its streams live for ten seconds. */
final class ExistingSdkTest {
    private static final String FALLBACK = "envoy.router.cluster_specifier_plugin.cluster_fallback";

    @TempDir Path folder;
    private Serving serving;
    private OpenSergoClient client;

    @BeforeEach
    void connect() throws Exception {
        serving = new Serving(folder);
        client = new OpenSergoClient("127.0.0.1", serving.port);
        client.start();
    }

    @AfterEach
    void disconnect() throws Exception {
        client.close();
        serving.close();
    }

    private Subscribed subscribe(ConfigKind kind) {
        return new Subscribed(client, "demo", kind);
    }

    private static void hasNoUnknownFields(Message message) {
        assertTrue(message.getUnknownFields().asMap().isEmpty(), () -> "unknown in " + message);
        for (Object value : message.getAllFields().values()) {
            for (Object item : value instanceof List<?> list ? list : List.of(value)) {
                if (item instanceof Message inner) {
                    hasNoUnknownFields(inner);
                }
            }
        }
    }

    @Test
    void aRuleSaysItsTargetsStrategiesAndAction() throws Exception {
        FaultToleranceRule rule =
                subscribe(ConfigKind.FAULT_TOLERANCE_RULE).nextOne(FaultToleranceRule.class);
        hasNoUnknownFields(rule);
        assertEquals(
                List.of("/orders", "GET:/carts/{id}"),
                rule.getTargetsList().stream()
                        .map(target -> target.getTargetResourceName())
                        .toList());
        assertEquals(
                List.of("limit RateLimitStrategy", "breaker CircuitBreakerStrategy"),
                rule.getStrategiesList().stream()
                        .map(one -> one.getName() + " " + one.getKind())
                        .toList());
        assertEquals("sorry", rule.getAction().getName());
        assertEquals("HttpRequestFallbackAction", rule.getAction().getKind());
    }

    @Test
    void strategiesHaveTheirUnitsAndEnums() throws Exception {
        Subscribed limits = subscribe(ConfigKind.RATE_LIMIT_STRATEGY);
        Subscribed paces = subscribe(ConfigKind.THROTTLING_STRATEGY);
        Subscribed concurrency = subscribe(ConfigKind.CONCURRENCY_LIMIT_STRATEGY);
        Subscribed breakers = subscribe(ConfigKind.CIRCUIT_BREAKER_STRATEGY);

        RateLimitStrategy limit = limits.nextOne(RateLimitStrategy.class);
        assertEquals("limit", limit.getName());
        assertEquals(RateLimitStrategy.MetricType.TYPE_REQUEST_AMOUNT, limit.getMetricType());
        assertEquals("MODE_GLOBAL", limit.getLimitMode().name());
        assertEquals(10, limit.getThreshold());
        assertEquals(300, limit.getStatDuration());
        assertEquals(TimeUnit.SECOND, limit.getStatDurationTimeUnit());

        ThrottlingStrategy pace = paces.nextOne(ThrottlingStrategy.class);
        assertEquals(20, pace.getMinIntervalMillisOfRequests());
        assertEquals(1500, pace.getQueueTimeoutMillis());

        ConcurrencyLimitStrategy few = concurrency.nextOne(ConcurrencyLimitStrategy.class);
        assertEquals("MODE_LOCAL", few.getLimitMode().name());
        assertEquals(8, few.getMaxConcurrency());

        CircuitBreakerStrategy breaker = breakers.nextOne(CircuitBreakerStrategy.class);
        assertEquals(
                CircuitBreakerStrategy.Strategy.STRATEGY_SLOW_REQUEST_RATIO, breaker.getStrategy());
        assertEquals(0.6, breaker.getTriggerRatio());
        assertEquals(30, breaker.getStatDuration());
        assertEquals(TimeUnit.SECOND, breaker.getStatDurationTimeUnit());
        assertEquals(2500, breaker.getRecoveryTimeout());
        assertEquals(TimeUnit.MILLISECOND, breaker.getRecoveryTimeoutTimeUnit());
        assertEquals(5, breaker.getMinRequestAmount());
        assertEquals(500, breaker.getSlowCondition().getMaxAllowedRtMillis());
        assertFalse(breaker.hasErrorCondition());

        for (Message message : List.of(limit, pace, few, breaker)) {
            hasNoUnknownFields(message);
        }
    }

    private VirtualHost host() throws Exception {
        RouteConfiguration router =
                subscribe(ConfigKind.TRAFFIC_ROUTER_STRATEGY).nextOne(RouteConfiguration.class);
        hasNoUnknownFields(router);
        assertEquals("shop", router.getName());
        assertEquals(1, router.getVirtualHostsCount());
        return router.getVirtualHosts(0);
    }

    @Test
    void aRouterSaysWhatItAsksFor() throws Exception {
        VirtualHost host = host();
        assertEquals(
                List.of("shop.default.svc.cluster.local", "*.shop.com.default.svc.cluster.local"),
                host.getDomainsList());
        assertEquals(
                List.of("alternatives", "alternatives", "", "", ""),
                host.getRoutesList().stream().map(Route::getName).toList());

        Route first = host.getRoutes(0);
        assertEquals("/a", first.getMatch().getPath());
        assertEquals(":method", first.getMatch().getHeaders(0).getName());
        assertEquals("GET", exact(first.getMatch().getHeaders(0)));
        assertEquals("user", first.getMatch().getQueryParameters(0).getName());
        assertEquals(
                "[0-9]+",
                first.getMatch().getQueryParameters(0).getStringMatch().getSafeRegex().getRegex());

        Route second = host.getRoutes(1);
        assertEquals("/", second.getMatch().getPrefix());
        HeaderMatcher tag = second.getMatch().getHeaders(0);
        assertEquals("tag v2", tag.getName() + " " + prefix(tag));
        HeaderMatcher legacy = second.getMatch().getHeaders(1);
        assertEquals("legacy yes", legacy.getName() + " " + exact(legacy));
        assertTrue(legacy.getInvertMatch());
        assertEquals(first.getRoute(), second.getRoute());
    }

    /** The forms that the existing control plane sends, which Envoy has newer ones for. */
    @SuppressWarnings("deprecation")
    private static String exact(HeaderMatcher matcher) {
        return matcher.getExactMatch();
    }

    @SuppressWarnings("deprecation")
    private static String prefix(HeaderMatcher matcher) {
        return matcher.getPrefixMatch();
    }

    @Test
    void aRouterSaysWhereRequestsGo() throws Exception {
        VirtualHost host = host();
        List<ClusterWeight> clusters =
                host.getRoutes(0).getRoute().getWeightedClusters().getClustersList();
        assertEquals("outbound||v1|shop.default.svc.cluster.local", clusters.get(0).getName());
        assertEquals(90, clusters.get(0).getWeight().getValue());
        assertEquals("x-version", clusters.get(0).getRequestHeadersToAdd(0).getHeader().getKey());
        isFallback(clusters.get(0).getTypedPerFilterConfigOrThrow(FALLBACK));
        assertEquals("outbound|8080|v2|shop.default.svc.cluster.local", clusters.get(1).getName());
        assertEquals(10, clusters.get(1).getWeight().getValue());

        ClusterSpecifierPlugin plugin =
                host.getRoutes(4).getRoute().getInlineClusterSpecifierPlugin();
        assertEquals(FALLBACK, plugin.getExtension().getName());
        isFallback(plugin.getExtension().getTypedConfig());
    }

    private static void isFallback(Any config) throws Exception {
        ClusterFallbackConfig_ClusterConfig fallback =
                config.unpack(ClusterFallbackConfig_ClusterConfig.class);
        hasNoUnknownFields(fallback);
        assertEquals("outbound||v1|shop.default.svc.cluster.local", fallback.getRoutingCluster());
        assertEquals(
                "outbound||base|shop.default.svc.cluster.local", fallback.getFallbackCluster());
    }

    @Test
    void aRouterSaysWhatIsDoneOnTheWay() throws Exception {
        VirtualHost host = host();
        Route route = host.getRoutes(0);
        RouteAction action = route.getRoute();
        assertEquals(1_500, millis(action.getTimeout()));
        assertEquals(3, action.getRetryPolicy().getNumRetries().getValue());
        assertEquals(250, millis(action.getRetryPolicy().getPerTryTimeout()));
        assertEquals("5xx,retriable-status-codes", action.getRetryPolicy().getRetryOn());
        assertEquals(List.of(503), action.getRetryPolicy().getRetriableStatusCodesList());
        assertEquals("/v2 inner", action.getPrefixRewrite() + " " + action.getHostRewriteLiteral());
        assertEquals(
                "outbound|||copy.default.svc.cluster.local",
                action.getRequestMirrorPolicies(0).getCluster());
        assertEquals(
                125_000,
                action.getRequestMirrorPolicies(0)
                        .getRuntimeFraction()
                        .getDefaultValue()
                        .getNumerator());
        assertEquals(
                HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD,
                route.getResponseHeadersToAdd(0).getAppendAction());

        HTTPFault fault =
                route.getTypedPerFilterConfigOrThrow("envoy.filters.http.fault")
                        .unpack(HTTPFault.class);
        hasNoUnknownFields(fault);
        assertEquals(503, fault.getAbort().getHttpStatus());
        assertEquals(1_000, fault.getAbort().getPercentage().getNumerator());
        assertEquals(DenominatorType.MILLION, fault.getAbort().getPercentage().getDenominator());
        CorsPolicy cors =
                route.getTypedPerFilterConfigOrThrow("envoy.filters.http.cors")
                        .unpack(CorsPolicy.class);
        hasNoUnknownFields(cors);
        assertEquals("https://a", cors.getAllowOriginStringMatch(0).getExact());

        assertEquals("/new", host.getRoutes(2).getRedirect().getPathRedirect());
        assertEquals(
                RedirectResponseCode.PERMANENT_REDIRECT,
                host.getRoutes(2).getRedirect().getResponseCode());
        assertEquals(503, host.getRoutes(3).getDirectResponse().getStatus());
        assertEquals("later", host.getRoutes(3).getDirectResponse().getBody().getInlineString());
    }

    private static long millis(com.google.protobuf.Duration duration) {
        return duration.getSeconds() * 1_000 + duration.getNanos() / 1_000_000;
    }

    @Test
    void changesArriveAndAreAcknowledged() throws Exception {
        Subscribed limits = subscribe(ConfigKind.RATE_LIMIT_STRATEGY);
        assertEquals(10, limits.nextOne(RateLimitStrategy.class).getThreshold());
        serving.change(rules -> rules.replace("threshold: 10", "threshold: 20"));
        assertEquals(20, limits.nextOne(RateLimitStrategy.class).getThreshold());
        serving.change(
                rules ->
                        rules.replace(
                                "kind: RateLimitStrategy\nmetadata", "kind: Other\nmetadata"));
        assertEquals(List.of(), limits.next());
        JsonObject subscription = subscription("acknowledged");
        assertEquals(
                subscription.get("pushed").getAsLong(),
                subscription.get("acknowledged").getAsLong());
    }

    /** The client's one subscription, once it has this field. */
    private JsonObject subscription(String field) throws Exception {
        for (int tries = 0; ; tries++) {
            String shown = serving.ask("/v1/clients").toString();
            for (JsonElement client : clients()) {
                JsonObject one =
                        client.getAsJsonObject()
                                .getAsJsonArray("subscriptions")
                                .get(0)
                                .getAsJsonObject();
                if (one.has(field) && one.get(field).equals(one.get("pushed"))) {
                    return one;
                }
            }
            assertTrue(tries < 400, shown);
            Thread.sleep(20);
        }
    }

    private Iterable<JsonElement> clients() throws Exception {
        return serving.ask("/v1/clients").getAsJsonObject().getAsJsonArray("clients");
    }

    @Test
    void anAppWithoutRulesIsAnsweredAtOnce() throws Exception {
        List<Subscribed> all =
                Stream.of(ConfigKind.values())
                        .map(kind -> new Subscribed(client, "nobody", kind))
                        .toList();
        for (Subscribed one : all) {
            assertEquals(List.of(), one.next());
        }
    }

    @Test
    void aSecondAppGetsItsOwnWhileTheFirstIsWatched() throws Exception {
        subscribe(ConfigKind.RATE_LIMIT_STRATEGY).nextOne(RateLimitStrategy.class);
        OpenSergoClient second = new OpenSergoClient("127.0.0.1", serving.port);
        second.start();
        Subscribed limits = new Subscribed(second, "demo", ConfigKind.RATE_LIMIT_STRATEGY);
        assertEquals(10, limits.nextOne(RateLimitStrategy.class).getThreshold());
        second.close();
    }
}
