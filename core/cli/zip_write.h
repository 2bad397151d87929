/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives that are the same bytes for the same files, whenever and wherever they are made: entries sorted by name,
 * each of 1980-01-01, mode 0755 or 0644, deflated where that makes it smaller, and nothing else in it. The reader is
 * zip_read.h.
 */
#ifndef LEAT_CLI_ZIP_WRITE_H
#define LEAT_CLI_ZIP_WRITE_H

#include <leat/arena.h>
#include <leat/error.h>

struct leat_zip_file {
    leat_str name; /* relative, with slashes; no two alike */
    leat_str content;
    bool executable;
    uint32_t packed_size; /* is set */
};

/* Sorts `files`. The archive lies in `arena`, whole. TOO_BIG: more than an archive without zip64 holds. NO_MEMORY. */
leat_status leat_zip_write(struct leat_arena *arena, struct leat_zip_file *files, size_t count, leat_str *ret);

#endif
