/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents out of files: JSON text after JSON text, from files, folders, patterns and standard input.
 * A file may hold one document over many lines, one a line, or any mix. Strict: what RFC 8259 does not
 * allow is told with its place.
 */
#ifndef LEAT_FILE_READER_H
#define LEAT_FILE_READER_H

#include "forms.h"

#include <leat/error.h>
#include <leat/json.h>

struct leat_document {
    const char *file;                  /* the path as given, "-" for standard input; lives as long as the reader */
    uint64_t number;                   /* in its file, from 1 */
    const struct leat_form *form;      /* what it stood in: the text is a payload out of it; NULL: it is plain */
    uint32_t part;                     /* which payload of several, from 1; 0: the only one */
    leat_str text;                     /* exact, until the next call */
    uint64_t offset;                   /* in its file, from 0, of the document */
    struct leat_json_fault fault;      /* offsets count from the start of the file */
    uint64_t line, column;             /* of the fault, or of the text if there is none; from 1, in bytes */
    uint64_t since_line, since_column; /* of fault.since */
};

struct leat_reader;

struct leat_reader_options {
    size_t max_document; /* bytes; 0: no limit */
    size_t max_memory;   /* bytes that taking a document out of its form may use; 0: no limit */
    bool whole;          /* a file is one document, whatever it holds */
    /* Those that say what stands in a form (forms.h), NULL-terminated; NULL: documents are given as they stand. */
    const struct leat_adapter *const *adapters;
};

/* Looks at every path first. A folder stands for its *.json, *.jsonl and *.ndjson files, in byte order, at any
 * depth; a path that does not exist is tried as a pattern (glob). NOT_FOUND: a path that is nothing. */
leat_status leat_reader_open(const char *const *paths, size_t count, const struct leat_reader_options *options,
                             struct leat_reader **retreader, struct leat_error *reterr);
/* DONE: a document, or a payload out of one. NOT_FOUND: there are no more. NOT_JSON, TOO_DEEP, TOO_BIG: `fault` says
 * where, and the rest of that file is passed over. IO, NO_MEMORY: `reterr` says what; that file is passed over too. */
leat_status leat_reader_next(struct leat_reader *reader, struct leat_document *retdocument, struct leat_error *reterr);
/* From the first file again. False: standard input cannot be read twice. */
bool leat_reader_rewind(struct leat_reader *reader);
/* How much is read, for progress: bytes so far and in all (0: unknown, standard input is among them). */
void leat_reader_progress(const struct leat_reader *reader, uint64_t *retread, uint64_t *rettotal);
size_t leat_reader_files(const struct leat_reader *reader);
void leat_reader_close(struct leat_reader *reader); /* takes NULL */

#endif
