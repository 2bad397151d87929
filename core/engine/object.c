/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of what a file exports are read from its ELF symbol table before it is opened: so a file that is nothing
 * of ours is told what it exports instead, and no code of it runs before that.
 */
#include <engine/object.h>

#include <leat/alloc.h>

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    const char *bytes;
    size_t size;
};

static void image_fini(struct image *image)
{
    if (image->bytes != NULL)
        munmap((void *)(uintptr_t)image->bytes, image->size);
}

bool leat_object_find(leat_str folders, leat_str name, char *path, size_t size)
{
    while (folders.ptr != NULL) {
        leat_str folder = leat_str_cut(&folders, ':');
        int len = snprintf(path, size, "%.*s/%.*s.so", LEAT_ARG(folder), LEAT_ARG(name));
        if (folder.len > 0 && len > 0 && (size_t)len < size && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* --- reading ---------------------------------------------------------------------------------------------- */

static leat_status refuse(struct leat_error *reterr, const char *path, const char *why, const char *fix)
{
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: %s", path, why);
    leat_error_fix(reterr, "%s", fix);
    return LEAT_STATUS(CONFIG);
}

static leat_status not_shared(struct leat_error *reterr, const char *path, const char *why)
{
    return refuse(reterr, path, why, "build it with cc -shared -fPIC, for this machine");
}

static leat_status cannot_open(struct leat_error *reterr, const char *path, const struct leat_object_kind *kind,
                               int why)
{
    if (why != 0)
        return refuse(reterr, path, strerror(why), kind->how);
    (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: not a regular file", path);
    leat_error_fix(reterr, "name a %s in it: PATH.so", kind->noun);
    return LEAT_STATUS(CONFIG);
}

static leat_status map_file(const char *path, const struct leat_object_kind *kind, struct image *image,
                            struct leat_error *reterr)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe would wait for its writer */
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        int why = fd < 0 ? errno : 0;
        if (fd >= 0)
            close(fd);
        return cannot_open(reterr, path, kind, why);
    }
    void *bytes = info.st_size > 0 ? mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (bytes == MAP_FAILED)
        return not_shared(reterr, path, "not a shared object: it is empty or cannot be read");
    *image = (struct image){.bytes = bytes, .size = (size_t)info.st_size};
    return LEAT_OK;
}

/* A table of `count` entries of `size` bytes at `offset`, or NULL if it does not lie in the file or is not aligned. */
static const void *table_at(const struct image *image, uint64_t offset, uint64_t count, size_t size)
{
    if (offset > image->size || count > (image->size - offset) / size || offset % 8 != 0)
        return NULL;
    return image->bytes + offset;
}

static void add_name(char *list, size_t size, unsigned *count, const char *name)
{
    size_t len = strlen(list);
    if (len + strlen(name) + 6 < size)
        snprintf(list + len, size - len, "%s%s", len > 0 ? ", " : "", name);
    else if (len + 6 < size && (len < 3 || strcmp(list + len - 3, "...") != 0))
        snprintf(list + len, size - len, ", ...");
    (*count)++;
}

static void note_symbol(const struct leat_object_kind *kind, struct leat_object_exports *exports, const char *name)
{
    size_t len = strlen(kind->symbol);
    bool wanted = kind->prefix ? strncmp(name, kind->symbol, len) == 0 : strcmp(name, kind->symbol) == 0;
    if (!wanted) {
        if (name[0] != '_')
            add_name(exports->others, sizeof(exports->others), &exports->other_count, name);
        return;
    }
    snprintf(exports->only, sizeof(exports->only), "%s", name + len);
    add_name(exports->wanted, sizeof(exports->wanted), &exports->wanted_count, name + len);
}

static void read_symbols(const struct image *image, const ElfW(Shdr) * symbols, const ElfW(Shdr) * strings,
                         const struct leat_object_kind *kind, struct leat_object_exports *exports)
{
    const ElfW(Sym) *symbol = table_at(image, symbols->sh_offset, symbols->sh_size / sizeof(*symbol), sizeof(*symbol));
    if (symbol == NULL || strings->sh_offset > image->size || strings->sh_size > image->size - strings->sh_offset)
        return;
    const char *names = image->bytes + strings->sh_offset;
    for (uint64_t i = 0; i < symbols->sh_size / sizeof(*symbol); i++) {
        uint64_t at = symbol[i].st_name;
        bool exported = symbol[i].st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol[i].st_info) != STB_LOCAL &&
                        ELF64_ST_VISIBILITY(symbol[i].st_other) == STV_DEFAULT;
        if (exported && at > 0 && at < strings->sh_size && memchr(names + at, '\0', strings->sh_size - at) != NULL)
            note_symbol(kind, exports, names + at);
    }
}

static bool is_for_this_machine(const ElfW(Ehdr) * header)
{
#if defined(__x86_64__)
    const unsigned machine = EM_X86_64;
#elif defined(__aarch64__)
    const unsigned machine = EM_AARCH64;
#else
    const unsigned machine = header->e_machine; /* dlopen says it, in words of its own */
#endif
    return header->e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) && header->e_type == ET_DYN &&
           header->e_machine == machine;
}

