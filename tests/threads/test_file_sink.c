/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file sink: what is answered as durable is in the file, whole, whatever happens to disk, folder and process.
 * Called with a path and a number it is a worker of its own, which writes so many letters and tells each answer.
 */
#include "fakes.h"

#include <engine/internal.h>
#include <engine/loop.h>
#include <file/sink.h>

#include <leat/alloc.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LETTERS_MAX = 4000, LIMIT_MS = 60000 };

static unsigned checks, failures;
static char folder[] = "/tmp/leat-file-sink-XXXXXX", path[128];

static void check(bool good, const char *name)
{
    failures += good ? 0 : 1;
    printf("%sok %u - file sink: %s\n", good ? "" : "not ", ++checks, name);
}

/* --- a sink in an engine --------------------------------------------------------------------------------------- */

struct desk {
    struct leat_file_sink_options options;
    struct leat_logger logger;
    struct leat_engine *engine;
    struct leat_sink *sink;
    struct leat_timer *limit;
    size_t wanted, answered, failed;
    bool late;
    unsigned writer, next, last; /* of a worker: which letters are still to come */
    size_t size;
    void (*before)(struct desk *desk); /* called before each of them; NULL: each answer is told on stdout */
};

static void on_limit(void *argument)
{
    struct desk *desk = argument;
    desk->late = true;
    leat_loop_break(leat_engine_loop(desk->engine));
}

static bool desk_open(struct desk *desk, size_t max_size, uint32_t keep)
{
    static const struct leat_adapter *const none[] = {NULL};
    struct leat_error error = {0};
    *desk = (struct desk){.options = {leat_str_c(path), max_size, keep, true}};
    leat_logger_init(&desk->logger);
    desk->logger.level = LEAT_OFF;
    const struct leat_engine_options options = {.adapters = none, .logger = &desk->logger};
    desk->engine = leat_engine_new(&options);
    if (desk->engine == NULL ||
        !leat_is_ok(leat_engine_add_sink(desk->engine, LEAT_STR("dead"), &leat_sink_file, &desk->options, &error)))
        return false;
    desk->sink = leat_sink_find(desk->engine, LEAT_STR("dead"));
    desk->limit = leat_loop_timer(leat_engine_loop(desk->engine), on_limit, desk);
    return leat_is_ok(desk->sink->ops->start(desk->sink->self, &error));
}

static void desk_close(struct desk *desk)
{
    leat_timer_free(desk->limit);
    leat_engine_free(desk->engine);
    leat_logger_fini(&desk->logger);
}

static void hand_over(struct desk *desk, unsigned writer, unsigned number, size_t size);

/* A worker tells each answer, and always has a few letters under way. */
static void on_durable(void *argument, size_t index, leat_status status)
{
    struct desk *desk = argument;
    (void)index;
    desk->answered++;
    desk->failed += leat_is_ok(status) ? 0 : 1;
    if (desk->last > 0 && desk->before == NULL)
        (void)!write(STDOUT_FILENO, ".", 1);
    if (desk->next < desk->last && desk->before != NULL)
        desk->before(desk);
    if (desk->next < desk->last)
        hand_over(desk, desk->writer, desk->next++, desk->size);
    if (desk->answered == desk->wanted)
        leat_loop_break(leat_engine_loop(desk->engine));
}

/* A letter of about `size` bytes; the sink need not look at it after the call. */
static void hand_over(struct desk *desk, unsigned writer, unsigned number, size_t size)
{
    char *text = malloc(size + 64);
    if (text == NULL)
        abort();
    int len = snprintf(text, 64, "{\"dead\":1,\"id\":\"%u/%u\",\"payload\":\"", writer, number);
    memset(text + len, 'x', size);
    memcpy(text + (size_t)len + size, "\"}", 2);
    const struct leat_letter letter = {.dead = true, .text = leat_str_of(text, (size_t)len + size + 2)};
    const struct leat_letter *const letters[] = {&letter};
    desk->sink->ops->write(desk->sink->self, letters, 1, on_durable, desk);
    memset(text, '#', size + 64);
    free(text);
}

