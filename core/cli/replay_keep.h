/* SPDX-License-Identifier: Apache-2.0 */
/* Which events replay runs: those that --filter and --only both want. */
#ifndef LEAT_CLI_REPLAY_KEEP_H
#define LEAT_CLI_REPLAY_KEEP_H

#include "report.h"

#include <leat/filter.h>

struct leat_replay_keep {
    const char *only;           /* NULL: all */
    struct leat_filter *filter; /* NULL: all */
    struct leat_report *report; /* counts what is filtered out */
    struct leat_arena arena, scratch;
    bool matches; /* the record of the unit at hand */
};

void leat_replay_keep_init(struct leat_replay_keep *keep, struct leat_report *report);
void leat_replay_keep_fini(struct leat_replay_keep *keep);
/* One more --filter: a pattern, or @ and the file it stands in. */
leat_status leat_replay_keep_filter(struct leat_replay_keep *keep, const char *value, struct leat_error *reterr);
/* Is there anything to ask? */
bool leat_replay_keep_some(const struct leat_replay_keep *keep);
/* For struct leat_engine_options: `argument` is the struct. The events of a unit come in their order. */
bool leat_replay_keep(void *argument, const struct leat_unit *unit, const struct leat_envelope *envelope);

#endif
