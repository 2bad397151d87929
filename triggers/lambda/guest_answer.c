/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_private.h"

#include <leat/json.h>
#include <leat/text.h>

#define INTEGRATION "application/vnd.awslambda.http-integration-response"
#define PRELUDE_END "\0\0\0\0\0\0\0\0"

/* The prelude's members, and the body behind it as one of them: what the function would have answered unstreamed. */
static leat_str http_answer(struct leat_arena *arena, const cJSON *prelude, leat_str body)
{
    struct leat_buf buf;
    const cJSON *member = NULL;
    leat_buf_init(&buf, arena);
    leat_buf_char(&buf, '{');
    cJSON_ArrayForEach (member, prelude) {
        leat_buf_json_name(&buf, member->string);
        leat_json_print(&buf, member);
    }
    if (leat_json_get(prelude, "statusCode") == NULL) {
        leat_buf_json_name(&buf, "statusCode");
        leat_buf_c(&buf, "200");
    }
    bool text = leat_str_utf8(body) == body.len;
    leat_buf_json_member(&buf, "body", text ? body : leat_base64_encode(arena, body));
    leat_buf_c(&buf, text ? "}" : ",\"isBase64Encoded\":true}");
    return leat_buf_str(&buf);
}

static leat_status read_integration(struct leat_arena *arena, leat_str body, struct leat_answer *ret)
{
    leat_str mark = leat_str_find(body, leat_str_of(PRELUDE_END, 8));
    leat_str prelude = mark.ptr != NULL ? leat_str_of(body.ptr, (size_t)(mark.ptr - body.ptr)) : body;
    leat_str rest = mark.ptr != NULL ? leat_str_skip(body, prelude.len + 8) : LEAT_STR("");
    struct leat_json_fault fault;
    cJSON *root = NULL;
    leat_status status = leat_json_parse(arena, prelude, &root, &fault);
    if (status.code == LEAT_E_NO_MEMORY)
        return status;
    if (!leat_is_ok(status) || !cJSON_IsObject(root) || mark.ptr == NULL) {
        *ret = (struct leat_answer){.error_type = LEAT_STR("Runtime.InvalidResponsePrelude"),
                                    .error_message = LEAT_STR("the streamed HTTP answer does not begin with a JSON "
                                                              "object and 8 NUL bytes")};
        return LEAT_OK;
    }
    *ret = (struct leat_answer){.text = http_answer(arena, root, rest), .content_type = LEAT_STR("application/json")};
    return leat_arena_status(arena);
}

leat_status leat_guest_read_response(struct leat_arena *arena, leat_str content_type, leat_str body,
                                     struct leat_answer *ret)
{
    leat_str parameters = content_type;
    if (leat_str_eq_nocase(leat_str_trim(leat_str_cut(&parameters, ';')), LEAT_STR(INTEGRATION)))
        return read_integration(arena, body, ret);
    *ret = (struct leat_answer){.text = body, .content_type = content_type};
    return LEAT_OK;
}

/* What the caller sees is the body; the header's type is for the platform, and stands in where the body has none. */
leat_status leat_guest_read_error(struct leat_arena *arena, leat_str type, leat_str body, struct leat_answer *ret)
{
    struct leat_json_fault fault;
    cJSON *root = NULL;
    leat_status status = leat_json_parse(arena, body, &root, &fault);
    if (status.code == LEAT_E_NO_MEMORY)
        return status;
    const cJSON *error = leat_is_ok(status) ? root : NULL;
    leat_str own = leat_json_get_text(error, "errorType"), message = leat_json_get_text(error, "errorMessage");
    *ret = (struct leat_answer){.error_type = own.len > 0 ? own : type, .error_message = message};
    if (ret->error_type.len == 0)
        ret->error_type = LEAT_STR("Runtime.Unknown");
    if (message.ptr == NULL)
        ret->error_message = body;
    return LEAT_OK;
}
