/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that workers share over processes, what is noted in it, and waiting for it to change. */
#include "suite.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { MEMORY_BYTES = 8 << 20, ID_MAX = 16 };

struct shared {
    pthread_mutex_t lock;
    size_t used;
    struct noted noted;
    _Alignas(16) char memory[MEMORY_BYTES];
};

static struct shared *shared;
struct noted *noted;

static void map_shared(void)
{
    pthread_mutexattr_t attributes;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || pthread_mutexattr_init(&attributes) != 0)
        abort();
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    noted = &shared->noted;
}

void noted_reset(void)
{
    if (shared == NULL)
        map_shared();
    memset(shared->memory, 0, shared->used);
    shared->used = 0;
    memset(noted, 0, sizeof(*noted));
    noted->slow_ms = 100;
}

void *conformance_memory(size_t size)
{
    char *memory = shared->memory + shared->used;
    if (size > MEMORY_BYTES - shared->used)
        abort();
    shared->used += (size + 15) & ~(size_t)15;
    return memory;
}

void conformance_lock(void)
{
    pthread_mutex_lock(&shared->lock);
}

void conformance_unlock(void)
{
    pthread_mutex_unlock(&shared->lock);
}

void conformance_wrong(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    conformance_lock();
    if (noted->wrong[0] == '\0')
        (void)vsnprintf(noted->wrong, sizeof(noted->wrong), format, args);
    conformance_unlock();
    va_end(args);
}

bool conformance_is_finished(uint32_t number)
{
    if (number >= CONFORMANCE_EVENTS_MAX)
        return false;
    conformance_lock();
    const struct seen *seen = &noted->events[number];
    bool finished = seen->ok > 0 || seen->letters > 0 || seen->form == CONFORMANCE_EMPTY ||
                    strstr(seen->body, "\"do\":\"-\"") != NULL;
    conformance_unlock();
    return finished;
}

bool conformance_is_kept(uint32_t number)
{
    conformance_lock();
    bool kept = number < CONFORMANCE_EVENTS_MAX && noted->events[number].letters > 0;
    conformance_unlock();
    return kept;
}

uint32_t conformance_number(leat_str text)
{
    for (size_t i = 0; i + 3 < text.len; i++) {
        uint32_t number = 0;
        size_t at = i + 2;
        if (text.ptr[i] != 'e' || text.ptr[i + 1] != 'v')
            continue;
        while (at < text.len && at < i + 6 && text.ptr[at] >= '0' && text.ptr[at] <= '9')
            number = number * 10 + (uint32_t)(text.ptr[at++] - '0');
        if (at > i + 2 && at < text.len && text.ptr[at] == 'x' && number < CONFORMANCE_EVENTS_MAX)
            return number;
    }
    return CONFORMANCE_EVENTS_MAX;
}

int64_t conformance_now_ms(void)
{
    return leat_clock_us(&leat_clock_system) / 1000;
}

/* --- events ------------------------------------------------------------------------------------------- */

/* Gives it a number, an id and a body. */
static void note_event(struct conformance_event *event, const char *script, char id[ID_MAX])
{
    conformance_lock();
    event->number = noted->count++;
    struct seen *seen = &noted->events[event->number < CONFORMANCE_EVENTS_MAX ? event->number : 0];
    snprintf(id, ID_MAX, "ev%ux", event->number);
    snprintf(seen->lane, sizeof(seen->lane), "%s", event->lane);
    snprintf(seen->body, sizeof(seen->body), "{\"id\":\"%s\",\"lane\":\"%s\",\"do\":\"%s\"}", id, event->lane, script);
    seen->domain = event->domain;
    seen->form = event->form;
    conformance_unlock();
    event->id = id;
    event->body = seen->body;
}

static uint32_t put(struct suite *suite, struct conformance_event event, const char *script)
{
    char id[ID_MAX];
    note_event(&event, script, id);
    if (event.number >= CONFORMANCE_EVENTS_MAX || !suite->subject->put(suite->queue, &event))
        conformance_wrong("%s could not be put", id);
    return event.number;
}

