/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of Redis servers: what each form means, and that a refusal tells why, but no password. */
#include <redis/target.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct leat_arena arena;
static struct leat_redis_targets targets;
static struct leat_error error;

static void setup(void)
{
    leat_arena_init(&arena, 0);
}

static void teardown(void)
{
    leat_arena_fini(&arena);
}

TestSuite(redis_target, .init = setup, .fini = teardown, .timeout = 60);

/* The URLs end where their memory does, and are gone afterwards. */
static leat_status read_strs(const leat_str *urls, size_t count)
{
    leat_str copies[80];
    cr_assert_leq(count, sizeof(copies) / sizeof(copies[0]));
    for (size_t i = 0; i < count; i++) {
        char *copy = malloc(urls[i].len > 0 ? urls[i].len : 1);
        cr_assert_not_null(copy);
        if (urls[i].len > 0)
            memcpy(copy, urls[i].ptr, urls[i].len);
        copies[i] = leat_str_of(copy, urls[i].len);
    }
    const struct leat_list list = {copies, count};
    error = (struct leat_error){.message = ""};
    leat_status status = leat_redis_targets_read(&targets, &arena, &list, &error);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)copies[i].ptr);
    return status;
}

static leat_status read_all(const char *const *urls, size_t count)
{
    leat_str texts[80];
    for (size_t i = 0; i < count && i < sizeof(texts) / sizeof(texts[0]); i++)
        texts[i] = leat_str_c(urls[i]);
    return read_strs(texts, count);
}

static leat_status read_one(const char *url)
{
    return read_all(&url, 1);
}

static void expect_text(leat_str got, const char *want, const char *url, const char *what)
{
    cr_expect(leat_str_eq(got, leat_str_c(want)), "%s: %s is \"%.*s\", not \"%s\"", url, what, LEAT_ARG(got),
              want != NULL ? want : "(absent)");
    cr_expect(got.ptr == NULL || got.ptr[got.len] == '\0', "%s: no NUL behind %s", url, what);
}

struct wanted {
    const char *url, *name, *path, *host, *port, *service, *user, *password;
    uint32_t database;
    bool tls;
};

static void expect_target(const struct leat_redis_target *target, const struct wanted *wanted)
{
    expect_text(target->path, wanted->path, wanted->url, "path");
    expect_text(target->host, wanted->host, wanted->url, "host");
    expect_text(target->port, wanted->port, wanted->url, "port");
    expect_text(target->service, wanted->service, wanted->url, "service");
    expect_text(target->user, wanted->user, wanted->url, "user");
    expect_text(target->password, wanted->password, wanted->url, "password");
    expect_text(leat_redis_target_name(target, &arena), wanted->name, wanted->url, "name");
    cr_expect_eq(target->database, wanted->database, "%s: database %u", wanted->url, target->database);
    cr_expect_eq(target->tls, wanted->tls, "%s", wanted->url);
}

static void expect_one(const struct wanted *wanted)
{
    leat_status status = read_one(wanted->url);
    cr_assert(leat_is_ok(status), "%s: %s", wanted->url, error.message);
    cr_assert_eq(targets.count, 1, "%s: %zu", wanted->url, targets.count);
    expect_target(&targets.items[0], wanted);
}

#define EXPECT_ALL(cases)                                           \
    for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++) \
    expect_one(&(cases)[i])

/* --- what is read ----------------------------------------------------------------------------------------------- */

