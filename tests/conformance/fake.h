/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake servers share: how an entry becomes a native record, and answers that come later. */
#ifndef CONFORMANCE_FAKE_H
#define CONFORMANCE_FAKE_H

#include "conformance.h"

enum { FAKE_TEXT_MAX = 192, FAKE_ID_MAX = 16 };

#define FAKE_FILTER "{\"do\":[\"o\"]}"

/* As it lies in a server. */
struct fake_entry {
    uint32_t number;
    enum conformance_form form;
    char id[FAKE_ID_MAX], lane[FAKE_ID_MAX], body[FAKE_TEXT_MAX];
    int64_t since_ms; /* wall clock */
};

/* The adapter "conformance": the body of a native record is the data of its one event. */
const struct leat_adapter *const *fake_adapters(void);

/* False: it does not fit. */
bool fake_entry_fill(struct fake_entry *entry, const struct conformance_event *event);
/* Adds a unit of the entry; all of it is copied. */
leat_status fake_deliver_entry(struct leat_delivery *delivery, const struct fake_entry *entry, struct leat_unit *given);

/* Answers that a source owes, given in a later turn of the loop. */
enum fake_answer_kind { FAKE_SETTLED, FAKE_EXTENDED, FAKE_LOST };

struct fake_answer {
    struct fake_answer *next;
    enum fake_answer_kind kind;
    struct leat_unit *unit;
    leat_status status;
    int64_t until_ms;
};

struct fake_answers {
    struct fake_answer *first;
};

/* Without memory for it the answer is given at once. */
void fake_answer_later(struct fake_answers *answers, struct fake_answer answer);
/* Gives all that were owed when it was called. The answer to a settlement may be the end of its unit, so what else is
 * owed to that comes before it; a loss is not told to a unit that is being settled. */
void fake_answers_give(struct fake_answers *answers);
void fake_answers_drop(struct fake_answers *answers);

#endif
