/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <leat/alloc.h>
#include <leat/clock.h>

#include <stdlib.h>
#include <sys/resource.h>

#define ID_WIDTH 12     /* of an id in a line for people */
#define REPLY_WIDTH 400 /* of a reply there */

void leat_report_init(struct leat_report *report, const struct leat_cli *cli)
{
    *report = (struct leat_report){.cli = cli, .started_us = leat_clock_us(&leat_clock_system)};
    leat_arena_init(&report->arena, 0);
    leat_arena_init(&report->metrics.arena, 0);
}

void leat_report_fini(struct leat_report *report)
{
    leat_arena_fini(&report->arena);
    leat_arena_fini(&report->metrics.arena);
}

/* --- one event, as the report sees it ------------------------------------------------------------ */

struct told {
    const struct leat_document *document;
    const struct leat_delivery *delivery;
    const struct leat_unit *unit;
    const struct leat_result *result;
    leat_str kind, id; /* id absent: a broken record */
    enum leat_outcome_kind outcome;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* Want of memory is seen at the end, by the arena. */
static void add_golden(struct leat_report *report, struct leat_buf *line)
{
    (void)leat_lines_add(&report->arena, &report->lines, leat_buf_str(line));
}

static void golden_start(struct leat_report *report, struct leat_buf *line, const struct leat_document *document)
{
    leat_buf_init(line, &report->arena);
    leat_buf_visible(line, leat_str_c(base_name(document->file)));
    leat_buf_printf(line, "#%llu", (unsigned long long)document->number);
    if (document->part > 0)
        leat_buf_printf(line, ".%u", document->part);
}

static void golden_field(struct leat_buf *line, leat_str text)
{
    leat_buf_char(line, '\t');
    leat_buf_visible(line, text);
}

static void golden_event(struct leat_report *report, const struct told *told)
{
    struct leat_buf line;
    golden_start(report, &line, told->document);
    golden_field(&line, told->kind);
    golden_field(&line, leat_str_c(told->result->handler != NULL ? told->result->handler : "-"));
    golden_field(&line, told->id.ptr != NULL ? told->id : LEAT_STR("-"));
    golden_field(&line, leat_str_c(leat_outcome_name(told->outcome)));
    if (told->result->reason.ptr != NULL)
        golden_field(&line, told->result->reason);
    add_golden(report, &line);
}

static void golden_answer(struct leat_report *report, const struct leat_document *document,
                          const struct leat_answer *answer)
{
    struct leat_buf line;
    golden_start(report, &line, document);
    golden_field(&line, answer->text.ptr != NULL ? LEAT_STR("reply") : LEAT_STR("error"));
    golden_field(&line, answer->text.ptr != NULL ? answer->text : answer->error_type);
    if (answer->text.ptr == NULL)
        golden_field(&line, answer->error_message);
    add_golden(report, &line);
}

/* --- JSON lines --------------------------------------------------------------------------------------- */

static void json_start(struct leat_buf *line, struct leat_arena *arena, const struct leat_document *document)
{
    leat_buf_init(line, arena);
    leat_buf_char(line, '{');
    leat_buf_json_member(line, "file", leat_str_c(document->file));
    leat_buf_printf(line, ",\"document\":%llu", (unsigned long long)document->number);
    leat_cli_add_form(line, document);
}

static void print_line(struct leat_buf *line)
{
    leat_buf_char(line, '\n');
    leat_str text = leat_buf_str(line);
    fwrite(text.ptr, 1, text.len, stdout);
}

static void json_event(struct leat_arena *arena, const struct told *told)
{
    struct leat_buf line;
    json_start(&line, arena, told->document);
    leat_buf_json_member(&line, "kind", leat_str_c(told->delivery->records.adapter->name));
    leat_buf_printf(&line, ",\"record\":%u", told->unit->index);
    leat_buf_json_member(&line, "event", told->id);
    leat_buf_json_member(&line, "outcome", leat_str_c(leat_outcome_name(told->outcome)));
    leat_buf_json_member(&line, "reason", told->result->reason);
    leat_buf_printf(&line, ",\"attempt\":%u,\"duration_us\":%lld}", told->unit->attempts,
                    (long long)told->result->duration_us);
    print_line(&line);
}

static void json_answer(struct leat_arena *arena, const struct leat_document *document,
                        const struct leat_answer *answer)
{
    struct leat_buf line;
    json_start(&line, arena, document);
    if (answer->text.ptr != NULL) {
        leat_buf_json_member(&line, "reply", answer->text);
    } else {
        leat_buf_c(&line, ",\"reply\":null,\"error\":{");
        leat_buf_json_member(&line, "type", answer->error_type);
        leat_buf_json_member(&line, "message", answer->error_message);
        leat_buf_char(&line, '}');
    }
    leat_buf_char(&line, '}');
    print_line(&line);
}

/* --- lines for people ----------------------------------------------------------------------------------- */

static const char *colour_of(const struct leat_cli *cli, enum leat_outcome_kind outcome)
{
    static const char *const colours[] = {"\033[33m", "\033[32m", "\033[31m", "\033[33m"};
    return cli->colour ? colours[outcome] : "";
}

static leat_str shortened(leat_str text, size_t width)
{
    return text.len > width ? leat_str_of(text.ptr, width) : text;
}

static void print_padded(leat_str text, int width)
{
    leat_cli_print_visible(stdout, text);
    printf("%*s ", text.len < (size_t)width ? width - (int)text.len : 0, "");
}

static void text_event(const struct leat_report *report, const struct told *told)
{
    const char *colour = colour_of(report->cli, told->outcome);
    print_padded(told->kind, 16);
    print_padded(leat_str_c(told->result->handler != NULL ? told->result->handler : "-"), 10);
    print_padded(shortened(told->id.ptr != NULL ? told->id : LEAT_STR("-"), ID_WIDTH), ID_WIDTH);
    printf("%s%-6s%s %8.3f ms", colour, leat_outcome_name(told->outcome), colour[0] != '\0' ? "\033[0m" : "",
           (double)told->result->duration_us / 1000.0);
    if (told->result->reason.ptr != NULL) {
        fputs("  ", stdout);
        leat_cli_print_visible(stdout, told->result->reason);
    }
    putchar('\n');
}

static void text_answer(const struct leat_answer *answer)
{
    leat_str text = answer->text;
    if (text.ptr == NULL) {
        printf("     Lambda would be told the invocation failed: %.*s: ", LEAT_ARG(answer->error_type));
        text = answer->error_message;
    } else {
        fputs("     Lambda would be told ", stdout);
    }
    leat_cli_print_visible(stdout, shortened(text, REPLY_WIDTH));
    if (text.len > REPLY_WIDTH)
        printf("... (%zu bytes)", text.len);
    putchar('\n');
}

/* --- progress ---------------------------------------------------------------------------------------------- */

static void clear_progress(struct leat_report *report)
{
    if (report->progress_shown)
        fputs("\r\033[K", stderr);
    report->progress_shown = false;
}

/* On a terminal whose output goes elsewhere, after a second, ten times a second. */
static void show_progress(struct leat_report *report)
{
    int64_t now_us = leat_clock_us(&leat_clock_system);
    if (!report->cli->progress || now_us - report->started_us < 1000000 || now_us - report->shown_us < 100000)
        return;
    uint64_t read, total;
    leat_reader_progress(report->reader, &read, &total);
    report->shown_us = now_us;
    report->progress_shown = true;
    fprintf(stderr, "\r\033[K%llu events", (unsigned long long)report->metrics.events);
    if (total > 0)
        fprintf(stderr, ", %llu of %llu kB", (unsigned long long)read / 1000, (unsigned long long)total / 1000);
    fflush(stderr);
}

/* --- the callbacks ------------------------------------------------------------------------------------------- */

static void tell_event(struct leat_report *report, struct leat_arena *arena, const struct told *told)
{
    leat_metrics_count(&report->metrics, told->kind, told->outcome, told->result->duration_us);
    if (report->golden)
        golden_event(report, told);
    if (report->quiet)
        return;
    if (report->json)
        json_event(arena, told);
    else
        text_event(report, told);
}

/* Results of a unit; an event that was given back unstarted comes again, so it is told as a retry. */
static void tell_unit(struct leat_report *report, struct leat_arena *arena, struct told *told)
{
    const struct leat_unit *unit = told->unit;
    for (uint32_t i = 0; i < unit->result_count; i++) {
        bool broken = unit->events.count == 0;
        told->result = &unit->results[i];
        told->kind = broken ? leat_str_c(unit->record->adapter->name) : unit->events.items[i].kind;
        told->id = broken ? LEAT_ABSENT : leat_envelope_id(&unit->events.items[i], arena);
        told->outcome = told->result->kind == LEAT_OUTCOME_NONE ? LEAT_OUTCOME_RETRY : told->result->kind;
        tell_event(report, arena, told);
    }
}

static void settled(void *argument, const struct leat_document *document, const struct leat_delivery *delivery,
                    const struct leat_settlement *settlements, size_t count, const struct leat_answer *answer)
{
    struct leat_report *report = argument;
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct told told = {.document = document, .delivery = delivery};
    uint64_t before = report->metrics.events;
    leat_arena_init(&arena, 0);
    clear_progress(report);
    for (size_t i = 0; i < count; i++) {
        told.unit = settlements[i].unit;
        tell_unit(report, &arena, &told);
    }
    report->documents++;
    if (report->only && report->metrics.events == before)
        return;
    report->errors += answer->text.ptr == NULL ? 1 : 0;
    if (report->golden)
        golden_answer(report, document, answer);
    if (report->json && !report->quiet)
        json_answer(&arena, document, answer);
    else if (!report->quiet)
        text_answer(answer);
    show_progress(report);
}

static void unreadable(void *argument, const struct leat_document *document, leat_status status,
                       const struct leat_error *error)
{
    struct leat_report *report = argument;
    clear_progress(report);
    if (status.code == LEAT_E_NOT_JSON || status.code == LEAT_E_TOO_DEEP || status.code == LEAT_E_TOO_BIG) {
        report->broken_input = true;
        leat_cli_print_fault(document, report->json);
        if (status.code == LEAT_E_TOO_BIG)
            fputs("      raise it: --set limits.payload=128MiB, or --set limits.memory=2GiB\n", stderr);
        return;
    }
    report->out_of_memory = report->out_of_memory || status.code == LEAT_E_NO_MEMORY;
    report->unreadable = true;
    (void)leat_cli_fail_with(0, error);
}

struct leat_file_report leat_report_callbacks(struct leat_report *report)
{
    return (struct leat_file_report){.settled = settled, .unreadable = unreadable, .argument = report};
}

/* --- totals ----------------------------------------------------------------------------------------------------- */

bool leat_report_failed(const struct leat_report *report)
{
    const uint64_t *outcomes = report->metrics.outcomes;
    return outcomes[LEAT_OUTCOME_RETRY] > 0 || outcomes[LEAT_OUTCOME_REJECT] > 0 || report->errors > 0;
}

/* The kernel's own count of this program: getrusage also counts what the process was before exec, so a large parent. */
static long own_peak_bytes(void)
{
    static const char name[] = "VmHWM:";
    char line[128];
    long bytes = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && bytes == 0 && fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, name, sizeof(name) - 1) == 0)
            bytes = strtol(line + sizeof(name) - 1, NULL, 10) * 1024;
    if (status != NULL)
        (void)fclose(status);
    return bytes;
}

