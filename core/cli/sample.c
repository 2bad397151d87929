/* SPDX-License-Identifier: Apache-2.0 */
/* `leat sample TRIGGER`: a payload as Lambda would send it, to start from; as it is, or changed. */
#include "sample.h"

#include "find_handler.h"

#include <leat/alloc.h>

#define MAX_MEMORY ((size_t)1 << 30)

enum { RECORDS, SET };

static const struct leat_cli_option options[] = {
    [RECORDS] = {"records", "N", "N records, which repeat the sample's in turn with ids of their own"},
    [SET] = {"set", "PATH=VALUE", "put VALUE where PATH leads; may be given several times"},
    {NULL, NULL, NULL},
};

/* One option as it was given. They are done in that order. */
struct change {
    size_t records; /* 0: it is --set */
    const char *assignment;
};

struct sample {
    struct change *changes;
    size_t count;
    struct leat_arena arena; /* the payload's */
    struct leat_arena text;  /* what is printed next */
};

/* --- the command line --------------------------------------------------------------------------------- */

static bool take_option(void *argument, size_t index, const char *value)
{
    struct sample *sample = argument;
    struct change *change = &sample->changes[sample->count++];
    int64_t count;
    change->assignment = value;
    if (index == SET)
        return true;
    if (!leat_str_int64(leat_str_c(value), &count) || count < 1 || count > LEAT_SAMPLE_RECORDS_MAX) {
        (void)leat_cli_fail(0, NULL, "--records wants a number from 1 to %d, not \"%s\"", LEAT_SAMPLE_RECORDS_MAX,
                            value);
        return false;
    }
    change->records = (size_t)count;
    return true;
}

static void list_triggers(const struct leat_cli *cli)
{
    for (const struct leat_sample *at = leat_samples; at->name != NULL; at++) {
        const struct leat_adapter *adapter = leat_adapter_find(cli->adapters, leat_str_c(at->name));
        printf("%-16s %s\n", at->name, adapter != NULL ? adapter->help : "");
    }
}

/* A name that means several kinds ("apigateway") gives the first of them. */
static const struct leat_sample *find_sample(const char *name)
{
    for (const struct leat_sample *at = leat_samples; at->name != NULL; at++)
        if (strcmp(at->name, name) == 0)
            return at;
    for (const struct leat_sample *at = leat_samples; at->name != NULL; at++)
        if (leat_trigger_matches(leat_str_c(name), leat_str_c(at->name)))
            return at;
    return NULL;
}

/* --- changing and printing ---------------------------------------------------------------------------- */

static leat_status parse(struct leat_arena *arena, const struct leat_sample *payload, cJSON **retroot)
{
    leat_str text = leat_str_of(payload->text, payload->len);
    LEAT_TRY(leat_json_parse(arena, text, retroot, NULL));
    return leat_json_keep_numbers(arena, text, *retroot);
}

static leat_status change_all(struct sample *sample, const struct leat_sample *payload, cJSON *root,
                              struct leat_error *reterr)
{
    for (size_t i = 0; i < sample->count; i++) {
        const struct change *change = &sample->changes[i];
        leat_status status = change->records > 0
                                 ? leat_sample_repeat(&sample->arena, payload, root, change->records, reterr)
                                 : leat_sample_set(&sample->arena, root, change->assignment, reterr);
        if (change->records == 0 && i + 1 < sample->count && sample->changes[i + 1].records > 0)
            leat_error_fix(reterr, "options are done in the order given: --records comes behind this one");
        LEAT_TRY(status);
    }
    return LEAT_OK;
}

/* An item as it stands in its parent, with its name; without what is behind `open` if it is a container. */
static leat_status print_item(struct leat_arena *arena, const cJSON *parent, const cJSON *item, bool open)
{
    cJSON alone = *item, around = {.type = parent->type, .child = &alone};
    struct leat_buf buf;
    alone.next = NULL;
    alone.child = open ? NULL : item->child;
    leat_arena_reset(arena);
    leat_buf_init(&buf, arena);
    leat_json_print(&buf, &around);
    leat_str text = leat_buf_str(&buf); /* between the brackets of the parent */
    if (text.ptr != NULL)
        fwrite(text.ptr + 1, 1, text.len - (open ? 3 : 2), stdout);
    return leat_arena_status(arena);
}

/* One line, in pieces: so the text of a large payload is never in memory as a whole. The pieces are what stands
 * `levels` deep, where records are. */
