/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a 64-bit ELF file says of itself, out of its sections: for which machine it is, what it needs, wants and
 * exports. Nothing of it runs. Pure; the bytes may be anybody's.
 */
#ifndef LEAT_CLI_ELF_READ_H
#define LEAT_CLI_ELF_READ_H

#include <leat/arena.h>
#include <leat/error.h>

/* That libraries must have a version, or the loader refuses the file. */
struct leat_elf_version {
    leat_str library, name; /* "libc.so.6", "GLIBC_2.34" */
    uint16_t index;         /* of symbols that want it */
    bool weak;              /* the loader may go on without it */
};

struct leat_elf_symbol {
    leat_str name;
    uint16_t version; /* index of what it wants; 0 and 1: nothing */
    bool defined, weak;
};

struct leat_elf {
    unsigned machine; /* EM_X86_64, ... */
    unsigned type;    /* ET_DYN, ET_EXEC, ... */
    bool dynamic;     /* it has a dynamic section: no program that is fully static */
    bool program;     /* it is started, not loaded into another */
    bool leat;        /* it has the note of leat_main(): leat, bootstrap, or a program with a handler linked in */
    bool debug;       /* it has symbols or more that strip takes away */
    leat_str interpreter, soname;
    leat_str runpath; /* folders, with colons; RPATH if it has no RUNPATH */
    leat_str *needed;
    struct leat_elf_version *versions;
    struct leat_elf_symbol *symbols; /* that others see, and those it lacks */
    uint32_t needed_count, version_count, symbol_count;
};

/* All slices lie in `bytes`. CONFIG: it is none, or damaged; *reterr says it without the file's name. NO_MEMORY. */
leat_status leat_elf_read(struct leat_arena *arena, leat_str bytes, struct leat_elf *ret, struct leat_error *reterr);

/* "x86_64", "arm64", as Lambda calls them, or "an unknown machine". */
const char *leat_elf_machine(unsigned machine);
/* The first symbol that wants the version; absent: only the file itself does. */
leat_str leat_elf_wanted_by(const struct leat_elf *elf, const struct leat_elf_version *version);
/* "GLIBC_2.34" -> 2034 if it begins with `prefix` and a number follows; 0: it does not. */
unsigned leat_elf_version_number(leat_str name, const char *prefix);

#endif
