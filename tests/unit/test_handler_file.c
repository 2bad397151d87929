/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names in a handler's file are read before anything opens it: whatever stands in the file, that reader neither
 * crashes nor lets it pass. The files here are whole pages long, so that a byte behind their end cannot be read, and
 * hold no handler, so that none is ever opened.
 */
#include <engine/handler_file.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAGE = 4096, SYMBOLS_MAX = 64 };

/* Header, sections and symbols, and the names at the very end of the page. */
struct file {
    Elf64_Ehdr header;
    Elf64_Shdr sections[4]; /* none, .dynsym, .dynstr, another .dynsym */
    Elf64_Sym symbols[SYMBOLS_MAX];
    char gap[PAGE - sizeof(Elf64_Ehdr) - 4 * sizeof(Elf64_Shdr) - SYMBOLS_MAX * sizeof(Elf64_Sym) - 256];
    char names[256];
};
_Static_assert(sizeof(struct file) == PAGE, "one page");

static struct file file;
static char path[] = "/tmp/leat-handler-XXXXXX";
static struct leat_error error;

static void add_symbol(size_t index, size_t name)
{
    file.symbols[index] = (Elf64_Sym){
        .st_name = (Elf64_Word)name, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1, .st_size = 8};
}

static Elf64_Shdr section(Elf64_Word type, size_t offset, size_t size, Elf64_Word link)
{
    return (Elf64_Shdr){.sh_type = type, .sh_offset = offset, .sh_size = size, .sh_link = link};
}

/* Exports "main" and "handle"; the names end with the file. */
static void setup(void)
{
    file = (struct file){.header = {.e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT}};
    memcpy(file.header.e_ident, ELFMAG "\2\1\1", 7);
    file.header.e_shoff = offsetof(struct file, sections);
    file.header.e_shentsize = sizeof(Elf64_Shdr);
    file.header.e_shnum = 4;
    file.sections[1] = section(SHT_DYNSYM, offsetof(struct file, symbols), 3 * sizeof(Elf64_Sym), 2);
    file.sections[2] = section(SHT_STRTAB, offsetof(struct file, names), sizeof(file.names), 0);
    memcpy(file.names + 1, "main", 5);
    memcpy(file.names + sizeof(file.names) - 7, "handle", 7);
    add_symbol(1, 1);
    add_symbol(2, sizeof(file.names) - 7);
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void teardown(void)
{
    (void)unlink(path);
}

static bool is_64_bits(void)
{
    return sizeof(void *) == 8;
}

TestSuite(handler_file, .init = setup, .fini = teardown, .timeout = 120);

static void write_bytes(const void *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    cr_assert_not_null(out);
    cr_assert_eq(fwrite(bytes, 1, size, out), size);
    cr_assert_eq(fclose(out), 0);
}

/* Opens what was written; it must be refused. Returns the message. */
static const char *refused(const void *bytes, size_t size)
{
    const struct leat_handler *handler = NULL;
    write_bytes(bytes, size);
    error = (struct leat_error){0};
    leat_status status = leat_handler_open(path, LEAT_ABSENT, &handler, &error);
    cr_assert_eq(status.code, LEAT_E_CONFIG, "%s", error.message);
    cr_assert(handler == NULL);
    cr_expect(strncmp(error.message, path, strlen(path)) == 0, "%s", error.message);
    cr_expect_neq(error.fix[0], '\0', "%s: nothing is advised", error.message);
    return error.message;
}

static void expect_exports(const char *exports)
{
    const char *message = refused(&file, sizeof(file));
    const char *at = strstr(message, ": not a leat handler: it exports ");
    cr_expect(at != NULL && strcmp(strstr(at, "exports ") + 8, exports) == 0, "%s, want %s", message, exports);
}

Test(handler_file, names_may_end_with_the_file)
{
    expect_exports("main, handle");
}

Test(handler_file, a_name_that_does_not_end_is_none)
{
    file.names[sizeof(file.names) - 1] = 'X';
    expect_exports("main");
}

Test(handler_file, a_name_outside_the_table_is_none)
{
    static const size_t places[] = {0, sizeof(file.names), sizeof(file.names) + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        add_symbol(2, places[i]);
        expect_exports("main");
    }
}

Test(handler_file, only_what_is_defined_and_visible_is_exported)
{
    file.symbols[2].st_shndx = SHN_UNDEF;
    expect_exports("main");
    add_symbol(2, sizeof(file.names) - 7);
    file.symbols[2].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
    expect_exports("main");
    add_symbol(2, sizeof(file.names) - 7);
    file.symbols[2].st_other = STV_HIDDEN;
    expect_exports("main");
    memcpy(file.names + 1, "_init", 6);
    expect_exports("nothing");
}

Test(handler_file, tables_outside_the_file_are_not_read)
{
    static const uint64_t wrong[] = {PAGE,
                                     PAGE - 1,
                                     PAGE + 1,
                                     1,
                                     UINT64_MAX,
                                     UINT64_MAX - 7,
                                     UINT64_MAX / 24,
                                     (uint64_t)1 << 63,
                                     UINT64_MAX - PAGE + 1,
                                     (uint64_t)1 << 32};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        for (int where = 0; where < 5; where++) {
            struct file good = file;
            uint64_t *const fields[] = {&file.header.e_shoff, &file.sections[1].sh_offset, &file.sections[1].sh_size,
                                        &file.sections[2].sh_offset, &file.sections[2].sh_size};
            *fields[where] = wrong[i];
            (void)refused(&file, sizeof(file));
            file = good;
        }
    }
}

