import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sergo.ControlPlane;
import io.sergo.Destination;
import io.sergo.Engine;
import io.sergo.Instance;
import io.sergo.RouteRequest;
import io.sergo.Routing;
import io.sergo.RuleSource;
import io.sergo.http.SergoFilter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A small HTTP service under OpenSergo rules: the control plane at {@code SERGO_CONTROL_PLANE} has
 * them, else the folder {@code RULES}; {@code PORT} is where it listens (0 is any free port).
 */
final class FooService {
    private static final String PROVIDER = "service-provider";
    private static final Instance V1 = Instance.of("a", Map.of("version", "v1"));
    private static final Instance V2 = Instance.of("b", Map.of("version", "v2"));

    private final Engine engine = Engine.builder("foo-app").build();

    public static void main(String[] arguments) throws IOException {
        String rules = System.getenv().getOrDefault("RULES", "examples/rules");
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "0"));
        new FooService().serve(rules, port);
    }

    private void serve(String rules, int port) throws IOException {
        engine.setInstances(PROVIDER, List.of(V1, V2));
        String plane = System.getenv("SERGO_CONTROL_PLANE");
        if (plane == null) {
            engine.subscribe(RuleSource.file(rules));
        } else {
            engine.subscribe(ControlPlane.at(plane));
        }

        InetAddress loopback = InetAddress.getLoopbackAddress();
        HttpServer server = HttpServer.create(new InetSocketAddress(loopback, port), 0);
        ExecutorService threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.createContext("/foo", exchange -> answer(exchange, "hello from java"))
                .getFilters()
                .add(new SergoFilter(engine));
        server.createContext("/route", exchange -> answer(exchange, route(exchange)));
        server.createContext("/instances", this::instances);
        server.createContext(
                "/version", exchange -> answer(exchange, Long.toString(engine.version())));
        server.start();
        System.out.println("listening on 127.0.0.1:" + server.getAddress().getPort());

        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    server.stop(0);
                                    threads.shutdownNow();
                                    engine.close();
                                }));
    }

    /** Where a request with these headers would go. */
    private String route(HttpExchange exchange) {
        RouteRequest request =
                RouteRequest.to(query(exchange, "host", PROVIDER))
                        .headers(exchange.getRequestHeaders());
        Routing routing = engine.route(request);
        String subset = routing.destination().flatMap(Destination::subset).orElse("none");
        boolean fallback = routing instanceof Routing.To to && to.fallback();
        return "subset=" + subset + " fallback=" + fallback;
    }

    /** Plays discovery: v2 falls ill, or recovers. */
    private void instances(HttpExchange exchange) throws IOException {
        boolean healthy = Boolean.parseBoolean(query(exchange, "healthy_v2", "true"));
        engine.setInstances(PROVIDER, List.of(V1, V2.withHealthy(healthy)));
        answer(exchange, "v2 healthy=" + healthy);
    }

    private static String query(HttpExchange exchange, String name, String otherwise) {
        String query = exchange.getRequestURI().getQuery();
        if (query != null) {
            for (String pair : query.split("&")) {
                if (pair.startsWith(name + "=")) {
                    return pair.substring(name.length() + 1);
                }
            }
        }
        return otherwise;
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
