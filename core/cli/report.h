/* SPDX-License-Identifier: Apache-2.0 */
/* What replay tells: lines for people or JSON, golden lines, totals. */
#ifndef LEAT_CLI_REPORT_H
#define LEAT_CLI_REPORT_H

#include "cli.h"

#include <engine/metrics.h>
#include <file/source.h>

struct leat_lines {
    leat_str *items;
    size_t count, size;
};

/* Appends; the text is the caller's. False: the arena overflowed. */
bool leat_lines_add(struct leat_arena *arena, struct leat_lines *lines, leat_str line);

struct leat_report {
    const struct leat_cli *cli;
    bool json, quiet, only;  /* only: some events are left out, and documents without any are not told of */
    bool guest;              /* the function is another process */
    bool golden;             /* golden lines are kept */
    struct leat_arena arena; /* of the golden lines */
    struct leat_lines lines;
    struct leat_metrics metrics;
    bool filters;               /* there are some */
    uint64_t filtered;          /* records that matched none */
    uint64_t documents, errors; /* errors: documents answered with one */
    bool broken_input, unreadable, out_of_memory;
    struct leat_reader *reader;
    int64_t started_us, shown_us; /* of the progress line */
    bool progress_shown;
};

void leat_report_init(struct leat_report *report, const struct leat_cli *cli);
void leat_report_fini(struct leat_report *report);
/* The callbacks for the source. */
struct leat_file_report leat_report_callbacks(struct leat_report *report);
/* Totals. `verdict`: "as expected" and the like behind them, or NULL. */
void leat_report_summary(struct leat_report *report, const char *verdict);
/* Something was not ok. */
bool leat_report_failed(const struct leat_report *report);

/* The golden lines against those of a file: prints the differences, returns how many lines differ in *ret. */
leat_status leat_expect_compare(const struct leat_report *report, const char *path, size_t *retdifferences,
                                struct leat_error *reterr);
leat_status leat_expect_record(const struct leat_report *report, const char *path, struct leat_error *reterr);

#endif
