/* SPDX-License-Identifier: Apache-2.0 */
#include "paths.h"

#include "reader.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 << 10)

struct leat_reader {
    struct leat_reader_options options;
    struct leat_paths paths;
    size_t next_path;
    int fd; /* of the file at hand; -1: none */
    const char *file;
    bool ended, used_stdin; /* ended: nothing more comes from fd */
    char *buffer;
    size_t from, len, size;    /* what is not consumed yet: buffer[from, len) */
    uint64_t offset;           /* of buffer[from] in the file */
    uint64_t line, line_start; /* the line that buffer[from] is in: its number, and its offset in the file */
    uint64_t number, total_read;
};

leat_status leat_reader_open(const char *const *paths, size_t count, const struct leat_reader_options *options,
                             struct leat_reader **retreader, struct leat_error *reterr)
{
    struct leat_reader *reader = leat_alloc(sizeof(*reader));
    if (reader == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    reader->options = *options;
    reader->fd = -1;
    leat_status status = leat_paths_find(&reader->paths, paths, count, reterr);
    if (!leat_is_ok(status)) {
        leat_reader_close(reader);
        return status;
    }
    *retreader = reader;
    return LEAT_OK;
}

static void close_file(struct leat_reader *reader)
{
    if (reader->fd > STDIN_FILENO)
        close(reader->fd);
    reader->fd = -1;
}

void leat_reader_close(struct leat_reader *reader)
{
    if (reader == NULL)
        return;
    close_file(reader);
    leat_paths_free(&reader->paths);
    leat_free(reader->buffer);
    leat_free(reader);
}

bool leat_reader_rewind(struct leat_reader *reader)
{
    if (reader->used_stdin)
        return false;
    close_file(reader);
    reader->next_path = 0;
    return true;
}

void leat_reader_progress(const struct leat_reader *reader, uint64_t *retread, uint64_t *rettotal)
{
    *retread = reader->total_read;
    *rettotal = reader->paths.unknown_size ? 0 : reader->paths.bytes;
}

size_t leat_reader_files(const struct leat_reader *reader)
{
    return reader->paths.count;
}

static leat_status open_next(struct leat_reader *reader, struct leat_error *reterr)
{
    reader->file = reader->paths.items[reader->next_path++];
    bool standard = strcmp(reader->file, "-") == 0;
    reader->fd = standard ? STDIN_FILENO : open(reader->file, O_RDONLY | O_CLOEXEC);
    reader->used_stdin = reader->used_stdin || standard;
    reader->from = reader->len = 0;
    reader->offset = reader->line_start = reader->number = 0;
    reader->line = 1;
    reader->ended = false;
    if (reader->fd < 0)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%s: %s", reader->file, strerror(errno));
    return LEAT_OK;
}

/* Room for the next read: what is unread moves to the front, and the buffer grows with it. */
static bool make_room(struct leat_reader *reader)
{
    if (reader->from > 0) {
        memmove(reader->buffer, reader->buffer + reader->from, reader->len - reader->from);
        reader->len -= reader->from;
        reader->from = 0;
    }
    if (reader->size - reader->len >= READ_STEP)
        return true;
    size_t size = reader->len + (reader->len > READ_STEP ? reader->len : READ_STEP);
    char *larger = leat_realloc(reader->buffer, size);
    if (larger == NULL)
        return false;
    reader->buffer = larger;
    reader->size = size;
    return true;
}

/* Reads until there is at least one byte more, or the end. */
static leat_status read_more(struct leat_reader *reader, struct leat_error *reterr)
{
    if (!make_room(reader))
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "%s: out of memory", reader->file);
    ssize_t count;
    do
        count = read(reader->fd, reader->buffer + reader->len, reader->size - reader->len);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%s: %s", reader->file, strerror(errno));
    reader->ended = count == 0;
    reader->len += (size_t)count;
    reader->total_read += (uint64_t)count;
    return LEAT_OK;
}

