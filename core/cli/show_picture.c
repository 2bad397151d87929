/* SPDX-License-Identifier: Apache-2.0 */
/* What is nested in what: a line for each way in which the events of a document are wrapped. */
#include "show.h"

#define WAYS_MAX 16

struct way {
    const struct leat_envelope *example;
    uint32_t count;
};

static bool is_nested(const struct leat_shown *shown, const struct leat_envelope *envelope)
{
    return envelope->within != NULL || !leat_str_is(envelope->kind, shown->records.adapter->name);
}

static bool same_way(const struct leat_envelope *a, const struct leat_envelope *b)
{
    const struct leat_within *left = a->within, *right = b->within;
    while (left != NULL && right != NULL && leat_str_eq(left->kind, right->kind)) {
        left = left->outer;
        right = right->outer;
    }
    return left == NULL && right == NULL && leat_str_eq(a->kind, b->kind);
}

/* How many ways; more than WAYS_MAX are counted with the last. */
static size_t collect(const struct leat_shown *shown, struct way ways[WAYS_MAX])
{
    size_t count = 0;
    for (uint32_t i = 0; i < shown->events.count; i++) {
        const struct leat_envelope *envelope = &shown->events.items[i];
        size_t at = 0;
        while (at < count && !same_way(ways[at].example, envelope))
            at++;
        if (at == count && count < WAYS_MAX)
            ways[count++] = (struct way){.example = envelope};
        ways[at < count ? at : count - 1].count++;
    }
    return count;
}

/* From the outside in; the list stands the other way round. */
static void print_outer(const struct leat_within *within)
{
    if (within == NULL)
        return;
    print_outer(within->outer);
    printf("%.*s > ", LEAT_ARG(within->kind));
}

static void print_way(const struct leat_cli *cli, const struct leat_shown *shown, const struct way *way)
{
    fputs(cli->colour ? "  \033[36m" : "  ", stdout);
    if (way->example->within == NULL && is_nested(shown, way->example))
        printf("%s > ", shown->records.adapter->name);
    print_outer(way->example->within);
    leat_cli_print_visible(stdout, way->example->kind);
    printf("%s  %u event%s\n", cli->colour ? "\033[0m" : "", way->count, way->count > 1 ? "s" : "");
}

void leat_show_picture(const struct leat_cli *cli, const struct leat_shown *shown)
{
    struct way ways[WAYS_MAX];
    size_t count = collect(shown, ways);
    bool nested = false;
    for (size_t i = 0; i < count; i++)
        nested = nested || is_nested(shown, ways[i].example);
    for (size_t i = 0; nested && i < count; i++)
        print_way(cli, shown, &ways[i]);
}
