/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By sections and not by segments: so the number of symbols is known, and `bootstrap` itself reads handlers that way
 * (engine/object.c). Every table is looked up by `table_at`, which alone decides what lies in the file.
 */
#include "elf_read.h"

#include <elf.h>

#define VERSION_CHAIN_MAX 4096 /* of a file that leads in circles */

struct reading {
    struct leat_arena *arena;
    leat_str bytes;
    struct leat_elf *elf;
    const Elf64_Shdr *sections;
    unsigned section_count;
    struct leat_error *reterr;
};

static leat_status refuse(const struct reading *reading, const char *why, const char *fix)
{
    (void)leat_error_set(reading->reterr, LEAT_STATUS(CONFIG), "%s", why);
    leat_error_fix(reading->reterr, "%s", fix);
    return LEAT_STATUS(CONFIG);
}

static leat_status damaged(const struct reading *reading)
{
    return refuse(reading, "an ELF file whose tables are missing or cut off", "copy or build it again");
}

/* `count` entries of `size` bytes at `offset`; NULL: they do not lie in the file, or not where they could be read. */
static const void *table_at(const struct reading *reading, uint64_t offset, uint64_t count, size_t size, size_t align)
{
    if (offset > reading->bytes.len || count > (reading->bytes.len - offset) / size)
        return NULL;
    const char *at = reading->bytes.ptr + offset;
    return (uintptr_t)at % align == 0 ? at : NULL;
}

static const void *content_of(const struct reading *reading, const Elf64_Shdr *section, size_t size, size_t align)
{
    return table_at(reading, section->sh_offset, section->sh_size / size, size, align);
}

/* Absent: the section is none, or no text ends in it. */
static leat_str text_in(const struct reading *reading, const Elf64_Shdr *strings, uint64_t at)
{
    const char *names = content_of(reading, strings, 1, 1);
    if (names == NULL || at >= strings->sh_size || memchr(names + at, '\0', strings->sh_size - at) == NULL)
        return LEAT_ABSENT;
    return leat_str_c(names + at);
}

static const Elf64_Shdr *linked(const struct reading *reading, const Elf64_Shdr *section)
{
    return section->sh_link < reading->section_count ? &reading->sections[section->sh_link] : NULL;
}

/* The first of that type; NULL: none. */
static const Elf64_Shdr *find(const struct reading *reading, uint32_t type)
{
    for (unsigned i = 0; i < reading->section_count; i++)
        if (reading->sections[i].sh_type == type)
            return &reading->sections[i];
    return NULL;
}

/* --- the dynamic section ---------------------------------------------------------------------------------- */

static bool take_dynamic(const struct reading *reading, const Elf64_Shdr *strings, const Elf64_Dyn *entry)
{
    struct leat_elf *elf = reading->elf;
    leat_str *place = NULL;
    switch (entry->d_tag) {
    case DT_NEEDED: place = &elf->needed[elf->needed_count++]; break;
    case DT_SONAME: place = &elf->soname; break;
    case DT_RUNPATH: place = &elf->runpath; break;
    case DT_RPATH: place = elf->runpath.ptr == NULL ? &elf->runpath : NULL; break;
    case DT_FLAGS_1: elf->program |= (entry->d_un.d_val & DF_1_PIE) != 0; break;
    default: break;
    }
    if (place == NULL)
        return true;
    *place = text_in(reading, strings, entry->d_un.d_val);
    return place->ptr != NULL;
}

static leat_status read_dynamic(const struct reading *reading)
{
    const Elf64_Shdr *section = find(reading, SHT_DYNAMIC);
    reading->elf->dynamic = section != NULL;
    if (section == NULL)
        return LEAT_OK;
    const Elf64_Dyn *entries = content_of(reading, section, sizeof(*entries), _Alignof(Elf64_Dyn));
    const Elf64_Shdr *strings = linked(reading, section);
    uint64_t count = section->sh_size / sizeof(*entries);
    if (entries == NULL || strings == NULL)
        return damaged(reading);
    reading->elf->needed = LEAT_NEW_N(reading->arena, leat_str, count + 1);
    if (reading->elf->needed == NULL)
        return leat_arena_status(reading->arena);
    for (uint64_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++)
        if (!take_dynamic(reading, strings, &entries[i]))
            return damaged(reading);
    return LEAT_OK;
}

/* --- versions --------------------------------------------------------------------------------------------- */

