# SPDX-License-Identifier: Apache-2.0
"""SIGTERM, and the extension that makes the platform send it."""
import signal
import time

import replaying
import runtime_api
import tap
from runtime_api import problem
from runtime_wire import Answer

SIGTERM = {"LEAT_LAMBDA_SIGTERM": "1"}


def unruly(**options):
    return runtime_api.Function(replaying.handler("unruly"), **options)


def terminated(function):
    """What came of it, and after how many seconds."""
    start = time.monotonic()
    function.process.send_signal(signal.SIGTERM)
    return function.wait(), time.monotonic() - start


@tap.test
def the_extension_is_registered_before_the_first_poll_and_left_alone():
    with unruly(env=SIGTERM) as function:
        tap.equal(function.invoke({"echo": "x"}).json()["echo"], "x")
        function.idle()
        # It has a connection of its own, which may be read after the other.
        function.api.wait_for(lambda: any(request.kind == "extension" for request in function.api.requests),
                              "the extension waits", function.alive)
        kinds = function.api.kinds()
        tap.equal((kinds[0], kinds.index("register") < kinds.index("next")), ("register", True))
        tap.equal((kinds.count("register"), kinds.count("extension")), (1, 1))
        register = function.api.of("register")[0]
        tap.equal(bytes(register.body), b'{"events":[]}')
        tap.equal(len(register.all("Lambda-Extension-Name")), 1)
        assert register.get("Lambda-Extension-Name"), register.headers
        waiting = function.api.of("extension")[0]
        tap.equal(waiting.all("Lambda-Extension-Identifier"), ["ext-0001"])
        assert waiting.connection not in {request.connection for request in function.api.of("next", "response")}
        assert all(request.get("User-Agent").startswith("leat/") for request in function.api.requests)
        for _ in range(5):
            function.invoke({"echo": "y"})
        tap.equal((function.api.kinds().count("extension"), function.stop().status), (1, 0))


@tap.test
def without_the_option_nothing_is_registered():
    for env in [{}, {"LEAT_LAMBDA_SIGTERM": "false"}]:
        with unruly(env=env) as function:
            function.invoke({"echo": "x"})
            function.idle()
            tap.equal(function.api.kinds(), ["next", "response", "next"])


@tap.test
def an_idle_process_ends_at_once():
    for options in [{"env": SIGTERM}, {}, {"concurrency": 4}, {"concurrency": 4, "env": SIGTERM}]:
        with unruly(**options) as function:
            function.invoke({"echo": "x"})
            function.idle(options.get("concurrency", 1))
            stopped, seconds = terminated(function)
            tap.equal(stopped.status, 0, stopped.err)
            assert seconds < 1, seconds


@tap.test
def what_runs_is_answered_and_nothing_more_is_polled_for():
    for options in [{"env": SIGTERM}, {}, {"concurrency": 4}]:
        with unruly(**options) as function, tap.folder() as folder:
            held = function.later({"do": "hang", "until": f"{folder}/go", "echo": "held"})
            function.api.wait_for(lambda: held.poll is not None and held.poll.answered, "it is begun", function.alive)
            polls = len(function.api.of("next"))
            function.process.send_signal(signal.SIGTERM)
            function.api.wait_for(lambda: function.api.waiting == 0, "idle polls are given up", function.alive)
            open(f"{folder}/go", "w").close()
            tap.equal(function.answer(held).json()["echo"], "held")
            tap.equal(function.wait().status, 0)
            # Other slots may have begun to poll before the signal; the one that answered must not poll again.
            tap.equal([request for request in function.api.of("next")[polls:] if request.connection == held.poll.connection],
                      [])


@tap.test
def what_does_not_end_is_not_waited_for_with_slots():
    with unruly(concurrency=4) as function, tap.folder() as folder:
        held = function.later({"do": "hang", "until": f"{folder}/never"})
        function.api.wait_for(lambda: held.poll is not None and held.poll.answered, "it is begun", function.alive)
        _, seconds = terminated(function)
        assert seconds < 3, seconds


@tap.test
def the_handler_is_told_goodbye():
    with runtime_api.Function(replaying.handler("life"), env=SIGTERM) as function:
        function.invoke({})
        function.idle()
        stopped, _ = terminated(function)
        tap.equal(stopped.status, 0)
        tap.equal([line for line in stopped.err.splitlines() if line.startswith("life: ")][-2:],
                  ["life: fini", "life: unload"])


@tap.test
def an_extension_that_is_refused_does_not_keep_it_from_working():
    for answer in [problem(403, "Extension.RegisterForbidden"), problem(500, "x"), Answer(200, body=b"{}")]:
        with unruly(env=SIGTERM, scripts={"register": [answer]}) as function:
            tap.equal(function.invoke({"echo": "x"}).json()["echo"], "x")
            stopped = function.stop()
            tap.equal(stopped.status, 0)
            tap.contains(stopped.err, "WARN")


@tap.test
def an_event_of_the_extension_that_ends_does_not_end_the_process():
    for answer in [Answer(200, body=b'{"eventType":"INVOKE"}'), problem(403, "x"), Answer(cut=0)]:
        with unruly(env=SIGTERM, scripts={"extension": [answer]}) as function:
            for _ in range(3):
                tap.equal(function.invoke({"echo": "x"}).json()["echo"], "x")
            assert function.api.kinds().count("extension") <= 3, function.api.kinds()


tap.main()
