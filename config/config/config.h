/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration through one table of options: the loader, the messages, the help, the reference page and the schema
 * all read it. Precedence: flag > environment > file > default. An environment twin exists for each top-level key
 * (LEAT_LOG for "log"); its value is YAML for groups and maps.
 */
#ifndef LEAT_CONFIG_H
#define LEAT_CONFIG_H

#include <config/tree.h>

#include <leat/json.h>
#include <leat/log.h>
#include <leat/option.h>
#include <leat/settings.h>
#include <leat/sink.h>
#include <leat/source.h>

/* Of the service; of every entry of "sources", whatever its type, into struct leat_config_source; of every entry of
 * "sinks", into struct leat_config_sink. Each ends with key NULL. */
extern const struct leat_option leat_options[], leat_source_options[], leat_sink_options[];

struct leat_config_place {
    size_t at, len; /* bytes of the file */
};

/* A table and what it fills. */
struct leat_option_table {
    const struct leat_option *options;
    void *target;
    uint64_t *given;                      /* a bit for each option that is not left to its default; NULL: nobody asks */
    struct leat_config_place *places;     /* of the values, LEAT_OPTIONS_MAX; NULL: nobody asks */
    const struct leat_option_table *next; /* of the same map: what a type adds; NULL: none */
};

/* An entry of "sources". */
struct leat_config_source {
    const struct leat_source_ops *ops;
    void *options; /* ops->options_size bytes, filled; lives as long as the configuration */
    struct leat_source_settings settings;
    leat_str handler;               /* absent: the service's */
    struct leat_config_place place; /* of its type */
    /* As they were said; `settings` has what became of them. */
    leat_str type;
    cJSON *own_settings, *filter;
    int ordering;
    uint64_t given;                                    /* a bit for each of leat_source_options */
    struct leat_config_place places[LEAT_OPTIONS_MAX]; /* of their values */
};

/* An entry of "sinks", or an inline one, whose name is the path to it ("sources.orders.dead_letter"). */
struct leat_config_sink {
    const struct leat_sink_ops *ops;
    void *options;
    leat_str name;
    struct leat_config_place place; /* of its type; `len` 0: it stands in no file */
    leat_str type;
    bool inlined;
};

/* Who knows the types that "type:" names. */
struct leat_config_types {
    const struct leat_source_ops *(*source)(void *argument, leat_str type, struct leat_error *reterr);
    const struct leat_sink_ops *(*sink)(void *argument, leat_str type, struct leat_error *reterr);
    /* A name in "modules". */
    leat_status (*module)(void *argument, leat_str name, struct leat_error *reterr);
    void *argument;
};

struct leat_config {
    struct leat_arena arena;
    leat_str handler;
    cJSON *settings; /* NULL: none */
    int log_format, log_level;
    int64_t reserve_ms, timeout_ms, grace_ms; /* timeout_ms 0: no limit */
    size_t max_payload, max_memory, max_inflated;
    bool report_items, pipeline, sigterm;
    int whole_batch; /* 0: list, 1: error */
    /* --- of a worker --- */
    leat_str service;     /* absent: the caller knows one */
    leat_str dead_letter; /* name of a sink; absent: none */
    leat_str admin_listen;
    uint32_t concurrency, max_lost_slots, max_crashes;
    int64_t drain_ms;
    struct leat_list modules;
    struct leat_config_source *sources;
    struct leat_config_sink *sinks; /* moves when one is added */
    size_t source_count, sink_count, sink_room;
    struct leat_config_types types; /* the caller's, set behind leat_config_init; all NULL: there are no types */
    /* A bit for each option: anybody said so; the file did, and nobody after it. */
    uint64_t given, filed;
    struct leat_config_place places[LEAT_OPTIONS_MAX]; /* of what is filed */
    const char *folder;                                /* the file's; NULL: there is none */
};

