package io.sergo.http;

import io.sergo.Destination;
import io.sergo.Instance;
import io.sergo.Lane;
import io.sergo.Policy;
import io.sergo.Routing;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Requests as rules change them. */
final class Changed {
    private static final Pattern ADDRESS =
            Pattern.compile("(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}");

    private Changed() {}

    /** The path with the query, as on the wire. */
    static String path(URI uri) {
        String path = uri.getRawPath();
        String rooted = path == null || path.isEmpty() ? "/" : path;
        return uri.getRawQuery() == null ? rooted : rooted + "?" + uri.getRawQuery();
    }

    /** The host, and the port where there is one. */
    static String authority(URI uri) {
        return uri.getPort() < 0 ? uri.getHost() : uri.getHost() + ":" + uri.getPort();
    }

    /** The request as it is, in a lane. */
    static HttpRequest inLane(HttpRequest request, Lane lane) {
        Map<String, String> headers = lane.headers(request.headers().map());
        if (headers.isEmpty()) {
            return request;
        }
        HttpRequest.Builder builder = HttpRequest.newBuilder(request, (name, value) -> true);
        headers.forEach((name, value) -> set(builder, name, value));
        return builder.build();
    }

    /** The request for where a route takes it. */
    static HttpRequest to(
            HttpRequest request,
            Routing.To to,
            Optional<Instance> instance,
            Optional<Duration> timeout) {
        Policy policy = to.policy();
        URI uri = request.uri();
        Optional<String> address =
                instance.map(Instance::id).filter(id -> ADDRESS.matcher(id).matches());
        String authority = address.orElseGet(() -> authority(uri, to.target()));
        String path =
                policy.rewrite()
                        .flatMap(Policy.Rewrite::uri)
                        .map(rewritten -> withQuery(rewritten, uri))
                        .orElseGet(() -> path(uri));
        HttpRequest.Builder builder = changed(request, policy.requestHeaders());
        builder.uri(URI.create(uri.getScheme() + "://" + authority + path));
        String host =
                policy.rewrite().flatMap(Policy.Rewrite::authority).orElseGet(() -> authority(uri));
        if (!host.equals(authority)) {
            set(builder, "Host", host);
        }
        timeout.ifPresent(builder::timeout);
        return builder.build();
    }

    /** A copy of the request, as it came. */
    static HttpRequest copy(HttpRequest request, Policy.Mirror mirror) {
        URI uri = request.uri();
        String authority = authority(uri, mirror.destination());
        return HttpRequest.newBuilder(request, (name, value) -> true)
                .uri(URI.create(uri.getScheme() + "://" + authority + path(uri)))
                .build();
    }

    /** Where a redirect leads. */
    static String location(URI uri, Routing.Redirect to) {
        String port = to.port().isPresent() ? ":" + to.port().getAsInt() : "";
        return to.scheme() + "://" + to.authority() + port + withQuery(to.uri(), uri);
    }

    private static String withQuery(String path, URI uri) {
        return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    }

    /** The destination's port, else that of the request. */
    private static String authority(URI uri, Destination to) {
        if (to.host().equalsIgnoreCase(uri.getHost()) && to.port().isEmpty()) {
            return authority(uri);
        }
        int port = to.port().orElse(uri.getPort());
        return port < 0 ? to.host() : to.host() + ":" + port;
    }

    private static HttpRequest.Builder changed(HttpRequest request, Policy.HeaderChanges changes) {
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(
                        request,
                        (name, value) ->
                                changes.remove().stream().noneMatch(name::equalsIgnoreCase));
        changes.set().forEach((name, value) -> set(builder, name, value));
        changes.add().forEach((name, value) -> add(builder, name, value));
        return builder;
    }

    private static void set(HttpRequest.Builder builder, String name, String value) {
        try {
            builder.setHeader(name, value);
        } catch (IllegalArgumentException restricted) {
            // The client sets this one by itself; or it is no header that could be sent.
        }
    }

    private static void add(HttpRequest.Builder builder, String name, String value) {
        try {
            builder.header(name, value);
        } catch (IllegalArgumentException restricted) {
            // As above.
        }
    }
}
