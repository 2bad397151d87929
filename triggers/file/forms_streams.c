/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `aws kinesis get-records` and `aws dynamodbstreams get-records`. Version 2 of the CLI prints times as ISO 8601 text
 * where Lambda's events have seconds. Which shard and stream it was is not told, so nothing says so.
 */
#include "forms_private.h"

/* --- times ------------------------------------------------------------------------------------------------- */

static int64_t number_at(leat_str text, size_t at, size_t count)
{
    int64_t value = 0;
    for (size_t i = at; i < at + count; i++)
        value = value * 10 + (text.ptr[i] - '0');
    return value;
}

/* Of a proleptic Gregorian date, since 1970. Years begin in March, so that the leap day is the last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month > 2 ? year : year - 1, since_march = (month + 9) % 12;
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (since_march * 153 + 2) / 5 + day - 719469;
}

/* Behind the point, to the microsecond; *at moves behind all digits. */
static int64_t fraction_us(leat_str time, size_t *at)
{
    int64_t us = 0, worth = 100000;
    for (++*at; time.ptr[*at] >= '0' && time.ptr[*at] <= '9'; ++*at, worth /= 10)
        us += (time.ptr[*at] - '0') * worth;
    return us;
}

/* "2024-05-01T14:00:00.250+02:00" -> microseconds since 1970. False: it is no time, or before the year 1. */
static bool read_time(leat_str time, int64_t *retus)
{
    size_t at = sizeof("2024-05-01T14:00:00") - 1;
    if (!leat_time_valid(time) || number_at(time, 0, 4) == 0)
        return false;
    int64_t seconds = days_of(number_at(time, 0, 4), number_at(time, 5, 2), number_at(time, 8, 2)) * 86400 +
                      number_at(time, 11, 2) * 3600 + number_at(time, 14, 2) * 60 + number_at(time, 17, 2);
    int64_t us = time.ptr[at] == '.' ? fraction_us(time, &at) : 0;
    if (time.ptr[at] == '+' || time.ptr[at] == '-') {
        int64_t offset = number_at(time, at + 1, 2) * 3600 + number_at(time, at + 4, 2) * 60;
        seconds += time.ptr[at] == '+' ? -offset : offset;
    }
    *retus = seconds * 1000000 + us;
    return true;
}

/* The text of a time as seconds; anything else as it is. */
static void add_time(struct leat_buf *buf, leat_str value)
{
    int64_t us;
    if (!leat_form_is_text(value) || !read_time(leat_form_inside(value), &us)) {
        leat_buf_add(buf, value);
        return;
    }
    int64_t size = us < 0 ? -us : us, fraction = size % 1000000;
    int digits = 6;
    leat_buf_printf(buf, "%s%lld", us < 0 ? "-" : "", (long long)(size / 1000000));
    for (; fraction > 0 && fraction % 10 == 0; digits--)
        fraction /= 10;
    if (fraction > 0)
        leat_buf_printf(buf, ".%0*lld", digits, (long long)fraction);
}

/* --- Kinesis ----------------------------------------------------------------------------------------------- */

/* Two of these make a record: one may be missing, and the adapter is to say so. */
static bool is_kinesis_record(leat_str value)
{
    static const char *const members[] = {"SequenceNumber", "PartitionKey", "Data"};
    return leat_form_count(value, members, 3) >= 2;
}

static bool recognise_kinesis(const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_RECORDS]);
    leat_str name, value;
    if (!leat_form_is_array(walk.text))
        return false;
    while (leat_walk_next(&walk, &name, &value)) {
        if (leat_form_source(value).ptr != NULL)
            return false; /* an event of Lambda's, or a mix of things */
        if (is_kinesis_record(value))
            return true;
    }
    return false;
}

static void add_kinesis_record(struct leat_buf *buf, leat_str record)
{
    struct leat_walk walk = leat_walk_into(record);
    leat_str name, value;
    if (!leat_form_is_object(record)) {
        leat_buf_add(buf, record);
        return;
    }
    leat_buf_c(buf, "{\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\",\"eventName\":\"aws:kinesis:record\","
                    "\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\"");
    while (leat_walk_next(&walk, &name, &value)) {
        leat_buf_char(buf, ',');
        leat_form_lowered(buf, name);
        leat_buf_char(buf, ':');
        if (leat_form_named(name, "ApproximateArrivalTimestamp"))
            add_time(buf, value);
        else
            leat_buf_add(buf, value);
    }
    leat_buf_c(buf, "}}");
}

