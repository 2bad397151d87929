/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A projection of a DynamoDB stream: from a table of orders, what each customer has spent.
 *
 * handle_batch applies all changes of a batch and then writes once. The orders are kept in memory, which
 * stands for a database. Setting `totals`: the file that gets the totals by customer.
 */
#include <leat/leat.h>

#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

struct projection {
    mtx_t lock;       /* slots share it */
    cJSON *orders;    /* the items of the table, by their keys */
    const char *path; /* of the totals; NULL: they are not written */
};

static void free_projection(void *shared)
{
    struct projection *projection = shared;
    cJSON_Delete(projection->orders);
    mtx_destroy(&projection->lock);
    free(projection);
}

static leat_status make_projection(leat_context *ctx, void **shared)
{
    struct projection *projection = calloc(1, sizeof(*projection));
    if (projection == NULL || mtx_init(&projection->lock, mtx_plain) != thrd_success) {
        free(projection);
        return leat_fail(ctx, "out of memory");
    }
    projection->orders = cJSON_CreateObject();
    projection->path = leat_setting(ctx, "totals").ptr;
    *shared = projection;
    return LEAT_OK;
}

/* Puts an item in the place of the one with the same keys; NULL only removes that. False: out of memory. */
static bool put(cJSON *orders, const cJSON *keys, const cJSON *item)
{
    char *name = cJSON_PrintUnformatted(keys);
    cJSON *copy = item != NULL ? leat_json_copy(item) : NULL;
    bool good = name != NULL && (item == NULL || copy != NULL);
    if (good)
        cJSON_DeleteItemFromObjectCaseSensitive(orders, name);
    if (good && copy != NULL)
        good = cJSON_AddItemToObject(orders, name, copy);
    if (!good)
        cJSON_Delete(copy);
    cJSON_free(name);
    return good;
}

/* Keeps items, not differences: a change that comes twice, as streams may send it, counts once. */
static leat_outcome apply(leat_context *ctx, cJSON *orders, const struct leat_dynamodb *change)
{
    if (change == NULL)
        return leat_retry(ctx, "out of memory");
    const cJSON *item = change->new_image;
    if (item == NULL && !leat_str_is(change->event, "REMOVE"))
        return leat_reject(ctx, "the stream carries no new images");
    if (item != NULL && leat_json_get_text(item, "customer").len == 0)
        return leat_reject(ctx, "no attribute \"customer\"");
    if (item != NULL && !cJSON_IsNumber(leat_json_get(item, "total")))
        return leat_reject(ctx, "no number in \"total\"");
    return put(orders, change->keys, item) ? leat_ok(ctx) : leat_retry(ctx, "out of memory");
}

/* {"c-4":12,"c-17":21.5}; NULL: out of memory. The caller deletes it. */
static cJSON *sum_by_customer(const cJSON *orders)
{
    cJSON *totals = cJSON_CreateObject();
    const cJSON *order = NULL;
    cJSON_ArrayForEach (order, orders) {
        const char *customer = cJSON_GetStringValue(leat_json_get(order, "customer"));
        double amount = cJSON_GetNumberValue(leat_json_get(order, "total"));
        cJSON *total = cJSON_GetObjectItemCaseSensitive(totals, customer);
        if (total != NULL)
            cJSON_SetNumberValue(total, total->valuedouble + amount);
        else if (cJSON_AddNumberToObject(totals, customer, amount) == NULL) {
            cJSON_Delete(totals);
            return NULL;
        }
    }
    return totals;
}

/* The new file takes the old one's name when it is whole, so readers see whole batches only. */
static bool write_file(const char *path, const char *text)
{
    char next[FILENAME_MAX];
    if (snprintf(next, sizeof(next), "%s.new", path) >= (int)sizeof(next))
        return false;
    FILE *file = fopen(next, "w");
    if (file == NULL)
        return false;
    bool written = fprintf(file, "%s\n", text) > 0;
    written = fclose(file) == 0 && written;
    return written && rename(next, path) == 0;
}

static bool save(const struct projection *projection)
{
    if (projection->path == NULL)
        return true;
    cJSON *totals = sum_by_customer(projection->orders);
    char *text = cJSON_PrintUnformatted(totals);
    bool saved = text != NULL && write_file(projection->path, text);
    cJSON_free(text);
    cJSON_Delete(totals);
    return saved;
}

static void handle_batch(leat_context *ctx, struct leat_batch *batch, void *state)
{
    (void)state;
    struct projection *projection = leat_shared(ctx);
    (void)mtx_lock(&projection->lock);
    for (size_t i = 0; i < leat_batch_count(batch); i++) {
        const struct leat_dynamodb *change = leat_dynamodb(leat_batch_event(batch, i));
        leat_batch_set(batch, i, apply(ctx, projection->orders, change));
    }
    bool saved = save(projection);
    (void)mtx_unlock(&projection->lock);
    for (size_t i = 0; !saved && i < leat_batch_count(batch); i++)
        leat_batch_set(batch, i, leat_retry(ctx, "cannot write the totals"));
}

LEAT_HANDLER(project, .accepts = "dynamodb", .load = make_projection, .handle_batch = handle_batch,
             .unload = free_projection);
