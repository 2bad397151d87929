/* SPDX-License-Identifier: Apache-2.0 */
/* The logger from several threads at once: every line and every frame arrives whole, also those that a pipe does not
 * take in one write; none is lost while the reader reads; a reader that does not costs all threads one wait. */
#include <leat/log.h>

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, LINES = 200, LONGEST = 8000, HEADER = 16 };

static struct leat_logger logger;
static int ends[2], tests;
static bool failed;

static void check(bool ok, const char *what)
{
    printf("%s %d - log: %s\n", ok ? "ok" : "not ok", ++tests, what);
    failed = failed || !ok;
}

/* Every third one is longer than PIPE_BUF. */
static int length_of(int line)
{
    return line % 3 == 0 ? LONGEST - line : 1 + line;
}

/* "info: t2: 17 xxxx...": the letter is the thread's own. */
static void *chatter(void *name)
{
    const struct leat_log_fields fields = {.event = leat_str_c(name)};
    char text[LONGEST + 1];
    memset(text, ((const char *)name)[1] - '0' + 'a', sizeof(text));
    for (int i = 0; i < LINES; i++)
        leat_logger_write(&logger, LEAT_INFO, &fields, "%d %.*s", i, length_of(i), text);
    return NULL;
}

/* Whose it is, if it is whole and the next of its thread. */
static bool is_next(leat_str line, int *counts)
{
    char head[32];
    int thread = line.len > 7 ? line.ptr[7] - '0' : -1;
    if (thread < 0 || thread >= THREADS)
        return false;
    int number = counts[thread]++;
    snprintf(head, sizeof(head), "info: t%d: %d ", thread, number);
    leat_str text = leat_str_skip(line, strlen(head));
    bool whole = leat_str_starts(line, leat_str_c(head)) && text.len == (size_t)length_of(number);
    for (size_t i = 0; whole && i < text.len; i++)
        whole = text.ptr[i] == 'a' + thread;
    return whole;
}

static bool read_line(FILE *from, char *line, size_t size, leat_str *ret)
{
    if (fgets(line, (int)size, from) == NULL)
        return false;
    *ret = leat_str_c(line);
    bool ended = ret->len > 0 && line[ret->len - 1] == '\n';
    ret->len -= ended ? 1 : 0;
    return ended;
}

static bool read_frame(FILE *from, char *frame, size_t size, leat_str *ret)
{
    if (fread(frame, HEADER, 1, from) != 1 || memcmp(frame, "\xa5\x5a\x00\x0f\x00\x00", 6) != 0)
        return false;
    size_t len = (size_t)(unsigned char)frame[6] << 8 | (unsigned char)frame[7];
    *ret = leat_str_of(frame, len);
    return len <= size && fread(frame, len, 1, from) == 1;
}

static void run_threads(pthread_t *threads, void *(*function)(void *))
{
    static char names[THREADS][8];
    for (int i = 0; i < THREADS; i++) {
        snprintf(names[i], sizeof(names[i]), "t%d", i);
        if (pthread_create(&threads[i], NULL, function, names[i]) != 0)
            abort();
    }
}

static void open_logger(bool framed)
{
    if (pipe(ends) != 0)
        ends[0] = ends[1] = -1;
    leat_logger_init(&logger);
    logger.fd = ends[1];
    logger.framed = framed;
}

static void expect_whole(bool framed, const char *what)
{
    char text[2 * LONGEST];
    pthread_t threads[THREADS];
    int counts[THREADS] = {0}, whole = 0;
    leat_str line;
    open_logger(framed);
    FILE *from = fdopen(ends[0], "r");
    run_threads(threads, chatter);
    while (from != NULL && whole < THREADS * LINES &&
           (framed ? read_frame : read_line)(from, text, sizeof(text), &line) && is_next(line, counts))
        whole++;
    bool closed = from != NULL && fclose(from) == 0; /* what is left finds no reader */
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check(whole == THREADS * LINES && closed, what);
    check(logger.dropped == 0, "none is lost");
    leat_logger_fini(&logger);
    close(ends[1]);
}

static void *say_one(void *name)
{
    (void)name;
    leat_logger_write(&logger, LEAT_INFO, NULL, "one");
    return NULL;
}

/* The pipe is full: each thread gives up its line; the next that gets through counts them all. */
static void expect_all_give_up(void)
{
    static const char filler[PIPE_BUF], wanted[] = "warn: 4 log lines were dropped\ninfo: one\n";
    char text[256] = "";
    pthread_t threads[THREADS];
    open_logger(false);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], filler, sizeof(filler)) > 0) {}
    run_threads(threads, say_one);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check(logger.dropped == THREADS, "who does not read costs each thread its line");
    close(ends[0]);
    close(ends[1]);
    if (pipe(ends) != 0)
        return;
    logger.fd = ends[1];
    say_one(NULL);
    bool told = read(ends[0], text, sizeof(text) - 1) == (ssize_t)strlen(wanted) && strcmp(text, wanted) == 0;
    check(told && logger.dropped == 0, "the next line says how many");
    leat_logger_fini(&logger);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    expect_whole(false, "lines of several threads arrive whole and in order");
    expect_whole(true, "frames of several threads arrive whole and in order");
    expect_all_give_up();
    printf("1..%d\n", tests);
    return failed ? 1 : 0;
}
