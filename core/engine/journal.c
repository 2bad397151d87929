/* SPDX-License-Identifier: Apache-2.0 */
/* The crash journal: what the last life left is counted, what remembers it, and the lines of what runs. */
#include "journal_private.h"

#include <leat/alloc.h>

#include <sys/mman.h>
#include <unistd.h>

/* --- culprits --------------------------------------------------------------------------------------------------- */

static bool same_unit(const struct leat_journal_line *a, const struct leat_journal_line *b)
{
    return memcmp(a->unit, b->unit, sizeof(a->unit)) == 0 && memcmp(a->source, b->source, sizeof(a->source)) == 0;
}

static struct leat_journal_line *find(const struct leat_journal *journal, const struct leat_journal_line *key)
{
    for (uint32_t i = 0; i < LEAT_JOURNAL_CULPRITS; i++) {
        struct leat_journal_line *line = &journal->culprits[i];
        if (line->mark == MARK_CULPRIT && same_unit(line, key))
            return line;
    }
    return NULL;
}

/* A line for another one: a free one, else that of the oldest. *retlast: the number of the last crash. */
static struct leat_journal_line *make_room(struct leat_journal *journal, uint64_t *retlast)
{
    struct leat_journal_line *room = NULL;
    uint64_t lowest = UINT64_MAX;
    *retlast = 0;
    for (uint32_t i = 0; i < LEAT_JOURNAL_CULPRITS; i++) {
        struct leat_journal_line *line = &journal->culprits[i];
        bool used = line->mark == MARK_CULPRIT;
        uint64_t number = used ? leat_journal_number(line->number, sizeof(line->number)) : 0;
        if (number < lowest)
            room = line;
        lowest = number < lowest ? number : lowest;
        *retlast = number > *retlast ? number : *retlast;
    }
    return room;
}

/* `line` names what ran in the run whose first line is `run`, which crashed. */
static void blame(struct leat_journal *journal, const struct leat_journal_line *line,
                  const struct leat_journal_line *run)
{
    uint64_t last, count = 1;
    struct leat_journal_line *room = make_room(journal, &last), *known = find(journal, line);
    if (known != NULL) {
        room = known;
        count += leat_journal_number(known->count, sizeof(known->count));
    } else if (room->mark != MARK_CULPRIT) {
        journal->remembered++;
    }
    *room = *line;
    room->mark = MARK_CULPRIT;
    memcpy(room->cause, run->cause, sizeof(room->cause));
    leat_journal_put_number(room->number, sizeof(room->number), last + 1);
    leat_journal_put_number(room->count, sizeof(room->count), count);
}

/* Several events of a unit may stand in a batch: it has crashed once. */
static void blame_run(struct leat_journal *journal, const struct leat_journal_line *run)
{
    uint64_t named = leat_journal_number(run->count, sizeof(run->count));
    if (named > LEAT_JOURNAL_NAMES)
        named = LEAT_JOURNAL_NAMES;
    for (uint32_t i = 0; i < named; i++) {
        bool counted = false;
        for (uint32_t k = 0; k < i && !counted; k++)
            counted = same_unit(&run[i], &run[k]);
        if (!counted)
            blame(journal, &run[i], run);
    }
    if (journal->culprit[0] == '\0')
        (void)leat_journal_describe(run, journal->culprit, sizeof(journal->culprit));
}

/* --- open and close ---------------------------------------------------------------------------------------------- */

/* What is remembered goes on, and the marked runs are added to it. */
static void count_crashes(struct leat_journal *journal, struct leat_journal_line *old, uint32_t slots)
{
    struct leat_journal_line *runs = old + 1;
    const struct leat_journal_line *culprits = runs + (size_t)slots * LEAT_JOURNAL_NAMES;
    for (uint32_t i = 0; i < LEAT_JOURNAL_CULPRITS; i++) {
        if (culprits[i].mark != MARK_CULPRIT)
            continue;
        journal->culprits[i] = culprits[i];
        journal->remembered++;
    }
    for (uint32_t i = 0; i < slots; i++) {
        struct leat_journal_line *run = &runs[(size_t)i * LEAT_JOURNAL_NAMES];
        if (run->mark == MARK_HUNG)
            memcpy(run->cause, "hang", sizeof(run->cause));
        if (run->mark == MARK_HUNG || run->mark == MARK_CRASHED)
            blame_run(journal, run);
    }
}

