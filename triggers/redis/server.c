/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

leat_status leat_redis_server_init(struct leat_redis_server *server, const struct leat_redis_server_options *options,
                                   struct leat_error *reterr)
{
    bool tls = false;
    *server = (struct leat_redis_server){.tls = NULL};
    leat_arena_init(&server->arena, 0);
    LEAT_TRY(leat_redis_targets_read(&server->targets, &server->arena, &options->urls, reterr));
    for (size_t i = 0; i < server->targets.count; i++)
        tls = tls || server->targets.items[i].tls;
    return tls ? leat_redis_tls_context_new(&options->tls, &server->tls, reterr) : LEAT_OK;
}

void leat_redis_server_fini(struct leat_redis_server *server)
{
    leat_redis_tls_context_free(server->tls);
    server->tls = NULL;
    leat_arena_fini(&server->arena);
}
