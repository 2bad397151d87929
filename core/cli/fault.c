/* SPDX-License-Identifier: Apache-2.0 */
/* Input that is no JSON: the same words for people and for machines, for every verb that reads documents. */
#include "cli.h"

#include <file/reader.h>

#include <leat/alloc.h>
#include <leat/buf.h>

static void add_since(struct leat_buf *buf, const struct leat_document *document)
{
    leat_buf_printf(buf, " that starts at ");
    if (document->since_line != document->line)
        leat_buf_printf(buf, "line %llu, ", (unsigned long long)document->since_line);
    leat_buf_printf(buf, "column %llu", (unsigned long long)document->since_column);
}

/* "not JSON: the file ends inside a string that starts at column 8101" */
static void add_reason(struct leat_buf *buf, const struct leat_document *document)
{
    const struct leat_json_fault *fault = &document->fault;
    if (fault->status.code == LEAT_E_NOT_JSON)
        leat_buf_c(buf, "not JSON: ");
    if (fault->ended)
        leat_buf_c(buf, strcmp(document->file, "-") == 0 ? "the input ends " : "the file ends ");
    leat_buf_c(buf, fault->what != NULL ? fault->what : leat_status_text(fault->status));
    if (fault->ended && leat_str_starts(leat_str_c(fault->what), LEAT_STR("inside")))
        add_since(buf, document);
}

static void add_for_people(struct leat_buf *buf, const struct leat_document *document)
{
    leat_buf_visible(buf, leat_str_c(document->file));
    leat_buf_printf(buf, ":%llu:%llu: error: ", (unsigned long long)document->line,
                    (unsigned long long)document->column);
    add_reason(buf, document);
}

void leat_cli_add_form(struct leat_buf *buf, const struct leat_document *document)
{
    if (document->part > 0)
        leat_buf_printf(buf, ",\"part\":%u", document->part);
    if (document->form != NULL)
        leat_buf_json_member(buf, "form", leat_str_c(document->form->name));
}

static void add_json(struct leat_buf *buf, const struct leat_document *document)
{
    struct leat_buf reason;
    leat_buf_init(&reason, buf->arena);
    add_reason(&reason, document);
    leat_buf_char(buf, '{');
    leat_buf_json_member(buf, "file", leat_str_c(document->file));
    leat_buf_printf(buf, ",\"document\":%llu", (unsigned long long)document->number);
    leat_cli_add_form(buf, document);
    leat_buf_printf(buf, ",\"error\":{\"code\":\"%s\",\"offset\":%zu,\"line\":%llu,\"column\":%llu",
                    leat_status_code(document->fault.status), document->fault.offset,
                    (unsigned long long)document->line, (unsigned long long)document->column);
    leat_buf_json_member(buf, "message", leat_buf_str(&reason));
    leat_buf_c(buf, "}}");
}

void leat_cli_print_fault(const struct leat_document *document, bool json)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf buf;
    leat_arena_init(&arena, 0);
    leat_buf_init(&buf, &arena);
    (json ? add_json : add_for_people)(&buf, document);
    leat_buf_char(&buf, '\n');
    leat_str line = leat_buf_str(&buf);
    fflush(json ? stderr : stdout); /* so that the two stand in order where both are one terminal */
    fwrite(line.ptr != NULL ? line.ptr : "", 1, line.len, json ? stdout : stderr);
}

void leat_cli_fault_inside(struct leat_document *document, const struct leat_json_fault *fault)
{
    size_t end = fault->offset < document->text.len ? fault->offset : document->text.len;
    if (document->form != NULL)
        end = 0; /* the text does not stand in the file like this: its document is all that has a place */
    document->fault = *fault;
    document->fault.ended = false; /* the text is whole: what it was read by says so */
    document->fault.offset = (size_t)document->offset + end;
    for (size_t i = 0; i < end; i++) {
        bool newline = document->text.ptr[i] == '\n';
        document->line += newline ? 1 : 0;
        document->column = newline ? 1 : document->column + 1;
    }
}