static leat_str unread(const struct leat_reader *reader)
{
    return leat_str_of(reader->buffer != NULL ? reader->buffer + reader->from : "", reader->len - reader->from);
}

static void consume(struct leat_reader *reader, size_t count)
{
    if (count == 0)
        return; /* there may be no buffer yet */
    const char *at = reader->buffer + reader->from, *end = at + count;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        reader->line++;
        reader->line_start = reader->offset + (uint64_t)(at - (reader->buffer + reader->from));
    }
    reader->from += count;
    reader->offset += count;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* To the first byte of the next document. False with DONE: the file is at its end. */
static leat_status find_start(struct leat_reader *reader, bool *retfound, struct leat_error *reterr)
{
    for (;;) {
        leat_str text = unread(reader);
        if (reader->offset == 0 && leat_str_starts(text, LEAT_STR("\xEF\xBB\xBF"))) {
            consume(reader, 3); /* a byte order mark is none of the columns */
            reader->line_start = 3;
            continue;
        }
        size_t skip = 0;
        while (skip < text.len && is_space(text.ptr[skip]))
            skip++;
        *retfound = skip < text.len;
        bool may_be_mark = reader->offset == 0 && skip == 0 && text.len < 3;
        if (*retfound && (!may_be_mark || reader->ended)) {
            consume(reader, skip);
            return LEAT_OK;
        }
        if (!*retfound)
            consume(reader, skip);
        if (reader->ended)
            return LEAT_OK;
        LEAT_TRY(read_more(reader, reterr));
    }
}

/* Where the first unread byte stands. */
static void tell_place(const struct leat_reader *reader, uint64_t *retline, uint64_t *retcolumn)
{
    *retline = reader->line;
    *retcolumn = reader->offset - reader->line_start + 1;
}

/* Moves to `offset` of the file, or as near as what was read reaches. */
static void consume_to(struct leat_reader *reader, uint64_t offset)
{
    uint64_t left = reader->len - reader->from;
    uint64_t count = offset > reader->offset ? offset - reader->offset : 0;
    consume(reader, (size_t)(count < left ? count : left));
}

static leat_status give_fault(struct leat_reader *reader, struct leat_document *document)
{
    struct leat_json_fault *fault = &document->fault;
    fault->offset += (size_t)reader->offset;
    fault->since += (size_t)reader->offset;
    consume_to(reader, fault->since);
    tell_place(reader, &document->since_line, &document->since_column);
    consume_to(reader, fault->offset);
    tell_place(reader, &document->line, &document->column);
    close_file(reader);
    return fault->status;
}

static leat_status too_big(struct leat_reader *reader, struct leat_document *document)
{
    document->fault =
        (struct leat_json_fault){.status = LEAT_STATUS(TOO_BIG), .what = "the document is over the limit"};
    return give_fault(reader, document);
}

/* How far a document was looked over that is not all there yet. */
struct outline {
    size_t at, scanned; /* scanned: how much there was when it was scanned last */
    size_t depth;
    bool inside, escaped; /* of a string */
    bool closed;
};

/* Cheap, and each byte once: have all brackets and quotes been closed? */
static bool is_closed(struct outline *outline, leat_str text)
{
    while (!outline->closed && outline->at < text.len) {
        char c = text.ptr[outline->at++];
        if (outline->inside) {
            outline->inside = outline->escaped || c != '"';
            outline->escaped = !outline->escaped && c == '\\';
        } else if (c == '"') {
            outline->inside = true;
        } else if (c == '{' || c == '[') {
            outline->depth++;
        } else if (c == '}' || c == ']') {
            outline->depth -= outline->depth > 0 ? 1 : 0;
        }
        outline->closed = outline->depth == 0 && !outline->inside;
    }
    return outline->closed;
}

