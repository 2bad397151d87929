/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include "input.h"
#include "log_export.h"

#include <leat/alloc.h>

struct leat_reader {
    struct leat_reader_options options;
    struct leat_input input;
    uint64_t number; /* of the document at hand, in its file */
    bool is_log;     /* the file is a log export, which starts at `log` */
    struct leat_document log;
    struct leat_forms forms;
    struct leat_document taken; /* the document that `forms` was taken out of */
    size_t next_payload;        /* of it */
};

leat_status leat_reader_open(const char *const *paths, size_t count, const struct leat_reader_options *options,
                             struct leat_reader **retreader, struct leat_error *reterr)
{
    struct leat_reader *reader = leat_alloc(sizeof(*reader));
    if (reader == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    reader->options = *options;
    reader->input.fd = -1;
    leat_forms_init(&reader->forms, options->adapters, options->max_memory);
    leat_status status = leat_paths_find(&reader->input.paths, paths, count, reterr);
    if (!leat_is_ok(status)) {
        leat_reader_close(reader);
        return status;
    }
    *retreader = reader;
    return LEAT_OK;
}

void leat_reader_close(struct leat_reader *reader)
{
    if (reader == NULL)
        return;
    leat_input_fini(&reader->input);
    leat_forms_fini(&reader->forms);
    leat_free(reader);
}

bool leat_reader_rewind(struct leat_reader *reader)
{
    if (reader->input.used_stdin)
        return false;
    leat_input_close_file(&reader->input);
    reader->input.next_path = 0;
    reader->forms.count = 0;
    return true;
}

void leat_reader_progress(const struct leat_reader *reader, uint64_t *retread, uint64_t *rettotal)
{
    *retread = reader->input.total_read;
    *rettotal = reader->input.paths.unknown_size ? 0 : reader->input.paths.bytes;
}

size_t leat_reader_files(const struct leat_reader *reader)
{
    return reader->input.paths.count;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* To the first byte of the next document. False with DONE: the file is at its end. */
static leat_status find_start(struct leat_input *input, bool *retfound, struct leat_error *reterr)
{
    for (;;) {
        leat_str text = leat_input_unread(input);
        if (input->offset == 0 && leat_str_starts(text, LEAT_STR("\xEF\xBB\xBF"))) {
            leat_input_consume(input, 3); /* a byte order mark is none of the columns */
            input->line_start = 3;
            continue;
        }
        size_t skip = 0;
        while (skip < text.len && is_space(text.ptr[skip]))
            skip++;
        *retfound = skip < text.len;
        bool may_be_mark = input->offset == 0 && skip == 0 && text.len < 3;
        if (*retfound && (!may_be_mark || input->ended)) {
            leat_input_consume(input, skip);
            return LEAT_OK;
        }
        if (!*retfound)
            leat_input_consume(input, skip);
        if (input->ended)
            return LEAT_OK;
        LEAT_TRY(leat_input_more(input, reterr));
    }
}

static leat_status give_fault(struct leat_reader *reader, struct leat_document *document)
{
    struct leat_json_fault *fault = &document->fault;
    fault->offset += (size_t)reader->input.offset;
    fault->since += (size_t)reader->input.offset;
    leat_input_consume_to(&reader->input, fault->since);
    leat_input_place(&reader->input, &document->since_line, &document->since_column);
    leat_input_consume_to(&reader->input, fault->offset);
    leat_input_place(&reader->input, &document->line, &document->column);
    leat_input_close_file(&reader->input);
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
    return reader->input.ended || text.len >= outline->scanned * 2 || (limit != 0 && text.len > limit) ||
           is_closed(outline, text);
}

/* What is unread, but of a document over the limit only as much as shows that: what stands behind it must not
 * matter, for a pipe may not have brought it yet. */
static leat_str within_limit(const struct leat_reader *reader)
{
    leat_str text = leat_input_unread(&reader->input);
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
            LEAT_TRY(leat_input_more(&reader->input, reterr));
            continue;
        }
        outline.scanned = text.len;
        leat_status status = leat_json_scan(text, &end, &document->fault);
        bool cut = leat_is_ok(status) ? end == text.len && may_go_on(text) : document->fault.ended;
        if (limit != 0 && text.len > limit && (leat_is_ok(status) ? end > limit : cut))
            return too_big(reader, document);
        if (cut && !reader->input.ended) {
            LEAT_TRY(leat_input_more(&reader->input, reterr));
            continue;
        }
        if (!leat_is_ok(status))
            return give_fault(reader, document);
        document->text = leat_str_of(text.ptr, end);
        leat_input_consume(&reader->input, end);
        return LEAT_OK;
    }
}

/* All of a file, for raw handlers. */
static leat_status take_whole(struct leat_reader *reader, struct leat_document *document, struct leat_error *reterr)
{
    size_t limit = reader->options.max_document;
    while (!reader->input.ended && (limit == 0 || reader->input.len - reader->input.from <= limit))
        LEAT_TRY(leat_input_more(&reader->input, reterr));
    document->text = leat_input_unread(&reader->input);
    if (limit != 0 && document->text.len > limit)
        return too_big(reader, document);
    leat_input_close_file(&reader->input);
    return LEAT_OK;
}

/* --- forms ------------------------------------------------------------------------------------------------- */

