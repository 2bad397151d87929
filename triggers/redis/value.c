/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

/* hiredis tells the parent of each element, which has room for it; a root has the parser's. */
static struct leat_redis_value *room_for(const redisReadTask *task)
{
    struct leat_redis_parser *parser = task->privdata;
    struct leat_redis_value *list = task->parent != NULL ? task->parent->obj : NULL;
    struct leat_redis_value *value = list == NULL                      ? &parser->root
                                     : (size_t)task->idx < list->count ? &list->items[task->idx]
                                                                       : &parser->nowhere;
    *value = (struct leat_redis_value){.type = LEAT_REDIS_NIL};
    return value;
}

static void *make_text(const redisReadTask *task, char *bytes, size_t len)
{
    struct leat_redis_parser *parser = task->privdata;
    struct leat_redis_value *value = room_for(task);
    bool kept = parser->text_max == 0 || len <= parser->text_max || task->type == REDIS_REPLY_ERROR;
    value->text = kept ? leat_arena_copy(parser->arena, leat_str_of(bytes, len)) : LEAT_ABSENT;
    value->type = value->text.ptr == NULL           ? LEAT_REDIS_LEFT_OUT
                  : task->type == REDIS_REPLY_ERROR ? LEAT_REDIS_ERROR
                                                    : LEAT_REDIS_TEXT;
    value->text.len = len;
    return value;
}

#if HIREDIS_MAJOR >= 1
static void *make_list(const redisReadTask *task, size_t count)
#else
static void *make_list(const redisReadTask *task, int count)
#endif
{
    struct leat_redis_parser *parser = task->privdata;
    struct leat_redis_value *value = room_for(task);
    value->type = LEAT_REDIS_LIST;
    value->items = count > 0 ? LEAT_NEW_N(parser->arena, struct leat_redis_value, (size_t)count) : NULL;
    value->count = value->items != NULL ? (size_t)count : 0;
    return value;
}

static void *make_number(const redisReadTask *task, long long number)
{
    struct leat_redis_value *value = room_for(task);
    value->type = LEAT_REDIS_NUMBER;
    value->number = number;
    return value;
}

static void *make_nil(const redisReadTask *task)
{
    return room_for(task);
}

static void drop(void *value)
{
    (void)value; /* the arena's */
}

bool leat_redis_parser_init(struct leat_redis_parser *parser)
{
    static redisReplyObjectFunctions functions = {.createString = make_text,
                                                  .createArray = make_list,
                                                  .createInteger = make_number,
                                                  .createNil = make_nil,
                                                  .freeObject = drop};
    *parser = (struct leat_redis_parser){.reader = redisReaderCreateWithFunctions(&functions)};
    if (parser->reader != NULL)
        parser->reader->privdata = parser;
    return parser->reader != NULL;
}

void leat_redis_parser_fini(struct leat_redis_parser *parser)
{
    if (parser->reader != NULL)
        redisReaderFree(parser->reader);
    parser->reader = NULL;
}

/* --- looking ------------------------------------------------------------------------------------------------ */

const struct leat_redis_value *leat_redis_item(const struct leat_redis_value *list, size_t index)
{
    static const struct leat_redis_value nothing = {.type = LEAT_REDIS_NIL};
    return list->type == LEAT_REDIS_LIST && index < list->count ? &list->items[index] : &nothing;
}

leat_str leat_redis_text(const struct leat_redis_value *value)
{
    return value->type == LEAT_REDIS_TEXT ? value->text : LEAT_ABSENT;
}

int64_t leat_redis_number(const struct leat_redis_value *value, int64_t other)
{
    int64_t number = other;
    if (value->type == LEAT_REDIS_NUMBER)
        return value->number;
    return value->type == LEAT_REDIS_TEXT && leat_str_int64(value->text, &number) ? number : other;
}

bool leat_redis_is_error(const struct leat_redis_value *value, const char *start)
{
    return value->type == LEAT_REDIS_ERROR && leat_str_starts(value->text, leat_str_c(start));
}
