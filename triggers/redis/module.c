/* SPDX-License-Identifier: Apache-2.0 */
#include "redis.h"

#include <leat/module.h>

static const struct leat_source_ops *const sources[] = {&leat_source_redis, NULL};
static const struct leat_sink_ops *const sinks[] = {&leat_sink_redis, NULL};

LEAT_MODULE(redis, .sources = sources, .sinks = sinks);
