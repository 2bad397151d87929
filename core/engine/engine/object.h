/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects that handlers and modules are in: found, read without running anything of them, and opened for good.
 */
#ifndef LEAT_ENGINE_OBJECT_H
#define LEAT_ENGINE_OBJECT_H

#include <leat/error.h>

struct leat_object_kind {
    const char *noun;   /* "handler" */
    const char *symbol; /* what makes a file one of this kind: it exports this */
    bool prefix;        /* names that begin with `symbol`, of which a file may have several */
    const char *how;    /* how people name one: the fix where there is no such file */
};

/* What a file exports: names of its kind without the prefix, and a few others for the message. */
struct leat_object_exports {
    char wanted[256], others[128];
    char only[128]; /* the name if there is one */
    unsigned wanted_count, other_count;
};

/* NAME.so in the first of the folders, which stand between colons. False: in none. */
bool leat_object_find(leat_str folders, leat_str name, char *path, size_t size);
/* CONFIG: no such file, no shared object, one for another machine, or a damaged one. */
leat_status leat_object_read(const char *path, const struct leat_object_kind *kind, struct leat_object_exports *ret,
                             struct leat_error *reterr);
/* Bound at once, its names seen by nobody else, never unloaded. CONFIG: a symbol or a library is missing. */
leat_status leat_object_open(const char *path, const struct leat_object_kind *kind, void **retobject,
                             struct leat_error *reterr);

#endif
