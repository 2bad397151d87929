/* SPDX-License-Identifier: Apache-2.0 */
/* The admin socket, on a loop of its own; who asks is another thread. */
#include "admin.h"

#include <engine/loop.h>

#include <leat/alloc.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BIG ((size_t)1 << 19)

static struct leat_loop *loop;
static struct leat_admin *admin;
static struct leat_error error;
static char folder[64], path[128], name[160];
static unsigned asked;

static void answer(void *argument, leat_str asked_for, struct leat_admin_answer *ret)
{
    (void)argument;
    asked++;
    if (leat_str_is(asked_for, "/big"))
        for (size_t i = 0; i < BIG / 64; i++)
            leat_buf_c(&ret->body, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n");
    else if (leat_str_is(asked_for, "/no"))
        ret->status = 404;
    else if (leat_str_is(asked_for, "/away"))
        ret->status = 503;
    if (leat_str_is(asked_for, "/hello") || ret->status == 503)
        leat_buf_c(&ret->body, "hello\n");
}

static struct leat_admin_options options(void)
{
    return (struct leat_admin_options){
        .loop = loop, .listen = leat_str_c(name), .kept = -1, .answer = answer, .argument = NULL};
}

static leat_status open_admin(const struct leat_admin_options *given)
{
    error = (struct leat_error){0};
    return leat_admin_open(given, &admin, &error);
}

static void start(void)
{
    snprintf(folder, sizeof(folder), "/tmp/leat-admin-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a.sock", folder);
    snprintf(name, sizeof(name), "unix:%s", path);
    loop = leat_loop_new();
}

static void end(void)
{
    leat_admin_close(admin);
    leat_loop_free(loop);
    (void)unlink(path);
    (void)rmdir(folder);
}

TestSuite(admin, .timeout = 60, .init = start, .fini = end);

/* --- who asks ------------------------------------------------------------------------------------------------ */

struct client {
    const char *request;
    size_t piece; /* bytes at a time; 0: all */
    char *got;
    size_t len, size;
};

static int connect_to(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, path, strlen(path));
    return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

static void end_loop(void *argument)
{
    (void)argument;
    leat_loop_break(loop);
}

static void *ask_from_thread(void *argument)
{
    struct client *client = argument;
    int fd = connect_to();
    size_t len = strlen(client->request), piece = client->piece > 0 ? client->piece : len;
    for (size_t at = 0; at < len && fd >= 0; at += piece)
        if (send(fd, client->request + at, len - at < piece ? len - at : piece, MSG_NOSIGNAL) < 0)
            break;
    ssize_t count = 1;
    while (fd >= 0 && count > 0 && client->len < client->size) {
        count = recv(fd, client->got + client->len, client->size - client->len, 0);
        client->len += count > 0 ? (size_t)count : 0;
    }
    if (fd >= 0)
        close(fd);
    if (!leat_loop_post(loop, end_loop, NULL))
        abort();
    return NULL;
}

/* What comes back until the other end closes; static. */
static const char *ask(const char *request, size_t piece)
{
    static char got[BIG + 4096];
    struct client client = {.request = request, .piece = piece, .got = got, .size = sizeof(got) - 1};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, ask_from_thread, &client), 0);
    cr_assert(leat_loop_run(loop));
    pthread_join(thread, NULL);
    got[client.len] = '\0';
    return got;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static const char *body_of(const char *text)
{
    const char *blank = strstr(text, "\r\n\r\n");
    return blank != NULL ? blank + 4 : "";
}

static void opened(void)
{
    struct leat_admin_options given = options();
    cr_assert(leat_is_ok(open_admin(&given)), "%s", error.message);
}

/* --- what is answered -------------------------------------------------------------------------------------------- */

