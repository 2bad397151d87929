/* SPDX-License-Identifier: Apache-2.0 */
/* The handler, which does what its events say and notes what it saw, and the sink, which keeps letters. */
#include "suite.h"

#include <leat/alloc.h>

#include <poll.h>
#include <stdlib.h>

/* --- handler ------------------------------------------------------------------------------------------ */

static bool gate_is_open(void)
{
    conformance_lock();
    bool open = noted->gate_open;
    conformance_unlock();
    return open;
}

/* Until the gate opens, or for `limit_ms`. */
static void wait_at_gate(const leat_context *ctx, bool gate, int64_t limit_ms)
{
    int64_t until_ms = conformance_now_ms() + limit_ms;
    while (conformance_now_ms() < until_ms && !(gate && gate_is_open()) && !leat_cancelled(ctx))
        (void)poll(NULL, 0, 1);
}

static void note_attempt(struct seen *seen, uint32_t attempt)
{
    seen->attempts_stand = seen->attempts_stand || (seen->calls > 0 && attempt <= seen->last_attempt);
    if (seen->calls == 0) {
        seen->first_attempt = attempt;
        seen->first_ms = conformance_now_ms();
    }
    seen->last_attempt = attempt;
}

/* Returns the letter of this call. */
static char begin(leat_context *ctx, const leat_event *event, uint32_t number)
{
    leat_str script = leat_json_get_text(leat_event_json(event), "do");
    leat_str data = leat_event_data(event);
    conformance_lock();
    struct seen *seen = &noted->events[number];
    note_attempt(seen, leat_attempt(ctx));
    size_t at = seen->calls < script.len ? seen->calls : script.len - 1;
    char letter = script.len > 0 ? script.ptr[at] : '-';
    seen->changed = seen->changed || !leat_str_is(data, seen->body) || leat_event_id(event).len == 0 ||
                    leat_event_source(event).len == 0 || leat_event_type(event).len == 0 ||
                    !leat_str_is(leat_event_kind(event), noted->kind) ||
                    !leat_str_is(leat_transport(ctx), noted->transport);
    seen->calls++;
    noted->calls++;
    noted->running++;
    if (noted->running > noted->most_running)
        noted->most_running = noted->running;
    conformance_unlock();
    return letter;
}

/* Under the lock: from here on it may be acknowledged. */
static void end(uint32_t number, enum leat_outcome_kind kind)
{
    struct seen *seen = &noted->events[number];
    noted->running--;
    if (kind == LEAT_OUTCOME_RETRY)
        return;
    noted->sequence++;
    if (seen->ok == 0 || kind == LEAT_OUTCOME_OK)
        seen->done_at = noted->sequence;
    if (kind == LEAT_OUTCOME_OK)
        seen->ok++;
    else
        seen->rejected++;
}

static enum leat_outcome_kind kind_of(const leat_context *ctx, char letter)
{
    switch (letter) {
    case 'r': return LEAT_OUTCOME_RETRY;
    case 'x': return LEAT_OUTCOME_REJECT;
    case 'f': return noted->failing ? LEAT_OUTCOME_RETRY : LEAT_OUTCOME_OK;
    case 'g': return leat_cancelled(ctx) ? LEAT_OUTCOME_RETRY : LEAT_OUTCOME_OK;
    default: return LEAT_OUTCOME_OK;
    }
}

static leat_outcome act(leat_context *ctx, const leat_event *event)
{
    uint32_t number = conformance_number(leat_event_data(event));
    if (number == CONFORMANCE_EVENTS_MAX) {
        conformance_wrong("the handler got an event that nobody put");
        return leat_ok(ctx);
    }
    char letter = begin(ctx, event, number);
    if (letter == 'g')
        wait_at_gate(ctx, true, WAIT_MS);
    else if (letter == 's')
        wait_at_gate(ctx, false, noted->slow_ms);
    else if (letter == '-')
        conformance_wrong("ev%ux reached the handler", number);
    conformance_lock();
    enum leat_outcome_kind kind = kind_of(ctx, letter);
    end(number, kind);
    conformance_unlock();
    return kind == LEAT_OUTCOME_OK      ? leat_ok(ctx)
           : kind == LEAT_OUTCOME_RETRY ? leat_retry(ctx, "as told")
                                        : leat_reject(ctx, "as told");
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    return act(ctx, event);
}

static void handle_batch(leat_context *ctx, struct leat_batch *batch, void *state)
{
    size_t count = leat_batch_count(batch);
    (void)state;
    conformance_lock();
    if (noted->batch_count < BATCHES_MAX)
        noted->batches[noted->batch_count++] = (struct batch){.size = (uint32_t)count, .at_ms = conformance_now_ms()};
    conformance_unlock();
    for (size_t i = 0; i < count; i++)
        leat_batch_set(batch, i, act(ctx, leat_batch_event(batch, i)));
}

