/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that a function wrote into its log: a line of CloudWatch Logs that ends in one, Lambda's JSON log format, and
 * what `aws logs filter-log-events` and `get-log-events` print. Log lines without an event are passed over.
 */
#include "forms_private.h"

/* The JSON object that a message ends in. Each place where one may begin is tried, but not more of the text than a few
 * times its length: what is nested and never closed would take the square of it. */
static leat_str object_at_end(leat_str message)
{
    leat_str text = leat_str_trim(message);
    size_t at = 0, spent = 0;
    while (at < text.len && spent <= 4 * text.len) {
        const char *brace = memchr(text.ptr + at, '{', text.len - at);
        struct leat_json_fault fault;
        if (brace == NULL)
            break;
        size_t start = (size_t)(brace - text.ptr), end = start;
        bool whole = leat_is_ok(leat_json_scan(text, &end, &fault));
        if (whole && end == text.len)
            return leat_str_skip(text, start);
        spent += (whole ? end : fault.offset) - start;
        at = whole ? end : start + 1;
    }
    return LEAT_ABSENT;
}

static bool is_log_line(const struct leat_glance *line)
{
    leat_str message = line->value[LEAT_GLANCE_MESSAGE];
    return leat_form_is_text(line->value[LEAT_GLANCE_TIMESTAMP]) && leat_form_is_text(line->value[LEAT_GLANCE_LEVEL]) &&
           (leat_form_is_object(message) || leat_form_is_text(message));
}

static void convert_line(struct leat_forms *forms, const struct leat_glance *line)
{
    leat_str message = line->value[LEAT_GLANCE_MESSAGE];
    (void)leat_form_give(forms, leat_form_is_text(message) ? object_at_end(leat_form_text(forms, message)) : message);
}

/* {"timestamp","level","requestId","message": an object, or text that ends in one}: Lambda's JSON log format, and
 * what the usual loggers make of it. */
const struct leat_form_kind leat_form_log_line = {
    .form = {.name = "lambda-json-log", .people = "out of a JSON log line"},
    .recognise = is_log_line,
    .convert = convert_line,
};

/* A message holds an event, or a line of JSON that does. */
static void give_event(struct leat_forms *forms, leat_str message)
{
    struct leat_glance line;
    leat_str object = object_at_end(message);
    if (object.ptr == NULL || leat_form_give(forms, object))
        return;
    leat_glance(&line, object);
    if (is_log_line(&line))
        convert_line(forms, &line);
}

static bool recognise_events(const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_EVENTS]);
    leat_str name, event;
    return leat_form_is_array(walk.text) && leat_walk_next(&walk, &name, &event) &&
           leat_form_is_number(leat_form_member(event, "timestamp")) &&
           leat_form_is_text(leat_form_member(event, "message"));
}

static void convert_events(struct leat_forms *forms, const struct leat_glance *document)
{
    struct leat_walk walk = leat_walk_into(document->value[LEAT_GLANCE_EVENTS]);
    leat_str name, event;
    while (leat_walk_next(&walk, &name, &event))
        give_event(forms, leat_form_text(forms, leat_form_member(event, "message")));
}

const struct leat_form_kind leat_form_log_events = {
    .form = {.name = "aws-logs-events", .people = "out of log events that the AWS CLI printed"},
    .recognise = recognise_events,
    .convert = convert_events,
};

static void convert_entry(struct leat_forms *forms, const struct leat_glance *entry)
{
    give_event(forms, entry->text);
}

/* An entry is a time and a message. */
const struct leat_form_kind leat_form_log_export = {
    .form = {.name = "log-export", .people = "out of a log export"},
    .recognise = NULL, /* by the reader: it is no JSON */
    .convert = convert_entry,
};
