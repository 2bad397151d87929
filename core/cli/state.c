/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

leat_status leat_state_folder(const char *service, char *buf, size_t size, struct leat_error *reterr)
{
    const char *systemd = variable("STATE_DIRECTORY"), *xdg = variable("XDG_STATE_HOME"), *home = variable("HOME");
    int len;
    if (systemd != NULL)
        len = snprintf(buf, size, "%.*s", (int)strcspn(systemd, ":"), systemd);
    else if (xdg != NULL && xdg[0] == '/') /* a relative one is to be ignored, says its specification */
        len = snprintf(buf, size, "%s/leat/%s", xdg, service);
    else if (home != NULL)
        len = snprintf(buf, size, "%s/.local/state/leat/%s", home, service);
    else
        return leat_error_set(reterr, LEAT_STATUS(CONFIG),
                              "no folder for what is to be kept: STATE_DIRECTORY, XDG_STATE_HOME and HOME are not set");
    if (len < 0 || (size_t)len >= size)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "the path of the state folder is too long");
    return LEAT_OK;
}
