/* SPDX-License-Identifier: Apache-2.0 */
/* `leat dead redrive` with a source that notes what is put into it; and where the state folder is. */
#include "decoding.h"

#include <dead.h>
#include <state.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96], output[96];
static struct leat_cli cli;
static struct leat_dead_call call;

/* --- a source ------------------------------------------------------------------------------------------------- */

static char put[8][128]; /* "OPTIONS PAYLOAD" */
static size_t put_count, fail_at;
static bool counts_marks;

/* Each that was put is marked, and the one at hand is not yet. */
static bool marks_are_puts(void)
{
    char text[8192];
    size_t marks = 0;
    FILE *file = fopen(path, "re");
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    for (const char *at = text; (at = strstr(at, "\"redriven\":1")) != NULL; at++)
        marks++;
    return marks == put_count;
}

static leat_status note_put(const void *options, leat_str payload, struct leat_arena *arena, leat_str *retname,
                            struct leat_error *reterr)
{
    if (put_count + 1 == fail_at)
        return leat_error_set(reterr, LEAT_STATUS(AWAY), "the queue is away");
    cr_expect(!counts_marks || marks_are_puts());
    snprintf(put[put_count++], sizeof(put[0]), "%s %.*s", (const char *)options, LEAT_ARG(payload));
    *retname = leat_arena_copy(arena, LEAT_STR("name"));
    return LEAT_OK;
}

static const struct leat_source_ops can = {.name = "fake", .put = note_put}, cannot = {.name = "deaf"};
static char inbox[] = "inbox", other[] = "other";
static const struct leat_config_source sources[] = {
    {.ops = &can, .options = inbox, .settings = {.name = {"inbox", 5}}},
    {.ops = &can, .options = other, .settings = {.name = {"other", 5}}},
    {.ops = &cannot, .settings = {.name = {"deaf", 4}}},
};

/* --- a file of letters ---------------------------------------------------------------------------------------- */

static void setup(void)
{
    snprintf(folder, sizeof(folder), "/tmp/leat-dead-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/dead.ndjson", folder);
    snprintf(output, sizeof(output), "%s/stdout", folder);
    cli = (struct leat_cli){.program = "leat", .adapters = (const struct leat_adapter **)(uintptr_t)sorted_adapters()};
    call = (struct leat_dead_call){.cli = &cli, .yes = true, .sources = sources, .source_count = 3};
}

static void teardown(void)
{
    char command[128];
    leat_dead_close(&call.box);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    (void)!system(command);
}

TestSuite(dead, .init = setup, .fini = teardown, .timeout = 60);

#define LETTER(name, source, payload)                                                                   \
    "{\"dead\":1,\"id\":\"" source "/" name "\",\"time\":\"2024-05-01T12:00:00Z\",\"source\":\"" source \
    "\",\"reason\":\"why\",\"event\":{\"id\":\"event-" name "\"}," payload "}\n"

static void write_letters(const char *text)
{
    FILE *file = fopen(path, "we");
    cr_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    struct leat_error error = {0};
    cr_assert(leat_is_ok(leat_dead_open(&call.box, path, NULL, &error)), "%s", error.message);
    call.box.adapters = sorted_adapters();
}

static int redrive(void)
{
    cr_assert_not_null(freopen(output, "we", stdout));
    int status = leat_dead_redrive(&call);
    fflush(stdout);
    return status;
}

static void expect_output(const char *want)
{
    char text[256];
    FILE *file = fopen(output, "re");
    cr_assert_not_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    cr_expect_str_eq(text, want);
}

/* How many letters are still to be done. */
static size_t open_letters(void)
{
    struct leat_dead_box box;
    struct leat_error error = {0};
    size_t count = 0;
    cr_assert(leat_is_ok(leat_dead_open(&box, path, NULL, &error)));
    for (size_t i = 0; i < box.count; i++)
        count += box.entries[i].done ? 0 : 1;
    leat_dead_close(&box);
    return count;
}

/* --- redrive -------------------------------------------------------------------------------------------------- */

Test(dead, payloads_go_back_where_they_came_from_and_are_marked)
{
    write_letters(LETTER("a/0", "inbox", "\"payload\":{\"n\":1.50}") LETTER(
        "b/0", "other", "\"payload_text\":\"half {\"") LETTER("c/0", "inbox", "\"payload_base64\":\"aGk=\""));
    call.all = counts_marks = true;
    cr_expect_eq(redrive(), EXIT_DONE);
    cr_assert_eq(put_count, 3);
    cr_expect_str_eq(put[0], "inbox {\"n\":1.50}");
    cr_expect_str_eq(put[1], "other half {");
    cr_expect_str_eq(put[2], "inbox hi");
    expect_output("3 put back; attempts reset; marked redriven\n");
    cr_expect_eq(open_letters(), 0);
}

