/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as a tree that knows where everything stands, and what configuration takes of it. */
#ifndef LEAT_CONFIG_TREE_H
#define LEAT_CONFIG_TREE_H

#include <config/problems.h>

#define LEAT_YAML_MAX ((size_t)1 << 20) /* bytes of a file */
#define LEAT_YAML_DEPTH_MAX 64
#define LEAT_YAML_MEMBERS_MAX 1000 /* of one map */

enum leat_node_kind { LEAT_NODE_TEXT, LEAT_NODE_LIST, LEAT_NODE_MAP };

struct leat_node {
    enum leat_node_kind kind;
    bool plain;        /* written without quotes: may be a number, true, false, null */
    bool replaced;     /* holds what a substitution gave */
    bool secret;       /* of which something came out of a secret */
    bool broken;       /* already reported: nothing more is said of it */
    size_t start, end; /* bytes of the text */
    leat_str text;
    struct leat_node *key; /* a member of a map has one */
    struct leat_node *child, *last_child, *next;
    size_t count; /* of children */
};

/* The tree of problems->text, in `arena`; NULL: nothing stands in it, or it cannot be read (then a problem says so).
 * What is YAML and not taken here is a problem too: aliases, merge keys, tags, tabs, several documents, duplicate keys.
 * Fails with NO_MEMORY only. */
leat_status leat_yaml_parse(struct leat_arena *arena, struct leat_problems *problems, struct leat_node **retroot);

/* As JSON: what has no quotes and is a number, true, false or null stays that, to the digit. */
void leat_node_json(struct leat_buf *buf, const struct leat_node *node);
/* "a map", "a list", "text". */
const char *leat_node_type(const struct leat_node *node);
/* Nothing, ~ or null without quotes. */
bool leat_node_is_null(const struct leat_node *node);

/* What ${...} may stand for. */
struct leat_substitution {
    struct leat_arena *arena;
    struct leat_problems *problems;
    char *const *environment;
    const char *folder; /* that ${file:} is relative to; NULL: no files are read */
};

/* In every text of the tree, keys apart. What cannot be replaced is a problem. Fails with NO_MEMORY only. */
leat_status leat_substitute(const struct leat_substitution *how, struct leat_node *node);

/* The bytes of a regular file of at most `max`. */
leat_status leat_config_read(struct leat_arena *arena, const char *path, size_t max, leat_str *rettext,
                             struct leat_error *reterr);
/* The value of a variable, or absent. */
leat_str leat_variable(char *const *environment, leat_str name);

#endif