/* A pipe brings little at a time: scanning all of it again each time would take the square of its length. */
static bool is_due(const struct leat_reader *reader, struct outline *outline, leat_str text)
{
    size_t limit = reader->options.max_document;
    return reader->ended || text.len >= outline->scanned * 2 || (limit != 0 && text.len > limit) ||
           is_closed(outline, text);
}

/* What is unread, but of a document over the limit only as much as shows that: what stands behind it must not
 * matter, for a pipe may not have brought it yet. */
static leat_str within_limit(const struct leat_reader *reader)
{
    leat_str text = unread(reader);
    size_t limit = reader->options.max_document;
    if (limit != 0 && text.len > limit)
        text.len = limit + 1;
    return text;
}

/* A number at the end of what was read may have more digits. */
static bool may_go_on(leat_str value)
{
    return strchr("]}\"", value.ptr[value.len - 1]) == NULL;
}

/* The document that starts at the first unread byte. */
static leat_status scan_document(struct leat_reader *reader, struct leat_document *document, struct leat_error *reterr)
{
    size_t limit = reader->options.max_document;
    struct outline outline = {0};
    for (;;) {
        leat_str text = within_limit(reader);
        size_t end = 0;
        if (!is_due(reader, &outline, text)) {
            LEAT_TRY(read_more(reader, reterr));
            continue;
        }
        outline.scanned = text.len;
        leat_status status = leat_json_scan(text, &end, &document->fault);
        bool cut = leat_is_ok(status) ? end == text.len && may_go_on(text) : document->fault.ended;
        if (limit != 0 && text.len > limit && (leat_is_ok(status) ? end > limit : cut))
            return too_big(reader, document);
        if (cut && !reader->ended) {
            LEAT_TRY(read_more(reader, reterr));
            continue;
        }
        if (!leat_is_ok(status))
            return give_fault(reader, document);
        document->text = leat_str_of(text.ptr, end);
        consume(reader, end);
        return LEAT_OK;
    }
}

/* All of a file, for raw handlers. */
static leat_status take_whole(struct leat_reader *reader, struct leat_document *document, struct leat_error *reterr)
{
    size_t limit = reader->options.max_document;
    while (!reader->ended && (limit == 0 || reader->len - reader->from <= limit))
        LEAT_TRY(read_more(reader, reterr));
    document->text = unread(reader);
    if (limit != 0 && document->text.len > limit)
        return too_big(reader, document);
    close_file(reader);
    return LEAT_OK;
}

static leat_status next_in_file(struct leat_reader *reader, struct leat_document *document, bool *retfound,
                                struct leat_error *reterr)
{
    *retfound = true;
    if (!reader->options.whole)
        LEAT_TRY(find_start(reader, retfound, reterr));
    if (!*retfound && reader->number > 0) {
        close_file(reader);
        return LEAT_OK;
    }
    document->number = ++reader->number;
    document->offset = reader->offset;
    tell_place(reader, &document->line, &document->column);
    if (reader->options.whole)
        return take_whole(reader, document, reterr);
    if (*retfound)
        return scan_document(reader, document, reterr);
    *retfound = true;
    document->fault = (struct leat_json_fault){.status = LEAT_STATUS(NOT_JSON), .what = "nothing in it"};
    return give_fault(reader, document);
}

leat_status leat_reader_next(struct leat_reader *reader, struct leat_document *retdocument, struct leat_error *reterr)
{
    for (;;) {
        bool found = false;
        *retdocument = (struct leat_document){.number = 0};
        if (reader->fd < 0 && reader->next_path == reader->paths.count)
            return LEAT_STATUS(NOT_FOUND);
        leat_status status = reader->fd < 0 ? open_next(reader, reterr) : LEAT_OK;
        retdocument->file = reader->file;
        if (leat_is_ok(status))
            status = next_in_file(reader, retdocument, &found, reterr);
        if (!leat_is_ok(status)) {
            close_file(reader);
            return status;
        }
        if (found)
            return LEAT_OK;
    }
}
