/* SPDX-License-Identifier: Apache-2.0 */
/* ${NAME}, ${file:PATH}, ${secret:NAME#/pointer}, in texts that are parsed already: what comes in is never syntax. */
#include <config/tree.h>

#include <leat/json.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALUE_MAX ((size_t)64 << 10) /* bytes of a file that is put in */
#define PATH_SIZE 4096

struct reference {
    const struct leat_substitution *how;
    struct leat_node *node;
    leat_str body; /* between ${ and } */
};

/* --- files ------------------------------------------------------------------------------------------------- */

/* Up to `max` bytes and one more, which tells that there are more. */
static leat_status read_all(int fd, struct leat_arena *arena, size_t max, leat_str *rettext)
{
    char *bytes = leat_arena_alloc(arena, max + 2);
    size_t len = 0;
    ssize_t got = 1;
    if (bytes == NULL)
        return leat_arena_status(arena);
    while (got != 0 && len <= max) {
        got = read(fd, bytes + len, max + 1 - len);
        if (got < 0 && errno != EINTR)
            return LEAT_STATUS(IO);
        len += got > 0 ? (size_t)got : 0;
    }
    bytes[len] = '\0';
    *rettext = leat_str_of(bytes, len);
    return len <= max ? LEAT_OK : LEAT_STATUS(TOO_BIG);
}

leat_status leat_config_read(struct leat_arena *arena, const char *path, size_t max, leat_str *rettext,
                             struct leat_error *reterr)
{
    struct stat info;
    leat_status status = LEAT_STATUS(IO);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe would wait for its writer */
    int why = errno;
    bool regular = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (regular) {
        status = read_all(fd, arena, max, rettext);
        why = errno;
    }
    if (fd >= 0)
        close(fd);
    if (leat_is_ok(status) || status.code == LEAT_E_NO_MEMORY)
        return status;
    if (status.code == LEAT_E_TOO_BIG)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s is larger than %zu KiB", path, max >> 10);
    return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: %s", path,
                          fd >= 0 && !regular ? "not a regular file" : strerror(why));
}

/* An editor's newline at the end is no part of the value. */
static leat_str without_newline(leat_str text)
{
    text.len -= leat_str_ends(text, LEAT_STR("\r\n")) ? 2 : leat_str_ends(text, LEAT_STR("\n")) ? 1 : 0;
    return text;
}

leat_str leat_variable(char *const *environment, leat_str name)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        leat_str value = leat_str_c(*environment);
        if (leat_str_eq(leat_str_cut(&value, '='), name))
            return value;
    }
    return LEAT_ABSENT;
}

/* --- one reference ------------------------------------------------------------------------------------------- */

static struct leat_problem *refuse(const struct reference *reference, const char *code, const char *what, leat_str name)
{
    struct leat_node *node = reference->node;
    node->broken = true;
    return leat_problem_add(reference->how->problems, node->start, node->end - node->start, code, "%s%.*s", what,
                            LEAT_ARG(name));
}

