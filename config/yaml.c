/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text -> tree, by libyaml's events. libyaml counts characters and has more line breaks than an editor; so what it
 * would count otherwise is refused before it sees the text. Its own memory is malloc's.
 */
#include <config/tree.h>

#include <leat/alloc.h>
#include <leat/json.h>

#include <yaml.h>

struct builder {
    struct leat_arena *arena;
    struct leat_problems *problems;
    yaml_parser_t parser;
    leat_str text;
    size_t *lines, line_count; /* where each begins */
    struct {
        size_t line, column, at;
    } last; /* the last place looked for: the next one mostly stands behind it */
    struct leat_node *stack[LEAT_YAML_DEPTH_MAX];
    struct leat_node *key[LEAT_YAML_DEPTH_MAX]; /* of a map: waits for its value */
    size_t depth;
    struct leat_node *root;
    unsigned documents;
    bool stopped;
};

/* --- before libyaml ---------------------------------------------------------------------------------------- */

/* A line break for libyaml and for no editor: U+0085, U+2028, U+2029. */
static size_t foreign_break(leat_str rest)
{
    if (leat_str_starts(rest, LEAT_STR("\xC2\x85")))
        return 2;
    return leat_str_starts(rest, LEAT_STR("\xE2\x80\xA8")) || leat_str_starts(rest, LEAT_STR("\xE2\x80\xA9")) ? 3 : 0;
}

static bool is_control(leat_str rest)
{
    unsigned char c = (unsigned char)rest.ptr[0];
    if (c == '\r')
        return rest.len < 2 || rest.ptr[1] != '\n';
    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
}

/* Tabs become spaces, so that all that is wrong is found in one run. False: not worth reading on. */
static bool check_bytes(struct leat_problems *problems, char *text, size_t len)
{
    size_t good = leat_str_utf8(leat_str_of(text, len));
    unsigned before = problems->errors;
    for (size_t i = 0, line = 0; i < good; i++) {
        leat_str rest = leat_str_of(text + i, good - i);
        size_t foreign = foreign_break(rest);
        if (text[i] == '\n')
            line = i + 1;
        else if (text[i] == '\t') {
            if (memchr(text + line, '\t', i - line) == NULL)
                leat_problem_fix(problems, leat_problem_add(problems, i, 1, "tab", "a tab"),
                                 "YAML is indented with spaces; in text write \"\\t\"");
        } else if (foreign > 0 || is_control(rest))
            leat_problem_fix(
                problems,
                leat_problem_add(problems, i, foreign > 0 ? foreign : 1, "syntax",
                                 foreign > 0 ? "a line break that is none in most editors" : "a control character"),
                "write it as an escape in \"...\"");
    }
    for (size_t i = 0; i < good; i++)
        text[i] = text[i] == '\t' ? ' ' : text[i];
    if (good < len)
        (void)leat_problem_add(problems, good, 1, "syntax", "not UTF-8");
    for (const struct leat_problem *at = problems->first; at != NULL; at = at->next)
        if (strcmp(at->code, "tab") != 0)
            return false;
    return problems->errors - before <= LEAT_PROBLEMS_MAX;
}

static bool find_lines(struct builder *builder)
{
    builder->line_count = 1;
    for (size_t i = 0; i < builder->text.len; i++)
        builder->line_count += builder->text.ptr[i] == '\n' ? 1 : 0;
    builder->lines = LEAT_NEW_N(builder->arena, size_t, builder->line_count);
    if (builder->lines == NULL)
        return false;
    for (size_t i = 0, line = 1; i < builder->text.len; i++)
        if (builder->text.ptr[i] == '\n')
            builder->lines[line++] = i + 1;
    return true;
}

/* The byte that a mark stands at: libyaml counts lines and characters, from 0. */
static size_t place(struct builder *builder, const yaml_mark_t *mark)
{
    if (mark->line >= builder->line_count)
        return builder->text.len;
    bool behind = builder->last.line == mark->line && builder->last.column <= mark->column && builder->last.at > 0;
    size_t at = behind ? builder->last.at : builder->lines[mark->line];
    for (size_t column = behind ? builder->last.column : 0; column < mark->column && at < builder->text.len; column++)
        do
            at++;
        while (at < builder->text.len && ((unsigned char)builder->text.ptr[at] & 0xC0) == 0x80);
    builder->last.line = mark->line;
    builder->last.column = mark->column;
    builder->last.at = at;
    return at;
}

