/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    else if (xdg != NULL && xdg[0] == '/') /* a relative one is to be ignored, says its specification */
        len = snprintf(buf, size, "%s/leat/%s", xdg, service);
    else if (home != NULL)
        len = snprintf(buf, size, "%s/.local/state/leat/%s", home, service);
    return len > 0 && (size_t)len < size;
}
