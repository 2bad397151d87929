/* SPDX-License-Identifier: Apache-2.0 */
/* `leat dead ls` and `leat dead show`. */
#include "dead.h"

#include <leat/alloc.h>
#include <leat/text.h>

/* --- ls -------------------------------------------------------------------------------------------------------- */

/* Of today the time, of other days the date; all in UTC. */
static leat_str when_of(const struct leat_dead_entry *entry, leat_str now)
{
    leat_str time = entry->time;
    if (time.len < 19 || now.len < 19)
        return time.ptr != NULL ? time : LEAT_STR("-");
    return memcmp(time.ptr, now.ptr, 10) == 0 ? leat_str_of(time.ptr + 11, 8) : leat_str_of(time.ptr, 10);
}

static void print_row(const struct leat_dead_entry *entry, size_t digits, int width, leat_str now)
{
    char attempts[16] = "-";
    if (entry->attempts > 0)
        snprintf(attempts, sizeof(attempts), "%u", entry->attempts);
    leat_str when = when_of(entry, now);
    printf("%-*.*s  ", digits > 2 ? (int)digits : 2, (int)digits, entry->digest.ptr);
    leat_cli_print_visible(stdout, when);
    printf("%*s  ", when.len < 10 ? (int)(10 - when.len) : 0, "");
    leat_cli_print_visible(stdout, entry->source);
    printf("%*s  %8s  ", entry->source.len < (size_t)width ? width - (int)entry->source.len : 0, "", attempts);
    leat_cli_print_visible(stdout, entry->reason);
    fputs(entry->done ? "  (redriven)\n" : "\n", stdout);
}

static void print_table(const struct leat_dead_box *box)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    size_t width = strlen("SOURCE"), digits = leat_dead_short(box);
    bool any = false;
    leat_arena_init(&arena, 0);
    leat_str now = leat_time_from_ms(&arena, leat_clock_wall_ms(&leat_clock_system));
    for (size_t i = 0; i < box->count; i++) {
        const struct leat_dead_entry *entry = &box->entries[i];
        any = any || entry->chosen;
        width = entry->chosen && entry->source.len > width && entry->source.len < 40 ? entry->source.len : width;
    }
    if (any)
        printf("%-*s  %-10s  %-*s  %8s  REASON\n", (int)digits, "ID", "WHEN", (int)width, "SOURCE", "ATTEMPTS");
    for (size_t i = 0; i < box->count; i++)
        if (box->entries[i].chosen)
            print_row(&box->entries[i], digits, (int)width, now);
}

static void print_json(const struct leat_dead_box *box)
{
    size_t digits = leat_dead_short(box);
    for (size_t i = 0; i < box->count; i++) {
        struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
        const struct leat_dead_entry *entry = &box->entries[i];
        struct leat_buf buf;
        if (!entry->chosen)
            continue;
        leat_arena_init(&arena, 0);
        leat_buf_init(&buf, &arena);
        leat_buf_char(&buf, '{');
        leat_buf_json_member(&buf, "id", leat_str_of(entry->digest.ptr, digits));
        leat_buf_json_member(&buf, "letter", entry->id);
        leat_buf_json_member(&buf, "time", entry->time);
        leat_buf_json_member(&buf, "source", entry->source);
        if (entry->attempts > 0)
            leat_buf_printf(&buf, ",\"attempts\":%u", entry->attempts);
        leat_buf_json_member(&buf, "reason", entry->reason);
        leat_buf_json_member(&buf, "event", entry->event);
        leat_buf_printf(&buf, ",\"redriven\":%s,\"redrives\":%u}\n", entry->done ? "true" : "false",
                        leat_dead_redrives(box, entry));
        leat_str line = leat_buf_str(&buf);
        if (line.ptr != NULL)
            fwrite(line.ptr, 1, line.len, stdout);
    }
}

int leat_dead_ls(struct leat_dead_call *dead)
{
    struct leat_error error = {0};
    size_t count = 0, hidden = 0;
    leat_status status = leat_dead_choose(dead, &dead->box, &count, &error);
    if (!leat_is_ok(status))
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    for (size_t i = 0; i < dead->box.count && !dead->all; i++)
        hidden += dead->box.entries[i].done ? 1 : 0;
    if (dead->json)
        print_json(&dead->box);
    else
        print_table(&dead->box);
    fflush(stdout);
    if (!dead->json && count == 0)
        fprintf(stderr, "no dead letters%s\n", dead->box.count > hidden ? " like that" : "");
    if (!dead->json && hidden > 0)
        fprintf(stderr, "%zu redriven, not shown: --all\n", hidden);
    return EXIT_DONE;
}

/* --- show ------------------------------------------------------------------------------------------------------ */

static void new_line(struct leat_buf *buf, unsigned depth)
{
    leat_buf_char(buf, '\n');
    for (unsigned i = 0; i < depth; i++)
        leat_buf_c(buf, "  ");
}

static bool is_empty(leat_str json, size_t at)
{
    return at + 1 < json.len && (json.ptr[at + 1] == '}' || json.ptr[at + 1] == ']');
}

/* JSON without white space over many lines; every token stays as it is. */
static void indent(struct leat_buf *buf, leat_str json)
{
    unsigned depth = 0;
    bool text = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        bool opens = !text && (c == '{' || c == '['), closes = !text && (c == '}' || c == ']');
        if (closes && json.ptr[i - 1] != '{' && json.ptr[i - 1] != '[')
            new_line(buf, --depth);
        leat_buf_char(buf, c);
        if (text && c == '\\')
            leat_buf_char(buf, json.ptr[++i]);
        else if (c == '"')
            text = !text;
        else if (opens && !is_empty(json, i))
            new_line(buf, ++depth);
        else if (!text && c == ',')
            new_line(buf, depth);
        else if (!text && c == ':')
            leat_buf_char(buf, ' ');
    }
    leat_buf_char(buf, '\n');
}

static leat_status print_letter(struct leat_dead_call *dead, const struct leat_dead_entry *entry,
                                struct leat_error *reterr)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf flat, lines;
    leat_str text = LEAT_ABSENT;
    leat_arena_init(&arena, 0);
    if (dead->payload) {
        LEAT_TRY(leat_dead_payload(&dead->box, entry, &arena, &text, reterr));
    } else {
        LEAT_TRY(leat_dead_line(&dead->box, entry, &arena, &text, reterr));
        leat_buf_init(&flat, &arena);
        leat_buf_init(&lines, &arena);
        leat_json_minify(&flat, text);
        leat_str json = leat_buf_str(&flat);
        if (dead->json)
            leat_buf_char(&flat, '\n');
        else
            indent(&lines, json);
        text = dead->json ? leat_buf_str(&flat) : leat_buf_str(&lines);
    }
    if (text.ptr == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    fwrite(text.ptr, 1, text.len, stdout);
    return LEAT_OK;
}

int leat_dead_show(struct leat_dead_call *dead)
{
    struct leat_error error = {0};
    for (size_t i = 0; i < dead->id_count; i++) {
        struct leat_dead_entry *entry;
        leat_status status = leat_dead_find(&dead->box, leat_str_c(dead->ids[i]), &entry, &error);
        if (leat_is_ok(status))
            status = print_letter(dead, entry, &error);
        if (!leat_is_ok(status))
            return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    }
    return EXIT_DONE;
}
