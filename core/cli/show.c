/* SPDX-License-Identifier: Apache-2.0 */
/* `leat show`: what is in event files, without running anything. */
#include "show.h"

#include "find_handler.h"
#include "modules.h"

#include <leat/alloc.h>

#define MAX_DOCUMENT ((size_t)64 << 20) /* as replay's limits, where nobody set others */
#define MAX_MEMORY ((size_t)1 << 30)

enum { AS, JSON, MODULE };

static const struct leat_cli_option options[] = {
    [AS] = {"as", "TRIGGER", "take every document as this trigger's, as it stands, without detection"},
    [JSON] = {"json", NULL, "one JSON value a line: a document with its events"},
    [MODULE] = {"module", "PATH.so|NAME", "a module whose triggers are known too; may be given several times"},
    {NULL, NULL, NULL},
};

struct show {
    struct leat_cli *cli;
    bool json;
    const struct leat_adapter *as;                          /* NULL: detect, among `adapters` */
    const struct leat_adapter *adapters[LEAT_ADAPTERS_MAX]; /* NULL-terminated */
    const char *as_name;
    int module_status;
    struct leat_reader *reader;
    bool not_json, unreadable, out_of_memory;
    struct leat_shown shown;
};

/* --- the command line --------------------------------------------------------------------------------- */

static bool take_as(struct show *show, const char *value)
{
    struct leat_error error = {0};
    show->as_name = value;
    if (leat_is_ok(leat_find_trigger(show->cli, value, &show->as, show->adapters, &error)))
        return true;
    (void)leat_cli_fail_with(0, &error);
    return false;
}

static bool take_option(void *argument, size_t index, const char *value)
{
    struct show *show = argument;
    if (index == AS)
        return take_as(show, value);
    show->json = show->json || index == JSON;
    return true;
}

/* Before --as, which may name a trigger of theirs. */
static bool take_module(void *argument, size_t index, const char *value)
{
    struct show *show = argument;
    if (index == MODULE)
        show->module_status = leat_cli_take_module(show->cli, value);
    return show->module_status == EXIT_DONE;
}

/* --- decoding ----------------------------------------------------------------------------------------- */

static leat_status normalise_record(struct leat_decoder *decoder, struct leat_shown *shown, uint32_t index)
{
    struct leat_shown_record *item = &shown->items[index];
    item->record = &shown->records.items[index];
    item->first = shown->events.count;
    leat_status status = leat_normalise(decoder, item->record, &shown->events);
    item->count = shown->events.count - item->first;
    if (status.code != LEAT_E_BAD_RECORD)
        return status;
    item->broken = leat_arena_copy(&shown->arena, leat_str_c(shown->error.message));
    shown->broken_count++;
    return leat_arena_status(&shown->arena);
}

static leat_status normalise_all(struct leat_decoder *decoder, struct leat_shown *shown)
{
    shown->items = LEAT_NEW_N(&shown->arena, struct leat_shown_record, shown->records.count);
    if (shown->items == NULL)
        return leat_arena_status(&shown->arena);
    for (uint32_t i = 0; i < shown->records.count; i++)
        LEAT_TRY(normalise_record(decoder, shown, i));
    return LEAT_OK;
}

static void decode(struct show *show, struct leat_document *document)
{
    struct leat_shown *shown = &show->shown;
    struct leat_decoder decoder = {
        .arena = &shown->arena,
        .adapters = show->adapters[0] != NULL ? show->adapters : show->cli->adapters,
        .max_bytes = MAX_DOCUMENT,
        .reterr = &shown->error,
    };
    shown->document = document;
    shown->error = (struct leat_error){0};
    shown->events = (struct leat_events){0};
    shown->broken_count = 0;
    leat_arena_reset(&shown->arena);
    shown->status = leat_decode(&decoder, document->text, show->as, &shown->records);
    if (leat_is_ok(shown->status))
        shown->status = normalise_all(&decoder, shown);
    if (shown->status.code == LEAT_E_UNKNOWN)
        (void)leat_error_set(&shown->error, shown->status, "no %s event: nothing of that kind claims it",
                             show->as_name);
    else if (!leat_is_ok(shown->status) && shown->error.message[0] == '\0')
        (void)leat_error_set(&shown->error, shown->status, "%s", leat_status_text(shown->status));
    if (decoder.fault.status.code != LEAT_E_DONE)
        leat_cli_fault_inside(document, &decoder.fault);
}

