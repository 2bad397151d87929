/* SPDX-License-Identifier: Apache-2.0 */
/* `leat show --json`: one line a document. Events are written one by one, so memory is one event's. */
#include "show.h"

static void print(leat_str text)
{
    fwrite(text.ptr, 1, text.len, stdout);
}

static void add_error(struct leat_buf *buf, leat_status status, leat_str message)
{
    bool broken =
        status.code == LEAT_E_BAD_RECORD || status.code == LEAT_E_BAD_PAYLOAD || status.code == LEAT_E_UNKNOWN;
    leat_buf_printf(buf, "\"error\":{\"code\":\"%s\"", broken ? "bad-record" : leat_status_code(status));
    leat_buf_json_member(buf, "message", message);
    leat_buf_char(buf, '}');
}

/* Whatever became of the buffer: a whole JSON object. */
static void print_object(struct leat_arena *arena, struct leat_buf *buf)
{
    leat_str text = leat_buf_str(buf);
    if (text.ptr != NULL && !arena->overflow)
        print(text);
    else
        printf("{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", leat_status_code(leat_arena_status(arena)),
               leat_status_text(leat_arena_status(arena)));
    leat_arena_reset(arena);
}

static void print_event(struct leat_shown *shown, const struct leat_envelope *envelope)
{
    struct leat_event event;
    struct leat_buf buf, view;
    leat_event_init(&event, envelope, &shown->run);
    leat_buf_init(&buf, &shown->run);
    leat_buf_init(&view, &shown->run);
    leat_buf_c(&buf, "{\"event\":");
    leat_event_write(&event, &buf);
    if (leat_event_write_view(&event, &view)) {
        leat_buf_c(&buf, ",\"view\":");
        leat_buf_add(&buf, leat_buf_str(&view));
    }
    leat_buf_char(&buf, '}');
    print_object(&shown->run, &buf);
}

static void print_broken(struct leat_shown *shown, leat_str reason)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &shown->run);
    leat_buf_char(&buf, '{');
    add_error(&buf, LEAT_STATUS(BAD_RECORD), reason);
    leat_buf_char(&buf, '}');
    print_object(&shown->run, &buf);
}

static void print_events(struct leat_shown *shown)
{
    bool first = true;
    for (uint32_t i = 0; i < shown->records.count && !ferror(stdout); i++) {
        const struct leat_shown_record *item = &shown->items[i];
        if (item->broken.ptr != NULL) {
            print(first ? LEAT_STR("") : LEAT_STR(","));
            print_broken(shown, item->broken);
            first = false;
        }
        for (uint32_t e = 0; e < item->count; e++) {
            print(first ? LEAT_STR("") : LEAT_STR(","));
            print_event(shown, &shown->events.items[item->first + e]);
            first = false;
        }
    }
}

void leat_show_as_json(struct leat_shown *shown)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &shown->run);
    leat_buf_char(&buf, '{');
    leat_buf_json_member(&buf, "file", leat_str_c(shown->document->file));
    leat_buf_printf(&buf, ",\"document\":%llu", (unsigned long long)shown->document->number);
    leat_cli_add_form(&buf, shown->document);
    leat_buf_char(&buf, ',');
    bool good = leat_is_ok(shown->status);
    if (good) {
        leat_buf_printf(&buf, "\"kind\":\"%s\"", shown->records.adapter->name);
        leat_buf_json_member(&buf, "why", leat_str_c(shown->records.why));
        leat_buf_c(&buf, ",\"events\":[");
    } else {
        add_error(&buf, shown->status, leat_str_c(shown->error.message));
    }
    print(leat_buf_str(&buf));
    leat_arena_reset(&shown->run);
    if (good)
        print_events(shown);
    print(good ? LEAT_STR("]}\n") : LEAT_STR("}\n"));
}
