/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into the archive, and what may not: all that Lambda would say at the first invocation is said here. */
#include "files.h"
#include "package.h"

#include <elf.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GLIBC_LAMBDA 2034u /* of provided.al2023 */
#define LIBGCC_LAMBDA 11000u
#define ITEMS_MAX 4096
#define HANDLER "leat_handler_"

static leat_status no_memory(struct leat_error *reterr)
{
    return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

leat_status leat_package_make(struct leat_package *package, enum leat_package_role role, const char *path,
                              struct leat_package_item **ret, struct leat_error *reterr)
{
    struct leat_package_item *item = LEAT_NEW(&package->arena, struct leat_package_item);
    struct leat_error error = {0};
    *ret = item;
    if (item == NULL)
        return no_memory(reterr);
    item->role = role;
    item->path = leat_arena_copy(&package->arena, leat_str_c(path)).ptr;
    item->is_elf = role != LEAT_PACKAGE_CONFIGURATION;
    LEAT_TRY(leat_file_read(&package->arena, path, &item->content, reterr));
    char *real = realpath(path, NULL);
    item->real = leat_arena_copy(&package->arena, leat_str_c(real)).ptr;
    free(real); /* realpath's */
    if (!item->is_elf)
        return leat_arena_status(&package->arena);
    leat_status status = leat_elf_read(&package->arena, item->content, &item->elf, &error);
    if (leat_is_ok(status))
        return status;
    (void)leat_error_set(reterr, status, "%s: %s", path,
                         error.message[0] != '\0' ? error.message : leat_status_text(status));
    leat_error_fix(reterr, "%s", error.fix);
    return status;
}

/* --- what Lambda's glibc has ------------------------------------------------------------------------------ */

static const char *who(struct leat_package *package, const struct leat_package_item *item)
{
    if (item->needed_by == NULL)
        return item->path;
    leat_str text = leat_arena_printf(&package->arena, "%.*s (%s, for %.*s)", LEAT_ARG(item->name), item->path,
                                      LEAT_ARG(item->needed_by->name));
    return text.ptr != NULL ? text.ptr : item->path;
}

static leat_status too_new(struct leat_package *package, const struct leat_package_item *item,
                           const struct leat_elf_version *version, const char *has, struct leat_error *reterr)
{
    leat_str symbol = leat_elf_wanted_by(&item->elf, version);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s needs %.*s%s%.*s; Lambda has %s", who(package, item),
                         LEAT_ARG(symbol), symbol.len > 0 ? " of " : "", LEAT_ARG(version->name), has);
    if (leat_str_starts(item->name, LEAT_STR("lib/libstdc++.so.")))
        leat_error_fix(reterr, "link with -static-libstdc++ -Wl,--exclude-libs,ALL -Wl,--gc-sections");
    else if (leat_str_starts(item->name, LEAT_STR("lib/libevent")))
        leat_error_fix(reterr, "link the program with $(pkg-config --libs leat-function)");
    else
        leat_error_fix(reterr, "build %s where glibc is 2.34 or older, or link what needs it statically",
                       item->needed_by != NULL ? "it" : "the file");
    return LEAT_STATUS(CONFIG);
}

static leat_status packed_relocations(struct leat_package *package, const struct leat_package_item *item,
                                      struct leat_error *reterr)
{
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG),
                         "%s has packed relative relocations (GLIBC_ABI_DT_RELR), which are newer than GLIBC_2.34; "
                         "Lambda has 2.34",
                         who(package, item));
    leat_error_fix(reterr, "link with -Wl,-z,nopack-relative-relocs");
    return LEAT_STATUS(CONFIG);
}

static leat_status check_versions(struct leat_package *package, const struct leat_package_item *item,
                                  struct leat_error *reterr)
{
    for (uint32_t i = 0; i < item->elf.version_count; i++) {
        const struct leat_elf_version *version = &item->elf.versions[i];
        if (version->weak)
            continue;
        if (leat_str_starts(version->name, LEAT_STR("GLIBC_ABI_")))
            return packed_relocations(package, item, reterr);
        if (leat_elf_version_number(version->name, "GLIBC_") > GLIBC_LAMBDA)
            return too_new(package, item, version, "2.34", reterr);
        if (leat_elf_version_number(version->name, "GCC_") > LIBGCC_LAMBDA)
            return too_new(package, item, version, "libgcc_s of GCC 11", reterr);
    }
    return LEAT_OK;
}

static leat_status check_machine(const struct leat_package *package, const struct leat_package_item *item,
                                 struct leat_error *reterr)
{
    unsigned machine = item->elf.machine;
    if (machine != EM_X86_64 && machine != EM_AARCH64) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG),
                             "%s is for another machine (ELF number %u); Lambda has x86_64 "
                             "and arm64",
                             item->path, machine);
        leat_error_fix(reterr, "build it for one of these");
        return LEAT_STATUS(CONFIG);
    }
    if (package->machine == 0 || package->machine == machine)
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s is for %s, and %s for %s", item->path,
                         leat_elf_machine(machine), package->first != NULL ? package->first->path : "the package",
                         leat_elf_machine(package->machine));
    leat_error_fix(reterr, "for another machine name a bootstrap that is built for it: --bootstrap FILE");
    return LEAT_STATUS(CONFIG);
}

