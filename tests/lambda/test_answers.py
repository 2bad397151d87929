# SPDX-License-Identifier: Apache-2.0
"""What is posted for an invocation, and what comes of each status that the post is answered with."""
import json
import re

import replaying
import runtime_api
import tap
from runtime_api import problem
from runtime_wire import Answer

LARGEST = 6 * 1024 * 1024 + 100
ERROR_TYPE = r"(Runtime|Function)\.[A-Z][a-zA-Z]+"  # what the platform keeps


def error_of(answer):
    """(type, message), if all about the error is as the platform wants it."""
    tap.equal((answer.path, answer.request.all("Content-Type")), ("error", ["application/json"]))
    told = answer.json()
    tap.equal(sorted(told), ["errorMessage", "errorType", "stackTrace"])
    tap.equal(told["stackTrace"], [])
    tap.equal(answer.request.all("Lambda-Runtime-Function-Error-Type"), [told["errorType"]])
    assert re.fullmatch(ERROR_TYPE, told["errorType"]), told
    tap.equal(answer.request.all("Content-Length"), [str(len(answer.body))])
    return told["errorType"], told["errorMessage"]


# --- what is posted ------------------------------------------------------------------------------------

@runtime_api.test("told")
def a_reply_goes_out_with_its_length_and_type(function):
    answer = function.invoke({"do": "ok", "json": '{"a": [1, 2.50]}'})
    tap.equal((answer.path, answer.body), ("response", b'{"a": [1, 2.50]}'))
    tap.equal(answer.request.all("Content-Type"), ["application/json"])
    tap.equal(answer.request.all("Content-Length"), [str(len(answer.body))])
    for name in ["Expect", "Transfer-Encoding", "Lambda-Runtime-Function-Error-Type",
                 "Lambda-Runtime-Function-Response-Mode", "Connection"]:
        assert answer.request.get(name) in [None, "keep-alive"], name
    tap.equal(function.invoke({"do": "ok"}).body, b"null")


@runtime_api.test("told")
def a_direct_call_is_answered_with_json_whatever_type_the_reply_has(function):
    answer = function.invoke({"do": "ok", "status": 201, "type": "text/csv; charset=utf-8", "body": "a,b"})
    tap.equal((answer.path, answer.request.all("Content-Type")), ("response", ["application/json"]))
    tap.equal((answer.json()["statusCode"], answer.json()["body"]), (201, "a,b"))


@runtime_api.test("raw")
def a_raw_reply_has_the_type_the_handler_gave(function):
    answer = function.invoke(b"\xff\x00")
    tap.equal((answer.body, answer.request.all("Content-Type")), (b"\x00\xff", ["application/octet-stream"]))


@runtime_api.test("told")
def failures_are_errors_with_a_type_and_a_message(function):
    tap.equal(error_of(function.invoke({"do": "retry", "reason": "database is away"})),
              ("Function.Retry", "database is away"))
    tap.equal(error_of(function.invoke({"do": "reject", "reason": "no order"})), ("Function.Reject", "no order"))
    tap.equal(error_of(function.invoke({"do": "nothing"}))[0], "Function.Retry")
    tap.equal(error_of(function.invoke({"do": "ok", "json": "no json"}))[0], "Runtime.MarshalError")
    tap.equal(error_of(function.invoke(b"no json"))[0], "Runtime.UnmarshalError")


@runtime_api.test("told")
def messages_keep_their_characters_and_stay_json(function):
    for reason in ["a\r\nX-Injected: 1", "tab\tbell\x07del\x7f", "gr\u00fc\u00dfe \U0001f43f", "quote\" back\\slash", "\u2028",
                   "x" * 20000]:
        answer = function.invoke({"do": "reject", "reason": reason})
        kind, message = error_of(answer)
        tap.equal((kind, answer.request.get("X-Injected")), ("Function.Reject", None))
        assert message == reason or (len(reason) > 1000 and reason.startswith(message.rstrip(".")) and len(message) > 500), \
            (reason[:40], message[:40])


@runtime_api.test("told")
def a_very_long_reason_is_cut_to_what_the_platform_takes(function):
    """A head of 1 MB, and 1 MiB of an error's body on managed instances."""
    for reason in ["x" * 3000000, "\n" * 1500000, "\U0001f43f" * 600000]:
        answer = function.invoke({"do": "reject", "reason": reason})
        tap.equal(error_of(answer)[0], "Function.Reject")
        assert answer.message[:500] == reason[:500]
        sizes = (sum(len(name) + len(value) + 4 for name, value in answer.request.headers), len(answer.body))
        assert sizes[0] < 1000000 and sizes[1] <= 1 << 20, sizes


@tap.test
def a_type_with_control_characters_cannot_break_the_head():
    kind = json.dumps("text/plain\r\nX-Injected: 1")
    with runtime_api.Function(replaying.handler("typed"), env={"LEAT_SETTINGS": f'{{"type":{kind}}}'}) as function:
        for _ in range(2):
            answer = function.invoke(b"ab")
            tap.equal((answer.path, answer.body, answer.request.get("X-Injected")), ("response", b"ab", None))
            assert len(answer.request.all("Content-Type")) <= 1


