/* SPDX-License-Identifier: Apache-2.0 */
/* A claim: a file in the worker's own folder, from being taken until it is moved where it goes. */
#include "state.h"

#include <leat/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_claim(struct leat_spool *spool, struct leat_spool_claim *claim)
{
    claim->next = spool->claims;
    claim->at = &spool->claims;
    if (claim->next != NULL)
        claim->next->at = &claim->next;
    spool->claims = claim;
}

static void free_claim(struct leat_spool_claim *claim)
{
    *claim->at = claim->next;
    if (claim->next != NULL)
        claim->next->at = claim->at;
    leat_free(claim);
}

void leat_spool_claims_free(struct leat_spool *spool)
{
    while (spool->claims != NULL)
        free_claim(spool->claims);
}

int leat_spool_claim(struct leat_spool *spool, const struct leat_spool_entry *entry, struct leat_spool_claim **retclaim)
{
    struct leat_spool_claim *claim = leat_alloc(sizeof(*claim));
    if (claim == NULL)
        return ENOMEM;
    leat_spool_name_read(leat_str_of(entry->name, entry->len), &claim->as);
    claim->as.base = leat_str_of(claim->base, leat_spool_name_base(claim->base, claim->as.base));
    int error = leat_spool_move(spool->folders.at[LEAT_SPOOL_NEW], entry->name, spool->own, &claim->as, claim->name);
    if (error != 0) {
        leat_free(claim);
        return error;
    }
    claim->generation = spool->generation;
    add_claim(spool, claim);
    *retclaim = claim;
    return 0;
}

/* --- the end ------------------------------------------------------------------------------------------------- */

static int move(const struct leat_spool *spool, const struct leat_spool_claim *claim,
                char retname[LEAT_SPOOL_NAME_SIZE])
{
    const struct leat_spool_name plain = {.base = claim->as.base};
    const int *at = spool->folders.at;
    if (claim->generation != spool->generation)
        return ENOENT;
    switch (claim->end) {
    case LEAT_SPOOL_OPEN:
    case LEAT_SPOOL_GIVEN_BACK:
        return leat_spool_move(spool->own, claim->name, at[LEAT_SPOOL_NEW], &claim->as, retname);
    case LEAT_SPOOL_KEPT: return leat_spool_move(spool->own, claim->name, at[LEAT_SPOOL_DONE], &plain, retname);
    case LEAT_SPOOL_REJECTED: return leat_spool_move(spool->own, claim->name, at[LEAT_SPOOL_FAILED], &plain, retname);
    case LEAT_SPOOL_REMOVED: break;
    }
    return unlinkat(spool->own, claim->name, 0) == 0 ? 0 : errno;
}

static bool is_gone(const struct leat_spool *spool, const struct leat_spool_claim *claim)
{
    struct stat there;
    return claim->generation != spool->generation ||
           (fstatat(spool->own, claim->name, &there, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT);
}

/* 0: it was moved, and its unit is answered. */
static int try_end(struct leat_spool *spool, struct leat_spool_claim *claim)
{
    char name[LEAT_SPOOL_NAME_SIZE] = "";
    struct leat_unit *unit = claim->unit;
    bool back = claim->end == LEAT_SPOOL_GIVEN_BACK;
    int error = move(spool, claim, name);
    if (error == ENOENT && is_gone(spool, claim)) {
        leat_spool_log(spool, LEAT_WARN, "%s was moved or removed by somebody while it was worked on", claim->base);
        error = 0;
        back = false;
    }
    if (error != 0)
        return error;
    free_claim(claim);
    if (back && !spool->stopping)
        leat_spool_seen(spool, leat_str_c(name)); /* before it is said that nothing is under way */
    if (unit != NULL)
        leat_settled(unit, LEAT_OK);
    return 0;
}

void leat_spool_claim_end(struct leat_spool *spool, struct leat_spool_claim *claim, enum leat_spool_end end)
{
    claim->end = end;
    claim->stuck = true;
    int error = spool->troubled ? EAGAIN : try_end(spool, claim);
    if (error != 0 && !spool->troubled)
        leat_spool_trouble(spool, "a file cannot be moved on", error);
}

static struct leat_spool_claim *first_stuck(const struct leat_spool *spool)
{
    struct leat_spool_claim *claim = spool->claims;
    while (claim != NULL && !claim->stuck)
        claim = claim->next;
    return claim;
}

bool leat_spool_claims_retry(struct leat_spool *spool)
{
    struct leat_spool_claim *claim;
    int error = 0;
    while (error == 0 && (claim = first_stuck(spool)) != NULL) /* from the start: an answer may end others */
        error = try_end(spool, claim);
    if (error != 0)
        leat_spool_trouble(spool, "a file cannot be moved on", error);
    return error == 0;
}
