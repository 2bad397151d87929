/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `leat dead redrive`: payloads go back into the queues they came from, or another. First the payload is put and
 * durable, then the letter is marked: if all ends between the two, it is there twice, never not at all.
 */
#include "dead.h"

#include <leat/alloc.h>
#include <leat/text.h>

#include <time.h>

struct redrive {
    struct leat_dead_call *dead;
    struct leat_lines lines;                        /* where the marks go */
    struct leat_arena arena;                        /* of the letter at hand */
    leat_str last_record, last_payload, last_event; /* of the letter that was put last */
    struct leat_arena last;                         /* theirs */
    size_t put, marked, refused;
};

/* --- where to -------------------------------------------------------------------------------------------------- */

static leat_status find_source(const struct leat_dead_call *dead, leat_str name, const struct leat_config_source **ret,
                               struct leat_error *reterr)
{
    for (size_t i = 0; i < dead->source_count; i++)
        if (leat_str_eq(dead->sources[i].settings.name, name))
            *ret = &dead->sources[i];
    if (*ret == NULL) {
        leat_status status =
            leat_error_set(reterr, LEAT_STATUS(CONFIG), "the configuration has no source \"%.*s\"", LEAT_ARG(name));
        leat_error_fix(reterr, "--config FILE names another configuration, --to SOURCE another source");
        return status;
    }
    if ((*ret)->ops->put == NULL)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "nothing can be put into \"%.*s\": it is of type %s",
                              LEAT_ARG(name), (*ret)->ops->name);
    return LEAT_OK;
}

static leat_str target_of(const struct leat_dead_call *dead, const struct leat_dead_entry *entry)
{
    return dead->to != NULL ? leat_str_c(dead->to) : entry->source;
}

/* Before anything is put: every letter has a place to go to. */
static leat_status check_targets(const struct leat_dead_call *dead, struct leat_error *reterr)
{
    for (size_t i = 0; i < dead->box.count; i++) {
        const struct leat_config_source *source = NULL;
        if (dead->box.entries[i].chosen)
            LEAT_TRY(find_source(dead, target_of(dead, &dead->box.entries[i]), &source, reterr));
    }
    return LEAT_OK;
}

/* --- one letter ------------------------------------------------------------------------------------------------ */

/* SOURCE/POSITION/INDEX without the index: what the events of one record have in common. */
static leat_str record_of(leat_str id)
{
    size_t len = id.len;
    while (len > 0 && id.ptr[len - 1] != '/')
        len--;
    return leat_str_of(id.ptr, len);
}

/* The payload holds the whole record: where several of its events died, one of their letters brings back all. Records
 * that are alike have events that are alike, so each is put back when its first one comes. */
static bool is_put_already(const struct redrive *redrive, const struct leat_dead_entry *entry, leat_str payload)
{
    return redrive->last_record.len > 0 && leat_str_eq(redrive->last_record, record_of(entry->id)) &&
           leat_str_eq(redrive->last_payload, payload) && !leat_str_eq(redrive->last_event, entry->event);
}

static void remember(struct redrive *redrive, const struct leat_dead_entry *entry, leat_str payload)
{
    leat_arena_reset(&redrive->last);
    redrive->last_record = leat_arena_copy(&redrive->last, record_of(entry->id));
    redrive->last_payload = leat_arena_copy(&redrive->last, payload);
    redrive->last_event = leat_arena_copy(&redrive->last, entry->event);
}

static leat_status mark(struct redrive *redrive, const struct leat_dead_entry *entry, leat_str to,
                        struct leat_error *reterr)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &redrive->arena);
    leat_buf_c(&buf, "{\"redriven\":1");
    leat_buf_json_member(&buf, "id", entry->id);
    leat_buf_json_member(&buf, "event", entry->event);
    leat_buf_json_member(&buf, "time", leat_time_from_ms(&redrive->arena, leat_clock_wall_ms(&leat_clock_system)));
    leat_buf_json_member(&buf, "to", to);
    leat_buf_c(&buf, "}\n");
    leat_str line = leat_buf_str(&buf);
    const struct leat_dead_box *box = &redrive->dead->box;
    if (line.ptr == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    if (box->sink != NULL)
        return box->sink->append(box->sink_options, leat_str_of(line.ptr, line.len - 1), reterr);
    struct iovec piece = {.iov_base = (char *)(uintptr_t)line.ptr, .iov_len = line.len};
    return leat_lines_append(&redrive->lines, &piece, 1, 10000, reterr);
}

