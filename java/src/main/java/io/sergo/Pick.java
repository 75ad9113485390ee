package io.sergo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Where a request goes, and which instance takes it. It counts as in flight on that instance until
 * the call's outcome is reported, once:
 *
 * <pre>{@code
 * try (Pick pick = engine.pick(RouteRequest.to("orders"))) {
 *     int status = call(pick.instance().orElseThrow().id());
 *     pick.report(Outcome.ofStatus(status));
 * }
 * }</pre>
 *
 * <p>Any thread may report.
 */
public final class Pick implements AutoCloseable {
    private static final VarHandle REPORTED;

    static {
        try {
            REPORTED = MethodHandles.lookup().findVarHandle(Pick.class, "reported", boolean.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final Picks picks;
    private final Routing routing;
    private final Instance instance;
    private final long number;
    private boolean reported;

    /** The instance is null, and its number 0, where there is none. */
    Pick(Picks picks, Routing routing, Instance instance, long number) {
        this.picks = picks;
        this.routing = routing;
        this.instance = instance;
        this.number = number;
    }

    /**
     * Where the request goes, and what is done with it on the way: as {@link
     * Engine#route(RouteRequest)} says it, but that a host which no router names is its own
     * destination where discovery knows it.
     *
     * @return the destination; a redirect or response of the rule's own; or nothing, because no
     *     route says or because there is no healthy instance
     */
    public Routing routing() {
        return routing;
    }

    /**
     * The instance that takes the request.
     *
     * @return the instance, with the labels that rules give it; empty where there is no
     *     destination, or discovery has not named its host
     */
    public Optional<Instance> instance() {
        return Optional.ofNullable(instance);
    }

    /**
     * Says what came of the call. What is said first counts; without an instance there is nothing
     * to say. Never throws, so that it never hides how the call ended.
     *
     * @param outcome what came of it
     */
    public void report(Outcome outcome) {
        Objects.requireNonNull(outcome, "outcome");
        if (instance != null && REPORTED.compareAndSet(this, false, true)) {
            picks.report(routing.destination().orElseThrow().host(), number, outcome);
        }
    }

    /**
     * Makes the call and reports what comes of it: a success when it returns, unless it has
     * reported already, else what {@link Outcome#ofFailure} makes of the exception.
     *
     * @param <T> what the call gives
     * @param call the call
     * @return what the call gave
     * @throws Exception what the call throws
     */
    public <T> T call(Callable<T> call) throws Exception {
        try {
            T answer = call.call();
            report(Outcome.SUCCESS);
            return answer;
        } catch (Throwable failure) {
            report(Outcome.ofFailure(failure));
            throw failure;
        }
    }

    /**
     * Reports a success, unless something was reported: it does not see exceptions, which {@link
     * #call} does.
     */
    @Override
    public void close() {
        report(Outcome.SUCCESS);
    }
}
