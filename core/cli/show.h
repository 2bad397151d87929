/* SPDX-License-Identifier: Apache-2.0 */
/* A document, decoded, as both forms of show print it. */
#ifndef LEAT_CLI_SHOW_H
#define LEAT_CLI_SHOW_H

#include "cli.h"

#include <file/reader.h>

struct leat_shown_record {
    const struct leat_record *record;
    leat_str broken;       /* why; absent: it is whole */
    uint32_t first, count; /* its events in leat_shown.events */
};

struct leat_shown {
    const struct leat_document *document;
    uint64_t document_count; /* printed before it */
    leat_status status;      /* of all of it; anything but DONE: `error` says why, and there are no records */
    struct leat_error error;
    struct leat_records records;     /* adapter NULL: not recognised, because it is broken */
    struct leat_shown_record *items; /* one a record */
    uint32_t broken_count;
    struct leat_events events;
    struct leat_arena arena; /* what is decoded */
    struct leat_arena run;   /* what one event takes; reset by whoever prints it */
};

/* "  sqs > sns > s3  2 events", a line each; nothing if no event is wrapped in another kind. */
void leat_show_picture(const struct leat_cli *cli, const struct leat_shown *shown);
void leat_show_for_people(const struct leat_cli *cli, struct leat_shown *shown);
void leat_show_as_json(struct leat_shown *shown);

#endif
