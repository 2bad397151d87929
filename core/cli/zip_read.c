/* SPDX-License-Identifier: Apache-2.0 */
/* The container is APPNOTE 6.3's: entries, each behind a local header, then the directory, then its end record. */
#include "zip_read.h"

#include <leat/alloc.h>
#include <leat/buf.h>
#include <leat/inflate.h>

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zlib.h>

#define LOCAL_SIZE 30u
#define DIRECTORY_SIZE 46u
#define END_SIZE 22u
#define ZIP64_LOCATOR_SIZE 20u
#define LINK_MAX_BYTES 4095u
#define STEP ((size_t)64 << 10)

enum { STORED = 0, DEFLATED = 8 };
enum { FLAG_ENCRYPTED = 1, FLAG_STRONG = 1 << 6, FLAG_MASKED = 1 << 13 };
enum { MADE_ON_UNIX = 3, MADE_ON_MAC = 19 };

struct reading {
    struct leat_arena *arena;
    leat_str bytes;
    uint32_t directory, end; /* where the directory stands */
    uint64_t left;           /* of what may come out */
    struct leat_error *reterr;
};

static uint16_t number16(leat_str bytes, size_t at)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr + at;
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t number32(leat_str bytes, size_t at)
{
    return number16(bytes, at) | (uint32_t)number16(bytes, at + 2) << 16;
}

static bool signed_with(leat_str bytes, size_t at, const char *signature)
{
    return at <= bytes.len && bytes.len - at >= 4 && memcmp(bytes.ptr + at, signature, 4) == 0;
}

static leat_status refuse(const struct reading *reading, const char *what)
{
    return leat_error_set(reading->reterr, LEAT_STATUS(CONFIG), "%s", what);
}

/* Names are anybody's bytes: they are shown escaped, as logs are. */
static leat_status refuse_entry(const struct reading *reading, leat_str name, const char *what)
{
    struct leat_buf buf;
    leat_buf_init(&buf, reading->arena);
    leat_buf_visible(&buf, name);
    return leat_error_set(reading->reterr, LEAT_STATUS(CONFIG), "entry %.*s: %s", LEAT_ARG(leat_buf_str(&buf)), what);
}

/* --- the end record ------------------------------------------------------------------------------------ */

/* The last record whose comment ends where the archive does. */
static bool find_end(leat_str bytes, size_t *ret)
{
    if (bytes.len < END_SIZE)
        return false;
    size_t last = bytes.len - END_SIZE, least = last > UINT16_MAX ? last - UINT16_MAX : 0;
    for (size_t at = last + 1; at-- > least;) {
        *ret = at;
        if (signed_with(bytes, at, "PK\5\6") && number16(bytes, at + 20) == last - at)
            return true;
    }
    return false;
}

static leat_status read_end(struct reading *reading, uint32_t *retcount)
{
    leat_str bytes = reading->bytes;
    size_t at;
    if (!find_end(bytes, &at))
        return refuse(reading, "no zip archive, or cut off: it has no end record");
    uint32_t size = number32(bytes, at + 12), start = number32(bytes, at + 16);
    *retcount = number16(bytes, at + 10);
    if ((at >= ZIP64_LOCATOR_SIZE && signed_with(bytes, at - ZIP64_LOCATOR_SIZE, "PK\6\7")) ||
        *retcount == UINT16_MAX || size == UINT32_MAX || start == UINT32_MAX)
        return refuse(reading, "it is in zip64 form, which is not read here");
    if (number16(bytes, at + 4) != 0 || number16(bytes, at + 6) != 0 || number16(bytes, at + 8) != *retcount)
        return refuse(reading, "it is one part of several");
    if ((uint64_t)start + size != at)
        return refuse(reading, "its directory is not where its end record says");
    reading->directory = start;
    reading->end = (uint32_t)at;
    return LEAT_OK;
}

/* --- names ----------------------------------------------------------------------------------------------- */

/* Each part between slashes is a name: not empty, not "." or "..". */
static bool parts_are_names(leat_str name)
{
    while (name.ptr != NULL) {
        leat_str part = leat_str_cut(&name, '/');
        if (part.len == 0 || part.len > NAME_MAX || leat_str_is(part, ".") || leat_str_is(part, ".."))
            return false;
    }
    return true;
}