/* The versions wanted of one library, `at` the first of them. */
static leat_status read_versions_of(const struct reading *reading, const Elf64_Shdr *strings, const Elf64_Verneed *need,
                                    uint64_t at)
{
    struct leat_elf *elf = reading->elf;
    leat_str library = text_in(reading, strings, need->vn_file);
    if (library.len == 0)
        return damaged(reading);
    for (unsigned i = 0; i < need->vn_cnt; i++) {
        const Elf64_Vernaux *wanted = table_at(reading, at, 1, sizeof(*wanted), _Alignof(Elf64_Vernaux));
        leat_str name = wanted != NULL ? text_in(reading, strings, wanted->vna_name) : LEAT_ABSENT;
        if (name.len == 0 || elf->version_count == VERSION_CHAIN_MAX)
            return damaged(reading);
        elf->versions[elf->version_count++] = (struct leat_elf_version){
            library, name, (uint16_t)(wanted->vna_other & 0x7FFF), (wanted->vna_flags & VER_FLG_WEAK) != 0};
        if (wanted->vna_next == 0)
            break;
        at += wanted->vna_next;
    }
    return LEAT_OK;
}

static leat_status read_versions(const struct reading *reading)
{
    const Elf64_Shdr *section = find(reading, SHT_GNU_verneed);
    if (section == NULL)
        return LEAT_OK;
    const Elf64_Shdr *strings = linked(reading, section);
    uint64_t at = section->sh_offset;
    reading->elf->versions = LEAT_NEW_N(reading->arena, struct leat_elf_version, VERSION_CHAIN_MAX);
    if (reading->elf->versions == NULL)
        return leat_arena_status(reading->arena);
    for (unsigned i = 0; i < section->sh_info; i++) {
        const Elf64_Verneed *need = table_at(reading, at, 1, sizeof(*need), _Alignof(Elf64_Verneed));
        if (strings == NULL || need == NULL || i == VERSION_CHAIN_MAX)
            return damaged(reading);
        LEAT_TRY(read_versions_of(reading, strings, need, at + need->vn_aux));
        if (need->vn_next == 0)
            break;
        at += need->vn_next;
    }
    return LEAT_OK;
}

/* --- symbols ---------------------------------------------------------------------------------------------- */

