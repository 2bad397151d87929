# SPDX-License-Identifier: Apache-2.0
"""Managed instances: many slots that each poll for themselves, deadlines that leat itself keeps, and no slot that can
stop the others."""
import collections
import random
import time

import replaying
import runtime_api
import tap
from runtime_api import problem
from runtime_wire import Answer

NONCE = "Lambda-Runtime-Invocation-Id"


def unruly(slots, **options):
    """Environments of managed instances say their type too."""
    return runtime_api.Function(replaying.handler("unruly"), concurrency=slots,
                                env={"AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances"}, **options)


@tap.test
def every_slot_polls_on_a_connection_of_its_own():
    for slots in [2, 8, 64]:
        with unruly(slots) as function:
            function.idle(slots)
            tap.equal(len({request.connection for request in function.api.of("next")}), slots)
            tap.equal((function.api.waiting, function.stop().status), (slots, 0))


@tap.test
def polls_are_held_for_as_long_as_it_takes_and_cost_nothing():
    with unruly(4) as function:
        function.invoke({"echo": "x"})
        function.holds_its_polls(4)
        tap.equal(function.invoke({"echo": "y"}).json()["echo"], "y")


@tap.test
def one_slot_is_the_classic_mode():
    with unruly(1) as function:
        function.idle()
        answer = function.invoke({"echo": "x"})
        tap.equal((answer.json()["environment"], answer.request.connection), (runtime_api.TRACE, 1))


@tap.test
def invocations_run_at_the_same_time():
    with unruly(8) as function, tap.folder() as folder:
        held = [function.later({"do": "hang", "until": f"{folder}/go", "echo": str(number)}) for number in range(7)]
        function.api.wait_for(lambda: all(each.poll for each in held), "seven at once", function.alive)
        tap.equal(function.invoke({"echo": "free"}).json()["echo"], "free")
        tap.equal([each.posts for each in held], [[]] * 7)
        open(f"{folder}/go", "w").close()
        answers = [function.answer(each).json() for each in held]
        tap.equal([answer["echo"] for answer in answers], [str(number) for number in range(7)])
        tap.equal(len({answer["slot"] for answer in answers}), 7)


def mixed(function, number, wait_ms):
    """One of many: ids that come again, chunks now and then; what it echoes is its alone."""
    return function.later({"echo": f"e{number}", "wait_ms": wait_ms}, request_id=f"r-{number % 500}" if number % 3 else None,
                          headers={NONCE: f"n-{number}", "Lambda-Runtime-Trace-Id": f"Root=e{number}"},
                          chunks=(1, 7) if number % 5 == 0 else None)


@tap.test
def no_answer_goes_to_another_invocation():
    chance, running = random.Random(7), collections.deque()
    with unruly(64) as function:
        function.idle(64)
        for number in range(3000 + 96):
            if number < 3000:
                running.append((number, mixed(function, number, chance.choice([0, 0, 0, 1, 3, 10]))))
            if number >= 96:
                began, invocation = running.popleft()
                got = function.answer(invocation).json()
                tap.equal((got["echo"], got["request"], got["trace"], len(invocation.posts)),
                          (f"e{began}", invocation.request_id, f"Root=e{began}", 1))
        tap.equal((function.api.crossed, function.api.strays, len(running)), ([], [], 0))
        tap.equal(len({request.connection for request in function.api.requests}), 64)
        tap.equal(function.stop().status, 0)


@tap.test
def the_environment_is_not_touched():
    with unruly(4) as function:
        for _ in range(8):
            got = function.invoke({"echo": "x"}).json()
            tap.equal((got.get("environment"), got["trace"]), (None, runtime_api.TRACE))


@tap.test
def a_hung_handler_does_not_stop_the_others():
    with unruly(4) as function, tap.folder() as folder:
        hung = function.later({"do": "hang", "until": f"{folder}/go", "echo": "late"}, deadline_ms=300)
        function.api.wait_for(lambda: hung.poll is not None, "it is begun", function.alive)
        for number in range(40):
            tap.equal(function.invoke({"echo": str(number)}).json()["echo"], str(number))
        answer = function.answer(hung)
        tap.equal((answer.path, answer.error), ("error", "Function.Timeout"))
        function.idle(3)
        tap.equal(function.api.waiting, 3)
        open(f"{folder}/go", "w").close()
        function.idle(4)
        tap.equal(len(hung.posts), 1)
        tap.equal(function.stop().status, 0)


@tap.test
def a_handler_is_cancelled_at_its_deadline():
    with unruly(4) as function:
        start = time.monotonic()
        answer = function.invoke({"do": "obey"}, deadline_ms=300)
        assert time.monotonic() - start < 5
        tap.equal((answer.path, answer.error, answer.message), ("error", "Function.Retry", "cancelled"))
        tap.equal(function.invoke({"echo": "x"}).json()["echo"], "x")


