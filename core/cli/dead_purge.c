/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `leat dead purge`: the files are written anew without the letters, under the lock that the worker takes for each
 * write. Each is replaced as a whole; a worker that has the old one open sees that and opens the new one.
 */
#include "dead.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000

struct purge {
    struct leat_dead_call *dead;
    struct leat_dead_box box; /* read under the lock */
    size_t lines;             /* left in the file at hand */
};

static leat_status failed(const char *what, const char *path, struct leat_error *reterr)
{
    return leat_error_set(reterr, LEAT_STATUS(IO), "cannot %s %s: %s", what, path, strerror(errno));
}

/* Copies of a letter go with it, and its marks; so do marks whose letter is gone. */
static bool stays(struct purge *purge, leat_str line)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_dead_entry entry;
    leat_arena_init(&arena, 0);
    enum leat_dead_kind kind = leat_dead_read_line(&arena, line, &entry);
    if (kind != LEAT_DEAD_LETTER && kind != LEAT_DEAD_MARK)
        return line.len > 0;
    const struct leat_dead_entry *known = leat_dead_known(&purge->box, entry.digest);
    return known != NULL ? !known->chosen : kind == LEAT_DEAD_LETTER;
}

static leat_status copy_lines(struct purge *purge, FILE *from, FILE *to, const char *path, struct leat_error *reterr)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    bool good = fseeko(from, 0, SEEK_SET) == 0;
    purge->lines = 0;
    while (good && (len = getline(&line, &size, from)) > 0) {
        bool ended = line[len - 1] == '\n';
        if (!stays(purge, leat_str_of(line, (size_t)len - (ended ? 1 : 0))))
            continue;
        good = fwrite(line, 1, (size_t)len, to) == (size_t)len;
        purge->lines++;
    }
    good = good && !ferror(from);
    free(line); /* getline's */
    return good ? LEAT_OK : failed("copy", path, reterr);
}

/* The new file is the old one's owner's: who purges may be root, and the worker is not. */
static FILE *create_beside(const struct leat_dead_file *file, const char *path)
{
    struct stat about;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && fstat(fileno(file->stream), &about) == 0 && fchmod(fd, about.st_mode & 07777) == 0 &&
                (geteuid() != 0 || fchown(fd, about.st_uid, about.st_gid) == 0);
    FILE *stream = good ? fdopen(fd, "w") : NULL;
    if (stream == NULL && fd >= 0)
        (void)close(fd);
    return stream;
}