static bool is_seen(const Elf64_Sym *symbol)
{
    unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    return ELF64_ST_BIND(symbol->st_info) != STB_LOCAL && (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* Which version each symbol wants, in the same order; NULL: none does. */
static const uint16_t *versions_of_symbols(const struct reading *reading, uint64_t count)
{
    const Elf64_Shdr *section = find(reading, SHT_GNU_versym);
    if (section == NULL || section->sh_size / sizeof(uint16_t) < count)
        return NULL;
    return content_of(reading, section, sizeof(uint16_t), _Alignof(uint16_t));
}

static leat_status read_symbols(const struct reading *reading)
{
    struct leat_elf *elf = reading->elf;
    const Elf64_Shdr *section = find(reading, SHT_DYNSYM);
    if (section == NULL)
        return LEAT_OK;
    const Elf64_Sym *symbols = content_of(reading, section, sizeof(*symbols), _Alignof(Elf64_Sym));
    const Elf64_Shdr *strings = linked(reading, section);
    uint64_t count = section->sh_size / sizeof(*symbols);
    const uint16_t *versions = versions_of_symbols(reading, count);
    if (symbols == NULL || strings == NULL || count > UINT32_MAX)
        return damaged(reading);
    elf->symbols = LEAT_NEW_N(reading->arena, struct leat_elf_symbol, count + 1);
    if (elf->symbols == NULL)
        return leat_arena_status(reading->arena);
    for (uint64_t i = 1; i < count; i++) {
        bool defined = symbols[i].st_shndx != SHN_UNDEF;
        leat_str name = text_in(reading, strings, symbols[i].st_name);
        if (name.len > 0 && is_seen(&symbols[i]))
            elf->symbols[elf->symbol_count++] = (struct leat_elf_symbol){
                .name = name,
                .version = versions != NULL && !defined ? versions[i] & 0x7FFF : 0,
                .defined = defined,
                .weak = ELF64_ST_BIND(symbols[i].st_info) == STB_WEAK,
            };
    }
    return LEAT_OK;
}

/* --- the file --------------------------------------------------------------------------------------------- */

/* As core/cli/cli.c writes it. */
static bool is_note_of_leat(const struct reading *reading, const Elf64_Shdr *section)
{
    static const char begin[] = "\5\0\0\0\4\0\0\0\1\0\0\0leat";
    const char *note = content_of(reading, section, 1, 1);
    return note != NULL && section->sh_size >= sizeof(begin) && memcmp(note, begin, sizeof(begin)) == 0;
}

static void read_kinds(const struct reading *reading, const Elf64_Ehdr *header)
{
    struct leat_elf *elf = reading->elf;
    for (unsigned i = 0; i < reading->section_count; i++) {
        elf->leat |= reading->sections[i].sh_type == SHT_NOTE && is_note_of_leat(reading, &reading->sections[i]);
        elf->debug |= reading->sections[i].sh_type == SHT_SYMTAB;
    }
    const Elf64_Phdr *segments =
        table_at(reading, header->e_phoff, header->e_phnum, sizeof(*segments), _Alignof(Elf64_Phdr));
    for (unsigned i = 0; segments != NULL && i < header->e_phnum; i++) {
        const char *text = table_at(reading, segments[i].p_offset, segments[i].p_filesz, 1, 1);
        uint64_t len = segments[i].p_filesz;
        if (segments[i].p_type == PT_INTERP && text != NULL && len > 1 && text[len - 1] == '\0')
            elf->interpreter = leat_str_c(text);
    }
    elf->program = elf->type == ET_EXEC || elf->interpreter.ptr != NULL;
}

static leat_status read_header(struct reading *reading, const Elf64_Ehdr **ret)
{
    const char *build = "build it with cc -shared -fPIC, for x86_64 or arm64";
    leat_str bytes = reading->bytes;
    if (!leat_str_starts(bytes, LEAT_STR(ELFMAG)))
        return refuse(reading, "not an ELF file", build);
    const Elf64_Ehdr *header = table_at(reading, 0, 1, sizeof(*header), _Alignof(Elf64_Ehdr));
    if (header == NULL)
        return damaged(reading);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
        return refuse(reading, "an ELF file for a machine that Lambda has none of: not 64 bits, little-endian", build);
    reading->elf->machine = header->e_machine;
    reading->elf->type = header->e_type;
    if (header->e_type != ET_DYN && header->e_type != ET_EXEC)
        return refuse(reading, "an ELF file, but neither a shared object nor a program", build);
    reading->section_count = header->e_shnum;
    reading->sections =
        table_at(reading, header->e_shoff, header->e_shnum, sizeof(*reading->sections), _Alignof(Elf64_Shdr));
    if (reading->sections == NULL || header->e_shnum == 0)
        return damaged(reading);
    *ret = header;
    return LEAT_OK;
}

leat_status leat_elf_read(struct leat_arena *arena, leat_str bytes, struct leat_elf *ret, struct leat_error *reterr)
{
    struct reading reading = {.arena = arena, .bytes = bytes, .elf = ret, .reterr = reterr};
    const Elf64_Ehdr *header;
    *ret = (struct leat_elf){0};
    LEAT_TRY(read_header(&reading, &header));
    read_kinds(&reading, header);
    LEAT_TRY(read_dynamic(&reading));
    LEAT_TRY(read_versions(&reading));
    return read_symbols(&reading);
}

const char *leat_elf_machine(unsigned machine)
{
    return machine == EM_X86_64 ? "x86_64" : machine == EM_AARCH64 ? "arm64" : "an unknown machine";
}

leat_str leat_elf_wanted_by(const struct leat_elf *elf, const struct leat_elf_version *version)
{
    for (uint32_t i = 0; i < elf->symbol_count; i++)
        if (!elf->symbols[i].defined && elf->symbols[i].version == version->index)
            return elf->symbols[i].name;
    return LEAT_ABSENT;
}

static unsigned take_number(leat_str *text)
{
    unsigned number = 0;
    while (text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9') {
        number = number < 1000 ? number * 10 + (unsigned)(text->ptr[0] - '0') : number;
        *text = leat_str_skip(*text, 1);
    }
    return number < 1000 ? number : 999;
}

unsigned leat_elf_version_number(leat_str name, const char *prefix)
{
    if (!leat_str_starts(name, leat_str_c(prefix)))
        return 0;
    leat_str rest = leat_str_skip(name, strlen(prefix));
    unsigned major = take_number(&rest);
    if (leat_str_starts(rest, LEAT_STR(".")))
        rest = leat_str_skip(rest, 1);
    return major * 1000 + take_number(&rest);
}
