package io.sergo.sdk;

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
    /** Less than the ten seconds that the SDK's stream lives. */
    private static final int PATIENCE_MILLIS = 8_000;

    private static final int LOOK_MILLIS = 20;

    private final BlockingQueue<List<?>> pushes = new LinkedBlockingQueue<>();
    private final OpenSergoClient client;
    private final SubscribeKey key;
    private List<?> last;

    Subscribed(OpenSergoClient client, String app, ConfigKind kind) {
        this.client = client;
        key = new SubscribeKey("default", app, kind);
        client.subscribeConfig(key, (at, data) -> pushes.add((List<?>) data));
    }

    /** All documents of the next push. */
    List<?> next() throws InterruptedException {
        for (int waited = 0; waited < PATIENCE_MILLIS; waited += LOOK_MILLIS) {
            List<?> push = pushes.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            if (push == null && last == null) {
                // The SDK asks before it registers the subscriber: a quick answer is only kept.
                SubscribedData kept = client.getConfigCache().getDataFor(key);
                push = kept == null ? null : (List<?>) kept.getData();
            }
            // One that was found kept can still be on its way to the subscriber.
            if (push != null && push != last) {
                last = push;
                return push;
            }
        }
        throw new AssertionError("no push for " + key);
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
