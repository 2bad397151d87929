/* SPDX-License-Identifier: Apache-2.0 */
#include <config/builtin.h>
#include <file/sink.h>
#include <spool/spool.h>

const struct leat_source_ops *const leat_builtin_sources[] = {&leat_source_spool, NULL};
const struct leat_sink_ops *const leat_builtin_sinks[] = {&leat_sink_file, &leat_sink_spool, NULL};
