/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"
#include "state.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[4096];

static void start(void)
{
    unsetenv("STATE_DIRECTORY");
    unsetenv("XDG_STATE_HOME");
    setenv("HOME", "/homes/me", 1);
}

TestSuite(state, .timeout = 60, .init = start);

static const char *folder(const char *service)
{
    return leat_state_folder(service, text, sizeof(text)) ? text : NULL;
}

Test(state, the_supervisor_says_where_then_the_user_then_the_home)
{
    cr_assert_str_eq(folder("orders"), "/homes/me/.local/state/leat/orders");
    setenv("XDG_STATE_HOME", "relative", 1);
    cr_assert_str_eq(folder("orders"), "/homes/me/.local/state/leat/orders");
    setenv("XDG_STATE_HOME", "/state", 1);
    cr_assert_str_eq(folder("orders"), "/state/leat/orders");
    setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b", 1);
    cr_assert_str_eq(folder("orders"), "/var/lib/a");
}

Test(state, nobody_says_where_is_no_place)
{
    char small[16];
    cr_assert_not(leat_state_folder("orders", small, sizeof(small)));
    unsetenv("HOME");
    cr_assert_null(folder("orders"));
}

static const char *service(leat_str name, const char *path)
{
    struct leat_config config = {.service = name};
    leat_run_name(&config, path, text, sizeof(text));
    return text;
}

Test(state, a_service_is_called_as_its_configuration_or_the_file)
{
    cr_assert_str_eq(service(LEAT_STR("orders"), "/etc/leat/x.yaml"), "orders");
    cr_assert_str_eq(service(LEAT_ABSENT, "/etc/leat/x.yaml"), "x");
    cr_assert_str_eq(service(LEAT_ABSENT, "x.yml"), "x");
    cr_assert_str_eq(service(LEAT_ABSENT, "./a.b"), "a.b");
    cr_assert_str_eq(service(LEAT_STR(""), ".yaml"), ".yaml");
    cr_assert_str_eq(service(LEAT_ABSENT, NULL), "leat");
}

Test(state, a_folder_is_made_with_those_above_it_for_its_user_alone)
{
    char base[64] = "/tmp/leat-state-XXXXXX", path[160];
    struct leat_error error = {0};
    struct stat found;
    (void)umask(0);
    cr_assert_not_null(mkdtemp(base));
    snprintf(path, sizeof(path), "%s/a/b", base);
    for (int i = 0; i < 2; i++)
        cr_assert(leat_is_ok(leat_run_make_folder(path, &error)), "%s", error.message);
    cr_assert_eq(stat(path, &found), 0);
    cr_assert_eq(found.st_mode & 0777u, 0700u);
    cr_assert_eq(rmdir(path), 0);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    cr_assert_eq(leat_run_make_folder(path, &error).code, LEAT_E_IO);
    cr_assert_not_null(strstr(error.message, "Not a directory"));
    (void)unlink(path);
    path[strlen(path) - 2] = '\0';
    (void)rmdir(path);
    (void)rmdir(base);
}