static leat_status print(struct leat_arena *arena, const cJSON *parent, unsigned levels)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach (item, parent) {
        bool open = levels > 0 && (cJSON_IsArray(item) || cJSON_IsObject(item));
        if (item != parent->child)
            putchar(',');
        LEAT_TRY(print_item(arena, parent, item, open));
        if (!open)
            continue;
        LEAT_TRY(print(arena, item, levels - 1));
        putchar(cJSON_IsArray(item) ? ']' : '}');
    }
    return LEAT_OK;
}

static leat_status print_line(struct leat_arena *arena, const cJSON *root)
{
    putchar(cJSON_IsArray(root) ? '[' : '{');
    LEAT_TRY(print(arena, root, 2));
    puts(cJSON_IsArray(root) ? "]" : "}");
    return LEAT_OK;
}

static int say_why(leat_status status, const struct leat_error *error)
{
    if (status.code == LEAT_E_USAGE)
        return leat_cli_fail_with(EXIT_USAGE_ERROR, error);
    if (status.code == LEAT_E_TOO_BIG)
        return leat_cli_fail(EXIT_USAGE_ERROR, "fewer records, or shorter values",
                             "the payload would take more than %zu MiB of memory", MAX_MEMORY >> 20);
    return leat_cli_fail(EXIT_BUG, NULL, "%s", leat_status_text(status));
}

static int print_changed(struct sample *sample, const struct leat_sample *payload)
{
    struct leat_error error = {0};
    cJSON *root;
    leat_status status = parse(&sample->arena, payload, &root);
    if (leat_is_ok(status))
        status = change_all(sample, payload, root, &error);
    if (leat_is_ok(status))
        status = print_line(&sample->text, root);
    return leat_is_ok(status) ? EXIT_DONE : say_why(status, &error);
}

/* --- the verb ----------------------------------------------------------------------------------------- */

static int print_named(const struct leat_cli *cli, struct sample *sample, const char *name)
{
    struct leat_error error = {0};
    const struct leat_sample *payload = find_sample(name);
    if (payload == NULL) {
        (void)leat_unknown_trigger(cli, leat_str_c(name), &error);
        return leat_cli_fail_with(EXIT_USAGE_ERROR, &error);
    }
    if (sample->count > 0)
        return print_changed(sample, payload);
    fwrite(payload->text, 1, payload->len, stdout);
    return EXIT_DONE;
}

static void sample_fini(struct sample *sample)
{
    leat_arena_fini(&sample->text);
    leat_arena_fini(&sample->arena);
    leat_free(sample->changes);
}

static int sample_main(struct leat_cli *cli, int argc, char **argv)
{
    struct sample sample LEAT_CLEANUP(sample_fini) = {.count = 0};
    const char **names LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*names));
    sample.changes = leat_alloc((size_t)(argc + 1) * sizeof(*sample.changes));
    leat_arena_init(&sample.arena, MAX_MEMORY);
    leat_arena_init(&sample.text, MAX_MEMORY);
    if (names == NULL || sample.changes == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_sample, argc, argv, take_option, &sample, names);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count > 1)
        return leat_cli_fail(EXIT_USAGE_ERROR, NULL, "sample takes one trigger, not %d", count);
    if (count == 1)
        return print_named(cli, &sample, names[0]);
    if (sample.count > 0)
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat sample sqs --records 10", "no trigger is named");
    list_triggers(cli);
    return EXIT_DONE;
}

const struct leat_cli_verb leat_verb_sample = {
    .name = "sample",
    .arguments = "[TRIGGER]",
    .summary = "print an event of a trigger, or list the triggers",
    .examples = "leat sample\n"
                "leat sample sqs > m.json\n"
                "leat sample apigateway | leat replay --handler api -\n"
                "leat sample sqs --records 1000 --set 'Records.*.body={\"order_id\":\"o-1\"}' > many.json\n"
                "leat sample sqs --records 10 --set Records.4.body=broken | leat replay --handler orders -\n"
                "leat sample dynamodb --set /Records/0/dynamodb/NewImage/total/N=12.50\n",
    .notes = "apigateway gives apigateway-http, payload format 2.0. Options are done in the order they are given.\n"
             "\n"
             "PATH is a JSON Pointer (/Records/0/body), or its steps with dots (Records.0.body), up to the first =;\n"
             "the step * is every element or member, - the element behind the last. A last step that is missing is\n"
             "added. VALUE is JSON, to the last digit, or else text. Where text stands, text stays: JSON is put in\n"
             "as text, as the platform does with a message ('{\"order_id\":\"o-1\"}', 5, null).\n",
    .options = options,
    .run = sample_main,
};
