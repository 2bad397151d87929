/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tumbling windows of streams: an invoke carries the window's state and is answered with the next. The last invoke
 * of a window may bring no records, so its end is a record, and an event, of its own.
 * Source: Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB", tumbling windows.
 */
#ifndef LEAT_WINDOW_H
#define LEAT_WINDOW_H

#include <leat/adapter.h>

LEAT_BEGIN

#define LEAT_WINDOW_STATE_MAX ((size_t)1 << 20)

/* The payload's "window", or NULL. */
const cJSON *leat_window_find(const cJSON *root);
/* What the payload says; false: it is of no window. */
bool leat_window_read(const struct leat_records *records, struct leat_window *ret);
/* The envelope of a window's end, of type `type` from `fallback` if the stream is not named. */
leat_status leat_window_normalise(struct leat_decoder *decoder, const struct leat_record *record, leat_str type,
                                  leat_str fallback, struct leat_events *out);

LEAT_END

#endif