/* True: all were answered. */
static bool wait_for(struct desk *desk, size_t wanted)
{
    desk->wanted = wanted;
    if (desk->answered >= wanted)
        return true;
    leat_timer_set(desk->limit, LIMIT_MS);
    bool ran = leat_loop_run(leat_engine_loop(desk->engine));
    leat_timer_clear(desk->limit);
    return ran && !desk->late && desk->answered >= wanted;
}

/* The loop runs once only, so each step has a desk of its own. True: answered, `good` or not. */
static bool hand_one(bool good)
{
    struct desk desk;
    bool opened = desk_open(&desk, 0, 5);
    if (opened)
        hand_over(&desk, 9, 0, 10000);
    bool done = opened && wait_for(&desk, 1) && (desk.failed == 0) == good;
    desk_close(&desk);
    return done;
}

/* --- what is in the files -------------------------------------------------------------------------------------- */

struct found {
    size_t lines, broken, repeated;
    bool seen[4][LETTERS_MAX];
};

static void note_line(struct found *found, const char *line, size_t len)
{
    static const char start[] = "{\"dead\":1,\"id\":\"";
    char *end = NULL;
    unsigned long writer = 0, number = 0;
    bool whole = len > 0 && line[len - 1] == '\n' && leat_json_valid(leat_str_of(line, len)) &&
                 strncmp(line, start, sizeof(start) - 1) == 0;
    if (whole)
        writer = strtoul(line + sizeof(start) - 1, &end, 10);
    whole = whole && *end == '/';
    if (whole)
        number = strtoul(end + 1, &end, 10);
    whole = whole && *end == '"';
    found->lines++;
    if (!whole || writer > 3 || number >= LETTERS_MAX) {
        found->broken += whole ? 0 : 1;
        return;
    }
    found->repeated += found->seen[writer][number] ? 1 : 0;
    found->seen[writer][number] = true;
}

static void read_file(struct found *found, const char *name)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    FILE *file = fopen(name, "re");
    while (file != NULL && (len = getline(&line, &size, file)) >= 0)
        note_line(found, line, (size_t)len);
    free(line); /* getline's */
    if (file != NULL)
        (void)fclose(file);
}

/* PATH and all that it was rotated into. */
static struct found *read_all(void)
{
    char name[160];
    struct found *found = calloc(1, sizeof(*found));
    if (found == NULL)
        abort();
    read_file(found, path);
    for (unsigned n = 1; n <= 1000; n++) {
        snprintf(name, sizeof(name), "%s.%u", path, n);
        if (access(name, F_OK) == 0)
            read_file(found, name);
    }
    return found;
}

static bool all_seen(const struct found *found, unsigned writer, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!found->seen[writer][i])
            return false;
    return true;
}

static void empty_folder(void)
{
    char command[256];
    snprintf(command, sizeof(command), "rm -rf %s/*", folder);
    if (system(command) != 0)
        abort();
}

/* --- letters --------------------------------------------------------------------------------------------------- */

static void test_letters(void)
{
    struct desk desk;
    struct stat about;
    bool opened = desk_open(&desk, 0, 5);
    for (unsigned i = 0; opened && i < 3000; i++)
        hand_over(&desk, 0, i, 100);
    bool answered = opened && wait_for(&desk, 3000);
    struct found *found = read_all();
    check(answered && desk.failed == 0, "each letter is answered");
    check(found->lines == 3000 && found->broken == 0 && all_seen(found, 0, 3000), "and is in the file, on a line");
    check(stat(path, &about) == 0 && (about.st_mode & 07777) == 0600, "which nobody else may read");
    free(found);
    desk_close(&desk);
    empty_folder();
}

