/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders from an SQS queue. What can be stored later is a retry, what will never be an order is a reject;
 * neither holds up the other messages of the batch.
 *
 * Setting `db`: the path of the database. Here that is a file with an order a line, which stands for a real
 * one; without the setting it is a temporary file, gone with the process.
 */
#include <leat/leat.h>

#include <errno.h>
#include <stdio.h>

/* Once per slot, so each slot has its own connection and handle needs no lock. */
static leat_status connect_db(leat_context *ctx, void **state)
{
    const char *path = leat_setting(ctx, "db").ptr;
    FILE *db = path != NULL ? fopen(path, "a") : tmpfile();
    if (db == NULL)
        return leat_fail(ctx, "cannot open the database %s: %s", path != NULL ? path : "", strerror(errno));
    *state = db;
    return LEAT_OK;
}

static void close_db(void *state)
{
    (void)fclose(state);
}

/* The order is stored before its message is deleted. A crash between the two brings the message again, so a
 * real table has order_id as its key. */
static bool store(FILE *db, const cJSON *order)
{
    char *row = cJSON_PrintUnformatted(order);
    bool stored = row != NULL && fprintf(db, "%s\n", row) > 0 && fflush(db) == 0;
    cJSON_free(row);
    return stored;
}

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    const cJSON *order = leat_event_json(event);
    if (order == NULL)
        return leat_reject(ctx, "body is not JSON");
    if (leat_json_get_text(order, "order_id").len == 0)
        return leat_reject(ctx, "no field \"order_id\"");
    if (cJSON_IsTrue(leat_json_get(order, "database_away"))) /* for the demo: an order that plans its failure */
        return leat_retry(ctx, "database is away (planned)");
    if (!store(state, order))
        return leat_retry(ctx, "database is away");
    return leat_ok(ctx);
}

LEAT_HANDLER(orders, .accepts = "sqs", .init = connect_db, .handle = handle, .fini = close_db);
