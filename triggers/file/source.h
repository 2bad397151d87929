/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay is this source: deliveries are documents out of files, settling one is telling what became of
 * it and what Lambda would have been answered. Nothing is written anywhere else. Several documents may be
 * under way, but all is told in the order of the files: one that has settled waits for those before it.
 */
#ifndef LEAT_FILE_SOURCE_H
#define LEAT_FILE_SOURCE_H

#include "reader.h"

#include <leat/source.h>

/* Loop thread. */
struct leat_file_report {
    /* A document is settled. `settlements` in the order of its records; none if it could not be decoded. */
    void (*settled)(void *argument, const struct leat_document *document, const struct leat_delivery *delivery,
                    const struct leat_settlement *settlements, size_t count, const struct leat_answer *answer);
    /* A document or a file that cannot be read. */
    void (*unreadable)(void *argument, const struct leat_document *document, leat_status status,
                       const struct leat_error *error);
    void *argument;
};

struct leat_file_options {
    struct leat_reader *reader;        /* the caller's; open */
    const struct leat_adapter *as;     /* NULL: detect */
    uint32_t repeat;                   /* how often all of it is replayed; 0 counts as 1 */
    struct leat_invocation invocation; /* what the handlers are told; a missing request id is made up */
    int64_t time_ms;                   /* each document's invocation has so long; 0: for ever */
    struct leat_answer_rules rules;
    uint32_t parallel; /* documents under way at once; 0 counts as 1 */
    struct leat_file_report report;
};

extern const struct leat_source_ops leat_source_file;

#endif
