/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb says that is no data: errors, advice, the end of output. */
#include "cli.h"

#include <leat/alloc.h>
#include <leat/buf.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

void leat_cli_print_visible(FILE *out, leat_str text)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf buf;
    leat_arena_init(&arena, 0);
    leat_buf_init(&buf, &arena);
    leat_buf_visible(&buf, text);
    leat_str visible = leat_buf_str(&buf);
    if (visible.ptr != NULL)
        fwrite(visible.ptr, 1, visible.len, out);
    else
        fputs("(out of memory)", out);
}

static void print_fix(const char *fix)
{
    if (fix == NULL || fix[0] == '\0')
        return;
    fputs("      ", stderr); /* below "error" */
    leat_cli_print_visible(stderr, leat_str_c(fix));
    fputc('\n', stderr);
}

static void print_error(const char *message, const char *fix)
{
    fflush(stdout); /* so that the two stand in order where both are one terminal */
    fputs("leat: error: ", stderr);
    leat_cli_print_visible(stderr, leat_str_c(message));
    fputc('\n', stderr);
    print_fix(fix);
}

int leat_cli_fail(int status, const char *fix, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (len >= (int)sizeof(message))
        memcpy(message + sizeof(message) - 4, "...", 4);
    print_error(message, fix);
    return status;
}

int leat_cli_fail_with(int status, const struct leat_error *error)
{
    print_error(error->message[0] != '\0' ? error->message : leat_status_text(error->status), error->fix);
    return status;
}

int leat_cli_exit_of(leat_status status)
{
    switch ((enum leat_status_code)status.code) {
    case LEAT_E_DONE: return EXIT_DONE;
    case LEAT_E_NOT_JSON:
    case LEAT_E_TOO_DEEP:
    case LEAT_E_TOO_BIG: return EXIT_NOT_JSON;
    case LEAT_E_BAD_RECORD:
    case LEAT_E_BAD_PAYLOAD: return EXIT_OUTCOME;
    case LEAT_E_USAGE: return EXIT_USAGE_ERROR;
    case LEAT_E_NOT_FOUND:
    case LEAT_E_IO: return EXIT_NO_INPUT;
    case LEAT_E_CONFIG:
    case LEAT_E_HANDLER: return EXIT_CONFIG;
    case LEAT_E_AWAY: return EXIT_AWAY;
    case LEAT_E_LATE: return EXIT_LATE;
    case LEAT_E_NO_MEMORY:
    case LEAT_E_UNKNOWN:
    case LEAT_E_BUG: break;
    }
    return EXIT_BUG;
}

/* Who closed the other end of a pipe has seen enough: that needs no message. */
static bool reader_is_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

int leat_cli_flush(int status)
{
    static bool told;
    errno = 0;
    bool flushed = fflush(stdout) == 0;
    int why = errno;
    if (flushed && !ferror(stdout))
        return status;
    if (!told && !reader_is_gone())
        fprintf(stderr, "leat: error: cannot write to standard output%s%s\n", why != 0 ? ": " : "",
                why != 0 ? strerror(why) : "");
    told = true;
    return EXIT_CANNOT_WRITE;
}
