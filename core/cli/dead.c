/* SPDX-License-Identifier: Apache-2.0 */
/* `leat dead`: what was rejected and kept, and how it goes on. */
#include "dead.h"

#include <leat/alloc.h>
#include <leat/text.h>

#include <stdlib.h>
#include <unistd.h>

enum { ALL, CONFIG, DRY_RUN, FILE_, FORCE, JSON, OLDER_THAN, PAYLOAD, RATE, REASON, REDRIVEN, SINCE, SOURCE, TO, YES };

static const struct leat_cli_option options[] = {
    [ALL] = {"all", NULL, "ls: also what was redriven; redrive, purge: all that the filters let pass"},
    [CONFIG] = {"config", "FILE", "the configuration, whose letters and sources are meant"},
    [DRY_RUN] = {"dry-run", NULL, "redrive, purge: only say how many"},
    [FILE_] = {"file", "FILE", "the file of a file sink, with what it was rotated into"},
    [FORCE] = {"force", NULL, "redrive: also what was put back three times already"},
    [JSON] = {"json", NULL, "ls, show: one JSON value a line"},
    [OLDER_THAN] = {"older-than", "DURATION", "purge: only what is older (30s 15m 24h)"},
    [PAYLOAD] = {"payload", NULL, "show: the bytes that came, and nothing else"},
    [RATE] = {"rate", "RATE", "redrive: at most so many (10/s 300/m)"},
    [REASON] = {"reason", "TEXT", "only those whose reason holds it"},
    [REDRIVEN] = {"redriven", NULL, "purge: only what was redriven"},
    [SINCE] = {"since", "DURATION", "only what was written in that time"},
    [SOURCE] = {"source", "SOURCE", "only those of that source"},
    [TO] = {"to", "SOURCE", "redrive: into that source, instead of each one's own"},
    [YES] = {"yes", NULL, "redrive, purge: without asking"},
    {NULL, NULL, NULL},
};

/* Which of them a verb of this verb takes. */
#define BIT(option) (1u << (option))
#define FILTERS (BIT(CONFIG) | BIT(FILE_) | BIT(REASON) | BIT(SINCE) | BIT(SOURCE) | BIT(ALL))

static const struct part {
    const char *name;
    unsigned options;
    bool wants_ids;
    int (*run)(struct leat_dead_call *dead);
} parts[] = {
    {"ls", FILTERS | BIT(JSON), false, leat_dead_ls},
    {"purge", FILTERS | BIT(DRY_RUN) | BIT(OLDER_THAN) | BIT(REDRIVEN) | BIT(YES), true, leat_dead_purge},
    {"redrive", FILTERS | BIT(DRY_RUN) | BIT(FORCE) | BIT(RATE) | BIT(TO) | BIT(YES), true, leat_dead_redrive},
    {"show", BIT(CONFIG) | BIT(FILE_) | BIT(JSON) | BIT(PAYLOAD), true, leat_dead_show},
};

struct parsing {
    struct leat_dead_call *dead;
    unsigned given;
};

/* --- the command line ------------------------------------------------------------------------------------------ */

static bool take_duration(int64_t *retms, const char *name, const char *value)
{
    if (leat_config_duration(leat_str_c(value), retms) && *retms > 0)
        return true;
    (void)leat_cli_fail(0, NULL, "--%s wants a duration (250ms 30s 15m 24h), not \"%s\"", name, value);
    return false;
}

/* "10/s", "300/m", "10/h": a second. */
static bool take_rate(double *retrate, const char *value)
{
    char *end;
    double rate = strtod(value, &end), per = strcmp(end, "/s") == 0   ? 1
                                             : strcmp(end, "/m") == 0 ? 60
                                             : strcmp(end, "/h") == 0 ? 3600
                                                                      : 0;
    if (value[0] >= '0' && value[0] <= '9' && per > 0 && rate > 0 && rate <= 1e6) {
        *retrate = rate / per;
        return true;
    }
    (void)leat_cli_fail(0, NULL, "--rate wants a rate (10/s 300/m 10/h), not \"%s\"", value);
    return false;
}