@runtime_api.test("told")
def broken_payloads_have_an_accepted_type_too(function):
    mixed = [{"eventSource": "aws:s3"}, {"eventSource": "aws:sqs"}]
    for payload in [{"Records": [{"eventSource": "aws:sqs"}]}, {"Records": mixed}, {"Records": mixed[::-1]}]:
        tap.equal(error_of(function.invoke(payload))[0], "Runtime.UnmarshalError")


# --- sizes -----------------------------------------------------------------------------------------------

@runtime_api.test("unruly")
def the_largest_reply_is_posted_and_one_more_byte_is_an_error(function):
    answer = function.invoke({"do": "big", "size": LARGEST})
    tap.equal((answer.path, len(answer.body)), ("response", LARGEST))
    answer = function.invoke({"do": "big", "size": LARGEST + 1})
    kind, message = error_of(answer)
    tap.equal((kind, len(answer.posts)), ("Function.ResponseSizeTooLarge", 1))
    tap.contains(message, str(LARGEST))
    tap.equal(function.invoke({"echo": "after"}).json()["echo"], "after")


@runtime_api.test("unruly")
def a_413_is_not_answered_with_an_error(function):
    for reply in [problem(413, "RequestEntityTooLarge"),
                  Answer(413, (("Content-Type", "text/plain"),), b"too large", chunks=(3,))]:
        answer = function.invoke({"do": "big", "size": 1000}, replies=[reply])
        function.idle()
        tap.equal(len(answer.posts), 1)
    tap.equal(function.invoke({"echo": "after"}).json()["echo"], "after")
    tap.equal((function.stop().status, function.api.strays), (0, []))


@runtime_api.test("unruly")
def a_413_may_come_before_the_body_is_read(function):
    early = function.later({"do": "big", "size": LARGEST}, replies=[Answer(413, body=b"{}", early=True)])
    tap.equal(function.invoke({"echo": "after"}).json()["echo"], "after")
    tap.equal(([post.kind for post in early.posts], function.stop().status), (["response"], 0))


# --- statuses of the posts -------------------------------------------------------------------------------

@runtime_api.test("told")
def every_2xx_is_success(function):
    for status in [200, 201, 202, 204]:
        tap.equal(function.invoke({"do": "ok"}, replies=[Answer(status)]).path, "response")
    function.idle()
    tap.equal([request.connection for request in function.api.requests], [1] * 9)
    tap.equal(function.stop().err.count("warn"), 0)


@runtime_api.test("told")
def every_4xx_is_logged_once_and_not_repeated(function):
    for status, kind in [(400, "InvalidRequestID"), (403, "InvalidStateTransition"), (410, "InvokeTimeout"),
                         (413, "RequestEntityTooLarge"), (404, "NotFound"), (429, "Throttled")]:
        for todo, path in [("ok", "response"), ("reject", "error")]:
            answer = function.invoke({"do": todo}, replies=[problem(status, kind)])
            function.idle()
            tap.equal((answer.path, len(answer.posts)), (path, 1), status)
    tap.equal({request.connection for request in function.api.requests}, {1})
    stopped = function.stop()
    tap.equal(stopped.status, 0)
    for status in [400, 403, 410, 413, 404, 429]:
        tap.contains(stopped.err, str(status))


@tap.test
def a_5xx_to_a_post_ends_the_process():
    for status in [500, 502, 503]:
        for todo, path in [("ok", "response"), ("retry", "error")]:
            with runtime_api.Function(replaying.handler("told")) as function:
                answer = function.invoke({"do": todo}, replies=[problem(status, "ServiceException")])
                stopped = function.wait()
                assert stopped.status > 0, stopped
                tap.equal((function.api.kinds(), len(answer.posts)), (["next", path], 1))
                tap.contains(stopped.err, str(status))


@runtime_api.test("told")
def the_answer_to_a_post_may_have_any_body(function):
    big = b"x" * 100000
    for reply in [Answer(202, body=big), Answer(202, body=big, chunks=(1, 5000)), Answer(202, body=b"abc", bytewise=True),
                  Answer(400, body=big), Answer(202, (("Content-Type", ""),), b"{"), Answer(202, body=b"\xff\x00")]:
        tap.equal(function.invoke({"do": "ok"}, replies=[reply]).path, "response")
    function.idle()
    tap.equal({request.connection for request in function.api.requests}, {1})


@runtime_api.test("told")
def a_100_before_the_answer_is_passed_over(function):
    text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
    tap.equal(len(function.invoke({"do": "ok"}, replies=[Answer(202, raw=text)]).posts), 1)
    tap.equal(function.invoke({"do": "ok"}).request.connection, 1)


def memory_kb(function):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{function.process.pid}/status").read())[1])


@runtime_api.test("told")
def memory_does_not_grow_with_invocations(function):
    def some(count):
        for number in range(count):
            function.invoke({"do": ["ok", "retry", "ok"][number % 3], "json": '"x"', "reason": "r" * 500, "filler": "y" * 20000},
                            chunks=(100,) if number % 2 else None)
        return memory_kb(function)
    before = some(300)
    after = some(1200)
    if "asan" not in tap.BUILD.name:  # which keeps what was freed
        assert after < before + 500, (before, after)


tap.main()
