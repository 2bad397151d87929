/* SPDX-License-Identifier: Apache-2.0 */
/* Replay: each event is a file with an SQS payload of one record, and its end is what the report is told. */
#include "conformance.h"

#include "canonical.h"

#include <file/source.h>
#include <leat/alloc.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PARALLEL = 4, PATH_MAX_BYTES = 128 };

struct folder {
    char path[PATH_MAX_BYTES];
    uint32_t count;
    enum conformance_place places[CONFORMANCE_EVENTS_MAX];
    struct leat_reader *reader;
    struct leat_file_options options;
};

static void path_of(const struct folder *folder, uint32_t number, char path[2 * PATH_MAX_BYTES])
{
    snprintf(path, 2 * PATH_MAX_BYTES, "%s/%04u.json", folder->path, number);
}

static bool write_file(const struct folder *folder, uint32_t number, leat_str text)
{
    char path[2 * PATH_MAX_BYTES];
    path_of(folder, number, path);
    FILE *file = fopen(path, "w");
    bool good = file != NULL && fwrite(text.ptr, 1, text.len, file) == text.len;
    return (file == NULL || fclose(file) == 0) && good;
}

static void remove_file(const struct folder *folder, uint32_t number)
{
    char path[2 * PATH_MAX_BYTES];
    path_of(folder, number, path);
    (void)unlink(path);
}

static void *make_folder(const struct conformance_wish *wish)
{
    struct folder *folder = leat_alloc(sizeof(*folder));
    const char *parent = getenv("TMPDIR");
    (void)wish;
    if (folder == NULL)
        return NULL;
    snprintf(folder->path, sizeof(folder->path), "%s/leat-conformance-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder->path) == NULL)
        abort();
    return folder;
}

static void unmake_folder(void *argument)
{
    struct folder *folder = argument;
    leat_reader_close(folder->reader);
    if (folder->count == 0)
        remove_file(folder, 0);
    for (uint32_t i = 0; i < folder->count; i++)
        remove_file(folder, i);
    (void)rmdir(folder->path);
    leat_free(folder);
}

/* --- what the report is told ---------------------------------------------------------------------------- */

static void note_settled(void *argument, const struct leat_document *document, const struct leat_delivery *delivery,
                         const struct leat_settlement *settlements, size_t count, const struct leat_answer *answer)
{
    struct folder *folder = argument;
    (void)document;
    (void)delivery;
    (void)answer;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = conformance_number(settlements[i].unit->record->id);
        bool good = settlements[i].verdict == LEAT_ACK;
        if (number == CONFORMANCE_EVENTS_MAX || folder->places[number] != CONFORMANCE_WAITING) {
            conformance_wrong("a settlement is of no event, or the second one of it");
            continue;
        }
        if (good && !conformance_is_finished(number))
            conformance_wrong("ev%ux was acknowledged unfinished", number);
        conformance_lock();
        folder->places[number] = good ? CONFORMANCE_ACKED : CONFORMANCE_FAILED;
        conformance_unlock();
    }
}

static void note_unreadable(void *argument, const struct leat_document *document, leat_status status,
                            const struct leat_error *error)
{
    (void)error;
    if (((struct folder *)argument)->count > 0)
        conformance_wrong("%s: %s", document->file, leat_status_text(status));
}

static const void *options_of(void *argument)
{
    struct folder *folder = argument;
    const char *paths[] = {folder->path};
    const struct leat_reader_options how = {.adapters = NULL};
    if (folder->count == 0)
        (void)write_file(folder, 0, LEAT_STR("")); /* a folder must hold something */
    leat_reader_close(folder->reader);
    folder->reader = NULL;
    if (!leat_is_ok(leat_reader_open(paths, 1, &how, &folder->reader, NULL)))
        abort();
    folder->options = (struct leat_file_options){
        .reader = folder->reader,
        .parallel = PARALLEL,
        .report = {.settled = note_settled, .unreadable = note_unreadable, .argument = folder}};
    return &folder->options;
}

/* --- what is put ---------------------------------------------------------------------------------------- */

static bool put(void *argument, const struct conformance_event *event)
{
    struct folder *folder = argument;
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf payload;
    leat_arena_init(&arena, 0);
    leat_buf_init(&payload, &arena);
    leat_buf_c(&payload, "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:r:1:q\"");
    leat_buf_json_member(&payload, "messageId", leat_str_c(event->id));
    if (event->form == CONFORMANCE_BROKEN)
        leat_buf_c(&payload, ",\"body\":7");
    else
        leat_buf_json_member(&payload, "body", leat_str_c(event->body));
    leat_buf_c(&payload, "}]}");
    leat_str text = leat_buf_str(&payload);
    bool good = text.ptr != NULL && write_file(folder, event->number, text);
    folder->places[event->number] = CONFORMANCE_WAITING;
    folder->count = event->number + 1;
    return good;
}

static enum conformance_place place_of(void *argument, uint32_t number)
{
    conformance_lock();
    enum conformance_place place = ((struct folder *)argument)->places[number];
    conformance_unlock();
    return place;
}

static const struct conformance_subject subject = {
    .ops = &leat_source_file,
    .adapters = sorted_adapters,
    .kind = "sqs",
    .filter = "{\"body\":{\"do\":[\"o\"]}}",
    .broken = true,
    .delivery = 1,
    .make = make_folder,
    .unmake = unmake_folder,
    .options = options_of,
    .put = put,
    .place = place_of,
};

const struct conformance_subject *const conformance_subjects[] = {&subject, NULL};
