/* SPDX-License-Identifier: Apache-2.0 */
/* The source: its life, and what is said of it. */
#include "state.h"

#include <leat/alloc.h>

#include <stddef.h>
#include <stdio.h>

/* --- what is said ------------------------------------------------------------------------------------------------ */

void leat_redis_log(const struct leat_redis_source *redis, enum leat_log_level level, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    leat_source_log(redis->source, level, LEAT_ABSENT, "redis: %s", line);
}

void leat_redis_tell(struct leat_redis_source *redis, enum leat_source_state state, const char *why)
{
    if (redis->state == state && strcmp(redis->why, why) == 0)
        return;
    redis->state = state;
    snprintf(redis->why, sizeof(redis->why), "%s", why);
    leat_source_state(redis->source, state, why[0] != '\0' ? why : NULL);
}

void leat_redis_begin_script(const struct leat_redis_source *redis, struct leat_redis_link *link, const char *script,
                             uint32_t stream)
{
    leat_redis_begin(link, "EVAL");
    leat_redis_add(link, leat_str_c(script));
    leat_redis_add_number(link, 1);
    leat_redis_add(link, redis->streams[stream].name);
    leat_redis_add(link, redis->options.group);
    leat_redis_add(link, leat_str_c(redis->consumer));
}

static bool is_up(const struct leat_redis_source *redis)
{
    return redis->works.state == LEAT_REDIS_UP && redis->reads.state == LEAT_REDIS_UP &&
           redis->phase != LEAT_REDIS_GROUPS;
}

