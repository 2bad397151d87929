/* SPDX-License-Identifier: Apache-2.0 */
/* `leat show` for people: a line a document, then each event with its attributes, its body and its view. */
#include "show.h"

#include <leat/json.h>

#define VALUE_WIDTH 300 /* bytes of a value that are shown */
#define LABEL_WIDTH 17  /* "datacontenttype" and two spaces; longer extensions make it wider */

static void print_colour(const struct leat_cli *cli, const char *code)
{
    fputs(cli->colour ? code : "", stdout);
}

/* --- values ------------------------------------------------------------------------------------------- */

static void print_value(leat_str value)
{
    leat_str start = value;
    if (value.len > VALUE_WIDTH) {
        size_t width = VALUE_WIDTH; /* back to the start of a character, if it is text at all */
        while (width > VALUE_WIDTH - 4 && ((unsigned char)value.ptr[width] & 0xC0) == 0x80)
            width--;
        start.len = width;
    }
    leat_cli_print_visible(stdout, start);
    if (start.len < value.len)
        printf("... (%zu bytes)", value.len);
    putchar('\n');
}

static void print_label(int indent, int width, leat_str label)
{
    int padding = width - indent - (label.len < 64 ? (int)label.len : 64);
    printf("%*s", indent + 2, "");
    leat_cli_print_visible(stdout, label);
    printf("%*s", padding > 1 ? padding : 1, "");
}

static void print_attribute(int width, const char *name, leat_str value)
{
    if (value.ptr == NULL)
        return;
    print_label(0, width, leat_str_c(name));
    print_value(value);
}

/* --- the view: its JSON form, a line a member --------------------------------------------------------- */

static bool is_pair(const cJSON *item)
{
    return cJSON_IsArray(item) && cJSON_GetArraySize(item) == 2 && cJSON_IsString(item->child) &&
           cJSON_IsString(item->child->next);
}

static leat_str text_of(struct leat_arena *arena, const cJSON *item)
{
    struct leat_buf buf;
    if (cJSON_IsString(item))
        return leat_json_text(item);
    leat_buf_init(&buf, arena);
    leat_json_print(&buf, item);
    return leat_buf_str(&buf);
}

static leat_str pair_text(struct leat_arena *arena, const cJSON *pair)
{
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_add(&buf, leat_json_text(pair->child));
    leat_buf_c(&buf, ": ");
    leat_buf_add(&buf, leat_json_text(pair->child->next));
    return leat_buf_str(&buf);
}

/* A list (headers, cookies) is a line each. */
static void print_member(struct leat_arena *arena, int width, const cJSON *member)
{
    const cJSON *item = NULL;
    leat_str label = leat_str_c(member->string);
    if (!cJSON_IsArray(member) || member->child == NULL) {
        print_label(2, width, label);
        print_value(text_of(arena, member));
        return;
    }
    cJSON_ArrayForEach (item, member) {
        print_label(2, width, label);
        print_value(is_pair(item) ? pair_text(arena, item) : text_of(arena, item));
        label = LEAT_STR("");
    }
}

static void print_view(const struct leat_event *event, int width)
{
    struct leat_buf buf;
    const cJSON *member = NULL;
    cJSON *view = NULL;
    leat_buf_init(&buf, event->arena);
    if (!leat_event_write_view(event, &buf))
        return;
    leat_str text = leat_buf_str(&buf);
    if (!leat_is_ok(leat_json_parse(event->arena, text, &view, NULL)) ||
        !leat_is_ok(leat_json_keep_numbers(event->arena, text, view)))
        return;
    puts("  view");
    cJSON_ArrayForEach (member, view)
        print_member(event->arena, width, member);
}

/* --- events ------------------------------------------------------------------------------------------- */

/* As text, JSON without its white space; bytes that are no text are only counted. */
static void print_data(const struct leat_event *event, int width)
{
    leat_str data = leat_event_data(event);
    struct leat_buf buf;
    if (data.ptr == NULL)
        return;
    print_label(0, width, LEAT_STR("data"));
    leat_buf_init(&buf, event->arena);
    if (data.len == 0)
        puts("(empty)");
    else if (leat_str_utf8(data) < data.len)
        printf("(%zu bytes that are no text)\n", data.len);
    else if (leat_json_valid(data)) {
        leat_json_minify(&buf, data);
        print_value(leat_buf_str(&buf));
    } else {
        print_value(data);
    }
}

static int label_width(const struct leat_event *event)
{
    size_t width = LABEL_WIDTH;
    for (const struct leat_attribute *at = leat_event_extensions(event); at != NULL; at = at->next)
        width = at->name.len + 2 > width ? at->name.len + 2 : width;
    return (int)width;
}

/* "s3 in sns in sqs" */
static void print_kinds(const struct leat_shown *shown, const struct leat_envelope *envelope)
{
    leat_str outermost = leat_str_c(shown->records.adapter->name);
    leat_cli_print_visible(stdout, envelope->kind);
    for (const struct leat_within *at = envelope->within; at != NULL; at = at->outer)
        printf(" in %.*s", LEAT_ARG(at->kind));
    if (envelope->within == NULL && !leat_str_eq(envelope->kind, outermost))
        printf(" in %.*s", LEAT_ARG(outermost));
}

