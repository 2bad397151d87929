/* SPDX-License-Identifier: Apache-2.0 */
/* What decode.c and unwrap.c share. */
#ifndef LEAT_DECODE_PRIVATE_H
#define LEAT_DECODE_PRIVATE_H

#include <leat/adapter.h>

/* Fills what all detects look at. False: records of several sources, or something else among records. */
bool leat_payload_examine(struct leat_payload *payload);
/* "Records" without one, and no window's end. */
bool leat_payload_is_empty(const struct leat_payload *payload);

#endif
