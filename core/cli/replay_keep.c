/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_keep.h"

#include <errno.h>

#define FILE_MAX_BYTES ((size_t)64 << 10) /* a pattern is far smaller */

void leat_replay_keep_init(struct leat_replay_keep *keep, struct leat_report *report)
{
    *keep = (struct leat_replay_keep){.report = report};
    leat_arena_init(&keep->arena, 0);
    leat_arena_init(&keep->scratch, 0);
}

void leat_replay_keep_fini(struct leat_replay_keep *keep)
{
    leat_arena_fini(&keep->arena);
    leat_arena_fini(&keep->scratch);
}

/* --- patterns ---------------------------------------------------------------------------------------------- */

static leat_status read_file(struct leat_arena *arena, const char *path, leat_str *rettext, struct leat_error *reterr)
{
    char *bytes = leat_arena_alloc(arena, FILE_MAX_BYTES);
    FILE *file = bytes != NULL ? fopen(path, "re") : NULL;
    if (bytes == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    if (file == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NOT_FOUND), "cannot open %s: %s", path, strerror(errno));
    *rettext = leat_str_of(bytes, fread(bytes, 1, FILE_MAX_BYTES, file));
    int why = ferror(file) ? errno : 0;
    (void)fclose(file);
    return why == 0 ? LEAT_OK : leat_error_set(reterr, LEAT_STATUS(IO), "cannot read %s: %s", path, strerror(why));
}

leat_status leat_replay_keep_filter(struct leat_replay_keep *keep, const char *value, struct leat_error *reterr)
{
    leat_str pattern = leat_str_c(value);
    struct leat_error error = {0};
    if (keep->filter == NULL)
        keep->filter = leat_filter_new(&keep->arena, NULL);
    if (keep->filter == NULL)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    keep->report->filters = true;
    if (value[0] == '@')
        LEAT_TRY(read_file(&keep->arena, value + 1, &pattern, reterr));
    leat_status status = leat_filter_add(keep->filter, pattern, &error);
    if (!leat_is_ok(status))
        (void)leat_error_set(reterr, status, "--filter%s%s: %s", value[0] == '@' ? " " : "",
                             value[0] == '@' ? value : "", error.message);
    return status;
}

/* --- events -------------------------------------------------------------------------------------------------- */

bool leat_replay_keep_some(const struct leat_replay_keep *keep)
{
    return keep->only != NULL || keep->filter != NULL;
}

static bool contains(leat_str text, const char *part)
{
    return text.ptr != NULL && leat_str_find(text, leat_str_c(part)).ptr != NULL;
}

static leat_str raw_of(const struct leat_unit *unit, const struct leat_envelope *envelope)
{
    if (envelope == NULL)
        return leat_doc_extent(leat_record_place(unit->record, NULL));
    return envelope->raw.doc != NULL ? leat_doc_extent(envelope->raw) : envelope->raw_text;
}

static bool has_text(const char *only, const struct leat_unit *unit, const struct leat_envelope *envelope)
{
    return (envelope != NULL && contains(leat_envelope_id(envelope, &unit->delivery->arena), only)) ||
           contains(unit->record->id, only) || contains(raw_of(unit, envelope), only);
}

/* A filter sees records, not events: it is asked with the first event of each. */
static void filter_record(struct leat_replay_keep *keep, const struct leat_unit *unit)
{
    keep->matches = keep->filter == NULL || leat_filter_match(keep->filter, unit->record, &keep->scratch);
    keep->report->filtered += keep->matches ? 0 : 1;
    keep->report->out_of_memory = keep->report->out_of_memory || keep->scratch.overflow;
    leat_arena_reset(&keep->scratch);
}

bool leat_replay_keep(void *argument, const struct leat_unit *unit, const struct leat_envelope *envelope)
{
    struct leat_replay_keep *keep = argument;
    if (envelope == NULL || envelope == unit->events.items)
        filter_record(keep, unit);
    return keep->matches && (keep->only == NULL || has_text(keep->only, unit, envelope));
}
