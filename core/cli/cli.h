/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs share: the table of verbs, options, output, exit statuses. */
#ifndef LEAT_CLI_H
#define LEAT_CLI_H

#include <leat/adapter.h>
#include <leat/handler.h>
#include <leat/module.h>

#include <stdio.h>

/* Exit statuses: docs/reference/output.md. */
enum {
    EXIT_DONE = 0,
    EXIT_OUTCOME = 1,
    EXIT_USAGE_ERROR = 64,
    EXIT_NOT_JSON = 65,
    EXIT_NO_INPUT = 66,
    EXIT_AWAY = 69,
    EXIT_BUG = 70,
    EXIT_CANNOT_CREATE = 73,
    EXIT_CANNOT_WRITE = 74,
    EXIT_LATE = 75, /* the limit of a drain was reached, work was released */
    EXIT_FENCED = 76,
    EXIT_CONFIG = 78,
};

/* Modules that are open; each once. */
struct leat_cli_modules {
    const struct leat_module **items;
    size_t count;
};

struct leat_cli {
    const char *program;                          /* argv[0] without its folder */
    const struct leat_adapter **adapters;         /* sorted, NULL-terminated; another list once a module is opened */
    const struct leat_source_ops *const *sources; /* types that are built in; NULL-terminated or NULL */
    const struct leat_sink_ops *const *sinks;     /* the same */
    struct leat_cli_modules modules;              /* which add to all three */
    const struct leat_handler *const *linked_in;  /* NULL-terminated or NULL */
    const char *config_folder;                    /* of the file that was read, or NULL */
    bool colour;                                  /* stdout is a terminal and NO_COLOR is not set */
    bool progress;                                /* stderr is a terminal */
};

/* One option of a verb. The table ends with name NULL. */
struct leat_cli_option {
    const char *name;     /* without dashes; a single letter takes one dash */
    const char *argument; /* what --help calls its value, and completion goes by; NULL: it is a flag */
    const char *help;
};

struct leat_cli_verb {
    const char *name;
    const char *arguments; /* "FILE|DIR|-...": completion knows FILE, DIR, TRIGGER, VERB, and words in lower case */
    const char *summary;   /* one line, lower case, no full stop */
    const char *examples;  /* lines, shown first in help */
    const char *notes;     /* shown last; may be NULL */
    const struct leat_cli_option *options;
    bool configured;                                         /* reads the configuration: help lists its options too */
    int (*run)(struct leat_cli *cli, int argc, char **argv); /* argv[0] is the verb */
};

/* All verbs, sorted by name; NULL-terminated. */
extern const struct leat_cli_verb *const leat_cli_verbs[];
extern const struct leat_cli_verb leat_verb_check, leat_verb_completion, leat_verb_dead, leat_verb_help, leat_verb_new,
    leat_verb_package, leat_verb_put, leat_verb_replay, leat_verb_run, leat_verb_sample, leat_verb_show;

/* "--" or "-". */
const char *leat_cli_dashes(const struct leat_cli_option *option);

/* Takes argv apart by the verb's table: calls option(argument, index in the table, value) for each option, puts
 * the others in order into `rest` (room for argc). Returns how many, or -1 after a message: exit with 64.
 * `option` returns false after a message of its own. --help is handled by the caller of the verb. */
int leat_cli_parse(const struct leat_cli_verb *verb, int argc, char **argv,
                   bool (*option)(void *argument, size_t index, const char *value), void *argument, const char **rest);

/* "leat: error: ..." on stderr, with the fix on a line of its own. Returns `status`, for `return`. */
int leat_cli_fail(int status, const char *fix, const char *format, ...) LEAT_PRINTF(3, 4);
int leat_cli_fail_with(int status, const struct leat_error *error);
/* All adapters in the order of detection, NULL-terminated, on the heap (leat_free); NULL: out of memory. Those of
 * modules (NULL: none) stand behind the built-in ones and before "unknown", whatever their numbers say. */
const struct leat_adapter **leat_cli_adapters(const struct leat_cli_modules *modules);
/* The exit status that a failure of that kind ends in. */
int leat_cli_exit_of(leat_status status);
/* Writes out and closes nothing; EXIT_CANNOT_WRITE after a message if stdout failed, else `status`. */
int leat_cli_flush(int status);
/* Where a document stops being JSON: a line on stderr, or with `json` an error object on stdout. */
struct leat_document;
void leat_cli_print_fault(const struct leat_document *document, bool json);
/* Makes a fault that decode found in the document's text the document's. */
struct leat_json_fault;
void leat_cli_fault_inside(struct leat_document *document, const struct leat_json_fault *fault);
/* In a JSON object behind "document": which part it is and the form it stood in, where there are such. */
struct leat_buf;
void leat_cli_add_form(struct leat_buf *buf, const struct leat_document *document);
/* Text for people: control characters escaped. */
void leat_cli_print_visible(FILE *out, leat_str text);

#endif
