/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 << 10)

void leat_input_close_file(struct leat_input *input)
{
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    input->fd = -1;
}

void leat_input_fini(struct leat_input *input)
{
    leat_input_close_file(input);
    leat_paths_free(&input->paths);
    leat_free(input->buffer);
}

leat_status leat_input_open_next(struct leat_input *input, struct leat_error *reterr)
{
    input->file = input->paths.items[input->next_path++];
    bool standard = strcmp(input->file, "-") == 0;
    input->fd = standard ? STDIN_FILENO : open(input->file, O_RDONLY | O_CLOEXEC);
    input->used_stdin = input->used_stdin || standard;
    input->from = input->len = 0;
    input->offset = input->line_start = 0;
    input->line = 1;
    input->ended = false;
    if (input->fd < 0)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%s: %s", input->file, strerror(errno));
    return LEAT_OK;
}

/* Room for the next read: what is unread moves to the front, and the buffer grows with it. */
static bool make_room(struct leat_input *input)
{
    if (input->from > 0) {
        memmove(input->buffer, input->buffer + input->from, input->len - input->from);
        input->len -= input->from;
        input->from = 0;
    }
    if (input->size - input->len >= READ_STEP)
        return true;
    size_t size = input->len + (input->len > READ_STEP ? input->len : READ_STEP);
    char *larger = leat_realloc(input->buffer, size);
    if (larger == NULL)
        return false;
    input->buffer = larger;
    input->size = size;
    return true;
}

leat_status leat_input_more(struct leat_input *input, struct leat_error *reterr)
{
    if (!make_room(input))
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "%s: out of memory", input->file);
    ssize_t count;
    do
        count = read(input->fd, input->buffer + input->len, input->size - input->len);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return leat_error_set(reterr, LEAT_STATUS(IO), "%s: %s", input->file, strerror(errno));
    input->ended = count == 0;
    input->len += (size_t)count;
    input->total_read += (uint64_t)count;
    return LEAT_OK;
}

leat_str leat_input_unread(const struct leat_input *input)
{
    return leat_str_of(input->buffer != NULL ? input->buffer + input->from : "", input->len - input->from);
}

void leat_input_consume(struct leat_input *input, size_t count)
{
    if (count == 0)
        return; /* there may be no buffer yet */
    const char *at = input->buffer + input->from, *end = at + count;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        input->line++;
        input->line_start = input->offset + (uint64_t)(at - (input->buffer + input->from));
    }
    input->from += count;
    input->offset += count;
}

void leat_input_consume_to(struct leat_input *input, uint64_t offset)
{
    uint64_t left = input->len - input->from;
    uint64_t count = offset > input->offset ? offset - input->offset : 0;
    leat_input_consume(input, (size_t)(count < left ? count : left));
}

void leat_input_place(const struct leat_input *input, uint64_t *retline, uint64_t *retcolumn)
{
    *retline = input->line;
    *retcolumn = input->offset - input->line_start + 1;
}
