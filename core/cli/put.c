/* SPDX-License-Identifier: Apache-2.0 */
/* `leat put SOURCE FILE|-...`: payloads into the queue of a source, as anybody else would put them there. */
#include "configuration.h"
#include "types.h"

#include <config/closest.h>
#include <file/reader.h>

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCES_MAX 64 /* that are looked at for what was meant */

enum { CONFIG, JSON, RAW, SET };

static const struct leat_cli_option options[] = {
    [CONFIG] = {"config", "FILE", "the configuration that has the source"},
    [JSON] = {"json", NULL, "one JSON value a line: a file with its name in the queue"},
    [RAW] = {"raw", NULL, "put it as it is, whether it is JSON or not"},
    [SET] = {"set", "KEY=VALUE", "an option of the configuration"},
    {NULL, NULL, NULL},
};

struct payload {
    const char *file;
    leat_str text;
};

struct put {
    struct leat_cli *cli;
    struct leat_config config;
    struct leat_arena arena; /* of payloads and names */
    const struct leat_config_source *source;
    struct payload *payloads;
    size_t count;
    bool json, raw;
};

/* --- the command line ------------------------------------------------------------------------------------- */

static bool take_option(void *argument, size_t index, const char *value)
{
    struct put *put = argument;
    struct leat_error error = {0};
    switch (index) {
    case JSON: put->json = true; break;
    case RAW: put->raw = true; break;
    case SET:
        if (leat_is_ok(leat_config_set(&put->config, value, &error)))
            return true;
        (void)leat_cli_fail_with(0, &error);
        return false;
    default: break;
    }
    return true;
}

static bool find_config(void *argument, size_t index, const char *value)
{
    if (index == CONFIG)
        *(const char **)argument = value;
    return true;
}

/* --- the source ----------------------------------------------------------------------------------------------- */

static int unknown_source(struct put *put, const char *wrong)
{
    const char *names[SOURCES_MAX];
    char fix[160];
    size_t count = 0;
    for (size_t i = 0; i < put->config.source_count && count < SOURCES_MAX; i++) {
        leat_str name = leat_arena_copy(&put->arena, put->config.sources[i].settings.name);
        if (name.ptr != NULL)
            names[count++] = name.ptr;
    }
    const char *closest = leat_closest(wrong, names, count);
    if (closest == NULL && count == 1)
        closest = names[0];
    if (closest != NULL)
        snprintf(fix, sizeof(fix), "did you mean \"%s\"?", closest);
    else
        snprintf(fix, sizeof(fix), "the configuration has %zu sources", put->config.source_count);
    return leat_cli_fail(EXIT_CONFIG, fix, "no source \"%s\"", wrong);
}

static int find_source(struct put *put, const char *name)
{
    put->source = leat_config_find_source(&put->config, leat_str_c(name));
    if (put->source == NULL)
        return unknown_source(put, name);
    if (put->source->ops->put == NULL)
        return leat_cli_fail(EXIT_CONFIG, NULL, "source \"%s\" is of type %s: nothing can be put there", name,
                             put->source->ops->name);
    return EXIT_DONE;
}

/* --- payloads --------------------------------------------------------------------------------------------------- */

/* All that `fd` has, up to `max` bytes. An errno; EFBIG: there is more. */
static int read_all(struct leat_buf *buf, int fd, size_t max)
{
    char piece[65536];
    for (;;) {
        ssize_t count = read(fd, piece, sizeof(piece));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? errno : 0;
        if ((size_t)count > max - buf->len)
            return EFBIG;
        leat_buf_add(buf, leat_str_of(piece, (size_t)count));
        if (buf->failed)
            return ENOMEM;
    }
}

