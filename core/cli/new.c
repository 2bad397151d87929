/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `leat new NAME`: a folder with a handler that builds and passes at once. All of it or nothing: what a
 * failure leaves behind is removed, and only that.
 */
#include "cli.h"
#include "files.h"

#include <templates.h>

#include <leat/alloc.h>
#include <leat/buf.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LEN 100
#define MADE_MAX 16

enum { LAMBDA };

static const struct leat_cli_option options[] = {
    [LAMBDA] = {"lambda", NULL, "also a template for AWS SAM that deploys the handler on an SQS queue"},
    {NULL, NULL, NULL},
};

/* What is written, in this order, out of which file: of core/cli/new, or orders.yaml of deploy/lambda. @NAME@ and
 * @IDENT@ are replaced. */
static const struct {
    const char *path, *template;
    bool lambda; /* only with --lambda */
} files[] = {
    {"@NAME@.c", "handler.c.in", false},           {"Makefile", "Makefile.in", false},
    {"leat.yaml", "leat.yaml.in", false},          {"events/sqs.json", "sqs.json", false},
    {"events/sqs.expect", "sqs.expect.in", false}, {"deploy/lambda/@NAME@.yaml", "orders.yaml", true},
};
#define FILE_COUNT (sizeof(files) / sizeof(files[0]))

struct maker {
    const char *name;
    bool lambda;
    char ident[NAME_MAX_LEN + 1]; /* the name as C takes it */
    struct leat_arena arena;
    struct {
        const char *path;
        bool folder;
    } made[MADE_MAX]; /* in order */
    size_t count;
};

/* --- the name ----------------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return leat_is_alnum(c) || c == '_';
}

static bool take_name(struct maker *maker, const char *name)
{
    size_t len = strlen(name);
    bool good = len > 0 && len <= NAME_MAX_LEN && name[0] != '-';
    for (size_t i = 0; good && i < len; i++) {
        good = is_letter(name[i]) || name[i] == '-';
        maker->ident[i] = name[i];
        if (name[i] == '-')
            maker->ident[i] = '_';
    }
    maker->name = name;
    return good;
}

/* --- files -------------------------------------------------------------------------------------------- */

static void replace(struct leat_buf *buf, leat_str text, const struct maker *maker)
{
    static const leat_str name = {"@NAME@", 6}, ident = {"@IDENT@", 7};
    while (text.len > 0) {
        bool is_name = leat_str_starts(text, name), is_ident = leat_str_starts(text, ident);
        if (is_name || is_ident) {
            leat_buf_c(buf, is_name ? maker->name : maker->ident);
            text = leat_str_skip(text, is_name ? name.len : ident.len);
        } else {
            leat_buf_char(buf, text.ptr[0]);
            text = leat_str_skip(text, 1);
        }
    }
}

/* Absent: out of memory. */
static leat_str filled(struct maker *maker, leat_str text, const char *before)
{
    struct leat_buf buf;
    leat_buf_init(&buf, &maker->arena);
    leat_buf_c(&buf, before);
    replace(&buf, text, maker);
    return leat_buf_str(&buf);
}

static void note_made(struct maker *maker, const char *path, bool folder)
{
    if (maker->count < MADE_MAX) {
        maker->made[maker->count].path = path;
        maker->made[maker->count++].folder = folder;
    }
}

static void remove_made(const struct maker *maker)
{
    for (size_t i = maker->count; i > 0; i--) {
        if (maker->made[i - 1].folder)
            (void)rmdir(maker->made[i - 1].path);
        else
            (void)unlink(maker->made[i - 1].path);
    }
}

static int cannot(int status, const char *what, const char *path)
{
    return leat_cli_fail(status, NULL, "cannot %s %s: %s", what, path, strerror(errno));
}

static int make_folder(struct maker *maker, const char *path)
{
    if (mkdir(path, 0777) == 0)
        note_made(maker, path, true);
    else if (errno != EEXIST)
        return cannot(EXIT_CANNOT_CREATE, "create", path);
    return EXIT_DONE;
}

/* The folders of a path below the new one. */
static int make_parents(struct maker *maker, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        leat_str folder = leat_arena_copy(&maker->arena, leat_str_of(path, (size_t)(slash - path)));
        if (folder.ptr == NULL)
            return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
        int status = make_folder(maker, folder.ptr);
        if (status != EXIT_DONE)
            return status;
    }
    return EXIT_DONE;
}

