/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FOLDER_MAX 4096

static leat_str without_end(leat_str name, leat_str end)
{
    if (name.len > end.len && leat_str_ends(name, end))
        name.len -= end.len;
    return name;
}

void leat_state_service(const struct leat_config *config, const char *path, char *buf, size_t size)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    leat_str name = leat_str_c(slash != NULL ? slash + 1 : path);
    name = without_end(without_end(name, LEAT_STR(".yaml")), LEAT_STR(".yml"));
    if (config->service.len > 0)
        name = config->service;
    snprintf(buf, size, "%.*s", LEAT_ARG(name.len > 0 ? name : LEAT_STR("leat")));
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

bool leat_state_folder(const char *service, char *buf, size_t size)
{
    const char *state = variable("STATE_DIRECTORY"), *xdg = variable("XDG_STATE_HOME"), *home = variable("HOME");
    int len = -1;
    if (state != NULL)
        len = snprintf(buf, size, "%.*s", (int)strcspn(state, ":"), state);
    else if (xdg != NULL && xdg[0] == '/') /* a relative one is to be ignored */
        len = snprintf(buf, size, "%s/leat/%s", xdg, service);
    else if (home != NULL)
        len = snprintf(buf, size, "%s/.local/state/leat/%s", home, service);
    return len > 0 && (size_t)len < size;
}

static leat_status fail(const char *folder, int why, struct leat_error *reterr)
{
    (void)leat_error_set(reterr, LEAT_STATUS(IO), "%s cannot be made: %s", folder, strerror(why));
    leat_error_fix(reterr, "another state folder: leat run --state FOLDER, STATE_DIRECTORY, XDG_STATE_HOME");
    return LEAT_STATUS(IO);
}

leat_status leat_state_make(const char *folder, struct leat_error *reterr)
{
    char path[FOLDER_MAX];
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
