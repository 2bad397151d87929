/* SPDX-License-Identifier: Apache-2.0 */
#include <config/match.h>

#include <string.h>

/* Nothing is said if the option is not set, or the event does not tell what it asks for. */
enum answer { SAYS_NOTHING, FITS, FITS_NOT };

static enum answer answer_of(bool fits)
{
    return fits ? FITS : FITS_NOT;
}

/* --- ARNs -------------------------------------------------------------------------------------------------- */

/* arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE */
enum { ACCOUNT = 4, RESOURCE = 5 };

/* Part number `number`; the last one is all that is left. Absent: it is not that long. */
static leat_str part_of(leat_str arn, int number)
{
    for (int i = 0; i <= number && arn.ptr != NULL; i++) {
        if (i == RESOURCE)
            return arn;
        leat_str part = leat_str_cut(&arn, ':');
        if (i == number)
            return part;
    }
    return LEAT_ABSENT;
}

/* "orders" for "table" in "table/orders/stream/2024-01-01". */
static leat_str segment_of(leat_str arn, leat_str key)
{
    leat_str rest = part_of(arn, RESOURCE);
    while (rest.ptr != NULL) {
        leat_str name = leat_str_cut(&rest, '/');
        leat_str value = leat_str_cut(&rest, '/');
        if (leat_str_eq(name, key))
            return value;
    }
    return LEAT_ABSENT;
}

static bool is_arn(leat_str text)
{
    return leat_str_starts(text, LEAT_STR("arn:"));
}

static bool is_at_or_below(leat_str arn, leat_str upper)
{
    return leat_str_starts(arn, upper) && (arn.len == upper.len || arn.ptr[upper.len] == '/');
}

/* --- what an option says -------------------------------------------------------------------------------------- */

static enum answer ask_arn(leat_str text, const struct leat_origin *origin)
{
    return origin->arn.ptr != NULL ? answer_of(is_at_or_below(origin->arn, text)) : SAYS_NOTHING;
}

/* What stands behind the last slash, which is cut off. */
static leat_str cut_last(leat_str *text)
{
    size_t at = text->len;
    while (at > 0 && text->ptr[at - 1] != '/')
        at--;
    leat_str last = leat_str_skip(*text, at);
    text->len = at > 0 ? at - 1 : 0;
    return last;
}

/* https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, whoever's host it is. */
static bool is_url_of(leat_str url, leat_str arn)
{
    leat_str name = cut_last(&url);
    leat_str account = cut_last(&url);
    return leat_str_eq(name, part_of(arn, RESOURCE)) && leat_str_eq(account, part_of(arn, ACCOUNT));
}

static enum answer ask_queue(leat_str text, const struct leat_origin *origin)
{
    if (is_arn(text) || origin->arn.ptr == NULL)
        return ask_arn(text, origin);
    if (leat_str_find(text, LEAT_STR("://")).ptr != NULL)
        return answer_of(is_url_of(text, origin->arn));
    return answer_of(leat_str_eq(text, part_of(origin->arn, RESOURCE)));
}

static enum answer ask_stream(leat_str text, const struct leat_origin *origin)
{
    if (is_arn(text) || origin->arn.ptr == NULL)
        return ask_arn(text, origin);
    return answer_of(leat_str_eq(text, segment_of(origin->arn, LEAT_STR("stream"))));
}

static enum answer ask_table(leat_str text, const struct leat_origin *origin)
{
    if (is_arn(text) || origin->arn.ptr == NULL)
        return ask_arn(text, origin);
    return answer_of(leat_str_eq(text, segment_of(origin->arn, LEAT_STR("table"))));
}

static enum answer ask_topic(leat_str text, const struct leat_origin *origin)
{
    return origin->topic.ptr != NULL ? answer_of(leat_str_eq(text, origin->topic)) : SAYS_NOTHING;
}

static const struct question {
    const char *key;
    enum answer (*ask)(leat_str text, const struct leat_origin *origin);
} questions[] = {
    {"arn", ask_arn},     {"queue", ask_queue}, {"stream", ask_stream},
    {"table", ask_table}, {"topic", ask_topic}, {"topics", ask_topic},
};

static const struct question *question_of(const struct leat_option *option)
{
    bool text = option->type == LEAT_OPTION_TEXT || option->type == LEAT_OPTION_LIST;
    for (size_t i = 0; text && i < sizeof(questions) / sizeof(questions[0]); i++)
        if (strcmp(questions[i].key, option->key) == 0)
            return &questions[i];
    return NULL;
}

/* What it is set to: none, or one, or several of which one must fit. */
static struct leat_list values_of(const struct leat_config_source *source, const struct leat_option *option)
{
    const void *member = (const char *)source->options + option->offset;
    if (option->type == LEAT_OPTION_LIST)
        return *(const struct leat_list *)member;
    const leat_str *text = member;
    return (struct leat_list){.items = text, .count = text->len > 0 ? 1 : 0};
}

static enum answer ask_option(const struct leat_config_source *source, const struct leat_option *option,
                              const struct leat_origin *origin)
{
    const struct question *question = question_of(option);
    enum answer answer = SAYS_NOTHING;
    if (question == NULL)
        return SAYS_NOTHING;
    struct leat_list values = values_of(source, option);
    for (size_t i = 0; i < values.count && answer != FITS; i++)
        answer = question->ask(values.items[i], origin);
    return answer;
}

/* --- entries ---------------------------------------------------------------------------------------------------- */

static bool matches(const struct leat_config_source *source, const struct leat_origin *origin)
{
    bool found = false;
    if (!leat_str_is(origin->type, source->ops->name))
        return false;
    for (const struct leat_option *option = source->ops->options; option->key != NULL; option++) {
        enum answer answer = ask_option(source, option, origin);
        if (answer == FITS_NOT)
            return false;
        found = found || answer == FITS;
    }
    return found;
}

struct leat_config_source *leat_config_match(const struct leat_config *config, const struct leat_origin *origin)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (matches(&config->sources[i], origin))
            return &config->sources[i];
    return NULL;
}

bool leat_config_has_origin(const struct leat_config_source *source)
{
    for (const struct leat_option *option = source->ops->options; option->key != NULL; option++)
        if (question_of(option) != NULL && values_of(source, option).count > 0)
            return true;
    return false;
}

/* Kafka's stands at the top, and in small letters at its end. */
struct leat_origin leat_origin_of(const struct leat_record *record)
{
    struct leat_origin origin = {.type = leat_str_c(record->adapter->name)};
    if (record->json == NULL)
        return origin;
    origin.arn = leat_json_get_text(record->json, "eventSourceARN");
    if (origin.arn.ptr == NULL && record->doc != NULL)
        origin.arn = leat_json_get_text(record->doc->root, "eventSourceArn");
    origin.topic = leat_json_get_text(record->json, "topic");
    return origin;
}
