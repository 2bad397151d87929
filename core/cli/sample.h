/* SPDX-License-Identifier: Apache-2.0 */
/* What `leat sample` makes of a payload before it prints it. Trees keep their numbers (leat_json_keep_numbers). */
#ifndef LEAT_CLI_SAMPLE_H
#define LEAT_CLI_SAMPLE_H

#include <leat/error.h>
#include <leat/json.h>

#include <triggers.h>

#include <stdio.h>

#define LEAT_SAMPLE_RECORDS_MAX 100000

/* `count` records instead of those that are there, which repeat in turn; what the sample names in `ids` counts
 * up from the last record's. USAGE: the payload has no records. */
leat_status leat_sample_repeat(struct leat_arena *arena, const struct leat_sample *sample, cJSON *root, size_t count,
                               struct leat_error *reterr);

/* "PATH=VALUE": PATH is a JSON Pointer, or its steps with dots, where * is every element or member; VALUE is JSON,
 * else text; what is text stays text. A last step that is missing is added. USAGE: another is missing, or the
 * assignment is none. `assignment` must live as long as the arena. */
leat_status leat_sample_set(struct leat_arena *arena, cJSON *root, const char *assignment, struct leat_error *reterr);

/* A copy in the arena that shares names and texts. NULL after overflow. */
cJSON *leat_sample_copy(struct leat_arena *arena, const cJSON *item);
/* Makes `item` a text; it keeps its name and its place. */
void leat_sample_make_text(cJSON *item, leat_str text);

#endif
