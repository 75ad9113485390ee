package io.sergo;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Decides by OpenSergo rules for one app in this process: whether a call may go on, and where it
 * goes. All methods may be called from any thread.
 *
 * <pre>{@code
 * try (Engine engine = Engine.builder("foo-app").build()) {
 *     engine.subscribe(RuleSource.file("rules/"));
 *     try (Entry entry = engine.enter("GET:/foo")) {
 *         serve();
 *     } catch (BlockedException blocked) {
 *         answer(blocked.fallback());
 *     }
 * }
 * }</pre>
 *
 * <p>After {@link #close()}, or once the engine is poisoned by a failure inside sergo, every method
 * but {@code close} throws a {@link SergoException}.
 */
public final class Engine implements AutoCloseable {
    /** The core takes no longer names, so none is kept. */
    private static final int LONGEST_NAME = 1024;

    private final String app;
    private final long handle;
    private final LongSupplier clock;
    private final Bounded<String, Resource> resources = new Bounded<>();
    private final Blocks blocks;
    private final Routes routes;
    private final Picks picks;
    private final Events events;
    private final Sampling sampling;
    private final Set<Feed> subscriptions = ConcurrentHashMap.newKeySet();

    Engine(String app, long handle, LongSupplier clock, boolean samples) {
        this.app = app;
        this.handle = handle;
        this.clock = clock;
        this.blocks = new Blocks(handle);
        this.routes = new Routes(handle);
        this.picks = new Picks(this, routes);
        this.events = new Events(handle);
        this.sampling = new Sampling(this, samples);
    }

    /**
     * Begins an engine for an app.
     *
     * @param app the app; rules for others do nothing here
     * @return the builder
     */
    public static EngineBuilder builder(String app) {
        return new EngineBuilder(app);
    }

    String app() {
        return app;
    }

    long handle() {
        return handle;
    }

    /** The time to tell the core. */
    long now() {
        return clock == null ? Native.NOW : Math.max(0, clock.getAsLong());
    }

    /** Routes are asked for at the time that the core heard last: a clock of one's own is told. */
    private void tellTime() {
        if (clock != null) {
            Native.ejected(handle, new byte[0], now());
        }
    }

    /** How many resources are kept by name. */
    long knownResources() {
        return resources.size();
    }

    // Rules

    /**
     * Replaces all rules by the documents in the text. A bad document is no exception: the report
     * says what is wrong with it, and its last good version stays in force.
     *
     * @param text YAML, perhaps of several documents, or JSON; empty unloads all
     * @return what it came to
     * @throws SergoException {@code utf8} for text that has no UTF-8 form; {@code closed}, {@code
     *     poisoned} or {@code panicked}
     */
    public Report load(String text) {
        return load(List.of(new RuleText("", text)));
    }

    /**
     * Replaces all rules by the documents of several texts, as one push.
     *
     * @param texts the texts, each with the name that the report calls it by
     * @return what it came to
     * @throws SergoException as {@link #load(String)}
     */
    public Report load(Collection<RuleText> texts) {
        byte[][] sources = new byte[texts.size() * 2][];
        int next = 0;
        for (RuleText text : texts) {
            sources[next++] = Utf8.bytes(text.name());
            sources[next++] = Utf8.bytes(text.text());
        }
        Report report = Report.of(Value.of(Native.apply(handle, sources)));
        changed();
        return report;
    }

    /** Other rules are in force. */
    void changed() {
        picks.forgetInstances();
        sampling.follow();
    }

    /**
     * Loads rules from a source now, and again whenever they change.
     *
     * @param source where the rules are
     * @return the subscription; closing it, or this engine, ends it
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public Subscription subscribe(RuleSource source) {
        return subscribe(source, report -> {});
    }

    /**
     * Loads rules from a source now, and again whenever they change, and hands each report to the
     * listener: the first before this method returns, later ones in the subscription's thread.
     *
     * @param source where the rules are
     * @param listener what to do with each report
     * @return the subscription; closing it, or this engine, ends it
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public Subscription subscribe(RuleSource source, Consumer<Report> listener) {
        Subscription subscription = new Subscription(this, (FileSource) source, listener);
        subscriptions.add(subscription);
        subscription.start();
        return subscription;
    }

    /**
     * Loads rules from a control plane now, and again whenever it sends others. It waits for the
     * first ones as long as the options say, and goes on without them then.
     *
     * @param plane where it listens, and how to speak to it
     * @return the subscription; closing it, or this engine, ends it
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     * @throws IllegalStateException when gRPC is not on the class path; it says what to add
     */
    public ControlPlaneSubscription subscribe(ControlPlane plane) {
        return subscribe(plane, report -> {});
    }

    /**
     * Loads rules from a control plane now, and again whenever it sends others, and hands each
     * report to the listener, in the subscription's thread.
     *
     * @param plane where it listens, and how to speak to it
     * @param listener what to do with each report
     * @return the subscription; closing it, or this engine, ends it
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     * @throws IllegalStateException when gRPC is not on the class path; it says what to add
     */
    public ControlPlaneSubscription subscribe(ControlPlane plane, Consumer<Report> listener) {
        ControlPlaneSubscription subscription = new ControlPlaneSubscription(this, plane, listener);
        subscriptions.add(subscription);
        subscription.start();
        return subscription;
    }

    void forget(Feed subscription) {
        subscriptions.remove(subscription);
    }

    /**
     * The version of the rules in force.
     *
     * @return the version, counted from 1; 0 before the first rules
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public long version() {
        return SergoException.check(Native.version(handle));
    }

    // Entering

    /**
     * Looks a resource up, to enter it again and again.
     *
     * @param name the resource's name, as in {@code GET:/foo}
     * @return the resource
     * @throws SergoException {@code utf8} for a name that has no UTF-8 form; {@code closed}, {@code
     *     poisoned} or {@code panicked}
     */
    public Resource resource(String name) {
        Resource known = resources.get(name);
        if (known == null) {
            known = new Resource(this, name);
            if (name.length() <= LONGEST_NAME) {
                resources.put(name, known);
            }
        }
        return known;
    }

    /**
     * Asks to enter a resource, at cost 1 and inbound: it never sleeps, and a block is an answer.
     * For another cost or direction see {@link Resource#tryEnter(int, Direction)}.
     *
     * @param resource the resource's name
     * @return the decision
     * @throws SergoException as {@link #resource(String)}
     */
    public Decision tryEnter(String resource) {
        return resource(resource).tryEnter();
    }

    /**
     * Enters a resource, at cost 1 and inbound, and waits first where the decision is to wait. For
     * another cost or direction see {@link Resource#enter(int, Direction)}.
     *
     * @param resource the resource's name
     * @return the entry, to be closed when the work is done
     * @throws BlockedException when a rule blocks
     * @throws CancellationException when the thread is interrupted while it waits
     * @throws SergoException as {@link #resource(String)}
     */
    public Entry enter(String resource) {
        return resource(resource).enter();
    }

    /**
     * Enters a resource, at cost 1 and inbound, without blocking the thread.
     *
     * @param resource the resource's name
     * @return the entry to come, as {@link Resource#enterAsync(int, Direction)}
     * @throws SergoException as {@link #resource(String)}
     */
    public CompletableFuture<Entry> enterAsync(String resource) {
        return resource(resource).enterAsync();
    }

    /**
     * Does the work inside an entry; an exception marks the entry as failed.
     *
     * @param <T> what the work gives
     * @param resource the resource's name
     * @param work the work
     * @return what the work gave
     * @throws BlockedException when a rule blocks
     * @throws Exception what the work throws
     */
    public <T> T call(String resource, Callable<T> work) throws Exception {
        return resource(resource).call(work);
    }

    /**
     * Does the work inside an entry; an exception marks the entry as failed.
     *
     * @param resource the resource's name
     * @param work the work
     * @throws BlockedException when a rule blocks
     */
    public void run(String resource, Runnable work) {
        resource(resource).run(work);
    }

    Blocks blocks() {
        return blocks;
    }

    // Routing

    /**
     * Says where a request goes, and what is done with it on the way. It does nothing of that
     * itself: the caller's framework acts on it.
     *
     * @param request the request
     * @return a destination; or a redirect or response of the rule's own; or nothing, because no
     *     route says or because the destination has no healthy instance
     * @throws SergoException {@code utf8} for text that has no UTF-8 form; {@code closed}, {@code
     *     poisoned} or {@code panicked}
     */
    public Routing route(RouteRequest request) {
        tellTime();
        return routes.route(request);
    }

    /**
     * Says where a request goes and which instance takes it: it counts as in flight there until
     * {@link Pick#report} or {@link Pick#close()}. A host that no router names is chosen among as a
     * whole.
     *
     * @param request the request
     * @return the pick; without an instance where there is none to go to, or discovery has not
     *     named the host
     * @throws SergoException as {@link #route(RouteRequest)}
     */
    public Pick pick(RouteRequest request) {
        return picks.pick(request);
    }

    /**
     * Says what came of a call to an instance; for a {@link Pick} of one's own, {@link Pick#report}
     * is simpler.
     *
     * @param host the host, as the destination names it
     * @param instance the instance's id; one that discovery does not know is none
     * @param outcome what came of it
     * @throws SergoException {@code utf8} for text that has no UTF-8 form; {@code closed}, {@code
     *     poisoned} or {@code panicked}
     */
    public void report(String host, String instance, Outcome outcome) {
        byte[] id = Utf8.bytes(instance);
        SergoException.check(Native.report(handle, Utf8.bytes(host), id, outcome.ordinal(), now()));
    }

    /**
     * Says which instances of a host are ejected now, because too many calls to them failed.
     *
     * @param host the host
     * @return their ids, sorted
     * @throws SergoException as {@link #report}
     */
    public List<String> ejected(String host) {
        return Value.of(Native.ejected(handle, Utf8.bytes(host), now())).list(Value::text);
    }

    /**
     * Says why a request goes where it goes. It is a look, and changes nothing.
     *
     * @param request the request
     * @return the route that it goes by, and why none of those before it; print it to read it
     * @throws SergoException as {@link #route(RouteRequest)}
     */
    public RouteExplanation explainRoute(RouteRequest request) {
        return routes.explain(request, now());
    }

    /**
     * Says why a request that came in is of its lane. It is a look, and changes nothing.
     *
     * @param request the request; its host is not looked at
     * @param trust whether the lane that it carries is believed
     * @return its lane, and why; print it to read it
     * @throws SergoException as {@link #route(RouteRequest)}
     */
    public LabelExplanation explainLabel(RouteRequest request, boolean trust) {
        return routes.explainLabel(request, trust);
    }

    /**
     * Says the lane of a request that came in, and believes the lane that it says itself.
     *
     * @param request the request; its host is not looked at
     * @return its label; empty for none
     * @throws SergoException as {@link #route(RouteRequest)}
     */
    public Optional<Label> label(RouteRequest request) {
        return label(request, true);
    }

    /**
     * Says the lane of a request that came in.
     *
     * @param request the request; its host is not looked at
     * @param trust whether the lane that it says itself is believed
     * @return its label; empty for none
     * @throws SergoException as {@link #route(RouteRequest)}
     */
    public Optional<Label> label(RouteRequest request, boolean trust) {
        return routes.label(request, trust);
    }

    /**
     * Says what {@link #route} and {@link #pick} look at for a host.
     *
     * @param host the host; empty for what {@link #label} looks at
     * @return the headers and query parameters
     * @throws SergoException as {@link #report}
     */
    public Required required(String host) {
        return Required.of(Value.of(Native.required(handle, Utf8.bytes(host))));
    }

    /**
     * Says which limits rules set for connections to a host; the caller's client keeps them.
     *
     * @param host the host
     * @param subset the subset of it that the connections are for; empty for the whole host
     * @return the limits; empty for none
     * @throws SergoException as {@link #report}
     */
    public Optional<ConnectionPool> connectionPool(String host, Optional<String> subset) {
        byte[] name = subset.map(Utf8::bytes).orElse(null);
        return Value.of(Native.connectionPool(handle, Utf8.bytes(host), name))
                .optional(ConnectionPool::of);
    }

    /**
     * Says where a TLS or TCP connection goes, by the routes for such.
     *
     * @param connection the connection
     * @return a destination; or nothing, because no route says or because the destination has no
     *     healthy instance
     * @throws SergoException {@code utf8} for text that has no UTF-8 form; {@code closed}, {@code
     *     poisoned} or {@code panicked}
     */
    public Routing connect(ConnectRequest connection) {
        tellTime();
        return routes.connect(connection);
    }

    /**
     * Says what discovery knows of a host, replacing what it knew. A host of which nothing was ever
     * said is unknown, not empty.
     *
     * @param host the host, as rules name it
     * @param instances all its instances
     * @throws SergoException {@code utf8} for text that has no UTF-8 form; {@code closed}, {@code
     *     poisoned} or {@code panicked}
     */
    public void setInstances(String host, Collection<Instance> instances) {
        byte[] list = Utf8.bytes(Instance.json(instances));
        SergoException.check(Native.setInstances(handle, Utf8.bytes(host), list));
        picks.forgetInstances();
    }

    /**
     * Says what has changed of a host since discovery was last heard of.
     *
     * @param host the host, as rules name it
     * @param changed instances that are new, or take the place of those with their ids
     * @param gone the ids of those that are no more
     * @throws SergoException as {@link #setInstances}
     */
    public void updateInstances(
            String host, Collection<Instance> changed, Collection<String> gone) {
        byte[] list = Utf8.bytes(Instance.json(changed));
        byte[] ids = Utf8.bytes(Json.list(gone));
        SergoException.check(Native.updateInstances(handle, Utf8.bytes(host), list, ids));
        picks.forgetInstances();
    }

    // What happened

    /**
     * The counters of this moment.
     *
     * @return one entry per target that rules name
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public Figures figures() {
        return Figures.of(Value.of(Native.figures(handle)));
    }

    /**
     * What happened since the last call, oldest first; at most the newest 1,024 events are kept.
     * Listeners take nothing away: what {@link #onEvent} hands over is drained all the same.
     *
     * @return the events
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public List<Event> drainEvents() {
        return events.drain();
    }

    /**
     * Hands over every event from now on, within about 200 ms and in order, in a thread of the
     * engine that is there only while somebody listens. Each of several listeners gets all events,
     * and {@link #drainEvents()} takes none of them away. A listener that is 1,024 events behind
     * loses the oldest; one that throws is called again for the next, and what it threw goes to the
     * thread's handler of uncaught exceptions.
     *
     * @param listener what to do with each event
     * @return what ends it when closed; closing this engine ends it too
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public Listening onEvent(Consumer<Event> listener) {
        return events.listen(Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Says what an entry at cost 1 and inbound would be answered now, and why; see {@link
     * #explain(String, int, Direction)}.
     *
     * @param resource the resource's name
     * @return the answer with every gate's figures
     * @throws SergoException as {@link #resource(String)}
     */
    public Explanation explain(String resource) {
        return explain(resource, 1, Direction.INBOUND);
    }

    /**
     * Says what an entry would be answered now, and why. It is a look, and changes nothing: no
     * counter, no budget, no breaker.
     *
     * @param resource the resource's name
     * @param cost what the entry would cost, 1 or more
     * @param direction which way the call would go
     * @return the answer with every gate's figures; print it to read it
     * @throws SergoException {@code argument} for a cost below 1; and as {@link #resource(String)}
     */
    public Explanation explain(String resource, int cost, Direction direction) {
        byte[] name = Utf8.bytes(resource);
        boolean outbound = direction == Direction.OUTBOUND;
        return Explanation.of(
                Value.of(Native.explain(handle, name, Resource.checked(cost), outbound, now())));
    }

    /**
     * The state of a circuit breaker.
     *
     * @param target the target as the rule writes it
     * @param strategy the strategy's name
     * @return its state; empty when no rule in force has this breaker
     * @throws SergoException {@code utf8} for text that has no UTF-8 form; {@code closed}, {@code
     *     poisoned} or {@code panicked}
     */
    public Optional<BreakerState> breakerState(String target, String strategy) {
        byte[] answer = Native.breakerState(handle, Utf8.bytes(target), Utf8.bytes(strategy));
        String state = Value.of(answer).text();
        return state.isEmpty() ? Optional.empty() : Optional.of(BreakerState.of(state));
    }

    /**
     * Whether the rules in force look at the system's figures: while they don't, nobody measures
     * them.
     *
     * @return whether they do
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public boolean needsSystemLoad() {
        return SergoException.check(Native.needsSystemLoad(handle)) == 1;
    }

    /**
     * Says how loaded the system is, for overload protection; it counts until the next call. An
     * unknown figure lets everything pass. From the first call on the engine samples the system no
     * more: the application's figures are the only ones.
     *
     * @param load the system's figures
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public void setSystemLoad(SystemLoad load) {
        sampling.leave();
        SergoException.check(
                Native.setSystemLoad(
                        handle,
                        load.cpu().orElse(Double.NaN),
                        load.load1().orElse(Double.NaN),
                        load.memory().orElse(Double.NaN),
                        now()));
    }

    /**
     * Closes the engine, its subscriptions, its listeners and its threads. Calls under way end as
     * they would have; closing twice does nothing.
     */
    @Override
    public void close() {
        // First the handle, so that what begins meanwhile fails.
        Native.close(handle);
        List.copyOf(subscriptions).forEach(Feed::close);
        sampling.close();
        events.close();
    }
}