static int put_one(struct redrive *redrive, struct leat_dead_entry *entry)
{
    struct leat_dead_call *dead = redrive->dead;
    const struct leat_config_source *source = NULL;
    struct leat_error error = {0};
    leat_str to = target_of(dead, entry), payload = LEAT_ABSENT, name = LEAT_ABSENT;
    leat_arena_reset(&redrive->arena);
    leat_status status = find_source(dead, to, &source, &error);
    if (leat_is_ok(status))
        status = leat_dead_payload(&dead->box, entry, &redrive->arena, &payload, &error);
    if (leat_is_ok(status) && source != NULL && !is_put_already(redrive, entry, payload)) {
        status = source->ops->put(source->options, payload, &redrive->arena, &name, &error);
        redrive->put += leat_is_ok(status) ? 1 : 0;
        remember(redrive, entry, payload);
    }
    if (!leat_is_ok(status))
        return leat_cli_fail_with(status.code == LEAT_E_IO ? EXIT_CANNOT_WRITE : leat_cli_exit_of(status), &error);
    if (!leat_is_ok(mark(redrive, entry, to, &error))) {
        (void)leat_cli_fail_with(0, &error);
        return leat_cli_fail(EXIT_CANNOT_WRITE, "it is in the queue and in the file now: purge it there",
                             "%.8s was put back, but could not be marked", entry->digest.ptr);
    }
    redrive->marked++;
    return EXIT_DONE;
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

/* What always fails would go round for ever. */
static void refuse_loops(struct redrive *redrive)
{
    struct leat_dead_call *dead = redrive->dead;
    for (size_t i = 0; i < dead->box.count && !dead->force; i++) {
        struct leat_dead_entry *entry = &dead->box.entries[i];
        unsigned redrives = entry->chosen ? leat_dead_redrives(&dead->box, entry) : 0;
        if (redrives < LEAT_DEAD_REDRIVES_MAX)
            continue;
        entry->chosen = false;
        redrive->refused++;
        (void)leat_cli_fail(0, "mend what rejects it first; --force puts it back all the same",
                            "%.8s was put back %u times already", entry->digest.ptr, redrives);
    }
}

static void pause_for(double rate)
{
    struct timespec wait = {.tv_sec = (time_t)(1 / rate)};
    wait.tv_nsec = (long)((1 / rate - (double)wait.tv_sec) * 1e9);
    (void)nanosleep(&wait, NULL);
}

static int put_all(struct redrive *redrive, size_t count)
{
    struct leat_dead_call *dead = redrive->dead;
    int status = EXIT_DONE;
    for (size_t i = 0; i < dead->box.count && status == EXIT_DONE; i++) {
        if (!dead->box.entries[i].chosen)
            continue;
        if (redrive->marked > 0 && dead->rate > 0)
            pause_for(dead->rate);
        status = put_one(redrive, &dead->box.entries[i]);
        if (dead->cli->progress)
            fprintf(stderr, "\r%zu of %zu", redrive->marked, count);
    }
    if (dead->cli->progress && redrive->marked > 0)
        fputs("\r\x1b[K", stderr);
    return status;
}

static void tell(const struct redrive *redrive)
{
    const struct leat_dead_call *dead = redrive->dead;
    printf("%zu put back%s%s; attempts reset; marked redriven\n", redrive->marked, dead->to != NULL ? " into " : "",
           dead->to != NULL ? dead->to : "");
}

static int run(struct redrive *redrive, size_t count)
{
    struct leat_dead_call *dead = redrive->dead;
    struct leat_error error = {0};
    const struct leat_lines_options options = {.path = dead->box.path, .keep = 1, .sync = true};
    leat_status status = dead->box.sink != NULL ? LEAT_OK : leat_lines_open(&redrive->lines, &options, &error);
    if (!leat_is_ok(status))
        return leat_cli_fail_with(EXIT_CANNOT_WRITE, &error);
    int exit_status = put_all(redrive, count);
    tell(redrive);
    return exit_status == EXIT_DONE && redrive->refused > 0 ? EXIT_OUTCOME : exit_status;
}

static int redrive_chosen(struct redrive *redrive)
{
    struct leat_dead_call *dead = redrive->dead;
    struct leat_error error = {0};
    size_t count = 0;
    leat_status status = leat_dead_choose(dead, &dead->box, &count, &error);
    if (leat_is_ok(status))
        refuse_loops(redrive);
    if (leat_is_ok(status))
        status = check_targets(dead, &error);
    if (!leat_is_ok(status))
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    count -= redrive->refused;
    if (count == 0 || dead->dry_run) {
        printf("%zu would be put back\n", count);
        return redrive->refused > 0 ? EXIT_OUTCOME : EXIT_DONE;
    }
    int asked = leat_dead_ask(dead, "put", count, dead->to != NULL ? dead->to : "where it came from");
    return asked == EXIT_DONE ? run(redrive, count) : asked;
}

int leat_dead_redrive(struct leat_dead_call *dead)
{
    struct redrive redrive = {.dead = dead, .lines = {.fd = -1, .lock = -1}};
    leat_arena_init(&redrive.arena, 0);
    leat_arena_init(&redrive.last, 0);
    int status = redrive_chosen(&redrive);
    leat_lines_close(&redrive.lines);
    leat_arena_fini(&redrive.arena);
    leat_arena_fini(&redrive.last);
    return status;
}
