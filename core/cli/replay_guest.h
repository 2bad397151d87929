/* SPDX-License-Identifier: Apache-2.0 */
/* Replay through a function of any runtime: --bootstrap. */
#ifndef LEAT_CLI_REPLAY_GUEST_H
#define LEAT_CLI_REPLAY_GUEST_H

#include "cli.h"

#include <config/config.h>
#include <file/source.h>

#define LEAT_GUEST_TIME_MS 30000 /* where --time says nothing */

struct leat_replay_guest {
    const char *bootstrap;
    const struct leat_file_options *file;       /* as for the handlers of leat */
    const struct leat_adapter *const *adapters; /* NULL-terminated */
    const struct leat_config *config;           /* for its limits */
    /* NULL: all events; a document without one that is kept is not sent. */
    bool (*keep)(void *argument, const struct leat_unit *unit, const struct leat_envelope *envelope);
    void *keep_argument;
};

/* All documents, one after another. Interrupted: ends this process by that signal once all is cleared away.
 * CONFIG: the function cannot be run. */
leat_status leat_replay_guest(const struct leat_replay_guest *options, struct leat_error *reterr);

#endif