Test(redis_target, a_server_has_a_host_a_port_and_a_database)
{
    static const struct wanted cases[] = {
        {"redis://cache", .name = "cache:6379", .host = "cache", .port = "6379"},
        {"redis://cache/", .name = "cache:6379", .host = "cache", .port = "6379"},
        {"redis://cache/0", .name = "cache:6379", .host = "cache", .port = "6379"},
        {"redis://cache:7000", .name = "cache:7000", .host = "cache", .port = "7000"},
        {"redis://cache:1/3", .name = "cache:1", .host = "cache", .port = "1", .database = 3},
        {"redis://a.b-c.example:65535/65535", .name = "a.b-c.example:65535", .host = "a.b-c.example", .port = "65535",
         .database = 65535},
        {"redis://10.0.0.1/15", .name = "10.0.0.1:6379", .host = "10.0.0.1", .port = "6379", .database = 15},
        {"rediss://cache", .name = "cache:6379", .host = "cache", .port = "6379", .tls = true},
        {"rediss://cache:6380/2", .name = "cache:6380", .host = "cache", .port = "6380", .database = 2, .tls = true},
    };
    EXPECT_ALL(cases);
}

Test(redis_target, an_address_of_ipv6_stands_in_brackets)
{
    static const struct wanted cases[] = {
        {"redis://[::1]", .name = "[::1]:6379", .host = "::1", .port = "6379"},
        {"redis://[::1]/4", .name = "[::1]:6379", .host = "::1", .port = "6379", .database = 4},
        {"rediss://[2001:db8::7]:7000/1", .name = "[2001:db8::7]:7000", .host = "2001:db8::7", .port = "7000",
         .database = 1, .tls = true},
        {"redis://bob:a[b]@[fe80::1]:7", .name = "[fe80::1]:7", .host = "fe80::1", .port = "7", .user = "bob",
         .password = "a[b]"},
        {"redis+sentinel://[::1]/main", .name = "[::1]:26379", .host = "::1", .port = "26379", .service = "main"},
        {"redis://[10.0.0.1]:5", .name = "10.0.0.1:5", .host = "10.0.0.1", .port = "5"},
    };
    EXPECT_ALL(cases);
}