void leat_redis_report(struct leat_redis_source *redis)
{
    char why[64] = "";
    bool caught_up = redis->phase == LEAT_REDIS_READING && redis->exhausted && redis->others_ms != 0;
    if (!is_up(redis) || redis->stopping)
        return;
    if (caught_up && redis->others == 0) {
        leat_redis_tell(redis, LEAT_IDLE, "");
        return;
    }
    if (caught_up)
        snprintf(why, sizeof(why), "other consumers have entries that are pending");
    leat_redis_tell(redis, LEAT_CONSUMING, why);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static void on_reads_up(void *argument)
{
    struct leat_redis_source *redis = argument;
    leat_redis_read_up(redis);
}

static void on_works_up(void *argument)
{
    struct leat_redis_source *redis = argument;
    leat_redis_tell_server(redis);
    leat_redis_claim(redis);
    leat_redis_look_at_others(redis);
    leat_redis_report(redis);
}

static void on_down(struct leat_redis_source *redis, const char *why)
{
    redis->others_ms = 0;
    leat_redis_tell(redis, LEAT_DISCONNECTED, why);
    redis->deserted = redis->stopping;
    if (redis->stopping)
        leat_redis_tell_server(redis);
}

static void on_reads_down(void *argument, const char *why)
{
    leat_redis_read_down(argument);
    on_down(argument, why);
}

static void on_works_down(void *argument, const char *why)
{
    on_down(argument, why);
}

/* --- timers ------------------------------------------------------------------------------------------------------- */

static void on_turn(void *argument)
{
    leat_redis_tell_server(argument);
}

static void on_read(void *argument)
{
    leat_redis_read_on(argument);
}

static void on_claim(void *argument)
{
    leat_redis_claim(argument);
}

/* --- the contract ---------------------------------------------------------------------------------------------------
 */

static leat_status take_streams(struct leat_redis_source *redis, struct leat_error *reterr)
{
    const struct leat_list *names = &redis->options.streams;
    if (names->count == 0 || names->count > LEAT_REDIS_STREAMS_MAX)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "stream wants 1 to %d names", LEAT_REDIS_STREAMS_MAX);
    redis->streams = leat_alloc(names->count * sizeof(*redis->streams));
    if (redis->streams == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    for (size_t i = 0; i < names->count; i++) {
        struct leat_redis_stream *stream = &redis->streams[redis->stream_count++];
        stream->name = names->items[i];
        if (stream->name.len == 0)
            return leat_error_set(reterr, LEAT_STATUS(CONFIG), "stream: a name is empty");
        leat_redis_entries_init(&stream->acks);
        leat_redis_entries_init(&stream->gives);
        leat_redis_entries_init(&stream->asides);
        snprintf(stream->cursor, sizeof(stream->cursor), "0-0");
    }
    return LEAT_OK;
}

static leat_status make_links(struct leat_redis_source *redis, struct leat_error *reterr)
{
    struct leat_redis_link_options links = {
        .loop = redis->loop,
        .targets = &redis->server.targets,
        .tls = redis->server.tls,
        .name = "leat",
        .text_max = leat_max_payload(redis->source),
        .up = on_reads_up,
        .down = on_reads_down,
        .argument = redis,
    };
    bool made = leat_redis_link_init(&redis->reads, &links);
    links.up = on_works_up;
    links.down = on_works_down;
    made = leat_redis_link_init(&redis->works, &links) && made;
    redis->turn = leat_loop_timer(redis->loop, on_turn, redis);
    redis->read = leat_loop_timer(redis->loop, on_read, redis);
    redis->claim = leat_loop_timer(redis->loop, on_claim, redis);
    if (!made || redis->turn == NULL || redis->read == NULL || redis->claim == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return LEAT_OK;
}

static leat_status init_redis(void *self, struct leat_source *source, struct leat_loop *loop, const void *options,
                              struct leat_error *reterr)
{
    struct leat_redis_source *redis = self;
    redis->source = source;
    redis->loop = loop;
    redis->options = *(const struct leat_redis_source_options *)options;
    redis->guard = -1;
    LEAT_TRY(leat_redis_server_init(&redis->server, &redis->options.server, reterr));
    LEAT_TRY(take_streams(redis, reterr));
    return make_links(redis, reterr);
}

/* Who is away is waited for. */
static leat_status start_redis(void *self, struct leat_error *reterr)
{
    struct leat_redis_source *redis = self;
    LEAT_TRY(leat_redis_consumer_choose(redis, reterr));
    leat_redis_link_open(&redis->reads);
    leat_redis_link_open(&redis->works);
    return LEAT_OK;
}

static void demand_redis(void *self, uint32_t units, size_t bytes)
{
    struct leat_redis_source *redis = self;
    redis->units = units;
    redis->bytes = bytes;
    leat_redis_read_soon(redis);
    leat_redis_claim_on(redis);
}

static void settle_redis(void *self, struct leat_delivery *delivery, const struct leat_settlement *settlements,
                         size_t count)
{
    (void)delivery;
    for (size_t i = 0; i < count; i++)
        leat_redis_settle(self, &settlements[i]);
}

static void extend_redis(void *self, struct leat_unit *const *units, size_t count)
{
    for (size_t i = 0; i < count; i++)
        leat_redis_extend(self, units[i]);
}

static void on_unblocked(void *argument, const struct leat_redis_value *reply)
{
    struct leat_redis_source *redis = argument;
    bool done = reply != NULL && reply->type == LEAT_REDIS_NUMBER;
    redis->telling--;
    if (!done)
        leat_redis_link_close(&redis->reads); /* what it may still bring comes again after its lease */
    leat_redis_finish(redis);
}

/* The read that waits at the server comes back, with nothing or with what had just come. */
static void end_waiting(struct leat_redis_source *redis)
{
    if (redis->waits && redis->reads.client != 0) {
        leat_redis_begin(&redis->works, "CLIENT UNBLOCK");
        leat_redis_add_number(&redis->works, redis->reads.client);
        if (leat_redis_send(&redis->works, on_unblocked, redis, NULL, 0)) {
            redis->telling++;
            return;
        }
    }
    leat_redis_link_close(&redis->reads);
}

static void stop_redis(void *self)
{
    struct leat_redis_source *redis = self;
    redis->stopping = true;
    leat_timer_clear(redis->read);
    leat_timer_clear(redis->claim);
    if (redis->asked && redis->waits)
        end_waiting(redis);
    leat_timer_set(redis->turn, 0);
}

void leat_redis_finish(struct leat_redis_source *redis)
{
    bool reads = redis->asked && redis->reads.state == LEAT_REDIS_UP;
    bool known = redis->works.state == LEAT_REDIS_UP || redis->deserted; /* is there somebody to take leave of */
    if (redis->stopping && known && !reads && redis->claimed == NULL && redis->held.count == 0 && redis->telling == 0)
        leat_redis_leave(redis);
}

/* Of those that were lost nobody told us. */
static void free_delivery(void *self, struct leat_delivery *delivery)
{
    struct leat_redis_source *redis = self;
    for (uint32_t i = 0; i < delivery->unit_count; i++)
        leat_redis_forget(redis, delivery->units[i].token);
    if (redis->stopping)
        leat_timer_set(redis->turn, 0);
}

static void close_redis(void *self)
{
    struct leat_redis_source *redis = self;
    redis->stopping = redis->leaving = redis->stopped = true; /* nothing that is answered now begins anything */
    leat_redis_link_fini(&redis->reads);
    leat_redis_link_fini(&redis->works);
    leat_redis_consumer_free(redis);
    struct leat_timer **timers[] = {&redis->turn, &redis->read, &redis->claim};
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        leat_timer_free(*timers[i]);
        *timers[i] = NULL;
    }
}

static void fini_redis(void *self)
{
    struct leat_redis_source *redis = self;
    leat_redis_held_fini(&redis->held);
    leat_free(LEAT_TAKE(redis->keeps));
    leat_free(LEAT_TAKE(redis->streams));
    leat_redis_server_fini(&redis->server);
}

#define AT(member) offsetof(struct leat_redis_source_options, member)
static const struct leat_option options[] = {
    {"consumer", LEAT_OPTION_TEXT, false, AT(consumer), NULL, NULL,
     "its name in the group, of which no other worker may be; without it one of this machine's"},
    {"group", LEAT_OPTION_TEXT, false, AT(group), "leat", NULL, "workers of one group share a stream"},
    {"lease", LEAT_OPTION_DURATION, false, AT(lease_ms), "1m", NULL,
     "what a worker has not touched for so long others may claim; the same for all of a group"},
    {"start", LEAT_OPTION_CHOICE, false, AT(start), "oldest", "oldest new", "where a new group begins"},
    {"stream", LEAT_OPTION_LIST, false, AT(streams), NULL, "!", "the stream, or several"},
    LEAT_REDIS_SERVER_OPTIONS(AT(server)),
    {.key = NULL},
};

const struct leat_source_ops leat_source_redis = {
    .abi = LEAT_ABI,
    .size = sizeof(leat_source_redis),
    .name = "redis",
    .state_size = sizeof(struct leat_redis_source),
    .caps = {.settle = LEAT_SETTLE_EACH, .retry = LEAT_BY_ENGINE, .counts = true, .leases = true},
    .options = options,
    .options_size = sizeof(struct leat_redis_source_options),
    .init = init_redis,
    .start = start_redis,
    .demand = demand_redis,
    .settle = settle_redis,
    .extend = extend_redis,
    .stop = stop_redis,
    .free_delivery = free_delivery,
    .close = close_redis,
    .fini = fini_redis,
    .put = leat_redis_put,
    .probe = leat_redis_source_probe,
};
