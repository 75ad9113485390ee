package io.sergo.sdk;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.opensergo.ConfigKind;
import io.opensergo.OpenSergoClient;
import io.opensergo.subscribe.SubscribeKey;
import io.opensergo.subscribe.SubscribedData;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A subscription of the SDK: what it hands to its subscriber, push by push. */
final class Subscribed {
    private static final int PATIENCE_SECONDS = 8;

    private final BlockingQueue<List<?>> pushes = new LinkedBlockingQueue<>();
    private final OpenSergoClient client;
    private final SubscribeKey key;
    private boolean isAnswered;

    Subscribed(OpenSergoClient client, String app, ConfigKind kind) {
        this.client = client;
        key = new SubscribeKey("default", app, kind);
        client.subscribeConfig(key, (at, data) -> pushes.add((List<?>) data));
    }

    /** All documents of the next push. */
    List<?> next() throws InterruptedException {
        List<?> push = pushes.poll(1, TimeUnit.SECONDS);
        if (push == null && !isAnswered) {
            // The SDK asks before it registers the subscriber: a quick answer is only kept.
            SubscribedData kept = client.getConfigCache().getDataFor(key);
            push = kept == null ? null : (List<?>) kept.getData();
        }
        if (push == null) {
            push = pushes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        assertNotNull(push, "no push for " + key);
        isAnswered = true;
        return push;
    }

    /** The one document of the next push. */
    <M> M nextOne(Class<M> message) throws InterruptedException {
        List<?> push = next();
        if (push.size() != 1) {
            throw new AssertionError(push.size() + " documents for " + key);
        }
        return message.cast(push.get(0));
    }
}
