# SPDX-License-Identifier: Apache-2.0
"""Replies that are streamed: chunks while the handler works, the prelude of HTTP, and streams that break."""
import array
import base64
import fcntl
import json
import re
import termios
import threading

import replaying
import runtime_api
import tap
from runtime_api import problem
from runtime_wire import Answer

HTTP = "application/vnd.awslambda.http-integration-response"
NONCE = "Lambda-Runtime-Invocation-Id"
TYPE, BODY = "Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"


def request(told):
    """A request to a function URL that brings the instruction."""
    return replaying.sample("function-url") | {"body": json.dumps(told), "isBase64Encoded": False}


def streamed(answer):
    """The body, if the head is that of a stream."""
    post = answer.request
    tap.equal((answer.path, post.chunked, post.complete), ("response", True, True))
    tap.equal(post.all("Lambda-Runtime-Function-Response-Mode"), ["streaming"])
    tap.equal(sorted(name.strip().lower() for name in post.get("Trailer").split(",")), sorted([TYPE.lower(), BODY.lower()]))
    tap.equal(post.all("Content-Length"), [])
    assert all(chunk for chunk, _ in post.chunks)
    return answer.body


def fine(function):
    """It still answers, on the connection that it has polled on from the start."""
    answer = function.invoke({"parts": ["x"]})
    tap.equal((streamed(answer), function.api.of("next")[-1].connection), (b"x", 1))


@runtime_api.test("streamed")
def a_direct_call_is_streamed_bare(function):
    answer = function.invoke({"type": "text/plain", "parts": ["one", "", "two"]}, headers={NONCE: "n-1"})
    tap.equal((streamed(answer), answer.request.all("Content-Type")), (b"onetwo", ["text/plain"]))
    tap.equal((answer.request.all(NONCE), answer.request.trailers), (["n-1"], []))


@runtime_api.test("streamed")
def a_stream_has_a_connection_of_its_own_that_is_closed(function):
    for number in range(3):
        answer = function.invoke({"parts": ["x"]})
        tap.equal(answer.request.connection, number + 2)
        function.idle()
        function.api.wait_for(lambda: len(function.api.open_connections()) == 1, "the stream's is closed", function.alive)
    tap.equal({poll.connection for poll in function.api.of("next")}, {1})


@runtime_api.test("streamed")
def a_request_gets_a_prelude(function):
    answer = function.invoke(request({"status": 201, "type": "text/csv", "header": "mine", "parts": ["a,b\n", "c,d\n"]}))
    prelude, _, body = streamed(answer).partition(b"\x00" * 8)
    tap.equal((answer.request.all("Content-Type"), body), ([HTTP], b"a,b\nc,d\n"))
    told = json.loads(prelude)
    headers = {name.lower(): value for name, value in told["headers"].items()}
    tap.equal((told["statusCode"], headers["content-type"], headers["x-own"]), (201, "text/csv", "mine"))
    assert not {"content-length", "connection", "transfer-encoding"} & set(headers), headers


@runtime_api.test("streamed")
def other_requests_get_a_prelude_too(function):
    for trigger in ["apigateway-rest", "apigateway-http"]:
        told = replaying.sample(trigger) | {"body": json.dumps({"status": 200, "parts": ["x"]}), "isBase64Encoded": False}
        prelude, mark, body = streamed(function.invoke(told)).partition(b"\x00" * 8)
        tap.equal((json.loads(prelude)["statusCode"], len(mark), body), (200, 8, b"x"))


@runtime_api.test("streamed")
def in_a_batch_nothing_is_streamed(function):
    messages = [replaying.message(f"m{number}", {"parts": ["x"], "do": todo}) for number, todo in enumerate(["ok", "retry"])]
    answer = function.invoke(replaying.sqs(*messages))
    tap.equal((answer.path, answer.request.chunked, answer.request.get("Lambda-Runtime-Function-Response-Mode")),
              ("response", False, None))
    tap.equal(answer.json(), {"batchItemFailures": [{"itemIdentifier": "m1"}]})


@runtime_api.test("streamed")
def a_stream_without_bytes_is_whole(function):
    tap.equal(streamed(function.invoke({})), b"")
    prelude, mark, body = streamed(function.invoke(request({"status": 204}))).partition(b"\x00" * 8)
    tap.equal((json.loads(prelude)["statusCode"], len(mark), body), (204, 8, b""))


@runtime_api.test("streamed")
def bytes_arrive_while_the_handler_works(function):
    with tap.folder() as folder:
        invocation = function.later({"parts": ["first", "second"], "count": 1, "size": 3, "after": f"{folder}/go"})
        function.api.wait_for(lambda: invocation.posts and bytes(invocation.posts[0].body) == b"firstsecond", "what is written",
                              function.alive)
        tap.equal(invocation.done.is_set(), False)
        open(f"{folder}/go", "w").close()
        tap.equal(streamed(function.answer(invocation)), b"firstsecondxxx")


@runtime_api.test("streamed")
def many_small_writes_and_large_ones_arrive(function):
    tap.equal(len(streamed(function.invoke({"count": 5000, "size": 7}))), 35000)
    tap.equal(len(streamed(function.invoke({"count": 3, "size": 5000000}))), 15000000)


def waiting_bytes(connection):
    count = array.array("i", [0])
    fcntl.ioctl(connection.sock, termios.FIONREAD, count)
    return count[0]


def peak_kb(function):
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{function.process.pid}/status").read())[1])


