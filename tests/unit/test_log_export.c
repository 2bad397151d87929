/* SPDX-License-Identifier: Apache-2.0 */
/* The reader where documents stand in forms: logs entry by entry, documents part by part. */
#include "decoding.h"
#include "valgrind.h"

#include <file/reader.h>

#include <leat/alloc.h>

#include <sys/socket.h>
#include <unistd.h>

static struct leat_arena arena;
static char path[] = "/tmp/leat-log-XXXXXX";
static struct leat_error error;

static void setup(void)
{
    leat_arena_init(&arena, 0);
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void teardown(void)
{
    (void)unlink(path);
    leat_arena_fini(&arena);
}

TestSuite(log_export, .init = setup, .fini = teardown, .timeout = 60);

static struct leat_reader *open_path(const char *name, size_t limit)
{
    struct leat_reader_options options = {.max_document = limit, .adapters = sorted_adapters()};
    struct leat_reader *reader = NULL;
    cr_assert(leat_is_ok(leat_reader_open(&name, 1, &options, &reader, &error)), "%s", error.message);
    return reader;
}

static struct leat_reader *open_text(leat_str text, size_t limit)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text.ptr, 1, text.len, file), text.len);
    cr_assert_eq(fclose(file), 0);
    return open_path(path, limit);
}

/* Standard input that gives `step` bytes with each read, written by a child. */
static struct leat_reader *open_chunks(leat_str text, size_t step, size_t limit)
{
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        close(pair[0]);
        for (size_t at = 0; at < text.len; at += step)
            if (send(pair[1], text.ptr + at, text.len - at < step ? text.len - at : step, MSG_NOSIGNAL) < 0)
                break;
        _exit(0);
    }
    close(pair[1]);
    cr_assert_eq(dup2(pair[0], STDIN_FILENO), STDIN_FILENO);
    close(pair[0]);
    return open_path("-", limit);
}

/* "number.part at offset, line:column form: text", one a line; a fault with its reason. */
static leat_str read_all(struct leat_reader *reader)
{
    struct leat_buf out;
    struct leat_document document;
    leat_status status;
    leat_buf_init(&out, &arena);
    while ((status = leat_reader_next(reader, &document, &error)).code != LEAT_E_NOT_FOUND) {
        leat_buf_printf(&out, "%llu.%u at %llu, %llu:%llu ", (unsigned long long)document.number, document.part,
                        (unsigned long long)document.offset, (unsigned long long)document.line,
                        (unsigned long long)document.column);
        if (leat_is_ok(status))
            leat_buf_printf(&out, "%s: %.*s\n", document.form != NULL ? document.form->name : "plain",
                            LEAT_ARG(document.text));
        else
            leat_buf_printf(&out, "%s: %zu %s\n", leat_status_code(status), document.fault.offset, document.fault.what);
    }
    leat_reader_close(reader);
    return leat_buf_str(&out);
}

/* Whole and in pieces. */
static void expect_all(leat_str text, const char *want)
{
    static const size_t steps[] = {1, 3, 7, 64};
    leat_str got = read_all(open_text(text, 0));
    cr_expect(leat_str_is(got, want), "\"%.*s\":\ngot  %.*s\nwant %s", LEAT_ARG(text), LEAT_ARG(got), want);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        got = read_all(open_chunks(text, steps[i], 0));
        cr_expect(leat_str_is(got, want), "in pieces of %zu: %.*s", steps[i], LEAT_ARG(got));
    }
}

#define EVENT "{\"Records\":[]}"

Test(log_export, each_entry_with_an_event_is_a_document)
{
    expect_all(LEAT_STR("2024-05-01T12:00:00.000Z START RequestId: 1\n"
                        "2024-05-01T12:00:00.001Z event: " EVENT "\n"
                        "2024-05-01T12:00:00.002Z no event {}\n"
                        "2024-05-01T12:00:00.003Z {\"Records\":\n []\n}\n\n"
                        "2024-05-01T12:00:00.004Z END\n"),
               "1.0 at 44, 2:1 log-export: " EVENT "\n"
               "2.0 at 128, 4:1 log-export: {\"Records\":\n []\n}\n");
}

Test(log_export, the_last_entry_needs_no_newline)
{
    expect_all(LEAT_STR("\xEF\xBB\xBF\n2024-05-01T12:00:00Z " EVENT), "1.0 at 4, 2:1 log-export: " EVENT "\n");
    expect_all(LEAT_STR("2024-05-01T12:00:00Z " EVENT "\n2024-05-01T12"), "1.0 at 0, 1:1 not-json: 0 a log, and no "
                                                                          "line of it ends in an event\n");
    expect_all(LEAT_STR("2024-05-01T12:00:00Z " EVENT "\r\n2024-05-01T12:00:01Z x"),
               "1.0 at 0, 1:1 log-export: " EVENT "\n");
}

