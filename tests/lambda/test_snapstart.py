# SPDX-License-Identifier: Apache-2.0
"""SnapStart: the hooks of a handler around the snapshot, and what is told when they fail."""
import json
import re
import threading

import replaying
import runtime_api
import tap
from runtime_api import problem
from runtime_wire import Answer

SNAP = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}


def hooks(restore=(), **settings):
    """`restore`: what restore/next is answered."""
    return runtime_api.Function(replaying.handler("hooks"), env={**SNAP, "LEAT_SETTINGS": json.dumps(settings)},
                                scripts={"restore": restore})


def called(text):
    return re.findall(r"^hooks: (.*)$", text, re.MULTILINE)


def report(function, kind):
    request = function.api.of(kind)[0]
    told = json.loads(bytes(request.body))
    tap.equal(request.all("Lambda-Runtime-Function-Error-Type"), [told["errorType"]])
    return told["errorType"], told["errorMessage"]


@tap.test
def the_hooks_are_called_around_the_snapshot():
    thawed = threading.Event()
    with hooks([Answer(200, until=thawed)]) as function:
        function.api.wait_for(lambda: function.api.of("restore"), "the snapshot", function.alive)
        tap.equal((called(function.err), function.api.kinds()), (["init", "snapshot"], ["restore"]))
        function.freeze()
        function.thaw()
        thawed.set()
        function.idle()
        tap.equal((called(function.err), function.api.kinds()), (["init", "snapshot", "restore"], ["restore", "next"]))
        tap.equal(function.invoke({}).path, "response")
        assert function.api.of("restore")[0].get("User-Agent").startswith("leat/")
        stopped = function.stop()
        tap.equal((stopped.status, called(stopped.err)), (0, ["init", "snapshot", "restore", "handle"]))


@tap.test
def the_connection_of_the_snapshot_is_not_used_behind_it():
    with hooks() as function:
        answer = function.invoke({})
        assert answer.request.connection != function.api.of("restore")[0].connection


@tap.test
def other_kinds_of_start_have_no_hooks():
    for kind in ["on-demand", "provisioned-concurrency", "lambda-managed-instances", None]:
        env = {"AWS_LAMBDA_INITIALIZATION_TYPE": kind}
        with runtime_api.Function(replaying.handler("hooks"), env=env) as function:
            function.invoke({})
            tap.equal((called(function.err), function.api.of("restore")), (["init", "handle"], []))


@tap.test
def a_handler_without_hooks_is_restored_too():
    with runtime_api.Function(replaying.handler("told"), env=SNAP) as function:
        tap.equal((function.invoke({"do": "ok"}).path, function.api.kinds()[:2]), ("response", ["restore", "next"]))


@tap.test
def a_failing_hook_before_the_snapshot_is_a_failed_init():
    with hooks(fail_snapshot="cannot rest") as function:
        stopped = function.wait()
        tap.equal((stopped.status, function.api.kinds()), (64, ["init"]))
        kind, message = report(function, "init")
        tap.equal(kind, "Runtime.BeforeSnapshotError")
        tap.contains(message, "cannot rest")


@tap.test
def a_failing_hook_behind_the_snapshot_is_a_failed_restore():
    with hooks(fail_restore="cannot wake") as function:
        stopped = function.wait()
        tap.equal((stopped.status, function.api.kinds()), (65, ["restore", "restore-error"]))
        kind, message = report(function, "restore-error")
        tap.equal(kind, "Runtime.AfterRestoreError")
        tap.contains(message, "cannot wake")


@tap.test
def a_restore_that_is_refused_ends_the_process():
    for status in [403, 500]:
        with hooks([problem(status, "x")]) as function:
            stopped = function.wait()
            assert stopped.status > 0, stopped
            tap.equal((called(stopped.err), function.api.of("next")), (["init", "snapshot"], []))


tap.main()