/* "Records[3]", or "records.orders-0[3]" where each list counts for itself. */
static void print_place(const struct leat_record *record, const char *behind)
{
    const cJSON *records = record->doc != NULL ? record->doc->records : NULL;
    const cJSON *list = records != NULL && cJSON_IsObject(records) ? records->child : NULL;
    uint32_t index = record->index;
    if (index == LEAT_WHOLE)
        return;
    for (; list != NULL && index >= (uint32_t)cJSON_GetArraySize(list); list = list->next)
        index -= (uint32_t)cJSON_GetArraySize(list);
    fputs(list != NULL ? records->string : "Records", stdout);
    fputs(list != NULL ? "." : "", stdout);
    leat_cli_print_visible(stdout, leat_str_c(list != NULL ? list->string : ""));
    printf("[%u]%s", index, behind);
}

static void print_event(const struct leat_cli *cli, struct leat_shown *shown, const struct leat_shown_record *item,
                        uint32_t number)
{
    const struct leat_envelope *envelope = &shown->events.items[number];
    struct leat_event event;
    leat_event_init(&event, envelope, &shown->run);
    int width = label_width(&event);
    putchar('\n');
    print_colour(cli, "\033[1m");
    print_place(item->record, ": ");
    print_kinds(shown, envelope);
    putchar(' ');
    leat_cli_print_visible(stdout, leat_event_id(&event));
    print_colour(cli, "\033[0m");
    putchar('\n');
    static const char *const names[] = {"source", "type", "subject", "time", "datacontenttype"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        print_attribute(width, names[i], leat_event_attribute(&event, names[i]));
    for (const struct leat_attribute *at = leat_event_extensions(&event); at != NULL; at = at->next)
        print_attribute(width, at->name.ptr, at->value);
    print_data(&event, width);
    print_view(&event, width);
    if (shown->run.overflow)
        printf("  (the rest is %s)\n", leat_status_text(leat_arena_status(&shown->run)));
    leat_arena_reset(&shown->run);
}

/* --- documents ---------------------------------------------------------------------------------------- */

static void print_file(const struct leat_document *document)
{
    leat_cli_print_visible(stdout, leat_str_c(document->file));
    if (document->number > 1)
        printf(": document %llu", (unsigned long long)document->number);
    if (document->part > 0)
        printf(": part %u", document->part);
    fputs(": ", stdout);
}

/* "sqs, as the AWS CLI prints it" */
static void print_kind(const struct leat_shown *shown)
{
    const struct leat_form *form = shown->document->form;
    fputs(shown->records.adapter->name, stdout);
    if (form != NULL)
        printf(", %s", form->people);
}

static void print_broken(const struct leat_cli *cli, const struct leat_shown *shown,
                         const struct leat_shown_record *item)
{
    uint32_t whole = shown->records.count - shown->broken_count;
    putchar('\n');
    print_colour(cli, "\033[31m");
    print_file(shown->document);
    printf("%s: ", shown->records.adapter->name);
    print_place(item->record, " is ");
    fputs("broken: ", stdout);
    leat_cli_print_visible(stdout, item->broken);
    fputs("; it would be rejected", stdout);
    const char *which = shown->broken_count == 1 ? "other" : "whole";
    if (whole == 1)
        printf(", the %s one runs", which);
    else if (whole > 1)
        printf(shown->broken_count == 1 ? ", the other %u run" : ", the %u whole ones run", whole);
    print_colour(cli, "\033[0m");
    putchar('\n');
}

/* Nothing in it can be named, so there is nothing to show but why. */
static void print_failed(const struct leat_cli *cli, const struct leat_shown *shown)
{
    bool payload = shown->status.code == LEAT_E_BAD_PAYLOAD;
    print_colour(cli, "\033[31m");
    print_file(shown->document);
    if (shown->records.adapter != NULL) {
        print_kind(shown);
        fputs(": ", stdout);
    }
    fputs(payload ? "broken: " : "", stdout);
    leat_cli_print_visible(stdout, leat_str_c(shown->error.message));
    fputs(payload ? "; nothing of it would run (Runtime.UnmarshalError)" : "", stdout);
    print_colour(cli, "\033[0m");
    putchar('\n');
}

static void print_head(const struct leat_cli *cli, const struct leat_shown *shown)
{
    print_colour(cli, "\033[1m");
    print_file(shown->document);
    print_kind(shown);
    printf(" (%s): ", shown->records.why);
    if (shown->events.count == 0)
        fputs("no event", stdout);
    else
        printf("%u event%s", shown->events.count, shown->events.count > 1 ? "s" : "");
    if (shown->broken_count > 0)
        printf(", %u broken record%s", shown->broken_count, shown->broken_count > 1 ? "s" : "");
    print_colour(cli, "\033[0m");
    putchar('\n');
}

void leat_show_for_people(const struct leat_cli *cli, struct leat_shown *shown)
{
    fputs(shown->document_count++ > 0 ? "\n" : "", stdout);
    if (!leat_is_ok(shown->status)) {
        print_failed(cli, shown);
        return;
    }
    print_head(cli, shown);
    leat_show_picture(cli, shown);
    for (uint32_t i = 0; i < shown->records.count && !ferror(stdout); i++) {
        const struct leat_shown_record *item = &shown->items[i];
        if (item->broken.ptr != NULL)
            print_broken(cli, shown, item);
        for (uint32_t e = 0; e < item->count; e++)
            print_event(cli, shown, item, item->first + e);
    }
}
