package io.sergo;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What the system tells of changes to files, where it does. All but {@link #close} and {@link
 * #trouble} is for one thread at a time.
 */
final class Notices implements AutoCloseable {
    private static final WatchEvent.Kind<?>[] CHANGES = {
        StandardWatchEventKinds.ENTRY_CREATE,
        StandardWatchEventKinds.ENTRY_DELETE,
        StandardWatchEventKinds.ENTRY_MODIFY
    };

    private final int mostFolders;
    private final Map<Path, WatchKey> keys = new HashMap<>();

    /** Folders that are no longer what they were when they were watched. */
    private final Set<Path> lost = new HashSet<>();

    private Places places = new Places();

    /** Null before it is first used, and where the system tells nothing. */
    private WatchService service;

    private boolean closed;
    private volatile String trouble;

    Notices(int mostFolders) {
        this.mostFolders = mostFolders;
    }

    /** Why the system tells nothing; empty where it does. */
    Optional<String> trouble() {
        return Optional.ofNullable(trouble);
    }

    /** The service, made when it is first needed; null where there is none. */
    private synchronized WatchService service(Path any) {
        if (service == null && trouble == null && !closed) {
            try {
                service = any.getFileSystem().newWatchService();
                // Where Java has none of the system's, it looks by itself, and more rarely than
                // this package does.
                if (service.getClass().getSimpleName().startsWith("Polling")) {
                    giveUp("Java does not ask this system to tell of changes");
                }
            } catch (IOException | UnsupportedOperationException none) {
                giveUp(reason(none));
            }
        }
        return service;
    }

    private static String reason(Exception failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    private synchronized void giveUp(String why) {
        trouble = why;
        shut();
    }

    /**
     * Watches these places and no others.
     *
     * @return whether there are new ones, of which nothing was heard before
     */
    boolean watch(Places now) {
        Set<Path> folders = now.folders();
        if (folders.isEmpty() || service(folders.iterator().next()) == null) {
            return false;
        }
        if (folders.size() > mostFolders) {
            giveUp(folders.size() + " folders are more than the " + mostFolders + " to watch");
            return false;
        }
        places = now;
        keys.entrySet()
                .removeIf(
                        entry -> {
                            Path folder = entry.getKey();
                            boolean stays = folders.contains(folder) && !lost.contains(folder);
                            if (!stays) {
                                entry.getValue().cancel();
                            }
                            return !stays;
                        });
        lost.clear();
        boolean hasNew = false;
        for (Path folder : folders) {
            if (!keys.containsKey(folder)) {
                hasNew |= watch(folder);
            }
        }
        return hasNew;
    }

    private boolean watch(Path folder) {
        WatchService watches = service(folder);
        if (watches == null) {
            return false;
        }
        try {
            keys.put(folder, folder.register(watches, CHANGES));
            return true;
        } catch (NoSuchFileException | NotDirectoryException | AccessDeniedException notNow) {
            return false; // tried again at the next look
        } catch (ClosedWatchServiceException end) {
            return false;
        } catch (IOException exhausted) {
            giveUp(reason(exhausted));
            return false;
        }
    }

    /** Whether the system tells of changes. */
    synchronized boolean areGiven() {
        return service != null;
    }

    /** Waits until something may have changed, or for so long; not once it is closed. */
    void await(long nanos) throws InterruptedException {
        WatchService watches;
        synchronized (this) {
            watches = service;
        }
        if (watches == null) {
            return;
        }
        try {
            long end = System.nanoTime() + nanos;
            WatchKey key = watches.poll(nanos, TimeUnit.NANOSECONDS);
            while (key != null && !hear(key)) {
                key = watches.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
            // What else has come by now is one change with it.
            for (key = watches.poll(); key != null; key = watches.poll()) {
                hear(key);
            }
        } catch (ClosedWatchServiceException end) {
            // There is nothing to wait for.
        }
    }

    /** Whether something happened that matters. */
    private boolean hear(WatchKey key) {
        Path folder = (Path) key.watchable();
        boolean matters = false;
        for (WatchEvent<?> event : key.pollEvents()) {
            if (event.kind() == StandardWatchEventKinds.OVERFLOW) {
                lost.addAll(keys.keySet());
                matters = true;
                continue;
            }
            Path name = (Path) event.context();
            Path whole = folder.resolve(name);
            if (event.kind() != StandardWatchEventKinds.ENTRY_MODIFY && keys.containsKey(whole)) {
                lost.add(whole);
            }
            matters |= keys.containsKey(whole) || places.concern(folder, name);
        }
        if (!key.reset() && keys.get(folder) == key) {
            lost.add(folder);
            matters = true;
        }
        return matters;
    }

    private synchronized void shut() {
        try {
            if (service != null) {
                service.close();
            }
        } catch (IOException left) {
            // It tells nothing any more, which is what is wanted.
        }
        service = null;
    }

    /** Ends it from any thread, and whoever waits. */
    @Override
    public synchronized void close() {
        closed = true;
        shut();
    }
}