static void lay_out(struct leat_journal *journal)
{
    size_t lines = leat_journal_lines(journal->slot_count);
    leat_journal_put_header(&journal->lines[0], journal->slot_count);
    for (size_t i = 1; i <= lines; i++)
        leat_journal_clear(&journal->lines[i]);
    for (uint32_t i = 0; i < journal->slot_count; i++)
        journal->slots[i] = (struct leat_journal_slot){.journal = journal,
                                                       .lines = &journal->lines[1 + (size_t)i * LEAT_JOURNAL_NAMES]};
    journal->culprits = &journal->lines[1 + (size_t)journal->slot_count * LEAT_JOURNAL_NAMES];
}

static leat_status prepare(struct leat_journal *journal, const char *path, uint32_t slots, struct leat_error *reterr)
{
    journal->file = -1;
    journal->pid = getpid();
    if (slots == 0 || slots > LEAT_JOURNAL_SLOTS)
        return leat_error_set(reterr, LEAT_STATUS(CONFIG), "%s: %u slots, where 1 to %u can be", path, slots,
                              LEAT_JOURNAL_SLOTS);
    journal->slot_count = slots;
    journal->slots = leat_alloc(slots * sizeof(*journal->slots));
    journal->path = leat_strdup(path);
    if (journal->slots == NULL || journal->path == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    return LEAT_OK;
}

/* `last`: the last life's file, locked. */
static leat_status succeed(struct leat_journal *journal, int last, struct leat_error *reterr)
{
    struct leat_journal_line *old LEAT_CLEANUP(leat_freep) = NULL;
    uint32_t slots = 0;
    bool garbage = false;
    leat_status status = leat_journal_read(last, &old, &slots, &garbage);
    if (!leat_is_ok(status))
        return leat_error_set(reterr, status, "%s: %s", journal->path, leat_status_text(status));
    LEAT_TRY(leat_journal_make(journal, reterr));
    lay_out(journal);
    if (old != NULL)
        count_crashes(journal, old, slots);
    if (garbage)
        leat_journal_keep(journal->path, journal->warning, sizeof(journal->warning));
    return leat_journal_publish(journal, reterr);
}

leat_status leat_journal_open(const char *path, uint32_t slots, struct leat_journal **retjournal,
                              struct leat_error *reterr)
{
    int last = -1;
    *retjournal = NULL;
    struct leat_journal *journal = leat_alloc(sizeof(*journal));
    if (journal == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    leat_status status = prepare(journal, path, slots, reterr);
    if (leat_is_ok(status))
        status = leat_journal_lock(path, &last, reterr);
    if (leat_is_ok(status)) {
        status = succeed(journal, last, reterr);
        (void)close(last);
    }
    if (leat_is_ok(status))
        *retjournal = LEAT_TAKE(journal);
    leat_journal_close(journal);
    return status;
}

void leat_journal_close(struct leat_journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->lines != NULL)
        (void)munmap(journal->lines, (1 + leat_journal_lines(journal->slot_count)) * sizeof(*journal->lines));
    if (journal->file >= 0)
        (void)close(journal->file);
    leat_free(journal->slots);
    leat_free(journal->fresh);
    leat_free(journal->path);
    leat_free(journal);
}

/* --- what is known ------------------------------------------------------------------------------------------------ */

const char *leat_journal_culprit(const struct leat_journal *journal)
{
    return journal->culprit;
}

const char *leat_journal_warning(const struct leat_journal *journal)
{
    return journal->warning;
}

/* Asked for every unit there is, so it must cost nothing as long as nothing ever crashed. */
static struct leat_journal_line *look_up(const struct leat_journal *journal, leat_str source, leat_str unit)
{
    struct leat_journal_line key;
    if (journal == NULL || journal->remembered == 0)
        return NULL;
    leat_journal_put_name(key.source, sizeof(key.source), source);
    leat_journal_put_name(key.unit, sizeof(key.unit), unit);
    return find(journal, &key);
}

uint32_t leat_journal_crashes(const struct leat_journal *journal, leat_str source, leat_str unit, char *retwhy,
                              size_t size)
{
    const struct leat_journal_line *line = look_up(journal, source, unit);
    if (size > 0)
        retwhy[0] = '\0';
    if (line == NULL)
        return 0;
    (void)leat_journal_describe_cause(line, retwhy, size);
    return (uint32_t)leat_journal_number(line->count, sizeof(line->count));
}

void leat_journal_forget(struct leat_journal *journal, leat_str source, leat_str unit)
{
    struct leat_journal_line *line = look_up(journal, source, unit);
    if (line == NULL)
        return;
    line->mark = MARK_NONE;
    journal->remembered--;
}
