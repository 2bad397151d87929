/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and replies of a link; dial.c brings it up. */
#include "link_private.h"

#include <leat/alloc.h>

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_BYTES = 65536,
    READS_A_TURN = 16,
    OUT_KEPT_BYTES = 65536,
    SCRATCH_MAX = 16 << 20, /* of a reply that nobody gave an arena for; such are short */
};

int64_t leat_redis_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- writing ------------------------------------------------------------------------------------------------- */

static void add_word(struct leat_redis_link *link, leat_str word)
{
    if (link->word_count == link->word_size) {
        size_t size = link->word_size == 0 ? 64 : link->word_size * 2;
        const char **words = leat_realloc((void *)link->words, size * sizeof(*words));
        if (words != NULL)
            link->words = words;
        size_t *lens = leat_realloc(link->word_lens, size * sizeof(*lens));
        if (lens != NULL)
            link->word_lens = lens;
        link->broken = link->broken || words == NULL || lens == NULL;
        if (link->broken)
            return;
        link->word_size = size;
    }
    link->words[link->word_count] = word.ptr;
    link->word_lens[link->word_count++] = word.len;
}

void leat_redis_begin(struct leat_redis_link *link, const char *words)
{
    leat_str rest = leat_str_c(words);
    link->word_count = 0;
    link->broken = false;
    leat_arena_reset(&link->digits);
    while (rest.ptr != NULL)
        add_word(link, leat_str_cut(&rest, ' '));
}

void leat_redis_add(struct leat_redis_link *link, leat_str word)
{
    add_word(link, word.ptr != NULL ? word : LEAT_STR(""));
}

void leat_redis_add_number(struct leat_redis_link *link, int64_t number)
{
    leat_str digits = leat_arena_printf(&link->digits, "%lld", (long long)number);
    link->broken = link->broken || digits.ptr == NULL;
    add_word(link, digits);
}

static bool keep(struct leat_redis_link *link, const char *bytes, size_t len)
{
    if (link->out_sent == link->out_len)
        link->out_sent = link->out_len = 0;
    if (len > link->out_size - link->out_len) {
        size_t size = link->out_len + len < OUT_KEPT_BYTES / 2 ? OUT_KEPT_BYTES : (link->out_len + len) * 2;
        char *out = leat_realloc(link->out, size);
        if (out == NULL)
            return false;
        link->out = out;
        link->out_size = size;
    }
    memcpy(link->out + link->out_len, bytes, len);
    link->out_len += len;
    return true;
}

static bool format(struct leat_redis_link *link)
{
    char *text = NULL;
    int len = link->word_count <= INT32_MAX
                  ? redisFormatCommandArgv(&text, (int)link->word_count, link->words, link->word_lens)
                  : -1;
    bool kept = len > 0 && keep(link, text, (size_t)len);
    if (len > 0)
        redisFreeCommand(text);
    return kept;
}

/* What goes to the wire next. */
static leat_str waiting(struct leat_redis_link *link)
{
    leat_str plain = leat_str_of(link->out + link->out_sent, link->out_len - link->out_sent);
    if (link->tls == NULL)
        return plain;
    if (plain.len > 0 && link->state >= LEAT_REDIS_GREETING) {
        link->out_sent = link->out_len;
        if (!leat_redis_tls_write(link->tls, plain))
            leat_redis_link_fail(link, "out of memory");
    }
    return leat_redis_tls_waiting(link->tls);
}

