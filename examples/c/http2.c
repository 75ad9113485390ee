#define _POSIX_C_SOURCE 200809L
#include "http2.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };
enum { FRAME_HEAD = 9, MESSAGE_HEAD = 5, LARGEST_FRAME = 16384, WINDOW = 65535, STREAM = 1 };
enum { INITIAL_WINDOW_SIZE = 4 };
enum { PATIENCE = 15000 };  // milliseconds

// No larger message is taken.
static const size_t LARGEST_MESSAGE = 32u << 20;

static void end(struct http2 *http, const char *why) {
    if (!http->is_over) http->why = why;
    http->is_over = true;
}

static void add(struct bytes *bytes, const void *data, size_t len) {
    if (bytes->room - bytes->len < len) {
        bytes->room = (bytes->len + len) * 2;
        bytes->data = realloc(bytes->data, bytes->room);
        if (!bytes->data) abort();
    }
    if (len) memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
}

static void drop(struct bytes *bytes, size_t len) {
    bytes->len -= len;
    if (bytes->len) memmove(bytes->data, bytes->data + len, bytes->len);
}

static uint32_t read_number(const uint8_t *at, int count) {
    uint32_t number = 0;
    for (int i = 0; i < count; i++) number = number << 8 | at[i];
    return number;
}

static void write_number(uint8_t *to, uint32_t number, int count) {
    for (int i = count - 1; i >= 0; i--, number >>= 8) to[i] = (uint8_t)number;
}

static void write_all(struct http2 *http, const void *data, size_t len) {
    for (const char *at = data; len > 0 && !http->is_over;) {
        ssize_t sent = send(http->socket, at, len, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        } else if (errno != EINTR) {
            end(http, "nothing can be sent");
        }
    }
}

static void write_frame(struct http2 *http, int kind, int flags, uint32_t stream, const void *data, size_t len) {
    uint8_t head[FRAME_HEAD];
    write_number(head, (uint32_t)len, 3);
    head[3] = (uint8_t)kind;
    head[4] = (uint8_t)flags;
    write_number(head + 5, stream, 4);
    write_all(http, head, sizeof head);
    write_all(http, data, len);
}

// A header of HPACK without a table: the name as a number or a text, the value as a
// text. All texts here are shorter than 127 bytes.
static void add_header(struct bytes *block, uint8_t index, const char *name, const char *value) {
    uint8_t byte = index < 15 ? index : 15, rest = (uint8_t)(index - 15);
    add(block, &byte, 1);
    if (index >= 15) add(block, &rest, 1);
    for (int i = name ? 0 : 1; i < 2; i++) {
        const char *text = i ? value : name;
        uint8_t len = (uint8_t)strlen(text);
        add(block, &len, 1);
        add(block, text, len);
    }
}

static void begin(struct http2 *http, const char *authority, const char *path) {
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static const uint8_t post_http[] = {0x83, 0x86};
    struct bytes block = {0};
    add(&block, post_http, sizeof post_http);
    add_header(&block, 4, NULL, path);
    add_header(&block, 1, NULL, authority);
    add_header(&block, 31, NULL, "application/grpc");
    add_header(&block, 0, "te", "trailers");
    write_all(http, preface, sizeof preface - 1);
    write_frame(http, SETTINGS, 0, 0, NULL, 0);
    write_frame(http, HEADERS, END_HEADERS, STREAM, block.data, block.len);
    free(block.data);
}