static bool has_byte(leat_str text, char byte)
{
    return text.len > 0 && memchr(text.ptr, byte, text.len) != NULL;
}

static bool has_control(leat_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7F)
            return true;
    return false;
}

static leat_status check_name(const struct reading *reading, leat_str name)
{
    if (has_byte(name, '\\') || has_control(name))
        return refuse_entry(reading, name, "a backslash or a control character in its name");
    if (name.len == 0 || name.len >= PATH_MAX || !parts_are_names(name))
        return refuse_entry(reading, name, "its name leads out of the archive, or is none");
    return LEAT_OK;
}

static bool leads_down(leat_str target)
{
    while (target.ptr != NULL)
        if (leat_str_is(leat_str_cut(&target, '/'), ".."))
            return false;
    return true;
}

/* As many steps up as the link lies deep at most, then only down: no link of the archive, and none after another,
 * leads out of it. */
static bool stays_inside(leat_str name, leat_str target)
{
    size_t depth = 0;
    for (size_t i = 0; i < name.len; i++)
        depth += name.ptr[i] == '/' ? 1 : 0;
    while (leat_str_starts(target, LEAT_STR("../")) || leat_str_is(target, "..")) {
        if (depth-- == 0)
            return false;
        target = leat_str_skip(target, 3);
    }
    return !leat_str_starts(target, LEAT_STR("/")) && leads_down(target);
}

/* --- what an entry holds ----------------------------------------------------------------------------------- */

struct unpacking {
    const struct leat_zip_entry *entry;
    bool (*take)(void *, leat_str);
    void *argument;
    uint64_t size; /* so far */
    uLong crc;
};

static leat_status take_piece(struct unpacking *unpacking, leat_str piece)
{
    unpacking->size += piece.len;
    if (unpacking->size > unpacking->entry->size)
        return LEAT_STATUS(CONFIG);
    unpacking->crc = crc32_z(unpacking->crc, (const unsigned char *)piece.ptr, piece.len);
    return unpacking->take(unpacking->argument, piece) ? LEAT_OK : LEAT_STATUS(IO);
}

static leat_status inflate_pieces(struct unpacking *unpacking, z_stream *stream)
{
    unsigned char step[STEP];
    int code = Z_OK;
    while (code == Z_OK) {
        stream->next_out = step;
        stream->avail_out = (unsigned)sizeof(step);
        code = inflate(stream, Z_NO_FLUSH);
        LEAT_TRY(take_piece(unpacking, leat_str_of((char *)step, sizeof(step) - stream->avail_out)));
    }
    if (code == Z_MEM_ERROR)
        return LEAT_STATUS(NO_MEMORY);
    return code == Z_STREAM_END && stream->avail_in == 0 ? LEAT_OK : LEAT_STATUS(CONFIG);
}

static leat_status inflate_entry(struct unpacking *unpacking)
{
    leat_str packed = unpacking->entry->packed;
    z_stream stream = {.zalloc = leat_zlib_alloc, .zfree = leat_zlib_free};
    stream.next_in = (unsigned char *)(uintptr_t)packed.ptr;
    stream.avail_in = (unsigned)packed.len; /* sizes of the container have 32 bits */
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return LEAT_STATUS(NO_MEMORY);
    leat_status status = inflate_pieces(unpacking, &stream);
    (void)inflateEnd(&stream);
    return status;
}

leat_status leat_zip_unpack(const struct leat_zip_entry *entry, bool (*take)(void *argument, leat_str piece),
                            void *argument, struct leat_error *reterr)
{
    struct unpacking unpacking = {.entry = entry, .take = take, .argument = argument};
    leat_status status = entry->method == DEFLATED ? inflate_entry(&unpacking) : take_piece(&unpacking, entry->packed);
    if (leat_is_ok(status) && (unpacking.size != entry->size || unpacking.crc != entry->crc))
        status = LEAT_STATUS(CONFIG);
    if (status.code == LEAT_E_CONFIG)
        return leat_error_set(reterr, status, "entry %.*s is damaged", LEAT_ARG(entry->name));
    if (status.code == LEAT_E_NO_MEMORY)
        return leat_error_set(reterr, status, "out of memory");
    return status;
}

/* --- the directory ------------------------------------------------------------------------------------------ */

