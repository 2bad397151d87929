/* SPDX-License-Identifier: Apache-2.0 */
#include "put.h"
#include "spool.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

int64_t leat_spool_wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int leat_spool_stage(const struct leat_spool_folders *folders, const char *tail, leat_str text,
                     char retname[LEAT_SPOOL_NAME_SIZE])
{
    leat_spool_name_make(retname, leat_spool_wall_us(), tail);
    return leat_spool_write(folders->at[LEAT_SPOOL_TMP], retname, text);
}

int leat_spool_publish(const struct leat_spool_folders *folders, const char *name, char retname[LEAT_SPOOL_NAME_SIZE])
{
    const struct leat_spool_name as = {.base = leat_str_c(name)};
    int error = leat_spool_move(folders->at[LEAT_SPOOL_TMP], name, folders->at[LEAT_SPOOL_NEW], &as, retname);
    if (error != 0)
        unlinkat(folders->at[LEAT_SPOOL_TMP], name, 0);
    return error;
}

static int put_into(const struct leat_spool_folders *folders, leat_str payload, char retname[LEAT_SPOOL_NAME_SIZE])
{
    char tail[32], name[LEAT_SPOOL_NAME_SIZE];
    uint32_t chance = 0;
    if (getrandom(&chance, sizeof(chance), 0) < 0)
        return errno;
    snprintf(tail, sizeof(tail), "%d-%08x", (int)getpid(), chance);
    int error = leat_spool_stage(folders, tail, payload, name);
    if (error == 0)
        error = leat_spool_publish(folders, name, retname);
    if (error == 0 && fsync(folders->at[LEAT_SPOOL_NEW]) != 0)
        error = errno;
    return error;
}

leat_status leat_spool_put(const void *options, leat_str payload, struct leat_arena *arena, leat_str *retname,
                           struct leat_error *reterr)
{
    const struct leat_spool_options *given = options;
    struct leat_spool_folders folders;
    char name[LEAT_SPOOL_NAME_SIZE];
    leat_spool_folders_init(&folders);
    LEAT_TRY(leat_spool_folders_open(&folders, given->path, LEAT_SPOOL_OF_PRODUCERS, true, reterr));
    int error = put_into(&folders, payload, name);
    leat_spool_folders_close(&folders);
    if (error != 0) {
        leat_status status =
            leat_error_set(reterr, LEAT_STATUS(IO), "spool %.*s: %s", LEAT_ARG(given->path), strerror(error));
        leat_error_fix(reterr, "%s", leat_spool_advice(error));
        return status;
    }
    *retname = leat_arena_copy(arena, leat_str_c(name));
    return retname->ptr != NULL ? LEAT_OK : leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}