/* The next payload of the document that was taken apart. False: there is none left. */
static bool give_payload(struct leat_reader *reader, struct leat_document *document)
{
    const struct leat_forms *forms = &reader->forms;
    if (reader->next_payload >= forms->count)
        return false;
    *document = reader->taken;
    document->text = forms->payloads[reader->next_payload++];
    document->form = forms->form;
    document->part = forms->count > 1 ? (uint32_t)reader->next_payload : 0;
    return true;
}

static leat_status no_room(struct leat_document *document, leat_status status, struct leat_error *reterr)
{
    if (status.code != LEAT_E_TOO_BIG)
        return leat_error_set(reterr, status, "%s: out of memory", document->file);
    document->fault = (struct leat_json_fault){.status = status,
                                               .offset = (size_t)document->offset,
                                               .what = "the document takes more memory than the limit allows"};
    return status;
}

/* What stands in a form is taken out of it; `document` becomes the first payload. */
static leat_status take_apart(struct leat_reader *reader, struct leat_document *document,
                              leat_status (*take)(struct leat_forms *, leat_str), struct leat_error *reterr)
{
    leat_status status = take(&reader->forms, document->text);
    if (!leat_is_ok(status))
        return no_room(document, status, reterr);
    reader->taken = *document;
    reader->next_payload = 0;
    (void)give_payload(reader, document);
    return LEAT_OK;
}

/* A log in which no entry holds an event is nothing that could be read. */
static leat_status end_log(struct leat_reader *reader, struct leat_document *document, bool *retfound)
{
    leat_input_close_file(&reader->input);
    *retfound = reader->number == 0;
    if (!*retfound)
        return LEAT_OK;
    *document = reader->log;
    document->fault = (struct leat_json_fault){.status = LEAT_STATUS(NOT_JSON),
                                               .offset = (size_t)document->offset,
                                               .what = "a log, and no line of it ends in an event"};
    return document->fault.status;
}

/* Entries up to one that holds an event. */
static leat_status next_of_log(struct leat_reader *reader, struct leat_document *document, bool *retfound,
                               struct leat_error *reterr)
{
    struct leat_input *input = &reader->input;
    *retfound = true;
    document->number = reader->number + 1;
    do {
        document->offset = input->offset;
        leat_input_place(input, &document->line, &document->column);
        leat_status status = leat_log_entry(input, reader->options.max_document, &document->text, reterr);
        if (status.code == LEAT_E_TOO_BIG)
            return too_big(reader, document);
        LEAT_TRY(status);
        if (document->text.ptr == NULL)
            return end_log(reader, document, retfound);
        LEAT_TRY(take_apart(reader, document, leat_forms_take_entry, reterr));
    } while (reader->forms.count == 0);
    reader->number++;
    return LEAT_OK;
}

/* --- documents --------------------------------------------------------------------------------------------- */

/* The document that starts at the first unread byte, or the log. */
static leat_status take_document(struct leat_reader *reader, struct leat_document *document, bool *retfound,
                                 struct leat_error *reterr)
{
    bool forms = reader->options.adapters != NULL;
    if (forms && reader->number == 1)
        LEAT_TRY(leat_log_starts(&reader->input, &reader->is_log, reterr));
    if (reader->is_log) {
        reader->log = *document;
        reader->number = 0;
        return next_of_log(reader, document, retfound, reterr);
    }
    LEAT_TRY(scan_document(reader, document, reterr));
    if (forms)
        LEAT_TRY(take_apart(reader, document, leat_forms_take, reterr));
    *retfound = !forms || !reader->forms.nothing;
    return LEAT_OK;
}

static leat_status next_in_file(struct leat_reader *reader, struct leat_document *document, bool *retfound,
                                struct leat_error *reterr)
{
    *retfound = true;
    if (reader->is_log)
        return next_of_log(reader, document, retfound, reterr);
    if (!reader->options.whole)
        LEAT_TRY(find_start(&reader->input, retfound, reterr));
    if (!*retfound && reader->number > 0) {
        leat_input_close_file(&reader->input);
        return LEAT_OK;
    }
    document->number = ++reader->number;
    document->offset = reader->input.offset;
    leat_input_place(&reader->input, &document->line, &document->column);
    if (reader->options.whole)
        return take_whole(reader, document, reterr);
    if (*retfound)
        return take_document(reader, document, retfound, reterr);
    *retfound = true;
    document->fault = (struct leat_json_fault){.status = LEAT_STATUS(NOT_JSON), .what = "nothing in it"};
    return give_fault(reader, document);
}

static leat_status open_next(struct leat_reader *reader, struct leat_error *reterr)
{
    reader->number = 0;
    reader->is_log = false;
    return leat_input_open_next(&reader->input, reterr);
}

leat_status leat_reader_next(struct leat_reader *reader, struct leat_document *retdocument, struct leat_error *reterr)
{
    if (give_payload(reader, retdocument))
        return LEAT_OK;
    for (;;) {
        bool found = false;
        *retdocument = (struct leat_document){.number = 0};
        const struct leat_input *input = &reader->input;
        if (input->fd < 0 && input->next_path == input->paths.count)
            return LEAT_STATUS(NOT_FOUND);
        leat_status status = input->fd < 0 ? open_next(reader, reterr) : LEAT_OK;
        retdocument->file = input->file;
        if (leat_is_ok(status))
            status = next_in_file(reader, retdocument, &found, reterr);
        if (!leat_is_ok(status)) {
            leat_input_close_file(&reader->input);
            return status;
        }
        if (found)
            return LEAT_OK;
    }
}
