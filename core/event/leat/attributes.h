/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute values that several triggers write alike. */
#ifndef LEAT_ATTRIBUTES_H
#define LEAT_ATTRIBUTES_H

#include <leat/envelope.h>

LEAT_BEGIN

#define LEAT_SEQUENCE_WIDTH 40 /* digits; DynamoDB's longest, SQS has 20 */
#define LEAT_SEQUENCE_LONG 64  /* of longer numbers; Kinesis has 56 */

/* Joins slices, NULs in them included; absent ones add nothing. Absent after overflow. */
leat_str leat_attribute_join(struct leat_arena *arena, const leat_str *parts, size_t count);
#define LEAT_JOIN(arena, ...)                                     \
    leat_attribute_join((arena), (const leat_str[]){__VA_ARGS__}, \
                        sizeof((const leat_str[]){__VA_ARGS__}) / sizeof(leat_str))

/* "sequence" of a decimal number: zeros before it up to LEAT_SEQUENCE_WIDTH (LEAT_SEQUENCE_LONG), so that those of
 * one source sort as plain text. Longer stays as it is; absent if it is no decimal number, for then it sorts nowhere.
 */
leat_str leat_attribute_sequence(struct leat_arena *arena, leat_str number);
/* "sequence" of an S3 sequencer: upper case, zeros behind it up to 32. Source: S3 User Guide, notification
 * content structure ("right pad the shorter value with zeros and then do a string comparison"). */
leat_str leat_attribute_s3_sequence(struct leat_arena *arena, leat_str sequencer);
/* "source" of an object: "aws:s3.eu-west-1.bucket"; parts that are absent or empty are left out. */
leat_str leat_attribute_s3_source(struct leat_arena *arena, leat_str service, leat_str region, leat_str bucket);
/* Bytes of an object. S3 writes a number, Ceph has written text. -1: not told, or no whole number. */
int64_t leat_s3_size(const cJSON *size);
/* "traceparent" (W3C) of an X-Ray header such as "Root=1-...;Parent=...;Sampled=1"; one that has no such form
 * goes to "awstraceheader" as it is. */
void leat_attribute_trace(struct leat_attribute **list, struct leat_arena *arena, leat_str header);

LEAT_END

#endif
