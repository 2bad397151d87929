/* SPDX-License-Identifier: Apache-2.0 */
/* The spool: a folder as a queue. docs/reference/spool.md */
#ifndef LEAT_SPOOL_H
#define LEAT_SPOOL_H

#include <leat/error.h>
#include <leat/sink.h>
#include <leat/source.h>

struct leat_spool_options {
    leat_str path;
    bool keep_done;
};

struct leat_spool_sink_options {
    leat_str path;
};

extern const struct leat_source_ops leat_source_spool;
extern const struct leat_sink_ops leat_sink_spool;

#endif
