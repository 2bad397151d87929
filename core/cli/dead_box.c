/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a file sink's files: which letters there are, and which were put back. */
#include "dead.h"

#include <file/forms.h>

#include <leat/alloc.h>
#include <leat/text.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_TRIES 5

/* --- one line -------------------------------------------------------------------------------------------------- */

static leat_str copy_of(struct leat_arena *arena, const cJSON *object, const char *name)
{
    return leat_arena_copy(arena, leat_json_get_text(object, name));
}

static bool is_one(const cJSON *root, const char *name)
{
    const cJSON *item = leat_json_get(root, name);
    return cJSON_IsNumber(item) && item->valuedouble == 1;
}

enum leat_dead_kind leat_dead_read_line(struct leat_arena *arena, leat_str line, struct leat_dead_entry *ret)
{
    struct leat_arena scratch LEAT_CLEANUP(leat_arena_fini) = {0};
    cJSON *root = NULL;
    leat_arena_init(&scratch, 0);
    *ret = (struct leat_dead_entry){.len = line.len};
    if (!leat_json_valid(line) || !leat_is_ok(leat_json_parse(&scratch, line, &root, NULL)))
        return LEAT_DEAD_BROKEN;
    bool letter = is_one(root, "dead"), mark = !letter && is_one(root, "redriven");
    ret->id = letter || mark ? copy_of(arena, root, "id") : LEAT_ABSENT;
    if (ret->id.ptr == NULL)
        return LEAT_DEAD_OTHER;
    ret->event = mark ? copy_of(arena, root, "event") : copy_of(arena, leat_json_get_object(root, "event"), "id");
    ret->digest = leat_digest(arena, ret->id);
    ret->source = copy_of(arena, root, "source");
    ret->reason = copy_of(arena, root, "reason");
    ret->time = copy_of(arena, root, "time");
    const cJSON *attempts = leat_json_get(root, "attempts");
    bool told = cJSON_IsNumber(attempts) && attempts->valuedouble >= 0 && attempts->valuedouble <= UINT32_MAX;
    ret->attempts = told ? (uint32_t)attempts->valuedouble : 0;
    return letter ? LEAT_DEAD_LETTER : LEAT_DEAD_MARK;
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static uint32_t *place_of(const struct leat_dead_box *box, leat_str digest)
{
    size_t at = 0;
    for (size_t i = 0; i < 12 && i < digest.len; i++)
        at = at * 31 + (unsigned char)digest.ptr[i];
    for (at %= box->place_count; box->places[at] != 0; at = (at + 1) % box->place_count)
        if (leat_str_eq(box->entries[box->places[at] - 1].digest, digest))
            break;
    return &box->places[at];
}

/* Room for one more entry. */
static bool grow(struct leat_dead_box *box)
{
    if (box->count < box->size)
        return true;
    size_t size = box->size == 0 ? 64 : box->size * 2;
    struct leat_dead_entry *entries = LEAT_NEW_N(&box->arena, struct leat_dead_entry, size);
    uint32_t *places = LEAT_NEW_N(&box->arena, uint32_t, size * 2);
    if (entries == NULL || places == NULL)
        return false;
    if (box->count > 0)
        memcpy(entries, box->entries, box->count * sizeof(*entries));
    box->entries = entries;
    box->size = size;
    box->places = places;
    box->place_count = size * 2;
    for (size_t i = 0; i < box->count; i++)
        *place_of(box, entries[i].digest) = (uint32_t)i + 1;
    return true;
}

struct leat_dead_entry *leat_dead_known(const struct leat_dead_box *box, leat_str digest)
{
    uint32_t place = box->place_count > 0 ? *place_of(box, digest) : 0;
    return place > 0 ? &box->entries[place - 1] : NULL;
}

/* A copy that was written again stands for the older one, and is to be done again. */
static void add_letter(struct leat_dead_box *box, const struct leat_dead_entry *entry)
{
    if (!grow(box))
        return;
    uint32_t *place = place_of(box, entry->digest);
    if (*place == 0)
        *place = (uint32_t)++box->count;
    box->entries[*place - 1] = *entry;
}

static void add_mark(struct leat_dead_box *box, const struct leat_dead_entry *mark)
{
    uint32_t *place = grow(box) ? place_of(box, mark->digest) : NULL;
    if (place != NULL && *place != 0)
        box->entries[*place - 1].done = true;
    if (box->mark_count == box->mark_size) {
        size_t size = box->mark_size == 0 ? 64 : box->mark_size * 2;
        struct leat_dead_mark *marks = LEAT_NEW_N(&box->arena, struct leat_dead_mark, size);
        if (marks == NULL)
            return;
        if (box->mark_count > 0)
            memcpy(marks, box->marks, box->mark_count * sizeof(*marks));
        box->marks = marks;
        box->mark_size = size;
    }
    box->marks[box->mark_count++] = (struct leat_dead_mark){mark->id, mark->event};
}

unsigned leat_dead_redrives(const struct leat_dead_box *box, const struct leat_dead_entry *entry)
{
    unsigned count = 0;
    for (size_t i = 0; i < box->mark_count; i++) {
        const struct leat_dead_mark *mark = &box->marks[i];
        bool same_event = entry->event.ptr != NULL && leat_str_eq(mark->event, entry->event);
        count += same_event || leat_str_eq(mark->id, entry->id) ? 1 : 0;
    }
    return count;
}

/* --- the files ------------------------------------------------------------------------------------------------- */

/* What is being written right now has no newline yet: the worker mends it or ends it. */
static void read_file(struct leat_dead_box *box, uint32_t file)
{
    char *line = NULL;
    size_t size = 0;
    off_t offset = 0;
    ssize_t len;
    while (!box->arena.overflow && (len = getline(&line, &size, box->files[file].stream)) > 0) {
        bool ended = line[len - 1] == '\n';
        struct leat_dead_entry entry;
        leat_str text = leat_str_of(line, (size_t)len - (ended ? 1 : 0));
        enum leat_dead_kind kind = text.len > 0 ? leat_dead_read_line(&box->arena, text, &entry) : LEAT_DEAD_OTHER;
        entry.file = file;
        entry.offset = offset;
        if (kind == LEAT_DEAD_LETTER)
            add_letter(box, &entry);
        else if (kind == LEAT_DEAD_MARK)
            add_mark(box, &entry);
        box->broken += kind == LEAT_DEAD_BROKEN && ended ? 1 : 0;
        offset += len;
    }
    free(line); /* getline's */
}

/* NAME.n of a file NAME; 0: it is none. */
static unsigned rotation(const char *entry, const char *name)
{
    size_t len = strlen(name);
    int64_t number;
    if (strncmp(entry, name, len) != 0 || entry[len] != '.' || !leat_str_int64(leat_str_c(entry + len + 1), &number))
        return 0;
    return number > 0 && number <= LEAT_LINES_KEEP_MAX ? (unsigned)number : 0;
}

static unsigned last_rotation(const char *path)
{
    char folder[LEAT_LINES_PATH_MAX + 2];
    unsigned last = 0;
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1, slash != NULL ? path : ".");
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        unsigned number = rotation(entry->d_name, name);
        last = number > last ? number : last;
    }
    if (dir != NULL)
        (void)closedir(dir);
    return last;
}

