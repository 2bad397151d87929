/* SPDX-License-Identifier: Apache-2.0 */
/* The logger from several threads at once: every line arrives whole, none is lost while the reader reads. */
#include <leat/log.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, LINES = 200 };

static struct leat_logger logger;

static void *chatter(void *name)
{
    const struct leat_log_fields fields = {.event = leat_str_c(name)};
    for (int i = 0; i < LINES; i++)
        leat_logger_write(&logger, LEAT_INFO, &fields, "line %d of a message that is long enough to be torn", i);
    return NULL;
}

static bool is_whole(const char *line)
{
    leat_str text = leat_str_c(line);
    const leat_str head = LEAT_STR("info: t"), tail = LEAT_STR(" of a message that is long enough to be torn\n");
    leat_str number = leat_str_find(text, LEAT_STR(": line "));
    return text.len > head.len + tail.len && memcmp(line, head.ptr, head.len) == 0 &&
           memcmp(line + text.len - tail.len, tail.ptr, tail.len) == 0 && number.ptr == line + head.len + 1;
}

static int count_whole_lines(FILE *from, int *rettorn)
{
    char line[256];
    int whole = 0;
    while (whole + *rettorn < THREADS * LINES && fgets(line, sizeof(line), from) != NULL)
        *(is_whole(line) ? &whole : rettorn) += 1;
    return whole;
}

int main(void)
{
    static char names[THREADS][8];
    pthread_t threads[THREADS];
    int ends[2], torn = 0;
    if (pipe(ends) != 0)
        return 1;
    leat_logger_init(&logger);
    logger.fd = ends[1];
    for (int i = 0; i < THREADS; i++) {
        snprintf(names[i], sizeof(names[i]), "t%d", i);
        if (pthread_create(&threads[i], NULL, chatter, names[i]) != 0)
            return 1;
    }
    FILE *from = fdopen(ends[0], "r");
    int whole = from != NULL ? count_whole_lines(from, &torn) : 0;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%s 1 - log: lines of %d threads arrive whole\n", torn == 0 ? "ok" : "not ok", THREADS);
    printf("%s 2 - log: none is lost\n", whole == THREADS * LINES && logger.dropped == 0 ? "ok" : "not ok");
    printf("1..2\n");
    close(ends[1]);
    return (from == NULL || fclose(from) == 0) && torn == 0 && whole == THREADS * LINES ? 0 : 1;
}
