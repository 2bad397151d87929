/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs as CloudWatch exports them and `aws logs tail` prints them: entries that start on a line of their own with a
 * time and a space, "2024-05-01T12:00:00.000Z START RequestId: ...". A message may go on over several lines.
 */
#ifndef LEAT_FILE_LOG_EXPORT_H
#define LEAT_FILE_LOG_EXPORT_H

#include "input.h"

/* Does an entry start at the first unread byte? Reads as much as it needs to tell. */
leat_status leat_log_starts(struct leat_input *input, bool *ret, struct leat_error *reterr);
/* Takes the next entry, of at most `limit` bytes (0: of any length), with the end of its line; it stays until the next
 * read. Absent: there are no more. TOO_BIG: without `reterr`, and nothing is taken. */
leat_status leat_log_entry(struct leat_input *input, size_t limit, leat_str *retentry, struct leat_error *reterr);

#endif
