package io.sergo;

import java.util.concurrent.ConcurrentHashMap;

/**
 * What has been looked up, kept for the next time. When it is full it starts anew: what is in use
 * comes back at once, and names that came by only once do not pile up.
 */
final class Bounded<K, V> {
    static final int LIMIT = 10_000;

    private final ConcurrentHashMap<K, V> kept = new ConcurrentHashMap<>();

    V get(K key) {
        return kept.get(key);
    }

    void put(K key, V value) {
        if (kept.mappingCount() >= LIMIT) {
            kept.clear();
        }
        kept.put(key, value);
    }

    void remove(K key) {
        kept.remove(key);
    }

    void clear() {
        kept.clear();
    }

    long size() {
        return kept.mappingCount();
    }
}
