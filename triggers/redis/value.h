/* SPDX-License-Identifier: Apache-2.0 */
/* Replies as values in an arena: hiredis reads the protocol, these functions keep what it finds. */
#ifndef LEAT_REDIS_VALUE_H
#define LEAT_REDIS_VALUE_H

#include <leat/arena.h>

#include <hiredis/hiredis.h>

enum leat_redis_type {
    LEAT_REDIS_NIL,
    LEAT_REDIS_TEXT,
    LEAT_REDIS_NUMBER,
    LEAT_REDIS_LIST,
    LEAT_REDIS_ERROR,
    LEAT_REDIS_LEFT_OUT, /* a text longer than the parser keeps, or for which there was no memory: text.len is true */
};

struct leat_redis_value {
    enum leat_redis_type type;
    leat_str text; /* TEXT, ERROR */
    int64_t number;
    struct leat_redis_value *items; /* LIST */
    size_t count;
};

struct leat_redis_parser {
    redisReader *reader;
    struct leat_arena *arena; /* of the reply that is read now */
    size_t text_max;          /* longer texts are left out; 0: no limit */
    struct leat_redis_value root, nowhere;
};

/* False: out of memory. */
bool leat_redis_parser_init(struct leat_redis_parser *parser);
void leat_redis_parser_fini(struct leat_redis_parser *parser); /* takes a zeroed one */

/* The item, or a NIL where there is none. */
const struct leat_redis_value *leat_redis_item(const struct leat_redis_value *list, size_t index);
leat_str leat_redis_text(const struct leat_redis_value *value); /* absent: it is no text */
/* A number, also one written as text; else `other`. */
int64_t leat_redis_number(const struct leat_redis_value *value, int64_t other);
/* An error that begins so. */
bool leat_redis_is_error(const struct leat_redis_value *value, const char *start);

#endif
