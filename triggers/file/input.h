/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one file after another, and where in them we are. */
#ifndef LEAT_FILE_INPUT_H
#define LEAT_FILE_INPUT_H

#include "paths.h"

struct leat_input {
    struct leat_paths paths;
    size_t next_path;
    int fd; /* of the file at hand; -1: none */
    const char *file;
    bool ended, used_stdin; /* ended: nothing more comes from fd */
    char *buffer;
    size_t from, len, size;    /* what is not consumed yet: buffer[from, len) */
    uint64_t offset;           /* of buffer[from] in the file */
    uint64_t line, line_start; /* the line that buffer[from] is in: its number, and its offset in the file */
    uint64_t total_read;
};

/* Zeroed, with the paths found, it is ready but for fd -1. */
void leat_input_fini(struct leat_input *input);
/* The next file, from its start. */
leat_status leat_input_open_next(struct leat_input *input, struct leat_error *reterr);
void leat_input_close_file(struct leat_input *input);

/* Reads until there is at least one byte more, or the end. */
leat_status leat_input_more(struct leat_input *input, struct leat_error *reterr);
leat_str leat_input_unread(const struct leat_input *input);
void leat_input_consume(struct leat_input *input, size_t count);
/* Moves to `offset` of the file, or as near as what was read reaches. */
void leat_input_consume_to(struct leat_input *input, uint64_t offset);
/* Where the first unread byte stands, from 1, in bytes. */
void leat_input_place(const struct leat_input *input, uint64_t *retline, uint64_t *retcolumn);

#endif
