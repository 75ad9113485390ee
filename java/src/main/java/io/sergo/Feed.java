package io.sergo;

/** What keeps an engine's rules up to date, until it or the engine is closed. */
interface Feed extends AutoCloseable {
    @Override
    void close();
}