Test(handler_file, a_table_of_names_that_is_no_section_is_not_read)
{
    static const Elf64_Word links[] = {3, 4, 5, 0xFFFF, UINT32_MAX};
    file.sections[3] = section(SHT_STRTAB, PAGE, 1, 0);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        file.sections[1].sh_link = links[i];
        expect_exports("nothing");
    }
    file.header.e_shnum = 0xFFFF;
    cr_expect(strstr(refused(&file, sizeof(file)), "table of sections is missing or cut off") != NULL);
    file.header.e_shnum = 0;
    cr_expect(strstr(refused(&file, sizeof(file)), "table of sections is missing or cut off") != NULL);
}

Test(handler_file, many_names_are_cut_with_dots)
{
    for (size_t i = 1; i < SYMBOLS_MAX; i++)
        add_symbol(i, 1);
    file.sections[1].sh_size = sizeof(file.symbols);
    memcpy(file.names + 1, "a_rather_long_name", 19);
    const char *message = refused(&file, sizeof(file));
    size_t len = strlen(message);
    cr_expect(len < 250 && strcmp(message + len - 5, ", ...") == 0, "%s", message);
    cr_expect(strstr(message, "..., ...") == NULL, "%s", message);
}

Test(handler_file, what_is_cut_anywhere_is_refused)
{
    if (!is_64_bits())
        cr_skip_test("written for 64 bits");
    for (size_t size = 0; size < sizeof(file); size += size < 600 ? 1 : 17)
        (void)refused(&file, size);
}

Test(handler_file, a_flipped_bit_anywhere_crashes_nothing)
{
    if (!is_64_bits())
        cr_skip_test("written for 64 bits");
    size_t used = offsetof(struct file, symbols) + 3 * sizeof(Elf64_Sym);
    for (size_t bit = 0; bit < used * 8; bit++) {
        ((unsigned char *)&file)[bit / 8] ^= (unsigned char)(1u << bit % 8);
        (void)refused(&file, sizeof(file));
        ((unsigned char *)&file)[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

Test(handler_file, random_damage_crashes_nothing)
{
    uint64_t random = 20240502;
    const struct file good = file;
    for (int round = 0; round < 3000; round++) {
        for (int i = 0; i < 6; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t place = (size_t)(random >> 33) % offsetof(struct file, gap);
            if (place > SELFMAG) /* what is no ELF file at all is soon refused */
                ((unsigned char *)&file)[place] = (unsigned char)(random >> 20);
        }
        (void)refused(&file, sizeof(file));
        file = good;
    }
}

Test(handler_file, files_that_are_none_are_refused)
{
    static const char text[] = "#include <leat/leat.h>\n";
    cr_expect(strstr(refused("", 0), "it is empty") != NULL);
    cr_expect(strstr(refused(text, sizeof(text)), "not a shared object") != NULL);
    cr_expect(strstr(refused(ELFMAG, 4), "not a shared object") != NULL);
    file.header.e_type = ET_REL;
    cr_expect(strstr(refused(&file, sizeof(file)), "not a shared object for this machine") != NULL);
}
