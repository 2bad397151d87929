# SPDX-License-Identifier: Apache-2.0
"""What comes of each status that `next` is answered with, and of connections that break."""
import contextlib
import os
import time

import replaying
import runtime_api
import tap
from runtime_api import problem
from runtime_wire import Answer


def told(**options):
    return runtime_api.Function(replaying.handler("told"), **options)


# --- statuses of next --------------------------------------------------------------------------------------

@runtime_api.test("told")
def a_204_is_polled_again(function):
    function.api.script("next", *[Answer(204)] * 20)
    tap.equal(function.invoke({"do": "ok"}).path, "response")
    tap.equal(function.api.kinds()[:22], ["next"] * 21 + ["response"])
    tap.equal({request.connection for request in function.api.requests}, {1})


@tap.test
def a_poll_is_held_for_as_long_as_it_takes_and_costs_nothing():
    with told() as function:
        function.invoke({"do": "ok"})
        function.holds_its_polls(1)
        tap.equal(function.invoke({"do": "ok"}).path, "response")


@runtime_api.test("told")
def a_410_is_the_end_and_exits_0(function):
    function.invoke({"do": "ok"})
    function.idle()
    stopped = function.stop()
    tap.equal((stopped.status, stopped.out, function.api.kinds()), (0, "", ["next", "response", "next"]))


@tap.test
def a_403_to_next_ends_the_process_at_once():
    with told() as function:
        function.api.script("next", problem(403, "InvalidStateTransition"))
        stopped = function.wait()
        assert stopped.status > 0, stopped
        tap.equal(function.api.kinds(), ["next"])
        tap.contains(stopped.err, "403")


@tap.test
def a_500_to_next_and_what_nobody_knows_end_the_process():
    for status in [500, 503, 400, 404, 301, 429]:
        with told() as function:
            function.api.script("next", problem(status, "ServiceException"))
            stopped = function.wait()
            assert stopped.status > 0, stopped
            tap.equal(function.api.kinds(), ["next"])
            tap.contains(stopped.err, str(status))


