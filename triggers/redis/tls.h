/* SPDX-License-Identifier: Apache-2.0 */
/* TLS over bytes in memory: what comes from the wire is fed in, what goes to it is taken out. No I/O. */
#ifndef LEAT_REDIS_TLS_H
#define LEAT_REDIS_TLS_H

#include <leat/error.h>
#include <leat/str.h>

struct leat_redis_tls_options {
    leat_str ca;          /* a file or a folder of certificates that are trusted; absent: the system's */
    leat_str cert, key;   /* files of our own; absent: none */
    leat_str server_name; /* as the certificate calls the server; absent: the host of the URL */
};

struct leat_redis_tls_context; /* of all connections of a source or sink */
struct leat_redis_tls;         /* of one */

/* CONFIG: a file cannot be used. */
leat_status leat_redis_tls_context_new(const struct leat_redis_tls_options *options,
                                       struct leat_redis_tls_context **ret, struct leat_error *reterr);
void leat_redis_tls_context_free(struct leat_redis_tls_context *context); /* takes NULL */
/* The certificate must be that of `host` (a name or an address). NULL: out of memory. */
struct leat_redis_tls *leat_redis_tls_new(const struct leat_redis_tls_context *context, leat_str host);
void leat_redis_tls_free(struct leat_redis_tls *tls); /* takes NULL */

/* Bytes of the wire; false: out of memory. */
bool leat_redis_tls_feed(struct leat_redis_tls *tls, const char *bytes, size_t len);
/* 1: it is done, 0: more is needed from the wire, -1: it failed, *retwhy says how. */
int leat_redis_tls_shake(struct leat_redis_tls *tls, const char **retwhy);
/* Plain bytes; 0: none now, -1: it is over, *retwhy says how. */
long leat_redis_tls_read(struct leat_redis_tls *tls, char *bytes, size_t size, const char **retwhy);
/* All of them, once the handshake is done. False: out of memory. */
bool leat_redis_tls_write(struct leat_redis_tls *tls, leat_str bytes);
/* What is to go to the wire. */
leat_str leat_redis_tls_waiting(const struct leat_redis_tls *tls);
void leat_redis_tls_sent(struct leat_redis_tls *tls, size_t len); /* so many of them have gone */

#endif
