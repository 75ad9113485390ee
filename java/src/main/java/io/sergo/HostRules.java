package io.sergo;

/** What one version of the rules says of a host, as far as it has come up. */
final class HostRules {
    private record Asked(int port, Routing routing) {}

    final Required required;

    /** What the last whole pick came to. */
    private volatile Asked asked;

    HostRules(Required required) {
        this.required = required;
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