void leat_redis_flush(struct leat_redis_link *link)
{
    leat_str bytes = LEAT_ABSENT;
    while (link->fd >= 0 && (bytes = waiting(link)).len > 0) {
        ssize_t count = send(link->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            break;
        if (count < 0) {
            leat_redis_link_fail(link, "%s", strerror(errno));
            return;
        }
        if (link->tls != NULL)
            leat_redis_tls_sent(link->tls, (size_t)count);
        else
            link->out_sent += (size_t)count;
    }
    leat_redis_watch(link, bytes.len > 0 ? LEAT_READABLE | LEAT_WRITABLE : LEAT_READABLE);
}

bool leat_redis_queue(struct leat_redis_link *link, leat_redis_reply_fn *function, void *argument,
                      struct leat_arena *arena, int64_t wait_ms)
{
    struct leat_redis_command *command = link->spare;
    if (command != NULL)
        link->spare = command->next;
    else
        command = leat_alloc(sizeof(*command));
    if (command == NULL || link->broken || !format(link)) {
        leat_free(command);
        return false;
    }
    *command = (struct leat_redis_command){.function = function,
                                           .argument = argument,
                                           .arena = arena,
                                           .limit_ms = leat_redis_now_ms() + wait_ms + LEAT_REDIS_COMMAND_MS};
    if (link->first == NULL)
        leat_timer_set(link->timer, wait_ms + LEAT_REDIS_COMMAND_MS);
    *link->last = command;
    link->last = &command->next;
    return true;
}

bool leat_redis_send(struct leat_redis_link *link, leat_redis_reply_fn *function, void *argument,
                     struct leat_arena *arena, int64_t wait_ms)
{
    if (link->state != LEAT_REDIS_UP || link->why[0] != '\0' ||
        !leat_redis_queue(link, function, argument, arena, wait_ms))
        return false;
    leat_redis_flush(link);
    return true;
}

/* --- reading ------------------------------------------------------------------------------------------------- */

static struct leat_redis_command *take_first(struct leat_redis_link *link)
{
    struct leat_redis_command *command = link->first;
    link->first = command->next;
    if (link->first == NULL)
        link->last = &link->first;
    return command;
}

static void answer(struct leat_redis_link *link, const struct leat_redis_value *reply)
{
    struct leat_redis_command *command = take_first(link);
    struct leat_redis_command was = *command;
    command->next = link->spare;
    link->spare = command;
    was.function(was.argument, reply);
}

void leat_redis_answer_all(struct leat_redis_link *link)
{
    /* Only those that are there now: what is sent meanwhile is refused, for the link is not up. */
    while (link->first != NULL)
        answer(link, NULL);
}

/* The limit of the first one counts: they are answered in their order. */
static void set_limit(struct leat_redis_link *link)
{
    if (link->first == NULL)
        leat_timer_clear(link->timer);
    else
        leat_timer_set(link->timer, link->first->limit_ms - leat_redis_now_ms());
}

/* False: there is no whole reply, or no link, any more. */
static bool read_reply(struct leat_redis_link *link)
{
    void *reply = NULL;
    struct leat_redis_parser *parser = &link->parser;
    parser->arena = link->first != NULL && link->first->arena != NULL ? link->first->arena : &link->scratch;
    if (redisReaderGetReply(parser->reader, &reply) != REDIS_OK) {
        leat_redis_link_fail(link, "what it answers is not the protocol: %s", parser->reader->errstr);
        return false;
    }
    if (reply == NULL)
        return false;
    if (link->first == NULL || link->scratch.overflow) { /* a part of a list is no list */
        leat_redis_link_fail(link, "%s", link->first == NULL ? "it answers what nobody asked" : "out of memory");
        return false;
    }
    answer(link, &parser->root);
    leat_arena_reset(&link->scratch);
    return link->why[0] == '\0' && link->fd >= 0;
}

static bool take_bytes(struct leat_redis_link *link, const char *bytes, size_t len)
{
    if (redisReaderFeed(link->parser.reader, bytes, len) != REDIS_OK) {
        leat_redis_link_fail(link, "out of memory");
        return false;
    }
    while (read_reply(link))
        continue;
    return link->why[0] == '\0';
}

static void take_sealed(struct leat_redis_link *link, size_t len)
{
    const char *why = "out of memory";
    long count = leat_redis_tls_feed(link->tls, link->in, len) ? 1 : -1;
    if (count > 0 && link->state == LEAT_REDIS_SHAKING)
        count = leat_redis_shake(link) ? 1 : 0;
    while (count > 0 && (count = leat_redis_tls_read(link->tls, link->in, READ_BYTES, &why)) > 0)
        if (!take_bytes(link, link->in, (size_t)count))
            return;
    if (count < 0)
        leat_redis_link_fail(link, "%s", why);
}

/* False: there is no more now. */
static bool read_some(struct leat_redis_link *link)
{
    ssize_t count = recv(link->fd, link->in, READ_BYTES, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (count <= 0)
        leat_redis_link_fail(link, "%s", count == 0 ? "the server closed the connection" : strerror(errno));
    else if (link->tls != NULL)
        take_sealed(link, (size_t)count);
    else
        (void)take_bytes(link, link->in, (size_t)count);
    return count == READ_BYTES && link->why[0] == '\0';
}

void leat_redis_readable(struct leat_redis_link *link)
{
    for (int i = 0; i < READS_A_TURN && link->fd >= 0 && read_some(link); i++)
        continue;
    if (link->fd >= 0 && link->why[0] == '\0' && link->state == LEAT_REDIS_UP)
        set_limit(link);
}

/* --- life ---------------------------------------------------------------------------------------------------- */

bool leat_redis_link_init(struct leat_redis_link *link, const struct leat_redis_link_options *options)
{
    *link = (struct leat_redis_link){.options = *options, .fd = -1};
    link->last = &link->first;
    link->chance = (uint64_t)leat_redis_now_ms() ^ (uint64_t)(uintptr_t)link ^ (uint64_t)getpid();
    leat_arena_init(&link->scratch, SCRATCH_MAX);
    leat_arena_init(&link->digits, 0);
    link->timer = leat_redis_dial_timer(link);
    link->in = leat_alloc_raw(READ_BYTES);
    return link->timer != NULL && link->in != NULL && leat_redis_parser_init(&link->parser);
}

void leat_redis_link_fini(struct leat_redis_link *link)
{
    if (link->last == NULL)
        return;
    leat_redis_link_close(link);
    leat_timer_free(LEAT_TAKE(link->timer));
    leat_redis_parser_fini(&link->parser);
    leat_arena_fini(&link->scratch);
    leat_arena_fini(&link->digits);
    while (link->spare != NULL) {
        struct leat_redis_command *next = link->spare->next;
        leat_free(link->spare);
        link->spare = next;
    }
    leat_free((void *)LEAT_TAKE(link->words));
    leat_free(LEAT_TAKE(link->word_lens));
    leat_free(LEAT_TAKE(link->out));
    leat_free(LEAT_TAKE(link->in));
    link->last = NULL;
}

bool leat_redis_link_misled(struct leat_redis_link *link, const struct leat_redis_value *reply)
{
    static const char *const starts[] = {"READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "MOVED",
                                         "NOAUTH",   "MISCONF", "UNBLOCKED",  "ASK",         "NOGROUP"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (leat_redis_is_error(reply, starts[i])) {
            leat_redis_link_fail(link, "%.*s", LEAT_ARG(reply->text));
            return true;
        }
    return false;
}