static void open_file(struct leat_dead_box *box, unsigned number)
{
    leat_str path = number > 0 ? leat_arena_printf(&box->arena, "%s.%u", box->path, number)
                               : leat_arena_copy(&box->arena, leat_str_c(box->path));
    FILE *stream = path.ptr != NULL ? fopen(path.ptr, "re") : NULL;
    if (stream != NULL)
        box->files[box->file_count++] = (struct leat_dead_file){path.ptr, stream};
}

static void close_files(struct leat_dead_box *box)
{
    while (box->file_count > 0)
        (void)fclose(box->files[--box->file_count].stream);
}

/* Is the newest that was opened still the newest? Else they were rotated meanwhile, and one may be missing. */
static bool is_settled(const struct leat_dead_box *box)
{
    struct stat there, ours;
    if (stat(box->path, &there) != 0)
        return true;
    return box->file_count > 0 && box->files != NULL &&
           fstat(fileno(box->files[box->file_count - 1].stream), &ours) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

static leat_status open_all(struct leat_dead_box *box, struct leat_error *reterr)
{
    int why = 0;
    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        unsigned last = last_rotation(box->path);
        close_files(box);
        box->files = LEAT_NEW_N(&box->arena, struct leat_dead_file, last + 1);
        for (unsigned number = last + 1; box->files != NULL && number > 0; number--) {
            errno = 0;
            open_file(box, number - 1);
            why = errno;
        }
        if (is_settled(box))
            break;
    }
    if (box->arena.overflow)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    if (box->file_count == 0)
        return leat_error_set(reterr, why == ENOENT ? LEAT_STATUS(NOT_FOUND) : LEAT_STATUS(IO), "cannot open %s: %s",
                              box->path, strerror(why));
    return LEAT_OK;
}

/* --- a sink ---------------------------------------------------------------------------------------------------- */

static bool copy_line(void *argument, leat_str name, leat_str text)
{
    FILE *stream = argument;
    (void)name;
    return fwrite(text.ptr, 1, text.len, stream) == text.len && fputc('\n', stream) != EOF;
}

/* What it holds becomes a file without a name, and is read like any other. */
static leat_status open_sink(struct leat_dead_box *box, struct leat_error *reterr)
{
    FILE *stream = tmpfile();
    box->files = LEAT_NEW(&box->arena, struct leat_dead_file);
    if (stream == NULL || box->files == NULL) {
        if (stream != NULL)
            (void)fclose(stream);
        return leat_error_set(reterr, LEAT_STATUS(IO), "no temporary file: %s", strerror(errno));
    }
    box->files[box->file_count++] = (struct leat_dead_file){box->path, stream};
    LEAT_TRY(box->sink->list(box->sink_options, copy_line, stream, reterr));
    if (fflush(stream) != 0 || ferror(stream) || fseeko(stream, 0, SEEK_SET) != 0)
        return leat_error_set(reterr, LEAT_STATUS(IO), "a temporary file cannot be written: %s", strerror(errno));
    return LEAT_OK;
}

