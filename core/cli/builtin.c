/* SPDX-License-Identifier: Apache-2.0 */
#include <config/builtin.h>

#include <stddef.h>

const struct leat_source_ops *const leat_builtin_sources[] = {NULL};
const struct leat_sink_ops *const leat_builtin_sinks[] = {NULL};
