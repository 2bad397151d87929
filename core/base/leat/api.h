/* SPDX-License-Identifier: Apache-2.0 */
/* What every header needs first: export marks, attributes, and the C/C++ seam. */
#ifndef LEAT_API_H
#define LEAT_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks the public API: exactly these symbols leave `leat` and `bootstrap`. */
#define LEAT_API __attribute__((__visibility__("default")))
#define LEAT_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#define LEAT_MUST_USE __attribute__((__warn_unused_result__))

#ifdef __cplusplus
#define LEAT_BEGIN extern "C" {
#define LEAT_END }
#else
#define LEAT_BEGIN
#define LEAT_END
#endif

/* Rises when a table or a struct that plugins fill changes its meaning; growth at the end does not. */
#define LEAT_ABI 1u

#endif
