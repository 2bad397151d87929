/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#define SERVER_PORT "6379"
#define SENTINEL_PORT "26379"
#define DATABASE_MAX 65535

static const struct scheme {
    const char *start;
    bool tls, path, sentinel;
} schemes[] = {
    {"redis://", false, false, false},         {"rediss://", true, false, false},
    {"unix://", false, true, false},           {"redis+sentinel://", false, false, true},
    {"rediss+sentinel://", true, false, true},
};

struct reading {
    struct leat_redis_targets *targets;
    struct leat_arena *arena;
    struct leat_error *reterr;
    const struct scheme *scheme;
};

/* The URL is not in it: it may hold a password. */
static leat_status refuse(const struct reading *reading, const char *why)
{
    (void)leat_error_set(reading->reterr, LEAT_STATUS(CONFIG), "url: %s", why);
    leat_error_fix(reading->reterr, "redis://[USER][:PASSWORD@]HOST[:PORT][/DATABASE], rediss://..., unix:///PATH, or "
                                    "redis+sentinel://HOST,HOST/SERVICE");
    return LEAT_STATUS(CONFIG);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Absent if a percent sign is not followed by two digits, or a NUL is meant. */
static leat_str decode(struct leat_arena *arena, leat_str text)
{
    char *to = leat_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; to != NULL && i < text.len; i++) {
        int high = 0, low = 0;
        bool coded = text.ptr[i] == '%';
        if (coded && (i + 2 >= text.len || (high = digit_of(text.ptr[i + 1])) < 0 ||
                      (low = digit_of(text.ptr[i + 2])) < 0 || high + low == 0))
            return LEAT_ABSENT;
        to[len++] = coded ? (char)(high * 16 + low) : text.ptr[i];
        i += coded ? 2 : 0;
    }
    if (to == NULL)
        return LEAT_ABSENT;
    to[len] = '\0';
    return leat_str_of(to, len);
}

static leat_status read_database(const struct reading *reading, leat_str text, uint32_t *retdatabase)
{
    int64_t number = 0;
    if (text.len > 0 && (!leat_str_int64(text, &number) || number < 0 || number > DATABASE_MAX))
        return refuse(reading, "the database is no number");
    *retdatabase = (uint32_t)number;
    return LEAT_OK;
}

static leat_status read_user(const struct reading *reading, leat_str *rest, struct leat_redis_target *target)
{
    leat_str all = *rest, host = *rest;
    for (leat_str after = all; after.ptr != NULL; host = after.ptr != NULL ? after : host)
        (void)leat_str_cut(&after, '@'); /* the last one: a password may have been left as it is */
    if (host.ptr == all.ptr)
        return LEAT_OK;
    leat_str password = leat_str_of(all.ptr, (size_t)(host.ptr - all.ptr) - 1);
    leat_str user = leat_str_cut(&password, ':');
    *rest = host;
    if (user.len > 0 && !(target->user = decode(reading->arena, user)).ptr)
        return refuse(reading, "the user is not well encoded");
    if (password.ptr != NULL && !(target->password = decode(reading->arena, password)).ptr)
        return refuse(reading, "the password is not well encoded");
    return target->user.ptr != NULL && target->password.ptr == NULL ? refuse(reading, "a user without a password")
                                                                    : LEAT_OK;
}

/* "HOST", "HOST:PORT", "[IPV6]:PORT". */
static leat_status read_host(const struct reading *reading, leat_str text, struct leat_redis_target *target)
{
    leat_str host, port = text;
    int64_t number = 1;
    if (leat_str_starts(text, LEAT_STR("["))) {
        port = leat_str_skip(text, 1);
        host = leat_str_cut(&port, ']');
        if (port.ptr == NULL || (port.len > 0 && port.ptr[0] != ':'))
            return refuse(reading, "the host is not well formed");
        port = port.len > 0 ? leat_str_skip(port, 1) : LEAT_ABSENT;
    } else {
        host = leat_str_cut(&port, ':');
    }
    if (port.ptr == NULL)
        port = reading->scheme->sentinel ? LEAT_STR(SENTINEL_PORT) : LEAT_STR(SERVER_PORT);
    if (memchr(host.ptr, '?', host.len) != NULL || memchr(host.ptr, '#', host.len) != NULL)
        return refuse(reading, "behind the host only a port and a database may stand");
    if (host.len == 0 || !leat_str_int64(port, &number) || number < 1 || number > 65535)
        return refuse(reading, host.len == 0 ? "it has no host" : "the port is no number below 65536");
    target->host = leat_arena_copy(reading->arena, host);
    target->port = leat_arena_copy(reading->arena, port);
    return leat_arena_status(reading->arena);
}

