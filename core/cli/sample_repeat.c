/* SPDX-License-Identifier: Apache-2.0 */
/* `leat sample --records`: copies of records, which differ where the trigger says that no two are the same. */
#include "sample.h"

cJSON *leat_sample_copy(struct leat_arena *arena, const cJSON *item)
{
    const cJSON *child = NULL;
    cJSON *copy = leat_json_node(arena, item->type);
    if (copy == NULL)
        return NULL;
    copy->valuestring = item->valuestring;
    copy->valuedouble = item->valuedouble;
    cJSON_ArrayForEach (child, item) {
        cJSON *child_copy = leat_sample_copy(arena, child);
        if (child_copy == NULL)
            return NULL;
        leat_json_append(copy, child->string, child_copy);
    }
    return copy;
}

void leat_sample_make_text(cJSON *item, leat_str text)
{
    item->type = cJSON_String;
    item->child = NULL;
    item->valuestring = (char *)(uintptr_t)text.ptr;
    item->valuedouble = (double)text.len; /* where leat_json_text looks for it: text may hold a NUL */
}

/* --- counting up ------------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Hexadecimal digits and dashes, as a UUID. Without a letter it counts as decimal: an SQS SequenceNumber. */
static bool is_hex(leat_str text)
{
    bool letter = false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);
        if (digit < 0 && text.ptr[i] != '-')
            return false;
        letter = letter || digit > 9;
    }
    return letter;
}

static bool has_upper(leat_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'F')
            return true;
    return false;
}

/* `digits` + n; bytes that are no digits stay where they are. What the width does not hold goes in front. */
static void add_sum(struct leat_buf *buf, leat_str digits, unsigned base, size_t n)
{
    const char *all = has_upper(digits) ? "0123456789ABCDEF" : "0123456789abcdef";
    leat_str sum = leat_arena_copy(buf->arena, digits);
    char *out = (char *)(uintptr_t)sum.ptr, more[24];
    size_t at = sum.ptr != NULL ? digits.len : 0, first = sizeof(more);
    for (; at > 0 && n > 0; at--)
        if (digit_of(out[at - 1]) >= 0) {
            n += (size_t)digit_of(out[at - 1]);
            out[at - 1] = all[n % base];
            n /= base;
        }
    for (; n > 0; n /= base)
        more[--first] = all[n % base];
    leat_buf_add(buf, leat_str_of(more + first, sizeof(more) - first));
    leat_buf_add(buf, sum);
}

/* Absent: out of memory. */
static leat_str counted_up(struct leat_arena *arena, leat_str text, size_t n)
{
    struct leat_buf buf;
    size_t start = text.len;
    leat_buf_init(&buf, arena);
    while (start > 0 && text.ptr[start - 1] >= '0' && text.ptr[start - 1] <= '9')
        start--;
    if (is_hex(text)) {
        add_sum(&buf, text, 16, n);
    } else {
        leat_buf_add(&buf, leat_str_of(text.ptr, start));
        if (start < text.len)
            add_sum(&buf, leat_str_skip(text, start), 10, n);
        else
            leat_buf_printf(&buf, "-%zu", n);
    }
    return leat_buf_str(&buf);
}

/* The text of a whole number that is not negative; absent: it is none. */
static leat_str whole_number(struct leat_arena *arena, const cJSON *item)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_json_print_number(&buf, item);
    leat_str text = leat_buf_str(&buf);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return LEAT_ABSENT;
    return text;
}

/* Makes `item` what `last` is n records later; anything but text and whole numbers stays. */
static void make_later(struct leat_arena *arena, cJSON *item, const cJSON *last, size_t n)
{
    leat_str text = cJSON_IsNumber(last) ? whole_number(arena, last) : leat_json_text(last);
    if (text.ptr == NULL)
        return;
    text = counted_up(arena, text, n);
    leat_sample_make_text(item, text);
    item->type = cJSON_IsNumber(last) ? cJSON_Number : cJSON_String; /* a number with a text prints as the text */
}

/* --- records ------------------------------------------------------------------------------------------ */

struct repeat {
    struct leat_arena *arena;
    const char *const *ids;
    const cJSON **last; /* what each of them is in the last record that has it, before any copy was made */
};

static leat_status note_last(struct repeat *repeat, const cJSON *records)
{
    const cJSON *record = NULL;
    size_t count = 0;
    while (repeat->ids[count] != NULL)
        count++;
    repeat->last = LEAT_NEW_N(repeat->arena, const cJSON *, count);
    if (repeat->last == NULL)
        return leat_arena_status(repeat->arena);
    cJSON_ArrayForEach (record, records)
        for (size_t i = 0; i < count; i++) {
            const cJSON *member = leat_json_pointer(record, leat_str_c(repeat->ids[i]));
            repeat->last[i] = member != NULL ? member : repeat->last[i];
        }
    return LEAT_OK;
}

static cJSON *make_copy(struct repeat *repeat, const cJSON *record, size_t n)
{
    cJSON *copy = leat_sample_copy(repeat->arena, record);
    for (size_t i = 0; copy != NULL && repeat->ids[i] != NULL; i++) {
        const cJSON *member = leat_json_pointer(copy, leat_str_c(repeat->ids[i]));
        if (member != NULL)
            make_later(repeat->arena, (cJSON *)(uintptr_t)member, repeat->last[i], n);
    }
    return copy;
}

static void cut_records(cJSON *records, size_t count)
{
    cJSON *last = records->child;
    for (size_t i = 1; i < count; i++)
        last = last->next;
    last->next = NULL;
    records->child->prev = last;
}

/* In turn: the record behind the last one is its first copy, so that going on from there repeats them all. */
static leat_status add_records(struct repeat *repeat, cJSON *records, size_t add)
{
    const cJSON *at = records->child;
    for (size_t n = 1; n <= add; n++, at = at->next) {
        cJSON *copy = make_copy(repeat, at, n);
        if (copy == NULL)
            break;
        leat_json_append(records, NULL, copy);
    }
    return leat_arena_status(repeat->arena);
}

static leat_status no_records(const struct leat_sample *sample, struct leat_error *reterr)
{
    char fix[sizeof(reterr->fix)] = "";
    for (const struct leat_sample *at = leat_samples; at->name != NULL; at++)
        if (at->records != NULL && strlen(fix) + strlen(at->name) + 2 < sizeof(fix))
            snprintf(fix + strlen(fix), sizeof(fix) - strlen(fix), " %s", at->name);
    (void)leat_error_set(reterr, LEAT_STATUS(USAGE), "a payload of %s holds no list of records to repeat",
                         sample->name);
    leat_error_fix(reterr, "--records is for%s", fix);
    return LEAT_STATUS(USAGE);
}

leat_status leat_sample_repeat(struct leat_arena *arena, const struct leat_sample *sample, cJSON *root, size_t count,
                               struct leat_error *reterr)
{
    struct repeat repeat = {.arena = arena, .ids = sample->ids};
    if (sample->records == NULL)
        return count == 1 ? LEAT_OK : no_records(sample, reterr);
    cJSON *records = (cJSON *)(uintptr_t)leat_json_pointer(root, leat_str_c(sample->records));
    if (!cJSON_IsArray(records) || records->child == NULL)
        return leat_error_set(reterr, LEAT_STATUS(USAGE), "%s holds no record that could be repeated", sample->records);
    size_t have = (size_t)cJSON_GetArraySize(records);
    if (count <= have) {
        cut_records(records, count);
        return LEAT_OK;
    }
    LEAT_TRY(note_last(&repeat, records));
    return add_records(&repeat, records, count - have);
}
