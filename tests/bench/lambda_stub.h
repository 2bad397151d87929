/* SPDX-License-Identifier: Apache-2.0 */
/* The stub Runtime API of the Lambda bench: it spawns a runtime, serves it events, and measures it from outside. */
#ifndef LEAT_BENCH_LAMBDA_STUB_H
#define LEAT_BENCH_LAMBDA_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STUB_CONNECTIONS_MAX 256
#define STUB_ENV_MAX 64

/* What ends a body in one chunk lies behind every payload, this long; `len` does not count it. */
#define STUB_CHUNK_END_TEXT "\r\n0\r\n\r\n"
#define STUB_CHUNK_END (sizeof STUB_CHUNK_END_TEXT - 1)

struct stub_bytes {
    char *ptr;
    size_t len;
};

struct stub_options {
    char *const *command;
    struct stub_bytes payload, expected; /* expected.ptr NULL: the payload comes back */
    bool any_answer;                     /* what comes back is not looked at */
    size_t warm, invokes, concurrency;   /* `warm` invokes go before those that are measured */
    int stub_cpu, child_cpu;             /* -1: wherever the scheduler likes */
    int timeout_s;
    bool chunked; /* events are sent chunked, as the emulator sends those above 2 kB */
    const char *env[STUB_ENV_MAX];
    size_t env_count;
};

/* What the kernel says about the child. */
struct stub_usage {
    long rss_kb, anon_kb, hwm_kb, threads, faults;
    int64_t cpu_ns; /* all threads, user and system */
};

struct stub_result {
    int64_t start_ns, start_cpu_ns;  /* from before the spawn to the whole head of the first `next` */
    struct stub_usage first, last;   /* at the first `next`, and when all is done */
    int64_t wall_ns, cpu_ns;         /* of the measured invokes */
    int64_t rtt_ns, rtt_p99_ns;      /* first byte of an event out -> last byte of its answer in; mean */
    size_t connections, in_measured; /* in all, and opened during the measured invokes */
    int ended;                       /* how, when it was asked to */
};

/* --- lambda_stub_http.c: one connection ----------------------------------------------------------------- */

/* A request is read into `in`; chunks are moved together, so that its body always lies in one piece. */
struct stub_connection {
    int fd; /* -1: free */
    char *in;
    size_t len, capacity;
    size_t head_len;  /* 0: the head is not there yet */
    size_t body_len;  /* of a body in chunks: so far */
    size_t scan;      /* of a body in chunks: where the next one begins */
    size_t total_len; /* of a body of known length: head and body */
    bool chunked;

    char out[2048]; /* heads and short bodies; behind them `body` */
    size_t out_len, out_at;
    const char *body;
    size_t body_left;
    bool waits; /* for the answer to its `next` */
};

struct stub_request {
    bool is_post;
    char path[512];
    struct stub_bytes body;
    size_t taken; /* of `in` */
};

enum stub_read { STUB_MORE, STUB_REQUEST, STUB_BAD };

bool stub_connection_open(struct stub_connection *connection, int fd);
void stub_connection_close(struct stub_connection *connection);
/* Receives once. False: the peer is gone. */
bool stub_receive(struct stub_connection *connection);
/* The next request of what was received. */
enum stub_read stub_parse(struct stub_connection *connection, struct stub_request *ret);
void stub_taken(struct stub_connection *connection, const struct stub_request *request);
/* Adds a head, or a whole short answer, to what is sent. False: too much waits already. */
bool stub_say(struct stub_connection *connection, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Sends what it can without waiting. False: the peer is gone. */
bool stub_flush(struct stub_connection *connection);

/* --- lambda_stub_child.c: the process ------------------------------------------------------------------- */

int64_t stub_now_ns(void);
/* Spawns the command in a process group of its own, in the environment that Lambda gives. -1: it said why. */
pid_t stub_spawn(const struct stub_options *options, unsigned port, int64_t *retstart_ns);
bool stub_pin(int cpu);
void stub_look(pid_t child, struct stub_usage *ret);
int64_t stub_cpu_ns(pid_t child);
/* Asks it to end, then ends it and everything it started. Its exit status, or the signal it died of, negative. */
int stub_end(pid_t child, int pidfd);

/* --- lambda_stub_serve.c ------------------------------------------------------------------------------ */

/* False: it said on stderr why there is no result. */
bool stub_serve(const struct stub_options *options, struct stub_result *ret);

#endif
