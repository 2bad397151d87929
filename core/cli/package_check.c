/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `leat package --check`: an archive beside what this machine has. Its list says what each file was; what has a package
 * is compared by version, all else byte by byte with what would go in now.
 */
#include "files.h"
#include "package.h"

#include "zip_read.h"

#include <engine/module.h>

#include <leat/json.h>

#include <errno.h>
#include <unistd.h>

enum state { SAME, OLDER, OTHER, UNKNOWN };

struct checking {
    struct leat_package *package;
    const struct leat_package_question *question;
    struct leat_zip zip;
    struct leat_buf told; /* of the file at hand: why */
    unsigned files, older, unknown;
};

struct component {
    leat_str name, role, owner, version;
    leat_str content; /* in the archive */
};

/* --- the archive ------------------------------------------------------------------------------------------- */

static bool add_piece(void *argument, leat_str piece)
{
    leat_buf_add(argument, piece);
    return true;
}

/* Absent: there is no such file, or it is damaged. */
static leat_str unpacked(struct checking *checking, leat_str name)
{
    struct leat_arena *arena = &checking->package->arena;
    const char *copy = leat_arena_copy(arena, name).ptr;
    const struct leat_zip_entry *entry = copy != NULL ? leat_zip_find(&checking->zip, copy) : NULL;
    struct leat_buf buf;
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "");
    if (entry == NULL || entry->type != LEAT_ZIP_FILE || !leat_is_ok(leat_zip_unpack(entry, add_piece, &buf, NULL)))
        return LEAT_ABSENT;
    return leat_buf_str(&buf);
}

static leat_str property(const cJSON *component, const char *name)
{
    const cJSON *at = NULL;
    cJSON_ArrayForEach (at, leat_json_get_array(component, "properties"))
        if (leat_str_is(leat_json_get_text(at, "name"), name))
            return leat_json_get_text(at, "value");
    return LEAT_ABSENT;
}

static leat_status open_archive(struct checking *checking, const cJSON **retcomponents, struct leat_error *reterr)
{
    struct leat_arena *arena = &checking->package->arena;
    const char *path = checking->question->archive;
    struct leat_error error = {0};
    leat_str bytes;
    cJSON *list = NULL;
    LEAT_TRY(leat_file_read(arena, path, &bytes, reterr));
    leat_status status = leat_zip_read(arena, bytes, LEAT_ZIP_UNZIPPED_MAX, &checking->zip, &error);
    if (!leat_is_ok(status))
        return leat_error_set(reterr, status, "%s: %s", path, error.message);
    leat_str text = unpacked(checking, LEAT_STR("sbom.json"));
    if (text.len > 0)
        (void)leat_json_parse(arena, text, &list, NULL);
    *retcomponents = leat_json_get_array(list, "components");
    if (*retcomponents != NULL)
        return leat_arena_status(arena);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: it has no list of what is in it (sbom.json)", path);
    leat_error_fix(reterr, "leat package makes archives that have one");
    return LEAT_STATUS(CONFIG);
}

/* Of the first file that is for a machine at all. */
static unsigned machine_of(struct checking *checking)
{
    struct leat_arena *arena = &checking->package->arena;
    struct leat_elf elf;
    for (uint32_t i = 0; i < checking->zip.count; i++) {
        leat_str content = unpacked(checking, checking->zip.entries[i].name);
        if (content.len > 0 && leat_is_ok(leat_elf_read(arena, content, &elf, NULL)))
            return elf.machine;
    }
    return LEAT_PACKAGE_OWN_MACHINE;
}

/* --- what this machine has --------------------------------------------------------------------------------- */

static const char *given(const struct leat_package_question *question, leat_str name)
{
    for (size_t i = 0; i < question->handler_count; i++)
        if (leat_str_eq(leat_str_base(name), leat_str_base(leat_str_c(question->handlers[i]))))
            return question->handlers[i];
    return NULL;
}

static const char *find_module(struct leat_arena *arena, leat_str file)
{
    char path[4096];
    file.len -= leat_str_ends(file, LEAT_STR(".so")) ? 3 : 0;
    const char *name = leat_arena_copy(arena, file).ptr;
    bool found = name != NULL && leat_is_ok(leat_module_find(name, path, sizeof(path), NULL));
    return found ? leat_arena_copy(arena, leat_str_c(path)).ptr : NULL;
}

static const char *path_now(struct checking *checking, const struct component *component)
{
    const struct leat_package_question *question = checking->question;
    struct leat_arena *arena = &checking->package->arena;
    if (leat_str_is(component->role, "bootstrap"))
        return question->bootstrap != NULL ? question->bootstrap : leat_package_own_bootstrap(arena);
    if (leat_str_is(component->role, "module"))
        return find_module(arena, component->name);
    if (leat_str_is(component->role, "configuration"))
        return question->config;
    if (leat_str_is(component->role, "program"))
        return question->handler_count > 0 ? question->handlers[0] : NULL;
    return given(question, component->name);
}