static leat_status add(const struct reading *reading, const struct leat_redis_target *target)
{
    struct leat_redis_targets *targets = reading->targets;
    if (targets->count == LEAT_REDIS_TARGETS_MAX)
        return refuse(reading, "too many hosts");
    targets->items[targets->count++] = *target;
    return LEAT_OK;
}

static leat_status read_path(const struct reading *reading, leat_str rest, struct leat_redis_target *target)
{
    leat_str query = rest, path = leat_str_cut(&query, '?');
    target->path = decode(reading->arena, path);
    if (target->path.len == 0 || target->path.ptr[0] != '/')
        return refuse(reading, "a socket is named by its whole path: unix:///run/redis.sock");
    if (target->path.len > 107)
        return refuse(reading, "the path of a socket has at most 107 bytes");
    if (query.ptr != NULL && !leat_str_starts(query, LEAT_STR("db=")))
        return refuse(reading, "behind the path of a socket only ?db=NUMBER may stand");
    LEAT_TRY(read_database(reading, leat_str_skip(query, 3), &target->database));
    return add(reading, target);
}

static leat_status read_hosts(const struct reading *reading, leat_str rest, struct leat_redis_target *target)
{
    LEAT_TRY(read_user(reading, &rest, target));
    leat_str database = rest, hosts = leat_str_cut(&database, '/');
    if (reading->scheme->sentinel) {
        target->service = decode(reading->arena, leat_str_cut(&database, '/'));
        if (target->service.len == 0)
            return refuse(reading, "a Sentinel is asked for a SERVICE: redis+sentinel://HOST/SERVICE");
    } else if (memchr(hosts.ptr, ',', hosts.len) != NULL) {
        return refuse(reading, "several servers are a list of URLs");
    }
    LEAT_TRY(read_database(reading, database, &target->database));
    while (hosts.ptr != NULL) {
        LEAT_TRY(read_host(reading, leat_str_cut(&hosts, ','), target));
        LEAT_TRY(add(reading, target));
    }
    return LEAT_OK;
}

static leat_status read_url(struct reading *reading, leat_str url)
{
    struct leat_redis_target target = {.tls = false};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        leat_str start = leat_str_c(schemes[i].start);
        if (!leat_str_starts(url, start))
            continue;
        reading->scheme = &schemes[i];
        target.tls = schemes[i].tls;
        leat_str rest = leat_str_skip(url, start.len);
        return schemes[i].path ? read_path(reading, rest, &target) : read_hosts(reading, rest, &target);
    }
    return refuse(reading, "it is of no form that is known");
}

leat_status leat_redis_targets_read(struct leat_redis_targets *targets, struct leat_arena *arena,
                                    const struct leat_list *urls, struct leat_error *reterr)
{
    struct reading reading = {.targets = targets, .arena = arena, .reterr = reterr};
    *targets =
        (struct leat_redis_targets){.items = LEAT_NEW_N(arena, struct leat_redis_target, LEAT_REDIS_TARGETS_MAX)};
    leat_status status = LEAT_OK;
    for (size_t i = 0; i < urls->count && targets->items != NULL && leat_is_ok(status); i++)
        status = read_url(&reading, urls->items[i]);
    if (arena->overflow) /* then no URL is to blame */
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    LEAT_TRY(status);
    return targets->count > 0 ? LEAT_OK : refuse(&reading, "none is given");
}

leat_str leat_redis_target_name(const struct leat_redis_target *target, struct leat_arena *arena)
{
    if (target->path.ptr != NULL)
        return target->path;
    bool six = memchr(target->host.ptr, ':', target->host.len) != NULL;
    return leat_arena_printf(arena, "%s%.*s%s:%.*s", six ? "[" : "", LEAT_ARG(target->host), six ? "]" : "",
                             LEAT_ARG(target->port));
}
