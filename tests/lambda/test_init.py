# SPDX-License-Identifier: Apache-2.0
"""The start: which handler it is, what is reported when it cannot be, and what the environment may lack."""
import json
import os
import pathlib
import re
import shutil
import threading
import time

import replaying
import runtime_api
import tap
from runtime_api import problem
from runtime_wire import Answer

built = replaying.handler
UNUSABLE = 78


def refused(wanted, *parts, handler=None, env=None, **options):
    """It reports once to init/error, with this type and a message that has these parts, and ends."""
    with runtime_api.Function(handler, env=env, **options) as function:
        stopped = function.wait()
        tap.equal((function.api.kinds(), stopped.status), (["init"], UNUSABLE), stopped.err)
        request = function.api.of("init")[0]
        told = told_by(request)
        tap.equal((told["errorType"], request.all("Lambda-Runtime-Function-Error-Type")), (wanted, [wanted]), told)
        tap.equal((request.all("Content-Type"), told["stackTrace"]), (["application/json"], []))
        tap.equal(request.all("Lambda-Runtime-Invocation-Id"), [])
        assert request.get("User-Agent").startswith("leat/")
        for part in parts:
            tap.contains(told["errorMessage"], part)
        for line in told["errorMessage"].splitlines():
            tap.contains(stopped.err, line.strip())
        return told["errorMessage"]


def told_by(request):
    return json.loads(bytes(request.body))


# --- which handler -----------------------------------------------------------------------------------------

@tap.test
def a_handler_is_named_in_many_ways():
    source = built("told")
    for name, env in [("told.so", None), ("./told.so", None), ("told.so:told", None), ("told", None), ("sub/told.so", None),
                      (source, None), (f"{source}:told", None), ("told.told", None),
                      ("nothing.of.this", {"LEAT_HANDLER": "told.so"}), (None, {"LEAT_HANDLER": str(source)})]:
        function = runtime_api.Function(name, env=env)
        (function.folder / "sub").mkdir()
        shutil.copy(source, function.folder / ("sub/told.so" if str(name).startswith("sub/") else "told.so"))
        with function:
            tap.equal(function.invoke({"do": "ok"}).path, "response", str(name))
            tap.equal(function.stop().status, 0)


@tap.test
def one_of_several_in_a_file_is_named():
    with runtime_api.Function(f"{built('two')}:choosy") as function:
        tap.equal(function.invoke(replaying.sample("sqs")).json(), {"batchItemFailures": []})
        tap.equal(function.invoke({"a": 1}).path, "error")


@tap.test
def the_only_handler_of_the_package_is_taken_with_a_word():
    for name in ["index.handler", "function.lambda_handler", None]:
        function = runtime_api.Function(name)
        shutil.copy(built("told"), function.folder / "mine.so")
        with function:
            tap.equal(function.invoke({"do": "ok"}).path, "response")
            stopped = function.stop()
            tap.equal(stopped.status, 0)
            assert re.search(r"\tINFO\t.*mine\.so", stopped.err), stopped.err


@tap.test
def no_such_handler_lists_what_is_there():
    function = runtime_api.Function("orders.handler")
    for name in ["one", "other"]:
        shutil.copy(built("told"), function.folder / f"{name}.so")
    with function:
        stopped = function.wait()
        told = told_by(function.api.of("init")[0])
    tap.equal((stopped.status, told["errorType"]), (UNUSABLE, "Runtime.HandlerNotFound"))
    for part in ["orders.handler", "one.so", "other.so"]:
        tap.contains(told["errorMessage"], part)


@tap.test
def nothing_there_is_told():
    refused("Runtime.HandlerNotFound", "index.handler", handler="index.handler")
    refused("Runtime.HandlerNotFound")
    refused("Runtime.HandlerNotFound", "gone.so", env={"LEAT_HANDLER": "gone.so"})
    refused("Runtime.HandlerNotFound", "/nowhere/gone.so", handler="/nowhere/gone.so")


# --- handlers that cannot be used ------------------------------------------------------------------------------

@tap.test
def a_file_that_is_no_handler():
    refused("Runtime.InvalidHandler", "not a leat handler", handler=built("bad_none"))
    refused("Runtime.InvalidHandler", handler=built("bad_empty"))
    refused("Runtime.InvalidHandler", "ABI", handler=built("aged", "-DABI=999", source="bad_abi"))
    with tap.folder() as folder:
        path = pathlib.Path(folder) / "text.so"
        path.write_text("no shared object")
        refused("Runtime.InvalidHandler", "not a shared object", handler=path)


