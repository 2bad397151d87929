/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share. A target is one function from bytes to nothing, which ends the process when
 * something does not hold that must; libFuzzer drives it, or main.c over files.
 */
#ifndef LEAT_FUZZ_H
#define LEAT_FUZZ_H

#include <leat/alloc.h>

#include "canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding, unless it holds. */
#define MUST(condition) ((condition) ? (void)0 : fuzz_found(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_found(const char *file, int line, const char *what);

/* With a limit, so that what takes too much memory is an overflow and no finding of the machine's. Every
 * allocation is one of the heap: the sanitizer sees where each ends. */
void fuzz_arena_init(struct leat_arena *arena);
#define FUZZ_ARENA struct leat_arena LEAT_CLEANUP(leat_arena_fini)

/* The bytes in front of a page that nobody may touch: libraries that no sanitizer instruments are caught too when
 * they read behind the text. Writable; until the next call. */
leat_str fuzz_guarded(const uint8_t *data, size_t size);

/* Does `part` lie in `text`? */
bool fuzz_is_inside(leat_str text, leat_str part);

/* Is it JSON, or would it be if data of the deepest nesting that may come in did not stand inside it? */
bool fuzz_is_json(leat_str text);
/* Control characters, C1 ones too. */
bool fuzz_has_control(leat_str text);
/* Is it a value as CloudEvents 1.0 has them: UTF-8 without control characters and noncharacters? */
bool fuzz_is_attribute(leat_str value);

/* A payload, decoded. */
struct fuzz_payload {
    struct leat_records records;
    struct leat_arena arena;
    struct leat_decoder decoder;
    leat_status status;
    struct leat_error error;
};
/* `as`: NULL detects. */
void fuzz_decode(struct fuzz_payload *payload, leat_str text, const struct leat_adapter *as);
void fuzz_payload_fini(struct fuzz_payload *payload);
bool fuzz_overflown(const struct fuzz_payload *payload);
#define FUZZ_PAYLOAD struct fuzz_payload LEAT_CLEANUP(fuzz_payload_fini)

/* Normalises every record and calls `each` for every event, with an arena of its own. Half a record is a finding. */
void fuzz_each_event(struct fuzz_payload *payload, void (*each)(const struct leat_event *event));

/* Decode, encode, decode again: the same, or a finding. Overwrites the text. */
void fuzz_survive(leat_str text);

#endif