static bool take_option(void *argument, size_t index, const char *value)
{
    struct parsing *parsing = argument;
    struct leat_dead_call *dead = parsing->dead;
    parsing->given |= BIT(index);
    switch (index) {
    case ALL: dead->all = true; break;
    case CONFIG: dead->config_path = value; break;
    case DRY_RUN: dead->dry_run = true; break;
    case FILE_: dead->path = value; break;
    case FORCE: dead->force = true; break;
    case JSON: dead->json = true; break;
    case OLDER_THAN: return take_duration(&dead->older_ms, "older-than", value);
    case PAYLOAD: dead->payload = true; break;
    case RATE: return take_rate(&dead->rate, value);
    case REASON: dead->reason = value; break;
    case REDRIVEN: dead->redriven = true; break;
    case SINCE: return take_duration(&dead->since_ms, "since", value);
    case SOURCE: dead->source = value; break;
    case TO: dead->to = value; break;
    case YES: dead->yes = true; break;
    default: break;
    }
    return true;
}

static const struct part *find_part(const char *name)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}

/* EXIT_DONE, or EXIT_USAGE_ERROR after a message. */
static int check_usage(const struct part *part, const struct parsing *parsing)
{
    const struct leat_dead_call *dead = parsing->dead;
    const unsigned filters = BIT(REASON) | BIT(SINCE) | BIT(SOURCE) | BIT(OLDER_THAN) | BIT(REDRIVEN) | BIT(ALL);
    for (size_t i = 0; options[i].name != NULL; i++)
        if ((parsing->given & BIT(i)) != 0 && (part->options & BIT(i)) == 0)
            return leat_cli_fail(EXIT_USAGE_ERROR, NULL, "dead %s knows no option --%s", part->name, options[i].name);
    if (!part->wants_ids && dead->id_count > 0)
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat dead show ID", "dead %s takes no ID", part->name);
    bool filtered = (parsing->given & part->options & filters) != 0;
    if (part->wants_ids && dead->id_count == 0 && !filtered)
        return leat_cli_fail(EXIT_USAGE_ERROR, "leat dead ls lists them", "dead %s wants an ID%s", part->name,
                             part->run == leat_dead_show ? "" : ", a filter, or --all");
    if (dead->id_count > 0 && filtered)
        return leat_cli_fail(EXIT_USAGE_ERROR, NULL, "dead %s takes IDs or filters, not both", part->name);
    return EXIT_DONE;
}

/* --- which letters --------------------------------------------------------------------------------------------- */

/* Before that many milliseconds, as letters tell time; they are compared to the second. */
static leat_str time_before(struct leat_arena *arena, int64_t ms)
{
    return leat_time_from_ms(arena, leat_clock_wall_ms(&leat_clock_system) - ms);
}

static bool is_before(leat_str time, leat_str other)
{
    return time.len >= 19 && other.len >= 19 && memcmp(time.ptr, other.ptr, 19) < 0;
}

static bool passes(const struct leat_dead_call *dead, const struct leat_dead_entry *entry, leat_str since,
                   leat_str older)
{
    if (entry->done ? !dead->done_too : dead->redriven)
        return false;
    if (dead->source != NULL && !leat_str_is(entry->source, dead->source))
        return false;
    if (dead->reason != NULL &&
        (entry->reason.ptr == NULL || leat_str_find(entry->reason, leat_str_c(dead->reason)).ptr == NULL))
        return false;
    if (dead->since_ms > 0 && is_before(entry->time, since))
        return false;
    return dead->older_ms == 0 || is_before(entry->time, older);
}

leat_status leat_dead_choose(struct leat_dead_call *dead, struct leat_dead_box *box, size_t *retcount,
                             struct leat_error *reterr)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    leat_arena_init(&arena, 0);
    leat_str since = time_before(&arena, dead->since_ms), older = time_before(&arena, dead->older_ms);
    *retcount = 0;
    for (size_t i = 0; i < box->count; i++)
        box->entries[i].chosen = dead->id_count == 0 && passes(dead, &box->entries[i], since, older);
    for (size_t i = 0; i < dead->id_count; i++) {
        struct leat_dead_entry *entry;
        LEAT_TRY(leat_dead_find(box, leat_str_c(dead->ids[i]), &entry, reterr));
        entry->chosen = true;
    }
    for (size_t i = 0; i < box->count; i++)
        *retcount += box->entries[i].chosen ? 1 : 0;
    return LEAT_OK;
}

/* --- the verb -------------------------------------------------------------------------------------------------- */

