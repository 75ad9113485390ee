package io.sergo;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Keeps an engine's rules as a control plane has them. Made by {@link
 * Engine#subscribe(ControlPlane)}; {@link #close()} ends it.
 *
 * <p>While the control plane is away, or sends what is no rule, the last good rules stay in force;
 * {@link #state()} says what is going on.
 */
public final class ControlPlaneSubscription implements Feed {
    private final Engine engine;
    private final ControlPlane options;
    private final Consumer<Report> listener;
    private final long session;
    private final Worker thread;

    /** What has happened, to be told to the session in its own thread. */
    private final BlockingQueue<Runnable> happened = new LinkedBlockingQueue<>();

    private volatile boolean ended;
    private volatile Report report;
    private volatile Exception fileError;

    /** The session's own thread's; null without one. */
    private GrpcStream stream;

    private long streamNumber;
    private String saved = "";

    ControlPlaneSubscription(Engine engine, ControlPlane options, Consumer<Report> listener) {
        requireGrpc();
        this.engine = engine;
        this.options = options;
        this.listener = listener;
        byte[] json = Utf8.bytes(options.json());
        long seed = new SecureRandom().nextLong();
        this.session = SergoException.check(SessionCalls.open(engine.handle(), json, seed));
        this.thread = new Worker("plane", this::run);
    }

    /** {@link GrpcStream} itself can't be loaded without. */
    private static void requireGrpc() {
        try {
            Class.forName("io.grpc.Grpc");
        } catch (ClassNotFoundException missing) {
            throw new IllegalStateException(
                    "a control plane is spoken to by gRPC, which is not on the class path: add"
                            + " io.grpc:grpc-netty-shaded or io.grpc:grpc-okhttp",
                    missing);
        }
    }

    /** Puts the last good rules in force, begins to dial, and waits for the first rules. */
    void start() {
        try {
            options.lastGood().ifPresent(file -> restore(new LastGood(file)));
            pump();
            thread.start();
            await(ControlPlaneState::isSynced, options.firstRules());
        } catch (InterruptedException sooner) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private void restore(LastGood file) {
        try {
            saved = file.read();
            if (!saved.isEmpty()) {
                String refused = Value.of(SessionCalls.restore(session, Utf8.bytes(saved))).text();
                fileError =
                        refused.isEmpty() ? null : new IOException(file.file() + ": " + refused);
            }
        } catch (IOException unread) {
            fileError = unread;
        }
    }

    private void run() {
        try {
            while (!ended) {
                Runnable next = next();
                for (; next != null; next = happened.poll()) {
                    next.run();
                }
                pump();
                synchronized (this) {
                    notifyAll();
                }
            }
            check(SessionCalls.end(session));
            pump();
        } catch (SergoException unusable) {
            ended = true; // the engine is closed or poisoned, which nothing heals
        } finally {
            hangUp();
            SessionCalls.close(session);
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** What happens next; that is the passing of time where nothing else does. */
    private Runnable next() {
        try {
            long wait = SergoException.check(SessionCalls.waitNanos(session));
            Runnable next = happened.poll(wait, TimeUnit.NANOSECONDS);
            return next == null ? () -> check(SessionCalls.time(session)) : next;
        } catch (InterruptedException byAListener) {
            return () -> {};
        }
    }

    private static void check(long code) {
        SergoException.check(code);
    }

    /** Does all that the session wants done. */
    private void pump() {
        Step step = Step.of(SessionCalls.poll(session));
        for (; step != null; step = Step.of(SessionCalls.poll(session))) {
            if (step instanceof Step.Dial dial) {
                dial(dial);
            } else if (step instanceof Step.Send send) {
                send(send);
            } else if (step instanceof Step.Close close) {
                if (streamNumber == close.stream()) {
                    hangUp();
                }
            } else if (step instanceof Step.Applied applied) {
                applied(applied.report());
            }
        }
    }

    private void dial(Step.Dial dial) {
        hangUp();
        long number = dial.stream();
        streamNumber = number;
        try {
            stream = new GrpcStream(dial.address(), options, new Ear(number));
        } catch (IOException | RuntimeException | LinkageError failure) {
            check(SessionCalls.closed(session, number, Utf8.bytes(failure.toString())));
        }
    }

    private void send(Step.Send send) {
        if (stream != null && streamNumber == send.stream()) {
            try {
                stream.send(send.message());
            } catch (RuntimeException failure) {
                byte[] why = Utf8.bytes(failure.toString());
                check(SessionCalls.closed(session, streamNumber, why));
            }
        }
    }

    private void hangUp() {
        if (stream != null) {
            stream.close();
            stream = null;
        }
    }

    private void applied(Report applied) {
        report = applied;
        engine.changed();
        options.lastGood().ifPresent(file -> save(new LastGood(file)));
        Ticker.shield(() -> listener.accept(applied));
    }

    private void save(LastGood file) {
        try {
            String text = Value.of(SessionCalls.save(session)).text();
            if (!text.equals(saved)) {
                file.write(text);
                saved = text;
            }
            fileError = null;
        } catch (IOException unwritten) {
            fileError = unwritten;
        }
    }

    /** Puts what happens to a stream on the queue. */
    private final class Ear implements GrpcStream.Ear {
        private final long number;

        Ear(long number) {
            this.number = number;
        }

        @Override
        public void connected() {
            happened.add(() -> check(SessionCalls.connected(session, number)));
        }

        @Override
        public void received(byte[] message) {
            happened.add(() -> check(SessionCalls.received(session, number, message)));
        }

        @Override
        public void closed(String reason) {
            byte[] why = reason.getBytes(StandardCharsets.UTF_8);
            happened.add(() -> check(SessionCalls.closed(session, number, why)));
        }
    }

    /**
     * What it is doing.
     *
     * @return the state at this moment
     * @throws SergoException {@code closed} once it or the engine is closed; {@code poisoned} or
     *     {@code panicked}
     */
    public ControlPlaneState state() {
        return ControlPlaneState.of(Value.of(SessionCalls.state(session)));
    }

    /**
     * Waits for a state.
     *
     * @param holds what is waited for, {@code ControlPlaneState::isSynced} say
     * @param most how long to wait for it
     * @return whether it came to hold
     * @throws InterruptedException when the thread is interrupted meanwhile
     * @throws SergoException as {@link #state()}
     */
    public synchronized boolean await(Predicate<ControlPlaneState> holds, Duration most)
            throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (!holds.test(state())) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }

    /**
     * The report of the last time that rules were loaded.
     *
     * @return the report; empty when there were none yet
     */
    public Optional<Report> report() {
        return Optional.ofNullable(report);
    }

    /**
     * Why the file of the last good rules could not be read or written; what is wrong with the
     * connection, {@link #state()} says.
     *
     * @return what went wrong last, naming the file; empty when all is well
     */
    public Optional<Exception> fileError() {
        return Optional.ofNullable(fileError);
    }

    /**
     * Subscribes to one more kind.
     *
     * @param app the app that it is for
     * @param kind the kind, as in {@code traffic.opensergo.io/v1alpha1/TrafficRouter}
     * @return whether it is subscribed to now; not when there are 1,000 already
     * @throws SergoException as {@link #state()}
     */
    public boolean subscribe(String app, String kind) {
        byte[] name = Utf8.bytes(app);
        long answer = SessionCalls.subscribe(session, name, Utf8.bytes(kind));
        happened.add(() -> {});
        return SergoException.check(answer) == 1;
    }

    /**
     * Ends the subscription to a kind; its documents leave the engine.
     *
     * @param app the app that it is for
     * @param kind the kind
     * @return whether it was subscribed to
     * @throws SergoException as {@link #state()}
     */
    public boolean unsubscribe(String app, String kind) {
        byte[] name = Utf8.bytes(app);
        long answer = SessionCalls.unsubscribe(session, name, Utf8.bytes(kind));
        happened.add(() -> {});
        return SergoException.check(answer) == 1;
    }

    /**
     * Reports the services that this process offers, once, to the first control plane that takes
     * it, and waits for that.
     *
     * @param services a list in JSON: {@code [{"listeningAddresses": [{"address": "10.0.0.7",
     *     "portValue": 80}], "protocols": ["http"], "serviceContract": {"services": [{"name":
     *     "orders", "methods": [{"name": "buy", "httpPaths": ["/buy"], "httpMethods":
     *     ["POST"]}]}]}}]}, as in {@code service_contract.proto}
     * @throws IOException when none took it; it says why not
     * @throws SergoException {@code argument} for any other JSON
     */
    public void reportServices(String services) throws IOException {
        byte[] app = Utf8.bytes(engine.app());
        ByteBuffer message =
                Value.behindCode(
                        SessionCalls.metadata(app, Utf8.bytes(node()), Utf8.bytes(services)));
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        IOException refused = null;
        for (String address : options.addresses()) {
            try {
                GrpcStream.report(address, options, bytes);
                return;
            } catch (IOException next) {
                if (refused != null) {
                    next.addSuppressed(refused);
                }
                refused = next;
            }
        }
        throw refused;
    }

    private static String node() throws IOException {
        ProcessHandle self = ProcessHandle.current();
        StringBuilder json = new StringBuilder("{\"identifier\":{\"hostName\":");
        Json.text(json, InetAddress.getLocalHost().getHostName());
        json.append(",\"pid\":").append(self.pid());
        self.info()
                .startInstant()
                .ifPresent(
                        start ->
                                json.append(",\"startTimestamp\":{\"seconds\":")
                                        .append(start.getEpochSecond())
                                        .append(",\"nanos\":")
                                        .append(start.getNano())
                                        .append('}'));
        return json.append("}}").toString();
    }

    /**
     * Ends the subscription; the rules stay as they are. When it returns, its thread has ended and
     * its connection is closed, unless a listener itself is calling. Closing twice does nothing.
     */
    @Override
    public void close() {
        ended = true;
        engine.forget(this);
        happened.add(() -> {});
        if (thread.getState() == Thread.State.NEW) {
            hangUp();
            SessionCalls.close(session);
        } else {
            thread.awaitEnd();
        }
    }
}
