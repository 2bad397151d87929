/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dead letter of leat's own (docs/reference/dead-letters.md), as a file sink keeps it and `leat dead show` prints it.
 * What it holds is what came, also what no trigger claims and what is no JSON.
 */
#include "forms_private.h"

/* What `leat dead redrive` writes behind letters. */
static bool is_mark(const struct leat_glance *document)
{
    return leat_str_is(document->value[LEAT_GLANCE_REDRIVEN], "1") && document->value[LEAT_GLANCE_DEAD].ptr == NULL &&
           leat_form_is_text(leat_form_member(document->text, "id"));
}

static bool recognise(const struct leat_glance *document)
{
    const leat_str *value = document->value;
    if (is_mark(document))
        return true;
    return leat_str_is(value[LEAT_GLANCE_DEAD], "1") &&
           (value[LEAT_GLANCE_PAYLOAD].ptr != NULL || leat_form_is_text(value[LEAT_GLANCE_PAYLOAD_TEXT]) ||
            leat_form_is_text(value[LEAT_GLANCE_PAYLOAD_BASE64]));
}

static void convert(struct leat_forms *forms, const struct leat_glance *document)
{
    const leat_str *value = document->value;
    leat_str bytes = LEAT_ABSENT;
    forms->nothing = is_mark(document);
    if (forms->nothing)
        return;
    if (value[LEAT_GLANCE_PAYLOAD].ptr != NULL)
        bytes = value[LEAT_GLANCE_PAYLOAD];
    else if (leat_form_is_text(value[LEAT_GLANCE_PAYLOAD_TEXT]))
        bytes = leat_form_text(forms, value[LEAT_GLANCE_PAYLOAD_TEXT]);
    else if (!leat_base64_decode(&forms->arena, leat_form_inside(value[LEAT_GLANCE_PAYLOAD_BASE64]), &bytes))
        bytes = LEAT_ABSENT;
    (void)leat_form_give_any(forms, bytes);
}

const struct leat_form_kind leat_form_dead = {
    .form = {.name = "leat-dead-letter", .people = "out of a dead letter"},
    .recognise = recognise,
    .convert = convert,
};
