/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden lines. One line an event: FILE#DOCUMENT, kind, handler, id, outcome and reason; one a document:
 * FILE#DOCUMENT, "reply" and its text, or "error", its type and message. Tabs between; times are not in it.
 */
#include "report.h"

#include <leat/alloc.h>

#include <errno.h>
#include <stdlib.h>

#define LOOK_AHEAD 100 /* lines, to find where the two go on alike */

static const char head[] = "# leat replay --record: FILE#DOCUMENT  kind  handler  id  outcome  reason\n";

leat_status leat_expect_record(const struct leat_report *report, const char *path, struct leat_error *reterr)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%s: %s", path, strerror(errno));
    fputs(head, file);
    for (size_t i = 0; i < report->lines.count; i++)
        fprintf(file, "%.*s\n", LEAT_ARG(report->lines.items[i]));
    bool good = fflush(file) == 0 && ferror(file) == 0;
    int why = errno;
    if (fclose(file) == 0 && good)
        return LEAT_OK;
    return leat_error_set(reterr, LEAT_STATUS(IO), "%s: %s", path, strerror(why));
}

bool leat_lines_add(struct leat_arena *arena, struct leat_lines *lines, leat_str line)
{
    if (lines->count == lines->size) {
        size_t size = lines->size == 0 ? 64 : lines->size * 2;
        leat_str *larger = LEAT_NEW_N(arena, leat_str, size);
        if (larger == NULL)
            return false;
        if (lines->count > 0)
            memcpy(larger, lines->items, lines->count * sizeof(*larger));
        lines->items = larger;
        lines->size = size;
    }
    lines->items[lines->count++] = line;
    return line.ptr != NULL;
}

static void freep(char **text)
{
    free(*text); /* getline's */
}

static leat_status read_lines(struct leat_arena *arena, const char *path, struct leat_lines *ret,
                              struct leat_error *reterr)
{
    char *line LEAT_CLEANUP(freep) = NULL;
    size_t size = 0;
    bool good = true;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "%s: %s", path, strerror(errno));
    for (ssize_t len; good && (len = getline(&line, &size, file)) >= 0;) {
        leat_str text = leat_str_trim(leat_str_of(line, (size_t)len));
        if (text.len > 0 && text.ptr[0] != '#')
            good = leat_lines_add(arena, ret, leat_arena_copy(arena, text));
    }
    bool failed = ferror(file) != 0;
    (void)fclose(file); /* only read */
    if (!good)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return failed ? leat_error_set(reterr, LEAT_STATUS(IO), "%s cannot be read", path) : LEAT_OK;
}

/* How many lines further `line` stands, or LOOK_AHEAD. */
static size_t distance(const leat_str *lines, size_t from, size_t count, leat_str line)
{
    for (size_t i = 0; i < LOOK_AHEAD && from + i < count; i++)
        if (leat_str_eq(lines[from + i], line))
            return i;
    return LOOK_AHEAD;
}

/* The file is not ours alone: whatever controls but its tabs is escaped. */
static void print_difference(const struct leat_cli *cli, char sign, leat_str line)
{
    const char *colour = !cli->colour ? "" : sign == '-' ? "\033[31m" : "\033[32m";
    printf("%s%c ", colour, sign);
    for (leat_str rest = line; rest.ptr != NULL;) {
        leat_cli_print_visible(stdout, leat_str_cut(&rest, '\t'));
        fputs(rest.ptr != NULL ? "\t" : "", stdout);
    }
    printf("%s\n", cli->colour ? "\033[0m" : "");
}

leat_status leat_expect_compare(const struct leat_report *report, const char *path, size_t *retdifferences,
                                struct leat_error *reterr)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_lines wanted = {0};
    size_t w = 0, g = 0;
    leat_arena_init(&arena, 0);
    *retdifferences = 0;
    LEAT_TRY(read_lines(&arena, path, &wanted, reterr));
    while (w < wanted.count || g < report->lines.count) {
        bool have_wanted = w < wanted.count, have_got = g < report->lines.count;
        if (have_wanted && have_got && leat_str_eq(wanted.items[w], leat_str_trim(report->lines.items[g]))) {
            w++;
            g++;
            continue;
        }
        size_t missing =
            have_got ? distance(wanted.items, w, wanted.count, leat_str_trim(report->lines.items[g])) : LOOK_AHEAD;
        size_t extra =
            have_wanted ? distance(report->lines.items, g, report->lines.count, wanted.items[w]) : LOOK_AHEAD;
        bool drop_wanted = have_wanted && (missing <= extra || !have_got);
        if (*retdifferences == 0)
            printf("--- %s (expected)\n+++ what happened\n", path);
        print_difference(report->cli, drop_wanted ? '-' : '+',
                         drop_wanted ? wanted.items[w++] : report->lines.items[g++]);
        ++*retdifferences;
    }
    return LEAT_OK;
}
