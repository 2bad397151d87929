/* SPDX-License-Identifier: Apache-2.0 */
/* The types that leat itself has; core/cli/builtin.c. Both end with NULL. */
#ifndef LEAT_CONFIG_BUILTIN_H
#define LEAT_CONFIG_BUILTIN_H

#include <leat/error.h>
#include <leat/sink.h>
#include <leat/source.h>

extern const struct leat_source_ops *const leat_builtin_sources[];
extern const struct leat_sink_ops *const leat_builtin_sinks[];

#endif
