/* SPDX-License-Identifier: Apache-2.0 */
/* Where the Runtime API is, in every way it may be written. */
#include <lambda/address.h>

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

TestSuite(address, .timeout = 30);

struct row {
    const char *text, *host, *base, *number;
    int port;
};

static const char *number_of(const struct leat_address *address, char *text, int *retport)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&address->socket;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&address->socket;
    bool is_v6 = address->socket.ss_family == AF_INET6;
    *retport = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
    return inet_ntop(address->socket.ss_family, is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr,
                     text, INET6_ADDRSTRLEN);
}

Test(address, is_read_however_it_is_written)
{
    static const struct row rows[] = {
        {"127.0.0.1:9001", "127.0.0.1:9001", "", "127.0.0.1", 9001},
        {"http://127.0.0.1:9001", "127.0.0.1:9001", "", "127.0.0.1", 9001},
        {"http://127.0.0.1:9000/.rt", "127.0.0.1:9000", "/.rt", "127.0.0.1", 9000},
        {"127.0.0.1:9000/a/b/", "127.0.0.1:9000", "/a/b", "127.0.0.1", 9000},
        {"127.0.0.1/", "127.0.0.1", "", "127.0.0.1", 80},
        {"[::1]:9001/x", "[::1]:9001", "/x", "::1", 9001},
        {"[::1]", "[::1]", "", "::1", 80},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct leat_address address;
        char text[INET6_ADDRSTRLEN];
        int port;
        cr_assert(leat_is_ok(leat_address_read(&address, rows[i].text, NULL)), "%s", rows[i].text);
        cr_expect_str_eq(address.host, rows[i].host);
        cr_expect_str_eq(address.base, rows[i].base);
        cr_expect_str_eq(number_of(&address, text, &port), rows[i].number);
        cr_expect_eq(port, rows[i].port, "%s", rows[i].text);
    }
}

Test(address, what_is_none_is_refused_with_the_form_it_has)
{
    static const char *const texts[] = {
        "",           "http://", "/path",  ":9001",        "127.0.0.1:",  "1.2.3.4:0",    "1.2.3.4:x", "1.2.3.4:65536",
        "1.2.3.4:-1", "[::1",    "[::1]x", "1.2.3.4:1 /x", "1.2.3.4:1\n", "[not::v6::]:1"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct leat_address address;
        struct leat_error error = {0};
        cr_expect_eq(leat_address_read(&address, texts[i], &error).code, LEAT_E_CONFIG, "%s", texts[i]);
        cr_expect(strncmp(error.message, "AWS_LAMBDA_RUNTIME_API", 22) == 0, "%s", error.message);
    }
}
