/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module: a .so that adds triggers and sinks. It exports one table named leat_module; LEAT_MODULE defines it.
 *
 *     static const struct leat_source_ops *const sources[] = {&redis_source, NULL};
 *     LEAT_MODULE(redis, .sources = sources);
 *
 * Opened only when it is named, or a type that is not built in has its name; for good, and never unloaded. It links
 * nothing of leat: what it calls is exported by `leat` and `bootstrap`. docs/reference/modules.md
 */
#ifndef LEAT_MODULE_H
#define LEAT_MODULE_H

#include <leat/adapter.h>
#include <leat/handler.h>
#include <leat/sink.h>
#include <leat/source.h>

LEAT_BEGIN

struct leat_module {
    uint32_t abi, size; /* LEAT_ABI, sizeof(struct leat_module) */
    const char *name;
    /* Each ends with NULL; NULL: none. */
    const struct leat_adapter *const *adapters; /* asked behind the built-in ones, before "unknown" */
    const struct leat_source_ops *const *sources;
    const struct leat_sink_ops *const *sinks;
};

#define LEAT_MODULE(module_name, ...)                                                                 \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"") \
        LEAT_HANDLER_LINKAGE LEAT_API const struct leat_module leat_module;                           \
    const struct leat_module leat_module = {                                                          \
        .abi = LEAT_ABI, .size = sizeof(struct leat_module), .name = #module_name, __VA_ARGS__};      \
    _Pragma("GCC diagnostic pop") LEAT_HANDLER_LINKAGE LEAT_API const struct leat_module leat_module

LEAT_END

#endif