static int read_payload(struct put *put, struct payload *payload)
{
    struct leat_buf buf;
    bool standard = strcmp(payload->file, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(payload->file, O_RDONLY | O_CLOEXEC);
    int why = fd < 0 ? errno : 0;
    leat_buf_init(&buf, &put->arena);
    leat_buf_c(&buf, ""); /* an empty file is no absent one */
    if (fd >= 0)
        why = read_all(&buf, fd, put->config.max_payload);
    if (fd >= 0 && !standard)
        close(fd);
    if (why == EFBIG)
        return leat_cli_fail(EXIT_NOT_JSON, "limits: {payload: ...} sets it", "%s is longer than %zu bytes",
                             payload->file, put->config.max_payload);
    if (why != 0)
        return leat_cli_fail(EXIT_NO_INPUT, NULL, "%s: %s", payload->file, strerror(why));
    payload->text = leat_buf_str(&buf);
    return payload->text.ptr != NULL ? EXIT_DONE : leat_cli_fail(EXIT_BUG, NULL, "out of memory");
}

static size_t skip_space(leat_str text, size_t at)
{
    while (at < text.len && memchr(" \t\r\n", text.ptr[at], 4) != NULL)
        at++;
    return at;
}

static void place_of(leat_str text, size_t offset, uint64_t *retline, uint64_t *retcolumn)
{
    *retline = *retcolumn = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        *retline += text.ptr[i] == '\n' ? 1 : 0;
        *retcolumn = text.ptr[i] == '\n' ? 1 : *retcolumn + 1;
    }
}

/* Is what stands from `from` to `to` one value? *retfault counts from the start of the text. */
static bool is_value(leat_str text, size_t from, size_t to, struct leat_json_fault *retfault)
{
    leat_str part = leat_str_of(text.ptr + from, to - from);
    size_t at = 0;
    bool scanned = leat_is_ok(leat_json_scan(part, &at, retfault));
    at = skip_space(part, at);
    if (scanned && at == part.len)
        return true;
    if (scanned)
        *retfault = (struct leat_json_fault){.status = LEAT_STATUS(NOT_JSON),
                                             .offset = at,
                                             .what = "more follows the value; several stand on a line each"};
    if (retfault->ended && skip_space(text, to) < text.len) {
        retfault->ended = false;
        retfault->what = "the line ends too early";
    }
    retfault->offset += from;
    retfault->since += from;
    return false;
}

static size_t line_end(leat_str text, size_t at)
{
    const char *newline = at < text.len ? memchr(text.ptr + at, '\n', text.len - at) : NULL;
    return newline != NULL ? (size_t)(newline - text.ptr) : text.len;
}

/* As a worker takes a file: a value a line if the first line is one by itself and more follows; else one value. */
static bool is_payload(leat_str text, struct leat_document *document)
{
    size_t at = skip_space(text, 0), end = line_end(text, at);
    bool lines = skip_space(text, end) < text.len && leat_json_valid(leat_str_of(text.ptr + at, end - at));
    if (!lines)
        return is_value(text, at, text.len, &document->fault);
    for (; at < text.len; at = skip_space(text, end), document->number++) {
        end = line_end(text, at);
        if (!is_value(text, at, end, &document->fault))
            return false;
    }
    return true;
}

/* Where it is none, that is told with its place. */
static int check_payload(const struct put *put, const struct payload *payload)
{
    struct leat_document document = {.file = payload->file, .number = 1, .text = payload->text};
    if (skip_space(payload->text, 0) == payload->text.len)
        return leat_cli_fail(EXIT_NOT_JSON, "--raw puts it as it is", "%s is empty", payload->file);
    if (is_payload(payload->text, &document))
        return EXIT_DONE;
    place_of(payload->text, document.fault.offset, &document.line, &document.column);
    place_of(payload->text, document.fault.since, &document.since_line, &document.since_column);
    leat_cli_print_fault(&document, put->json);
    if (!put->json)
        fputs("      nothing was put; --raw puts it as it is\n", stderr);
    return EXIT_NOT_JSON;
}

static int read_payloads(struct put *put, const char *const *files, size_t count)
{
    put->payloads = LEAT_NEW_N(&put->arena, struct payload, count);
    if (put->payloads == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct payload *payload = &put->payloads[put->count++];
        payload->file = files[i];
        int status = read_payload(put, payload);
        if (status == EXIT_DONE && !put->raw)
            status = check_payload(put, payload);
        if (status != EXIT_DONE)
            return status;
    }
    return EXIT_DONE;
}

