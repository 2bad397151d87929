/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker is called, and the folder of its state made. */
#include "run.h"

#include <errno.h>
#include <sys/stat.h>

static leat_str without_end(leat_str name, leat_str end)
{
    if (name.len > end.len && leat_str_ends(name, end))
        name.len -= end.len;
    return name;
}

void leat_run_name(const struct leat_config *config, const char *path, char *buf, size_t size)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    leat_str name = leat_str_c(slash != NULL ? slash + 1 : path);
    name = without_end(without_end(name, LEAT_STR(".yaml")), LEAT_STR(".yml"));
    if (config->service.len > 0)
        name = config->service;
    snprintf(buf, size, "%.*s", LEAT_ARG(name.len > 0 ? name : LEAT_STR("leat")));
}

static leat_status fail(const char *folder, int why, struct leat_error *reterr)
{
    (void)leat_error_set(reterr, LEAT_STATUS(IO), "%s cannot be made: %s", folder, strerror(why));
    leat_error_fix(reterr, "another state folder: leat run --state FOLDER, STATE_DIRECTORY, XDG_STATE_HOME");
    return LEAT_STATUS(IO);
}

leat_status leat_run_make_folder(const char *folder, struct leat_error *reterr)
{
    char path[LEAT_RUN_FOLDER_MAX];
    struct stat found;
    if (strlen(folder) >= sizeof(path))
        return fail(folder, ENAMETOOLONG, reterr);
    snprintf(path, sizeof(path), "%s", folder);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return fail(path, errno, reterr);
        *slash = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fail(path, errno, reterr);
    if (stat(path, &found) != 0 || !S_ISDIR(found.st_mode))
        return fail(path, ENOTDIR, reterr);
    return LEAT_OK;
}