static leat_status rewrite_file(struct purge *purge, const struct leat_dead_file *file, struct leat_error *reterr)
{
    char path[LEAT_LINES_PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s.purge", file->path);
    FILE *fresh = create_beside(file, path);
    if (fresh == NULL)
        return failed("make", path, reterr);
    leat_status status = copy_lines(purge, file->stream, fresh, path, reterr);
    if (leat_is_ok(status) && (fflush(fresh) != 0 || fsync(fileno(fresh)) != 0))
        status = failed("write", path, reterr);
    if (fclose(fresh) != 0 && leat_is_ok(status))
        status = failed("write", path, reterr);
    if (leat_is_ok(status) && rename(path, file->path) != 0)
        status = failed("replace", file->path, reterr);
    if (!leat_is_ok(status))
        (void)unlink(path);
    /* Of rotated files nobody needs an empty one. */
    else if (purge->lines == 0 && strcmp(file->path, purge->box.path) != 0)
        (void)unlink(file->path);
    return status;
}

static leat_status rewrite_all(struct purge *purge, struct leat_error *reterr)
{
    for (uint32_t i = 0; i < purge->box.file_count; i++)
        LEAT_TRY(rewrite_file(purge, &purge->box.files[i], reterr));
    return leat_lines_sync_folder(purge->box.path, reterr);
}

/* What came in since it was asked is looked at again: ids mean the same letters, filters may mean more. */
static leat_status purge_locked(struct purge *purge, size_t *retcount, struct leat_error *reterr)
{
    LEAT_TRY(leat_dead_open(&purge->box, purge->dead->box.path, NULL, reterr));
    LEAT_TRY(leat_dead_choose(purge->dead, &purge->box, retcount, reterr));
    return rewrite_all(purge, reterr);
}

static leat_status purge_files(struct purge *purge, size_t *retcount, struct leat_error *reterr)
{
    struct leat_lines lines = {.options = {.path = purge->dead->box.path}, .fd = -1, .lock = -1};
    leat_status status = leat_lines_lock(&lines, LOCK_WAIT_MS, reterr);
    if (leat_is_ok(status))
        status = purge_locked(purge, retcount, reterr);
    leat_lines_unlock(&lines);
    leat_lines_close(&lines);
    return status;
}

/* --- a sink ---------------------------------------------------------------------------------------------------- */

enum { DROPPED_AT_ONCE = 500 };

struct drop {
    struct purge *purge;
    struct leat_arena arena;
    leat_str *names;
    size_t count, size;
};

static bool note_name(void *argument, leat_str name, leat_str text)
{
    struct drop *drop = argument;
    if (stays(drop->purge, text))
        return true;
    if (drop->count == drop->size) {
        size_t size = drop->size == 0 ? 256 : drop->size * 2;
        leat_str *names = LEAT_NEW_N(&drop->arena, leat_str, size);
        if (names == NULL)
            return false;
        if (drop->count > 0)
            memcpy(names, drop->names, drop->count * sizeof(*names));
        drop->names = names;
        drop->size = size;
    }
    drop->names[drop->count++] = leat_arena_copy(&drop->arena, name);
    return !drop->arena.overflow;
}

static leat_status drop_all(struct drop *drop, const struct leat_dead_box *box, struct leat_error *reterr)
{
    LEAT_TRY(box->sink->list(box->sink_options, note_name, drop, reterr));
    if (drop->arena.overflow)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    for (size_t at = 0; at < drop->count; at += DROPPED_AT_ONCE) {
        size_t rest = drop->count - at;
        LEAT_TRY(box->sink->drop(box->sink_options, drop->names + at, rest < DROPPED_AT_ONCE ? rest : DROPPED_AT_ONCE,
                                 reterr));
    }
    return LEAT_OK;
}

/* Nobody is locked out: what comes in meanwhile has a name of its own, and stays. */
static leat_status purge_sink(struct purge *purge, size_t *retcount, struct leat_error *reterr)
{
    struct leat_dead_call *dead = purge->dead;
    struct drop drop = {.purge = purge};
    LEAT_TRY(leat_dead_open(&purge->box, dead->path, dead->sink, reterr));
    LEAT_TRY(leat_dead_choose(dead, &purge->box, retcount, reterr));
    leat_arena_init(&drop.arena, 0);
    leat_status status = drop_all(&drop, &purge->box, reterr);
    leat_arena_fini(&drop.arena);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- */

static int run(struct leat_dead_call *dead)
{
    struct purge purge = {.dead = dead};
    struct leat_error error = {0};
    size_t count = 0;
    leat_status status = dead->sink != NULL ? purge_sink(&purge, &count, &error) : purge_files(&purge, &count, &error);
    leat_dead_close(&purge.box);
    if (!leat_is_ok(status))
        return leat_cli_fail_with(status.code == LEAT_E_NO_MEMORY ? EXIT_BUG : EXIT_CANNOT_WRITE, &error);
    printf("%zu purged\n", count);
    return EXIT_DONE;
}

int leat_dead_purge(struct leat_dead_call *dead)
{
    struct leat_error error = {0};
    size_t count = 0;
    leat_status status = leat_dead_choose(dead, &dead->box, &count, &error);
    if (!leat_is_ok(status))
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    if (count == 0 || dead->dry_run) {
        printf("%zu would be purged\n", count);
        return EXIT_DONE;
    }
    int asked = leat_dead_ask(dead, "purge", count, NULL);
    return asked == EXIT_DONE ? run(dead) : asked;
}
