/* SPDX-License-Identifier: Apache-2.0 */
/* What every source can be told, whatever its type. Not installed: between the configuration and the engine. */
#ifndef LEAT_SETTINGS_H
#define LEAT_SETTINGS_H

#include <leat/filter.h>
#include <leat/handler.h>

LEAT_BEGIN

enum leat_ordering { LEAT_ORDER_USUAL, LEAT_ORDER_NONE, LEAT_ORDER_KEY, LEAT_ORDER_PARTITION };

/* What every source can be told. All zero: as the engine's options say, and no limits. */
struct leat_source_settings {
    leat_str name;                      /* as the configuration calls it; absent: the type's name */
    const struct leat_handler *handler; /* NULL: the engine's handlers */
    const cJSON *settings;              /* they go before the engine's; an object or NULL */
    const struct leat_filter *filter;   /* records that do not match are settled as ok; NULL: all match */
    leat_str dead_letter;               /* name of a sink; absent: the engine's */
    enum leat_ordering ordering;
    uint32_t batch;            /* most events of a handle_batch; 0: the engine's */
    int64_t window_ms;         /* a batch waits so long for more */
    uint32_t max_attempts;     /* of an event; a retry beyond is a reject; 0: no limit */
    int64_t max_age_ms;        /* the same, since it came into the queue; 0: no limit */
    int64_t backoff_base_ms;   /* 0: 1 s */
    int64_t backoff_max_ms;    /* 0: 5 min */
    uint32_t concurrency;      /* most slots at once; 0: all */
    double max_rate;           /* most events a second that start; 0: no limit */
    uint32_t max_in_flight;    /* units; 0: the engine's */
    size_t max_bytes;          /* of all deliveries in flight; 0: the engine's */
    uint32_t breaker_failures; /* retries in a row that stop it for a pause; 0: never */
    int64_t breaker_pause_ms;  /* 0: 10 s */
    bool paused;               /* takes nothing */
};

LEAT_END

#endif
