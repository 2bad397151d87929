/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters as a form of files: they hold what came, also what nobody claims. */
#include "decoding.h"

#include <file/forms.h>

static struct leat_forms forms;

static void setup(void)
{
    leat_forms_init(&forms, sorted_adapters(), 0);
}

static void teardown(void)
{
    leat_forms_fini(&forms);
}

TestSuite(forms_dead, .init = setup, .fini = teardown, .timeout = 60);

static void take(const char *text)
{
    cr_assert(leat_json_valid(leat_str_c(text)), "the test's text is no JSON: %s", text);
    cr_assert(leat_is_ok(leat_forms_take(&forms, leat_str_c(text))), "%s", text);
}

static void expect_one(const char *text, leat_str payload)
{
    take(text);
    cr_assert_eq(forms.count, 1, "%s", text);
    cr_expect(!forms.nothing, "%s", text);
    cr_expect_str_eq(forms.form->name, "leat-dead-letter");
    cr_expect(leat_str_eq(forms.payloads[0], payload), "%s: %.*s", text, LEAT_ARG(forms.payloads[0]));
}

static void expect_none(const char *text)
{
    take(text);
    cr_expect_eq(forms.count, 0, "%s", text);
    cr_expect(!forms.nothing, "%s", text);
}

Test(forms_dead, the_payload_is_given_whoever_claims_it)
{
    expect_one("{\"dead\":1,\"payload\":{\"a\": 1.50}}", LEAT_STR("{\"a\": 1.50}"));
    expect_one("{\"payload\":7, \"dead\": 1, \"id\":\"i\"}", LEAT_STR("7"));
    expect_one("{\"dead\":1,\"payload\":{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":7}]}}",
               LEAT_STR("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":7}]}"));
}

Test(forms_dead, text_and_base64_are_bytes)
{
    expect_one("{\"dead\":1,\"payload_text\":\"a\\n{\\u0000\"}", LEAT_STR("a\n{\0"));
    expect_one("{\"dead\":1,\"payload_text\":\"\"}", LEAT_STR(""));
    expect_one("{\"dead\":1,\"payload_base64\":\"/w==\"}", LEAT_STR("\xFF"));
}

Test(forms_dead, what_is_not_quite_one_stays_as_it_is)
{
    static const char *const texts[] = {
        "{\"dead\":1}",
        "{\"dead\":2,\"payload\":{}}",
        "{\"dead\":true,\"payload\":{}}",
        "{\"dead\":\"1\",\"payload\":{}}",
        "{\"dead\":1,\"payload_text\":7}",
        "{\"dead\":1,\"payload_base64\":\"no base64\"}",
        "{\"x\":{\"dead\":1,\"payload\":{}}}",
        "{\"redriven\":1}",
        "{\"redriven\":1,\"id\":7}",
        "{\"redriven\":2,\"id\":\"i\"}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_none(texts[i]);
}

Test(forms_dead, a_mark_is_known_to_hold_nothing)
{
    take("{\"redriven\":1,\"id\":\"spool/a/0\",\"time\":\"2024-05-01T12:00:00Z\",\"to\":\"inbox\"}");
    cr_expect_eq(forms.count, 0);
    cr_expect(forms.nothing);
    expect_none("{}");
}
