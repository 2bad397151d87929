/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An index of the objects in S3 buckets, from S3's notifications, whichever way they come: straight, or
 * inside SQS, SNS or EventBridge.
 *
 * Setting `index`: the path of the index. Here that is a file with a change a line, which stands for a
 * database; without the setting it is a temporary file. S3 may tell of a change twice and of two changes in
 * the wrong order, so each line has its sequence: the last one about an object is the one with the largest.
 */
#include <leat/leat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Once per process: all slots append to the same file, and stdio lets one write at a time. */
static leat_status open_index(leat_context *ctx, void **shared)
{
    const char *path = leat_setting(ctx, "index").ptr;
    FILE *index = path != NULL ? fopen(path, "a") : tmpfile();
    if (index == NULL)
        return leat_fail(ctx, "cannot open the index %s: %s", path != NULL ? path : "", strerror(errno));
    *shared = index;
    return LEAT_OK;
}

static void close_index(void *shared)
{
    (void)fclose(shared);
}

static bool is_put(const struct leat_s3 *object)
{
    return leat_str_starts(object->event, LEAT_STR("ObjectCreated:"));
}

static bool is_removal(const struct leat_s3 *object)
{
    return leat_str_starts(object->event, LEAT_STR("ObjectRemoved:")) ||
           leat_str_starts(object->event, LEAT_STR("LifecycleExpiration:"));
}

/* Only bucket and key are always there: a removal has no size, an unversioned object no version. */
static void write_line(struct leat_buf *line, const struct leat_s3 *object, leat_str sequence)
{
    leat_buf_c(line, is_put(object) ? "{\"op\":\"put\"" : "{\"op\":\"remove\"");
    leat_buf_json_member(line, "bucket", object->bucket);
    leat_buf_json_member(line, "key", object->key); /* decoded: "a+b.txt" in the notification is "a b.txt" */
    leat_buf_json_member(line, "version", object->version);
    leat_buf_json_member(line, "etag", object->etag);
    leat_buf_json_member(line, "sequence", sequence);
    if (object->size >= 0)
        leat_buf_printf(line, ",\"size\":%" PRId64, object->size);
    leat_buf_c(line, "}\n");
}

static bool append(FILE *index, const struct leat_s3 *object, leat_str sequence)
{
    struct leat_arena arena;
    struct leat_buf line;
    leat_arena_init(&arena, 0);
    leat_buf_init(&line, &arena);
    write_line(&line, object, sequence);
    leat_str text = leat_buf_str(&line); /* absent if memory ran out anywhere above */
    bool written = text.ptr != NULL && fwrite(text.ptr, text.len, 1, index) == 1 && fflush(index) == 0;
    leat_arena_fini(&arena);
    return written;
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const struct leat_s3 *object = leat_s3(event);
    if (object == NULL)
        return leat_retry(ctx, "out of memory");
    if (!is_put(object) && !is_removal(object)) {
        leat_log(ctx, LEAT_DEBUG, "%.*s changes nothing in the index", LEAT_ARG(object->event));
        return leat_ok(ctx);
    }
    if (!append(leat_shared(ctx), object, leat_event_attribute(event, "sequence")))
        return leat_retry(ctx, "cannot write the index");
    return leat_ok(ctx);
}

LEAT_HANDLER(index, .accepts = "s3", .load = open_index, .handle = handle, .unload = close_index);
