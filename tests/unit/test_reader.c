/* SPDX-License-Identifier: Apache-2.0 */
/* Documents out of files and pipes: where they stand, where they are cut, where they break. */
#include "valgrind.h"

#include <file/reader.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct leat_arena arena;
static char folder[] = "/tmp/leat-reader-XXXXXX";
static struct leat_error error;

static void setup(void)
{
    leat_arena_init(&arena, 0);
    cr_assert_not_null(mkdtemp(folder));
}

static const char *path_of(const char *name)
{
    return leat_arena_printf(&arena, "%s/%s", folder, name).ptr;
}

static void teardown(void)
{
    static const char *const names[] = {"a.json", "b.json", "c.json"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(path_of(names[i]));
    (void)rmdir(folder);
    leat_arena_fini(&arena);
}

TestSuite(reader, .init = setup, .fini = teardown, .timeout = 60);

static const char *write_file(const char *name, leat_str text)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text.ptr, 1, text.len, file), text.len);
    cr_assert_eq(fclose(file), 0);
    return path;
}

static struct leat_reader *open_paths(const char *const *paths, size_t count, size_t limit, bool whole)
{
    struct leat_reader_options options = {.max_document = limit, .whole = whole};
    struct leat_reader *reader = NULL;
    leat_status status = leat_reader_open(paths, count, &options, &reader, &error);
    cr_assert(leat_is_ok(status), "%s", error.message);
    return reader;
}

static struct leat_reader *open_text(leat_str text, size_t limit)
{
    const char *path = write_file("a.json", text);
    return open_paths(&path, 1, limit, false);
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
    const char *path = "-";
    return open_paths(&path, 1, limit, false);
}

static void add_fault(struct leat_buf *out, const struct leat_document *document)
{
    const struct leat_json_fault *fault = &document->fault;
    leat_buf_printf(out, "%s: %zu %s", leat_status_code(fault->status), fault->offset, fault->what);
    if (fault->ended)
        leat_buf_printf(out, ", since %zu, %llu:%llu", fault->since, (unsigned long long)document->since_line,
                        (unsigned long long)document->since_column);
    leat_buf_char(out, '\n');
}

/* All documents and the fault at their end, one a line: number, offset, line:column, text or reason. */
static leat_str read_all(struct leat_reader *reader)
{
    struct leat_buf out;
    struct leat_document document;
    leat_status status;
    leat_buf_init(&out, &arena);
    while ((status = leat_reader_next(reader, &document, &error)).code != LEAT_E_NOT_FOUND) {
        leat_buf_printf(&out, "%llu at %llu, %llu:%llu ", (unsigned long long)document.number,
                        (unsigned long long)document.offset, (unsigned long long)document.line,
                        (unsigned long long)document.column);
        if (leat_is_ok(status))
            leat_buf_printf(&out, "%.*s\n", LEAT_ARG(document.text));
        else
            add_fault(&out, &document);
    }
    leat_reader_close(reader);
    return leat_buf_str(&out);
}

static void expect_all(leat_str text, const char *want)
{
    leat_str got = read_all(open_text(text, 0));
    cr_expect(leat_str_is(got, want), "\"%.*s\":\ngot  %.*s\nwant %s", LEAT_ARG(text), LEAT_ARG(got), want);
}

/* --- places ------------------------------------------------------------------------------------------ */

Test(reader, each_document_has_its_number_and_place)
{
    expect_all(LEAT_STR("{\"a\":1}"), "1 at 0, 1:1 {\"a\":1}\n");
    expect_all(LEAT_STR("\n \t{}\r\n[1,\n2]  \"x\"\n"), "1 at 3, 2:3 {}\n2 at 7, 3:1 [1,\n2]\n3 at 15, 4:5 \"x\"\n");
    expect_all(LEAT_STR("{}{}[]\"\"1 2"),
               "1 at 0, 1:1 {}\n2 at 2, 1:3 {}\n3 at 4, 1:5 []\n4 at 6, 1:7 \"\"\n5 at 8, 1:9 1\n6 at 10, 1:11 2\n");
    expect_all(LEAT_STR("true\nnull -1.5e3"), "1 at 0, 1:1 true\n2 at 5, 2:1 null\n3 at 10, 2:6 -1.5e3\n");
}

