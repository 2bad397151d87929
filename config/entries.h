/* SPDX-License-Identifier: Apache-2.0 */
/* Within the loader: sources, sinks and what belongs to them. */
#ifndef LEAT_CONFIG_ENTRIES_H
#define LEAT_CONFIG_ENTRIES_H

#include <config/config.h>

/* A sink that an option names; whether there is one is known when all are read. */
struct leat_sink_use {
    struct leat_sink_use *next;
    leat_str name;
    const char *key; /* of the option, with its path */
    struct leat_config_place place;
};

#define LEAT_NAME_MAX 64
/* Letters, digits, "-", "_" and `also`: what logs, metrics and folders can be called by. */
bool leat_name_is_good(leat_str name, char also);

/* A problem at the node; of a map or list at its first byte. */
struct leat_problem *leat_node_complain(struct leat_problems *problems, const struct leat_node *node, const char *code,
                                        const char *format, ...) LEAT_PRINTF(4, 5);
/* Every text below it is shown as ***. */
void leat_node_hide(struct leat_problems *problems, const struct leat_node *node);
/* The member "a" of a map, or "b" of its member "a" for "a.b"; NULL: there is none. */
const struct leat_node *leat_node_member(const struct leat_node *map, const char *key);
/* "path.key", or the key at the top. NULL: out of memory. */
const char *leat_loader_key(const struct leat_loader *loader, const char *key);

/* All fail with NO_MEMORY only; what is wrong is a problem. */
leat_status leat_value_take(const struct leat_loader *loader, const struct leat_option_table *table,
                            const struct leat_option *option, const struct leat_node *node);
leat_status leat_modules_take(const struct leat_loader *loader, const struct leat_node *node);
leat_status leat_sinks_take(const struct leat_loader *loader, const struct leat_node *node);
leat_status leat_sources_take(const struct leat_loader *loader, const struct leat_node *node);
/* A sink where its name could stand. */
leat_status leat_sink_inline(const struct leat_loader *loader, const char *name, const struct leat_node *node);
/* Are there all that are named? */
void leat_sinks_check(const struct leat_loader *loader);
/* Nobody names the sink that stood there any more. */
void leat_sink_forget(struct leat_config *config, leat_str name);

/* What is said of a source -> its settings; `entry` has the places, NULL: it is no file's. */
leat_status leat_source_finish(const struct leat_loader *loader, struct leat_config_source *source,
                               const struct leat_node *entry);
void leat_config_together(const struct leat_config *config, struct leat_problems *problems, char *const *environment);
/* What is wrong first, with its place. CONFIG, or NO_MEMORY if nothing is. */
leat_status leat_problems_tell(const struct leat_problems *problems, struct leat_error *reterr);

#endif
