/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of the journal. Every life has a new one, which takes the place of the last life's by rename: what was
 * counted is counted once, whenever the process ends, and a full disk costs nothing of what is remembered.
 */
#include "journal_private.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 16, LINE = sizeof(struct leat_journal_line) };

static leat_status fail(struct leat_error *reterr, const char *path, const char *what, int reason)
{
    return leat_error_set(reterr, LEAT_STATUS(IO), "%s: %s%s", path, what, strerror(reason));
}

static char *path_with(const char *path, const char *suffix)
{
    size_t size = strlen(path) + strlen(suffix) + 1;
    char *text = leat_alloc_raw(size);
    if (text != NULL)
        (void)snprintf(text, size, "%s%s", path, suffix);
    return text;
}

/* --- the last life's ----------------------------------------------------------------------------------------- */

static leat_status open_file(const char *path, int *retfile, struct leat_error *reterr)
{
    struct stat facts;
    *retfile = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (*retfile < 0 && errno == ELOOP)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%s: a symbolic link, where the journal must be a file", path);
    if (*retfile < 0)
        return fail(reterr, path, "", errno);
    if (fstat(*retfile, &facts) == 0 && S_ISREG(facts.st_mode))
        return LEAT_OK;
    (void)close(*retfile);
    return leat_error_set(reterr, LEAT_STATUS(IO), "%s: not a regular file", path);
}

/* While this one opened it, another process may have put a new one into its place. */
static bool is_there(const char *path, int file)
{
    struct stat own, there;
    return fstat(file, &own) == 0 && lstat(path, &there) == 0 && own.st_dev == there.st_dev &&
           own.st_ino == there.st_ino;
}

leat_status leat_journal_lock(const char *path, int *retfile, struct leat_error *reterr)
{
    for (int i = 0; i < TRIES; i++) {
        LEAT_TRY(open_file(path, retfile, reterr));
        bool locked = flock(*retfile, LOCK_EX | LOCK_NB) == 0;
        int reason = locked ? 0 : errno;
        if (locked && is_there(path, *retfile))
            return LEAT_OK;
        (void)close(*retfile);
        if (!locked && reason != EWOULDBLOCK)
            return fail(reterr, path, "it cannot be locked: ", reason);
        if (!locked)
            break;
    }
    leat_status status = leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: another leat runs with it", path);
    leat_error_fix(reterr, "stop that one, or give this one a state folder of its own");
    return status;
}

static bool is_journal(const struct leat_journal_line *lines, size_t count, uint32_t *retslots)
{
    struct leat_journal_line header;
    size_t slots = count > 1 + LEAT_JOURNAL_CULPRITS ? (count - 1 - LEAT_JOURNAL_CULPRITS) / LEAT_JOURNAL_NAMES : 0;
    if (slots == 0 || count != 1 + leat_journal_lines((uint32_t)slots))
        return false;
    leat_journal_put_header(&header, (uint32_t)slots);
    if (memcmp(&header, &lines[0], sizeof(header)) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (lines[i].newline != '\n' || memchr(&lines[i], '\0', sizeof(lines[i])) != NULL)
            return false;
    *retslots = (uint32_t)slots;
    return true;
}

static leat_status read_all(int file, char *to, size_t size, bool *retshort)
{
    size_t got = 0;
    while (got < size) {
        ssize_t len = pread(file, to + got, size - got, (off_t)got);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return LEAT_STATUS(IO);
        if (len == 0)
            break;
        got += (size_t)len;
    }
    *retshort = got < size;
    return LEAT_OK;
}

leat_status leat_journal_read(int file, struct leat_journal_line **retlines, uint32_t *retslots, bool *retgarbage)
{
    struct stat facts;
    const size_t most = 1 + leat_journal_lines(LEAT_JOURNAL_SLOTS);
    *retlines = NULL;
    if (fstat(file, &facts) != 0)
        return LEAT_STATUS(IO);
    if (facts.st_size == 0)
        return LEAT_OK;
    *retgarbage = true;
    if (facts.st_size % LINE != 0 || (uint64_t)facts.st_size / LINE > most)
        return LEAT_OK;
    size_t size = (size_t)facts.st_size;
    struct leat_journal_line *lines LEAT_CLEANUP(leat_freep) = leat_alloc_raw(size);
    if (lines == NULL)
        return LEAT_STATUS(NO_MEMORY);
    bool cut = false;
    LEAT_TRY(read_all(file, (char *)lines, size, &cut));
    *retgarbage = cut || !is_journal(lines, size / LINE, retslots);
    if (!*retgarbage)
        *retlines = LEAT_TAKE(lines);
    return LEAT_OK;
}

/* A link and no rename: its name must not be free for a moment, or another process could make a journal there. */
void leat_journal_keep(const char *path, char *warning, size_t size)
{
    char *bad LEAT_CLEANUP(leat_freep) = path_with(path, ".bad");
    bool kept = bad != NULL && (unlink(bad) == 0 || errno == ENOENT) && link(path, bad) == 0;
    int len = snprintf(warning, size, "%s is no journal of this version; ", path);
    if (len < 0 || (size_t)len >= size)
        return;
    (void)snprintf(warning + len, size - (size_t)len, kept ? "it is kept as %s.bad" : "it could not be kept", path);
}

/* --- this life's ----------------------------------------------------------------------------------------------- */

/* Blocks of its own on the disk: a store into the mapping of a sparse file is a SIGBUS when the disk is full. */
static leat_status map(struct leat_journal *journal, struct leat_error *reterr)
{
    size_t size = (1 + leat_journal_lines(journal->slot_count)) * LINE;
    int reason = posix_fallocate(journal->file, 0, (off_t)size);
    if (reason != 0)
        return fail(reterr, journal->path, "no room for it: ", reason);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, journal->file, 0);
    if (memory == MAP_FAILED)
        return fail(reterr, journal->path, "it cannot be mapped: ", errno);
    journal->lines = memory;
    return LEAT_OK;
}

leat_status leat_journal_make(struct leat_journal *journal, struct leat_error *reterr)
{
    journal->fresh = path_with(journal->path, ".new");
    if (journal->fresh == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    (void)unlink(journal->fresh); /* of a life that ended just here */
    journal->file = open(journal->fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (journal->file < 0)
        return fail(reterr, journal->fresh, "", errno);
    leat_status status = map(journal, reterr);
    if (leat_is_ok(status) && flock(journal->file, LOCK_EX | LOCK_NB) != 0)
        status = fail(reterr, journal->fresh, "it cannot be locked: ", errno);
    if (!leat_is_ok(status))
        (void)unlink(journal->fresh);
    return status;
}

leat_status leat_journal_publish(struct leat_journal *journal, struct leat_error *reterr)
{
    size_t size = (1 + leat_journal_lines(journal->slot_count)) * LINE;
    /* Else a loss of power could leave an empty file in the place of a good one. */
    if (msync(journal->lines, size, MS_SYNC) == 0 && rename(journal->fresh, journal->path) == 0)
        return LEAT_OK;
    leat_status status = fail(reterr, journal->path, "it cannot be written: ", errno);
    (void)unlink(journal->fresh);
    return status;
}
