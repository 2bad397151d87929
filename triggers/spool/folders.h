/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a spool: open, made where missing; and moving between them, never over something. */
#ifndef LEAT_SPOOL_FOLDERS_H
#define LEAT_SPOOL_FOLDERS_H

#include "name.h"

#include <leat/error.h>

enum leat_spool_folder {
    LEAT_SPOOL_TMP,
    LEAT_SPOOL_NEW,
    LEAT_SPOOL_CUR,
    LEAT_SPOOL_FAILED,
    LEAT_SPOOL_DONE,
    LEAT_SPOOL_FOLDERS,
};

struct leat_spool_folders {
    int root, at[LEAT_SPOOL_FOLDERS]; /* -1: not open */
};

extern const char *const leat_spool_folder_names[LEAT_SPOOL_FOLDERS];

void leat_spool_folders_init(struct leat_spool_folders *folders);
/* Those whose bits are set in `which`. `make`: also the spool itself, if its parent is there; what is in it is made
 * always. On failure errno is set, and nothing is open. */
leat_status leat_spool_folders_open(struct leat_spool_folders *folders, leat_str path, unsigned which, bool make,
                                    struct leat_error *reterr);
void leat_spool_folders_close(struct leat_spool_folders *folders);
/* Is what is open still what `path` leads to? */
bool leat_spool_folders_there(const struct leat_spool_folders *folders, leat_str path);

/* The file gets the name `as`, or a numbered copy of it, if there is one of that name: `retname`. 0 or an errno. */
int leat_spool_move(int from, const char *name, int to, const struct leat_spool_name *as,
                    char retname[LEAT_SPOOL_NAME_SIZE]);
/* Writes TEXT under that name, durable but for the folder. 0 or an errno; then there is nothing. */
int leat_spool_write(int folder, const char *name, leat_str text);
/* What mends it, as a sentence; "": nothing to advise. */
const char *leat_spool_advice(int error);

#endif
