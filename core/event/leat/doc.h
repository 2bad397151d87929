/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document: JSON text and its tree, and where in the text each record stands.
 *
 * The tree is made by decode. The extents of the records are found on first use, by whichever run
 * needs them first, and shared by all (decode finds none: most handlers never ask).
 */
#ifndef LEAT_DOC_H
#define LEAT_DOC_H

#include <leat/json.h>

LEAT_BEGIN

struct leat_extents;

struct leat_doc {
    leat_str text;
    cJSON *root;
    const cJSON *records;         /* a member of the root whose elements are records: an array, or an object of
                                   * arrays (Kafka has one a partition); NULL: the root is the one record */
    struct leat_extents *extents; /* atomic; made on first use */
};

#define LEAT_WHOLE UINT32_MAX /* a record index: the root itself */

/* A value in a document: record `index` (LEAT_WHOLE: the root), or a direct member of it. */
struct leat_place {
    const struct leat_doc *doc;
    uint32_t index;
    const cJSON *record; /* the record's node */
    const cJSON *member; /* NULL: the record itself */
};

/* Parses `text`, which must live as long as `arena`. With `exact`, numbers keep their text for encode. */
leat_status leat_doc_parse(struct leat_arena *arena, leat_str text, bool exact, struct leat_doc **retdoc,
                           struct leat_json_fault *retfault);
/* How many records a member of the root holds: elements of an array, or of an object's arrays. */
size_t leat_doc_count(const cJSON *records);
/* The exact text of a value, borrowed. Absent: out of memory, or no text is kept. Any thread. */
leat_str leat_doc_extent(struct leat_place place);

LEAT_END

#endif
