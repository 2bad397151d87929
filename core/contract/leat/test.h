/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of handlers without AWS: runs a handler on a payload through the same path as replay.
 * Link with `pkg-config --libs leat-main`. Output is TAP.
 *
 *     struct leat_test *test = leat_test_open(&leat_handler_orders, "{\"db\": \"memory\"}");
 *     leat_test_run(test, payload);
 *     leat_test_check(leat_test_outcome(test, 0) == LEAT_OUTCOME_OK, "a whole order is stored");
 *     leat_test_close(test);
 *     return leat_test_done();
 */
#ifndef LEAT_TEST_H
#define LEAT_TEST_H

#include <leat/handler.h>

LEAT_BEGIN

struct leat_test;

/* Loads and inits the handler. `settings`: a JSON object or NULL. Ends the program with a message if the
 * handler refuses: a test has nothing to go on with. */
LEAT_API struct leat_test *leat_test_open(const struct leat_handler *handler, const char *settings);
/* Runs it on a payload (JSON text of any trigger). Returns how many events it made. What the functions
 * below give is valid until the next run. */
LEAT_API size_t leat_test_run(struct leat_test *test, const char *payload);
LEAT_API enum leat_outcome_kind leat_test_outcome(const struct leat_test *test, size_t index);
LEAT_API leat_str leat_test_reason(const struct leat_test *test, size_t index);
/* What Lambda would be answered; absent: an invocation error, whose type leat_test_error gives. */
LEAT_API leat_str leat_test_reply(const struct leat_test *test);
LEAT_API leat_str leat_test_error(const struct leat_test *test);
LEAT_API void leat_test_close(struct leat_test *test);

/* One line of TAP. */
LEAT_API void leat_test_check(bool good, const char *name);
/* The plan; returns the exit status of the program. */
LEAT_API int leat_test_done(void);

LEAT_END

#endif
