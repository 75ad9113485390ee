package io.sergo;

import java.util.Locale;
import java.util.Set;

/** What one version of the rules says of a host, as far as it has come up. */
final class HostRules {
    private record Asked(int port, Routing routing) {}

    /** Up to so many names are looked through, which costs less than making one lower case. */
    private static final int FEW = 16;

    final long version;
    private final Set<String> headers;
    private final String[] few;

    /** What the last whole pick came to. */
    private volatile Asked asked;

    HostRules(Required required) {
        version = required.version();
        headers = required.headers();
        few = headers.size() > FEW ? null : headers.toArray(new String[0]);
    }

    /** Whether a header is looked at. */
    boolean wants(String header) {
        if (few == null) {
            return headers.contains(header.toLowerCase(Locale.ROOT));
        }
        for (String name : few) {
            if (name.equalsIgnoreCase(header)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Where a pick without a route goes: to the host itself, which the first pick has told in full.
     * Null where there was none yet for this port.
     */
    Routing unrouted(int port) {
        Asked last = asked;
        return last == null || last.port != port ? null : last.routing;
    }

    void learn(int port, Routing routing) {
        asked = new Asked(port, routing);
    }
}
