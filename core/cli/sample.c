/* SPDX-License-Identifier: Apache-2.0 */
/* `leat sample TRIGGER`: a payload as Lambda would send it, to start from. */
#include "find_handler.h"

#include <triggers.h>

#include <leat/alloc.h>

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

static int sample_main(struct leat_cli *cli, int argc, char **argv)
{
    struct leat_error error = {0};
    const char **names LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*names));
    if (names == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_sample, argc, argv, NULL, NULL, names);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count == 0) {
        list_triggers(cli);
        return EXIT_DONE;
    }
    if (count > 1)
        return leat_cli_fail(EXIT_USAGE_ERROR, NULL, "sample takes one trigger, not %d", count);
    const struct leat_sample *sample = find_sample(names[0]);
    if (sample == NULL) {
        (void)leat_unknown_trigger(cli, leat_str_c(names[0]), &error);
        return leat_cli_fail_with(EXIT_USAGE_ERROR, &error);
    }
    fwrite(sample->text, 1, sample->len, stdout);
    return EXIT_DONE;
}

static const struct leat_cli_option options[] = {{NULL, NULL, NULL}};

const struct leat_cli_verb leat_verb_sample = {
    .name = "sample",
    .arguments = "[TRIGGER]",
    .summary = "print an event of a trigger, or list the triggers",
    .examples = "leat sample\n"
                "leat sample sqs > m.json\n"
                "leat sample apigateway | leat replay --handler api -\n",
    .notes = "apigateway gives apigateway-http, payload format 2.0.\n",
    .options = options,
    .run = sample_main,
};