static void test_close(void)
{
    struct desk desk;
    bool opened = desk_open(&desk, 0, 5);
    for (unsigned i = 0; opened && i < 500; i++)
        hand_over(&desk, 0, i, 1000);
    desk_close(&desk);
    struct found *found = read_all();
    check(opened && desk.answered == 0 && all_seen(found, 0, 500), "a close writes what was handed over");
    free(found);
    empty_folder();
}

static void test_rotation(void)
{
    struct desk desk;
    char oldest[160];
    bool opened = desk_open(&desk, 5000, 3);
    for (unsigned i = 0; opened && i < 40; i++)
        hand_over(&desk, 0, i, 1000);
    bool answered = opened && wait_for(&desk, 40);
    desk_close(&desk);
    /* A group is never torn apart, so how many files there are is up to the threads. */
    for (unsigned i = 0; i < 40; i++) {
        opened = opened && desk_open(&desk, 5000, 3);
        hand_over(&desk, 1, i, 1000);
        answered = opened && wait_for(&desk, 1) && answered;
        desk_close(&desk);
    }
    struct found *found = read_all();
    snprintf(oldest, sizeof(oldest), "%s.4", path);
    check(answered && found->broken == 0 && found->lines >= 13 && found->lines <= 16 && found->seen[1][39],
          "a full file is rotated");
    check(access(oldest, F_OK) != 0, "and no more are kept than that");
    free(found);
    empty_folder();
}

/* --- trouble --------------------------------------------------------------------------------------------------- */

static off_t size_of(const char *name)
{
    struct stat about;
    return stat(name, &about) == 0 ? about.st_size : -1;
}

/* The write ends in the middle of a letter, as on a full disk. */
static void test_full(void)
{
    struct rlimit before, small;
    struct desk desk;
    bool opened = desk_open(&desk, 0, 5);
    hand_over(&desk, 0, 0, 1000);
    bool written = opened && wait_for(&desk, 1) && desk.failed == 0;
    off_t size = size_of(path);
    desk_close(&desk);
    (void)getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 4096;
    (void)setrlimit(RLIMIT_FSIZE, &small);
    bool refused = hand_one(false);
    (void)setrlimit(RLIMIT_FSIZE, &before);
    check(written && refused && size_of(path) == size, "a letter without room is answered, and nothing of it stays");
    check(hand_one(true) && size_of(path) > size, "the next one is written where there is room again");
    empty_folder();
}

