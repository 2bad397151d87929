/* SPDX-License-Identifier: Apache-2.0 */
/* What --bootstrap names, made ready to be started. */
#ifndef LEAT_CLI_GUEST_PACKAGE_H
#define LEAT_CLI_GUEST_PACKAGE_H

#include <leat/arena.h>
#include <leat/error.h>

struct leat_guest_package {
    struct leat_arena arena;
    const char *command[4]; /* argv, NULL-terminated */
    const char *folder;     /* LAMBDA_TASK_ROOT: absolute */
    const char *name;       /* of the function */
    char *unpacked;         /* a folder of ours to be removed, or NULL */
};

/* An executable, FILE.zip with "bootstrap" in it, or a command line. CONFIG: it is none. */
leat_status leat_guest_package_open(const char *spec, struct leat_guest_package *ret, struct leat_error *reterr);
void leat_guest_package_close(struct leat_guest_package *package); /* takes a zeroed one */

#endif