/* All defaults. NO_MEMORY only. */
leat_status leat_config_init(struct leat_config *config);
void leat_config_fini(struct leat_config *config);
/* The file problems->file, which becomes problems->text. All that is wrong with it is in `problems`; then CONFIG, and
 * *reterr holds the first of it. CONFIG without problems: it cannot be read. `environment` is for ${NAME}. */
leat_status leat_config_load(struct leat_config *config, struct leat_problems *problems, char *const *environment,
                             struct leat_error *reterr);
/* The same for problems->text. ${file:} is relative to config->folder; without one no file is read. */
leat_status leat_config_take(struct leat_config *config, struct leat_problems *problems, char *const *environment,
                             struct leat_error *reterr);
/* The twins in `environment` ("NAME=value", NULL-terminated). */
leat_status leat_config_environment(struct leat_config *config, char *const *environment, struct leat_error *reterr);
/* "key=value" of --set; "settings.NAME=value" sets one setting as text, "sources.NAME.KEY=value" and
 * "sinks.NAME.KEY=value" an option of an entry that the file has. */
leat_status leat_config_set(struct leat_config *config, const char *assignment, struct leat_error *reterr);

/* What must fit together, once all is said; the file and the environment alone have been looked at already, so this is
 * for who takes --set. */
leat_status leat_config_check(const struct leat_config *config, char *const *environment, struct leat_error *reterr);
/* A sink of type file or spool in Lambda is an error: nobody would find what it wrote. `problems` are those of the
 * file; NULL: there is none. */
leat_status leat_config_check_lambda(const struct leat_config *config, const struct leat_problems *problems,
                                     struct leat_error *reterr);

/* Did anybody say so? Did the file, and nobody after it? */
bool leat_config_given(const struct leat_config *config, const char *key);
bool leat_config_filed(const struct leat_config *config, const char *key);
/* Where its value stands in the file. */
struct leat_config_place leat_config_place(const struct leat_config *config, const char *key);
bool leat_config_source_given(const struct leat_config_source *source, const char *key);
struct leat_config_place leat_config_source_place(const struct leat_config_source *source, const char *key);
/* NULL: there is none of that name. */
struct leat_config_source *leat_config_find_source(const struct leat_config *config, leat_str name);
struct leat_config_sink *leat_config_find_sink(const struct leat_config *config, leat_str name);

/* "250ms", "30s", "15m", "24h" -> milliseconds. */
bool leat_config_duration(leat_str text, int64_t *retms);

/* --- any table -------------------------------------------------------------------------------------------- */

/* `text` -> the member of `target`; a map's, and what may be anything, is JSON; a list's is a JSON array, or one text.
 * CONFIG: it is none of the option's type; nothing has changed. */
leat_status leat_option_set(struct leat_arena *arena, void *target, const struct leat_option *option, leat_str text,
                            struct leat_error *reterr);
/* All defaults of a table, which may be NULL. NO_MEMORY only. */
leat_status leat_options_default(struct leat_arena *arena, void *target, const struct leat_option *options);
/* "a duration (250ms 30s 15m 24h)": what it wants, for messages. */
struct leat_wants {
    char text[96];
};
struct leat_wants leat_option_wants(const struct leat_option *option);
bool leat_option_required(const struct leat_option *option);

struct leat_loader {
    struct leat_arena *arena;
    struct leat_problems *problems;
    const struct leat_option_table *table;
    const char *folder;           /* that paths are relative to; NULL or ".": as they are */
    const char *path;             /* where the map stands, for messages: "sources.orders"; NULL: at the top */
    const char *type;             /* what an entry is; NULL: it is no entry */
    const char *const *also;      /* keys that the caller takes itself, NULL-terminated; NULL: none */
    struct leat_config *config;   /* where sinks are; NULL: no option wants one */
    struct leat_sink_use **names; /* of sinks, as options say them */
};

/* A map of options, each into its place. What is wrong is a problem. NO_MEMORY only. */
leat_status leat_options_take(const struct leat_loader *loader, const struct leat_node *map);
/* The option or group `name`. */
leat_status leat_option_take(const struct leat_loader *loader, leat_str name, const struct leat_node *node);

#endif