/* Of a program: the loader that Lambda has. */
static leat_status check_interpreter(const struct leat_package_item *item, struct leat_error *reterr)
{
    leat_str name = leat_str_base(item->elf.interpreter);
    if (name.ptr == NULL || leat_package_is_present(name))
        return LEAT_OK;
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s is started by %.*s, which Lambda does not have", item->path,
                         LEAT_ARG(item->elf.interpreter));
    leat_error_fix(reterr, "build it with glibc, or statically");
    return LEAT_STATUS(CONFIG);
}

leat_status leat_package_add(struct leat_package *package, struct leat_package_item *item, leat_str name,
                             struct leat_error *reterr)
{
    item->name = name;
    if (name.ptr == NULL || package->arena.overflow)
        return no_memory(reterr);
    if (leat_package_find(package, name) != NULL || package->count == ITEMS_MAX || leat_str_is(name, "sbom.json")) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: the archive has a %.*s already", item->path,
                             LEAT_ARG(name));
        leat_error_fix(reterr, "give one of them another name");
        return LEAT_STATUS(CONFIG);
    }
    if (item->is_elf) {
        LEAT_TRY(check_machine(package, item, reterr));
        LEAT_TRY(check_interpreter(item, reterr));
        LEAT_TRY(check_versions(package, item, reterr));
        package->machine = item->elf.machine;
    }
    if (item->elf.debug && !package->keep_debug)
        leat_package_strip(&package->arena, item);
    *package->last = item;
    package->last = &item->next;
    package->count++;
    return LEAT_OK;
}

struct leat_package_item *leat_package_find(const struct leat_package *package, leat_str name)
{
    for (struct leat_package_item *item = package->first; item != NULL; item = item->next)
        if (leat_str_eq(item->name, name))
            return item;
    return NULL;
}

/* --- handlers --------------------------------------------------------------------------------------------- */

/* A few names of what it exports instead, for the message. */
static void list_exports(const struct leat_elf *elf, char *text, size_t size)
{
    size_t len = 0;
    snprintf(text, size, "nothing");
    for (uint32_t i = 0; i < elf->symbol_count && len + 80 < size; i++) {
        leat_str name = elf->symbols[i].name;
        if (elf->symbols[i].defined && name.ptr[0] != '_')
            len += (size_t)snprintf(text + len, size - len, "%s%.60s", len > 0 ? ", " : "", name.ptr);
    }
}

static bool exports_handler(const struct leat_elf *elf)
{
    for (uint32_t i = 0; i < elf->symbol_count; i++)
        if (elf->symbols[i].defined && leat_str_starts(elf->symbols[i].name, LEAT_STR(HANDLER)))
            return true;
    return false;
}

static leat_status no_handler(const struct leat_package_item *item, leat_str name, struct leat_error *reterr)
{
    char exports[200];
    leat_str stem = leat_str_cut(&name, '.');
    if (item->elf.program) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: a program, but none of leat_main()", item->path);
        leat_error_fix(reterr, "build the handler with cc -shared -fPIC, or call leat_main() and link leat-main");
        return LEAT_STATUS(CONFIG);
    }
    list_exports(&item->elf, exports, sizeof(exports));
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: not a leat handler: it exports %s", item->path, exports);
    leat_error_fix(reterr, "add LEAT_HANDLER(%.*s, .handle = handle);", LEAT_ARG(stem));
    return LEAT_STATUS(CONFIG);
}

static struct leat_package_item *find_real(const struct leat_package *package, const char *real)
{
    for (struct leat_package_item *item = package->first; item != NULL; item = item->next)
        if (item->role == LEAT_PACKAGE_HANDLER && real != NULL && item->real != NULL && strcmp(item->real, real) == 0)
            return item;
    return NULL;
}

leat_status leat_package_add_handler(struct leat_package *package, const char *path, leat_str name,
                                     struct leat_error *reterr)
{
    struct leat_package_item *item;
    LEAT_TRY(leat_package_make(package, LEAT_PACKAGE_HANDLER, path, &item, reterr));
    if (find_real(package, item->real) != NULL)
        return LEAT_OK;
    bool program = item->elf.leat && (item->elf.program || item->elf.interpreter.ptr != NULL);
    if (!program && !exports_handler(&item->elf))
        return no_handler(item, name, reterr);
    if (program) {
        item->role = LEAT_PACKAGE_PROGRAM;
        return leat_package_add(package, item, LEAT_STR("bootstrap"), reterr);
    }
    if (leat_str_ends(name, LEAT_STR(".so")))
        return leat_package_add(package, item, name, reterr);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG),
                         "%s: a handler whose name does not end in .so is not found at "
                         "run time",
                         path);
    leat_error_fix(reterr, "name it %.*s.so", LEAT_ARG(name));
    return LEAT_STATUS(CONFIG);
}

/* --- what they need --------------------------------------------------------------------------------------- */