leat_status leat_dead_open(struct leat_dead_box *box, const char *path, const struct leat_config_sink *sink,
                           struct leat_error *reterr)
{
    *box = (struct leat_dead_box){.path = path};
    leat_arena_init(&box->arena, 0);
    if (sink != NULL) {
        box->sink = sink->ops;
        box->sink_options = sink->options;
    }
    LEAT_TRY(sink != NULL ? open_sink(box, reterr) : open_all(box, reterr));
    for (uint32_t i = 0; i < box->file_count; i++)
        read_file(box, i);
    return box->arena.overflow ? leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory") : LEAT_OK;
}

void leat_dead_close(struct leat_dead_box *box)
{
    close_files(box);
    leat_arena_fini(&box->arena);
}

leat_status leat_dead_line(const struct leat_dead_box *box, const struct leat_dead_entry *entry,
                           struct leat_arena *arena, leat_str *retline, struct leat_error *reterr)
{
    const struct leat_dead_file *file = &box->files[entry->file];
    char *bytes = leat_arena_alloc(arena, entry->len + 1);
    if (bytes == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    for (size_t at = 0; at < entry->len;) {
        ssize_t count = pread(fileno(file->stream), bytes + at, entry->len - at, entry->offset + (off_t)at);
        if (count <= 0)
            return leat_error_set(reterr, LEAT_STATUS(IO), "cannot read %s: %s", file->path,
                                  count < 0 ? strerror(errno) : "it is shorter than it was");
        at += (size_t)count;
    }
    bytes[entry->len] = '\0';
    *retline = leat_str_of(bytes, entry->len);
    return LEAT_OK;
}

leat_status leat_dead_payload(const struct leat_dead_box *box, const struct leat_dead_entry *entry,
                              struct leat_arena *arena, leat_str *retpayload, struct leat_error *reterr)
{
    leat_str line = LEAT_ABSENT;
    struct leat_forms forms;
    LEAT_TRY(leat_dead_line(box, entry, arena, &line, reterr));
    leat_forms_init(&forms, box->adapters, 0);
    leat_status status = leat_forms_take(&forms, line);
    *retpayload = leat_is_ok(status) && forms.count == 1 ? leat_arena_copy(arena, forms.payloads[0]) : LEAT_ABSENT;
    leat_forms_fini(&forms);
    if (!leat_is_ok(status) || arena->overflow)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    if (retpayload->ptr == NULL)
        return leat_error_set(reterr, LEAT_STATUS(BAD_RECORD), "the letter %.*s holds no payload", LEAT_ARG(entry->id));
    return LEAT_OK;
}

/* --- names ----------------------------------------------------------------------------------------------------- */

static int by_digest(const void *a, const void *b)
{
    const leat_str *left = a, *right = b;
    return memcmp(left->ptr, right->ptr, left->len);
}

size_t leat_dead_short(const struct leat_dead_box *box)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    size_t longest = 4;
    leat_arena_init(&arena, 0);
    leat_str *digests = LEAT_NEW_N(&arena, leat_str, box->count + 1);
    if (digests == NULL)
        return 32;
    for (size_t i = 0; i < box->count; i++)
        digests[i] = box->entries[i].digest;
    qsort(digests, box->count, sizeof(*digests), by_digest);
    for (size_t i = 1; i < box->count; i++) {
        size_t same = 0;
        while (same < digests[i].len && digests[i].ptr[same] == digests[i - 1].ptr[same])
            same++;
        longest = same + 1 > longest ? same + 1 : longest;
    }
    return longest;
}

leat_status leat_dead_find(const struct leat_dead_box *box, leat_str name, struct leat_dead_entry **retentry,
                           struct leat_error *reterr)
{
    struct leat_dead_entry *found = NULL;
    for (size_t i = 0; i < box->count; i++) {
        struct leat_dead_entry *entry = &box->entries[i];
        bool whole = leat_str_eq(entry->id, name) || leat_str_eq(entry->digest, name);
        if (!whole && (name.len == 0 || !leat_str_starts(entry->digest, name)))
            continue;
        if (found != NULL && !whole)
            return leat_error_set(reterr, LEAT_STATUS(USAGE), "several dead letters start with \"%.*s\"",
                                  LEAT_ARG(name));
        found = entry;
        if (whole)
            break;
    }
    *retentry = found;
    return found != NULL ? LEAT_OK
                         : leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "no dead letter \"%.*s\" in %s",
                                          LEAT_ARG(name), box->path);
}