const struct leat_handler suite_handler = {
    .abi = LEAT_ABI, .size = sizeof(suite_handler), .name = "conformance", .handle = handle};
const struct leat_handler suite_batch_handler = {
    .abi = LEAT_ABI, .size = sizeof(suite_batch_handler), .name = "conformance_batch", .handle_batch = handle_batch};

/* --- sink --------------------------------------------------------------------------------------------- */

/* A letter that is not answered yet. */
struct letter {
    struct letter *next;
    void (*durable)(void *argument, size_t index, leat_status status);
    void *argument;
    size_t index;
    uint32_t number;
};

struct sink {
    struct leat_timer *timer;
    struct letter *first;
};

static void answer(struct letter *letter)
{
    conformance_lock();
    bool fail = noted->failing_letters > 0;
    noted->failing_letters -= fail ? 1 : 0;
    noted->letters_pending--;
    if (!fail && letter->number < CONFORMANCE_EVENTS_MAX)
        noted->events[letter->number].letters++;
    conformance_unlock();
    letter->durable(letter->argument, letter->index, fail ? LEAT_STATUS(IO) : LEAT_OK);
    leat_free(letter);
}

static void answer_all(void *argument)
{
    struct sink *sink = argument;
    conformance_lock();
    bool waiting = noted->letters_wait;
    conformance_unlock();
    if (waiting) {
        leat_timer_set(sink->timer, 2);
        return;
    }
    struct letter *letter = sink->first;
    sink->first = NULL;
    while (letter != NULL) {
        struct letter *next = letter->next;
        answer(letter);
        letter = next;
    }
}

static leat_status init_sink(void *self, struct leat_sink *owner, struct leat_loop *loop, const void *options,
                             struct leat_error *reterr)
{
    struct sink *sink = self;
    (void)owner;
    (void)options;
    sink->timer = leat_loop_timer(loop, answer_all, sink);
    return sink->timer != NULL ? LEAT_OK : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

static leat_status start_sink(void *self, struct leat_error *reterr)
{
    (void)self;
    (void)reterr;
    return LEAT_OK;
}

static void check_letter(const struct leat_letter *letter, uint32_t number)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    cJSON *tree = NULL;
    leat_arena_init(&arena, 0);
    if (number >= CONFORMANCE_EVENTS_MAX || !letter->dead || letter->id.len == 0 ||
        !leat_is_ok(leat_json_parse(&arena, letter->text, &tree, NULL)))
        conformance_wrong("a letter is no dead letter of an event that was put: %.*s", LEAT_ARG(letter->text));
}

/* Its id is SOURCE/UNIT/INDEX, and a unit is called by its first event. */
static uint32_t number_of(const struct leat_letter *letter)
{
    uint32_t number = conformance_number(letter->id);
    size_t at = letter->id.len;
    int64_t index = 0;
    while (at > 0 && letter->id.ptr[at - 1] != '/')
        at--;
    if (number == CONFORMANCE_EVENTS_MAX || !leat_str_int64(leat_str_skip(letter->id, at), &index))
        return conformance_number(letter->text);
    return number + (uint32_t)index;
}

static void write_sink(void *self, const struct leat_letter *const *letters, size_t count,
                       void (*durable)(void *argument, size_t index, leat_status status), void *argument)
{
    struct sink *sink = self;
    struct letter **last = &sink->first;
    while (*last != NULL)
        last = &(*last)->next;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = number_of(letters[i]);
        check_letter(letters[i], number);
        struct letter *letter = leat_alloc(sizeof(*letter));
        if (letter == NULL)
            abort();
        *letter = (struct letter){.durable = durable, .argument = argument, .index = i, .number = number};
        *last = letter;
        last = &letter->next;
        conformance_lock();
        noted->letters_pending++;
        conformance_unlock();
    }
    leat_timer_set(sink->timer, 1);
}

static void close_sink(void *self)
{
    struct sink *sink = self;
    while (sink->first != NULL) {
        struct letter *letter = sink->first;
        sink->first = letter->next;
        leat_free(letter);
    }
    leat_timer_free(sink->timer);
    sink->timer = NULL;
}

const struct leat_sink_ops suite_sink = {
    .abi = LEAT_ABI,
    .size = sizeof(suite_sink),
    .name = "conformance",
    .state_size = sizeof(struct sink),
    .init = init_sink,
    .start = start_sink,
    .write = write_sink,
    .close = close_sink,
};
