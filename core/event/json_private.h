/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON files of this folder share. */
#ifndef LEAT_JSON_PRIVATE_H
#define LEAT_JSON_PRIVATE_H

#include <leat/json.h>

/* Over text that cJSON accepted: where white space and the value at `at` end; never beyond text.len. */
size_t leat_json_skip_space(leat_str text, size_t at);
size_t leat_json_skip_value(leat_str text, size_t at);

/* The shortest decimal that reads back as `value`, which is finite. Returns its length. */
int leat_json_print_double(char *text, size_t size, double value);

/* Walks text and tree side by side: gives strings with an escaped NUL their whole length, and with
 * `numbers` lets numbers that print otherwise keep their text. */
leat_status leat_json_repair(struct leat_arena *arena, leat_str text, cJSON *root, bool numbers);

#endif
