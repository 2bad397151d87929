/* SPDX-License-Identifier: Apache-2.0 */
#include "acme.h"

static const struct leat_adapter *const adapters[] = {&acme_adapter, NULL};
static const struct leat_source_ops *const sources[] = {&acme_source, NULL};
static const struct leat_sink_ops *const sinks[] = {&acme_sink, NULL};

LEAT_MODULE(acme, .adapters = adapters, .sources = sources, .sinks = sinks);
