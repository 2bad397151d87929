/* SPDX-License-Identifier: Apache-2.0 */
#include "acme.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct appender {
    char path[4096];
    FILE *file;
};

static leat_status init(void *self, struct leat_sink *sink, struct leat_loop *loop, const void *options,
                        struct leat_error *reterr)
{
    struct appender *appender = (struct appender *)self;
    leat_str file = ((const struct acme_options *)options)->file;
    (void)sink;
    (void)loop;
    if (file.len == 0 || file.len >= sizeof(appender->path))
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "acme: file is no path");
    memcpy(appender->path, file.ptr, file.len);
    return LEAT_OK;
}

static leat_status start(void *self, struct leat_error *reterr)
{
    struct appender *appender = (struct appender *)self;
    appender->file = fopen(appender->path, "ae");
    if (appender->file == NULL)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "acme: %s: %s", appender->path, strerror(errno));
    return LEAT_OK;
}

static void write_letters(void *self, const struct leat_letter *const *letters, size_t count,
                          void (*durable)(void *argument, size_t index, leat_status status), void *argument)
{
    struct appender *appender = (struct appender *)self;
    for (size_t i = 0; i < count; i++)
        fprintf(appender->file, "%.*s\n", LEAT_ARG(letters[i]->text));
    bool kept = fflush(appender->file) == 0 && fdatasync(fileno(appender->file)) == 0;
    for (size_t i = 0; i < count; i++)
        durable(argument, i, kept ? LEAT_OK : LEAT_STATUS(IO));
}

static void close_file(void *self)
{
    struct appender *appender = (struct appender *)self;
    if (appender->file != NULL)
        (void)fclose(appender->file);
    appender->file = NULL;
}

const struct leat_sink_ops acme_sink = {
    .abi = LEAT_ABI,
    .size = sizeof(struct leat_sink_ops),
    .name = "acme",
    .state_size = sizeof(struct appender),
    .options = acme_options,
    .options_size = sizeof(struct acme_options),
    .init = init,
    .start = start,
    .write = write_letters,
    .close = close_file,
};
