package io.sergo;

import java.io.IOException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.util.concurrent.CancellationException;

/** What came of a call to an instance; outlier detection judges instances by it. */
public enum Outcome {
    /** It answered, and not with a server error. */
    SUCCESS,
    /** It answered with a server error. */
    ERROR,
    /** It answered with 502, 503 or 504, or not in time. */
    GATEWAY_ERROR,
    /** There was no connection to it, or it broke. */
    LOCAL_ERROR,
    /** It was not made, or was called off: that tells nothing. */
    CANCELLED;

    /**
     * What a status code means.
     *
     * @param code the status code of an HTTP response
     * @return the outcome
     */
    public static Outcome ofStatus(int code) {
        return switch (code) {
            case 502, 503, 504 -> GATEWAY_ERROR;
            default -> code >= 500 ? ERROR : SUCCESS;
        };
    }

    /**
     * What an exception means: one of input or output says that there was no connection, a timeout
     * after connecting that no answer came in time, a cancellation nothing, and any other that the
     * call failed.
     *
     * @param failure what the call threw
     * @return the outcome
     */
    public static Outcome ofFailure(Throwable failure) {
        if (failure instanceof HttpTimeoutException
                && !(failure instanceof HttpConnectTimeoutException)) {
            return GATEWAY_ERROR;
        }
        if (failure instanceof CancellationException || failure instanceof InterruptedException) {
            return CANCELLED;
        }
        return failure instanceof IOException ? LOCAL_ERROR : ERROR;
    }
}