@tap.test
def when_every_slot_is_lost_the_process_ends():
    with unruly(2) as function, tap.folder() as folder:
        hung = [function.later({"do": "hang", "until": f"{folder}/never"}, deadline_ms=200) for _ in range(2)]
        tap.equal([function.answer(each).error for each in hung], ["Function.Timeout"] * 2)
        tap.equal(function.wait().status, 70)


@tap.test
def a_poll_that_fails_is_made_again_and_given_up_in_the_end():
    with unruly(2) as function:
        function.api.script("next", *[problem(500, "x")] * 3)
        tap.equal(function.invoke({"echo": "x"}).json()["echo"], "x")
        function.idle(2)
    with unruly(2, scripts={"next": [problem(500, "x")] * 40}) as function:
        tap.equal(function.wait().status, 69)
        assert len(function.api.of("next")) <= 12, function.api.kinds()
    with unruly(2, scripts={"next": [problem(403, "x")] * 2}) as function:
        assert function.wait().status > 0


@tap.test
def a_late_answer_is_refused_and_that_is_all():
    with unruly(4) as function:
        for status in [410, 400, 403, 413]:
            answer = function.invoke({"echo": "x"}, replies=[problem(status, "InvokeTimeout")])
            tap.equal(len(answer.posts), 1)
        for number in range(16):
            tap.equal(function.invoke({"echo": str(number)}).json()["echo"], str(number))
        function.idle(4)
        tap.equal(function.stop().status, 0)


@tap.test
def a_slot_whose_connection_breaks_is_back_and_the_others_do_not_notice():
    with unruly(4) as function, tap.folder() as folder:
        held = function.later({"do": "hang", "until": f"{folder}/go", "echo": "held"})
        function.api.wait_for(lambda: held.poll is not None and held.poll.answered, "it is begun", function.alive)
        function.idle(3)
        with function.api.lock:
            broken = [each for each in function.api.connections if each.number != held.poll.connection]
            for connection in broken:
                connection.drop()
            function.api.work.notify_all()
        function.api.wait_for(lambda: not set(broken) & set(function.api.connections), "they are gone")
        function.idle(3)
        tap.equal(function.invoke({"echo": "x"}).json()["echo"], "x")
        open(f"{folder}/go", "w").close()
        answer = function.answer(held)
        tap.equal((answer.json()["echo"], answer.request.connection), ("held", held.poll.connection))
        function.idle(4)


@tap.test
def an_event_that_breaks_off_is_polled_for_again():
    with unruly(4) as function:
        for cut in [5, -1, 0, 100]:
            function.later({"echo": "lost"}, cut=cut)
        tap.equal([function.invoke({"echo": str(number)}).json()["echo"] for number in range(8)], [str(n) for n in range(8)])
        function.idle(4)
        tap.equal(function.stop().status, 0)


@tap.test
def a_post_is_repeated_at_most_once_here_too():
    with unruly(2) as function:
        answer = function.invoke({"echo": "x"}, headers={NONCE: "n-1"}, replies=[Answer(cut=0)])
        tap.equal([(post.target, post.get(NONCE), bytes(post.body)) for post in answer.posts],
                  [(answer.request.target, "n-1", answer.body)] * 2)


@tap.test
def every_slot_has_a_state_of_its_own():
    with runtime_api.Function(replaying.handler("asked"), concurrency=4) as function:
        answers = [function.answer(each).json() for each in [function.later({}) for _ in range(40)]]
        counts = collections.Counter(answer["count"] for answer in answers)
        tap.equal(sum(counts.values()), 40)
        assert max(counts.values()) <= 4, counts
        assert all("environment" not in answer for answer in answers)


@tap.test
def an_init_that_fails_is_told_once_and_ends_the_process():
    for answer in [Answer(202), problem(403, "InvalidStateTransition")]:
        handler = replaying.handler("init_fails")
        with runtime_api.Function(handler, concurrency=8, scripts={"init": [answer]}) as function:
            tap.equal((function.wait().status, function.api.kinds()), (78, ["init"]))


@tap.test
def the_end_is_told_to_all_and_what_runs_is_answered():
    with unruly(4) as function, tap.folder() as folder:
        held = function.later({"do": "hang", "until": f"{folder}/go", "echo": "held"})
        function.api.wait_for(lambda: held.poll is not None and held.poll.answered, "it is begun", function.alive)
        function.idle(3)
        function.api.end()
        function.api.wait_for(lambda: function.api.waiting == 0, "the polls are answered")
        open(f"{folder}/go", "w").close()
        tap.equal((function.answer(held).json()["echo"], function.wait().status), ("held", 0))


@tap.test
def big_answers_and_long_bodies_pass_at_the_same_time():
    with unruly(8) as function:
        size = 2000000
        held = [function.later({"do": "big", "size": size + number, "filler": "y" * size}, chunks=(1000, 50000))
                for number in range(8)]
        tap.equal([len(function.answer(each).body) for each in held], [size + number for number in range(8)])


@tap.test
def a_crash_ends_the_process():
    with unruly(4) as function:
        function.later({"do": "abort"})
        assert function.wait().status != 0


tap.main()
