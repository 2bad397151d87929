/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink: each letter is an entry with one field, `event` or `letter`. What comes in a turn of the loop goes out
 * together, with one WAITAOF behind it. While there is no connection they wait, but not for long: whoever wrote them
 * has units that wait for the answer.
 */
#include "append.h"
#include "server.h"

#include <leat/alloc.h>

#include <stddef.h>
#include <stdio.h>

enum { WAIT_MS = 30000 };

struct job {
    struct job *next;
    const struct leat_letter *letter;
    void (*durable)(void *argument, size_t index, leat_status status);
    void *argument;
    size_t index;
    int64_t until_ms;
    bool added;
};

struct jobs {
    struct job *first, **last;
};

struct redis_sink {
    struct leat_sink *sink;
    struct leat_redis_sink_options options;
    struct leat_redis_server server;
    struct leat_redis_link link;
    struct leat_timer *turn, *limit;
    struct jobs waiting; /* to be sent */
    struct jobs sent;    /* in this order; ends when the WAITAOF behind it is answered */
    struct job *asked;   /* the first of them whose XADD is not answered; NULL: all are */
    bool unsynced;       /* no WAITAOF was sent behind the last one */
    char told[256];      /* the failure that was logged last; "": none */
};

static void jobs_init(struct jobs *jobs)
{
    jobs->first = NULL;
    jobs->last = &jobs->first;
}

