/* SPDX-License-Identifier: Apache-2.0 */
/* `leat completion SHELL`: a script that completes command lines, made of the tables that take them apart. */
#include "cli.h"

#include <templates.h>

#include <leat/alloc.h>

/* --- what stands where -------------------------------------------------------------------------------- */

enum place { NOTHING, FILES, TRIGGERS, HANDLER, VERBS, WORDS };

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* By what the tables call it: "FILE|DIR|-...", "[TRIGGER=]HANDLER"; "bash|zsh" are the words themselves. */
static enum place place_of(leat_str name)
{
    static const struct {
        const char *part;
        enum place place;
    } known[] = {
        {"PATTERN", NOTHING}, {"TRIGGER=", HANDLER}, {"TRIGGER", TRIGGERS}, {"VERB", VERBS},    {"FILE", FILES},
        {"DIR", FILES},       {"HANDLER", FILES},    {"CONFIG", FILES},     {"PATH.so", FILES},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (leat_str_find(name, leat_str_c(known[i].part)).ptr != NULL)
            return known[i].place;
    if (leat_str_starts(name, LEAT_STR("[")))
        name = leat_str_skip(name, 1);
    return name.len > 0 && name.ptr[0] >= 'a' && name.ptr[0] <= 'z' ? WORDS : NOTHING;
}

/* "bash|zsh" with a space for all that is no part of a word. */
static void print_words_of(leat_str name)
{
    const char *between = "";
    while (name.len > 0) {
        size_t len = 0;
        while (len < name.len && is_word_byte(name.ptr[len]))
            len++;
        if (len > 0)
            printf("%s%.*s", between, (int)len, name.ptr);
        between = len > 0 ? " " : between;
        name = leat_str_skip(name, len > 0 ? len : 1);
    }
}

static void print_triggers(const struct leat_cli *cli)
{
    for (const struct leat_adapter **at = cli->adapters; *at != NULL; at++)
        printf("%s%s", at != cli->adapters ? " " : "", (*at)->name);
}

static void print_verbs(void)
{
    for (const struct leat_cli_verb *const *at = leat_cli_verbs; *at != NULL; at++)
        printf("%s%s", at != leat_cli_verbs ? " " : "", (*at)->name);
}

/* The verb's arguments one by one. Absent: no more. *retrepeats: it may be given several times. */
static leat_str next_argument(leat_str *arguments, bool *retrepeats)
{
    leat_str name = arguments->len > 0 ? leat_str_cut(arguments, ' ') : LEAT_ABSENT;
    *retrepeats = leat_str_ends(name, LEAT_STR("...")) || leat_str_ends(name, LEAT_STR("...]"));
    return name;
}

/* Text inside '...' of a shell. */
static void print_quoted(leat_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\'')
            fputs("'\\''", stdout);
        else
            putchar(text.ptr[i]);
}

/* --- bash --------------------------------------------------------------------------------------------- */

static void bash_place(leat_str name)
{
    switch (place_of(name)) {
    case NOTHING: fputs("kind=nothing", stdout); break;
    case FILES: fputs("kind=files", stdout); break;
    case TRIGGERS: fputs("words=$triggers", stdout); break;
    case HANDLER: fputs("kind=handler words=$triggers", stdout); break;
    case VERBS: fputs("words=$verbs", stdout); break;
    case WORDS:
        fputs("words='", stdout);
        print_words_of(name);
        putchar('\'');
        break;
    }
    puts(" ;;");
}

/* In this order, for the first row that fits is taken: its options, their values, its arguments. */
static void bash_verb(const struct leat_cli_verb *verb)
{
    leat_str arguments = leat_str_c(verb->arguments), name;
    bool repeats;
    printf("    %s:-) words='", verb->name);
    for (const struct leat_cli_option *at = verb->options; at->name != NULL; at++)
        printf("%s%s ", leat_cli_dashes(at), at->name);
    puts("--help' ;;");
    for (const struct leat_cli_option *at = verb->options; at->name != NULL; at++)
        if (at->argument != NULL) {
            printf("    %s:%s%s) ", verb->name, leat_cli_dashes(at), at->name);
            bash_place(leat_str_c(at->argument));
        }
    for (int number = 1; (name = next_argument(&arguments, &repeats)).ptr != NULL; number++) {
        char at[16] = "[1-9]*";
        if (!repeats)
            snprintf(at, sizeof(at), "%d", number);
        printf("    %s:%s) ", verb->name, at);
        bash_place(name);
    }
}

static void print_template(const char *name)
{
    for (const struct leat_template *at = leat_templates; at->name != NULL; at++)
        if (strcmp(at->name, name) == 0)
            fwrite(at->text, 1, at->len, stdout);
}

static void print_bash(const struct leat_cli *cli)
{
    print_template("completion.bash");
    puts("_leat_value() # what stands at VERB:--OPTION, VERB:NUMBER, at VERB:- an option: into kind and words\n"
         "{");
    fputs("    local verbs='", stdout);
    print_verbs();
    fputs("' triggers='", stdout);
    print_triggers(cli);
    puts("'\n"
         "    kind=words\n"
         "    case $1 in\n"
         "    :) words=\"$verbs --help --version\" ;;");
    for (const struct leat_cli_verb *const *at = leat_cli_verbs; *at != NULL; at++)
        bash_verb(*at);
    puts("    *) kind= ;;\n"
         "    esac\n"
         "}\n");
    fputs("complete -F _leat -- '", stdout);
    print_quoted(leat_str_c(cli->program));
    puts("'");
}

