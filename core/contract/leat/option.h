/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options: what a source, a sink or the service can be told. One table says key, type, default and help; the loader,
 * its messages, --help, the reference page and the schema all read it.
 */
#ifndef LEAT_OPTION_H
#define LEAT_OPTION_H

#include <leat/log.h>
#include <leat/str.h>

LEAT_BEGIN

enum leat_option_type {
    LEAT_OPTION_TEXT,     /* leat_str */
    LEAT_OPTION_LIST,     /* struct leat_list: texts; one may stand without the list */
    LEAT_OPTION_HANDLER,  /* leat_str: PATH.so, PATH.so:NAME or NAME; in a file a path is relative to its folder */
    LEAT_OPTION_PATH,     /* leat_str: in a file relative to its folder */
    LEAT_OPTION_DURATION, /* int64_t, milliseconds: 250ms 30s 15m 24h */
    LEAT_OPTION_SIZE,     /* size_t, bytes: 64KiB 6MB 1GiB, or plain bytes */
    LEAT_OPTION_COUNT,    /* uint32_t */
    LEAT_OPTION_RATE,     /* double, a second: 50/s 300/m 10/h */
    LEAT_OPTION_CHOICE,   /* int: place in `choices` */
    LEAT_OPTION_FLAG,     /* bool: true or false, also 1 or 0 */
    LEAT_OPTION_MAP,      /* cJSON *: an object of anything */
    LEAT_OPTION_ANY,      /* cJSON *: anything */
    LEAT_OPTION_SINK,     /* leat_str: the name of a sink; a map is one that gets a name of its own */
};

struct leat_list {
    const leat_str *items;
    size_t count;
};

struct leat_option {
    const char *key; /* "log.level" is member "level" of group "log" */
    enum leat_option_type type;
    bool secret;          /* never shown */
    size_t offset;        /* in what the table fills */
    const char *fallback; /* as one would write it; NULL: not set */
    const char *choices;  /* CHOICE: with spaces. COUNT: "LEAST MOST", or NULL. "!": it must be given */
    const char *help;
};

#define LEAT_OPTIONS_MAX 64 /* of one table */

/* What a source or a sink that was told them finds at the other end, and what mends it; `fix` NULL: nothing need be. */
typedef void leat_probe_fn(void *argument, enum leat_log_level level, const char *finding, const char *fix);

LEAT_END

#endif
