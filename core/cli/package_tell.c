/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of an archive that was made. */
#include "package.h"

#include <unistd.h>

#define LINE_WIDTH 110

static leat_str size_text(struct leat_arena *arena, size_t size)
{
    if (size < 1000)
        return leat_arena_printf(arena, "%zu B", size);
    return size < 10000000 ? leat_arena_printf(arena, "%zu kB", (size + 500) / 1000)
                           : leat_arena_printf(arena, "%.1f MB", (double)size / 1e6);
}

/* --- for people -------------------------------------------------------------------------------------------- */

static void tell_archive(struct leat_package *package, const struct leat_package_result *result)
{
    unsigned newest = leat_package_newest(package);
    leat_cli_print_visible(stdout, leat_str_c(result->output));
    printf("  %.*s  %s", LEAT_ARG(size_text(&package->arena, result->size)), leat_elf_machine(package->machine));
    if (newest > 0)
        printf("  newest symbol GLIBC_%u.%u", newest / 1000, newest % 1000);
    putchar('\n');
}

static void tell_files(struct leat_package *package)
{
    struct leat_arena *arena = &package->arena;
    size_t column = 0;
    for (const struct leat_package_item *item = package->first; item != NULL; item = item->next) {
        bool debug = item->elf.debug && !item->stripped;
        leat_str text =
            leat_arena_printf(arena, "%.*s %.*s%s", LEAT_ARG(item->name), LEAT_ARG(size_text(arena, item->content.len)),
                              debug ? " (not stripped)" : "");
        bool new_line = column == 0 || column + text.len + 3 > LINE_WIDTH;
        fputs(column == 0 ? "  " : new_line ? "\n  " : " \u00b7 ", stdout);
        leat_cli_print_visible(stdout, text);
        column = (new_line ? 2 : column + 3) + text.len;
    }
    putchar('\n');
}

static void tell_costs(const struct leat_package *package)
{
    for (size_t i = 0; i < package->cost_count; i++) {
        const struct leat_package_cost *cost = &package->costs[i];
        if (leat_package_find(package, cost->item->name) == NULL)
            continue; /* the layer's */
        printf("  %.*s: about %.1f ms at the start, with %u librar%s\n", LEAT_ARG(cost->item->name),
               (double)cost->us / 1000, cost->libraries, cost->libraries == 1 ? "y" : "ies");
    }
}

/* What to do with it next. */
static void tell_next(const struct leat_package *package, const struct leat_package_result *result)
{
    char template[512];
    const char *example = "events/sqs.json";
    bool here = package->machine == LEAT_PACKAGE_OWN_MACHINE;
    if (!result->function)
        return;
    bool has_example = access(example, R_OK) == 0;
    if (here) {
        printf("try:    %sleat replay --bootstrap ", has_example ? "" : "leat sample sqs | ");
        leat_cli_print_visible(stdout, leat_str_c(result->output));
        printf(" %s\n", has_example ? example : "-");
    }
    snprintf(template, sizeof(template), "deploy/lambda/%.*s.yaml", LEAT_ARG(result->name));
    if (access(template, R_OK) != 0)
        return;
    fputs("deploy: sam deploy -t ", stdout);
    leat_cli_print_visible(stdout, leat_str_c(template));
    puts(" --guided");
}

/* --- for machines ------------------------------------------------------------------------------------------ */

static void add_file(struct leat_buf *buf, const struct leat_package_result *result,
                     const struct leat_package_item *item)
{
    size_t packed = 0;
    for (size_t i = 0; i < result->file_count; i++)
        if (leat_str_eq(result->files[i].name, item->name))
            packed = result->files[i].packed_size;
    leat_buf_c(buf, "{\"name\":");
    leat_buf_json_string(buf, item->name);
    leat_buf_json_member(buf, "role", leat_str_c(leat_package_role_name(item->role)));
    leat_buf_printf(buf, ",\"bytes\":%zu,\"zipped\":%zu", item->content.len, packed);
    leat_buf_json_member(buf, "package", item->owner);
    leat_buf_json_member(buf, "version", item->version);
    leat_buf_char(buf, '}');
}

static void tell_json(struct leat_package *package, const struct leat_package_result *result)
{
    unsigned newest = leat_package_newest(package);
    struct leat_buf buf;
    leat_buf_init(&buf, &package->arena);
    leat_buf_c(&buf, "{\"file\":");
    leat_buf_json_string(&buf, leat_str_c(result->output));
    leat_buf_printf(&buf, ",\"bytes\":%zu,\"machine\":\"%s\"", result->size, leat_elf_machine(package->machine));
    if (newest > 0)
        leat_buf_printf(&buf, ",\"glibc\":\"%u.%u\"", newest / 1000, newest % 1000);
    leat_buf_c(&buf, ",\"files\":[");
    for (const struct leat_package_item *item = package->first; item != NULL; item = item->next) {
        leat_buf_c(&buf, item != package->first ? "," : "");
        add_file(&buf, result, item);
    }
    leat_buf_c(&buf, "],\"start\":[");
    const char *between = "";
    for (size_t i = 0; i < package->cost_count; i++) {
        if (leat_package_find(package, package->costs[i].item->name) == NULL)
            continue;
        leat_buf_printf(&buf, "%s{\"name\":", between);
        leat_buf_json_string(&buf, package->costs[i].item->name);
        leat_buf_printf(&buf, ",\"us\":%u,\"libraries\":%u}", package->costs[i].us, package->costs[i].libraries);
        between = ",";
    }
    leat_buf_c(&buf, "]}\n");
    leat_str text = leat_buf_str(&buf);
    if (text.ptr != NULL)
        fwrite(text.ptr, 1, text.len, stdout);
}

void leat_package_tell(struct leat_package *package, const struct leat_package_result *result, bool json)
{
    if (json) {
        tell_json(package, result);
        return;
    }
    tell_archive(package, result);
    tell_files(package);
    tell_costs(package);
    tell_next(package, result);
}
