/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAT_S3_VIEW_H
#define LEAT_S3_VIEW_H

#include <leat/adapter.h>

/* A leat_view_fn: struct leat_s3 of a record of S3's own notification. */
const void *leat_s3_record_view(const struct leat_envelope *envelope, struct leat_arena *arena);
/* "ObjectCreated:Put": MinIO, and AWS for some kinds of event, write "s3:" before it. */
leat_str leat_s3_bare_name(leat_str name);

#endif
