/* SPDX-License-Identifier: Apache-2.0 */
/* Files as a whole. */
#ifndef LEAT_CLI_FILES_H
#define LEAT_CLI_FILES_H

#include <leat/arena.h>
#include <leat/error.h>

/* The bytes of a regular file that may be part of a function, with a NUL behind them. CONFIG: why not; NO_MEMORY. */
leat_status leat_file_read(struct leat_arena *arena, const char *path, leat_str *ret, struct leat_error *reterr);
/* All of it. False: errno says why. */
bool leat_file_write(int fd, leat_str bytes);
/* A new folder below TMPDIR, on the heap; leat_zip_remove_folder removes it. NULL: errno says why. */
char *leat_file_folder(const char *purpose);

#endif
