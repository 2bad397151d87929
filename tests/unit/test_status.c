/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/error.h>

#include <criterion/criterion.h>
#include <stdio.h>

Test(status, every_code_has_a_name_of_its_own_and_a_text)
{
    for (int a = LEAT_E_DONE; a <= LEAT_E_BUG; a++) {
        leat_status status = {a};
        cr_expect_not_null(leat_status_code(status));
        cr_expect_neq(leat_status_text(status)[0], '\0');
        for (int b = a + 1; b <= LEAT_E_BUG; b++)
            cr_expect_str_neq(leat_status_code(status), leat_status_code((leat_status){b}));
    }
    cr_expect_str_eq(leat_status_code(LEAT_STATUS(NOT_JSON)), "not-json");
    cr_expect_str_eq(leat_status_code(LEAT_STATUS(BAD_RECORD)), "bad-record");
}

Test(status, a_code_that_is_none_is_a_bug)
{
    cr_expect_str_eq(leat_status_code((leat_status){-1}), "bug");
    cr_expect_str_eq(leat_status_code((leat_status){LEAT_E_BUG + 1}), "bug");
    cr_expect_str_eq(leat_status_text((leat_status){-1}), leat_status_text(LEAT_STATUS(BUG)));
}

static int calls;

static leat_status give(leat_status status)
{
    calls++;
    return status;
}

static leat_status try_two(leat_status first)
{
    LEAT_TRY(give(first));
    LEAT_TRY(give(LEAT_STATUS(IO)));
    return LEAT_OK;
}

Test(status, try_returns_the_first_failure_and_calls_once)
{
    cr_expect_eq(try_two(LEAT_STATUS(CONFIG)).code, LEAT_E_CONFIG);
    cr_expect_eq(calls, 1);
    cr_expect_eq(try_two(LEAT_OK).code, LEAT_E_IO);
    cr_expect_eq(calls, 3);
}

Test(status, an_error_carries_status_message_and_fix)
{
    struct leat_error error;
    cr_expect_eq(leat_error_set(&error, LEAT_STATUS(NOT_FOUND), "no %s", "file").code, LEAT_E_NOT_FOUND);
    cr_expect_eq(error.status.code, LEAT_E_NOT_FOUND);
    cr_expect_str_eq(error.message, "no file");
    cr_expect_str_eq(error.fix, "");
    leat_error_fix(&error, "make %d", 1);
    cr_expect_str_eq(error.fix, "make 1");
    (void)leat_error_set(&error, LEAT_STATUS(IO), "other");
    cr_expect_str_eq(error.fix, "", "the advice for another failure is gone");
}

Test(status, nobody_needs_to_ask_for_the_error)
{
    cr_expect_eq(leat_error_set(NULL, LEAT_STATUS(IO), "unseen").code, LEAT_E_IO);
    leat_error_fix(NULL, "unseen");
}

Test(status, long_messages_are_cut_with_dots)
{
    struct leat_error error;
    char text[2000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    (void)leat_error_set(&error, LEAT_STATUS(IO), "%s", text);
    leat_error_fix(&error, "%s", text);
    cr_expect_eq(strlen(error.message), sizeof(error.message) - 1);
    cr_expect_str_eq(error.message + strlen(error.message) - 4, "x...");
    cr_expect_eq(strlen(error.fix), sizeof(error.fix) - 1);
    cr_expect_str_eq(error.fix + strlen(error.fix) - 4, "x...");
    text[sizeof(error.message) - 1] = '\0'; /* just fits */
    (void)leat_error_set(&error, LEAT_STATUS(IO), "%s", text);
    cr_expect_str_eq(error.message, text);
}
