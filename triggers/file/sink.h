/* SPDX-License-Identifier: Apache-2.0 */
/* The file sink: JSON Lines, docs/reference/dead-letters.md. */
#ifndef LEAT_FILE_SINK_H
#define LEAT_FILE_SINK_H

#include <leat/sink.h>

struct leat_file_sink_options {
    leat_str path;
    size_t max_size; /* 0: never rotated */
    uint32_t keep;
    bool fsync;
};

extern const struct leat_sink_ops leat_sink_file;

#endif