static leat_str template_text(const char *name)
{
    for (const struct leat_template *at = leat_templates; at->name != NULL; at++)
        if (strcmp(at->name, name) == 0)
            return leat_str_of(at->text, at->len);
    return LEAT_STR("");
}

static int make_file(struct maker *maker, size_t index)
{
    char folder[NAME_MAX_LEN + 2];
    snprintf(folder, sizeof(folder), "%s/", maker->name);
    leat_str path = filled(maker, leat_str_c(files[index].path), folder);
    leat_str text = filled(maker, template_text(files[index].template), "");
    if (path.ptr == NULL || text.ptr == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int status = make_parents(maker, path.ptr);
    if (status != EXIT_DONE)
        return status;
    int fd = open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return cannot(EXIT_CANNOT_CREATE, "create", path.ptr);
    note_made(maker, path.ptr, false);
    bool written = leat_file_write(fd, text);
    int why = errno;
    bool closed = close(fd) == 0; /* where a quota is told */
    errno = written ? errno : why;
    return written && closed ? EXIT_DONE : cannot(EXIT_CANNOT_WRITE, "write", path.ptr);
}

/* --- the folder --------------------------------------------------------------------------------------- */

/* Nothing there, or an empty folder. */
static int check_place(const char *name)
{
    DIR *dir = opendir(name);
    size_t entries = 0;
    if (dir == NULL && errno == ENOENT)
        return EXIT_DONE;
    if (dir == NULL)
        return cannot(EXIT_CANNOT_CREATE, "use", name);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        entries += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return entries == 0 ? EXIT_DONE
                        : leat_cli_fail(EXIT_CANNOT_CREATE, "choose another name, or remove it",
                                        "%s is there already and not empty", name);
}

static bool is_wanted(const struct maker *maker, size_t index)
{
    return maker->lambda || !files[index].lambda;
}

static int make_all(struct maker *maker)
{
    int status = check_place(maker->name);
    for (size_t i = 0; status == EXIT_DONE && i < FILE_COUNT; i++)
        if (is_wanted(maker, i))
            status = make_file(maker, i);
    return status;
}

static void say_made(struct maker *maker)
{
    fputs("wrote", stdout);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        leat_str path = filled(maker, leat_str_c(files[i].path), "");
        if (is_wanted(maker, i))
            printf(" %.*s", LEAT_ARG(path));
    }
    putchar('\n');
}

static void maker_fini(struct maker *maker)
{
    leat_arena_fini(&maker->arena);
}

static bool take_option(void *argument, size_t index, const char *value)
{
    struct maker *maker = argument;
    (void)value;
    maker->lambda = maker->lambda || index == LAMBDA;
    return true;
}

static int new_main(struct leat_cli *cli, int argc, char **argv)
{
    struct maker maker LEAT_CLEANUP(maker_fini) = {.name = NULL};
    const char **names LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*names));
    (void)cli;
    leat_arena_init(&maker.arena, 0);
    if (names == NULL)
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_new, argc, argv, take_option, &maker, names);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    if (count != 1)
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat new hello", "new takes one name, not %d", count);
    if (!take_name(&maker, names[0]))
        return leat_cli_fail(EXIT_USAGE_ERROR, "letters, digits, _ and -, at most 100 of them, no - in front",
                             "\"%s\" cannot be the name of a handler", names[0]);
    int status = make_all(&maker);
    if (status == EXIT_DONE)
        say_made(&maker);
    else
        remove_made(&maker);
    return status;
}

const struct leat_cli_verb leat_verb_new = {
    .name = "new",
    .arguments = "NAME",
    .summary = "write a handler, its Makefile, an event and what is expected of it",
    .examples = "leat new hello && cd hello && make test\n"
                "leat new --lambda hello && cd hello && make && leat package hello.so -o function.zip\n",
    .notes = "Writes NAME.c, Makefile, leat.yaml, events/sqs.json and events/sqs.expect into the folder NAME;\n"
             "with --lambda also deploy/lambda/NAME.yaml.\n"
             "A folder that holds something is left alone: exit status 73.\n",
    .options = options,
    .run = new_main,
};
