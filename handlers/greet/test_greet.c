/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/leat.h>
#include <leat/test.h>

extern const struct leat_handler leat_handler_greet;

int main(void)
{
    struct leat_test *test = leat_test_open(&leat_handler_greet, NULL);
    leat_test_check(leat_test_run(test, "{\"name\": \"world\"}") == 1, "a direct call is one event");
    leat_test_check(leat_str_is(leat_test_reply(test), "{\"greeting\":\"hello world\"}"), "who has a name is greeted");
    leat_test_run(test, "{\"name\": \"\\\"x\\\"\"}");
    leat_test_check(leat_str_is(leat_test_reply(test), "{\"greeting\":\"hello \\\"x\\\"\"}"), "whatever the name");

    leat_test_run(test, "{\"nmae\": \"world\"}");
    leat_test_check(leat_test_outcome(test, 0) == LEAT_OUTCOME_REJECT, "who has none is rejected");
    leat_test_check(leat_test_reply(test).ptr == NULL, "... so there is no reply");
    leat_test_check(leat_str_is(leat_test_error(test), "Function.Reject"), "... but an error");
    leat_test_close(test);
    return leat_test_done();
}