Test(reader, columns_count_bytes)
{
    expect_all(LEAT_STR("\"\xE8\x8C\xB6\" {}"), "1 at 0, 1:1 \"\xE8\x8C\xB6\"\n2 at 6, 1:7 {}\n");
}

Test(reader, a_byte_order_mark_takes_no_column)
{
    expect_all(LEAT_STR("\xEF\xBB\xBF{} 1"), "1 at 3, 1:1 {}\n2 at 6, 1:4 1\n");
    expect_all(LEAT_STR("\xEF\xBB\xBF{]"), "1 at 3, 1:2 not-json: 4 a member's name in quotes is missing\n");
    expect_all(LEAT_STR("\xEF\xBB\xBF"), "1 at 3, 1:1 not-json: 3 nothing in it\n");
    expect_all(LEAT_STR("\xEF\xBB"), "1 at 0, 1:1 not-json: 0 no value starts like this\n");
    expect_all(LEAT_STR("{} \xEF\xBB\xBF"), "1 at 0, 1:1 {}\n2 at 3, 1:4 not-json: 3 no value starts like this\n");
}

Test(reader, a_fault_has_its_place_and_where_it_began)
{
    expect_all(LEAT_STR("{}\n{\"a\": [1,\n 2,"),
               "1 at 0, 1:1 {}\n2 at 3, 3:4 not-json: 16 inside an array, since 9, 2:7\n");
    expect_all(LEAT_STR("{\"a\n"), "1 at 0, 1:4 not-json: 3 a control character inside a string must be escaped\n");
    expect_all(LEAT_STR("{\"ab"), "1 at 0, 1:5 not-json: 4 inside a string, since 1, 1:2\n");
    expect_all(LEAT_STR("{} tru"), "1 at 0, 1:1 {}\n2 at 3, 1:7 not-json: 6 inside a word, since 3, 1:4\n");
    expect_all(LEAT_STR("1 2 -"),
               "1 at 0, 1:1 1\n2 at 2, 1:3 2\n3 at 4, 1:6 not-json: 5 inside a number, since 4, 1:5\n");
}

Test(reader, a_file_without_a_document_is_broken)
{
    expect_all(LEAT_STR(""), "1 at 0, 1:1 not-json: 0 nothing in it\n");
    expect_all(LEAT_STR(" \n\t\r\n "), "1 at 6, 3:2 not-json: 6 nothing in it\n");
    expect_all(LEAT_STR("{} \n\n"), "1 at 0, 1:1 {}\n");
}

/* --- pieces ------------------------------------------------------------------------------------------- */

#define TEXT(literal)                   \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }

static const leat_str texts[] = {
    TEXT("{\"a\":[1,2.50,\"x\\\"}\"]}\n"),
    TEXT(" {\"\\\\\":\"\\\\\"}{\"b\":\"]\"} [] 12 34\n\"\\u00e9\" \"\\ud83d\\ude00\""),
    TEXT("\xEF\xBB\xBF[\"\xE8\x8C\xB6\xF0\x9F\x98\x80\"]\n-1.5e+3\ntrue false null\n"),
    TEXT("1234567890"),
    TEXT("[[[[[[]]]]]][[{}]]"),
    TEXT("{\"a\":1}\n{\"a\":\n"),
    TEXT("{\"a\":1} \"\\ud83d"),
    TEXT("[\"\xE8\x8C"),
    TEXT("[1}"),
    TEXT("{\"a\" \"b\"}"),
    TEXT("[]]"),
    TEXT("\xEF\xBB"),
    TEXT("\xEF\xBB\xBF"),
    TEXT("   \n"),
    TEXT("nul"),
};