@runtime_api.test("streamed")
def a_reader_that_does_not_read_is_waited_for(function):
    function.invoke({"count": 1, "size": 1000000})
    before, free = peak_kb(function), threading.Event()
    invocation = function.later({"count": 100, "size": 1000000}, replies=[Answer(202, read_when=free)])
    assert invocation.begun.wait(10)
    function.api.wait_for(lambda: any(each.number == invocation.posts[0].connection and waiting_bytes(each) > 30000
                                      for each in function.api.connections), "bytes that nobody reads", function.alive)
    free.set()
    tap.equal(len(streamed(function.answer(invocation))), 100000000)
    if "asan" not in tap.BUILD.name:  # which keeps what was freed
        assert peak_kb(function) < before + 40000, (before, peak_kb(function))
    fine(function)


@runtime_api.test("streamed")
def a_failure_behind_the_first_bytes_stands_in_the_trailers(function):
    for todo, wanted in [("retry", "Function.Retry"), ("reject", "Function.Reject")]:
        answer = function.invoke({"parts": ["some"], "do": todo})
        tap.equal((streamed(answer), answer.request.trailer(TYPE), len(answer.posts)), (b"some", wanted, 1))
        told = json.loads(base64.b64decode(answer.request.trailer(BODY), validate=True))
        tap.equal((told["errorType"], told["errorMessage"]), (wanted, "broke off"))
    tap.equal(len(function.api.of("error")), 0)


@runtime_api.test("streamed")
def a_failure_before_the_first_byte_is_an_error_like_any(function):
    answer = function.invoke({"do": "early"})
    tap.equal((answer.path, answer.error, answer.message), ("error", "Function.Reject", "before it began"))
    assert not answer.request.chunked
    fine(function)


@runtime_api.test("streamed")
def a_reader_that_goes_away_does_not_end_the_process(function):
    for size in [10, 100000]:
        invocation = function.later({"count": 50, "size": 1000000}, replies=[Answer(read_bytes=size)])
        fine(function)
        tap.equal(len(invocation.posts), 1)
    tap.equal(function.err.count("streamed: not taken"), 2)
    # The handler says ok all the same; half a reply is none.
    tap.equal(function.err.count("retry in"), 2, function.err)
    tap.equal(function.err.count("the streamed reply was not taken"), 2)
    tap.equal(function.stop().status, 0)


@runtime_api.test("streamed")
def the_status_behind_a_stream_is_taken_as_that_of_any_answer(function):
    for status in [202, 200, 400, 403, 410, 413]:
        answer = function.invoke({"parts": ["x"]}, replies=[problem(status, "x")])
        tap.equal((streamed(answer), len(answer.posts)), (b"x", 1))
    fine(function)


@runtime_api.test("streamed")
def a_stream_without_an_answer_is_not_repeated(function):
    invocation = function.later({"parts": ["x"]}, replies=[Answer(cut=0)])
    fine(function)
    tap.equal(len(invocation.posts), 1)


@tap.test
def a_500_behind_a_stream_ends_the_process():
    with runtime_api.Function(replaying.handler("streamed")) as function:
        function.invoke({"parts": ["x"]}, replies=[problem(500, "x")])
        assert function.wait().status > 0


@tap.test
def a_crash_leaves_the_stream_truncated():
    with runtime_api.Function(replaying.handler("streamed")) as function:
        invocation = function.later({"parts": ["some"], "do": "abort"})
        assert function.wait().status != 0
        function.api.wait_for(lambda: function.api.gone, "the end of the stream")
        tap.equal([(bytes(post.body), post.complete) for post in invocation.posts], [(b"some", False)])


@tap.test
def a_stream_ends_at_its_deadline_when_leat_keeps_it():
    with runtime_api.Function(replaying.handler("streamed"), concurrency=2) as function, tap.folder() as folder:
        function.idle(2)
        hung = function.later({"parts": ["some"], "after": f"{folder}/go"}, deadline_ms=300)
        answer = function.answer(hung)
        tap.equal((answer.body, len(answer.posts), answer.request.complete), (b"some", 1, True))
        tap.equal(answer.request.trailer(TYPE), "Function.Timeout")
        open(f"{folder}/go", "w").close()
        function.idle(2)


@tap.test
def a_stream_that_nobody_reads_holds_its_slot_until_the_deadline_only():
    free = threading.Event()
    with runtime_api.Function(replaying.handler("streamed"), concurrency=2) as function:
        function.idle(2)
        unread = function.later({"count": 100, "size": 1000000}, deadline_ms=400, replies=[Answer(202, read_when=free)])
        function.api.wait_for(lambda: unread.posts, "the stream has begun", function.alive)
        try:
            function.idle(2)
            tap.equal(streamed(function.invoke({"parts": ["x"]})), b"x")
        finally:
            free.set()


@tap.test
def slots_stream_at_the_same_time():
    with runtime_api.Function(replaying.handler("streamed"), concurrency=4) as function, tap.folder() as folder:
        held = [function.later({"parts": [f"p{number}"], "count": 2, "size": 1000, "after": f"{folder}/go"})
                for number in range(4)]
        for number, each in enumerate(held):
            function.api.wait_for(lambda: each.posts and bytes(each.posts[0].body) == b"p%d" % number, "its first part",
                                  function.alive)
        open(f"{folder}/go", "w").close()
        for number, each in enumerate(held):
            tap.equal(streamed(function.answer(each)), b"p%d" % number + b"x" * 2000)
        function.idle(4)
        tap.equal(function.stop().status, 0)


tap.main()
