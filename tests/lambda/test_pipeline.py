# SPDX-License-Identifier: Apache-2.0
"""The option that sends each answer together with the request for the next event."""
import signal
import threading

import replaying
import runtime_api
import tap
from runtime_api import problem
from runtime_wire import Answer

NONCE = "Lambda-Runtime-Invocation-Id"
LARGEST = 6 * 1024 * 1024 + 100


def piped(handler="told"):
    return runtime_api.Function(replaying.handler(handler), env={"LEAT_LAMBDA_PIPELINE": "1"})


def connections(function):
    return {request.connection for request in function.api.requests}


@tap.test
def the_next_request_does_not_wait_for_the_answer():
    with piped() as function:
        for number in range(20):
            todo, path = [("ok", "response"), ("reject", "error")][number % 2]
            answer = function.invoke({"do": todo}, replies=[Answer(202, body=b"{}", behind_next=True)])
            tap.equal((answer.path, answer.request.answered), (path, 202))
        function.idle()
        tap.equal((connections(function), function.api.kinds()[::2]), ({1}, ["next"] * 21))
        tap.equal(function.stop().status, 0)


@tap.test
def events_that_wait_already_come_right_behind_the_answers():
    with piped() as function:
        wires = [{}, {"chunks": (3, 4)}, {"bytewise": True}]
        held = [function.later({"do": "ok", "json": str(number)}, **wires[number % 3]) for number in range(90)]
        tap.equal([function.answer(each).json() for each in held], list(range(90)))
        tap.equal(connections(function), {1})


@tap.test
def without_the_option_it_waits():
    with runtime_api.Function(replaying.handler("told")) as function:
        free = threading.Event()
        invocation = function.later({"do": "ok"}, replies=[Answer(202, until=free)])
        function.api.wait_for(lambda: invocation.posts and invocation.posts[0].complete, "the post", function.alive)
        connection = function.api.connections[0]
        assert connection.alive() and not connection.buffer
        free.set()
        function.answer(invocation)
        function.idle()


@tap.test
def every_4xx_is_passed_over():
    with piped() as function:
        for status in [400, 403, 410, 413, 404]:
            answer = function.invoke({"do": "ok"}, replies=[problem(status, "x")])
            tap.equal(len(answer.posts), 1)
            answer = function.invoke({"do": "retry"}, replies=[Answer(status, body=b"x" * 50000, chunks=(7,), behind_next=True)])
            tap.equal(len(answer.posts), 1)
        stopped = function.stop()
        tap.equal((stopped.status, connections(function)), (0, {1}))
        tap.contains(stopped.err, "413")


@tap.test
def a_5xx_ends_the_process():
    for status in [500, 503]:
        with piped() as function:
            function.invoke({"do": "ok"}, replies=[problem(status, "x")])
            assert function.wait().status > 0


@tap.test
def a_connection_closed_behind_the_answer_is_polled_anew():
    with piped() as function:
        for reply in [Answer(202, close=True), Answer(202, (("Connection", "close"),), close=True),
                      Answer(413, close=True, behind_next=True), Answer(202, body=b"{}", chunks=(1,), close=True)]:
            answer = function.invoke({"do": "ok"}, replies=[reply])
            function.idle()
            tap.equal((len(answer.posts), function.api.waiting), (1, 1), reply)
        tap.equal((function.invoke({"do": "ok"}).path, function.stop().status), ("response", 0))


@tap.test
def a_post_without_an_answer_is_repeated_once():
    with piped() as function:
        for broken in [Answer(cut=0), Answer(cut=8), Answer(cut=0, behind_next=True), Answer(cut=0, reset=True)]:
            answer = function.invoke({"do": "ok"}, headers={NONCE: "n-1"}, replies=[broken])
            tap.equal([(post.target, post.get(NONCE), bytes(post.body)) for post in answer.posts],
                      [(answer.request.target, "n-1", b"null")] * 2)
            function.idle()
            tap.equal(function.api.waiting, 1)
        invocation = function.later({"do": "ok"}, replies=[Answer(cut=0)] * 2)
        tap.equal((function.invoke({"do": "ok"}).path, len(invocation.posts)), ("response", 2))
        tap.equal(function.stop().status, 0)


@tap.test
def large_answers_pass():
    with piped("unruly") as function:
        for size in [1000, 300000, LARGEST]:
            answer = function.invoke({"do": "big", "size": size}, replies=[Answer(202, behind_next=True)])
            tap.equal((answer.path, len(answer.body)), ("response", size))
        answer = function.invoke({"do": "big", "size": LARGEST + 1})
        tap.equal((answer.path, answer.error), ("error", "Function.ResponseSizeTooLarge"))
        tap.equal(connections(function), {1})
        early = function.later({"do": "big", "size": LARGEST}, replies=[Answer(413, early=True)])
        tap.equal((function.invoke({"echo": "x"}).json()["echo"], len(early.posts)), ("x", 1))


@tap.test
def a_poll_closed_while_frozen_is_made_again():
    with piped() as function:
        function.invoke({"do": "ok"})
        function.idle()
        function.freeze()
        function.api.drop()
        invocation = function.later({"do": "ok"})
        function.thaw()
        tap.equal((function.answer(invocation).path, len(invocation.posts)), ("response", 1))


@tap.test
def a_signal_that_comes_before_the_verdict_ends_it_all_the_same():
    free = threading.Event()
    with piped() as function:
        invocation = function.later({"do": "ok"}, replies=[Answer(202, until=free)])
        function.api.wait_for(lambda: invocation.posts and invocation.posts[0].complete, "the post", function.alive)
        function.process.send_signal(signal.SIGTERM)
        free.set()
        tap.equal((function.answer(invocation).path, function.wait().status), ("response", 0))


@tap.test
def statuses_of_the_poll_are_taken_as_ever():
    for answer, wanted in [(Answer(410), 0), (problem(403, "x"), None), (problem(500, "x"), None)]:
        with piped() as function:
            function.invoke({"do": "ok"})
            function.api.end(answer)
            stopped = function.wait()
            assert stopped.status == wanted if wanted is not None else stopped.status > 0, stopped
    with piped() as function:
        function.invoke({"do": "ok"})
        function.api.script("next", Answer(204), Answer(204))
        tap.equal(function.invoke({"do": "ok"}).path, "response")


tap.main()
