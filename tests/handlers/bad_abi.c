/* SPDX-License-Identifier: Apache-2.0 */
/* A handler of another ABI; -DABI and -DSIZE say which. Members behind SIZE are garbage. */
#include <leat/leat.h>

#include <stddef.h>
#include <stdint.h>

#ifndef ABI
#define ABI LEAT_ABI
#endif
#ifndef SIZE
#define SIZE sizeof(struct leat_handler)
#endif

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event;
    (void)state;
    return leat_ok(ctx);
}

#define GARBAGE(type) ((type)(uintptr_t)8)

LEAT_API extern const struct leat_handler leat_handler_aged;
const struct leat_handler leat_handler_aged = {
    .abi = ABI,
    .size = SIZE,
    .name = "aged",
    .handle = handle,
    .handle_batch = GARBAGE(void (*)(leat_context *, struct leat_batch *, void *)),
    .fini = GARBAGE(void (*)(void *)),
    .unload = GARBAGE(void (*)(void *)),
};