Test(dead, all_may_go_into_one_source)
{
    const char *ids[] = {"other/b/0"};
    write_letters(LETTER("a/0", "gone", "\"payload\":1") LETTER("b/0", "other", "\"payload\":2"));
    call.ids = ids;
    call.id_count = 1;
    call.to = "inbox";
    cr_expect_eq(redrive(), EXIT_DONE);
    cr_assert_eq(put_count, 1);
    cr_expect_str_eq(put[0], "inbox 2");
    expect_output("1 put back into inbox; attempts reset; marked redriven\n");
    cr_expect_eq(open_letters(), 1);
}

/* The payload of both is the whole record. */
Test(dead, events_of_one_record_bring_it_back_once)
{
    write_letters(LETTER("a/0", "inbox", "\"payload\":1") LETTER("a/2", "inbox", "\"payload\":1")
                      LETTER("b/0", "inbox", "\"payload\":1"));
    call.all = true;
    cr_expect_eq(redrive(), EXIT_DONE);
    cr_expect_eq(put_count, 2);
    cr_expect_eq(open_letters(), 0);
}

Test(dead, a_failure_ends_it_and_what_is_done_is_marked)
{
    write_letters(LETTER("a/0", "inbox", "\"payload\":1") LETTER("b/0", "inbox", "\"payload\":2")
                      LETTER("c/0", "inbox", "\"payload\":3"));
    call.all = true;
    fail_at = 2;
    cr_expect_eq(redrive(), EXIT_AWAY);
    cr_expect_eq(put_count, 1);
    cr_expect_eq(open_letters(), 2);
    expect_output("1 put back; attempts reset; marked redriven\n");
}

Test(dead, nothing_is_put_if_one_has_no_place_to_go_to)
{
    write_letters(LETTER("a/0", "inbox", "\"payload\":1") LETTER("b/0", "deaf", "\"payload\":2"));
    call.all = true;
    cr_expect_eq(redrive(), EXIT_CONFIG);
    cr_expect_eq(put_count, 0);
    cr_expect_eq(open_letters(), 2);
}

Test(dead, nothing_is_put_if_it_cannot_be_marked)
{
    char lock[128];
    write_letters(LETTER("a/0", "inbox", "\"payload\":1"));
    snprintf(lock, sizeof(lock), "%s.lock", path);
    cr_assert_eq(mkdir(lock, 0700), 0);
    call.all = true;
    cr_expect_eq(redrive(), EXIT_CANNOT_WRITE);
    cr_expect_eq(put_count, 0);
}

Test(dead, a_dry_run_puts_nothing)
{
    write_letters(LETTER("a/0", "inbox", "\"payload\":1"));
    call.all = call.dry_run = true;
    cr_expect_eq(redrive(), EXIT_DONE);
    cr_expect_eq(put_count, 0);
    expect_output("1 would be put back\n");
}

#define MARK "{\"redriven\":1,\"id\":\"x\",\"event\":\"event-a/0\"}\n"

Test(dead, what_went_round_three_times_goes_on_only_by_force)
{
    write_letters(LETTER("a/0", "inbox", "\"payload\":1") MARK MARK MARK LETTER("b/0", "inbox", "\"payload\":2"));
    call.all = true;
    cr_expect_eq(redrive(), EXIT_OUTCOME);
    cr_assert_eq(put_count, 1);
    cr_expect_str_eq(put[0], "inbox 2");
    call.force = true;
    leat_dead_close(&call.box);
    struct leat_error error = {0};
    cr_assert(leat_is_ok(leat_dead_open(&call.box, path, NULL, &error)));
    call.box.adapters = sorted_adapters();
    cr_expect_eq(redrive(), EXIT_DONE);
    cr_assert_eq(put_count, 2);
    cr_expect_str_eq(put[1], "inbox 1");
}

/* --- the state folder ------------------------------------------------------------------------------------------- */

static void expect_folder(const char *systemd, const char *xdg, const char *home, const char *want)
{
    char buf[64];
    cr_assert(setenv("STATE_DIRECTORY", systemd, 1) == 0 && setenv("XDG_STATE_HOME", xdg, 1) == 0 &&
              setenv("HOME", home, 1) == 0);
    bool found = leat_state_folder("shop", buf, sizeof(buf));
    cr_expect_eq(found, want != NULL);
    if (found && want != NULL)
        cr_expect_str_eq(buf, want);
}

Test(dead, the_state_folder_is_systemds_else_the_users)
{
    expect_folder("/var/lib/leat", "/x", "/h", "/var/lib/leat");
    expect_folder("/var/lib/leat:/other", "/x", "/h", "/var/lib/leat");
    expect_folder("", "/x", "/h", "/x/leat/shop");
    expect_folder("", "relative", "/h", "/h/.local/state/leat/shop");
    expect_folder("", "", "/h", "/h/.local/state/leat/shop");
    expect_folder("", "", "", NULL);
    expect_folder("", "", "/a-path-that-is-longer-than-what-it-is-to-be-written-into-is", NULL);
}
