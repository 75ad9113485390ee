package io.sergo;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A way to a port that changes, and that can go dead without a word. */
final class Proxy implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile int port;
    private volatile boolean frozen;

    /** What comes back through each connection until {@link #then} is called; 0 is all. */
    private volatile int most;

    private volatile Runnable then;

    Proxy(int port) throws IOException {
        this.port = port;
        start(this::accept);
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        thread.start();
    }

    String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    /** New connections lead elsewhere. */
    void leadTo(int other) {
        port = other;
    }

    /** Once so many bytes have come back through a connection this happens, and it is cut. */
    void cutAfter(int bytes, Runnable first) {
        then = first;
        most = bytes;
    }

    /** The connections that there are stay open, and nothing goes through any more. */
    void freeze() {
        frozen = true;
    }

    /** What comes from now on goes through. */
    void thaw() {
        frozen = false;
        most = 0;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket here = server.accept();
                sockets.add(here);
                Socket there = new Socket(InetAddress.getLoopbackAddress(), port);
                sockets.add(there);
                start(() -> pass(here, there, 0));
                int limit = most;
                start(() -> pass(there, here, limit));
            } catch (IOException refused) {
                closeAll(); // nobody is there; or this is closed
            }
        }
    }

    private void pass(Socket from, Socket to, int limit) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            byte[] bytes = new byte[8192];
            boolean dead = false;
            int passed = 0;
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                dead |= frozen;
                passed += count;
                if (limit > 0 && passed > limit) {
                    then.run();
                    return;
                }
                if (!dead) {
                    to.getOutputStream().write(bytes, 0, count);
                }
            }
        } catch (IOException over) {
            // Both are closed.
        }
    }

    private void closeAll() {
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException gone) {
                // That is what is wanted.
            }
        }
        sockets.clear();
    }

    @Override
    public void close() throws IOException {
        server.close();
        closeAll();
    }
}