/* A password that nobody has encoded is taken as it is, as long as no percent sign is in it. */
Test(redis_target, user_and_password_are_decoded)
{
    static const struct {
        const char *given, *user, *password;
    } cases[] = {
        {":pw@", NULL, "pw"},
        {"bob:pw@", "bob", "pw"},
        {"bob:@", "bob", ""},
        {":@", NULL, ""},
        {"@", NULL, NULL},
        {"bob%40home:p%3Aw%2f%25@", "bob@home", "p:w/%"},
        {"%3a:%40@", ":", "@"},
        {"bob:p@ss@word@", "bob", "p@ss@word"},
        {":@@", NULL, "@"},
        {"bob:p:w@", "bob", "p:w"},
        {":a/b?c#d,e@", NULL, "a/b?c#d,e"},
        {":redis://x:y@z@", NULL, "redis://x:y@z"},
        {":%c3%A9\xC3\xA9@", NULL, "\xC3\xA9\xC3\xA9"},
        {":%01%0a%7F%ff@", NULL, "\x01\n\x7F\xFF"},
        {":a+b c@", NULL, "a+b c"},
        {"%41:%2541@", "A", "%41"},
    };
    static const char *const forms[][2] = {
        {"redis://", "h:7/2"}, {"rediss://", "h:7/2"}, {"redis+sentinel://", "h:7/svc/2"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
            char url[128];
            snprintf(url, sizeof(url), "%s%s%s", forms[form][0], cases[i].given, forms[form][1]);
            expect_one(&(const struct wanted){.url = url,
                                              .name = "h:7",
                                              .host = "h",
                                              .port = "7",
                                              .service = form == 2 ? "svc" : NULL,
                                              .user = cases[i].user,
                                              .password = cases[i].password,
                                              .database = 2,
                                              .tls = form == 1});
        }
}

Test(redis_target, a_socket_has_a_path_and_a_database)
{
    static const struct wanted cases[] = {
        {"unix:///run/redis.sock", .name = "/run/redis.sock", .path = "/run/redis.sock"},
        {"unix:///run/redis.sock?db=7", .name = "/run/redis.sock", .path = "/run/redis.sock", .database = 7},
        {"unix:///run/redis.sock?db=65535", .name = "/run/redis.sock", .path = "/run/redis.sock", .database = 65535},
        {"unix:///run/redis.sock?db=", .name = "/run/redis.sock", .path = "/run/redis.sock"},
        {"unix:///a%20b%3Fdb=1%25?db=2", .name = "/a b?db=1%", .path = "/a b?db=1%", .database = 2},
        {"unix:///me@home:1,2/s", .name = "/me@home:1,2/s", .path = "/me@home:1,2/s"},
        {"unix://%2Fs", .name = "/s", .path = "/s"},
    };
    EXPECT_ALL(cases);
}

Test(redis_target, the_path_of_a_socket_is_as_long_as_the_system_takes_it)
{
    char url[400] = "unix://", path[128] = "/";
    memset(path + 1, 's', 106);
    snprintf(url, sizeof(url), "unix://%s", path);
    expect_one(&(const struct wanted){.url = url, .name = path, .path = path});
    for (size_t i = 0; i < 107; i++) /* it counts as it is decoded */
        snprintf(url + 7 + i * 3, sizeof(url) - 7 - i * 3, "%%%02x", (unsigned)path[i]);
    expect_one(&(const struct wanted){.url = url, .name = path, .path = path});
    path[107] = 's';
    snprintf(url, sizeof(url), "unix://%s?db=1", path);
    cr_expect_eq(read_one(url).code, LEAT_E_CONFIG);
    cr_expect_str_eq(error.message, "url: the path of a socket has at most 107 bytes");
}

Test(redis_target, sentinels_share_all_but_host_and_port)
{
    static const struct wanted wanted[] = {
        {.name = "a:26379", .host = "a", .port = "26379"},
        {.name = "[::1]:26379", .host = "::1", .port = "26379"},
        {.name = "[fe80::1]:7", .host = "fe80::1", .port = "7"},
        {.name = "b.example:26380", .host = "b.example", .port = "26380"},
    };
    const char *url = "rediss+sentinel://bob:p%2Cw@a,[::1],[fe80::1]:7,b.example:26380/my%2Fmain%40x/5";
    cr_assert(leat_is_ok(read_one(url)), "%s", error.message);
    cr_assert_eq(targets.count, 4);
    for (size_t i = 0; i < 4; i++) {
        struct wanted each = wanted[i];
        each.url = url;
        each.user = "bob";
        each.password = "p,w";
        each.service = "my/main@x";
        each.database = 5;
        each.tls = true;
        expect_target(&targets.items[i], &each);
    }
    static const struct wanted cases[] = {
        {"redis+sentinel://a/main", .name = "a:26379", .host = "a", .port = "26379", .service = "main"},
        {"redis+sentinel://a/main/", .name = "a:26379", .host = "a", .port = "26379", .service = "main"},
        {"redis+sentinel://:pw@a:1/main/9", .name = "a:1", .host = "a", .port = "1", .service = "main",
         .password = "pw", .database = 9},
    };
    EXPECT_ALL(cases);
}

Test(redis_target, several_urls_stand_in_their_order)
{
    static const char *const urls[] = {"redis://:one@a/1", "redis+sentinel://b,c:2/svc/3", "unix:///d", "rediss://e:5"};
    static const struct wanted wanted[] = {
        {"1", .name = "a:6379", .host = "a", .port = "6379", .password = "one", .database = 1},
        {"2", .name = "b:26379", .host = "b", .port = "26379", .service = "svc", .database = 3},
        {"3", .name = "c:2", .host = "c", .port = "2", .service = "svc", .database = 3},
        {"4", .name = "/d", .path = "/d"},
        {"5", .name = "e:5", .host = "e", .port = "5", .tls = true},
    };
    cr_assert(leat_is_ok(read_all(urls, 4)), "%s", error.message);
    cr_assert_eq(targets.count, 5);
    for (size_t i = 0; i < 5; i++)
        expect_target(&targets.items[i], &wanted[i]);
}

/* --- what is refused -------------------------------------------------------------------------------------------- */

static void expect_refused(leat_status status, const char *url, const char *why)
{
    cr_expect_eq(status.code, LEAT_E_CONFIG, "\"%s\": %s", url, leat_status_text(status));
    cr_expect_eq(error.status.code, LEAT_E_CONFIG, "\"%s\"", url);
    cr_expect(strncmp(error.message, "url: ", 5) == 0 && strcmp(error.message + 5, why) == 0, "\"%s\": %s, not %s", url,
              error.message, why);
    cr_expect(strstr(error.fix, "redis://") != NULL, "\"%s\": %s", url, error.fix);
}

#define NO_FORM "it is of no form that is known"
#define NO_HOST "it has no host"
#define NO_HOST_QUERY "behind the host only a port and a database may stand"
#define NO_PORT "the port is no number below 65536"
#define NO_DATABASE "the database is no number"
#define NO_USER "the user is not well encoded"
#define NO_PASSWORD "the password is not well encoded"
#define HALF_USER "a user without a password"
#define BAD_HOST "the host is not well formed"
#define NO_SERVICE "a Sentinel is asked for a SERVICE: redis+sentinel://HOST/SERVICE"
#define NO_PATH "a socket is named by its whole path: unix:///run/redis.sock"
#define NO_QUERY "behind the path of a socket only ?db=NUMBER may stand"

Test(redis_target, what_is_refused_is_told)
{
    static const char *const cases[][2] = {
        {"", NO_FORM},
        {"cache", NO_FORM},
        {"cache:6379", NO_FORM},
        {"redis:cache", NO_FORM},
        {"redis:/cache", NO_FORM},
        {" redis://cache", NO_FORM},
        {"http://cache", NO_FORM},
        {"redis+unix:///run/s", NO_FORM},
        {"unix+sentinel://a/svc", NO_FORM},
        {"redis://", NO_HOST},
        {"redis:///", NO_HOST},
        {"redis:///3", NO_HOST},
        {"redis://:6379", NO_HOST},
        {"redis://::1", NO_HOST},
        {"redis://:pw@", NO_HOST},
        {"redis://:pw@:6379", NO_HOST},
        {"redis://[]", NO_HOST},
        {"redis://[]:6379", NO_HOST},
        {"redis://[::1", BAD_HOST},
        {"redis://[", BAD_HOST},
        {"redis://[::1]6379", BAD_HOST},
        {"redis://[::1]]", BAD_HOST},
        {"redis://h?db=1", NO_HOST_QUERY},
        {"redis://h:6379?db=1", NO_PORT},
        {"redis://h#1", NO_HOST_QUERY},
        {"redis://h:", NO_PORT},
        {"redis://[::1]:", NO_PORT},
        {"redis://h:0", NO_PORT},
        {"redis://h:-1", NO_PORT},
        {"redis://h:65536", NO_PORT},
        {"redis://h:4294973675", NO_PORT}, /* 6379 in 32 bits */
        {"redis://h:99999999999999999999", NO_PORT},
        {"redis://h:redis", NO_PORT},
        {"redis://h:6379x", NO_PORT},
        {"redis://h: 6379", NO_PORT},
        {"redis://h:6379:1", NO_PORT},
        {"redis://fe80::1", NO_PORT},
        {"redis://h/x", NO_DATABASE},
        {"redis://h/-1", NO_DATABASE},
        {"redis://h/65536", NO_DATABASE},
        {"redis://h/4294967296", NO_DATABASE},
        {"redis://h/1/2", NO_DATABASE},
        {"redis://h/1/", NO_DATABASE},
        {"redis://h/1?db=2", NO_DATABASE},
        {"redis+sentinel://h/svc/x", NO_DATABASE},
        {"redis+sentinel://h/svc/1/2", NO_DATABASE},
        {"unix:///s?db=x", NO_DATABASE},
        {"unix:///s?db=-1", NO_DATABASE},
        {"unix:///s?db=65536", NO_DATABASE},
        {"unix:///s?db=1&db=2", NO_DATABASE},
        {"redis://bob@h", HALF_USER},
        {"redis://b%40b@h", HALF_USER},
        {"redis+sentinel://bob@h/svc", HALF_USER},
        {"redis://%:pw@h", NO_USER},
        {"redis://b%4:pw@h", NO_USER},
        {"redis://b%4g:pw@h", NO_USER},
        {"redis://b%00:pw@h", NO_USER},
        {"redis://b%:pw@h", NO_USER},
        {"redis://:%@h", NO_PASSWORD},
        {"redis://:p%2@h", NO_PASSWORD},
        {"redis://:p%@h", NO_PASSWORD},
        {"redis://:%%41@h", NO_PASSWORD},
        {"redis://:p%g1@h", NO_PASSWORD},
        {"redis://:p%1g@h", NO_PASSWORD},
        {"redis://:p% 1@h", NO_PASSWORD},
        {"redis://:p%00@h", NO_PASSWORD},
        {"redis://:p%00w@h", NO_PASSWORD},
        {"rediss+sentinel://bob:p%zz@h/svc", NO_PASSWORD},
        {"redis://a,b", "several servers are a list of URLs"},
        {"rediss://a:1,b:2/3", "several servers are a list of URLs"},
        {"redis+sentinel://a", NO_SERVICE},
        {"redis+sentinel://a/", NO_SERVICE},
        {"redis+sentinel://a//1", NO_SERVICE},
        {"redis+sentinel://", NO_SERVICE},
        {"redis+sentinel://a/s%", NO_SERVICE},
        {"redis+sentinel://a/s%00", NO_SERVICE},
        {"redis+sentinel:///svc", NO_HOST},
        {"redis+sentinel://a,/svc", NO_HOST},
        {"redis+sentinel://,a/svc", NO_HOST},
        {"redis+sentinel://a,,b/svc", NO_HOST},
        {"redis+sentinel://a,b:x/svc", NO_PORT},
        {"redis+sentinel://a,[::1/svc", BAD_HOST},
        {"unix://", NO_PATH},
        {"unix://?db=1", NO_PATH},
        {"unix://run/redis.sock", NO_PATH},
        {"unix://:pw@/run/redis.sock", NO_PATH},
        {"unix:///run/%", NO_PATH},
        {"unix:///run/%00", NO_PATH},
        {"unix:///s?", NO_QUERY},
        {"unix:///s?db", NO_QUERY},
        {"unix:///s?DB=1", NO_QUERY},
        {"unix:///s?timeout=1", NO_QUERY},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_refused(read_one(cases[i][0]), cases[i][0], cases[i][1]);
}

Test(redis_target, one_bad_url_is_enough)
{
    static const char *const urls[] = {"redis://a", "redis://b:x", "redis://c"};
    expect_refused(read_all(urls, 3), urls[1], NO_PORT);
    expect_refused(read_strs(&(const leat_str){.ptr = NULL}, 1), "(absent)", NO_FORM);
    expect_refused(read_all(NULL, 0), "(no URL)", "none is given");
}

Test(redis_target, there_are_not_more_hosts_than_there_is_room_for)
{
    char sentinels[512] = "redis+sentinel://h";
    const char *urls[LEAT_REDIS_TARGETS_MAX + 1];
    for (size_t i = 0; i < LEAT_REDIS_TARGETS_MAX + 1; i++)
        urls[i] = i % 2 == 0 ? "redis://h" : "unix:///s";
    cr_expect(leat_is_ok(read_all(urls, LEAT_REDIS_TARGETS_MAX)), "%s", error.message);
    cr_expect_eq(targets.count, LEAT_REDIS_TARGETS_MAX);
    expect_refused(read_all(urls, LEAT_REDIS_TARGETS_MAX + 1), "65 URLs", "too many hosts");
    urls[LEAT_REDIS_TARGETS_MAX] = "unix:///s";
    expect_refused(read_all(urls, LEAT_REDIS_TARGETS_MAX + 1), "65 URLs", "too many hosts");

    size_t len = strlen(sentinels);
    for (size_t i = 1; i < LEAT_REDIS_TARGETS_MAX; i++)
        len += (size_t)snprintf(sentinels + len, sizeof(sentinels) - len, ",h");
    snprintf(sentinels + len, sizeof(sentinels) - len, "/svc");
    cr_expect(leat_is_ok(read_one(sentinels)), "%s", error.message);
    cr_expect_eq(targets.count, LEAT_REDIS_TARGETS_MAX);
    snprintf(sentinels + len, sizeof(sentinels) - len, ",h/svc");
    expect_refused(read_one(sentinels), sentinels, "too many hosts");
}

/* --- secrets ---------------------------------------------------------------------------------------------------- */

#define SECRET "Zq9Zq9"

static void expect_no_secret(const char *url)
{
    cr_expect(strstr(error.message, "Zq9") == NULL && strstr(error.fix, "Zq9") == NULL, "%s: %s (%s)", url,
              error.message, error.fix);
}

static const char *const secret_urls[] = {
    "redis://:" SECRET "@h:1/2",
    "rediss://bob:" SECRET "@[::1]:7/3",
    "redis+sentinel://bob:" SECRET "@a,b:7/svc/3",
    "redis://" SECRET ":" SECRET "@h/0",
    "unix:///" SECRET "?db=1",
};

Test(redis_target, a_name_tells_no_secret)
{
    for (size_t i = 0; i < 4; i++) {
        cr_assert(leat_is_ok(read_one(secret_urls[i])), "%s: %s", secret_urls[i], error.message);
        leat_str name = leat_redis_target_name(&targets.items[0], &arena);
        cr_expect(name.len > 0 && strstr(name.ptr, "Zq9") == NULL, "%s", name.ptr);
    }
}

/* Whatever is wrong with a URL, also where the password stands in the place of something else. */
Test(redis_target, no_message_tells_a_secret)
{
    static const char marks[] = "%@:/?,[]#0aZ \x01\xFF+";
    unsigned seed = 20240501;
    int refused = 0;
    for (int round = 0; round < 5000; round++) {
        char url[128];
        snprintf(url, sizeof(url), "%s", secret_urls[round % 5]);
        size_t len = strlen(url);
        for (int change = rand_r(&seed) % 3; change >= 0; change--) {
            size_t at = (size_t)rand_r(&seed) % len;
            bool secret = strchr("Zq9", url[at]) != NULL;
            if (!secret)
                url[at] = marks[(size_t)rand_r(&seed) % (sizeof(marks) - 1)];
        }
        leat_arena_reset(&arena);
        leat_status status = read_one(url);
        cr_assert(leat_is_ok(status) || status.code == LEAT_E_CONFIG, "%s", url);
        refused += leat_is_ok(status) ? 0 : 1;
        expect_no_secret(url);
    }
    cr_expect(refused > 1000 && refused < 5000, "%d refused", refused);
    static const char *const bare[] = {SECRET,
                                       "redis://" SECRET "@h",
                                       "redis://h:" SECRET,
                                       "redis://h/" SECRET,
                                       "redis://[" SECRET,
                                       "redis://:%" SECRET "@h",
                                       "redis://" SECRET "%:x@h",
                                       "redis+sentinel://" SECRET,
                                       "unix://" SECRET,
                                       "unix:///s?" SECRET,
                                       "unix:///s?db=" SECRET,
                                       "redis://:" SECRET "/h,@h,@h,"};
    for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
        cr_expect_eq(read_one(bare[i]).code, LEAT_E_CONFIG, "%s", bare[i]);
        expect_no_secret(bare[i]);
    }
}

/* --- any bytes -------------------------------------------------------------------------------------------------- */

static void expect_sound(const struct leat_redis_target *target, leat_str url)
{
    int64_t port = 0;
    bool is_sentinel = leat_str_find(leat_str_of(url.ptr, 18), LEAT_STR("+sentinel")).ptr != NULL;
    bool is_socket = target->path.len > 0 && target->path.len <= 107 && target->path.ptr[0] == '/' &&
                     target->host.ptr == NULL && target->password.ptr == NULL;
    bool is_server = target->path.ptr == NULL && target->host.len > 0 && leat_str_int64(target->port, &port) &&
                     port > 0 && port < 65536;
    cr_expect(is_socket || is_server, "%.*s", LEAT_ARG(url));
    cr_expect_eq(target->service.len > 0, is_sentinel, "%.*s", LEAT_ARG(url));
    cr_expect(target->user.ptr == NULL || target->password.ptr != NULL, "%.*s", LEAT_ARG(url));
    cr_expect_leq(target->database, 65535, "%.*s", LEAT_ARG(url));
    cr_expect_gt(leat_redis_target_name(target, &arena).len, 0, "%.*s", LEAT_ARG(url));
}

Test(redis_target, any_bytes_are_read_or_refused)
{
    static const char *const schemes[] = {"redis://", "rediss://", "unix:///", "redis+sentinel://",
                                          "rediss+sentinel://"};
    static const char likely[] = "@@::://,,[]?%%41ah0123456789db=";
    unsigned seed = 20240502;
    int good = 0;
    for (int round = 0; round < 20000; round++) {
        char url[64];
        size_t len = (size_t)snprintf(url, sizeof(url), "%s", schemes[round % 5]);
        for (size_t more = (size_t)rand_r(&seed) % 20; more > 0; more--)
            url[len++] = (char)(rand_r(&seed) % 40 == 0 ? rand_r(&seed) % 256
                                                        : likely[(size_t)rand_r(&seed) % (sizeof(likely) - 1)]);
        leat_arena_reset(&arena);
        leat_str text = leat_str_of(url, len);
        leat_status status = read_strs(&text, 1);
        cr_assert(leat_is_ok(status) || (status.code == LEAT_E_CONFIG && error.message[0] != '\0'), "%.*s",
                  LEAT_ARG(text));
        good += leat_is_ok(status) ? 1 : 0;
        for (size_t i = 0; leat_is_ok(status) && i < targets.count; i++)
            expect_sound(&targets.items[i], text);
    }
    cr_expect(good > 1000 && good < 19000, "%d", good);
}

/* --- memory ----------------------------------------------------------------------------------------------------- */

static const char *const all_forms[] = {"redis://bob%40:p%40w@cache:7/1", "unix:///run/a%20b?db=1",
                                        "rediss+sentinel://bob:pw@a,b:1,[::1]/svc/3", "redis://:pw@h"};

/* Each allocation fails once: it is never the URL that is to blame. */
Test(redis_target, without_memory_it_says_so)
{
    leat_arena_fini(&arena);
    arena.chunk_size = 0; /* each allocation is one of the heap */
    (void)leat_alloc_fail_at(0, false);
    cr_assert(leat_is_ok(read_all(all_forms, 4)), "%s", error.message);
    uint64_t count = leat_alloc_fail_at(0, false);
    cr_expect_gt(count, 15, "%llu", (unsigned long long)count);
    for (uint64_t nth = 1; nth <= count; nth++) {
        leat_arena_fini(&arena);
        arena.chunk_size = 0;
        (void)leat_alloc_fail_at(nth, false);
        leat_status status = read_all(all_forms, 4);
        (void)leat_alloc_fail_at(0, false);
        cr_expect(status.code == LEAT_E_NO_MEMORY && strcmp(error.message, "out of memory") == 0,
                  "allocation %llu of %llu: %s: \"%s\"", (unsigned long long)nth, (unsigned long long)count,
                  leat_status_text(status), error.message);
    }
}

Test(redis_target, without_memory_there_is_no_name)
{
    cr_assert(leat_is_ok(read_one("redis://h")));
    struct leat_arena other;
    leat_arena_init(&other, 1);
    cr_expect_null(leat_redis_target_name(&targets.items[0], &other).ptr);
    leat_arena_fini(&other);
}