Test(reader, what_comes_in_pieces_is_read_alike)
{
    static const size_t steps[] = {1, 2, 3, 5, 16};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        leat_str whole = read_all(open_text(texts[i], 0));
        cr_assert(whole.len > 0);
        for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
            leat_str got = read_all(open_chunks(texts[i], steps[s], 0));
            cr_expect(leat_str_eq(got, whole), "text %zu in pieces of %zu:\n%.*s\nwant %.*s", i, steps[s],
                      LEAT_ARG(got), LEAT_ARG(whole));
        }
    }
}

static leat_str long_text(size_t len)
{
    char *text = leat_arena_alloc(&arena, len);
    cr_assert_not_null(text);
    memset(text, 'x', len);
    text[0] = text[len - 1] = '"';
    return leat_str_of(text, len);
}

Test(reader, documents_around_the_size_of_a_read_are_whole)
{
    static const size_t lengths[] = {65535, 65536, 65537, 131071, 131072, 131073, 400000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        leat_str text = long_text(lengths[i]);
        struct leat_reader *readers[] = {open_text(text, 0), open_chunks(text, 4000, 0)};
        for (size_t r = 0; r < 2; r++) {
            struct leat_document document;
            cr_assert(leat_is_ok(leat_reader_next(readers[r], &document, &error)));
            cr_expect(leat_str_eq(document.text, text), "%zu bytes, reader %zu", lengths[i], r);
            cr_expect_eq(leat_reader_next(readers[r], &document, &error).code, LEAT_E_NOT_FOUND);
            leat_reader_close(readers[r]);
        }
    }
}

/* Once all of it was scanned again for each piece: here that would take minutes. */
Test(reader, many_small_pieces_are_quick, .timeout = 30)
{
    struct leat_document document;
    if (under_valgrind())
        cr_skip_test("valgrind looks at the whole buffer with each read: its speed says nothing");
    leat_str text = leat_arena_printf(&arena, "[%.*s,1]", LEAT_ARG(long_text(1 << 20)));
    struct leat_reader *reader = open_chunks(text, 5, 0);
    cr_assert(leat_is_ok(leat_reader_next(reader, &document, &error)));
    cr_expect(leat_str_eq(document.text, text));
    leat_reader_close(reader);
}

Test(reader, a_document_may_start_anywhere_in_a_read)
{
    for (size_t lead = 65530; lead < 65540; lead++) {
        struct leat_buf text;
        leat_buf_init(&text, &arena);
        leat_buf_add(&text, long_text(lead));
        leat_buf_c(&text, "\n{\"a\": [1, 2]}\n3");
        leat_str want =
            leat_arena_printf(&arena, "2 at %zu, 2:1 {\"a\": [1, 2]}\n3 at %zu, 3:1 3\n", lead + 1, lead + 15);
        leat_str got = read_all(open_text(leat_buf_str(&text), 0));
        cr_expect(leat_str_ends(got, want), "lead %zu", lead);
        leat_arena_reset(&arena);
    }
}

/* --- limits --------------------------------------------------------------------------------------------- */

Test(reader, a_document_over_the_limit_is_too_big)
{
    const char *too_big = "1 at 0, 1:1 too-big: 0 the document is over the limit\n";
    for (size_t step = 0; step < 3; step++) {
        static const leat_str cases[] = {TEXT("[1,2,3]"), TEXT("\"12345\""), TEXT("1234567"), TEXT("[1,2,3")};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            leat_str text = cases[i];
            leat_str tight = read_all(step == 0 ? open_text(text, text.len) : open_chunks(text, step, text.len));
            leat_str over = read_all(step == 0 ? open_text(text, text.len - 1) : open_chunks(text, step, text.len - 1));
            cr_expect(leat_str_find(tight, LEAT_STR("too-big")).ptr == NULL, "%.*s", LEAT_ARG(tight));
            cr_expect(leat_str_is(over, too_big), "text %zu, step %zu: %.*s", i, step, LEAT_ARG(over));
        }
    }
}

Test(reader, many_documents_may_be_longer_than_the_limit)
{
    leat_str got = read_all(open_text(LEAT_STR("[1]\n[2]\n[3]\n[4] [5,6]"), 3));
    cr_expect(
        leat_str_ends(got, LEAT_STR("4 at 12, 4:1 [4]\n5 at 16, 4:5 too-big: 16 the document is over the limit\n")),
        "%.*s", LEAT_ARG(got));
}

