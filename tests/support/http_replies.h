/* SPDX-License-Identifier: Apache-2.0 */
/* Replies and answers of HTTP, for tests of both directions: an arena a test, and what they are compared by. */
#ifndef LEAT_TEST_HTTP_REPLIES_H
#define LEAT_TEST_HTTP_REPLIES_H

#include <leat/http.h>

#include <criterion/criterion.h>

static struct leat_arena arena;

static inline void setup(void)
{
    leat_arena_init(&arena, 0);
}

static inline void teardown(void)
{
    leat_arena_fini(&arena);
}

static inline void expect(leat_str got, const char *want, const char *what)
{
    cr_expect(leat_str_eq(got, leat_str_c(want)), "%s: got \"%.*s\", want \"%s\"", what, LEAT_ARG(got),
              want != NULL ? want : "(absent)");
}

static inline void add(struct leat_reply *reply, leat_str name, leat_str value)
{
    struct leat_reply_header **at = &reply->headers;
    while (*at != NULL)
        at = &(*at)->next;
    *at = LEAT_NEW(&arena, struct leat_reply_header);
    **at = (struct leat_reply_header){.name = name, .value = value};
}

static inline struct leat_reply decoded(enum leat_http_dialect dialect, leat_str answer)
{
    struct leat_reply reply;
    cr_assert(leat_is_ok(leat_http_decode(&arena, dialect, answer, &reply)));
    return reply;
}

/* "name=value|name=value" */
static inline leat_str headers_of(const struct leat_reply *reply)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &arena);
    for (const struct leat_reply_header *at = reply->headers; at != NULL; at = at->next)
        leat_buf_printf(&buf, "%s%.*s=%.*s", at != reply->headers ? "|" : "", LEAT_ARG(at->name), LEAT_ARG(at->value));
    return leat_buf_str(&buf);
}

#endif
