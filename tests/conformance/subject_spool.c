/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: each event is a file with a CloudEvent, put there as a producer does, and its place is the folder that it
 * lies in.
 */
#include "conformance.h"

#include "canonical.h"

#include <leat/alloc.h>
#include <spool/folders.h>
#include <spool/spool.h>

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 256, LOOKS_MAX = 1000 };

/* In shared memory. */
struct spool {
    char path[PATH_BYTES / 2], away_path[PATH_BYTES], wrong_path[PATH_BYTES];
    bool away, fail_start;
    uint32_t count, firsts[CONFORMANCE_EVENTS_MAX]; /* of the file that an event is in */
    struct leat_spool_options options;
};

static void *make_spool(const struct conformance_wish *wish)
{
    struct spool *spool = conformance_memory(sizeof(*spool));
    const char *parent = getenv("TMPDIR");
    char folder[PATH_MAX];
    (void)wish;
    snprintf(spool->path, sizeof(spool->path), "%s/leat-conformance-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(spool->path) == NULL)
        abort();
    snprintf(spool->away_path, sizeof(spool->away_path), "%s-away", spool->path);
    snprintf(spool->wrong_path, sizeof(spool->wrong_path), "%s-not/there", spool->path);
    for (size_t i = 0; i < LEAT_SPOOL_FOLDERS; i++) {
        snprintf(folder, sizeof(folder), "%s/%s", spool->path, leat_spool_folder_names[i]);
        if (mkdir(folder, 0700) != 0)
            abort();
    }
    return spool;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static const char *root_of(const struct spool *spool)
{
    return spool->away ? spool->away_path : spool->path;
}

static void unmake_spool(void *spool)
{
    (void)nftw(root_of(spool), remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const void *options_of(void *argument)
{
    struct spool *spool = argument;
    spool->options = (struct leat_spool_options){
        .path = leat_str_c(spool->fail_start ? spool->wrong_path : spool->path), .keep_done = true};
    spool->fail_start = false;
    return &spool->options;
}

/* --- what is put ---------------------------------------------------------------------------------------- */

static leat_str wrap(struct leat_arena *arena, const struct conformance_event *event)
{
    struct leat_buf text;
    leat_buf_init(&text, arena);
    if (event->form == CONFORMANCE_EMPTY)
        return LEAT_STR(" \n");
    if (event->form == CONFORMANCE_BROKEN)
        return leat_arena_printf(arena, "%s is no payload", event->id);
    leat_buf_c(&text, "{\"specversion\":\"1.0\",\"source\":\"conformance\",\"type\":\"conformance.event\"");
    leat_buf_json_member(&text, "id", leat_str_c(event->id));
    if (event->lane[0] != '\0')
        leat_buf_json_member(&text, "partitionkey", leat_str_c(event->lane));
    leat_buf_printf(&text, ",\"data\":%s}", event->body);
    return leat_buf_str(&text);
}

/* Sorts by number, as events are in order. */
static void base_of(uint32_t number, char name[LEAT_SPOOL_NAME_SIZE])
{
    snprintf(name, LEAT_SPOOL_NAME_SIZE, "%04u-ev%ux", number, number);
}

static void path_in(const struct spool *spool, const char *folder, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s/%s", root_of(spool), folder, name);
}

static bool write_file(const char *path, leat_str text)
{
    FILE *file = fopen(path, "w");
    bool good = file != NULL && fwrite(text.ptr, 1, text.len, file) == text.len;
    return (file == NULL || fclose(file) == 0) && good;
}

/* A line an event; first tmp/, then new/. */
static bool put_together(void *argument, const struct conformance_event *events, uint32_t count)
{
    struct spool *spool = argument;
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf lines;
    char name[LEAT_SPOOL_NAME_SIZE], from[PATH_MAX], to[PATH_MAX];
    leat_arena_init(&arena, 0);
    leat_buf_init(&lines, &arena);
    for (uint32_t i = 0; i < count; i++) {
        leat_buf_add(&lines, wrap(&arena, &events[i]));
        leat_buf_c(&lines, count > 1 ? "\n" : "");
        spool->firsts[events[i].number] = events->number;
    }
    leat_str text = leat_buf_str(&lines);
    base_of(events->number, name);
    path_in(spool, "tmp", name, from);
    path_in(spool, "new", name, to);
    if (text.ptr == NULL || !write_file(from, text) || rename(from, to) != 0)
        return false;
    spool->count = events->number + count;
    return true;
}

static bool put(void *spool, const struct conformance_event *event)
{
    return put_together(spool, event, 1);
}

/* --- where it is ---------------------------------------------------------------------------------------- */

struct found {
    enum conformance_place place;
    uint32_t tries;
};

static bool is_in(const struct spool *spool, const char *folder, uint32_t number)
{
    char name[LEAT_SPOOL_NAME_SIZE], path[PATH_MAX];
    base_of(number, name);
    path_in(spool, folder, name, path);
    return access(path, F_OK) == 0;
}

static bool look_into(DIR *list, uint32_t number, struct leat_spool_name *retname)
{
    bool found = false;
    for (const struct dirent *entry; !found && list != NULL && (entry = readdir(list)) != NULL;) {
        leat_str text = leat_str_c(entry->d_name);
        found = conformance_number(text) == number;
        if (found)
            leat_spool_name_read(text, retname);
    }
    if (list != NULL)
        closedir(list);
    return found;
}

static bool is_new(const struct spool *spool, uint32_t number, struct found *retfound)
{
    char path[PATH_MAX];
    struct leat_spool_name name;
    path_in(spool, "new", "", path);
    if (!look_into(opendir(path), number, &name))
        return false;
    bool due = name.due_ms <= leat_clock_wall_ms(&leat_clock_system);
    *retfound = (struct found){due ? CONFORMANCE_WAITING : CONFORMANCE_DELAYED, name.tries};
    return true;
}

/* In the folder of any worker. */
static bool is_claimed(const struct spool *spool, uint32_t number, struct found *retfound)
{
    char path[PATH_MAX];
    struct leat_spool_name name;
    bool found = false;
    path_in(spool, "cur", "", path);
    DIR *list = opendir(path);
    for (const struct dirent *entry; !found && list != NULL && (entry = readdir(list)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        path_in(spool, "cur", entry->d_name, path);
        found = look_into(opendir(path), number, &name);
    }
    if (list != NULL)
        closedir(list);
    if (found)
        *retfound = (struct found){CONFORMANCE_CLAIMED, name.tries};
    return found;
}

/* A letter of one of them is enough to acknowledge all. */
static bool has_letter(const struct spool *spool, uint32_t first)
{
    bool kept = false;
    for (uint32_t i = first; i < spool->count && spool->firsts[i] == first; i++)
        kept = kept || conformance_is_kept(i);
    return kept;
}

/* failed/ has what the sink keeps, which is acknowledged, and what nobody keeps. */
static bool is_over(const struct spool *spool, uint32_t number, struct found *retfound)
{
    uint32_t first = spool->firsts[number];
    bool done = is_in(spool, "done", first), failed = is_in(spool, "failed", first);
    bool acked = done || (failed && has_letter(spool, first));
    if (acked && !conformance_is_finished(number))
        conformance_wrong("ev%ux was acknowledged unfinished", number);
    if (done && failed)
        conformance_wrong("ev%ux ended twice", number);
    *retfound = (struct found){acked ? CONFORMANCE_ACKED : CONFORMANCE_FAILED, 0};
    return done || failed;
}

/* It may be moved while we look, so once is not enough. */
static struct found find(const struct spool *spool, uint32_t number)
{
    struct found found = {CONFORMANCE_ABSENT, 0};
    bool there = number < spool->count;
    uint32_t first = there ? spool->firsts[number] : 0;
    for (int looks = 0; there && looks < LOOKS_MAX; looks++)
        if (is_over(spool, number, &found) || is_claimed(spool, first, &found) || is_new(spool, first, &found))
            return found;
    return (struct found){CONFORMANCE_ABSENT, 0};
}

static enum conformance_place place_of(void *spool, uint32_t number)
{
    return find(spool, number).place;
}

static uint32_t deliveries_of(void *spool, uint32_t number)
{
    return find(spool, number).tries;
}

/* --- trouble -------------------------------------------------------------------------------------------- */

static void fail_start(void *spool)
{
    ((struct spool *)spool)->fail_start = true;
}

static void move(struct spool *spool, bool away)
{
    const char *from = root_of(spool);
    spool->away = away;
    if (rename(from, root_of(spool)) != 0)
        abort();
}

static void move_away(void *spool)
{
    move(spool, true);
}

static void move_back(void *spool)
{
    move(spool, false);
}

static const struct conformance_subject subject = {
    .ops = &leat_source_spool,
    .adapters = sorted_adapters,
    .kind = "cloudevents",
    .filter = "{\"data\":{\"do\":[\"o\"]}}",
    .lasting = true,
    .shared = true,
    .lanes = true,
    .dated = true,
    .broken = true,
    .empty = true,
    .delivery = 1,
    .make = make_spool,
    .unmake = unmake_spool,
    .options = options_of,
    .put = put,
    .put_together = put_together,
    .wrap = wrap,
    .place = place_of,
    .deliveries = deliveries_of,
    .fail_start = fail_start,
    .disconnect = move_away,
    .reconnect = move_back,
};

const struct conformance_subject *const conformance_subjects[] = {&subject, NULL};
