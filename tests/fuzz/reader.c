/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file: documents that stand where they are said to stand, are JSON, and leave out nothing but
 * white space. In pieces, as a pipe brings them, they are the same as at once.
 */
#include "fuzz.h"

#include <file/reader.h>

#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECES_MAX 48 /* a socket holds so many */

static leat_str file; /* what is read */

/* The line and column of a byte, counted anew; from where it was asked last, if that is not behind it. */
static void expect_place(uint64_t offset, uint64_t line, uint64_t column)
{
    static uint64_t at, lines, start;
    if (at == 0 || offset < at) {
        at = 0;
        lines = 1;
        start = offset > 0 && leat_str_starts(file, LEAT_STR("\xEF\xBB\xBF")) ? 3 : 0;
    }
    for (; at < offset; at++)
        if (file.ptr[at] == '\n') {
            lines++;
            start = at + 1;
        }
    MUST(line == lines);
    MUST(column == offset - start + 1);
}

static void expect_space(uint64_t from, uint64_t to)
{
    if (from == 0 && leat_str_starts(file, LEAT_STR("\xEF\xBB\xBF")))
        from = 3;
    for (; from < to; from++)
        MUST(file.ptr[from] != '\0' && strchr(" \t\r\n", file.ptr[from]) != NULL);
}

static void check_fault(const struct leat_document *document, leat_status status)
{
    const struct leat_json_fault *fault = &document->fault;
    MUST(fault->status.code == status.code && fault->what != NULL);
    MUST(fault->offset >= document->offset && fault->offset <= file.len && fault->since <= fault->offset);
    expect_place(fault->offset, document->line, document->column);
    expect_place(fault->since, document->since_line, document->since_column);
}

static void check_document(const struct leat_document *document, const struct leat_reader_options *options)
{
    MUST(document->text.len <= file.len - document->offset);
    MUST(memcmp(file.ptr + document->offset, document->text.ptr, document->text.len) == 0);
    MUST(options->whole || leat_json_valid(document->text));
    MUST(options->max_document == 0 || document->text.len <= options->max_document);
    expect_place(document->offset, document->line, document->column);
}

/* What a reading came to, to compare it with another. */
struct seen {
    leat_status end;
    uint64_t count, digest;
};

static void fold(struct seen *seen, uint64_t value)
{
    seen->digest = (seen->digest ^ value) * UINT64_C(1099511628211);
}

static void see(struct seen *seen, const struct leat_document *document)
{
    seen->count++;
    fold(seen, document->offset);
    fold(seen, document->line << 32 | document->column);
    fold(seen, document->number << 32 | document->part);
    for (size_t i = 0; i < document->text.len; i++)
        fold(seen, (unsigned char)document->text.ptr[i]);
}

/* What stands in a form is elsewhere than its document, and only that it is the same each time is said here. */
static struct seen read_forms(struct leat_reader *reader)
{
    struct leat_document document;
    struct leat_error error = {.message = ""};
    struct seen seen = {.count = 0};
    while (leat_is_ok(seen.end = leat_reader_next(reader, &document, &error))) {
        expect_place(document.offset, document.line, document.column);
        see(&seen, &document);
    }
    MUST(seen.end.code != LEAT_E_IO && seen.end.code != LEAT_E_NO_MEMORY);
    return seen;
}

static struct seen read_all(struct leat_reader *reader, const struct leat_reader_options *options)
{
    struct leat_document document;
    struct leat_error error = {.message = ""};
    struct seen seen = {.count = 0};
    uint64_t end = 0;
    if (options->adapters != NULL)
        return read_forms(reader);
    while (leat_is_ok(seen.end = leat_reader_next(reader, &document, &error))) {
        see(&seen, &document);
        MUST(document.number == seen.count && seen.count <= file.len + 1);
        MUST(document.offset >= end && document.offset <= file.len);
        check_document(&document, options);
        expect_space(end, document.offset);
        end = document.offset + document.text.len;
    }
    if (seen.end.code == LEAT_E_NOT_FOUND) {
        expect_space(options->whole ? file.len : end, file.len);
        return seen;
    }
    MUST(seen.end.code != LEAT_E_IO && seen.end.code != LEAT_E_NO_MEMORY);
    MUST(document.offset >= end);
    expect_space(end, document.offset);
    check_fault(&document, seen.end);
    see(&seen, &document);
    MUST(leat_reader_next(reader, &document, &error).code == LEAT_E_NOT_FOUND);
    return seen;
}

static void expect_same(struct seen a, struct seen b)
{
    MUST(a.end.code == b.end.code && a.count == b.count && a.digest == b.digest);
}

static struct leat_reader *open_path(const char *path, const struct leat_reader_options *options)
{
    struct leat_reader *reader = NULL;
    struct leat_error error;
    MUST(leat_is_ok(leat_reader_open(&path, 1, options, &reader, &error)));
    MUST(leat_reader_files(reader) == 1);
    return reader;
}

/* Twice, for what is left of the first time. */
static struct seen read_file(const char *path, const struct leat_reader_options *options)
{
    struct leat_reader *reader = open_path(path, options);
    uint64_t got, total;
    struct seen seen = read_all(reader, options);
    leat_reader_progress(reader, &got, &total);
    MUST(total == file.len && got <= file.len);
    MUST(leat_reader_rewind(reader));
    expect_same(seen, read_all(reader, options));
    leat_reader_close(reader);
    return seen;
}

/* Standard input that brings one piece a read: a socket of packets. */
static void feed(size_t pieces)
{
    int ends[2];
    size_t step = file.len / pieces + 1;
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    for (size_t at = 0; at < file.len; at += step) {
        size_t count = file.len - at < step ? file.len - at : step;
        MUST(send(ends[1], file.ptr + at, count, MSG_DONTWAIT) == (ssize_t)count);
    }
    MUST(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static struct seen read_pieces(size_t pieces, const struct leat_reader_options *options)
{
    feed(pieces);
    struct leat_reader *reader = open_path("-", options);
    struct seen seen = read_all(reader, options);
    MUST(!leat_reader_rewind(reader));
    leat_reader_close(reader);
    return seen;
}

static void read_both_ways(const char *path, const struct leat_reader_options *options)
{
    expect_same(read_file(path, options), read_pieces(1 + file.len % PIECES_MAX, options));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("documents", MFD_CLOEXEC);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    MUST(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    file = leat_str_of((const char *)data, size);
    read_both_ways(path, &(struct leat_reader_options){.max_document = 0});
    read_both_ways(path, &(struct leat_reader_options){.max_document = size / 2 + 1});
    read_both_ways(path, &(struct leat_reader_options){.whole = true});
    read_both_ways(path, &(struct leat_reader_options){.adapters = sorted_adapters()});
    return 0;
}
