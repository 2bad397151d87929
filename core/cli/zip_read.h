/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives as functions come in (.zip): what stands in them, and out of them into a folder. Stored and deflated
 * entries with their modes and links; no zip64, no encryption. All of it is checked before anything is written.
 */
#ifndef LEAT_CLI_ZIP_READ_H
#define LEAT_CLI_ZIP_READ_H

#include <leat/arena.h>
#include <leat/error.h>

#define LEAT_ZIP_UNZIPPED_MAX ((uint64_t)250 << 20) /* bytes, as Lambda has it */

enum leat_zip_type { LEAT_ZIP_FILE, LEAT_ZIP_FOLDER, LEAT_ZIP_LINK };

struct leat_zip_entry {
    leat_str name; /* relative, without "." and ".."; no slash behind a folder's; NUL behind it */
    enum leat_zip_type type;
    unsigned mode;   /* permission bits; an archive without them: 0644 */
    leat_str packed; /* in the archive */
    leat_str target; /* of a link; NUL behind it */
    uint64_t size;   /* unzipped */
    uint32_t crc;
    uint32_t start; /* of its local header */
    uint16_t method;
};

struct leat_zip {
    struct leat_zip_entry *entries; /* in the order of the archive's directory */
    uint32_t count;
};

/* Reads the directory; `bytes` must live as long as *ret. CONFIG: `reterr` says what is wrong, without the file's
 * name. NO_MEMORY. */
leat_status leat_zip_read(struct leat_arena *arena, leat_str bytes, uint64_t max_unzipped, struct leat_zip *ret,
                          struct leat_error *reterr);
/* NULL: no such entry. */
const struct leat_zip_entry *leat_zip_find(const struct leat_zip *zip, const char *name);
/* Gives what the entry holds to `take`, piece by piece; false ends it with IO. CONFIG: it is damaged. */
leat_status leat_zip_unpack(const struct leat_zip_entry *entry, bool (*take)(void *argument, leat_str piece),
                            void *argument, struct leat_error *reterr);

/* zip_extract.c: all of it into an empty folder; what was written before a failure stays there. */
leat_status leat_zip_extract(const struct leat_zip *zip, const char *folder, struct leat_error *reterr);
/* The folder and all in it; links are not followed. */
void leat_zip_remove_folder(const char *folder);

#endif