/* --- events -> tree ------------------------------------------------------------------------------------------ */

static struct leat_problem *complain(struct builder *builder, const struct leat_node *node, const char *code,
                                     const char *what)
{
    return leat_problem_add(builder->problems, node->start, node->end - node->start, code, "%s", what);
}

static void check_key(struct builder *builder, const struct leat_node *map, struct leat_node *key)
{
    if (key->kind != LEAT_NODE_TEXT) {
        (void)complain(builder, key, "syntax", "a key is text");
        key->broken = true;
    }
    if (key->plain && leat_str_is(key->text, "<<")) {
        leat_problem_fix(builder->problems, complain(builder, key, "merge-key", "merge keys are not taken"),
                         "write out what it stands for");
        key->broken = true;
    }
    for (const struct leat_node *other = map->child; other != NULL && !key->broken; other = other->next) {
        if (other->key->broken || !leat_str_eq(other->key->text, key->text))
            continue;
        size_t line, column;
        struct leat_problem first = {.at = other->key->start};
        leat_problem_place(builder->problems, &first, &line, &column);
        leat_problem_fix(builder->problems,
                         leat_problem_add(builder->problems, key->start, key->end - key->start, "duplicate-key",
                                          "\"%.*s\" stands here twice", LEAT_ARG(key->text)),
                         "it already stands in line %zu", line);
        key->broken = true;
    }
}

static void append(struct builder *builder, struct leat_node *parent, struct leat_node *node)
{
    if (parent->last_child != NULL)
        parent->last_child->next = node;
    else
        parent->child = node;
    parent->last_child = node;
    if (++parent->count <= LEAT_YAML_MEMBERS_MAX || parent->kind != LEAT_NODE_MAP)
        return;
    (void)leat_problem_add(builder->problems, node->start, 1, "too-big", "more than %d keys in one map",
                           LEAT_YAML_MEMBERS_MAX);
    builder->stopped = true;
}

static void attach(struct builder *builder, struct leat_node *node)
{
    struct leat_node *parent = builder->depth > 0 ? builder->stack[builder->depth - 1] : NULL;
    struct leat_node **key = builder->depth > 0 ? &builder->key[builder->depth - 1] : NULL;
    if (parent == NULL) {
        builder->root = node;
        return;
    }
    if (parent->kind == LEAT_NODE_MAP && *key == NULL) {
        *key = node;
        check_key(builder, parent, node);
        return;
    }
    if (parent->kind == LEAT_NODE_MAP) {
        node->key = *key;
        *key = NULL;
    }
    append(builder, parent, node);
}

static void push(struct builder *builder, struct leat_node *node)
{
    if (builder->depth == LEAT_YAML_DEPTH_MAX) {
        (void)leat_problem_add(builder->problems, node->start, 1, "too-deep", "nested deeper than %d levels",
                               LEAT_YAML_DEPTH_MAX);
        builder->stopped = true;
        return;
    }
    builder->stack[builder->depth] = node;
    builder->key[builder->depth++] = NULL;
}

static struct leat_node *new_node(struct builder *builder, const yaml_event_t *event, enum leat_node_kind kind)
{
    struct leat_node *node = LEAT_NEW(builder->arena, struct leat_node);
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->start = place(builder, &event->start_mark);
    node->end = place(builder, &event->end_mark);
    if (node->end < node->start)
        node->end = node->start;
    return node;
}

static void refuse_properties(struct builder *builder, struct leat_node *node, const void *anchor, const void *tag)
{
    if (anchor != NULL) {
        leat_problem_fix(builder->problems, complain(builder, node, "alias", "anchors and aliases are not taken"),
                         "write the value in each place");
        node->broken = true;
    }
    if (tag != NULL) {
        leat_problem_fix(builder->problems, complain(builder, node, "syntax", "tags are not taken"),
                         "leave out what begins with !");
        node->broken = true;
    }
}