static leat_status find_packed(const struct reading *reading, leat_str name, size_t size, struct leat_zip_entry *entry)
{
    leat_str bytes = reading->bytes;
    size_t start = entry->start;
    if (start >= reading->directory || reading->directory - start < LOCAL_SIZE || !signed_with(bytes, start, "PK\3\4"))
        return refuse_entry(reading, name, "it does not stand where the directory says");
    size_t room = reading->directory - start - LOCAL_SIZE, name_len = number16(bytes, start + 26);
    size_t head = name_len + number16(bytes, start + 28);
    if (head > room || room - head < size)
        return refuse_entry(reading, name, "it is cut off");
    if (!leat_str_eq(leat_str_of(bytes.ptr + start + LOCAL_SIZE, name_len), name))
        return refuse_entry(reading, name, "it has another name in front of its data");
    entry->packed = leat_str_of(bytes.ptr + start + LOCAL_SIZE + head, size);
    return LEAT_OK;
}

static bool add_to_target(void *argument, leat_str piece)
{
    leat_buf_add(argument, piece);
    return true;
}

static leat_status read_target(const struct reading *reading, struct leat_zip_entry *entry)
{
    struct leat_buf buf;
    leat_buf_init(&buf, reading->arena);
    if (entry->size == 0 || entry->size > LINK_MAX_BYTES)
        return refuse_entry(reading, entry->name, "a link to nothing");
    LEAT_TRY(leat_zip_unpack(entry, add_to_target, &buf, reading->reterr));
    entry->target = leat_buf_str(&buf);
    LEAT_TRY(leat_arena_status(reading->arena));
    if (has_byte(entry->target, '\0') || !stays_inside(entry->name, entry->target))
        return refuse_entry(reading, entry->name, "a link that leads out of the archive");
    return LEAT_OK;
}

static leat_status read_mode(const struct reading *reading, size_t at, struct leat_zip_entry *entry)
{
    unsigned made_on = number16(reading->bytes, at + 4) >> 8, mode = number32(reading->bytes, at + 38) >> 16;
    bool has_modes = (made_on == MADE_ON_UNIX || made_on == MADE_ON_MAC) && mode != 0;
    bool folder = leat_str_ends(entry->name, LEAT_STR("/"));
    unsigned type = has_modes ? mode & S_IFMT : 0;
    entry->type = folder ? LEAT_ZIP_FOLDER : type == S_IFLNK ? LEAT_ZIP_LINK : LEAT_ZIP_FILE;
    entry->mode = has_modes ? mode & 0777u : folder ? 0755u : 0644u;
    entry->name.len -= folder ? 1 : 0;
    if (folder ? type != 0 && type != S_IFDIR : type != 0 && type != S_IFREG && type != S_IFLNK)
        return refuse_entry(reading, entry->name, "it is no file, no folder and no link");
    return LEAT_OK;
}

static leat_status check_kind(struct reading *reading, leat_str name, size_t at, const struct leat_zip_entry *entry)
{
    unsigned flags = number16(reading->bytes, at + 8);
    uint32_t packed = number32(reading->bytes, at + 20);
    if ((flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED)) != 0)
        return refuse_entry(reading, name, "it is encrypted");
    if (packed == UINT32_MAX || entry->size == UINT32_MAX || entry->start == UINT32_MAX)
        return refuse_entry(reading, name, "it is in zip64 form, which is not read here");
    if (entry->method != STORED && entry->method != DEFLATED)
        return refuse_entry(reading, name, "it is neither stored nor deflated");
    if (entry->method == STORED && packed != entry->size)
        return refuse_entry(reading, name, "it is stored, and of two sizes");
    if (entry->size > reading->left)
        return refuse(reading, "unzipped it is larger than a function may be");
    reading->left -= entry->size;
    return LEAT_OK;
}

