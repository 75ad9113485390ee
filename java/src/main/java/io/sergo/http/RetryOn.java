package io.sergo.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;

/** The conditions on which a call is made again, with commas between them. */
final class RetryOn {
    private RetryOn() {}

    /** Whether a response is one to try again. */
    static boolean holds(String conditions, HttpResponse<?> response) {
        int status = response.statusCode();
        String grpc = response.headers().firstValue("grpc-status").orElse("");
        for (String condition : conditions.split(",")) {
            boolean holds =
                    switch (condition.trim()) {
                        case "5xx" -> status >= 500;
                        case "gateway-error" -> status >= 502 && status <= 504;
                        case "retriable-4xx" -> status == 409;
                        case "cancelled" -> grpc.equals("1");
                        case "deadline-exceeded" -> grpc.equals("4");
                        case "resource-exhausted" -> grpc.equals("8");
                        case "internal" -> grpc.equals("13");
                        case "unavailable" -> grpc.equals("14");
                        default -> condition.trim().equals(Integer.toString(status));
                    };
            if (holds) {
                return true;
            }
        }
        return false;
    }

    /** Whether a failure is one to try again; one after connecting only if that can be done. */
    static boolean holds(String conditions, Throwable failure, boolean isReplayable) {
        boolean isConnecting =
                failure instanceof ConnectException
                        || failure instanceof HttpConnectTimeoutException;
        for (String condition : conditions.split(",")) {
            boolean holds =
                    switch (condition.trim()) {
                        case "connect-failure" -> isConnecting;
                        case "reset", "5xx", "gateway-error" ->
                                failure instanceof IOException && (isConnecting || isReplayable);
                        default -> false;
                    };
            if (holds) {
                return true;
            }
        }
        return false;
    }
}
