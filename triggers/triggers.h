/* SPDX-License-Identifier: Apache-2.0 */
/* The triggers in this binary; the tables are generated from the list in triggers/meson.build. */
#ifndef LEAT_TRIGGERS_H
#define LEAT_TRIGGERS_H

#include <leat/adapter.h>

struct leat_sample {
    const char *name; /* of the trigger */
    const char *text; /* a payload, as Lambda would send it */
    size_t len;
    const char *records;    /* JSON Pointer to the array of its records; NULL: none is told, the payload is one event */
    const char *const *ids; /* JSON Pointers inside a record to what is never the same in two; ends with NULL */
};

extern const struct leat_adapter *const leat_adapters[]; /* NULL-terminated, in the order of the list */
extern const struct leat_sample leat_samples[];          /* ends with a NULL name */

#endif