Test(reader, a_fault_before_the_limit_is_a_fault)
{
    leat_str got = read_all(open_text(LEAT_STR("[1}22222222222"), 5));
    cr_expect(leat_str_starts(got, LEAT_STR("1 at 0, 1:3 not-json: 2 ")), "%.*s", LEAT_ARG(got));
}

/* Fuzzing found that a fault behind the limit was told when a file was read, and not when a pipe brought it. */
Test(reader, a_fault_behind_the_limit_is_never_reached)
{
    static const leat_str cases[] = {TEXT("[1,2,3}"), TEXT("\"1234\n\""), TEXT("[1,2,x]"), TEXT("\"12\\ud800x\"")};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t limit = 1; limit <= cases[i].len; limit++) {
            leat_str want = read_all(open_text(cases[i], limit));
            for (size_t step = 1; step <= 3; step++) {
                leat_str got = read_all(open_chunks(cases[i], step, limit));
                cr_expect(leat_str_eq(got, want), "text %zu, limit %zu, step %zu: %.*s", i, limit, step, LEAT_ARG(got));
            }
        }
    leat_str got = read_all(open_text(cases[0], 5));
    cr_expect(leat_str_is(got, "1 at 0, 1:1 too-big: 0 the document is over the limit\n"), "%.*s", LEAT_ARG(got));
}

/* --- files --------------------------------------------------------------------------------------------------- */

Test(reader, the_rest_of_a_broken_file_is_passed_over)
{
    const char *paths[] = {write_file("a.json", LEAT_STR("1 ] 2")), write_file("b.json", LEAT_STR("3"))};
    leat_str got = read_all(open_paths(paths, 2, 0, false));
    cr_expect(leat_str_is(got, "1 at 0, 1:1 1\n2 at 2, 1:3 not-json: 2 no value starts like this\n1 at 0, 1:1 3\n"),
              "%.*s", LEAT_ARG(got));
}

Test(reader, a_file_that_is_gone_is_told_and_the_next_is_read)
{
    const char *paths[] = {write_file("a.json", LEAT_STR("1")), write_file("b.json", LEAT_STR("2"))};
    struct leat_reader *reader = open_paths(paths, 2, 0, false);
    struct leat_document document;
    cr_assert_eq(leat_reader_files(reader), 2);
    cr_assert_eq(unlink(paths[0]), 0);
    cr_expect_eq(leat_reader_next(reader, &document, &error).code, LEAT_E_IO);
    cr_expect(
        leat_str_eq(leat_str_c(error.message), leat_arena_printf(&arena, "%s: No such file or directory", paths[0])),
        "%s", error.message);
    cr_expect(leat_is_ok(leat_reader_next(reader, &document, &error)) && leat_str_is(document.text, "2"));
    leat_reader_close(reader);
}

Test(reader, rewind_reads_all_of_it_again)
{
    const char *paths[] = {write_file("a.json", LEAT_STR("1 2")), write_file("b.json", LEAT_STR("[3"))};
    struct leat_reader *reader = open_paths(paths, 2, 0, false);
    struct leat_document document;
    for (int round = 0; round < 3; round++) {
        cr_expect(leat_is_ok(leat_reader_next(reader, &document, &error)) && leat_str_is(document.text, "1"));
        if (round == 1) { /* also from the middle of a file */
            cr_assert(leat_reader_rewind(reader));
            continue;
        }
        cr_expect(leat_is_ok(leat_reader_next(reader, &document, &error)) && leat_str_is(document.text, "2"));
        cr_expect_eq(leat_reader_next(reader, &document, &error).code, LEAT_E_NOT_JSON);
        cr_expect_eq(leat_reader_next(reader, &document, &error).code, LEAT_E_NOT_FOUND);
        cr_expect_eq(leat_reader_next(reader, &document, &error).code, LEAT_E_NOT_FOUND);
        cr_assert(leat_reader_rewind(reader));
    }
    leat_reader_close(reader);
}

