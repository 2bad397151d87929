/* SPDX-License-Identifier: Apache-2.0 */
/* A direct call, no trigger in between: {"name": "world"} in, {"greeting": "hello world"} out. */
#include <leat/leat.h>

#include <stdio.h>

/* Scratch memory is the run's: nobody frees it. */
static const char *greeting_for(leat_context *ctx, const char *name)
{
    size_t size = sizeof("hello ") + strlen(name);
    char *greeting = leat_scratch(ctx, size);
    if (greeting != NULL)
        (void)snprintf(greeting, size, "hello %s", name);
    return greeting;
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const char *name = cJSON_GetStringValue(leat_json_get(leat_event_json(event), "name"));
    if (name == NULL)
        return leat_reject(ctx, "no field \"name\""); /* the caller gets an error, Function.Reject */

    cJSON *reply = cJSON_CreateObject();
    const cJSON *added = cJSON_AddStringToObject(reply, "greeting", greeting_for(ctx, name));
    char *text = added != NULL ? cJSON_PrintUnformatted(reply) : NULL;
    leat_outcome outcome = text != NULL ? leat_reply_json(ctx, text) : leat_retry(ctx, "out of memory");
    cJSON_free(text);
    cJSON_Delete(reply);
    return outcome;
}

LEAT_HANDLER(greet, .accepts = "unknown", .handle = handle);
