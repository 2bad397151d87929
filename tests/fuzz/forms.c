/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the forms of files: payloads that an adapter claims, the same each time, and none out of a payload.
 * The input is a document, and the entry of a log.
 */
#include "fuzz.h"

#include <file/forms.h>

/* Claimed by an adapter, be it broken, or a batch without records. */
static void expect_known(leat_str payload)
{
    FUZZ_PAYLOAD decoded;
    fuzz_decode(&decoded, payload, NULL);
    if (leat_is_ok(decoded.status))
        MUST(decoded.records.count == 0 || strcmp(decoded.records.adapter->name, "unknown") != 0);
    else
        MUST(decoded.status.code == LEAT_E_BAD_PAYLOAD || fuzz_overflown(&decoded));
}

/* No form is looked for in a form; only what the CLI prints of DynamoDB is both, for the adapter claims it too. */
static void expect_plain(leat_str payload)
{
    struct leat_forms again LEAT_CLEANUP(leat_forms_fini);
    leat_forms_init(&again, sorted_adapters(), 0);
    if (!leat_json_valid(payload))
        return; /* text inside of text, which the parser takes */
    MUST(leat_is_ok(leat_forms_take(&again, payload)));
    MUST(again.count == 0 || strcmp(again.form->name, "aws-dynamodbstreams-get-records") == 0);
}

/* Dead letters hold what came, whatever it is; a mark between them holds nothing. */
static void check_taken(const struct leat_forms *forms)
{
    bool dead = forms->form != NULL && strcmp(forms->form->name, "leat-dead-letter") == 0;
    MUST(!forms->nothing || (dead && forms->count == 0));
    MUST(!dead || forms->count <= 1);
    MUST(forms->count == 0 || (forms->form != NULL && forms->form->name != NULL && forms->form->people != NULL));
    for (size_t i = 0; i < forms->count && !dead; i++) {
        expect_known(forms->payloads[i]);
        expect_plain(forms->payloads[i]);
    }
}

static void expect_same(const struct leat_forms *a, const struct leat_forms *b)
{
    MUST(a->count == b->count && a->nothing == b->nothing && (a->count == 0 || a->form == b->form));
    for (size_t i = 0; i < a->count; i++)
        MUST(leat_str_eq(a->payloads[i], b->payloads[i]));
}

static void take(leat_str text, leat_status (*how)(struct leat_forms *, leat_str))
{
    struct leat_forms forms LEAT_CLEANUP(leat_forms_fini), other LEAT_CLEANUP(leat_forms_fini);
    leat_forms_init(&forms, sorted_adapters(), 0);
    leat_forms_init(&other, sorted_adapters(), 0);
    MUST(leat_is_ok(how(&forms, text)));
    check_taken(&forms);
    MUST(leat_is_ok(how(&other, LEAT_STR("{\"Messages\":[]}")))); /* what was taken before leaves nothing behind */
    MUST(leat_is_ok(how(&other, text)));
    expect_same(&forms, &other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_str text = fuzz_guarded(data, size);
    if (leat_json_valid(text))
        take(text, leat_forms_take);
    take(text, leat_forms_take_entry);
    return 0;
}
