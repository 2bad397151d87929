/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <leat/alloc.h>

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

struct leat_redis_tls_context {
    SSL_CTX *ssl;
    char server_name[256]; /* "": the host of the URL */
};

struct leat_redis_tls {
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
    char why[256];
};

static const char *last_error(void)
{
    unsigned long error = ERR_peek_last_error();
    const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;
    ERR_clear_error();
    return reason != NULL ? reason : "no reason given";
}

/* --- what all share ------------------------------------------------------------------------------------------ */

/* Paths of the configuration end with a NUL. */
static leat_status refuse(const char *key, leat_str path, struct leat_error *reterr)
{
    struct stat info;
    const char *why = stat(path.ptr, &info) != 0 ? strerror(errno) : last_error();
    ERR_clear_error();
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "tls.%s: %.*s: %s", key, LEAT_ARG(path), why);
}

static bool trust(SSL_CTX *ssl, leat_str ca)
{
    struct stat info;
    if (ca.ptr == NULL)
        return SSL_CTX_set_default_verify_paths(ssl) == 1;
    bool folder = stat(ca.ptr, &info) == 0 && S_ISDIR(info.st_mode);
    return SSL_CTX_load_verify_locations(ssl, folder ? NULL : ca.ptr, folder ? ca.ptr : NULL) == 1;
}

static leat_status set_up(struct leat_redis_tls_context *context, const struct leat_redis_tls_options *options,
                          struct leat_error *reterr)
{
    SSL_CTX *ssl = context->ssl;
    leat_str key = options->key.ptr != NULL ? options->key : options->cert;
    if (options->server_name.len >= sizeof(context->server_name))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "tls.server_name is longer than 255 bytes");
    if (options->server_name.len > 0)
        memcpy(context->server_name, options->server_name.ptr, options->server_name.len);
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    if (!trust(ssl, options->ca))
        return refuse("ca", options->ca.ptr != NULL ? options->ca : LEAT_STR("the system's"), reterr);
    if (options->cert.ptr != NULL && SSL_CTX_use_certificate_chain_file(ssl, options->cert.ptr) != 1)
        return refuse("cert", options->cert, reterr);
    if (key.ptr != NULL && SSL_CTX_use_PrivateKey_file(ssl, key.ptr, SSL_FILETYPE_PEM) != 1)
        return refuse("key", key, reterr);
    return LEAT_OK;
}

leat_status leat_redis_tls_context_new(const struct leat_redis_tls_options *options,
                                       struct leat_redis_tls_context **ret, struct leat_error *reterr)
{
    struct leat_redis_tls_context *context = leat_alloc(sizeof(*context));
    if (context != NULL)
        context->ssl = SSL_CTX_new(TLS_client_method());
    leat_status status = context != NULL && context->ssl != NULL
                             ? set_up(context, options, reterr)
                             : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    if (leat_is_ok(status))
        *ret = context;
    else
        leat_redis_tls_context_free(context);
    return status;
}

void leat_redis_tls_context_free(struct leat_redis_tls_context *context)
{
    if (context != NULL)
        SSL_CTX_free(context->ssl);
    leat_free(context);
}

/* --- one connection ------------------------------------------------------------------------------------------- */

static bool is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* Whose certificate it must be; names are also told to the server (SNI). */
static bool expect(SSL *ssl, char *host) /* not const: OpenSSL's macro casts it */
{
    X509_VERIFY_PARAM *wanted = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(wanted, host) == 1;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct leat_redis_tls *leat_redis_tls_new(const struct leat_redis_tls_context *context, leat_str host)
{
    struct leat_redis_tls *tls = leat_alloc(sizeof(*tls));
    char name[256];
    if (tls == NULL)
        return NULL;
    snprintf(name, sizeof(name), "%.*s",
             LEAT_ARG(context->server_name[0] != '\0' ? leat_str_c(context->server_name) : host));
    tls->ssl = SSL_new(context->ssl);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL || !expect(tls->ssl, name)) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        SSL_free(tls->ssl);
        leat_free(tls);
        return NULL;
    }
    SSL_set_bio(tls->ssl, tls->in, tls->out); /* which are its own from here on */
    SSL_set_connect_state(tls->ssl);
    return tls;
}

void leat_redis_tls_free(struct leat_redis_tls *tls)
{
    if (tls != NULL)
        SSL_free(tls->ssl);
    leat_free(tls);
}

bool leat_redis_tls_feed(struct leat_redis_tls *tls, const char *bytes, size_t len)
{
    return len <= INT32_MAX && BIO_write(tls->in, bytes, (int)len) == (int)len;
}

/* A certificate that is refused says why better than the protocol does. */
static int fail(struct leat_redis_tls *tls, const char **retwhy)
{
    long verified = SSL_get_verify_result(tls->ssl);
    snprintf(tls->why, sizeof(tls->why), "TLS: %s",
             verified != X509_V_OK ? X509_verify_cert_error_string(verified) : last_error());
    ERR_clear_error();
    *retwhy = tls->why;
    return -1;
}

int leat_redis_tls_shake(struct leat_redis_tls *tls, const char **retwhy)
{
    int done = SSL_do_handshake(tls->ssl);
    if (done == 1)
        return 1;
    return SSL_get_error(tls->ssl, done) == SSL_ERROR_WANT_READ ? 0 : fail(tls, retwhy);
}

long leat_redis_tls_read(struct leat_redis_tls *tls, char *bytes, size_t size, const char **retwhy)
{
    int count = SSL_read(tls->ssl, bytes, size <= INT32_MAX ? (int)size : INT32_MAX);
    if (count > 0)
        return count;
    switch (SSL_get_error(tls->ssl, count)) {
    case SSL_ERROR_WANT_READ: return 0;
    case SSL_ERROR_ZERO_RETURN: *retwhy = "the server closed the connection"; return -1;
    default: return fail(tls, retwhy);
    }
}

/* Into memory, so it never waits for the wire. */
bool leat_redis_tls_write(struct leat_redis_tls *tls, leat_str bytes)
{
    size_t written = 0;
    return bytes.len == 0 || SSL_write_ex(tls->ssl, bytes.ptr, bytes.len, &written) == 1;
}

leat_str leat_redis_tls_waiting(const struct leat_redis_tls *tls)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(tls->out, &bytes);
    return leat_str_of(bytes, len > 0 ? (size_t)len : 0);
}

void leat_redis_tls_sent(struct leat_redis_tls *tls, size_t len)
{
    char piece[4096];
    while (len > 0) {
        int count = BIO_read(tls->out, piece, len < sizeof(piece) ? (int)len : (int)sizeof(piece));
        if (count <= 0)
            break;
        len -= (size_t)count;
    }
}