static leat_status read_entry(struct reading *reading, size_t *at, struct leat_zip_entry *entry)
{
    leat_str bytes = reading->bytes;
    size_t start = *at;
    if (reading->end - start < DIRECTORY_SIZE || !signed_with(bytes, start, "PK\1\2"))
        return refuse(reading, "its directory is damaged");
    size_t name_len = number16(bytes, start + 28),
           rest = (size_t)number16(bytes, start + 30) + number16(bytes, start + 32);
    if (reading->end - start - DIRECTORY_SIZE < name_len + rest)
        return refuse(reading, "its directory is cut off");
    *at = start + DIRECTORY_SIZE + name_len + rest;
    leat_str name = leat_str_of(bytes.ptr + start + DIRECTORY_SIZE, name_len);
    *entry = (struct leat_zip_entry){.name = name,
                                     .size = number32(bytes, start + 24),
                                     .crc = number32(bytes, start + 16),
                                     .start = number32(bytes, start + 42),
                                     .method = number16(bytes, start + 10)};
    LEAT_TRY(check_kind(reading, name, start, entry));
    LEAT_TRY(find_packed(reading, name, number32(bytes, start + 20), entry));
    LEAT_TRY(read_mode(reading, start, entry));
    LEAT_TRY(check_name(reading, entry->name));
    entry->name = leat_arena_copy(reading->arena, entry->name);
    LEAT_TRY(leat_arena_status(reading->arena));
    if (entry->type == LEAT_ZIP_FOLDER && entry->size != 0)
        return refuse_entry(reading, name, "a folder that holds bytes");
    return entry->type == LEAT_ZIP_LINK ? read_target(reading, entry) : LEAT_OK;
}

/* --- all of them ---------------------------------------------------------------------------------------------- */

static int by_start(const void *left, const void *right)
{
    const struct leat_zip_entry *a = *(const struct leat_zip_entry *const *)left;
    const struct leat_zip_entry *b = *(const struct leat_zip_entry *const *)right;
    return a->start < b->start ? -1 : a->start > b->start;
}

static int by_name(const void *left, const void *right)
{
    const struct leat_zip_entry *a = *(const struct leat_zip_entry *const *)left;
    const struct leat_zip_entry *b = *(const struct leat_zip_entry *const *)right;
    return strcmp(a->name.ptr, b->name.ptr);
}

/* No byte belongs to two entries (a small archive would give without end), and no name comes twice. */
static leat_status check_pairs(const struct reading *reading, const struct leat_zip *zip)
{
    const struct leat_zip_entry **sorted = LEAT_NEW_N(reading->arena, const struct leat_zip_entry *, zip->count);
    if (sorted == NULL)
        return leat_arena_status(reading->arena);
    for (uint32_t i = 0; i < zip->count; i++)
        sorted[i] = &zip->entries[i];
    qsort(sorted, zip->count, sizeof(*sorted), by_start);
    for (uint32_t i = 1; i < zip->count; i++)
        if (sorted[i - 1]->packed.ptr + sorted[i - 1]->packed.len > reading->bytes.ptr + sorted[i]->start)
            return refuse_entry(reading, sorted[i]->name, "it overlaps another");
    qsort(sorted, zip->count, sizeof(*sorted), by_name);
    for (uint32_t i = 1; i < zip->count; i++)
        if (leat_str_eq(sorted[i - 1]->name, sorted[i]->name))
            return refuse_entry(reading, sorted[i]->name, "it is there twice");
    return LEAT_OK;
}

leat_status leat_zip_read(struct leat_arena *arena, leat_str bytes, uint64_t max_unzipped, struct leat_zip *ret,
                          struct leat_error *reterr)
{
    struct reading reading = {.arena = arena, .bytes = bytes, .left = max_unzipped, .reterr = reterr};
    uint32_t count = 0;
    *ret = (struct leat_zip){0};
    if (bytes.len >= UINT32_MAX)
        return refuse(&reading, "larger than a zip archive without zip64 can be");
    LEAT_TRY(read_end(&reading, &count));
    if ((uint64_t)count * DIRECTORY_SIZE > reading.end - reading.directory)
        return refuse(&reading, "its directory is cut off");
    ret->entries = LEAT_NEW_N(arena, struct leat_zip_entry, count);
    size_t at = reading.directory;
    for (; ret->entries != NULL && ret->count < count; ret->count++)
        LEAT_TRY(read_entry(&reading, &at, &ret->entries[ret->count]));
    if (!leat_is_ok(leat_arena_status(arena)))
        return leat_error_set(reterr, leat_arena_status(arena), "out of memory");
    return at == reading.end ? check_pairs(&reading, ret)
                             : refuse(&reading, "more stands in its directory than entries");
}

const struct leat_zip_entry *leat_zip_find(const struct leat_zip *zip, const char *name)
{
    for (uint32_t i = 0; i < zip->count; i++)
        if (leat_str_is(zip->entries[i].name, name))
            return &zip->entries[i];
    return NULL;
}
