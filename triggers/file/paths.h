/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a list of paths, folders and patterns means. */
#ifndef LEAT_FILE_PATHS_H
#define LEAT_FILE_PATHS_H

#include <leat/error.h>

struct leat_paths {
    char **items;
    size_t count, size;
    uint64_t bytes;    /* of all of them */
    bool unknown_size; /* something is no regular file */
};

leat_status leat_paths_find(struct leat_paths *paths, const char *const *given, size_t count,
                            struct leat_error *reterr);
void leat_paths_free(struct leat_paths *paths);

#endif