static void add(struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct job *take(struct jobs *jobs)
{
    struct job *job = jobs->first;
    if (job != NULL)
        jobs->first = job->next;
    if (jobs->first == NULL)
        jobs->last = &jobs->first;
    return job;
}

static void end(struct job *job, leat_status status)
{
    job->durable(job->argument, job->index, status);
    leat_free(job);
}

/* A failure is a line when it begins, and one when it is over. */
static void tell(struct redis_sink *self, const char *why)
{
    if (strcmp(self->told, why) == 0)
        return;
    if (why[0] != '\0')
        leat_sink_log(self->sink, LEAT_ERROR,
                      "redis: stream \"%.*s\" cannot be written: %s; nothing that should lie there is acknowledged",
                      LEAT_ARG(self->options.stream), why);
    else
        leat_sink_log(self->sink, LEAT_INFO, "redis: stream \"%.*s\" can be written again",
                      LEAT_ARG(self->options.stream));
    snprintf(self->told, sizeof(self->told), "%s", why);
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static void on_added(void *argument, const struct leat_redis_value *reply)
{
    struct redis_sink *self = argument;
    struct job *job = self->asked;
    char why[256];
    if (reply == NULL)
        return; /* on_down follows */
    self->asked = job->next;
    job->added = reply->type == LEAT_REDIS_TEXT;
    if (job->added || leat_redis_link_misled(&self->link, reply))
        return;
    snprintf(why, sizeof(why), "%.*s", LEAT_ARG(reply->text));
    tell(self, why);
}

/* All that was sent before it is answered, and nothing that was sent behind it. */
static void on_synced(void *argument, const struct leat_redis_value *reply)
{
    struct redis_sink *self = argument;
    bool good = true;
    if (reply == NULL)
        return;
    bool synced = leat_redis_synced(reply) != LEAT_REDIS_UNSYNCED;
    while (self->sent.first != self->asked) {
        struct job *job = take(&self->sent);
        good = good && job->added;
        end(job, job->added && synced ? LEAT_OK : LEAT_STATUS(IO));
    }
    if (good)
        tell(self, synced ? "" : "the server has not written it to its disk");
}

/* --- sending ----------------------------------------------------------------------------------------------------- */

static bool send_one(struct redis_sink *self, const struct job *job)
{
    leat_redis_append(&self->link, self->options.stream, self->options.max_len,
                      job->letter->dead ? LEAT_STR("letter") : LEAT_STR("event"), job->letter->text);
    return leat_redis_send(&self->link, on_added, self, NULL, 0);
}

static void send_all(struct redis_sink *self)
{
    if (self->link.state != LEAT_REDIS_UP)
        return;
    while (self->waiting.first != NULL && send_one(self, self->waiting.first)) {
        struct job *job = take(&self->waiting);
        add(&self->sent, job);
        self->asked = self->asked != NULL ? self->asked : job;
        self->unsynced = true;
    }
    if (self->unsynced) {
        leat_redis_sync(&self->link);
        self->unsynced = !leat_redis_send(&self->link, on_synced, self, NULL, LEAT_REDIS_SYNC_MS);
    }
    if (self->unsynced || self->waiting.first != NULL)
        leat_timer_set(self->turn, 100); /* no memory; or no connection, and then on_up comes first */
}

static void on_turn(void *argument)
{
    send_all(argument);
}

/* The oldest stand first. */
static void on_limit(void *argument)
{
    struct redis_sink *self = argument;
    int64_t now_ms = leat_redis_now_ms();
    while (self->waiting.first != NULL && self->waiting.first->until_ms <= now_ms)
        end(take(&self->waiting), LEAT_STATUS(AWAY));
    if (self->waiting.first != NULL)
        leat_timer_set(self->limit, self->waiting.first->until_ms - now_ms);
}

static void on_up(void *argument)
{
    send_all(argument);
}

/* Nobody knows whether what was sent is there: once more, before the others. A copy has the same id. */
static void on_down(void *argument, const char *why)
{
    struct redis_sink *self = argument;
    for (struct job *job; (job = take(&self->waiting)) != NULL;)
        add(&self->sent, job);
    for (struct job *job; (job = take(&self->sent)) != NULL;)
        add(&self->waiting, job);
    self->asked = NULL;
    self->unsynced = false;
    if (self->waiting.first != NULL)
        leat_timer_set(self->limit, 0);
    tell(self, why);
}

/* --- the contract ------------------------------------------------------------------------------------------------ */

static leat_status init_sink(void *state, struct leat_sink *sink, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    struct redis_sink *self = state;
    self->sink = sink;
    self->options = *(const struct leat_redis_sink_options *)options;
    jobs_init(&self->waiting);
    jobs_init(&self->sent);
    LEAT_TRY(leat_redis_server_init(&self->server, &self->options.server, reterr));
    const struct leat_redis_link_options link = {.loop = loop,
                                                 .targets = &self->server.targets,
                                                 .tls = self->server.tls,
                                                 .name = "leat",
                                                 .up = on_up,
                                                 .down = on_down,
                                                 .argument = self};
    bool made = leat_redis_link_init(&self->link, &link);
    self->turn = leat_loop_timer(loop, on_turn, self);
    self->limit = leat_loop_timer(loop, on_limit, self);
    if (!made || self->turn == NULL || self->limit == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return LEAT_OK;
}

/* Who is away is waited for. */
static leat_status start_sink(void *state, struct leat_error *reterr)
{
    struct redis_sink *self = state;
    (void)reterr;
    leat_redis_link_open(&self->link);
    return LEAT_OK;
}

static void write_sink(void *state, const struct leat_letter *const *letters, size_t count,
                       void (*durable)(void *argument, size_t index, leat_status status), void *argument)
{
    struct redis_sink *self = state;
    int64_t until_ms = leat_redis_now_ms() + WAIT_MS;
    bool first = self->waiting.first == NULL;
    size_t made = 0;
    for (struct job *job; made < count && (job = leat_alloc(sizeof(*job))) != NULL; made++) {
        *job = (struct job){
            .letter = letters[made], .durable = durable, .argument = argument, .index = made, .until_ms = until_ms};
        add(&self->waiting, job);
    }
    if (first && made > 0)
        leat_timer_set(self->limit, WAIT_MS);
    leat_timer_set(self->turn, 0);
    for (size_t i = made; i < count; i++)
        durable(argument, i, LEAT_STATUS(NO_MEMORY));
}

static void close_sink(void *state)
{
    struct redis_sink *self = state;
    leat_redis_link_fini(&self->link);
    leat_timer_free(LEAT_TAKE(self->turn));
    leat_timer_free(LEAT_TAKE(self->limit));
}

static void fini_sink(void *state)
{
    struct redis_sink *self = state;
    for (struct job *job; self->sent.last != NULL && (job = take(&self->sent)) != NULL;)
        leat_free(job); /* nobody waits for an answer any more */
    for (struct job *job; self->waiting.last != NULL && (job = take(&self->waiting)) != NULL;)
        leat_free(job);
    leat_redis_server_fini(&self->server);
}

#define AT(member) offsetof(struct leat_redis_sink_options, member)
static const struct leat_option options[] = {
    {"maxlen", LEAT_OPTION_COUNT, false, AT(max_len), "0", NULL,
     "about so many entries stay, the newest; 0: all of them"},
    {"stream", LEAT_OPTION_TEXT, false, AT(stream), NULL, "!", "the stream"},
    LEAT_REDIS_SERVER_OPTIONS(AT(server)),
    {.key = NULL},
};

const struct leat_sink_ops leat_sink_redis = {
    .abi = LEAT_ABI,
    .size = sizeof(leat_sink_redis),
    .name = "redis",
    .state_size = sizeof(struct redis_sink),
    .options = options,
    .options_size = sizeof(struct leat_redis_sink_options),
    .init = init_sink,
    .start = start_sink,
    .write = write_sink,
    .close = close_sink,
    .fini = fini_sink,
    .list = leat_redis_sink_list,
    .append = leat_redis_sink_append,
    .drop = leat_redis_sink_drop,
    .probe = leat_redis_sink_probe,
};
