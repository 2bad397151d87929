/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration through one table of options: the loader, the messages and the help all read it.
 * Precedence: flag > environment > default. An environment twin exists for each top-level key
 * (LEAT_LOG for "log"); its value is JSON for groups and maps.
 */
#ifndef LEAT_CONFIG_H
#define LEAT_CONFIG_H

#include <leat/error.h>
#include <leat/json.h>
#include <leat/log.h>

enum leat_option_type {
    LEAT_OPTION_TEXT,     /* leat_str */
    LEAT_OPTION_DURATION, /* int64_t, milliseconds: 250ms 30s 15m 24h */
    LEAT_OPTION_SIZE,     /* size_t, bytes: 64KiB 6MB 1GiB, or plain bytes */
    LEAT_OPTION_CHOICE,   /* int: place in `choices` */
    LEAT_OPTION_FLAG,     /* bool: true or false, also 1 or 0 */
    LEAT_OPTION_MAP,      /* cJSON *: an object of anything */
};

struct leat_option {
    const char *key; /* "log.level" is member "level" of group "log" */
    enum leat_option_type type;
    bool secret;          /* never shown */
    size_t offset;        /* in struct leat_config */
    const char *fallback; /* as one would write it; NULL: not set */
    const char *choices;  /* with spaces */
    const char *help;
};

/* Ends with key NULL. */
extern const struct leat_option leat_options[];

struct leat_config {
    struct leat_arena arena;
    leat_str handler;
    cJSON *settings; /* NULL: none */
    int log_format, log_level;
    int64_t reserve_ms, timeout_ms, grace_ms; /* timeout_ms 0: no limit */
    size_t max_payload, max_memory, max_inflated;
    uint64_t given; /* a bit for each option that is not left to its default */
    bool report_items, pipeline, sigterm;
    int whole_batch; /* 0: list, 1: error */
};

/* All defaults. NO_MEMORY only. */
leat_status leat_config_init(struct leat_config *config);
void leat_config_fini(struct leat_config *config);
/* The twins in `environment` ("NAME=value", NULL-terminated). */
leat_status leat_config_environment(struct leat_config *config, char *const *environment, struct leat_error *reterr);
/* "key=value" of --set; "settings.NAME=value" sets one setting as text. */
leat_status leat_config_set(struct leat_config *config, const char *assignment, struct leat_error *reterr);

/* Did anybody say so? */
bool leat_config_given(const struct leat_config *config, const char *key);

/* "250ms", "30s", "15m", "24h" -> milliseconds. */
bool leat_config_duration(leat_str text, int64_t *retms);

#endif