@tap.test
def a_symbol_that_nobody_has():
    path = built("lacking", "-DMISSING=nobody_has_this", source="bad_symbol")
    refused("Runtime.InvalidHandler", "nobody_has_this", handler=path)


@tap.test
def several_handlers_in_a_file_without_a_name():
    for path in [built("two"), f"{built('two')}:three"]:
        message = refused_any(path)
        tap.contains(message, "one")
        tap.contains(message, "choosy")


def refused_any(path):
    with runtime_api.Function(path) as function:
        tap.equal(function.wait().status, UNUSABLE)
        told = told_by(function.api.of("init")[0])
        tap.contains(["Runtime.HandlerNotFound", "Runtime.InvalidHandler"], told["errorType"])
        return told["errorMessage"]


# --- load and init -----------------------------------------------------------------------------------------------

@tap.test
def a_failing_load_or_init_is_told_in_its_words():
    for setting, called in [("fail_load", ["load"]), ("fail_init", ["load", "init"])]:
        with runtime_api.Function(built("life"), env={"LEAT_SETTINGS": f'{{"{setting}":"no \\"db\\" at\\tall"}}'}) as function:
            stopped = function.wait()
            told = told_by(function.api.of("init")[0])
            tap.equal((stopped.status, function.api.kinds()), (UNUSABLE, ["init"]))
            tap.equal(told["errorType"], "Function.Init")
            tap.contains(told["errorMessage"], 'no "db" at\tall')
            tap.equal(re.findall(r"^life: (load|init|handle)$", stopped.err, re.MULTILINE), called)
    refused("Function.Init", handler=built("init_fails"))


@tap.test
def an_option_that_is_wrong():
    for env, parts in [({"LEAT_RESERVE": "soon"}, ["reserve", "soon"]), ({"LEAT_LOG": '{"level":"loud"}'}, ["level", "loud"]),
                       ({"LEAT_LOG": "{"}, ["log"]), ({"LEAT_LAMBDA_PIPELINE": "perhaps"}, ["perhaps"]),
                       ({"LEAT_SETTINGS": "5"}, ["settings"])]:
        message = refused("Runtime.BadConfiguration", handler=built("told"), env=env)
        for part in parts:
            tap.contains(message.lower(), part)


@tap.test
def it_ends_whatever_the_report_is_answered():
    for answer in [Answer(202), problem(403, "InvalidStateTransition"), problem(500, "x"), problem(413, "x"), Answer(cut=0),
                   Answer(raw=b"junk"), Answer(202, length=99, body=b"{")]:
        with runtime_api.Function(built("init_fails"), scripts={"init": [answer, Answer(cut=0), Answer(cut=0)]}) as function:
            tap.equal(function.wait().status, UNUSABLE)
            assert 1 <= len(function.api.of("init")) <= 2, function.api.requests


@tap.test
def it_ends_if_the_report_is_never_answered():
    start, never = time.monotonic(), threading.Event()
    with runtime_api.Function(built("init_fails"), scripts={"init": [Answer(202, until=never)]}) as function:
        tap.equal(function.wait().status, UNUSABLE)
        assert time.monotonic() - start < 6, "2 s were promised"
        never.set()
    with runtime_api.Function(built("init_fails"), api=runtime_api.RuntimeApi(listening=False)) as function:
        stopped = function.wait()
        tap.equal(stopped.status, UNUSABLE)
        tap.contains(stopped.err, "later")


# --- what happens in which order ---------------------------------------------------------------------------------

@tap.test
def the_handler_lives_as_long_as_the_process():
    with runtime_api.Function(built("life")) as function:
        function.idle()
        tap.equal(re.findall("life: (.*)", function.err), ["load", "init"])
        for _ in range(3):
            tap.equal(function.invoke({}).path, "response")
        function.idle()
        tap.equal(re.findall("life: (.*)", function.stop().err)[:5], ["load", "init", *["handle"] * 3])


@tap.test
def the_state_is_kept_over_invocations():
    with runtime_api.Function(built("asked")) as function:
        tap.equal([function.invoke({}).json()["count"] for _ in range(5)], [1, 2, 3, 4, 5])


@tap.test
def settings_come_from_the_environment():
    with runtime_api.Function(built("asked"), env={"LEAT_SETTINGS": '{"color":"blue"}'}) as function:
        tap.equal(function.invoke({}).json()["color"], "blue")


