/* SPDX-License-Identifier: Apache-2.0 */
/* What a function finds in its environment on Lambda, before what ours holds. */
#include "guest_private.h"

static leat_str value_in(char *const *environment, leat_str name)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        leat_str value = leat_str_c(*environment);
        if (leat_str_eq(leat_str_cut(&value, '='), name))
            return value;
    }
    return LEAT_ABSENT;
}

struct making {
    struct leat_guest *guest;
    size_t count;
};

static void set(struct making *making, const char *name, leat_str value)
{
    leat_str line = leat_arena_printf(&making->guest->arena, "%s=%.*s", name, LEAT_ARG(value));
    making->guest->environment[making->count++] = (char *)(uintptr_t)line.ptr;
}

static void set_default(struct making *making, const char *name, leat_str value)
{
    leat_str ours = value_in(making->guest->options.environment, leat_str_c(name));
    set(making, name, ours.len > 0 ? ours : value);
}

/* The package's own libraries come first. */
static leat_str library_path(struct leat_guest *guest)
{
    const char *root = guest->options.folder;
    leat_str ours = value_in(guest->options.environment, LEAT_STR("LD_LIBRARY_PATH"));
    return leat_arena_printf(&guest->arena, "%s/lib:%s:/opt/lib%s%.*s", root, root, ours.len > 0 ? ":" : "",
                             LEAT_ARG(ours));
}

static void set_all(struct making *making)
{
    struct leat_guest *guest = making->guest;
    struct leat_arena *arena = &guest->arena;
    int64_t seconds = (guest->options.time_ms + 999) / 1000;
    leat_str ours = value_in(guest->options.environment, LEAT_STR("AWS_LAMBDA_FUNCTION_NAME"));
    leat_str name = leat_arena_copy(arena, ours.len > 0 ? ours : leat_str_c(guest->options.name));
    guest->function_name = (char *)(uintptr_t)name.ptr;
    set(making, "AWS_LAMBDA_RUNTIME_API", leat_arena_printf(arena, "127.0.0.1:%u", (unsigned)guest->port));
    set(making, "AWS_LAMBDA_FUNCTION_NAME", name);
    set_default(making, "AWS_LAMBDA_FUNCTION_VERSION", LEAT_STR("$LATEST"));
    set_default(making, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", LEAT_STR("128"));
    set(making, "AWS_LAMBDA_FUNCTION_TIMEOUT", leat_arena_decimal(arena, (uint64_t)seconds));
    set_default(making, "AWS_LAMBDA_LOG_GROUP_NAME", leat_arena_printf(arena, "/aws/lambda/%.*s", LEAT_ARG(name)));
    set_default(making, "AWS_LAMBDA_LOG_STREAM_NAME", LEAT_STR("$LATEST"));
    set_default(making, "AWS_LAMBDA_INITIALIZATION_TYPE", LEAT_STR("on-demand"));
    set_default(making, "AWS_REGION", LEAT_STR("us-east-1"));
    set_default(making, "AWS_DEFAULT_REGION", value_in(guest->environment, LEAT_STR("AWS_REGION")));
    set(making, "LAMBDA_TASK_ROOT", leat_str_c(guest->options.folder));
    set_default(making, "LAMBDA_RUNTIME_DIR", LEAT_STR("/var/runtime"));
    set(making, "LD_LIBRARY_PATH", library_path(guest));
}

#define OWN_MAX 16

leat_status leat_guest_make_environment(struct leat_guest *guest, struct leat_error *reterr)
{
    struct making making = {.guest = guest};
    size_t ours = 0;
    while (guest->options.environment != NULL && guest->options.environment[ours] != NULL)
        ours++;
    guest->environment = LEAT_NEW_N(&guest->arena, char *, ours + OWN_MAX + 1);
    if (guest->environment != NULL)
        set_all(&making);
    if (guest->arena.overflow)
        return leat_error_set(reterr, LEAT_STATUS(NO_MEMORY), "out of memory");
    for (size_t i = 0; i < ours; i++) {
        leat_str rest = leat_str_c(guest->options.environment[i]);
        if (value_in(guest->environment, leat_str_cut(&rest, '=')).ptr == NULL)
            guest->environment[making.count++] = guest->options.environment[i];
    }
    return LEAT_OK;
}