/* How often `part` stands in the file. */
static size_t count_in(const char *name, const char *part)
{
    static char text[1 << 16];
    size_t count = 0;
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return 0;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static struct rlimit any_size;

/* The last of the letters has room. */
static void give_room(struct desk *desk)
{
    if (desk->next + 1 == desk->last)
        (void)setrlimit(RLIMIT_FSIZE, &any_size);
}

static void test_log(void)
{
    char log[160];
    struct desk desk;
    struct rlimit small;
    snprintf(log, sizeof(log), "%s/log", folder);
    bool opened = desk_open(&desk, 0, 5);
    desk.logger.fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    desk.logger.level = LEAT_INFO;
    (void)getrlimit(RLIMIT_FSIZE, &any_size);
    small = any_size;
    small.rlim_cur = 2048;
    (void)setrlimit(RLIMIT_FSIZE, &small);
    desk.before = give_room;
    desk.size = 10000;
    desk.last = 20;
    hand_over(&desk, 0, desk.next++, desk.size);
    bool answered = opened && wait_for(&desk, 20);
    (void)setrlimit(RLIMIT_FSIZE, &any_size);
    check(answered && desk.failed == 19 && count_in(log, "cannot write") == 1 && count_in(log, "LimitFSIZE") == 1,
          "what fails again and again is told once, with what mends it");
    check(count_in(log, "can be written again") == 1, "and that it is over");
    (void)close(desk.logger.fd);
    desk_close(&desk);
    empty_folder();
}

/* Events that are rejected, through all of an engine. */
static void test_engine(void)
{
    const char *const payloads[] = {
        "{\"fake\":[{\"id\":\"a\",\"outcomes\":[\"reject\",\"ok\",\"reject\"]},{\"id\":\"b\",\"broken\":\"why\"},"
        "{\"id\":\"c\",\"outcomes\":[\"ok\"]}]}",
        NULL};
    struct leat_file_sink_options options = {leat_str_c(path), 0, 5, true};
    struct fake_source_options source = {.payloads = payloads};
    struct leat_error error = {0};
    struct leat_logger logger;
    leat_logger_init(&logger);
    logger.level = LEAT_OFF;
    const struct leat_engine_options engine_options = {
        .adapters = fake_adapters, .logger = &logger, .service = "shop", .dead_letter = LEAT_STR("dead")};
    struct leat_engine *engine = leat_engine_new(&engine_options);
    fake_log_reset();
    bool good = engine != NULL && leat_is_ok(leat_engine_add_handler(engine, LEAT_ABSENT, &fake_handler, &error)) &&
                leat_is_ok(leat_engine_add_sink(engine, LEAT_STR("dead"), &leat_sink_file, &options, &error)) &&
                leat_is_ok(leat_engine_add_source(engine, &fake_source_each, &source, NULL, &error)) &&
                leat_is_ok(leat_engine_start(engine, &error)) && leat_is_ok(leat_engine_run(engine, &error));
    leat_engine_free(engine);
    leat_logger_fini(&logger);
    const struct fake_unit_log *a = fake_unit("a"), *b = fake_unit("b");
    check(good && a != NULL && a->verdict == LEAT_ACK && b != NULL && b->verdict == LEAT_ACK,
          "what is kept is acknowledged");
    check(count_in(path, "{\"dead\":1,") == 3 && count_in(path, "\"payload\":{\"fake\":[{\"id\":\"a\"") == 2 &&
              count_in(path, "\"payload\":{\"fake\":[{\"id\":\"b\"") == 1,
          "a letter an event, with the payload of its record");
    empty_folder();
}

static void test_folder(void)
{
    char away[160], inner[160];
    struct desk desk;
    snprintf(inner, sizeof(inner), "%s/a", folder);
    snprintf(away, sizeof(away), "%s/away", folder);
    snprintf(path, sizeof(path), "%s/a/b/dead.ndjson", folder);
    bool opened = desk_open(&desk, 0, 5);
    bool moved = rename(inner, away) == 0;
    int fd = open(inner, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    hand_over(&desk, 0, 0, 10);
    bool refused = opened && moved && fd >= 0 && wait_for(&desk, 1) && desk.failed == 1;
    check(refused, "where its folder was is something else: a letter is answered with a failure");
    desk_close(&desk);
    (void)close(fd);
    check(unlink(inner) == 0 && hand_one(true) && access(path, F_OK) == 0, "a folder that is gone is made again");
    snprintf(path, sizeof(path), "%s/dead.ndjson", folder);
    empty_folder();
}

/* Its folder is removed while the sink has the file open. */
static void test_removed(void)
{
    struct desk desk;
    snprintf(path, sizeof(path), "%s/a/dead.ndjson", folder);
    bool opened = desk_open(&desk, 0, 5);
    empty_folder();
    hand_over(&desk, 0, 7, 10);
    bool answered = opened && wait_for(&desk, 1) && desk.failed == 0;
    struct found *found = read_all();
    check(answered && found->seen[0][7], "a file that was removed is made again, and the letter is in it");
    free(found);
    desk_close(&desk);
    snprintf(path, sizeof(path), "%s/dead.ndjson", folder);
    empty_folder();
}

static void test_descriptors(void)
{
    struct rlimit before, none;
    struct desk desk;
    bool opened = desk_open(&desk, 0, 5);
    (void)getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 3;
    (void)setrlimit(RLIMIT_NOFILE, &none);
    hand_over(&desk, 0, 1, 10);
    bool answered = opened && wait_for(&desk, 1) && desk.failed == 0;
    (void)setrlimit(RLIMIT_NOFILE, &before);
    check(answered, "it needs no new descriptor");
    desk_close(&desk);
    empty_folder();
}

static void test_link(void)
{
    char target[160];
    struct desk desk = {.limit = NULL};
    snprintf(target, sizeof(target), "%s/elsewhere", folder);
    bool linked = symlink(target, path) == 0;
    check(linked && !desk_open(&desk, 0, 5) && access(target, F_OK) != 0, "a symbolic link is not followed");
    desk_close(&desk);
    empty_folder();
}

/* --- other processes ------------------------------------------------------------------------------------------- */

static pid_t start_worker(const char *number, const char *size, int *retanswers)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execl("/proc/self/exe", "worker", path, number, size, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    *retanswers = ends[0];
    return pid;
}

/* Letter after letter, as fast as it goes, until all are answered or it is killed. */
static int work(char **argv)
{
    struct desk desk;
    snprintf(path, sizeof(path), "%s", argv[1]);
    size_t size = strtoul(argv[3], NULL, 10);
    if (!desk_open(&desk, 200 * size, 1000))
        return 1;
    desk.writer = (unsigned)strtoul(argv[2], NULL, 10);
    desk.size = size;
    desk.last = 300;
    while (desk.next < 8)
        hand_over(&desk, desk.writer, desk.next++, size);
    bool good = wait_for(&desk, desk.last) && desk.failed == 0;
    desk_close(&desk);
    return good ? 0 : 1;
}

static void test_kill(void)
{
    bool kept = true, killed = true;
    size_t answered = 0;
    for (int round = 0; round < 8; round++) {
        int answers, status;
        char byte;
        size_t count = 0;
        pid_t pid = start_worker("0", "100000", &answers);
        for (; count < 1 + 7 * (size_t)round && read(answers, &byte, 1) == 1; count++)
            ;
        (void)kill(pid, SIGKILL);
        while (read(answers, &byte, 1) == 1)
            count++;
        (void)waitpid(pid, &status, 0);
        (void)close(answers);
        killed = killed && count > 0 && WIFSIGNALED(status);
        bool opened = hand_one(true); /* who comes next mends what is torn */
        struct found *found = read_all();
        kept = kept && opened && found->broken == 0 && all_seen(found, 0, count);
        answered += count;
        free(found);
        empty_folder();
    }
    check(killed && answered > 0, "a worker is killed while it writes");
    check(kept, "all that was answered is there, and no half line");
}

static void test_together(void)
{
    pid_t pids[3];
    int answers[3], status = 0;
    bool good = true;
    char byte[512];
    for (int i = 0; i < 3; i++) {
        char number[4];
        snprintf(number, sizeof(number), "%d", i);
        pids[i] = start_worker(number, "100", &answers[i]);
    }
    for (int i = 0; i < 3; i++) {
        while (read(answers[i], byte, sizeof(byte)) > 0)
            ;
        good = waitpid(pids[i], &status, 0) == pids[i] && WIFEXITED(status) && WEXITSTATUS(status) == 0 && good;
        (void)close(answers[i]);
    }
    struct found *found = read_all();
    check(good && found->lines == 900 && found->broken == 0 && found->repeated == 0,
          "several processes share a file and rotate it");
    free(found);
    empty_folder();
}

int main(int argc, char **argv)
{
    if (argc == 4)
        return work(argv);
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof(path), "%s/dead.ndjson", folder);
    test_letters();
    test_close();
    test_rotation();
    test_full();
    test_log();
    test_engine();
    test_folder();
    test_removed();
    test_descriptors();
    test_link();
    test_kill();
    test_together();
    (void)rmdir(folder);
    printf("1..%u\n", checks);
    return failures > 0 ? 1 : 0;
}
