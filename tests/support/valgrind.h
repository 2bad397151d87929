/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of what valgrind cannot do, or makes slow beyond use. */
#ifndef LEAT_TEST_VALGRIND_H
#define LEAT_TEST_VALGRIND_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

#endif