Test(log_export, times_may_have_a_fraction_and_a_zone)
{
    static const char *const times[] = {"2024-05-01T12:00:00", "2024-05-01T12:00:00.123456789Z",
                                        "2024-05-01T12:00:00.123456+00:00", "2024-05-01T12:00:00-05:30"};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        leat_str got = read_all(open_text(leat_arena_printf(&arena, "%s\t" EVENT "\n", times[i]), 0));
        cr_expect(leat_str_is(got, "1.0 at 0, 1:1 log-export: " EVENT "\n"), "%s: %.*s", times[i], LEAT_ARG(got));
    }
}

Test(log_export, what_starts_otherwise_is_no_log)
{
    static const char *const texts[] = {"2024 ",
                                        "2024-05-01 12:00:00 " EVENT,
                                        "2024-05-01T12:00 " EVENT,
                                        "2024-05-01T12:00:00Z" EVENT,
                                        "2024-05-01T12:00:00Z",
                                        "2024-05-01T12:00:00.1234567890Z " EVENT,
                                        "2024-05-01T12:00:00+0000 " EVENT,
                                        "2024-05-01T12:00:00Z\n" EVENT};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        leat_str got = read_all(open_text(leat_str_c(texts[i]), 0));
        cr_expect(leat_str_starts(got, LEAT_STR("1.0 at 0, 1:1 plain: 2024\n")), "%s: %.*s", texts[i], LEAT_ARG(got));
    }
    leat_str got = read_all(open_text(LEAT_STR("{} 2024-05-01T12:00:00Z " EVENT), 0));
    cr_expect(leat_str_starts(got, LEAT_STR("1.0 at 0, 1:1 plain: {}\n2.0 at 3, 1:4 plain: 2024\n")), "%.*s",
              LEAT_ARG(got));
}

Test(log_export, a_log_without_an_event_is_no_json)
{
    expect_all(LEAT_STR("\n 2024-05-01T12:00:00Z START\n2024-05-01T12:00:00Z END\n"),
               "1.0 at 2, 2:2 not-json: 2 a log, and no line of it ends in an event\n");
}

Test(log_export, an_entry_over_the_limit_is_too_big)
{
    leat_str text = LEAT_STR("2024-05-01T12:00:00Z " EVENT "\n2024-05-01T12:00:00Z more\nthan that is a lot\n"
                             "2024-05-01T12:00:00Z " EVENT "\n");
    for (size_t step = 1; step < 200; step += 66) {
        leat_str got = read_all(open_chunks(text, step, 35));
        cr_expect(leat_str_is(got, "1.0 at 0, 1:1 log-export: " EVENT "\n2.0 at 36, 2:1 too-big: 36 the document is "
                                   "over the limit\n"),
                  "%.*s", LEAT_ARG(got));
    }
}

/* Once the line at hand was searched again from its start with each piece. */
Test(log_export, long_entries_in_small_pieces_are_quick, .timeout = 30)
{
    struct leat_buf text;
    if (under_valgrind())
        cr_skip_test("valgrind looks at the whole buffer with each read: its speed says nothing");
    leat_buf_init(&text, &arena);
    leat_buf_c(&text, "2024-05-01T12:00:00Z ");
    for (int i = 0; i < 100000; i++)
        leat_buf_c(&text, "line\n2024-");
    leat_buf_c(&text, EVENT);
    leat_str got = read_all(open_chunks(leat_buf_str(&text), 5, 0));
    cr_expect(leat_str_is(got, "1.0 at 0, 1:1 log-export: " EVENT "\n"), "%.*s", LEAT_ARG(got));
}

/* --- parts --------------------------------------------------------------------------------------------------- */

#define LOGGED(text) "{\"timestamp\":1,\"message\":\"" text "\"}"
#define LOGGED_EVENT LOGGED("{\\\"Records\\\":[]}")

Test(log_export, parts_have_their_documents_place)
{
    expect_all(LEAT_STR("{}\n {\"events\":[" LOGGED_EVENT "," LOGGED("START") "," LOGGED_EVENT
                                                                              "]}\n{\"events\":[" LOGGED_EVENT "]} []"),
               "1.0 at 0, 1:1 plain: {}\n"
               "2.1 at 4, 2:2 aws-logs-events: " EVENT "\n2.2 at 4, 2:2 aws-logs-events: " EVENT "\n"
               "3.0 at 141, 3:1 aws-logs-events: " EVENT "\n4.0 at 199, 3:59 plain: []\n");
}