OK_200 = b"HTTP/1.1 200 OK\r\n"
JUNK = [b"junk\r\n\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 100, OK_200 + b"no colon\r\n\r\n",
        OK_200 + b"Content-Length: -5\r\n\r\n", OK_200 + b"Content-Length: 99999999999999999999\r\n\r\n",
        OK_200 + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
        OK_200 + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"]


@tap.test
def what_is_no_http_does_not_hang():
    with contextlib.ExitStack() as stack:
        started = []
        for junk in JUNK:
            function = stack.enter_context(told(scripts={"next": [Answer(raw=junk, close=True)] * 20}))
            started.append((junk, function))
        for junk, function in started:
            stopped = function.wait()
            assert stopped.status > 0, (junk, stopped)
            assert len(function.api.of("next")) <= 8, (junk, function.api.requests)


# --- connections -------------------------------------------------------------------------------------------

@runtime_api.test("told")
def one_connection_serves_many_invocations(function):
    for number in range(300):
        todo, path = [("ok", "response"), ("retry", "error"), ("reject", "error")][number % 3]
        tap.equal(function.invoke({"do": todo}).path, path)
    function.idle()
    tap.equal({request.connection for request in function.api.requests}, {1})
    tap.equal(function.api.kinds()[:3], ["next", "response", "next"])
    tap.equal(function.stop().status, 0)


@runtime_api.test("told")
def a_poll_that_is_closed_is_made_again_at_once(function):
    for reset in [False, True, False]:
        function.idle()
        function.api.drop(reset)
        tap.equal(function.invoke({"do": "ok"}).path, "response")
    tap.equal(function.stop().status, 0)


@runtime_api.test("told")
def the_first_try_again_does_not_wait(function):
    gaps = []
    for _ in range(8):  # the shortest counts: this machine may be busy
        function.idle()
        polls, start = len(function.api.of("next")), time.monotonic()
        function.api.script("next", Answer(cut=0))
        function.invoke({"do": "ok"})
        gaps.append(function.api.of("next")[polls].arrived - start)
    assert min(gaps) < 0.03, gaps


@runtime_api.test("told")
def a_poll_that_is_closed_while_the_process_is_frozen_is_made_again(function):
    for reset in [False, True]:
        function.invoke({"do": "ok"})
        function.idle()
        function.freeze()
        function.api.drop(reset)
        invocation = function.later({"do": "ok"})
        function.thaw()
        tap.equal((function.answer(invocation).path, len(invocation.posts)), ("response", 1))
    tap.equal(function.stop().status, 0)


@runtime_api.test("told")
def a_frozen_process_goes_on_with_what_came_meanwhile(function):
    function.idle()
    function.freeze()
    invocation = function.later({"do": "ok"})
    function.api.wait_for(lambda: invocation.poll is not None, "the event is sent")
    function.thaw()
    tap.equal((function.answer(invocation).path, function.answer(invocation).request.connection), ("response", 1))


@runtime_api.test("told")
def a_connection_closed_while_the_handler_runs_is_opened_again_for_the_answer(function):
    for options in [{}, {"chunks": (1,)}]:
        answer = function.invoke({"do": "ok", "json": '"x"'}, close=True, **options)
        tap.equal((answer.path, answer.body, len(answer.posts)), ("response", b'"x"', 1))
        assert answer.request.connection > 1
    tap.equal((function.stop().status, function.api.strays), (0, []))


@runtime_api.test("unruly")
def a_connection_reset_while_the_handler_runs_is_opened_again_for_the_answer(function):
    with tap.folder() as folder:
        invocation = function.later({"do": "hang", "until": f"{folder}/go", "echo": "x"})
        function.api.wait_for(lambda: invocation.poll is not None and invocation.poll.answered, "the event is sent")
        function.api.drop(reset=True)
        function.api.wait_for(lambda: not function.api.connections, "it is gone")
        open(f"{folder}/go", "w").close()
        answer = function.answer(invocation)
    tap.equal((answer.json()["echo"], len(answer.posts), answer.request.connection), ("x", 1, 2))


@runtime_api.test("told")
def an_announced_close_is_kept_to(function):
    close = (("Connection", "close"),)
    answer = function.invoke({"do": "ok"}, headers={"Connection": "close"}, close=True)
    tap.equal(answer.request.connection, 2)
    answer = function.invoke({"do": "ok"}, replies=[Answer(202, close, b"{}", close=True)])
    tap.equal(function.invoke({"do": "ok"}).request.connection, answer.request.connection + 1)


@runtime_api.test("told")
def an_event_that_breaks_off_is_polled_for_again(function):
    for options in [{"cut": 5}, {"cut": 60}, {"cut": -1}, {"cut": -1, "chunks": (2,)}, {"cut": -3, "reset": True},
                    {"cut": 0}]:
        function.later({"do": "ok"}, **options)
        invocation = function.later({"do": "ok"})
        tap.equal(function.answer(invocation).path, "response")
    tap.equal((len(function.api.of("response")), function.stop().status), (6, 0))


@runtime_api.test("told")
def a_post_without_an_answer_is_repeated_once_with_the_same_ids(function):
    nonce = {"Lambda-Runtime-Invocation-Id": "n-1"}
    for todo, path in [("ok", "response"), ("reject", "error")]:
        for broken in [Answer(cut=0), Answer(202, cut=8), Answer(202, cut=0, reset=True)]:
            answer = function.invoke({"do": todo, "reason": "why"}, headers=nonce, replies=[broken])
            tap.equal([post.kind for post in answer.posts], [path] * 2)
            tap.equal([post.target for post in answer.posts], [answer.request.target] * 2)
            tap.equal([post.get("Lambda-Runtime-Invocation-Id") for post in answer.posts], ["n-1"] * 2)
            tap.equal(answer.posts[0].body, answer.posts[1].body)
            assert answer.posts[0].connection < answer.posts[1].connection
    tap.equal(function.stop().status, 0)


@runtime_api.test("told")
def a_post_is_repeated_at_most_once(function):
    invocation = function.later({"do": "ok"}, replies=[Answer(cut=0)] * 2)
    tap.equal(function.invoke({"do": "ok"}).path, "response")
    tap.equal(len(invocation.posts), 2)
    stopped = function.stop()
    tap.equal(stopped.status, 0)
    tap.contains(stopped.err, "ERROR")


@runtime_api.test("told")
def the_repeated_post_may_be_refused_as_a_duplicate(function):
    answer = function.invoke({"do": "ok"}, replies=[Answer(cut=0), problem(400, "InvalidRequestID")])
    tap.equal(len(answer.posts), 2)
    tap.equal(len(function.invoke({"do": "ok"}).posts), 1)


@runtime_api.test("unruly")
def a_post_that_is_closed_in_its_body_is_repeated(function):
    answer = function.invoke({"do": "big", "size": 3000000}, replies=[Answer(read_bytes=100000)])
    tap.equal((len(answer.posts), len(answer.body)), (2, 3000000))
    tap.equal(function.invoke({"echo": "x"}).json()["echo"], "x")


# --- a server that is away ------------------------------------------------------------------------------------

@tap.test
def a_server_that_is_never_there_is_given_up():
    api = runtime_api.RuntimeApi(listening=False)
    with told(api=api) as function:
        stopped = function.wait()
        tap.equal(stopped.status, 69)
        tap.contains(stopped.err, f"127.0.0.1:{api.port}")


@tap.test
def a_server_that_comes_late_is_found():
    api = runtime_api.RuntimeApi(listening=False)
    with told(api=api, env={"LEAT_LOG": '{"level":"debug"}'}) as function:
        api.wait_for(lambda: function.err, "that it has started", function.alive)
        api.listen()
        tap.equal(function.invoke({"do": "ok"}).path, "response")


@tap.test
def a_server_that_closes_each_poll_is_given_up_after_a_while():
    with told() as function:
        function.api.end(Answer(cut=0))
        tap.equal(function.wait().status, 69)
        polls = function.api.of("next")
        assert 3 <= len(polls) <= 7, polls
        gaps = [after.arrived - before.arrived for before, after in zip(polls, polls[1:])]
        assert gaps[0] < gaps[-1] / 3 and sum(gaps) > 0.3, gaps


@tap.test
def polls_that_succeed_in_between_begin_the_count_anew():
    with told() as function:
        for _ in range(4):
            function.api.script("next", Answer(cut=0), Answer(cut=0), Answer(cut=0))
            tap.equal(function.invoke({"do": "ok"}).path, "response")
        tap.equal(function.stop().status, 0)


@runtime_api.test("told")
def no_descriptor_is_lost_with_a_connection(function):
    def descriptors():
        function.idle()
        return len(os.listdir(f"/proc/{function.process.pid}/fd"))
    function.invoke({"do": "ok"})
    before = descriptors()
    for number in range(30):
        function.invoke({"do": "ok"}, close=number % 2 == 0, replies=[Answer(cut=0)] * (number % 2))
    tap.equal(descriptors(), before)


@tap.test
def a_server_that_goes_away_ends_the_process():
    with told() as function:
        function.invoke({"do": "ok"})
        function.idle()
        function.api.close()
        tap.equal(function.wait().status, 69)


tap.main()