/* As it would go in now. NULL: this machine has none. */
static struct leat_package_item *find_now(struct checking *checking, const struct component *component)
{
    struct leat_package *package = checking->package;
    struct leat_package_item *item = NULL;
    leat_str name = component->name;
    enum leat_package_role role =
        leat_str_is(component->role, "configuration") ? LEAT_PACKAGE_CONFIGURATION : LEAT_PACKAGE_HANDLER;
    if (leat_str_is(component->role, "library")) {
        name = leat_str_starts(name, LEAT_STR("lib/")) ? leat_str_skip(name, 4) : name;
        bool found = leat_is_ok(leat_package_find_library(package, name, NULL, &item, NULL));
        item = found ? item : NULL;
    } else {
        const char *path = path_now(checking, component);
        if (path == NULL || !leat_is_ok(leat_package_make(package, role, path, &item, NULL)))
            return NULL;
    }
    if (item != NULL && item->is_elf && item->elf.machine != package->machine)
        return NULL;
    if (item != NULL && item->elf.debug && !package->keep_debug)
        leat_package_strip(&package->arena, item);
    return item;
}

/* --- a file ------------------------------------------------------------------------------------------------ */

static enum state compare_content(struct checking *checking, const struct component *component)
{
    const struct leat_package_item *item = find_now(checking, component);
    if (item == NULL) {
        leat_buf_c(&checking->told, "not compared: none is named or found here");
        return UNKNOWN;
    }
    if (leat_str_eq(item->content, component->content))
        return SAME;
    leat_buf_printf(&checking->told, "another than %s", item->path);
    return OTHER;
}

static enum state compare_version(struct checking *checking, const struct component *component)
{
    struct leat_arena *arena = &checking->package->arena;
    leat_str now = leat_package_installed(arena, component->owner);
    if (now.ptr == NULL)
        return compare_content(checking, component);
    if (!leat_package_is_older(arena, component->version, now))
        return leat_str_eq(component->version, now) ? compare_content(checking, component) : SAME;
    leat_buf_printf(&checking->told, "%.*s %.*s, this machine has %.*s", LEAT_ARG(component->owner),
                    LEAT_ARG(component->version), LEAT_ARG(now));
    return OLDER;
}

static enum state compare(struct checking *checking, const struct component *component)
{
    if (component->content.ptr == NULL) {
        leat_buf_c(&checking->told, "in the list, and not in the archive, or damaged");
        return OTHER;
    }
    if (component->owner.len > 0 && component->version.len > 0)
        return compare_version(checking, component);
    return compare_content(checking, component);
}

static void tell(struct checking *checking, const struct component *component, enum state state)
{
    static const char *const names[] = {"same", "older", "other", "unknown"};
    leat_str why = leat_buf_str(&checking->told);
    struct leat_buf buf;
    leat_buf_init(&buf, &checking->package->arena);
    if (checking->question->json) {
        leat_buf_c(&buf, "{\"file\":");
        leat_buf_json_string(&buf, leat_str_c(checking->question->archive));
        leat_buf_json_member(&buf, "name", component->name);
        leat_buf_json_member(&buf, "state", leat_str_c(names[state]));
        leat_buf_json_member(&buf, "why", why);
        leat_buf_c(&buf, "}\n");
    } else if (state != SAME) {
        leat_buf_visible(&buf, leat_str_c(checking->question->archive));
        leat_buf_c(&buf, ": ");
        leat_buf_visible(&buf, component->name);
        leat_buf_c(&buf, ": ");
        leat_buf_visible(&buf, why);
        leat_buf_char(&buf, '\n');
    }
    leat_str text = leat_buf_str(&buf);
    if (text.len > 0)
        fwrite(text.ptr, 1, text.len, stdout);
}

static void check_component(struct checking *checking, const cJSON *at)
{
    struct component component = {.name = leat_json_get_text(at, "name"),
                                  .role = property(at, "leat:role"),
                                  .owner = property(at, "leat:package"),
                                  .version = leat_json_get_text(at, "version")};
    component.name = component.name.ptr != NULL ? component.name : LEAT_STR("(without a name)");
    component.content = unpacked(checking, component.name);
    leat_buf_init(&checking->told, &checking->package->arena);
    enum state state = compare(checking, &component);
    checking->files++;
    checking->older += state == OLDER || state == OTHER ? 1 : 0;
    checking->unknown += state == UNKNOWN ? 1 : 0;
    tell(checking, &component, state);
}

int leat_package_compare(struct leat_package *package, const struct leat_package_question *question)
{
    struct checking checking = {.package = package, .question = question};
    struct leat_error error = {0};
    const cJSON *components = NULL, *at = NULL;
    if (access(question->archive, R_OK) != 0)
        return leat_cli_fail(EXIT_NO_INPUT, NULL, "%s: %s", question->archive, strerror(errno));
    leat_status status = open_archive(&checking, &components, &error);
    if (!leat_is_ok(status))
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    package->machine = machine_of(&checking);
    cJSON_ArrayForEach (at, components)
        check_component(&checking, at);
    if (package->arena.overflow)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    unsigned compared = checking.files - checking.unknown;
    if (!question->json && checking.older == 0) {
        leat_cli_print_visible(stdout, leat_str_c(question->archive));
        printf(": %u file%s, none older than this machine's\n", compared, compared == 1 ? "" : "s");
    }
    return checking.older > 0 ? EXIT_OUTCOME : EXIT_DONE;
}
