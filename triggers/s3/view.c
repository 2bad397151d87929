/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include <leat/attributes.h>

leat_str leat_s3_bare_name(leat_str name)
{
    return leat_str_starts(name, LEAT_STR("s3:")) ? leat_str_skip(name, 3) : name;
}

const void *leat_s3_record_view(const struct leat_envelope *envelope, struct leat_arena *arena)
{
    const cJSON *s3 = leat_json_get_object(envelope->record, "s3");
    const cJSON *object = leat_json_get_object(s3, "object");
    struct leat_s3 *view = LEAT_NEW(arena, struct leat_s3);
    if (view == NULL)
        return NULL;
    view->bucket = leat_json_get_text(leat_json_get_object(s3, "bucket"), "name");
    view->key = leat_percent_decode(arena, leat_json_get_text(object, "key"), true);
    view->size = leat_s3_size(leat_json_get(object, "size"));
    view->etag = leat_json_get_text(object, "eTag");
    view->version = leat_json_get_text(object, "versionId");
    view->sequencer = leat_json_get_text(object, "sequencer");
    view->event = leat_s3_bare_name(leat_json_get_text(envelope->record, "eventName"));
    view->region = leat_json_get_text(envelope->record, "awsRegion");
    return view;
}
