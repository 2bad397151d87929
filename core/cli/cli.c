/* SPDX-License-Identifier: Apache-2.0 */
/* argv -> verb, and argv of a verb -> options. */
#include "bootstrap.h"
#include "help.h"

#include <config/builtin.h>
#include <config/closest.h>

#include <leat/alloc.h>

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <yaml.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

/* --- options ------------------------------------------------------------------------------------------ */

#define OPTIONS_MAX 32 /* of a verb; more are only not guessed */

static int unknown_option(const struct leat_cli_verb *verb, const char *given, leat_str name)
{
    const char *names[OPTIONS_MAX];
    char wrong[64], fix[128];
    size_t count = 0;
    for (; verb->options[count].name != NULL && count < OPTIONS_MAX; count++)
        names[count] = verb->options[count].name;
    snprintf(wrong, sizeof(wrong), "%.*s", LEAT_ARG(name));
    const char *closest = leat_closest(wrong, names, count);
    if (closest == NULL)
        snprintf(fix, sizeof(fix), "leat help %s lists the options; a file's name goes behind --", verb->name);
    else
        snprintf(fix, sizeof(fix), "did you mean --%s?", closest);
    return leat_cli_fail(-1, fix, "%s knows no option %s", verb->name, given);
}

const char *leat_cli_dashes(const struct leat_cli_option *option)
{
    return strlen(option->name) == 1 ? "-" : "--";
}

/* `given` with its dashes, `name` without. */
static const struct leat_cli_option *find_option(const struct leat_cli_verb *verb, const char *given, leat_str name)
{
    for (const struct leat_cli_option *at = verb->options; at->name != NULL; at++)
        if (leat_str_is(name, at->name) && (given[1] == '-') == (strlen(at->name) > 1))
            return at;
    return NULL;
}

struct parse {
    const struct leat_cli_verb *verb;
    int argc, at; /* the argument at hand */
    char **argv;
    bool (*option)(void *argument, size_t index, const char *value);
    void *argument;
};

/* --name, --name=value, or --name and its value behind it. -1 after a message. */
static int take_option(struct parse *parse)
{
    const char *given = parse->argv[parse->at];
    leat_str value = leat_str_c(strncmp(given, "--", 2) == 0 ? given + 2 : given + 1);
    leat_str name = leat_str_cut(&value, '=');
    const struct leat_cli_option *option = find_option(parse->verb, given, name);
    if (option == NULL)
        return unknown_option(parse->verb, given, name);
    if (option->argument == NULL && value.ptr != NULL)
        return leat_cli_fail(-1, NULL, "%s%s takes no value", leat_cli_dashes(option), option->name);
    if (option->argument != NULL && value.ptr == NULL) {
        if (parse->at + 1 >= parse->argc)
            return leat_cli_fail(-1, NULL, "%s%s wants a value: %s", leat_cli_dashes(option), option->name,
                                 option->argument);
        value = leat_str_c(parse->argv[++parse->at]);
    }
    return parse->option(parse->argument, (size_t)(option - parse->verb->options), value.ptr) ? 0 : -1;
}

int leat_cli_parse(const struct leat_cli_verb *verb, int argc, char **argv,
                   bool (*option)(void *argument, size_t index, const char *value), void *argument, const char **rest)
{
    struct parse parse = {.verb = verb, .argc = argc, .at = 1, .argv = argv, .option = option, .argument = argument};
    int count = 0;
    bool options = true;
    for (; parse.at < argc; parse.at++) {
        const char *given = argv[parse.at];
        if (options && strcmp(given, "--") == 0)
            options = false;
        else if (!options || given[0] != '-' || given[1] == '\0')
            rest[count++] = given;
        else if (take_option(&parse) < 0)
            return -1;
    }
    return count;
}

/* --- verbs -------------------------------------------------------------------------------------------- */

static int print_version(void)
{
    printf("leat %s, handler ABI %u\n", LEAT_VERSION, LEAT_ABI);
    printf("libevent %s\n", event_get_version());
    printf("cJSON %s\n", cJSON_Version());
    printf("libyaml %s\n", yaml_get_version_string());
#ifdef __GLIBC__
    printf("glibc %s\n", gnu_get_libc_version());
#endif
    return EXIT_DONE;
}

const struct leat_cli_verb *leat_cli_find_verb(const char *name)
{
    for (const struct leat_cli_verb *const *at = leat_cli_verbs; *at != NULL; at++)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    return NULL;
}

int leat_cli_unknown_verb(const char *name)
{
    const char *names[OPTIONS_MAX];
    char fix[64];
    size_t count = 0;
    for (; leat_cli_verbs[count] != NULL && count < OPTIONS_MAX; count++)
        names[count] = leat_cli_verbs[count]->name;
    const char *closest = leat_closest(name, names, count);
    if (closest == NULL)
        snprintf(fix, sizeof(fix), "leat help lists the verbs");
    else
        snprintf(fix, sizeof(fix), "did you mean leat %s?", closest);
    if (name[0] == '-')
        return leat_cli_fail(EXIT_USAGE_ERROR, fix, "no option %s in front of a verb", name);
    return leat_cli_fail(EXIT_USAGE_ERROR, fix, "no verb \"%s\"", name);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run_without_verb(struct leat_cli *cli)
{
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    if (strcmp(cli->program, "bootstrap") == 0 || (api != NULL && api[0] != '\0'))
        return leat_cli_bootstrap(cli);
    return leat_help_short(stderr);
}

static int run(struct leat_cli *cli, int argc, char **argv)
{
    if (argc < 2)
        return run_without_verb(cli);
    if (strcmp(argv[1], "--version") == 0)
        return print_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return leat_help_overview();
    const struct leat_cli_verb *verb = leat_cli_find_verb(argv[1]);
    if (verb == NULL)
        return leat_cli_unknown_verb(argv[1]);
    if (asks_for_help(argc - 1, argv + 1))
        return leat_help_verb(verb);
    return verb->run(cli, argc - 1, argv + 1);
}

/* --- the process -------------------------------------------------------------------------------------- */

/* A file must not be opened as a descriptor that others take for stdin, stdout or stderr: where one is
 * closed, something stands in for it that fails alike. */
static void occupy_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What `leat package` knows a program of leat_main() by: nothing else of it is left once it is linked and stripped. */
__attribute__((section(".note.leat"), aligned(4), used)) static const struct {
    uint32_t name_size, content_size, type;
    char name[8];
    uint32_t abi;
} note = {sizeof("leat"), sizeof(uint32_t), 1, "leat", LEAT_ABI};

int leat_main(int argc, char **argv, const struct leat_handler *const *handlers)
{
    const char *no_colour = getenv("NO_COLOR");
    leat_str program = leat_str_base(leat_str_c(argc > 0 ? argv[0] : NULL));
    struct leat_cli cli = {
        .program = program.ptr != NULL ? program.ptr : "leat",
        .sources = leat_builtin_sources,
        .sinks = leat_builtin_sinks,
        .linked_in = handlers,
    };
    occupy_standard_files();
    (void)signal(SIGPIPE, SIG_IGN); /* a write that fails is an exit status, no death */
    cli.colour = isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || no_colour[0] == '\0');
    cli.progress = isatty(STDERR_FILENO) == 1;
    cli.adapters = leat_cli_adapters(NULL);
    if (cli.adapters == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int status = run(&cli, argc, argv);
    leat_free((void *)cli.adapters);
    leat_free((void *)cli.modules.items);
    return leat_cli_flush(status);
}
