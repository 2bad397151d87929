/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as leat needs it beside cJSON: trees on arenas, exact extents of values in their text, and a
 * strict check that says where text stops being JSON. Trees are for looking, slices are for passing on.
 */
#ifndef LEAT_JSON_H
#define LEAT_JSON_H

#include <leat/buf.h>

#include <cjson/cJSON.h>

LEAT_BEGIN

#define LEAT_JSON_DEPTH_MAX 1000           /* cJSON's own limit */
#define LEAT_JSON_EXACT 9007199254740992.0 /* 2^53: below it a double holds every whole number */

/* Why and where text is not JSON. Offsets count bytes from 0. */
struct leat_json_fault {
    leat_status status; /* NOT_JSON or TOO_DEEP (or NO_MEMORY, TOO_BIG of a parse) */
    size_t offset;      /* of the first byte that cannot stand there; the length if the text ends too early */
    size_t since;       /* where the unfinished string, array or object began */
    const char *what;   /* static */
    bool ended;         /* the text ended too early: more bytes could mend it */
};

/* Moves *at over white space and one JSON value (RFC 8259, UTF-8, no half surrogate pairs, at most
 * LEAT_JSON_DEPTH_MAX levels); a number that ends with the text counts as whole. On failure *at stays. */
LEAT_API leat_status leat_json_scan(leat_str text, size_t *at, struct leat_json_fault *retfault);
/* Is all of it one JSON value? */
LEAT_API bool leat_json_valid(leat_str text);

/* The tree of `text` in `arena`; trailing white space is fine, anything else behind the value is not.
 * Strings with an escaped NUL keep their length (leat_json_text). Accepts what cJSON accepts, but no "\u" without
 * its four digits. */
LEAT_API leat_status leat_json_parse(struct leat_arena *arena, leat_str text, cJSON **retroot,
                                     struct leat_json_fault *retfault);

/* Notes in the tree of `text` the exact text of numbers that a double does not hold, so that
 * leat_json_print gives them back to the last digit. */
LEAT_API leat_status leat_json_keep_numbers(struct leat_arena *arena, leat_str text, cJSON *root);

/* Extents in text that cJSON accepted: the value that starts at `at`, and child number n of a container. */
LEAT_API leat_str leat_json_value_at(leat_str text, size_t at);
LEAT_API leat_str leat_json_child(leat_str container, size_t n);
/* Has the object a member of one of these names, as they are spelt? */
LEAT_API bool leat_json_any_name(leat_str object, const leat_str *names, size_t count);
/* Calls each(argument, n, value) for every child value of an array or object, in order. */
LEAT_API void leat_json_children(leat_str container, void (*each)(void *, size_t, leat_str), void *argument);

/* Copies valid JSON without the white space between tokens: every token stays as it was, to the digit. */
LEAT_API void leat_json_minify(struct leat_buf *buf, leat_str text);
/* Prints a tree as one line. */
LEAT_API void leat_json_print(struct leat_buf *buf, const cJSON *item);
/* The text of a number: as kept, else the shortest that reads back the same. */
LEAT_API void leat_json_print_number(struct leat_buf *buf, const cJSON *item);
/* The digits of a number that is whole, not negative and fits 64 bits. One beyond 2^53 must have its text kept.
 * Absent: it is none, or out of memory. */
LEAT_API leat_str leat_json_digits(struct leat_arena *arena, const cJSON *number);
/* The bytes of a member's name: those of item->string, but for NULs. Absent: out of memory. */
LEAT_API leat_str leat_json_name(struct leat_arena *arena, const cJSON *item);
/* Does decimal text survive a double and back? "1.50" and "1e3" do (same value), 2^53+1 does not. */
LEAT_API bool leat_json_number_fits(leat_str number);

/* Look-ups. NULL, absent or false for a missing member, a wrong type, or an object that is none. */
LEAT_API const cJSON *leat_json_get(const cJSON *object, const char *name);
LEAT_API leat_str leat_json_text(const cJSON *item); /* a string's bytes, NULs included */
LEAT_API leat_str leat_json_get_text(const cJSON *object, const char *name);
LEAT_API const cJSON *leat_json_get_object(const cJSON *object, const char *name);
LEAT_API const cJSON *leat_json_get_array(const cJSON *object, const char *name);
/* RFC 6901. NULL: nothing there, or no pointer ("" is the whole). */
LEAT_API const cJSON *leat_json_pointer(const cJSON *root, leat_str pointer);
/* "a number", "text", ...: what an item is, for messages; NULL: "missing". */
LEAT_API const char *leat_json_type(const cJSON *item);

/* A copy on the heap that the caller owns and frees with cJSON_Delete. NULL: out of memory. */
LEAT_API cJSON *leat_json_copy(const cJSON *item);

/* A new node in `arena`, as cJSON would make it; NULL after overflow. */
LEAT_API cJSON *leat_json_node(struct leat_arena *arena, int type);
/* Appends to an array, or with a name (in the arena) to an object. */
LEAT_API void leat_json_append(cJSON *parent, const char *name, cJSON *child);

/* True once a library has replaced the hooks of cJSON: trees are then copied, which costs time. Any thread. */
bool leat_json_hooks_lost(void);

LEAT_END

#endif