/* A library alone; measured with the page cache warm, of libraries as Debian has them. */
static unsigned cost_of(leat_str name)
{
    static const struct {
        const char *begin;
        unsigned us;
    } heavy[] = {{"lib/libcrypto.so.", 500},
                 {"lib/libssl.so.", 150},
                 {"lib/librdkafka.so.", 400},
                 {"lib/libcurl.so.", 700},
                 {"lib/libgnutls.so.", 250}};
    for (size_t i = 0; i < sizeof(heavy) / sizeof(heavy[0]); i++)
        if (leat_str_starts(name, leat_str_c(heavy[i].begin)))
            return heavy[i].us;
    return 60;
}

static leat_status add_needed(struct leat_package *package, const struct leat_package_item *needer, leat_str library,
                              struct leat_package_cost *cost, struct leat_error *reterr)
{
    struct leat_package_item *item;
    leat_str name = leat_arena_printf(&package->arena, "lib/%.*s", LEAT_ARG(library));
    if (leat_package_is_present(library) || leat_package_find(package, name) != NULL)
        return LEAT_OK;
    if (memchr(library.ptr, '/', library.len) != NULL) {
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s needs %.*s by its path, which Lambda does not have",
                             needer->path, LEAT_ARG(library));
        leat_error_fix(reterr, "build that library with -Wl,-soname,NAME, or link it with -lNAME");
        return LEAT_STATUS(CONFIG);
    }
    LEAT_TRY(leat_package_find_library(package, library, needer, &item, reterr));
    if (!leat_str_is(library, "libcjson.so.1")) { /* every function has it */
        cost->libraries++;
        cost->us += cost_of(name);
    }
    return leat_package_add(package, item, name, reterr);
}

leat_status leat_package_close(struct leat_package *package, const struct leat_package_item *item,
                               struct leat_error *reterr)
{
    struct leat_package_cost cost = {.item = item, .us = cost_of(LEAT_ABSENT)};
    for (const struct leat_package_item *at = package->first; at != NULL; at = at->next) /* the list grows meanwhile */
        for (uint32_t i = 0; i < at->elf.needed_count; i++)
            LEAT_TRY(add_needed(package, at, at->elf.needed[i], &cost, reterr));
    if (item != NULL && cost.libraries > 0 && package->cost_count < LEAT_PACKAGE_COSTS_MAX)
        package->costs[package->cost_count++] = cost;
    return LEAT_OK;
}

leat_status leat_package_add_libs(struct leat_package *package, struct leat_error *reterr)
{
    for (size_t i = 0; i < package->lib_count; i++) {
        struct leat_package_item *item;
        struct stat info;
        const char *path = package->libs[i];
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
            continue;
        LEAT_TRY(leat_package_make(package, LEAT_PACKAGE_LIBRARY, path, &item, reterr));
        leat_str file = leat_str_base(leat_str_c(path));
        file = item->elf.soname.len > 0 && !item->elf.program ? item->elf.soname : file;
        leat_str name = leat_arena_printf(&package->arena, "lib/%.*s", LEAT_ARG(file));
        if (item->elf.type != ET_DYN || memchr(file.ptr, '/', file.len) != NULL)
            return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: not a shared object", path);
        if (leat_package_find(package, name) == NULL)
            LEAT_TRY(leat_package_add(package, item, name, reterr));
    }
    return LEAT_OK;
}

/* --- all of it -------------------------------------------------------------------------------------------- */

static bool exports(const struct leat_elf *elf, leat_str name)
{
    for (uint32_t i = 0; i < elf->symbol_count; i++)
        if (elf->symbols[i].defined && leat_str_eq(elf->symbols[i].name, name))
            return true;
    return false;
}

leat_status leat_package_check(const struct leat_package *package, struct leat_error *reterr)
{
    const struct leat_package_item *bootstrap = leat_package_find(package, LEAT_STR("bootstrap"));
    for (const struct leat_package_item *item = package->first; item != NULL; item = item->next)
        for (uint32_t i = 0; i < item->elf.symbol_count; i++) {
            const struct leat_elf_symbol *symbol = &item->elf.symbols[i];
            if (bootstrap == NULL || symbol->defined || symbol->weak ||
                !leat_str_starts(symbol->name, LEAT_STR("leat_")) || exports(&bootstrap->elf, symbol->name))
                continue;
            (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s calls %.*s, which %s does not have", item->path,
                                 LEAT_ARG(symbol->name), bootstrap->path);
            leat_error_fix(reterr, bootstrap->role == LEAT_PACKAGE_PROGRAM
                                       ? "link the program with -rdynamic, or package the .so with leat's bootstrap"
                                       : "build it with the headers of this leat");
            return LEAT_STATUS(CONFIG);
        }
    return LEAT_OK;
}

unsigned leat_package_newest(const struct leat_package *package)
{
    unsigned newest = 0;
    for (const struct leat_package_item *item = package->first; item != NULL; item = item->next)
        for (uint32_t i = 0; i < item->elf.version_count; i++) {
            unsigned number = leat_elf_version_number(item->elf.versions[i].name, "GLIBC_");
            newest = number > newest && !item->elf.versions[i].weak ? number : newest;
        }
    return newest;
}
