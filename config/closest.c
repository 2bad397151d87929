/* SPDX-License-Identifier: Apache-2.0 */
/* What was meant, if a name is no name. */
#include <config/closest.h>

#include <stdbool.h>
#include <string.h>

#define NAME_MAX_LEN 63 /* of names that are compared */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Damerau-Levenshtein, each pair of neighbours swapped once at most: typing errors. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NAME_MAX_LEN + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_len];
}

const char *leat_closest(const char *wrong, const char *const *names, size_t count)
{
    const char *closest = NULL;
    size_t len = strlen(wrong), best = len <= 3 ? 2 : len <= 8 ? 3 : 4; /* closer than this */
    if (len == 0 || len > NAME_MAX_LEN)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_len = strlen(names[i]);
        if (name_len > NAME_MAX_LEN)
            continue;
        size_t far = distance(wrong, len, names[i], name_len);
        if (far < best && far < len) {
            best = far;
            closest = names[i];
        }
    }
    for (size_t i = 0; i < count && closest == NULL && len >= 3; i++)
        if (strncmp(names[i], wrong, len) == 0) /* "dyn" of "dynamodb" */
            closest = names[i];
    return closest;
}