/* Of what runs the handlers: this program, or the largest process of the function. */
static long peak_rss_bytes(const struct leat_report *report)
{
    struct rusage usage;
    if (!report->guest)
        return own_peak_bytes();
    return getrusage(RUSAGE_CHILDREN, &usage) == 0 ? usage.ru_maxrss * 1024 : 0;
}

static double percentile_ms(const struct leat_histogram *runs, double percent)
{
    return (double)leat_histogram_percentile(runs, percent) / 1000.0;
}

static void print_row(leat_str name, uint64_t events, const uint64_t *outcomes, const struct leat_histogram *runs)
{
    print_padded(name, 16);
    printf("%7llu %6llu %6llu %6llu %8.3f %8.3f ms\n", (unsigned long long)events,
           (unsigned long long)outcomes[LEAT_OUTCOME_OK], (unsigned long long)outcomes[LEAT_OUTCOME_RETRY],
           (unsigned long long)outcomes[LEAT_OUTCOME_REJECT], percentile_ms(runs, 50), percentile_ms(runs, 99));
}

static void text_table(const struct leat_report *report)
{
    const struct leat_metrics *metrics = &report->metrics;
    printf("\n%-16s %7s %6s %6s %6s %8s %8s\n", "trigger", "events", "ok", "retry", "reject", "p50", "p99");
    for (const struct leat_kind_metrics *row = metrics->kinds; row != NULL; row = row->next)
        print_row(row->kind, row->events, row->outcomes, &row->runs);
    if (metrics->kinds != NULL && metrics->kinds->next != NULL)
        print_row(LEAT_STR("all"), metrics->events, metrics->outcomes, &metrics->runs);
    printf("%-16s peak RSS %.1f MB\n", "", (double)peak_rss_bytes(report) / 1e6);
}