/* --- zsh ---------------------------------------------------------------------------------------------- */

/* Text inside '...', where what _arguments takes for its own is escaped. */
static void zsh_escaped(leat_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(":[]\\", text.ptr[i]) != NULL)
            putchar('\\');
        print_quoted(leat_str_of(text.ptr + i, 1));
    }
}

static void zsh_place(const struct leat_cli *cli, leat_str name)
{
    enum place place = place_of(name);
    putchar(':');
    zsh_escaped(name);
    putchar(':');
    if (place == NOTHING || place == FILES || place == HANDLER) {
        fputs(place == NOTHING ? " " : place == FILES ? "_files" : "_leat_handler", stdout);
        return;
    }
    putchar('(');
    if (place == TRIGGERS)
        print_triggers(cli);
    else if (place == VERBS)
        print_verbs();
    else
        print_words_of(name);
    putchar(')');
}

static void zsh_option(const struct leat_cli *cli, const struct leat_cli_option *option)
{
    printf("            '*%s%s%s[", leat_cli_dashes(option), option->name, option->argument != NULL ? "=" : "");
    zsh_escaped(leat_str_c(option->help));
    putchar(']');
    if (option->argument != NULL)
        zsh_place(cli, leat_str_c(option->argument));
    puts("' \\");
}

static void zsh_verb(const struct leat_cli *cli, const struct leat_cli_verb *verb)
{
    leat_str arguments = leat_str_c(verb->arguments), name;
    bool repeats;
    printf("        %s)\n            _arguments -S : \\\n", verb->name);
    for (const struct leat_cli_option *at = verb->options; at->name != NULL; at++)
        zsh_option(cli, at);
    for (int number = 1; (name = next_argument(&arguments, &repeats)).ptr != NULL; number++) {
        char at[16] = "*";
        if (!repeats)
            snprintf(at, sizeof(at), "%d", number);
        printf("            '%s", at);
        zsh_place(cli, name);
        puts("' \\");
    }
    puts("            '(- *)--help[all about this verb]'\n"
         "            ;;");
}

static void zsh_verbs(void)
{
    puts("    verbs=(");
    for (const struct leat_cli_verb *const *at = leat_cli_verbs; *at != NULL; at++) {
        printf("        '%s:", (*at)->name);
        print_quoted(leat_str_c((*at)->summary));
        puts("'");
    }
    puts("    )");
}

static void print_zsh(const struct leat_cli *cli)
{
    fputs("#compdef ", stdout);
    leat_cli_print_visible(stdout, leat_str_c(cli->program));
    puts("\n# Completion for zsh, made of the tables of verbs and options.\n"
         "_leat_handler()\n"
         "{\n"
         "    local -a triggers");
    fputs("    triggers=(", stdout);
    print_triggers(cli);
    puts(")\n"
         "    if compset -P 1 '*='; then\n"
         "        _files\n"
         "    else\n"
         "        _alternative 'triggers:trigger:compadd -S = -a triggers' 'handlers:handler:_files'\n"
         "    fi\n"
         "}\n"
         "\n"
         "_leat()\n"
         "{\n"
         "    local curcontext=$curcontext state line\n"
         "    local -a verbs\n"
         "    typeset -A opt_args");
    zsh_verbs();
    puts("    _arguments -C -S : '(- *)--help[the verbs]' '(- *)--version[what this leat is made of]' \\\n"
         "        '1: :->verb' '*:: :->rest'\n"
         "    case $state in\n"
         "    verb) _describe verb verbs ;;\n"
         "    rest)\n"
         "        case $words[1] in");
    for (const struct leat_cli_verb *const *at = leat_cli_verbs; *at != NULL; at++)
        zsh_verb(cli, *at);
    fputs("        esac\n"
          "        ;;\n"
          "    esac\n"
          "}\n"
          "\n"
          "if [[ $funcstack[1] == _leat ]]; then # a file of that name in $fpath\n"
          "    _leat \"$@\"\n"
          "else\n"
          "    compdef _leat '",
          stdout);
    print_quoted(leat_str_c(cli->program));
    puts("'\n"
         "fi");
}

/* --- the verb ----------------------------------------------------------------------------------------- */

static int completion_main(struct leat_cli *cli, int argc, char **argv)
{
    const char **names LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*names));
    if (names == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_completion, argc, argv, NULL, NULL, names);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count != 1)
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat completion bash", "completion takes one shell, not %d", count);
    if (strcmp(names[0], "bash") == 0)
        print_bash(cli);
    else if (strcmp(names[0], "zsh") == 0)
        print_zsh(cli);
    else
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat completion bash, or leat completion zsh",
                             "no completion for a shell \"%s\"", names[0]);
    return EXIT_DONE;
}

static const struct leat_cli_option options[] = {{NULL, NULL, NULL}};

const struct leat_cli_verb leat_verb_completion = {
    .name = "completion",
    .arguments = "bash|zsh",
    .summary = "print a script that completes verbs, options, triggers and files",
    .examples = "eval \"$(leat completion bash)\"          # in ~/.bashrc\n"
                "eval \"$(leat completion zsh)\"           # in ~/.zshrc, after compinit\n"
                "leat completion zsh > ~/.zfunc/_leat    # or in a folder of $fpath\n",
    .options = options,
    .run = completion_main,
};
