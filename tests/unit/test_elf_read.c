/* SPDX-License-Identifier: Apache-2.0 */
/* ELF files: one built here table by table, and this very program. Real ones are in tests/package, hostile ones in
 * fuzz. */
#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <elf.h>
#include <elf_read.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static struct leat_arena arena;
static struct leat_error error;

static void start(void)
{
    leat_arena_init(&arena, 0);
    error = (struct leat_error){0};
}

static void end(void)
{
    leat_arena_fini(&arena);
}

TestSuite(elf_read, .timeout = 60, .init = start, .fini = end);

enum { NOTHING, STRINGS, DYNAMIC, SYMBOLS, OF_SYMBOLS, VERSIONS, NOTE, SECTIONS };

/* Where the texts stand in `strings`. */
#define TEXTS "\0libc.so.6\0liba.so\0$ORIGIN/lib\0GLIBC_2.34\0GLIBC_2.36\0leat_handler_a\0arc4random\0open\0hidden"
enum { LIBC = 1, SONAME = 11, RUNPATH = 19, V34 = 31, V36 = 42, HANDLER = 53, ARC = 68, OPEN = 79, HIDDEN = 84 };

/* A shared object that exports leat_handler_a and wants arc4random and open. */
struct image {
    Elf64_Ehdr header;
    Elf64_Shdr sections[SECTIONS];
    Elf64_Dyn dynamic[4];
    Elf64_Sym symbols[5];
    Elf64_Verneed need;
    Elf64_Vernaux wanted[2];
    uint16_t versions[6];
    uint32_t note[6];
    char strings[sizeof(TEXTS)];
};

#define SECTION(kind, member, link)                                                                      \
    {                                                                                                    \
        .sh_type = (kind), .sh_offset = offsetof(struct image, member), .sh_size = sizeof(image.member), \
        .sh_link = (link)                                                                                \
    }

static struct image image;

static leat_str build(void)
{
    image = (struct image){
        .header = {.e_type = ET_DYN,
                   .e_machine = EM_AARCH64,
                   .e_shoff = offsetof(struct image, sections),
                   .e_shnum = SECTIONS},
        .sections = {[STRINGS] = SECTION(SHT_STRTAB, strings, 0),
                     [DYNAMIC] = SECTION(SHT_DYNAMIC, dynamic, STRINGS),
                     [SYMBOLS] = SECTION(SHT_DYNSYM, symbols, STRINGS),
                     [OF_SYMBOLS] = SECTION(SHT_GNU_versym, versions, SYMBOLS),
                     [VERSIONS] = SECTION(SHT_GNU_verneed, need, STRINGS),
                     [NOTE] = SECTION(SHT_NOTE, note, 0)},
        .dynamic = {{DT_NEEDED, {LIBC}}, {DT_SONAME, {SONAME}}, {DT_RUNPATH, {RUNPATH}}, {DT_NULL, {0}}},
        .symbols = {[1] = {.st_name = HANDLER, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), .st_shndx = 1},
                    [2] = {.st_name = ARC, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC)},
                    [3] = {.st_name = OPEN, .st_info = ELF64_ST_INFO(STB_WEAK, STT_FUNC)},
                    [4] = {.st_name = HIDDEN, .st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC), .st_shndx = 1}},
        .need = {.vn_version = 1, .vn_cnt = 2, .vn_file = LIBC, .vn_aux = sizeof(Elf64_Verneed)},
        .wanted = {{.vna_other = 2, .vna_name = V36, .vna_next = sizeof(Elf64_Vernaux)},
                   {.vna_other = 3, .vna_name = V34, .vna_flags = VER_FLG_WEAK}},
        .versions = {0, 1, 2, 3, 0, 0},
        .note = {5, 4, 1},
        .strings = TEXTS,
    };
    image.sections[VERSIONS].sh_info = 1;
    memcpy(image.header.e_ident, ELFMAG "\2\1", 6);
    memcpy(&image.note[3], "leat", 4);
    return leat_str_of((const char *)&image, sizeof(image));
}

Test(elf_read, a_shared_object_says_what_it_is_and_needs)
{
    struct leat_elf elf;
    cr_assert(leat_is_ok(leat_elf_read(&arena, build(), &elf, &error)), "%s", error.message);
    cr_expect_str_eq(leat_elf_machine(elf.machine), "arm64");
    cr_expect(elf.dynamic && elf.leat && !elf.program && !elf.debug);
    cr_assert_eq(elf.needed_count, 1);
    cr_expect_str_eq(elf.needed[0].ptr, "libc.so.6");
    cr_expect_str_eq(elf.soname.ptr, "liba.so");
    cr_expect_str_eq(elf.runpath.ptr, "$ORIGIN/lib");
    cr_assert_eq(elf.symbol_count, 3, "local names are nobody's");
    cr_expect(elf.symbols[0].defined && !elf.symbols[1].defined && elf.symbols[2].weak);
}

