package io.sergo;

import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One stream to a control plane, which carries bytes as they are. The only class that touches gRPC,
 * which is there only for applications that want it.
 */
final class GrpcStream implements AutoCloseable {
    /** A session takes no greater message; somewhat more is its own to refuse. */
    private static final int MOST_BYTES = 33 << 20;

    /** How long a ping may take. */
    private static final int PING_MILLIS = 5000;

    private static final int REPORT_MILLIS = 5000;

    private static final int CLOSE_MILLIS = 2000;

    private static final MethodDescriptor.Marshaller<byte[]> AS_IT_IS =
            new MethodDescriptor.Marshaller<>() {
                @Override
                public InputStream stream(byte[] message) {
                    return new ByteArrayInputStream(message);
                }

                @Override
                public byte[] parse(InputStream stream) {
                    try {
                        return stream.readAllBytes();
                    } catch (IOException broken) {
                        throw new UncheckedIOException(broken);
                    }
                }
            };

    private static final MethodDescriptor<byte[], byte[]> SUBSCRIBE =
            method(
                    MethodDescriptor.MethodType.BIDI_STREAMING,
                    "io.opensergo.proto.transport.v1.OpenSergoUniversalTransportService"
                            + "/SubscribeConfig");

    private static final MethodDescriptor<byte[], byte[]> REPORT =
            method(
                    MethodDescriptor.MethodType.UNARY,
                    "opensergo.proto.service_contract.v1.MetadataService/ReportMetadata");

    private static MethodDescriptor<byte[], byte[]> method(
            MethodDescriptor.MethodType type, String name) {
        return MethodDescriptor.newBuilder(AS_IT_IS, AS_IT_IS)
                .setType(type)
                .setFullMethodName(name)
                .build();
    }

    /** Hears what happens to a stream, in gRPC's threads. */
    interface Ear {
        void connected();

        void received(byte[] message);

        void closed(String reason);
    }

    private final ManagedChannel channel;
    private final ClientCall<byte[], byte[]> call;

    /**
     * Begins to connect.
     *
     * @throws IOException naming the file of a certificate that can't be read
     * @throws RuntimeException for an address, certificate or item of metadata that is none
     */
    GrpcStream(String address, ControlPlane options, Ear ear) throws IOException {
        Metadata metadata = metadata(options);
        channel = channel(address, options);
        call = channel.newCall(SUBSCRIBE, CallOptions.DEFAULT);
        call.start(new Listener(ear), metadata);
        call.request(1);
    }

    /** A channel for one stream: the session says when to try again. */
    private static ManagedChannel channel(String address, ControlPlane options) throws IOException {
        ManagedChannelBuilder<?> builder =
                Grpc.newChannelBuilder(address, credentials(options))
                        .directExecutor()
                        .disableRetry()
                        .maxInboundMessageSize(MOST_BYTES)
                        .keepAliveTime(options.keepAlive().toNanos(), TimeUnit.NANOSECONDS)
                        .keepAliveTimeout(PING_MILLIS, TimeUnit.MILLISECONDS);
        options.serverName().ifPresent(builder::overrideAuthority);
        return builder.build();
    }

    private static Metadata metadata(ControlPlane options) {
        Metadata metadata = new Metadata();
        options.metadata()
                .forEach(
                        (name, value) ->
                                metadata.put(
                                        Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER),
                                        value.get()));
        return metadata;
    }

    /**
     * Reports services, and waits until that has been taken.
     *
     * @throws IOException saying why it has not
     */
    static void report(String address, ControlPlane options, byte[] message) throws IOException {
        Metadata metadata = metadata(options);
        ManagedChannel channel = channel(address, options);
        CompletableFuture<Status> ended = new CompletableFuture<>();
        try {
            CallOptions soon =
                    CallOptions.DEFAULT.withDeadlineAfter(REPORT_MILLIS, TimeUnit.MILLISECONDS);
            ClientCall<byte[], byte[]> call = channel.newCall(REPORT, soon);
            call.start(
                    new ClientCall.Listener<>() {
                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            ended.complete(status);
                        }
                    },
                    metadata);
            call.sendMessage(message);
            call.halfClose();
            call.request(2);
            Status status = ended.join();
            if (!status.isOk()) {
                throw new IOException(address + ": " + words(status));
            }
        } finally {
            channel.shutdownNow();
        }
    }

    private static String words(Status status) {
        Throwable cause = status.getCause();
        String why = status.getDescription() == null ? "" : ": " + status.getDescription();
        return status.getCode() + why + (cause == null ? "" : " (" + cause + ")");
    }

    private static ChannelCredentials credentials(ControlPlane options) throws IOException {
        if (!options.isSecure()) {
            return InsecureChannelCredentials.create();
        }
        TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
        if (options.roots().isPresent()) {
            tls.trustManager(options.roots().get().toFile());
        }
        if (options.certificate().isPresent()) {
            tls.keyManager(options.certificate().get().toFile(), options.key().toFile());
        }
        return tls.build();
    }

    private final class Listener extends ClientCall.Listener<byte[]> {
        private final Ear ear;
        private boolean isConnected;

        Listener(Ear ear) {
            this.ear = ear;
        }

        @Override
        public void onReady() {
            if (!isConnected) {
                isConnected = true;
                ear.connected();
            }
        }

        @Override
        public void onMessage(byte[] message) {
            ear.received(message);
            call.request(1);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            ear.closed(words(status));
        }
    }

    void send(byte[] message) {
        call.sendMessage(message);
    }

    /** Closes it, connection and all. */
    @Override
    public void close() {
        call.cancel("closed by the session", null);
        channel.shutdownNow();
        try {
            channel.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException sooner) {
            Thread.currentThread().interrupt();
        }
    }
}