Test(log_export, rewind_starts_with_the_first_part_again)
{
    struct leat_document document;
    struct leat_reader *reader = open_text(LEAT_STR("{\"events\":[" LOGGED_EVENT "," LOGGED_EVENT "]}"), 0);
    for (int round = 0; round < 3; round++) {
        cr_assert(leat_is_ok(leat_reader_next(reader, &document, &error)));
        cr_expect_eq(document.part, 1);
        cr_assert(leat_reader_rewind(reader));
    }
    leat_reader_close(reader);
    reader = open_text(LEAT_STR("2024-05-01T12:00:00Z " EVENT "\n2024-05-01T12:00:00Z " EVENT), 0);
    for (int round = 0; round < 3; round++) {
        cr_assert(leat_is_ok(leat_reader_next(reader, &document, &error)));
        cr_expect_eq(document.number, 1);
        cr_assert(leat_reader_rewind(reader));
    }
    leat_reader_close(reader);
}

Test(log_export, without_adapters_nothing_is_taken_apart)
{
    const char *name = path;
    struct leat_reader_options options = {.max_document = 0};
    leat_reader_close(open_text(LEAT_STR("{\"events\":[" LOGGED_EVENT "]}\n2024-05-01T12:00:00Z " EVENT), 0));
    struct leat_reader *reader = NULL;
    cr_assert(leat_is_ok(leat_reader_open(&name, 1, &options, &reader, &error)));
    leat_str got = read_all(reader);
    cr_expect(leat_str_starts(got, LEAT_STR("1.0 at 0, 1:1 plain: {\"events\":[")), "%.*s", LEAT_ARG(got));
    cr_expect(leat_str_find(got, LEAT_STR("log-export")).ptr == NULL, "%.*s", LEAT_ARG(got));
}

/* Of one document or entry; the file at hand is left there. */
Test(log_export, a_form_over_the_memory_is_too_big)
{
    static const char *const texts[] = {"{\"events\":[" LOGGED_EVENT "]}", "2024-05-01T12:00:00Z " EVENT};
    for (size_t i = 0; i < 2; i++) {
        const char *name = path;
        struct leat_document document;
        struct leat_reader_options options = {.max_memory = 256, .adapters = sorted_adapters()};
        struct leat_reader *reader = NULL;
        leat_reader_close(open_text(leat_str_c(texts[i]), 0));
        cr_assert(leat_is_ok(leat_reader_open(&name, 1, &options, &reader, &error)));
        cr_expect_eq(leat_reader_next(reader, &document, &error).code, LEAT_E_TOO_BIG);
        cr_expect(document.fault.status.code == LEAT_E_TOO_BIG && document.line == 1 && document.column == 1);
        cr_expect_eq(leat_reader_next(reader, &document, &error).code, LEAT_E_NOT_FOUND);
        leat_reader_close(reader);
    }
}

Test(log_export, want_of_memory_is_told_and_leaks_nothing)
{
    static const char *const texts[] = {"{\"events\":[" LOGGED_EVENT "," LOGGED_EVENT "]}",
                                        "2024-05-01T12:00:00Z " EVENT "\n2024-05-01T12:00:00Z " EVENT};
    for (size_t i = 0; i < 2; i++) {
        bool failed = true;
        leat_reader_close(open_text(leat_str_c(texts[i]), 0));
        for (uint64_t nth = 1; failed; nth++) {
            const char *name = path;
            struct leat_reader_options options = {.adapters = sorted_adapters()};
            struct leat_reader *reader = NULL;
            struct leat_document document;
            (void)leat_alloc_fail_at(nth, false);
            leat_status status = leat_reader_open(&name, 1, &options, &reader, &error);
            unsigned documents = 0, told = leat_is_ok(status) ? 0 : 1;
            while (reader != NULL && (leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY)) {
                status = leat_reader_next(reader, &document, &error);
                documents += leat_is_ok(status) ? 1 : 0;
                told += status.code == LEAT_E_NO_MEMORY ? 1 : 0;
            }
            leat_reader_close(reader);
            failed = leat_alloc_fail_at(0, false) >= nth;
            cr_expect_eq(told, failed ? 1 : 0, "allocation %llu", (unsigned long long)nth);
            cr_expect(failed || documents == 2, "%u documents", documents);
            cr_assert_lt(nth, 100);
        }
    }
}
