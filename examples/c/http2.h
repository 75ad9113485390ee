// As much of HTTP/2 as one gRPC stream in clear text needs (RFC 9113 with prior
// knowledge): whole messages out, whole messages in.
#ifndef EXAMPLES_HTTP2_H
#define EXAMPLES_HTTP2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes that grow at their end.
struct bytes {
    uint8_t *data;
    size_t len;
    size_t room;
};

// A connection with its one stream. All zero but the socket, -1, is none.
struct http2 {
    int socket;
    bool is_over;                // the stream or the connection has ended
    const char *why;             // then: why
    struct bytes in;             // what has come and is no whole frame yet
    struct bytes body;           // what has come of messages
    int64_t credit;              // how much may be sent on the connection
    int64_t stream_credit;       // and on the stream
    int64_t first_stream_credit; // what the peer's settings said of that last
};

// Connects to HOST:PORT and opens a POST of the path, as gRPC does. False when there
// is no connection; `why` says why.
bool http2_open(struct http2 *http, const char *address, const char *path);

// Sends one message.
void http2_send(struct http2 *http, const void *message, size_t len);

// Reads what has come, waiting for it for at most so many milliseconds, -1 for ever.
// False when nothing has.
bool http2_read(struct http2 *http, int millis);

// The next whole message of what has been read, to be freed; NULL when there is none.
uint8_t *http2_message(struct http2 *http, size_t *len);

// Closes the connection and frees what it holds.
void http2_close(struct http2 *http);

#endif
