/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/error.h>
#include <leat/status.h>

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *code, *text;
} table[] = {
#define ROW(name, code, text) {code, text},
    LEAT_STATUS_TABLE(ROW)
#undef ROW
};

#define COUNT (sizeof(table) / sizeof(table[0]))

const char *leat_status_code(leat_status status)
{
    return (size_t)status.code < COUNT ? table[status.code].code : "bug";
}

const char *leat_status_text(leat_status status)
{
    return (size_t)status.code < COUNT ? table[status.code].text : "a bug of leat";
}

LEAT_PRINTF(3, 0) static void LEAT_PRINTF(3, 0) set(char *text, size_t size, const char *format, va_list args)
{
    int len = vsnprintf(text, size, format, args);
    if (len >= (int)size)
        memcpy(text + size - 4, "...", 4);
}

leat_status leat_error_set(struct leat_error *reterr, leat_status status, const char *format, ...)
{
    if (reterr == NULL)
        return status;
    va_list args;
    va_start(args, format);
    set(reterr->message, sizeof(reterr->message), format, args);
    va_end(args);
    reterr->status = status;
    reterr->fix[0] = '\0';
    return status;
}

void leat_error_fix(struct leat_error *reterr, const char *format, ...)
{
    if (reterr == NULL)
        return;
    va_list args;
    va_start(args, format);
    set(reterr->fix, sizeof(reterr->fix), format, args);
    va_end(args);
}