@tap.test
def a_handler_that_crashes_ends_the_process_and_a_new_one_starts_clean():
    for todo, status in [("abort", -6), ("fault", -11), ("exit", 9)]:
        asan = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"  # this crash is no finding
        with runtime_api.Function(built("unruly"), env={"ASAN_OPTIONS": asan}) as function:
            tap.equal(function.invoke({"echo": "x"}).json()["echo"], "x")
            function.later({"do": todo})
            tap.equal(function.wait().status, status, todo)
            tap.equal(len(function.api.of("response")), 1)
            function.start()
            tap.equal(function.invoke({"echo": "y"}).json()["echo"], "y")
            tap.equal(function.stop().status, 0)


# --- the environment ---------------------------------------------------------------------------------------------

@tap.test
def every_variable_but_the_address_is_optional():
    with runtime_api.Function(bare=True, env={"LEAT_HANDLER": str(built("asked"))}) as function:
        got = function.invoke({}).json()
        tap.equal((got["count"], function.stop().status), (1, 0))
    with runtime_api.Function(bare=True) as function:  # no handler at all is told
        tap.equal((function.wait().status, function.api.kinds()), (UNUSABLE, ["init"]))


@tap.test
def empty_variables_are_unset_ones():
    empty = {name: "" for name in ["AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_FORMAT",
                                   "AWS_LAMBDA_LOG_LEVEL", "_LAMBDA_TELEMETRY_LOG_FD", "AWS_LAMBDA_FUNCTION_NAME",
                                   "LEAT_HANDLER", "_X_AMZN_TRACE_ID"]}
    with runtime_api.Function(built("told"), env=empty) as function:
        tap.equal((function.invoke({"do": "ok"}).path, function.stop().status), ("response", 0))


@tap.test
def garbled_variables_do_not_keep_it_from_starting():
    garbled = {"AWS_LAMBDA_INITIALIZATION_TYPE": "new-one",
               "AWS_LAMBDA_LOG_FORMAT": "xml", "AWS_LAMBDA_LOG_LEVEL": "LOUD", "_LAMBDA_TELEMETRY_LOG_FD": "x",
               "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "lots"}
    with runtime_api.Function(built("told"), env=garbled) as function:
        tap.equal((function.invoke({"do": "ok"}).path, function.stop().status), ("response", 0))


@tap.test
def the_address_may_have_a_scheme_and_a_base_path():
    for base, form in [("", "http://{}"), ("/.rt", "{}"), ("/.rt", "http://{}"), ("/a/b", "http://{}/"), ("", "{}/")]:
        api = runtime_api.RuntimeApi(base=base)
        with runtime_api.Function(built("told"), api=api, env={"AWS_LAMBDA_RUNTIME_API": form.format(api.address)}) as function:
            tap.equal(function.invoke({"do": "retry"}).path, "error", form)
            tap.equal((function.stop().status, api.strays), (0, []))


@tap.test
def the_address_may_be_a_name():
    api = runtime_api.RuntimeApi()
    with runtime_api.Function(built("told"), api=api, env={"AWS_LAMBDA_RUNTIME_API": f"localhost:{api.port}"}) as function:
        tap.equal(function.invoke({"do": "ok"}).path, "response")
        tap.equal(api.of("next")[0].all("Host"), [f"localhost:{api.port}"])


@tap.test
def an_address_that_is_none_is_told_on_standard_error():
    for address in ["x", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:port", "https://127.0.0.1:1", ":", "http://",
                    "127.0.0.1:9\r\nX: y"]:
        with runtime_api.Function(built("told"), env={"AWS_LAMBDA_RUNTIME_API": address}) as function:
            stopped = function.wait()
            assert stopped.status > 0 and "AWS_LAMBDA_RUNTIME_API" in stopped.err, (address, stopped)


@tap.test
def a_proxy_is_not_used():
    proxy = "http://127.0.0.1:1/"
    env = {name: proxy for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]}
    with runtime_api.Function(built("told"), env=env) as function:
        request = function.invoke({"do": "ok"}).request
        assert request.target.startswith("/2018-06-01/"), request


@tap.test
def leat_without_a_verb_is_the_same_when_the_address_is_set():
    with runtime_api.Function(built("told"), program=tap.BUILD / "leat") as function:
        tap.equal((function.invoke({"do": "ok"}).path, function.stop().status), ("response", 0))


@tap.test
def without_the_address_bootstrap_says_what_it_is_for():
    with runtime_api.Function(built("told"), env={"AWS_LAMBDA_RUNTIME_API": None}) as function:
        stopped = function.wait()
        assert stopped.status > 0, stopped
        tap.contains(stopped.err, "AWS_LAMBDA_RUNTIME_API")
        tap.equal(function.api.requests, [])


tap.main()
