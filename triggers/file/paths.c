/* SPDX-License-Identifier: Apache-2.0 */
#include "paths.h"

#include <leat/alloc.h>

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DEPTH_MAX 64 /* of folders */

/* The folders above the one at hand: a link to one of them leads nowhere new. */
struct above {
    const struct above *next;
    dev_t device;
    ino_t inode;
    int depth;
};

static leat_status no_memory(struct leat_error *reterr)
{
    return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
}

static leat_status add_path(struct leat_paths *paths, const char *path, struct leat_error *reterr)
{
    if (paths->count == paths->size) {
        size_t size = paths->size == 0 ? 16 : paths->size * 2;
        char **larger = leat_realloc(paths->items, size * sizeof(*larger));
        if (larger == NULL)
            return no_memory(reterr);
        paths->items = larger;
        paths->size = size;
    }
    paths->items[paths->count] = leat_strdup(path);
    if (paths->items[paths->count] == NULL)
        return no_memory(reterr);
    paths->count++;
    return LEAT_OK;
}

void leat_paths_free(struct leat_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        leat_free(paths->items[i]);
    leat_free(paths->items);
    *paths = (struct leat_paths){0};
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_event_file(const char *name)
{
    static const char *const endings[] = {".json", ".jsonl", ".ndjson"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (leat_str_ends(leat_str_c(name), leat_str_c(endings[i])))
            return true;
    return false;
}

static leat_status list_folder(const char *folder, struct leat_paths *retnames, struct leat_error *reterr)
{
    DIR *dir = opendir(folder);
    leat_status status = LEAT_OK;
    if (dir == NULL)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%s: %s", folder, strerror(errno));
    for (struct dirent *entry; leat_is_ok(status) && (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = add_path(retnames, entry->d_name, reterr);
    closedir(dir);
    if (retnames->count > 0)
        qsort(retnames->items, retnames->count, sizeof(*retnames->items), by_bytes);
    return status;
}

static leat_status add_file(struct leat_paths *paths, const char *path, const struct stat *info,
                            struct leat_error *reterr)
{
    paths->unknown_size = paths->unknown_size || !S_ISREG(info->st_mode);
    paths->bytes += S_ISREG(info->st_mode) ? (uint64_t)info->st_size : 0;
    return add_path(paths, path, reterr);
}

static leat_status add_folder(struct leat_paths *paths, const char *folder, const struct stat *info,
                              const struct above *above, struct leat_error *reterr);

static leat_status add_entry(struct leat_paths *paths, const char *folder, const char *name, const struct above *above,
                             struct leat_error *reterr)
{
    struct stat info;
    size_t len = strlen(folder);
    char *path LEAT_CLEANUP(leat_freep) = leat_alloc_raw(len + strlen(name) + 2);
    if (path == NULL)
        return no_memory(reterr);
    snprintf(path, len + strlen(name) + 2, "%s%s%s", folder, len > 0 && folder[len - 1] == '/' ? "" : "/", name);
    if (stat(path, &info) != 0)
        return LEAT_OK; /* gone meanwhile, or a link to nothing */
    if (S_ISDIR(info.st_mode))
        return add_folder(paths, path, &info, above, reterr);
    return is_event_file(name) ? add_file(paths, path, &info, reterr) : LEAT_OK;
}

static bool is_inside_itself(const struct stat *info, const struct above *above)
{
    while (above != NULL && (above->device != info->st_dev || above->inode != info->st_ino))
        above = above->next;
    return above != NULL;
}

static leat_status add_folder(struct leat_paths *paths, const char *folder, const struct stat *info,
                              const struct above *above, struct leat_error *reterr)
{
    struct leat_paths names LEAT_CLEANUP(leat_paths_free) = {0};
    const struct above here = {above, info->st_dev, info->st_ino, above != NULL ? above->depth + 1 : 1};
    if (is_inside_itself(info, above))
        return LEAT_OK;
    if (here.depth > DEPTH_MAX)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%s: folders more than %d deep", folder, DEPTH_MAX);
    LEAT_TRY(list_folder(folder, &names, reterr));
    for (size_t i = 0; i < names.count; i++)
        LEAT_TRY(add_entry(paths, folder, names.items[i], &here, reterr));
    return LEAT_OK;
}

static leat_status add_existing(struct leat_paths *paths, const char *path, const struct stat *info,
                                struct leat_error *reterr)
{
    return S_ISDIR(info->st_mode) ? add_folder(paths, path, info, NULL, reterr) : add_file(paths, path, info, reterr);
}

static leat_status add_pattern(struct leat_paths *paths, const char *pattern, struct leat_error *reterr)
{
    glob_t found;
    leat_status status = LEAT_OK;
    if (strpbrk(pattern, "*?[") == NULL || glob(pattern, 0, NULL, &found) != 0)
        return leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "%s: %s", pattern, strerror(ENOENT));
    for (size_t i = 0; leat_is_ok(status) && i < found.gl_pathc; i++) {
        struct stat info;
        if (stat(found.gl_pathv[i], &info) == 0)
            status = add_existing(paths, found.gl_pathv[i], &info, reterr);
    }
    globfree(&found);
    return status;
}

leat_status leat_paths_find(struct leat_paths *paths, const char *const *given, size_t count, struct leat_error *reterr)
{
    for (size_t i = 0; i < count; i++) {
        struct stat info;
        size_t before = paths->count;
        if (strcmp(given[i], "-") == 0) {
            paths->unknown_size = true;
            LEAT_TRY(add_path(paths, "-", reterr));
            continue;
        }
        if (stat(given[i], &info) == 0)
            LEAT_TRY(add_existing(paths, given[i], &info, reterr));
        else if (errno != ENOENT)
            return leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "%s: %s", given[i], strerror(errno));
        else
            LEAT_TRY(add_pattern(paths, given[i], reterr));
        if (paths->count == before)
            return leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "%s: no *.json, *.jsonl or *.ndjson file in it",
                                  given[i]);
    }
    return LEAT_OK;
}