Test(reader, standard_input_cannot_be_rewound)
{
    struct leat_reader *reader = open_chunks(LEAT_STR("1 2"), 3, 0);
    struct leat_document document;
    cr_expect(leat_reader_rewind(reader), "nothing was read yet");
    cr_expect(leat_is_ok(leat_reader_next(reader, &document, &error)));
    cr_expect(!leat_reader_rewind(reader));
    cr_expect_str_eq(document.file, "-");
    leat_reader_close(reader);
}

Test(reader, progress_counts_bytes)
{
    uint64_t read, total;
    const char *paths[] = {write_file("a.json", LEAT_STR("[1, 2]")), write_file("b.json", LEAT_STR("{}"))};
    struct leat_reader *reader = open_paths(paths, 2, 0, false);
    struct leat_document document;
    leat_reader_progress(reader, &read, &total);
    cr_expect(read == 0 && total == 8);
    cr_expect(leat_is_ok(leat_reader_next(reader, &document, &error)));
    leat_reader_progress(reader, &read, &total);
    cr_expect(read == 6 && total == 8, "%llu", (unsigned long long)read);
    leat_reader_close(reader);
    reader = open_chunks(LEAT_STR("{}"), 1, 0);
    cr_expect(leat_is_ok(leat_reader_next(reader, &document, &error)));
    leat_reader_progress(reader, &read, &total);
    cr_expect(read == 2 && total == 0);
    leat_reader_close(reader);
}

Test(reader, a_whole_file_is_one_document_of_any_bytes)
{
    const char *paths[] = {write_file("a.json", LEAT_STR("\xEF\xBB\xBF\0{]\xFF\n")),
                           write_file("b.json", LEAT_STR(""))};
    struct leat_reader *reader = open_paths(paths, 2, 0, true);
    struct leat_document document;
    cr_expect(leat_is_ok(leat_reader_next(reader, &document, &error)));
    cr_expect(leat_str_eq(document.text, LEAT_STR("\xEF\xBB\xBF\0{]\xFF\n")) && document.number == 1 &&
              document.offset == 0);
    cr_expect(leat_is_ok(leat_reader_next(reader, &document, &error)));
    cr_expect(document.text.ptr != NULL && document.text.len == 0 && document.number == 1);
    cr_expect_eq(leat_reader_next(reader, &document, &error).code, LEAT_E_NOT_FOUND);
    leat_reader_close(reader);
}

Test(reader, a_whole_file_has_the_same_limit)
{
    const char *path = write_file("a.json", LEAT_STR("12345"));
    struct leat_document document;
    for (size_t limit = 4; limit <= 5; limit++) {
        struct leat_reader *reader = open_paths(&path, 1, limit, true);
        cr_expect_eq(leat_reader_next(reader, &document, &error).code, limit < 5 ? LEAT_E_TOO_BIG : LEAT_E_DONE);
        leat_reader_close(reader);
    }
}

Test(reader, want_of_memory_is_told_and_leaks_nothing)
{
    const char *paths[] = {write_file("a.json", LEAT_STR("1 [2]")), folder};
    struct leat_reader_options options = {0};
    bool failed = true;
    for (uint64_t nth = 1; failed; nth++) {
        struct leat_reader *reader = NULL;
        struct leat_document document;
        (void)leat_alloc_fail_at(nth, false);
        leat_status status = leat_reader_open(paths, 2, &options, &reader, &error);
        unsigned documents = 0, told = leat_is_ok(status) ? 0 : 1;
        while (leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY) {
            if (reader == NULL)
                break;
            status = leat_reader_next(reader, &document, &error);
            documents += leat_is_ok(status) ? 1 : 0;
            told += status.code == LEAT_E_NO_MEMORY ? 1 : 0;
        }
        leat_reader_close(reader);
        failed = leat_alloc_fail_at(0, false) >= nth;
        cr_expect_eq(told, failed ? 1 : 0, "allocation %llu", (unsigned long long)nth);
        cr_expect(failed || documents == 4, "%u documents", documents);
        cr_assert_lt(nth, 100);
    }
}
