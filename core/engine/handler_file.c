/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a file's handlers are read from its ELF symbol table before it is opened: so a file that
 * is no handler is told what it exports instead, and no code of it runs before that.
 */
#include <engine/handler_file.h>

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

#define PREFIX "leat_handler_"

struct image {
    const char *bytes;
    size_t size;
};

/* What a file exports: names of handlers, and a few others for the message. */
struct exports {
    char handlers[256], others[128];
    char only[128]; /* the handler's name if there is one */
    unsigned handler_count, other_count;
};

static void image_fini(struct image *image)
{
    if (image->bytes != NULL)
        munmap((void *)(uintptr_t)image->bytes, image->size);
}

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

static leat_status cannot_open(struct leat_error *reterr, const char *path, int why)
{
    if (why == 0)
        return refuse(reterr, path, "not a regular file", "name a handler in it: PATH.so");
    return refuse(reterr, path, strerror(why),
                  "a handler is PATH.so, PATH.so:NAME, or NAME alone: one of LEAT_HANDLER_PATH");
}

static leat_status map_file(const char *path, struct image *image, struct leat_error *reterr)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe would wait for its writer */
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        int why = fd < 0 ? errno : 0;
        if (fd >= 0)
            close(fd);
        return cannot_open(reterr, path, why);
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

static void note_symbol(struct exports *exports, const char *name)
{
    size_t prefix = strlen(PREFIX);
    if (strncmp(name, PREFIX, prefix) != 0) {
        if (name[0] != '_')
            add_name(exports->others, sizeof(exports->others), &exports->other_count, name);
        return;
    }
    snprintf(exports->only, sizeof(exports->only), "%s", name + prefix);
    add_name(exports->handlers, sizeof(exports->handlers), &exports->handler_count, name + prefix);
}

static void read_symbols(const struct image *image, const ElfW(Shdr) * symbols, const ElfW(Shdr) * strings,
                         struct exports *exports)
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
            note_symbol(exports, names + at);
    }
}

static leat_status read_exports(const char *path, const struct image *image, struct exports *exports,
                                struct leat_error *reterr)
{
    const ElfW(Ehdr) *header = table_at(image, 0, 1, sizeof(*header));
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return not_shared(reterr, path, "not a shared object");
    if (header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) || header->e_type != ET_DYN)
        return not_shared(reterr, path, "not a shared object for this machine");
    const ElfW(Shdr) *sections = table_at(image, header->e_shoff, header->e_shnum, sizeof(*sections));
    if (sections == NULL || header->e_shnum == 0)
        return refuse(reterr, path, "a shared object whose table of sections is missing or cut off",
                      "copy or build it again");
    for (unsigned i = 0; i < header->e_shnum; i++)
        if (sections[i].sh_type == SHT_DYNSYM && sections[i].sh_link < header->e_shnum)
            read_symbols(image, &sections[i], &sections[sections[i].sh_link], exports);
    return LEAT_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The name to open, or the message that lists what there is. */
static leat_status choose(const char *path, leat_str wanted, const struct exports *exports, leat_str *retname,
                          struct leat_error *reterr)
{
    if (exports->handler_count == 0) {
        leat_status status = leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: not a leat handler: it exports %s", path,
                                            exports->other_count > 0 ? exports->others : "nothing");
        const char *file = base_name(path);
        leat_error_fix(reterr, "add LEAT_HANDLER(%.*s, .handle = handle);", (int)strcspn(file, "."), file);
        return status;
    }
    *retname = wanted.ptr != NULL ? wanted : leat_str_c(exports->only);
    if (wanted.ptr != NULL || exports->handler_count == 1)
        return LEAT_OK;
    leat_status status = leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s holds %u handlers: %s", path,
                                        exports->handler_count, exports->handlers);
    leat_error_fix(reterr, "name one: %s:%s", path, exports->only);
    return status;
}

static leat_status open_symbol(const char *path, leat_str name, const struct exports *exports,
                               const struct leat_handler **rethandler, struct leat_error *reterr)
{
    char symbol[256];
    /* A path without a slash would be looked for where libraries are. */
    char local[4096];
    snprintf(local, sizeof(local), "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    void *object = dlopen(local, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (object == NULL) {
        const char *why = dlerror();
        leat_status status = leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s", why != NULL ? why : path);
        if (why != NULL && strstr(why, "undefined symbol: leat_") != NULL)
            leat_error_fix(reterr, "this leat does not have it: build the handler with the headers of this leat");
        else if (why != NULL && strstr(why, "undefined symbol: ") != NULL)
            leat_error_fix(reterr, "link the library that has it when building the handler");
        return status;
    }
    snprintf(symbol, sizeof(symbol), PREFIX "%.*s", LEAT_ARG(name));
    *rethandler = dlsym(object, symbol);
    if (*rethandler != NULL)
        return LEAT_OK;
    leat_status status =
        leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s has no handler \"%.*s\"", path, LEAT_ARG(name));
    leat_error_fix(reterr, "it has: %s", exports->handlers);
    return status;
}

leat_status leat_handler_open(const char *path, leat_str name, const struct leat_handler **rethandler,
                              struct leat_error *reterr)
{
    struct image image LEAT_CLEANUP(image_fini) = {0};
    struct exports exports = {0};
    leat_str chosen = LEAT_ABSENT;
    LEAT_TRY(map_file(path, &image, reterr));
    LEAT_TRY(read_exports(path, &image, &exports, reterr));
    LEAT_TRY(choose(path, name, &exports, &chosen, reterr));
    return open_symbol(path, chosen, &exports, rethandler, reterr);
}

unsigned leat_handler_names(const char *path, char *names, size_t size)
{
    struct image image LEAT_CLEANUP(image_fini) = {0};
    struct exports exports = {0};
    bool readable = leat_is_ok(map_file(path, &image, NULL)) && leat_is_ok(read_exports(path, &image, &exports, NULL));
    snprintf(names, size, "%s", readable ? exports.handlers : "");
    return readable ? exports.handler_count : 0;
}
