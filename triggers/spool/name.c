/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include <stdatomic.h>
#include <stdio.h>

enum {
    BASE_MAX = 184,   /* 68 bytes remain for a suffix */
    BASE_SHORT = 160, /* 24 more for .COPY, so that a short one stays as it is */
    DIGEST = 16,
    CHECK = 11, /* ,x= and 8 digits */
};

uint64_t leat_spool_digest(leat_str text)
{
    uint64_t digest = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        digest = (digest ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    return digest;
}

int leat_spool_compare(leat_str a, leat_str b)
{
    size_t least = a.len < b.len ? a.len : b.len;
    int order = least > 0 ? memcmp(a.ptr, b.ptr, least) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static unsigned check_of(leat_str text)
{
    uint64_t digest = leat_spool_digest(text);
    return (unsigned)((digest ^ digest >> 32) & 0xffffffffu);
}

static bool is_checked(leat_str text)
{
    char check[CHECK + 1];
    if (text.len <= CHECK)
        return false;
    snprintf(check, sizeof(check), ",x=%08x", check_of(leat_str_of(text.ptr, text.len - CHECK)));
    return leat_str_ends(text, leat_str_of(check, CHECK));
}

/* Takes ,KEY=NUMBER off the end. */
static bool cut_number(leat_str *text, char key, int64_t *retvalue)
{
    size_t start = text->len;
    while (start > 0 && text->ptr[start - 1] != ',')
        start--;
    leat_str field = leat_str_skip(*text, start);
    if (start == 0 || field.len < 3 || field.ptr[0] != key || field.ptr[1] != '=' || field.ptr[2] == '-' ||
        !leat_str_int64(leat_str_skip(field, 2), retvalue))
        return false;
    text->len = start - 1;
    return true;
}

void leat_spool_name_read(leat_str text, struct leat_spool_name *retname)
{
    leat_str rest = text;
    int64_t tries = 0, due_ms = 0, delay_ms = 0;
    *retname = (struct leat_spool_name){.base = text};
    if (!is_checked(text))
        return;
    rest.len -= CHECK;
    if (!cut_number(&rest, 'd', &delay_ms) || !cut_number(&rest, 't', &due_ms) || !cut_number(&rest, 'a', &tries) ||
        rest.len == 0 || tries < 1 || tries >= UINT32_MAX)
        return;
    *retname = (struct leat_spool_name){.base = rest, .tries = (uint32_t)tries, .due_ms = due_ms, .delay_ms = delay_ms};
}

size_t leat_spool_name_base(char out[LEAT_SPOOL_NAME_SIZE], leat_str base)
{
    size_t len = base.len;
    if (len > BASE_MAX) {
        len = BASE_SHORT - DIGEST - 1;
        snprintf(out + len, DIGEST + 2, "~%016llx", (unsigned long long)leat_spool_digest(base));
        memcpy(out, base.ptr, len);
        return BASE_SHORT;
    }
    memcpy(out, base.ptr, len);
    out[len] = '\0';
    return len;
}

size_t leat_spool_name_write(char out[LEAT_SPOOL_NAME_SIZE], const struct leat_spool_name *name, uint32_t copy)
{
    size_t len = leat_spool_name_base(out, name->base), room = LEAT_SPOOL_NAME_SIZE;
    if (copy > 0) {
        char numbered[LEAT_SPOOL_NAME_SIZE];
        int dot = snprintf(numbered, sizeof(numbered), "%.*s.%u", (int)len, out, copy);
        len = leat_spool_name_base(out, leat_str_of(numbered, (size_t)dot));
    }
    if (name->tries == 0)
        return len;
    len += (size_t)snprintf(out + len, room - len, ",a=%u,t=%lld,d=%lld", name->tries, (long long)name->due_ms,
                            (long long)name->delay_ms);
    len += (size_t)snprintf(out + len, room - len, ",x=%08x", check_of(leat_str_of(out, len)));
    return len;
}

void leat_spool_name_make(char out[LEAT_SPOOL_NAME_SIZE], int64_t wall_us, const char *tail)
{
    static _Atomic int64_t last;
    int64_t before = atomic_load(&last), now;
    do
        now = wall_us > before ? wall_us : before + 1;
    while (!atomic_compare_exchange_weak(&last, &before, now));
    snprintf(out, LEAT_SPOOL_NAME_SIZE, "%016lld-%s", (long long)now, tail);
}