/* --- into the queue ------------------------------------------------------------------------------------------- */

static void tell(struct put *put, const struct payload *payload, leat_str name)
{
    struct leat_buf buf;
    if (!put->json) {
        leat_cli_print_visible(stdout, name);
        putchar('\n');
        return;
    }
    leat_buf_init(&buf, &put->arena);
    leat_buf_char(&buf, '{');
    leat_buf_json_member(&buf, "file", leat_str_c(payload->file));
    leat_buf_json_member(&buf, "source", put->source->settings.name);
    leat_buf_json_member(&buf, "name", name);
    leat_buf_printf(&buf, ",\"bytes\":%zu}\n", payload->text.len);
    leat_str line = leat_buf_str(&buf);
    fwrite(line.ptr != NULL ? line.ptr : "", 1, line.len, stdout);
}

static int put_all(struct put *put)
{
    for (size_t i = 0; i < put->count; i++) {
        struct leat_error error = {0};
        leat_str name = LEAT_ABSENT;
        const struct payload *payload = &put->payloads[i];
        leat_status status = put->source->ops->put(put->source->options, payload->text, &put->arena, &name, &error);
        if (!leat_is_ok(status)) {
            int exit_status = status.code == LEAT_E_IO ? EXIT_CANNOT_WRITE : leat_cli_exit_of(status);
            (void)leat_cli_fail_with(exit_status, &error);
            if (i > 0)
                fprintf(stderr, "      %zu of %zu were put before\n", i, put->count);
            return exit_status;
        }
        tell(put, payload, name);
    }
    return EXIT_DONE;
}

static void put_fini(struct put *put)
{
    leat_arena_fini(&put->arena);
    leat_config_fini(&put->config);
}

static int put_main(struct leat_cli *cli, int argc, char **argv)
{
    struct put put LEAT_CLEANUP(put_fini) = {.cli = cli};
    const char **names LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*names));
    struct leat_error error = {0};
    const char *named = NULL;
    leat_arena_init(&put.arena, 0);
    if (names == NULL || !leat_is_ok(leat_config_init(&put.config)))
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_put, argc, argv, find_config, &named, names);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count < 2)
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat put inbox m.json, or - for standard input",
                             count == 0 ? "no source is named" : "no file is named");
    const char *file = leat_cli_find_worker_config("put", named);
    if (file == NULL)
        return EXIT_CONFIG;
    int status = leat_cli_configure(cli, &put.config, file);
    if (status != EXIT_DONE)
        return status;
    if (leat_cli_parse(&leat_verb_put, argc, argv, take_option, &put, names) < 0)
        return EXIT_USAGE_ERROR;
    if (!leat_is_ok(leat_config_check(&put.config, environ, &error)))
        return leat_cli_fail_with(EXIT_CONFIG, &error);
    status = find_source(&put, names[0]);
    if (status == EXIT_DONE)
        status = read_payloads(&put, names + 1, (size_t)count - 1);
    return status == EXIT_DONE ? put_all(&put) : status;
}

const struct leat_cli_verb leat_verb_put = {
    .name = "put",
    .arguments = "SOURCE FILE|-...",
    .summary = "put files into the queue of a source, for a worker to run",
    .examples = "leat put inbox m.json\n"
                "leat sample sqs | leat put inbox -\n"
                "leat put --config orders.yaml --json inbox events/*.json\n",
    .notes =
        "The source is one of the configuration: --config, LEAT_CONFIG, ./leat.yaml, /etc/leat/leat.yaml. Each file "
        "is\n"
        "one payload, on disk when the name that the queue gave it is printed. All files are read and checked before\n"
        "the first is put: each holds JSON, or JSON Lines. No worker needs to run.\n"
        "Exit status 65: a file is no JSON (nothing was put); 66: it cannot be read; 69: the queue is away; 74: it\n"
        "cannot be written; 78: no such source, or nothing can be put there.\n",
    .options = options,
    .configured = true,
    .run = put_main,
};