static void convert_kinesis(struct leat_forms *forms, const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_RECORDS]);
    leat_str name, value;
    struct leat_buf buf;
    leat_buf_init(&buf, &forms->arena);
    leat_buf_c(&buf, "{\"Records\":[");
    for (bool first = true; leat_walk_next(&walk, &name, &value); first = false) {
        leat_buf_c(&buf, first ? "" : ",");
        add_kinesis_record(&buf, value);
    }
    leat_buf_c(&buf, "]}");
    (void)leat_form_give(forms, leat_buf_str(&buf));
}

const struct leat_form_kind leat_form_kinesis = {
    .form = {.name = "aws-kinesis-get-records", .people = "as the AWS CLI prints it"},
    .recognise = recognise_kinesis,
    .convert = convert_kinesis,
};

/* --- DynamoDB ---------------------------------------------------------------------------------------------- */

static leat_str creation_time(leat_str record)
{
    return leat_form_member(leat_form_member(record, "dynamodb"), "ApproximateCreationDateTime");
}

static bool starts_with_text(leat_str value)
{
    while (value.len > 0 && strchr(" \t\r\n:", value.ptr[0]) != NULL && value.ptr[0] != '\0')
        value = leat_str_skip(value, 1);
    return leat_form_is_text(value);
}

bool leat_form_may_be_printed(leat_str changes)
{
    const leat_str time = LEAT_STR("ApproximateCreationDateTime\"");
    leat_str at, rest = changes;
    while ((at = leat_str_find(rest, time)).ptr != NULL) {
        rest = leat_str_skip(rest, (size_t)(at.ptr - rest.ptr) + at.len);
        if (starts_with_text(rest))
            return true;
    }
    return leat_str_find(changes, LEAT_STR("\"NextShardIterator\"")).ptr != NULL ||
           leat_str_find(changes, LEAT_STR("\"PrincipalId\"")).ptr != NULL;
}

/* Lambda's events have the time as a number, and the user in small letters. */
static bool is_printed(leat_str record)
{
    struct leat_walk walk = leat_walk_into(record);
    leat_str name, value;
    while (leat_form_is_object(record) && leat_walk_next(&walk, &name, &value))
        if ((leat_form_named(name, "dynamodb") &&
             leat_form_is_text(leat_form_member(value, "ApproximateCreationDateTime"))) ||
            (leat_form_named(name, "userIdentity") && leat_form_member(value, "PrincipalId").ptr != NULL))
            return true;
    return false;
}

/* The adapter claims it anyway; what is the CLI's is to be told, and its times to be mended. */
static bool recognise_dynamodb(const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_RECORDS]);
    leat_str name, value;
    bool printed = document->value[LEAT_GLANCE_NEXT_SHARD_ITERATOR].ptr != NULL;
    if (!leat_form_is_array(walk.text) || !leat_walk_next(&walk, &name, &value) ||
        !leat_str_is(leat_form_source(value), "\"aws:dynamodb\""))
        return false;
    do
        printed = printed || is_printed(value);
    while (!printed && leat_walk_next(&walk, &name, &value));
    return printed;
}

/* All of the document's text, but for the times. */
static void convert_dynamodb(struct leat_forms *forms, const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_RECORDS]);
    leat_str name, value, rest = document->text;
    struct leat_buf buf;
    leat_buf_init(&buf, &forms->arena);
    while (leat_walk_next(&walk, &name, &value)) {
        leat_str time = creation_time(value);
        if (!leat_form_is_text(time))
            continue;
        leat_buf_add(&buf, leat_str_of(rest.ptr, (size_t)(time.ptr - rest.ptr)));
        add_time(&buf, time);
        rest = leat_str_skip(rest, (size_t)(time.ptr - rest.ptr) + time.len);
    }
    if (rest.ptr != document->text.ptr)
        leat_buf_add(&buf, rest);
    (void)leat_form_give(forms, rest.ptr != document->text.ptr ? leat_buf_str(&buf) : document->text);
}

const struct leat_form_kind leat_form_dynamodb = {
    .form = {.name = "aws-dynamodbstreams-get-records", .people = "as the AWS CLI prints it"},
    .claimed = true,
    .recognise = recognise_dynamodb,
    .convert = convert_dynamodb,
};