Test(admin, a_get_is_answered_and_the_connection_closed)
{
    opened();
    const char *got = ask("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 0);
    cr_assert(begins(got, "HTTP/1.1 200 OK\r\n"), "%s", got);
    cr_assert_not_null(strstr(got, "\r\nContent-Length: 6\r\n"));
    cr_assert_not_null(strstr(got, "\r\nConnection: close\r\n"));
    cr_assert_str_eq(body_of(got), "hello\n");
    cr_assert_str_eq(body_of(ask("GET /hello?a=b HTTP/1.0\n\n", 0)), "hello\n", "without CR, with a query");
    cr_assert(begins(ask("GET /away HTTP/1.1\r\n\r\n", 0), "HTTP/1.1 503 Service Unavailable\r\n"));
}

Test(admin, a_request_may_come_byte_by_byte)
{
    opened();
    cr_assert_str_eq(body_of(ask("GET /hello HTTP/1.1\r\nAccept: */*\r\n\r\n", 1)), "hello\n");
}

Test(admin, what_it_does_not_know_has_a_status_of_its_own)
{
    static const char *const broken[] = {"\r\n\r\n",
                                         "GET\r\n\r\n",
                                         "GET /hello\r\n\r\n",
                                         "GET hello HTTP/1.1\r\n\r\n",
                                         "GET /hello HTTP/2\r\n\r\n",
                                         "GET  /hello HTTP/1.1\r\n\r\n",
                                         "GET /a b HTTP/1.1\r\n\r\n",
                                         "\x16\x03\x01\n\n"};
    opened();
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        cr_assert(begins(ask(broken[i], 0), "HTTP/1.1 400 Bad Request\r\n"), "number %zu", i);
    const char *got = ask("POST /hello HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 0);
    cr_assert(begins(got, "HTTP/1.1 405 Method Not Allowed\r\n"));
    cr_assert_not_null(strstr(got, "\r\nAllow: GET\r\n"));
    cr_assert_eq(asked, 0u);
    cr_assert(begins(ask("GET /no HTTP/1.1\r\n\r\n", 0), "HTTP/1.1 404 Not Found\r\n"));
}

Test(admin, a_request_that_is_too_long_is_refused)
{
    static char request[2 * LEAT_ADMIN_REQUEST_MAX];
    opened();
    int len = snprintf(request, sizeof(request), "GET /hello HTTP/1.1\r\nX: ");
    memset(request + len, 'x', LEAT_ADMIN_REQUEST_MAX);
    cr_assert(begins(ask(request, 0), "HTTP/1.1 431 "));
    cr_assert_eq(asked, 0u);
    cr_assert_str_eq(body_of(ask("GET /hello HTTP/1.1\r\n\r\n", 0)), "hello\n", "and it goes on");
}

Test(admin, an_answer_longer_than_the_kernel_takes_arrives_whole)
{
    opened();
    cr_assert_eq(strlen(body_of(ask("GET /big HTTP/1.1\r\n\r\n", 0))), BIG);
}

/* --- bounds ------------------------------------------------------------------------------------------------------- */

Test(admin, who_says_nothing_is_cut_off_and_others_wait_their_turn)
{
    struct leat_admin_options given = options();
    int silent[LEAT_ADMIN_CONNECTIONS];
    char byte;
    given.time_ms = 50;
    cr_assert(leat_is_ok(open_admin(&given)));
    for (size_t i = 0; i < LEAT_ADMIN_CONNECTIONS; i++)
        silent[i] = connect_to();
    cr_assert_str_eq(body_of(ask("GET /hello HTTP/1.1\r\n\r\n", 0)), "hello\n");
    for (size_t i = 0; i < LEAT_ADMIN_CONNECTIONS; i++) {
        for (int turns = 0; turns < 1000 && recv(silent[i], &byte, 1, MSG_DONTWAIT) != 0; turns++)
            cr_assert_str_eq(body_of(ask("GET /hello HTTP/1.1\r\n\r\n", 0)), "hello\n"); /* its time began later */
        cr_assert_eq(recv(silent[i], &byte, 1, MSG_DONTWAIT), 0, "connection %zu is still open", i);
    }
    for (size_t i = 0; i < LEAT_ADMIN_CONNECTIONS; i++)
        close(silent[i]);
    cr_assert_str_eq(body_of(ask("GET /hello HTTP/1.1\r\n\r\n", 0)), "hello\n");
}

Test(admin, who_leaves_in_the_middle_is_forgotten)
{
    opened();
    for (int i = 0; i < 3 * LEAT_ADMIN_CONNECTIONS; i++) {
        int fd = connect_to();
        cr_assert_geq(fd, 0);
        cr_assert_eq(send(fd, "GET /he", 7, MSG_NOSIGNAL), 7);
        close(fd);
        if (i % 8 == 7)
            cr_assert_str_eq(body_of(ask("GET /hello HTTP/1.1\r\n\r\n", 0)), "hello\n");
    }
}

/* --- the socket ------------------------------------------------------------------------------------------------- */

Test(admin, the_socket_is_for_its_user_alone_and_goes_with_its_process)
{
    struct stat found;
    (void)umask(0);
    opened();
    cr_assert_eq(stat(path, &found), 0);
    cr_assert(S_ISSOCK(found.st_mode));
    cr_assert_eq(found.st_mode & 0777u, 0600u);
    leat_admin_close(LEAT_TAKE(admin));
    cr_assert_neq(stat(path, &found), 0);
}

Test(admin, a_dead_socket_is_replaced_and_a_live_one_is_told)
{
    struct leat_admin_options given = options();
    struct leat_admin *first = NULL;
    int dead;
    cr_assert(leat_is_ok(leat_admin_listen(given.listen, -1, &dead, (char[LEAT_ADMIN_PATH_MAX]){0}, &error)));
    close(dead); /* its file stays */
    cr_assert_eq(access(path, F_OK), 0);
    opened();
    first = LEAT_TAKE(admin);
    cr_assert_eq(open_admin(&given).code, LEAT_E_AWAY);
    cr_assert_not_null(strstr(error.message, "another process listens on"));
    admin = first;
    cr_assert_str_eq(body_of(ask("GET /hello HTTP/1.1\r\n\r\n", 0)), "hello\n", "which goes on");
}

Test(admin, what_is_no_socket_is_never_removed)
{
    struct leat_admin_options given = options();
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    cr_assert_eq(open_admin(&given).code, LEAT_E_CONFIG);
    cr_assert_eq(access(path, F_OK), 0);
}

Test(admin, a_name_that_is_none_is_told)
{
    static char text[200] = "unix:/";
    static const char *const wrong[] = {"", "unix:", "/run/x.sock", "tcp:127.0.0.1:80", "unix:@x", text};
    struct leat_admin_options given = options();
    memset(text + 6, 'x', 150);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        given.listen = leat_str_c(wrong[i]);
        cr_assert_eq(open_admin(&given).code, LEAT_E_CONFIG, "%s", wrong[i]);
    }
    given.listen = LEAT_STR("unix:/nonexistent/a.sock");
    cr_assert_eq(open_admin(&given).code, LEAT_E_IO);
}

Test(admin, the_next_life_takes_the_socket_over_with_those_who_wait)
{
    struct leat_admin_options given = options();
    opened();
    given.kept = leat_admin_keep(LEAT_TAKE(admin));
    cr_assert_eq(fcntl(given.kept, F_GETFD), 0, "it stays open over execve");
    int waiting = connect_to();
    cr_assert_geq(waiting, 0);
    cr_assert_eq(send(waiting, "GET /hello HTTP/1.0\n\n", 21, 0), 21);
    cr_assert(leat_is_ok(open_admin(&given)), "%s", error.message);
    cr_assert_eq(fcntl(given.kept, F_GETFD), FD_CLOEXEC);
    cr_assert_str_eq(body_of(ask("GET /hello HTTP/1.1\r\n\r\n", 0)), "hello\n");
    char got[256] = "";
    cr_assert_gt(recv(waiting, got, sizeof(got) - 1, MSG_DONTWAIT), 0);
    cr_assert_not_null(strstr(got, "hello"));
    close(waiting);
}

Test(admin, who_is_connected_at_the_end_is_answered)
{
    static const char request[] = "GET /hello HTTP/1.0\n\n";
    char got[256] = "", none[8];
    opened();
    int silent = connect_to(), asking = connect_to();
    (void)ask("GET /hello HTTP/1.1\r\n\r\n", 0); /* those before it are accepted too */
    cr_assert_eq(send(asking, request, sizeof(request) - 1, 0), (ssize_t)sizeof(request) - 1);
    close(leat_admin_keep(LEAT_TAKE(admin)));
    cr_assert_gt(recv(asking, got, sizeof(got) - 1, MSG_DONTWAIT), 0);
    cr_assert_str_eq(body_of(got), "hello\n");
    cr_assert_eq(recv(silent, none, sizeof(none), MSG_DONTWAIT), 0, "cut off");
    close(asking);
    close(silent);
}

Test(admin, what_was_kept_for_another_name_goes)
{
    struct leat_admin_options given = options();
    char other[160];
    opened();
    given.kept = leat_admin_keep(LEAT_TAKE(admin));
    snprintf(other, sizeof(other), "unix:%s/b.sock", folder);
    given.listen = leat_str_c(other);
    cr_assert(leat_is_ok(open_admin(&given)));
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(access(other + 5, F_OK), 0);
    int pair[2];
    cr_assert_eq(pipe(pair), 0);
    leat_admin_forget(pair[0]); /* a descriptor that is no socket of ours */
    cr_assert_neq(fcntl(pair[0], F_GETFD), -1);
    close(pair[0]);
    close(pair[1]);
}
