/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs every check on every subject of the program: conformance-NAME [PART OF A LINE]. LEAT_SEED repeats a schedule,
 * LEAT_VERBOSE shows the engine's log.
 */
#include "suite.h"

#include <stdlib.h>

static const struct check *const all_checks[] = {delivery_checks, settle_checks, order_checks, loss_checks,
                                                 lease_checks,    flow_checks,   drain_checks, life_checks,
                                                 domain_checks,   unit_checks};
enum { GROUPS = sizeof(all_checks) / sizeof(all_checks[0]), LONG_LEASE_MS = 600000, SHOWN_MAX = 12 };

struct totals {
    unsigned run, failed;
    unsigned seed;
    const char *only; /* NULL: all */
};

static const char *place_name(enum conformance_place place)
{
    static const char *const names[] = {"absent", "waiting", "delayed", "claimed", "acked", "failed"};
    return names[place];
}

/* What is not as it usually ends. */
static void show_events(struct suite *suite)
{
    unsigned shown = 0;
    for (uint32_t i = 0; i < noted->count && shown < SHOWN_MAX; i++) {
        const struct seen seen = seen_of(i);
        enum conformance_place place = suite->subject->place(suite->queue, i);
        if (place == CONFORMANCE_ACKED && seen.calls == 1 && seen.ok == 1 && !seen.changed)
            continue;
        shown++;
        printf("#   %s: %s, %u calls, %u ok, %u rejected, %u letters; told ack %u retry %u release %u fail %u%s\n",
               seen.body, place_name(place), seen.calls, seen.ok, seen.rejected, seen.letters, seen.verdicts[LEAT_ACK],
               seen.verdicts[LEAT_RETRY], seen.verdicts[LEAT_RELEASE], seen.verdicts[LEAT_FAIL],
               seen.changed ? "; changed on its way" : "");
    }
}

static bool run_check(struct suite *suite, const struct check *check)
{
    noted_reset();
    spy_on(suite->subject->ops);
    noted->kind = suite->subject->kind;
    noted->transport = suite->subject->ops->name;
    const struct conformance_wish wish = {.lease_ms = check->lease_ms > 0 ? check->lease_ms : LONG_LEASE_MS,
                                          .seed = suite->seed};
    suite->queue = suite->subject->make(&wish);
    suite->adapters = suite->subject->adapters();
    if (suite->queue == NULL)
        abort();
    check->run(suite);
    if (suite->failure[0] != '\0') {
        printf("# %s\n", suite->failure);
        if (suite->worker.error[0] != '\0')
            printf("# the worker said: %s\n", suite->worker.error);
        show_events(suite);
    }
    worker_clear(&suite->worker);
    worker_clear(&suite->other);
    if (noted->wrong[0] != '\0')
        printf("# %s\n", noted->wrong);
    bool good = suite->failure[0] == '\0' && noted->wrong[0] == '\0';
    suite->subject->unmake(suite->queue);
    return good;
}

static void run_one(struct totals *totals, const struct conformance_subject *subject, const struct check *check)
{
    static struct suite suite;
    char line[160];
    const char *lacks = check->lacks != NULL ? check->lacks(subject) : NULL;
    snprintf(line, sizeof(line), "conformance %s: %s", subject->ops->name, check->name);
    if (totals->only != NULL && strstr(line, totals->only) == NULL)
        return;
    suite = (struct suite){.subject = subject, .seed = totals->seed};
    int64_t start_ms = conformance_now_ms();
    bool good = lacks != NULL || run_check(&suite, check);
    totals->run++;
    totals->failed += good ? 0 : 1;
    printf("%sok %u - %s%s%s\n", good ? "" : "not ", totals->run, line, lacks != NULL ? " # SKIP " : "",
           lacks != NULL ? lacks : "");
    if (lacks == NULL)
        printf("# %lld ms\n", (long long)(conformance_now_ms() - start_ms));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct totals totals = {.seed = 20240501, .only = argc > 1 ? argv[1] : NULL};
    const char *given = getenv("LEAT_SEED");
    if (given != NULL)
        totals.seed = (unsigned)strtoul(given, NULL, 10);
    printf("# seed %u (LEAT_SEED)\n", totals.seed);
    for (size_t i = 0; conformance_subjects[i] != NULL; i++)
        for (size_t group = 0; group < GROUPS; group++)
            for (const struct check *check = all_checks[group]; check->name != NULL; check++)
                run_one(&totals, conformance_subjects[i], check);
    printf("1..%u\n", totals.run);
    return totals.failed > 0 ? 1 : 0;
}
