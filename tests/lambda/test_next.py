# SPDX-License-Identifier: Apache-2.0
"""What comes with an invocation: headers, ids, deadlines, and bodies however they travel."""
import json
import os
import re

import replaying
import runtime_api
import tap

ID, TRACE = "Lambda-Runtime-Aws-Request-Id", "Lambda-Runtime-Trace-Id"
NONCE, DEADLINE = "Lambda-Runtime-Invocation-Id", "Lambda-Runtime-Deadline-Ms"
LARGEST = 6 * 1024 * 1024 + 100


def asked(function, **options):
    """What the handler saw of an invocation."""
    answer = function.invoke({}, **options)
    tap.equal(answer.path, "response")
    return answer.json()


@runtime_api.test("asked")
def the_context_is_what_the_headers_say(function):
    got = asked(function, request_id="8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                headers={"Lambda-Runtime-Aws-Tenant-Id": "blue", "Lambda-Runtime-Client-Context": '{"custom":{"a":1}}',
                         "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}'})
    remaining = got.pop("remaining_ms")
    assert 20000 < remaining <= 30000, remaining
    tap.equal(got, {"count": 1, "cancelled": False, "request": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                    "function": runtime_api.ARN, "trace": runtime_api.TRACE, "environment": runtime_api.TRACE,
                    "tenant": "blue", "transport": "lambda", "kind": "unknown", "client": '{"custom":{"a":1}}',
                    "cognito": '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}'})


@runtime_api.test("asked")
def every_call_names_leat_and_goes_to_the_address(function):
    function.invoke({})
    function.idle()
    version = re.search(r"leat ([^\s,]+)", tap.must(tap.BUILD / "leat", "--version").stdout)[1]
    tap.equal(function.api.kinds(), ["next", "response", "next"])
    for request in function.api.requests:
        tap.equal(request.all("User-Agent"), [f"leat/{version}"])
        tap.equal(request.all("Host"), [f"127.0.0.1:{function.api.port}"])
        tap.equal(request.version, "HTTP/1.1")
        assert request.get("Expect") is None and not request.chunked
    assert function.api.of("next")[0].get("Content-Length") in [None, "0"]


@runtime_api.test("asked")
def names_of_headers_have_any_case(function):
    names = [TRACE, NONCE, "Lambda-Runtime-Aws-Tenant-Id", "Lambda-Runtime-Invoked-Function-Arn", DEADLINE]
    values = ["t-1", "n-1", "blue", "arn:x", "32503680000000"]
    for change in [str.lower, str.upper, str.swapcase]:
        headers = {change(ID): "r-1", **{change(name): value for name, value in zip(names, values)}}
        answer = function.invoke({}, request_id="r-1", headers=headers)
        got = answer.json()
        tap.equal([got.get(name) for name in ["request", "trace", "tenant", "function"]], ["r-1", *values[:1], *values[2:4]])
        tap.equal(answer.request.all(NONCE), ["n-1"])
        text = (f"HTTP/1.1 200 OK\r\n{change(ID)}:r-2\r\n{change('Content-Length')}:2\r\n\r\n{{}}").encode()
        tap.equal(function.invoke({}, request_id="r-2", raw=text).json()["request"], "r-2")
        text = text.replace(change("Content-Length:2").encode(), change("Transfer-Encoding").encode() + b": Chunked")
        tap.equal(function.invoke({}, request_id="r-2", raw=text[:-2] + b"2\r\n{}\r\n0\r\n\r\n").json()["request"], "r-2")


@runtime_api.test("asked")
def white_space_around_values_is_none_of_them(function):
    got = asked(function, request_id="r-1", headers={ID: "  r-1 \t", "Lambda-Runtime-Aws-Tenant-Id": "\tblue green "})
    tap.equal((got["request"], got["tenant"]), ("r-1", "blue green"))


@runtime_api.test("asked")
def an_empty_header_is_an_absent_one(function):
    names = [TRACE, DEADLINE, NONCE, "Lambda-Runtime-Aws-Tenant-Id", "Lambda-Runtime-Client-Context",
             "Lambda-Runtime-Cognito-Identity", "Lambda-Runtime-Invoked-Function-Arn", "Content-Type"]
    for value in ["", None]:
        answer = function.invoke({}, headers={name: value for name in names})
        got = answer.json()
        got.pop("remaining_ms", None)
        tap.equal(sorted(got), ["cancelled", "count", "kind", "request", "transport"], repr(value))
        tap.equal(answer.request.all(NONCE), [])


@runtime_api.test("asked")
def a_request_id_goes_percent_encoded_into_the_path(function):
    for name, path in [("a b", "a%20b"), ("a/b?c#d", "a%2Fb%3Fc%23d"), ("50%", "50%25"), ("..", None), ("a\xfcb", "a%FCb"),
                       ("plain-1_2.3~4", "plain-1_2.3~4"), ("x" * 2000, "x" * 2000), ('"<>\\^`{|}', None)]:
        answer = function.invoke({}, request_id=name)
        target = answer.request.target
        assert re.fullmatch(r"/2018-06-01/runtime/invocation/[A-Za-z0-9._~%!$&'()*+,;=:@-]+/response", target), target
        if path is not None:
            tap.equal(target, f"/2018-06-01/runtime/invocation/{path}/response")
    tap.equal(function.api.strays, [])


@runtime_api.test("asked")
def a_request_id_may_come_again(function):
    for number in range(1, 4):
        answer = function.invoke({}, request_id="chosen-by-the-caller", headers={NONCE: f"n-{number}"})
        tap.equal((answer.json()["count"], answer.request.all(NONCE)), (number, [f"n-{number}"]))
    tap.equal(function.api.crossed, [])


@runtime_api.test("told")
def the_invocation_id_is_echoed_on_errors_too(function):
    for value, wanted in [("n-1", ["n-1"]), ("Sp ec:ial=", ["Sp ec:ial="]), ("", []), (None, [])]:
        for todo, path in [("ok", "response"), ("retry", "error")]:
            answer = function.invoke({"do": todo}, headers={NONCE: value})
            tap.equal((answer.path, answer.request.all(NONCE)), (path, wanted))


@runtime_api.test("asked")
def an_invocation_without_a_request_id_does_not_end_the_process(function):
    function.later({}, headers={ID: None})
    function.later({}, headers={ID: ""})
    tap.equal(asked(function, request_id="r-3")["request"], "r-3")
    tap.equal(len(function.api.of("response", "error")), 1)


@runtime_api.test("asked")
def the_trace_is_in_the_environment_of_its_invocation_only(function):
    for trace in ["Root=1-a;Sampled=1", None, "Root=1-b", ""]:
        got = asked(function, headers={TRACE: trace})
        tap.equal((got.get("trace"), got.get("environment")), (trace or None, trace or None))


@runtime_api.test("asked")
def the_deadline_becomes_the_remaining_time(function):
    for given, low, high in [(3000, 1500, 3000), (900000, 890000, 900000), (250, 0, 250)]:
        remaining = asked(function, deadline_ms=given)["remaining_ms"]
        assert low <= remaining <= high, (given, remaining)


@runtime_api.test("asked")
def a_deadline_that_has_passed_leaves_nothing(function):
    for value in ["0", "1", "-1", str(2 ** 31)]:
        got = asked(function, headers={DEADLINE: value})
        assert got["remaining_ms"] <= 0, (value, got)
    tap.equal(asked(function)["cancelled"], False)


@runtime_api.test("asked")
def a_missing_or_garbled_deadline_is_lenient(function):
    for value in [None, "", "soon", "12three", "99999999999999999999999999", "1e12", "0x10", " "]:
        got = asked(function, headers={DEADLINE: value})
        assert got.get("remaining_ms", 1) > 0, (value, got)
        tap.equal(got["cancelled"], False)


@runtime_api.test("asked")
def a_garbled_client_context_is_no_matter(function):
    for value in ["{", "not json", "\xff\xfe", "[" * 3000]:
        tap.equal(asked(function, headers={"Lambda-Runtime-Client-Context": value,
                                           "Lambda-Runtime-Cognito-Identity": value})["kind"], "unknown")


@runtime_api.test("asked")
def what_one_caller_sent_is_not_the_next_ones(function):
    names = ["Lambda-Runtime-Client-Context", "Lambda-Runtime-Cognito-Identity", "Lambda-Runtime-Aws-Tenant-Id"]
    got = asked(function, headers={name: '{"a":1}' for name in names})
    tap.equal([got.get(name) for name in ["client", "cognito", "tenant"]], ['{"a":1}'] * 3)
    got = asked(function, headers={"Lambda-Runtime-Invoked-Function-Arn": None, TRACE: None})
    tap.equal([got.get(name) for name in ["client", "cognito", "tenant", "function", "trace"]], [None] * 5)


@runtime_api.test("raw")
def bodies_of_any_length_arrive_whole(function):
    for size in [0, 1, 2048, 65536, 1 << 20, LARGEST]:
        body = os.urandom(min(size, 4099)) * (size // 4099 + 1)
        body = b"\x00" + body[1:size] if size else b""  # nothing that the handler takes for an instruction
        for wire in [{}, {"chunks": ()}, {"chunks": (1, 2, 1000, 70000)}, {"chunks": (size // 2,), "extension": ";a=b;c"}]:
            answer = function.invoke(body, **wire)
            tap.equal((answer.path, len(answer.body)), ("response", size), wire)
            assert answer.body == body[::-1], (size, wire)


@runtime_api.test("raw")
def bodies_come_byte_by_byte(function):
    for size, wire in [(0, {}), (2048, {}), (2048, {"chunks": (1,) * 300, "extension": ";x", "trailers": (("T", "v"),)}),
                       (65536, {"chunks": (50000,)})]:
        body = b"\x00" * size
        answer = function.invoke(body, bytewise=True, **wire)
        assert answer.body == body, (size, wire)


@runtime_api.test("asked")
def trailers_of_a_chunked_body_are_no_headers(function):
    got = asked(function, chunks=(1,), trailers=(("Lambda-Runtime-Aws-Tenant-Id", "blue"), ("Content-Length", "99")))
    tap.equal(got.get("tenant"), None)
    tap.equal(asked(function)["count"], 2)


@runtime_api.test("asked")
def heads_may_be_long(function):
    got = asked(function, headers={f"X-Filler-{number}": "x" * 1000 for number in range(60)} |
                {"Lambda-Runtime-Client-Context": json.dumps({"a": "y" * 60000})})
    tap.equal(got["count"], 1)


@runtime_api.test("told")
def what_is_no_json_is_an_error_and_the_process_lives(function):
    for body in [b"", b"{", b"not json", b"\xff\xfe", b'{"do":"ok"}x', b"\x00", b"[" * 5000]:
        answer = function.invoke(body)
        tap.equal((answer.path, answer.error), ("error", "Runtime.UnmarshalError"), body[:20])
    tap.equal(function.invoke({"do": "ok"}).path, "response")


@tap.test
def an_event_above_the_limit_is_an_error_and_the_process_lives():
    with runtime_api.Function(replaying.handler("told"), env={"LEAT_LIMITS": '{"payload":"1000B"}'}) as function:
        for wire in [{}, {"chunks": (100,) * 30}]:
            answer = function.invoke({"do": "ok", "filler": "x" * 5000}, **wire)
            tap.equal((answer.path, answer.error.startswith("Runtime.")), ("error", True))
            tap.equal(function.invoke({"do": "ok"}).path, "response")


@runtime_api.test("raw")
def a_raw_handler_gets_bytes_of_any_type(function):
    for kind in ["application/octet-stream", "text/plain", "application/json; charset=utf-8", "garbage", None]:
        answer = function.invoke(b"\xff\x00abc", headers={"Content-Type": kind})
        tap.equal((answer.path, answer.body), ("response", b"cba\x00\xff"))


tap.main()
