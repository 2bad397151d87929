/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `leat package`: what goes into an archive, where it is found, and what is said of it. */
#ifndef LEAT_CLI_PACKAGE_H
#define LEAT_CLI_PACKAGE_H

#include "cli.h"
#include "elf_read.h"
#include "zip_write.h"

#include <leat/buf.h>

#if defined(__aarch64__)
#define LEAT_PACKAGE_OWN_MACHINE 183u /* EM_AARCH64 */
#else
#define LEAT_PACKAGE_OWN_MACHINE 62u /* EM_X86_64 */
#endif

enum leat_package_role {
    LEAT_PACKAGE_BOOTSTRAP, /* leat's own */
    LEAT_PACKAGE_PROGRAM,   /* of leat_main(), in its place */
    LEAT_PACKAGE_MODULE,
    LEAT_PACKAGE_LIBRARY,
    LEAT_PACKAGE_HANDLER,
    LEAT_PACKAGE_CONFIGURATION,
};

/* A file of the archive. */
struct leat_package_item {
    struct leat_package_item *next;
    enum leat_package_role role;
    leat_str name;    /* in the archive */
    const char *path; /* here, as it was found */
    const char *real; /* without links; NULL: nobody asked */
    leat_str content; /* as it goes in */
    bool is_elf, stripped;
    bool runtime; /* a layer brings it */
    struct leat_elf elf;
    const struct leat_package_item *needed_by; /* of a library; NULL: the command line */
    leat_str owner, version;                   /* the Debian package; absent: none, or unknown */
};

/* What the start of a function costs more because of this one. */
struct leat_package_cost {
    const struct leat_package_item *item;
    unsigned libraries, us;
};

#define LEAT_PACKAGE_COSTS_MAX 16

struct leat_package {
    struct leat_cli *cli;
    struct leat_arena arena;
    struct leat_package_item *first, **last;
    size_t count;
    unsigned machine;  /* of all of it; 0: not known yet */
    const char **libs; /* --libs, in order */
    size_t lib_count;
    struct leat_package_cost costs[LEAT_PACKAGE_COSTS_MAX];
    size_t cost_count;
    bool keep_debug;
};

/* --- package_plan.c: what goes in. All of them: CONFIG with the reason; NO_MEMORY --------------------------- */

/* An item of that file, not yet in the list; its ELF tables are read unless it is a configuration. */
leat_status leat_package_make(struct leat_package *package, enum leat_package_role role, const char *path,
                              struct leat_package_item **ret, struct leat_error *reterr);
/* Into the list, once it is found fit to run in Lambda; `name` must live as long as the package. */
leat_status leat_package_add(struct leat_package *package, struct leat_package_item *item, leat_str name,
                             struct leat_error *reterr);
struct leat_package_item *leat_package_find(const struct leat_package *package, leat_str name);
/* A handler, or a program of leat_main(); a file that is in the list already is not added again. */
leat_status leat_package_add_handler(struct leat_package *package, const char *path, leat_str name,
                                     struct leat_error *reterr);
/* What the items in the list need and Lambda does not have; `item` (or NULL) is who they are counted for. */
leat_status leat_package_close(struct leat_package *package, const struct leat_package_item *item,
                               struct leat_error *reterr);
/* Every file of --libs. */
leat_status leat_package_add_libs(struct leat_package *package, struct leat_error *reterr);
/* What the handlers call of leat is in the bootstrap; there is no glibc newer than Lambda's. */
leat_status leat_package_check(const struct leat_package *package, struct leat_error *reterr);
/* The newest version of glibc that an item asks for, as 2034; 0: of none. */
unsigned leat_package_newest(const struct leat_package *package);

/* --- package_find.c: where libraries lie ---------------------------------------------------------------------- */

/* The library `name` for package->machine, as `needer` (or NULL) would find it. CONFIG: there is none, and who needs
 * it.
 */
leat_status leat_package_find_library(struct leat_package *package, leat_str name,
                                      const struct leat_package_item *needer, struct leat_package_item **ret,
                                      struct leat_error *reterr);
/* glibc's own, and what comes with it: Lambda has them. */
bool leat_package_is_present(leat_str library);
/* NULL: none beside this program, and none where it is installed. */
const char *leat_package_own_bootstrap(struct leat_arena *arena);

/* --- package_config.c ------------------------------------------------------------------------------------------ */

/* The configuration, checked; its modules, if `runtime`, else itself and the handlers it names. EXIT_DONE, or an exit
 * status after messages. */
struct leat_config;
int leat_package_open_config(struct leat_package *package, struct leat_config *config, const char *path);
leat_status leat_package_add_modules(struct leat_package *package, const struct leat_config *config,
                                     struct leat_error *reterr);
leat_status leat_package_add_config(struct leat_package *package, const struct leat_config *config, const char *path,
                                    struct leat_error *reterr);

/* --- package_tool.c: programs that help ------------------------------------------------------------------------- */

/* Its exit status; -1: it cannot be run. What it says goes to *retsaid, its complaints nowhere. */
int leat_package_run(struct leat_arena *arena, const char *const *argv, leat_str *retsaid);
/* "aarch64-linux-gnu-strip", "x86_64-linux-gnu-strip" */
const char *leat_package_tool_prefix(unsigned machine, const char *tool);
/* Without a strip for its machine it stays as it is. */
void leat_package_strip(struct leat_arena *arena, struct leat_package_item *item);
/* Whose file each item is; nothing without dpkg. */
void leat_package_find_owners(struct leat_package *package);
/* The version of a package that is installed; absent: it is not, or there is no dpkg. */
leat_str leat_package_installed(struct leat_arena *arena, leat_str name);
bool leat_package_is_older(struct leat_arena *arena, leat_str version, leat_str than);

/* --- package_list.c: the list of what is inside, sbom.json -------------------------------------------------------- */

/* CycloneDX 1.5; the same text for the same files. `name` is the function's. */
leat_str leat_package_list(struct leat_package *package, leat_str name);
const char *leat_package_role_name(enum leat_package_role role);

/* --- package_tell.c -------------------------------------------------------------------------------------------- */

struct leat_package_result {
    const char *output; /* the archive */
    leat_str name;      /* of the function */
    const struct leat_zip_file *files;
    size_t file_count, size;
    bool function; /* all of one */
};
void leat_package_tell(struct leat_package *package, const struct leat_package_result *result, bool json);

/* --- package_check.c ------------------------------------------------------------------------------------------- */

/* --check: the archive beside what this machine has; `package` has --libs, `handlers` are files or none. An exit
 * status.
 */
struct leat_package_question {
    const char *archive, *bootstrap, *config;
    const char *const *handlers;
    size_t handler_count;
    bool json;
};
int leat_package_compare(struct leat_package *package, const struct leat_package_question *question);

#endif
