/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms in which failures lie around: what the AWS CLI and kcat print, what Lambda leaves at destinations, in
 * dead-letter queues and in logs. They come in files only; here they become the payloads that Lambda would be sent.
 * What such a payload is, the adapters decide: a document whose inner payload none of them claims stays as it is.
 */
#ifndef LEAT_FILE_FORMS_H
#define LEAT_FILE_FORMS_H

#include <leat/adapter.h>

/* How a form is named; static. */
struct leat_form {
    const char *name;   /* for machines: "aws-sqs-receive-message" */
    const char *people; /* behind the kind: "sqs, as the AWS CLI prints it" */
};

/* What one document was taken apart into. */
struct leat_forms {
    const struct leat_adapter *const *adapters; /* NULL-terminated, in detection order */
    struct leat_arena arena;                    /* emptied with each document */
    const struct leat_form *form;
    leat_str *payloads; /* borrowed from the document, or in the arena */
    size_t count, size;
    bool nothing; /* it is known to hold no event: a mark between dead letters */
};

/* `max_memory`: of one document, in bytes; 0: no limit. */
void leat_forms_init(struct leat_forms *forms, const struct leat_adapter *const *adapters, size_t max_memory);
void leat_forms_fini(struct leat_forms *forms); /* takes a zeroed one */
/* Takes apart one JSON document; `count` 0: it is in none of the forms. The payloads live until the next call, and
 * as long as `text`. An empty batch counts as known. Fails with TOO_BIG (max_memory) and NO_MEMORY. */
leat_status leat_forms_take(struct leat_forms *forms, leat_str text);
/* The same for an entry of a log export, of any bytes: its time and its message. */
leat_status leat_forms_take_entry(struct leat_forms *forms, leat_str entry);

#endif
