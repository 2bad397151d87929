/* SPDX-License-Identifier: Apache-2.0 */
#include <config/tree.h>

#include <leat/json.h>

const char *leat_node_type(const struct leat_node *node)
{
    switch (node->kind) {
    case LEAT_NODE_MAP: return "a map";
    case LEAT_NODE_LIST: return "a list";
    case LEAT_NODE_TEXT: break;
    }
    return leat_node_is_null(node) ? "nothing" : "text";
}

bool leat_node_is_null(const struct leat_node *node)
{
    return node->kind == LEAT_NODE_TEXT && node->plain && !node->replaced &&
           (node->text.len == 0 || leat_str_is(node->text, "~") || leat_str_is(node->text, "null"));
}

/* A secret is text whatever it looks like. */
static bool is_json_scalar(const struct leat_node *node)
{
    if (!node->plain || node->secret || node->text.len == 0)
        return false;
    bool number = node->text.ptr[0] == '-' || (node->text.ptr[0] >= '0' && node->text.ptr[0] <= '9');
    if (number)
        return leat_json_valid(node->text) && leat_str_trim(node->text).len == node->text.len;
    return leat_str_is(node->text, "true") || leat_str_is(node->text, "false");
}

static void print_text(struct leat_buf *buf, const struct leat_node *node)
{
    if (leat_node_is_null(node))
        leat_buf_c(buf, "null");
    else if (is_json_scalar(node))
        leat_buf_add(buf, node->text);
    else
        leat_buf_json_string(buf, node->text);
}

void leat_node_json(struct leat_buf *buf, const struct leat_node *node)
{
    if (node->kind == LEAT_NODE_TEXT) {
        print_text(buf, node);
        return;
    }
    leat_buf_char(buf, node->kind == LEAT_NODE_MAP ? '{' : '[');
    for (const struct leat_node *child = node->child; child != NULL; child = child->next) {
        if (child != node->child)
            leat_buf_char(buf, ',');
        if (child->key != NULL) {
            leat_buf_json_string(buf, child->key->text);
            leat_buf_char(buf, ':');
        }
        leat_node_json(buf, child);
    }
    leat_buf_char(buf, node->kind == LEAT_NODE_MAP ? '}' : ']');
}