int leat_dead_ask(const struct leat_dead_call *dead, const char *what, size_t count, const char *where)
{
    char answer[16] = "";
    const char *plural = count == 1 ? "" : "s";
    if (dead->yes)
        return EXIT_DONE;
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
        return leat_cli_fail(EXIT_USAGE_ERROR, NULL, "--yes is needed where nobody can be asked");
    fprintf(stderr, "%s %zu dead letter%s%s%s? [y/N] ", what, count, plural, where != NULL ? " back, " : "",
            where != NULL ? where : "");
    if (fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
        return EXIT_DONE;
    fputs("nothing was done\n", stderr);
    return EXIT_OUTCOME;
}

static int run(struct leat_dead_call *dead, const struct part *part)
{
    struct leat_error error = {0};
    bool named = dead->path != NULL;
    int found = leat_dead_setup(dead, part->run == leat_dead_redrive);
    if (found != EXIT_DONE)
        return found;
    leat_status status = leat_dead_open(&dead->box, dead->path, dead->sink, &error);
    if (status.code == LEAT_E_NOT_FOUND && !named && dead->id_count == 0) {
        fputs("no dead letters: there is no ", stderr);
        leat_cli_print_visible(stderr, leat_str_c(dead->path));
        fputc('\n', stderr);
        return EXIT_DONE;
    }
    if (!leat_is_ok(status))
        return leat_cli_fail_with(leat_cli_exit_of(status), &error);
    dead->box.adapters = dead->cli->adapters;
    if (dead->box.broken > 0)
        fprintf(stderr, "%zu line%s in it %s no JSON\n", dead->box.broken, dead->box.broken == 1 ? "" : "s",
                dead->box.broken == 1 ? "is" : "are");
    return part->run(dead);
}

static void dead_fini(struct leat_dead_call *dead)
{
    leat_dead_close(&dead->box);
    leat_config_fini(&dead->config);
}

static int unknown_part(const char *name)
{
    return leat_cli_fail(EXIT_USAGE_ERROR, "leat dead ls|show|redrive|purge", "%s%s%s",
                         name != NULL ? "dead knows no \"" : "dead wants to know what to do", name != NULL ? name : "",
                         name != NULL ? "\"" : "");
}

static int dead_main(struct leat_cli *cli, int argc, char **argv)
{
    struct leat_dead_call dead LEAT_CLEANUP(dead_fini) = {.cli = cli};
    struct parsing parsing = {.dead = &dead};
    const char **rest LEAT_CLEANUP(leat_freep) = leat_alloc((size_t)(argc + 1) * sizeof(*rest));
    if (rest == NULL || !leat_is_ok(leat_config_init(&dead.config)))
        return leat_cli_fail(EXIT_BUG, NULL, "out of memory");
    int count = leat_cli_parse(&leat_verb_dead, argc, argv, take_option, &parsing, rest);
    if (count < 0)
        return EXIT_USAGE_ERROR;
    const struct part *part = count > 0 ? find_part(rest[0]) : NULL;
    if (part == NULL)
        return unknown_part(count > 0 ? rest[0] : NULL);
    dead.ids = rest + 1;
    dead.id_count = (size_t)count - 1;
    dead.done_too = part->run == leat_dead_purge || (part->run == leat_dead_ls && dead.all);
    int status = check_usage(part, &parsing);
    return status == EXIT_DONE ? run(&dead, part) : status;
}

const struct leat_cli_verb leat_verb_dead = {
    .name = "dead",
    .arguments = "ls|show|redrive|purge ID...",
    .summary = "list dead letters, look at them, put them back, or drop them",
    .examples = "leat dead ls --since 24h\n"
                "leat dead show a41c > bad.json       # leat replay --handler ./hello.so bad.json\n"
                "leat dead redrive a41c               # back into its source: asks on a terminal\n"
                "leat dead redrive --all --reason 'database is away' --rate 10/s --yes\n"
                "leat dead purge --redriven --yes\n",
    .notes =
        "A file sink's letters: --file's, else the configuration's (LEAT_CONFIG, ./leat.yaml,\n"
        "/etc/leat/leat.yaml), dead.ndjson in $STATE_DIRECTORY or ${XDG_STATE_HOME:-~/.local/state}/leat/SERVICE.\n"
        "An ID is a start of what ls shows, or the letter's own. The worker may run meanwhile.\n"
        "docs/reference/dead-letters.md has the format. Exit status 1: somebody said no, or a letter that was put\n"
        "back three times already was left; 66: no such file or letter; 74: the file cannot be written.\n",
    .options = options,
    .run = dead_main,
};