bool http2_open(struct http2 *http, const char *address, const char *path) {
    *http = (struct http2){.socket = -1, .credit = WINDOW, .stream_credit = WINDOW, .first_stream_credit = WINDOW};
    char host[128];
    const char *colon = strrchr(address, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (!colon || (size_t)(colon - address) >= sizeof host || strlen(address) > 126) {
        end(http, "an address is HOST:PORT");
        return false;
    }
    memcpy(host, address, (size_t)(colon - address));
    host[colon - address] = 0;
    int failure = getaddrinfo(host, colon + 1, &hints, &found);
    for (struct addrinfo *one = failure ? NULL : found; one && http->socket < 0; one = one->ai_next) {
        http->socket = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
        if (http->socket >= 0 && connect(http->socket, one->ai_addr, one->ai_addrlen) != 0) {
            close(http->socket);
            http->socket = -1;
        }
    }
    if (!failure) freeaddrinfo(found);
    if (http->socket < 0) end(http, failure ? gai_strerror(failure) : "nobody answers there");
    if (!http->is_over) begin(http, address, path);
    return !http->is_over;
}

static void take_settings(struct http2 *http, const uint8_t *payload, size_t len) {
    for (; len >= 6; payload += 6, len -= 6) {
        if (read_number(payload, 2) != INITIAL_WINDOW_SIZE) continue;
        int64_t size = read_number(payload + 2, 4);
        http->stream_credit += size - http->first_stream_credit;
        http->first_stream_credit = size;
    }
    write_frame(http, SETTINGS, ACK, 0, NULL, 0);
}

static void take_data(struct http2 *http, int flags, const uint8_t *payload, size_t len) {
    uint8_t taken[4];
    write_number(taken, (uint32_t)len, 4);
    if (len) write_frame(http, WINDOW_UPDATE, 0, 0, taken, sizeof taken);
    if (len && !(flags & END_STREAM)) write_frame(http, WINDOW_UPDATE, 0, STREAM, taken, sizeof taken);
    size_t padding = flags & PADDED && len ? 1u + payload[0] : 0;
    if (padding > len) {
        end(http, "a frame is padded beyond its end");
    } else {
        add(&http->body, payload + (padding ? 1 : 0), len - padding);
    }
}

static void take_frame(struct http2 *http, int kind, int flags, uint32_t stream, const uint8_t *payload, size_t len) {
    switch (kind) {
        case DATA: take_data(http, flags, payload, len); break;
        case SETTINGS:
            if (!(flags & ACK)) take_settings(http, payload, len);
            break;
        case PING:
            if (!(flags & ACK)) write_frame(http, PING, ACK, 0, payload, len);
            break;
        case WINDOW_UPDATE:
            if (len == 4) *(stream ? &http->stream_credit : &http->credit) += read_number(payload, 4) & 0x7fffffff;
            break;
        case RST_STREAM: end(http, "the stream was reset"); break;
        case GOAWAY: end(http, "the control plane is going away"); break;
        default: break;  // headers: nothing in them is needed
    }
    if ((kind == DATA || kind == HEADERS) && flags & END_STREAM) end(http, "the control plane ended the stream");
}

bool http2_read(struct http2 *http, int millis) {
    uint8_t room[LARGEST_FRAME];
    struct pollfd wait = {.fd = http->socket, .events = POLLIN};
    if (http->is_over || poll(&wait, 1, millis) <= 0) return false;
    ssize_t got = recv(http->socket, room, sizeof room, 0);
    if (got <= 0) {
        end(http, got ? strerror(errno) : "the connection was closed");
        return true;
    }
    add(&http->in, room, (size_t)got);
    size_t at = 0;
    while (http->in.len - at >= FRAME_HEAD) {
        const uint8_t *head = http->in.data + at;
        size_t len = read_number(head, 3);
        if (len > LARGEST_FRAME) {
            end(http, "a frame is larger than agreed");
            break;
        }
        if (http->in.len - at < FRAME_HEAD + len) break;
        take_frame(http, head[3], head[4], read_number(head + 5, 4) & 0x7fffffff, head + FRAME_HEAD, len);
        at += FRAME_HEAD + len;
    }
    drop(&http->in, at);
    return true;
}

uint8_t *http2_message(struct http2 *http, size_t *len) {
    struct bytes *body = &http->body;
    if (body->len < MESSAGE_HEAD) return NULL;
    *len = read_number(body->data + 1, 4);
    if (body->data[0] || *len > LARGEST_MESSAGE) {
        end(http, "a message is compressed or too large");
        body->len = 0;
        return NULL;
    }
    if (body->len - MESSAGE_HEAD < *len) return NULL;
    uint8_t *message = malloc(*len + 1);
    if (!message) abort();
    memcpy(message, body->data + MESSAGE_HEAD, *len);
    drop(body, MESSAGE_HEAD + *len);
    return message;
}

void http2_send(struct http2 *http, const void *message, size_t len) {
    struct bytes framed = {0};
    uint8_t head[MESSAGE_HEAD] = {0};
    write_number(head + 1, (uint32_t)len, 4);
    add(&framed, head, sizeof head);
    add(&framed, message, len);
    for (size_t at = 0; at < framed.len && !http->is_over;) {
        int64_t credit = http->credit < http->stream_credit ? http->credit : http->stream_credit;
        if (credit <= 0) {
            // Until the peer allows more.
            if (!http2_read(http, PATIENCE)) end(http, "the control plane does not read");
            continue;
        }
        size_t part = framed.len - at < LARGEST_FRAME ? framed.len - at : LARGEST_FRAME;
        if ((int64_t)part > credit) part = (size_t)credit;
        write_frame(http, DATA, 0, STREAM, framed.data + at, part);
        http->credit -= (int64_t)part;
        http->stream_credit -= (int64_t)part;
        at += part;
    }
    free(framed.data);
}

void http2_close(struct http2 *http) {
    if (http->socket >= 0) close(http->socket);
    free(http->in.data);
    free(http->body.data);
    *http = (struct http2){.socket = -1, .is_over = true, .why = "closed"};
}
