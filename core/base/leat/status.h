/* SPDX-License-Identifier: Apache-2.0 */
/* leat_status: the one way a function fails. Human detail goes to a struct leat_error the caller gives. */
#ifndef LEAT_STATUS_H
#define LEAT_STATUS_H

#include <leat/api.h>

LEAT_BEGIN

/* X(name, code as machines read it, sentence) */
#define LEAT_STATUS_TABLE(X)                                  \
    X(DONE, "ok", "done")                                     \
    X(NO_MEMORY, "no-memory", "out of memory")                \
    X(TOO_BIG, "too-big", "larger than the limit allows")     \
    X(TOO_DEEP, "too-deep", "nested deeper than 1000 levels") \
    X(NOT_JSON, "not-json", "not JSON")                       \
    X(BAD_RECORD, "bad-record", "the record is broken")       \
    X(BAD_PAYLOAD, "bad-payload", "the payload is broken")    \
    X(UNKNOWN, "unknown", "no adapter claims it")             \
    X(USAGE, "usage", "wrong usage")                          \
    X(NOT_FOUND, "not-found", "not found")                    \
    X(IO, "io", "input or output failed")                     \
    X(CONFIG, "config", "configuration or handler unusable")  \
    X(HANDLER, "handler", "the handler refused")              \
    X(AWAY, "away", "the service is away")                    \
    X(LATE, "late", "it was not done in time")                \
    X(BUG, "bug", "a bug of leat")

enum leat_status_code {
#define LEAT_STATUS_ENUM(name, code, text) LEAT_E_##name,
    LEAT_STATUS_TABLE(LEAT_STATUS_ENUM)
#undef LEAT_STATUS_ENUM
};

typedef struct leat_status {
    int code; /* enum leat_status_code */
} leat_status;

#ifdef __cplusplus
#define LEAT_STATUS(name) (leat_status{LEAT_E_##name})
#else
#define LEAT_STATUS(name) ((leat_status){LEAT_E_##name})
#endif
#define LEAT_OK LEAT_STATUS(DONE)

static inline bool leat_is_ok(leat_status status)
{
    return status.code == LEAT_E_DONE;
}

/* Returns from the calling function with the status of `call` unless it is ok. */
#define LEAT_TRY(call)                        \
    do {                                      \
        leat_status leat_try_status = (call); \
        if (!leat_is_ok(leat_try_status))     \
            return leat_try_status;           \
    } while (0)

/* "not-json", ...: stable, for machines. */
LEAT_API const char *leat_status_code(leat_status status);
/* "not JSON", ...: for people. */
LEAT_API const char *leat_status_text(leat_status status);

LEAT_END

#endif