/* --- documents ---------------------------------------------------------------------------------------- */

static void show_fault(struct show *show, const struct leat_document *document)
{
    leat_cli_print_fault(document, show->json);
    show->not_json = true;
}

static void show_document(struct show *show, struct leat_document *document)
{
    decode(show, document);
    show->out_of_memory = show->out_of_memory || show->shown.status.code == LEAT_E_NO_MEMORY;
    if (document->fault.status.code != LEAT_E_DONE)
        show_fault(show, document);
    else if (show->json)
        leat_show_as_json(&show->shown);
    else
        leat_show_for_people(show->cli, &show->shown);
}

static void show_all(struct show *show)
{
    struct leat_document document;
    while (!ferror(stdout)) {
        struct leat_error error = {0};
        leat_status status = leat_reader_next(show->reader, &document, &error);
        if (status.code == LEAT_E_NOT_FOUND)
            return;
        if (leat_is_ok(status)) {
            show_document(show, &document);
        } else if (document.fault.status.code != LEAT_E_DONE) {
            show_fault(show, &document);
        } else {
            (void)leat_cli_fail_with(0, &error);
            show->unreadable = status.code == LEAT_E_IO || show->unreadable;
            show->out_of_memory = status.code == LEAT_E_NO_MEMORY || show->out_of_memory;
        }
    }
}

static void show_fini(struct show *show)
{
    leat_reader_close(show->reader);
    leat_arena_fini(&show->shown.run);
    leat_arena_fini(&show->shown.arena);
}

static int show_main(struct leat_cli *cli, int argc, char **argv)
{
    struct show show LEAT_CLEANUP(show_fini) = {.cli = cli};
    struct leat_reader_options reader = {.max_document = MAX_DOCUMENT, .max_memory = MAX_MEMORY};
    struct leat_error error = {0};
    const char **paths LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*paths));
    leat_arena_init(&show.shown.arena, MAX_MEMORY);
    leat_arena_init(&show.shown.run, MAX_MEMORY);
    if (paths == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    if (leat_cli_parse(&leat_verb_show, argc, argv, take_module, &show, paths) < 0)
        return show.module_status != EXIT_DONE ? show.module_status : EXIT_USAGE_ERROR;
    int count = leat_cli_parse(&leat_verb_show, argc, argv, take_option, &show, paths);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count == 0)
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat show m.json, or - for standard input", "no file is named");
    reader.adapters = show.as_name == NULL ? cli->adapters : NULL;
    leat_status status = leat_reader_open(paths, (size_t)count, &reader, &show.reader, &error);
    if (!leat_is_ok(status))
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    show_all(&show);
    if (show.out_of_memory)
        return EXIT_BUG;
    return show.not_json ? EXIT_NOT_JSON : show.unreadable ? EXIT_NO_INPUT : EXIT_DONE;
}

const struct leat_cli_verb leat_verb_show = {
    .name = "show",
    .arguments = "FILE|DIR|-...",
    .summary = "say what event files hold: trigger, events, what is broken and why",
    .examples = "leat show m.json\n"
                "leat show events/                    # *.json *.jsonl *.ndjson, at any depth\n"
                "leat sample s3 | leat show --json -\n"
                "leat show --as sqs m.json\n"
                "leat show --module ./acme.so m.json\n",
    .notes = "A file holds one JSON document or several, or is a log. Documents may stand in the form of other\n"
             "tools, such as aws sqs receive-message, kcat -J, dead letters: docs/reference/events.md. Runs nothing\n"
             "and writes nothing. A broken record is no failure: it is shown with its reason. Exit status 65: a\n"
             "file is no JSON (what stands before that is still shown); 66: no such file; 78: a module is unusable\n"
             "(docs/reference/modules.md).\n",
    .options = options,
    .run = show_main,
};