static void take_node(struct builder *builder, const yaml_event_t *event)
{
    bool scalar = event->type == YAML_SCALAR_EVENT;
    bool map = event->type == YAML_MAPPING_START_EVENT;
    struct leat_node *node = new_node(builder, event,
                                      map                                         ? LEAT_NODE_MAP
                                      : scalar || event->type == YAML_ALIAS_EVENT ? LEAT_NODE_TEXT
                                                                                  : LEAT_NODE_LIST);
    if (node == NULL)
        return;
    if (scalar) {
        node->text = leat_arena_copy(builder->arena,
                                     leat_str_of((const char *)event->data.scalar.value, event->data.scalar.length));
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        refuse_properties(builder, node, event->data.scalar.anchor, event->data.scalar.tag);
    } else if (map)
        refuse_properties(builder, node, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        refuse_properties(builder, node, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    else {
        node->text = LEAT_STR("");
        refuse_properties(builder, node, "*", NULL);
    }
    attach(builder, node);
    if (node->kind != LEAT_NODE_TEXT && !builder->stopped)
        push(builder, node);
}

static void take_document(struct builder *builder, const yaml_event_t *event)
{
    if (++builder->documents < 2)
        return;
    leat_problem_fix(
        builder->problems,
        leat_problem_add(builder->problems, place(builder, &event->start_mark), 3, "documents", "a second document"),
        "a file holds one: leave out ---");
    builder->stopped = true;
}

static void take(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_STREAM_END_EVENT: builder->stopped = true; break;
    case YAML_DOCUMENT_START_EVENT: take_document(builder, event); break;
    case YAML_ALIAS_EVENT:
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT: take_node(builder, event); break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: builder->stack[--builder->depth]->end = place(builder, &event->end_mark); break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
}

/* --- what libyaml does not take ---------------------------------------------------------------------------------- */

static const char *advice(leat_str text, size_t at, const char *problem)
{
    if (at > 0 && at < text.len && text.ptr[at] == '{' && text.ptr[at - 1] == '$')
        return "inside {...} and [...] write it with quotes: \"${NAME}\"";
    if (strstr(problem, "mapping values are not allowed") != NULL)
        return "text with \": \" in it stands in quotes; a key stands on a line of its own";
    if (strstr(problem, "cannot start any token") != NULL)
        return "text that begins like this stands in quotes";
    if (strstr(problem, "block end") != NULL || strstr(problem, "expected key") != NULL)
        return "is it indented like its neighbours?";
    return NULL;
}

static void take_fault(struct builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    const char *what = parser->problem != NULL ? parser->problem : "it cannot be read";
    bool ended = strstr(what, "unexpected end of stream") != NULL && parser->context != NULL;
    size_t at = parser->error == YAML_READER_ERROR
                    ? parser->problem_offset
                    : place(builder, ended ? &parser->context_mark : &parser->problem_mark);
    builder->root = NULL;
    builder->stopped = true;
    struct leat_problem *problem =
        leat_problem_add(builder->problems, at, 1, "syntax", "not YAML: %s%s%s", what,
                         parser->context != NULL ? ", " : "", parser->context != NULL ? parser->context : "");
    const char *fix = advice(builder->text, at, what);
    if (fix != NULL)
        leat_problem_fix(builder->problems, problem, "%s", fix);
}

static leat_status build(struct builder *builder)
{
    while (!builder->stopped && !builder->arena->overflow) {
        yaml_event_t event;
        if (yaml_parser_parse(&builder->parser, &event)) {
            take(builder, &event);
            yaml_event_delete(&event);
        } else if (builder->parser.error == YAML_MEMORY_ERROR)
            return LEAT_STATUS(NO_MEMORY);
        else
            take_fault(builder);
    }
    return leat_arena_status(builder->arena);
}

leat_status leat_yaml_parse(struct leat_arena *arena, struct leat_problems *problems, struct leat_node **retroot)
{
    struct builder builder = {.arena = arena, .problems = problems};
    *retroot = NULL;
    if (leat_str_starts(problems->text, LEAT_STR("\xEF\xBB\xBF")))
        problems->text = leat_str_skip(problems->text, 3);
    builder.text = leat_arena_copy(arena, problems->text);
    if (builder.text.ptr == NULL || !find_lines(&builder))
        return leat_arena_status(arena);
    problems->guarded = true; /* until there is a tree */
    if (!check_bytes(problems, (char *)(uintptr_t)builder.text.ptr, builder.text.len))
        return LEAT_OK;
    if (!yaml_parser_initialize(&builder.parser))
        return LEAT_STATUS(NO_MEMORY);
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, (const unsigned char *)builder.text.ptr, builder.text.len);
    leat_status status = build(&builder);
    yaml_parser_delete(&builder.parser);
    if (!leat_is_ok(status))
        return status;
    problems->guarded = builder.depth > 0 || builder.root == NULL; /* it stopped halfway */
    *retroot = problems->guarded ? NULL : builder.root;
    return LEAT_OK;
}
