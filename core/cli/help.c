/* SPDX-License-Identifier: Apache-2.0 */
/* `leat help [VERB]`: examples first, then options, notes last. */
#include "help.h"

#include <config/config.h>

#include <leat/alloc.h>

static const char first_steps[] = "  leat sample sqs > m.json                   # an event to play with\n"
                                  "  leat show m.json                           # what is in it\n"
                                  "  leat new hello && cd hello && make test    # a handler of your own\n"
                                  "  leat replay --handler ./hello.so m.json    # the event through the handler\n";

static void print_verbs(FILE *out)
{
    for (const struct leat_cli_verb *const *at = leat_cli_verbs; *at != NULL; at++)
        fprintf(out, "  %-10s %-15s %s\n", (*at)->name, (*at)->arguments, (*at)->summary);
}

int leat_help_short(FILE *out)
{
    fprintf(out, "%s\n", first_steps);
    print_verbs(out);
    fputs("\nleat help VERB tells more of one.\n", out);
    return EXIT_USAGE_ERROR;
}

int leat_help_overview(void)
{
    fputs(
        "leat runs an event handler written in C: over event files on your desk, the way Lambda would call it, and as "
        "a\nworker that takes events off queues.\n\n"
        "First steps:\n",
        stdout);
    fputs(first_steps, stdout);
    fputs("\nVerbs:\n", stdout);
    print_verbs(stdout);
    fputs(
        "\nleat help VERB, or leat VERB --help, tells more of one; leat --version, what this leat is made of.\n\n"
        "Exit statuses:\n"
        "  0 done   1 an outcome was not ok   64 usage   65 input is no JSON   66 no such file   69 a service is away\n"
        "  70 a bug of leat   73 cannot create   74 cannot write   75 the limit of a drain   76 fenced by another\n"
        "  78 configuration or handler unusable\n",
        stdout);
    return EXIT_DONE;
}

/* Each line of `text`, indented. */
static void print_indented(const char *text)
{
    leat_str rest = leat_str_c(text);
    while (rest.len > 0) {
        leat_str line = leat_str_cut(&rest, '\n');
        printf("  %.*s\n", LEAT_ARG(line));
    }
}

static int label(char *text, size_t size, const struct leat_cli_option *option)
{
    return snprintf(text, size, "%s%s%s%s", leat_cli_dashes(option), option->name, option->argument != NULL ? " " : "",
                    option->argument != NULL ? option->argument : "");
}

static void print_options(const struct leat_cli_option *options)
{
    char text[80];
    int width = 0;
    if (options[0].name == NULL)
        return;
    for (const struct leat_cli_option *at = options; at->name != NULL; at++) {
        int len = label(text, sizeof(text), at);
        width = len > width ? len : width;
    }
    fputs("\nOptions:\n", stdout);
    for (const struct leat_cli_option *at = options; at->name != NULL; at++) {
        (void)label(text, sizeof(text), at);
        printf("  %-*s  %s\n", width, text, at->help);
    }
}

static void print_configuration(void)
{
    fputs("\nConfiguration, by --set KEY=VALUE, by LEAT_KEY in the environment (LEAT_LOG='{level: debug}'), or in a "
          "file:\n",
          stdout);
    for (const struct leat_option *option = leat_options; option->key != NULL; option++) {
        printf("  %-26s  %s", option->key, option->help);
        if (option->type == LEAT_OPTION_CHOICE)
            printf(" (%s)", option->choices);
        if (option->fallback != NULL)
            printf("; default: %s", option->fallback);
        putchar('\n');
    }
    puts("\nA file also has sources and sinks; --set sources.NAME.KEY=VALUE changes what it says of one.\n"
         "docs/reference/configuration.md lists their options.");
}

int leat_help_verb(const struct leat_cli_verb *verb)
{
    printf("leat %s %s%s: %s\n\nExamples:\n", verb->name, verb->options[0].name != NULL ? "[OPTION...] " : "",
           verb->arguments, verb->summary);
    print_indented(verb->examples);
    print_options(verb->options);
    if (verb->configured)
        print_configuration();
    if (verb->notes != NULL) {
        putchar('\n');
        fputs(verb->notes, stdout);
    }
    return EXIT_DONE;
}

static int help_main(struct leat_cli *cli, int argc, char **argv)
{
    const char **names LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*names));
    (void)cli;
    if (names == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_help, argc, argv, NULL, NULL, names);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count == 0)
        return leat_help_overview();
    if (count > 1)
        return leat_cli_fail(EXIT_USAGE_ERROR, NULL, "help takes one verb, not %d", count);
    const struct leat_cli_verb *verb = leat_cli_find_verb(names[0]);
    return verb != NULL ? leat_help_verb(verb) : leat_cli_unknown_verb(names[0]);
}

static const struct leat_cli_option options[] = {{NULL, NULL, NULL}};

const struct leat_cli_verb leat_verb_help = {
    .name = "help",
    .arguments = "[VERB]",
    .summary = "this overview, or all about one verb",
    .examples = "leat help\n"
                "leat help replay\n",
    .options = options,
    .run = help_main,
};
