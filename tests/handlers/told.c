/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what it is told. The instruction is a JSON object: the body of a message or request, the payload of a
 * direct call, or the new image of a DynamoDB item (only "do").
 *
 *     {"do": "ok" | "retry" | "reject" | "nothing", "reason": "...", "delay_ms": 5,
 *      "json": "reply text", "status": 200, "type": "text/plain", "body": "...", "hex": "ff00",
 *      "headers": [["name", "value"], ...], "busy_ms": 5}
 */
#include <leat/leat.h>

#include <stdlib.h>
#include <time.h>

static const char *text(const cJSON *told, const char *name)
{
    return leat_json_get_text(told, name).ptr;
}

static int number(const cJSON *told, const char *name)
{
    const cJSON *item = leat_json_get(told, name);
    return cJSON_IsNumber(item) ? (int)item->valuedouble : 0;
}

static leat_str from_hex(leat_context *ctx, const char *hex)
{
    size_t len = strlen(hex) / 2;
    char *bytes = leat_scratch(ctx, len + 1);
    for (size_t i = 0; bytes != NULL && i < len; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (char)strtol(digits, NULL, 16);
    }
    return leat_str_of(bytes, bytes != NULL ? len : 0);
}

static void set_reply(leat_context *ctx, const cJSON *told)
{
    const cJSON *header = NULL;
    if (text(told, "json") != NULL)
        (void)leat_reply_json(ctx, text(told, "json"));
    if (text(told, "hex") != NULL)
        (void)leat_reply_bytes(ctx, number(told, "status"), text(told, "type"), from_hex(ctx, text(told, "hex")));
    else if (number(told, "status") != 0)
        (void)leat_reply_http(ctx, number(told, "status"), text(told, "type"), text(told, "body"));
    cJSON_ArrayForEach (header, leat_json_get_array(told, "headers"))
        leat_reply_header(ctx, header->child->valuestring, header->child->next->valuestring);
}

/* Works for so long. */
static void be_busy(int ms)
{
    struct timespec start, now;
    (void)timespec_get(&start, TIME_UTC);
    do
        (void)timespec_get(&now, TIME_UTC);
    while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const struct leat_dynamodb *change = leat_dynamodb(event);
    const cJSON *told = leat_event_json(event);
    leat_str todo = leat_json_get_text(told, "do");
    if (change != NULL)
        todo = leat_json_get_text(change->new_image, "do");
    else
        set_reply(ctx, told);
    if (number(told, "busy_ms") > 0)
        be_busy(number(told, "busy_ms"));
    if (leat_str_is(todo, "nothing"))
        return (leat_outcome){0};
    if (leat_str_is(todo, "retry") && number(told, "delay_ms") > 0)
        return leat_retry_after(ctx, text(told, "reason"), number(told, "delay_ms"));
    if (leat_str_is(todo, "retry"))
        return leat_retry(ctx, text(told, "reason"));
    if (leat_str_is(todo, "reject"))
        return leat_reject(ctx, text(told, "reason"));
    return leat_ok(ctx);
}

LEAT_HANDLER(told, .handle = handle);