Test(elf_read, versions_are_told_with_who_wants_them)
{
    struct leat_elf elf;
    cr_assert(leat_is_ok(leat_elf_read(&arena, build(), &elf, &error)), "%s", error.message);
    cr_assert_eq(elf.version_count, 2);
    cr_expect_str_eq(elf.versions[0].name.ptr, "GLIBC_2.36");
    cr_expect_str_eq(leat_elf_wanted_by(&elf, &elf.versions[0]).ptr, "arc4random");
    cr_expect(!elf.versions[0].weak && elf.versions[1].weak);
}

Test(elf_read, numbers_of_versions_compare)
{
    cr_expect_eq(leat_elf_version_number(LEAT_STR("GLIBC_2.34"), "GLIBC_"), 2034);
    cr_expect_eq(leat_elf_version_number(LEAT_STR("GLIBC_2.2.5"), "GLIBC_"), 2002);
    cr_expect_eq(leat_elf_version_number(LEAT_STR("GCC_3.0"), "GCC_"), 3000);
    cr_expect_eq(leat_elf_version_number(LEAT_STR("GLIBC_PRIVATE"), "GLIBC_"), 0);
    cr_expect_eq(leat_elf_version_number(LEAT_STR("OPENSSL_3.0.0"), "GLIBC_"), 0);
    cr_expect_gt(leat_elf_version_number(LEAT_STR("GLIBC_99999999999999999999.99999999999999999999"), "GLIBC_"), 2034);
}

Test(elf_read, this_program_needs_the_c_library)
{
    struct leat_elf elf;
    FILE *file = fopen("/proc/self/exe", "re");
    size_t size = (size_t)256 << 20, len;
    char *bytes = leat_alloc_raw(size);
    cr_assert(file != NULL && bytes != NULL);
    len = fread(bytes, 1, size, file);
    (void)fclose(file);
    cr_assert(leat_is_ok(leat_elf_read(&arena, leat_str_of(bytes, len), &elf, &error)), "%s", error.message);
    bool found = false;
    for (uint32_t i = 0; i < elf.needed_count; i++)
        found |= leat_str_is(elf.needed[i], "libc.so.6");
    cr_expect(found && elf.program && elf.debug && elf.interpreter.len > 0);
    leat_free(bytes);
}

/* With bytes of the heap, so that the sanitizer sees what is read behind them. */
static leat_status read_copy(leat_str bytes)
{
    struct leat_arena own LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_elf elf;
    char *copy = leat_alloc_raw(bytes.len > 0 ? bytes.len : 1);
    cr_assert_not_null(copy);
    memcpy(copy, bytes.ptr, bytes.len);
    leat_arena_init(&own, 0);
    leat_status status = leat_elf_read(&own, leat_str_of(copy, bytes.len), &elf, &error);
    leat_free(copy);
    return status;
}

Test(elf_read, what_is_cut_off_is_refused)
{
    leat_str bytes = build();
    for (size_t len = 0; len < offsetof(struct image, strings) + HIDDEN; len++) {
        error = (struct leat_error){0};
        cr_assert_eq(read_copy(leat_str_of(bytes.ptr, len)).code, LEAT_E_CONFIG, "%zu", len);
        cr_expect(error.message[0] != '\0' && error.fix[0] != '\0', "%zu", len);
    }
}

Test(elf_read, no_byte_leads_out_of_the_file)
{
    leat_str bytes = build();
    char *copy = leat_alloc_raw(bytes.len);
    cr_assert_not_null(copy);
    for (size_t i = 0; i < bytes.len; i++)
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            memcpy(copy, bytes.ptr, bytes.len);
            copy[i] = (char)(copy[i] ^ (char)flip);
            int code = read_copy(leat_str_of(copy, bytes.len)).code;
            cr_assert(code == LEAT_E_DONE || code == LEAT_E_CONFIG || code == LEAT_E_NO_MEMORY, "%zu: %d", i, code);
        }
    leat_free(copy);
}

Test(elf_read, what_is_no_elf_file_is_refused)
{
    cr_expect_eq(read_copy(LEAT_STR("#!/bin/sh\n")).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "not an ELF file");
    leat_str bytes = build();
    image.header.e_ident[EI_CLASS] = ELFCLASS32;
    cr_expect_eq(read_copy(bytes).code, LEAT_E_CONFIG);
    (void)build();
    image.header.e_type = ET_REL;
    cr_expect_eq(read_copy(bytes).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "an ELF file, but neither a shared object nor a program");
}

Test(elf_read, each_allocation_may_fail)
{
    leat_str bytes = build();
    leat_status status = LEAT_STATUS(BUG);
    for (uint64_t nth = 2; !leat_is_ok(status); nth++) { /* 1: the test's own */
        (void)leat_alloc_fail_at(nth, false);
        status = read_copy(bytes);
        (void)leat_alloc_fail_at(0, false);
        cr_assert(leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY, "%s", error.message);
    }
}