static bool is_name_byte(char c, bool first)
{
    return (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

static size_t name_length(leat_str text)
{
    size_t len = 0;
    while (len < text.len && is_name_byte(text.ptr[len], len == 0))
        len++;
    return len;
}

/* NAME, NAME:-default, NAME:?message. */
static leat_str variable(const struct reference *reference, size_t name_len)
{
    leat_str name = leat_str_of(reference->body.ptr, name_len), rest = leat_str_skip(reference->body, name_len);
    leat_str value = leat_variable(reference->how->environment, name);
    if (rest.len == 0 && value.ptr == NULL)
        leat_problem_fix(reference->how->problems,
                         refuse(reference, "undefined-variable", "a variable that is not set: ", name),
                         "set it, or give a default: ${%.*s:-default}", LEAT_ARG(name));
    if (rest.len == 0 || value.len > 0)
        return value;
    if (leat_str_starts(rest, LEAT_STR(":-")))
        return leat_str_skip(rest, 2);
    leat_problem_fix(reference->how->problems,
                     refuse(reference, "undefined-variable", "a variable that is not set: ", name), "%.*s",
                     LEAT_ARG(leat_str_skip(rest, 2)));
    return LEAT_ABSENT;
}

static leat_str from_file(const struct reference *reference, leat_str path)
{
    struct leat_error error = {0};
    char full[PATH_SIZE];
    leat_str text = LEAT_ABSENT;
    bool absolute = path.len > 0 && path.ptr[0] == '/';
    const char *folder = reference->how->folder;
    int len = absolute || folder == NULL || strcmp(folder, ".") == 0
                  ? snprintf(full, sizeof(full), "%.*s", LEAT_ARG(path))
                  : snprintf(full, sizeof(full), "%s/%.*s", folder, LEAT_ARG(path));
    if (folder == NULL || path.len == 0 || len >= (int)sizeof(full)) {
        (void)refuse(reference, "no-file", "a file that cannot be read: ", path);
        return LEAT_ABSENT;
    }
    leat_status status = leat_config_read(reference->how->arena, full, VALUE_MAX, &text, &error);
    if (leat_is_ok(status))
        return without_newline(text);
    (void)refuse(reference, "no-file", "", leat_str_c(error.message));
    return LEAT_ABSENT;
}

static leat_str no_secret(const struct reference *reference, leat_str name, leat_str folder)
{
    struct leat_problem *problem = leat_problem_add(reference->how->problems, reference->node->start,
                                                    reference->node->end - reference->node->start, "no-secret",
                                                    "secret \"%.*s\" not found", LEAT_ARG(name));
    reference->node->broken = true;
    leat_problem_fix(reference->how->problems, problem,
                     "looked in: $CREDENTIALS_DIRECTORY (%.*s)\nfix: LoadCredential=%.*s:/etc/leat/%.*s.key",
                     LEAT_ARG(folder.len > 0 ? folder : LEAT_STR("not set")), LEAT_ARG(name), LEAT_ARG(name));
    return LEAT_ABSENT;
}

/* The member of a secret that is JSON. Nothing of it gets into the message. */
static leat_str member_of(const struct reference *reference, leat_str text, leat_str name, leat_str pointer)
{
    struct leat_arena *arena = reference->how->arena;
    struct leat_json_fault fault;
    struct leat_buf buf;
    cJSON *root = NULL;
    leat_buf_init(&buf, arena);
    bool json = leat_is_ok(leat_json_parse(arena, text, &root, &fault));
    const cJSON *item = json ? leat_json_pointer(root, pointer) : NULL;
    if (item == NULL || cJSON_IsObject(item) || cJSON_IsArray(item)) {
        (void)refuse(reference, "no-secret",
                     !json          ? "a secret that is no JSON, so that nothing in it can be pointed at: "
                     : item == NULL ? "a secret without what #... points at: "
                                    : "a secret that has no text, number, true or false where #... points: ",
                     name);
        return LEAT_ABSENT;
    }
    if (cJSON_IsString(item))
        return leat_json_text(item);
    if (!leat_is_ok(leat_json_keep_numbers(arena, text, root)))
        return LEAT_ABSENT;
    leat_json_print(&buf, item);
    return leat_buf_str(&buf);
}

/* A file of that name in the folder that systemd has put the credentials of the service in. */
static leat_str from_secret(const struct reference *reference, leat_str body)
{
    leat_str pointer = body, name = leat_str_cut(&pointer, '#'), text = LEAT_ABSENT;
    leat_str folder = leat_variable(reference->how->environment, LEAT_STR("CREDENTIALS_DIRECTORY"));
    char path[PATH_SIZE];
    reference->node->secret = true;
    if (name.len == 0 || name.ptr[0] == '.' || memchr(name.ptr, '/', name.len) != NULL ||
        memchr(name.ptr, '\0', name.len) != NULL) {
        (void)refuse(reference, "no-secret", "a secret's name is that of a file", LEAT_ABSENT);
        return LEAT_ABSENT;
    }
    int len = snprintf(path, sizeof(path), "%.*s/%.*s", LEAT_ARG(folder), LEAT_ARG(name));
    if (folder.len == 0 || len >= (int)sizeof(path) || reference->how->folder == NULL ||
        !leat_is_ok(leat_config_read(reference->how->arena, path, VALUE_MAX, &text, NULL)))
        return no_secret(reference, name, folder);
    return pointer.ptr == NULL ? without_newline(text) : member_of(reference, text, name, pointer);
}

static leat_str resolve(const struct reference *reference)
{
    size_t name = name_length(reference->body);
    leat_str rest = leat_str_skip(reference->body, name);
    if (name > 0 && (rest.len == 0 || leat_str_starts(rest, LEAT_STR(":-")) || leat_str_starts(rest, LEAT_STR(":?"))))
        return variable(reference, name);
    if (leat_str_starts(reference->body, LEAT_STR("file:")))
        return from_file(reference, leat_str_skip(reference->body, strlen("file:")));
    if (leat_str_starts(reference->body, LEAT_STR("secret:")))
        return from_secret(reference, leat_str_skip(reference->body, strlen("secret:")));
    leat_problem_fix(reference->how->problems, refuse(reference, "bad-reference", "no such substitution", LEAT_ABSENT),
                     "${NAME} ${NAME:-default} ${NAME:?message} ${file:PATH} ${secret:NAME#/pointer}; $$ is a $");
    return LEAT_ABSENT;
}

/* --- a text, a tree --------------------------------------------------------------------------------------------- */

/* What begins with ${ at the start of *rest. False: reported. */
static bool replace(const struct leat_substitution *how, struct leat_node *node, struct leat_buf *buf, leat_str *rest)
{
    struct reference reference = {.how = how, .node = node, .body = leat_str_skip(*rest, 2)};
    const char *end = reference.body.len > 0 ? memchr(reference.body.ptr, '}', reference.body.len) : NULL;
    if (end == NULL) {
        leat_problem_fix(how->problems, refuse(&reference, "bad-reference", "${ without its }", LEAT_ABSENT),
                         "$${ is the text ${");
        return false;
    }
    reference.body.len = (size_t)(end - reference.body.ptr);
    *rest = leat_str_skip(*rest, reference.body.len + strlen("${}"));
    node->replaced = true;
    leat_str value = resolve(&reference);
    if (node->broken)
        return false;
    if (value.len != leat_str_utf8(value)) {
        (void)refuse(&reference, "wrong-value", "what was put in is not UTF-8", LEAT_ABSENT);
        return false;
    }
    leat_buf_add(buf, value);
    return true;
}

static void substitute_text(const struct leat_substitution *how, struct leat_node *node)
{
    struct leat_buf buf;
    leat_str rest = node->text;
    if (node->broken || rest.len == 0 || memchr(rest.ptr, '$', rest.len) == NULL)
        return;
    leat_buf_init(&buf, how->arena);
    while (rest.len > 0 && !how->arena->overflow)
        if (leat_str_starts(rest, LEAT_STR("${"))) {
            if (!replace(how, node, &buf, &rest))
                return;
        } else {
            leat_buf_char(&buf, rest.ptr[0]);
            rest = leat_str_skip(rest, leat_str_starts(rest, LEAT_STR("$$")) ? 2 : 1);
        }
    leat_str text = buf.len > 0 ? leat_buf_str(&buf) : LEAT_STR("");
    if (text.ptr != NULL)
        node->text = text;
}

leat_status leat_substitute(const struct leat_substitution *how, struct leat_node *node)
{
    if (node->kind == LEAT_NODE_TEXT)
        substitute_text(how, node);
    for (struct leat_node *child = node->child; child != NULL; child = child->next)
        LEAT_TRY(leat_substitute(how, child));
    return leat_arena_status(how->arena);
}
