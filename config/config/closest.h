/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAT_CONFIG_CLOSEST_H
#define LEAT_CONFIG_CLOSEST_H

#include <stddef.h>

/* The name closest to `wrong` if it is close, or NULL. */
const char *leat_closest(const char *wrong, const char *const *names, size_t count);

#endif