static void text_verdict(const struct leat_report *report, const char *verdict)
{
    static const enum leat_outcome_kind order[] = {LEAT_OUTCOME_OK, LEAT_OUTCOME_RETRY, LEAT_OUTCOME_REJECT};
    const struct leat_metrics *metrics = &report->metrics;
    const char *before = ": ";
    printf("%llu event%s", (unsigned long long)metrics->events, metrics->events == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (metrics->outcomes[order[i]] == 0)
            continue;
        printf("%s%llu %s", before, (unsigned long long)metrics->outcomes[order[i]], leat_outcome_name(order[i]));
        before = ", ";
    }
    printf("%s%s\n", verdict != NULL ? ", " : "", verdict != NULL ? verdict : "");
}

void leat_report_summary(struct leat_report *report, const char *verdict)
{
    const struct leat_metrics *metrics = &report->metrics;
    clear_progress(report);
    if (report->json) {
        printf("{\"summary\":{\"events\":%llu,\"ok\":%llu,\"retry\":%llu,\"reject\":%llu,\"p50_us\":%lld,"
               "\"p99_us\":%lld,\"peak_rss_bytes\":%ld",
               (unsigned long long)metrics->events, (unsigned long long)metrics->outcomes[LEAT_OUTCOME_OK],
               (unsigned long long)metrics->outcomes[LEAT_OUTCOME_RETRY],
               (unsigned long long)metrics->outcomes[LEAT_OUTCOME_REJECT],
               (long long)leat_histogram_percentile(&metrics->runs, 50),
               (long long)leat_histogram_percentile(&metrics->runs, 99), peak_rss_bytes(report));
        if (report->filters)
            printf(",\"filtered\":%llu", (unsigned long long)report->filtered);
        puts("}}");
        return;
    }
    if (!report->quiet)
        text_table(report);
    if (report->filters)
        printf("%llu record%s filtered out\n", (unsigned long long)report->filtered, report->filtered == 1 ? "" : "s");
    if (report->quiet || verdict != NULL)
        text_verdict(report, verdict);
}