uint32_t put_unit(struct suite *suite, const char *const *lanes, const char *const *scripts, uint32_t count)
{
    struct conformance_event events[CONFORMANCE_UNIT_MAX] = {{.number = 0}};
    char ids[CONFORMANCE_UNIT_MAX][ID_MAX];
    for (uint32_t i = 0; i < count; i++) {
        events[i] = (struct conformance_event){.lane = lanes[i]};
        note_event(&events[i], scripts[i], ids[i]);
    }
    if (noted->count >= CONFORMANCE_EVENTS_MAX || !suite->subject->put_together(suite->queue, events, count))
        conformance_wrong("a unit of %u events could not be put", count);
    return events[0].number;
}

static uint32_t domain_of(const struct suite *suite, uint32_t hint)
{
    return suite->subject->domains > 0 ? hint % suite->subject->domains : 0;
}

uint32_t put_event(struct suite *suite, const char *lane, const char *script)
{
    uint32_t hint = noted->count;
    for (size_t i = 0; lane != NULL && lane[i] != '\0'; i++)
        hint = (i > 0 ? hint : 0) * 31 + (unsigned char)lane[i];
    return put(suite, (struct conformance_event){.lane = lane != NULL ? lane : "", .domain = domain_of(suite, hint)},
               script);
}

uint32_t put_form(struct suite *suite, enum conformance_form form, const char *script)
{
    return put(suite, (struct conformance_event){.lane = "", .domain = domain_of(suite, noted->count), .form = form},
               script);
}

uint32_t put_in_domain(struct suite *suite, uint32_t domain, const char *lane, const char *script)
{
    return put(suite, (struct conformance_event){.lane = lane, .domain = domain}, script);
}

uint32_t chance_of(struct suite *suite, uint32_t below)
{
    return (uint32_t)rand_r(&suite->seed) % below;
}

struct seen seen_of(uint32_t number)
{
    conformance_lock();
    struct seen seen = noted->events[number];
    conformance_unlock();
    return seen;
}

void open_gate(void)
{
    conformance_lock();
    noted->gate_open = true;
    conformance_unlock();
}

/* --- waiting ------------------------------------------------------------------------------------------ */

static bool ask(struct suite *suite, condition_fn *is, uint32_t argument)
{
    conformance_lock();
    bool so = is(suite, argument);
    conformance_unlock();
    return so;
}

/* Until the answer is `wanted`, for so long. */
static bool watch(struct suite *suite, condition_fn *is, uint32_t argument, bool wanted, int64_t limit_ms)
{
    int64_t until_ms = conformance_now_ms() + limit_ms;
    while (ask(suite, is, argument) != wanted) {
        if (conformance_now_ms() >= until_ms)
            return false;
        (void)poll(NULL, 0, 1);
    }
    return true;
}

bool wait_for(struct suite *suite, condition_fn *is, uint32_t argument)
{
    return watch(suite, is, argument, true, WAIT_MS);
}

bool stays(struct suite *suite, condition_fn *is, uint32_t argument, int64_t watch_ms)
{
    return !watch(suite, is, argument, false, watch_ms);
}

bool all_settled(struct suite *suite, uint32_t from)
{
    for (uint32_t i = from; i < noted->count; i++) {
        enum conformance_place place = suite->subject->place(suite->queue, i);
        if (place != CONFORMANCE_ACKED && place != CONFORMANCE_FAILED)
            return false;
    }
    return true;
}

bool all_acked(struct suite *suite, uint32_t from)
{
    for (uint32_t i = from; i < noted->count; i++)
        if (!is_acked(suite, i))
            return false;
    return true;
}

bool is_acked(struct suite *suite, uint32_t number)
{
    return suite->subject->place(suite->queue, number) == CONFORMANCE_ACKED;
}

bool is_called(struct suite *suite, uint32_t number)
{
    (void)suite;
    return noted->events[number].calls > 0;
}

bool calls_reach(struct suite *suite, uint32_t calls)
{
    (void)suite;
    return noted->calls >= calls;
}

bool running_reach(struct suite *suite, uint32_t count)
{
    (void)suite;
    return noted->running >= count;
}

uint32_t count_in(struct suite *suite, enum conformance_place place)
{
    uint32_t count = 0;
    conformance_lock();
    for (uint32_t i = 0; i < noted->count; i++)
        count += suite->subject->place(suite->queue, i) == place ? 1 : 0;
    conformance_unlock();
    return count;
}

void note_failure(struct suite *suite, const char *file, int line, const char *condition)
{
    const char *name = strrchr(file, '/');
    if (suite->failure[0] == '\0')
        snprintf(suite->failure, sizeof(suite->failure), "%s:%d: %s", name != NULL ? name + 1 : file, line, condition);
}