static leat_status read_exports(const char *path, const struct image *image, const struct leat_object_kind *kind,
                                struct leat_object_exports *exports, struct leat_error *reterr)
{
    const ElfW(Ehdr) *header = table_at(image, 0, 1, sizeof(*header));
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return not_shared(reterr, path, "not a shared object");
    if (!is_for_this_machine(header))
        return not_shared(reterr, path, "not a shared object for this machine");
    const ElfW(Shdr) *sections = table_at(image, header->e_shoff, header->e_shnum, sizeof(*sections));
    if (sections == NULL || header->e_shnum == 0)
        return refuse(reterr, path, "a shared object whose table of sections is missing or cut off",
                      "copy or build it again");
    for (unsigned i = 0; i < header->e_shnum; i++)
        if (sections[i].sh_type == SHT_DYNSYM && sections[i].sh_link < header->e_shnum)
            read_symbols(image, &sections[i], &sections[sections[i].sh_link], kind, exports);
    return LEAT_OK;
}

leat_status leat_object_read(const char *path, const struct leat_object_kind *kind, struct leat_object_exports *ret,
                             struct leat_error *reterr)
{
    struct image image LEAT_CLEANUP(image_fini) = {0};
    *ret = (struct leat_object_exports){0};
    LEAT_TRY(map_file(path, kind, &image, reterr));
    return read_exports(path, &image, kind, ret, reterr);
}

/* --- opening ---------------------------------------------------------------------------------------------- */

static leat_status cannot_load(const char *path, const struct leat_object_kind *kind, const char *why,
                               struct leat_error *reterr)
{
    if (why == NULL || strstr(why, path) == NULL) /* the loader names the library that is missing, not who needs it */
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: %s", path, why != NULL ? why : "it cannot be opened");
    else
        (void)leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s", why);
    if (why == NULL)
        return LEAT_STATUS(CONFIG);
    if (strstr(why, "undefined symbol: leat_") != NULL)
        leat_error_fix(reterr, "this leat does not have it: build the %s with the headers of this leat", kind->noun);
    else if (strstr(why, "undefined symbol: ") != NULL)
        leat_error_fix(reterr, "link the library that has it when building the %s", kind->noun);
    else if (strstr(why, "cannot open shared object file") != NULL)
        leat_error_fix(reterr, "install the library, or put it beside the %s and link that with -rpath", kind->noun);
    return LEAT_STATUS(CONFIG);
}

leat_status leat_object_open(const char *path, const struct leat_object_kind *kind, void **retobject,
                             struct leat_error *reterr)
{
    /* A path without a slash would be looked for where libraries are. */
    char local[4096];
    snprintf(local, sizeof(local), "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    *retobject = dlopen(local, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    return *retobject != NULL ? LEAT_OK : cannot_load(path, kind, dlerror(), reterr);
}
