# SPDX-License-Identifier: Apache-2.0
"""leat.yaml in a function: where it is looked for, who wins, and what a bad one is told as."""
import json

import replaying
import runtime_api
import tap

built = replaying.handler
UNUSABLE = 78


def function(text, name="leat.yaml", handler=None, env=None):
    """A function, not started yet, with a file in its package."""
    made = runtime_api.Function(handler, env={"LEAT_CONFIG": None, "LEAT_HANDLER": None, **(env or {})})
    (made.folder / name).write_text(text)
    return made


def refused(made, *parts):
    with made:
        stopped = made.wait()
        tap.equal((made.api.kinds(), stopped.status), (["init"], UNUSABLE), stopped.err)
        told = json.loads(bytes(made.api.of("init")[0].body))
        tap.equal(told["errorType"], "Runtime.BadConfiguration")
        for part in parts:
            tap.contains(told["errorMessage"], part)
        return told["errorMessage"], stopped.err


def runs(made):
    with made:
        tap.equal(made.invoke({"do": "ok"}).path, "response", made.err)
        tap.equal(made.stop().status, 0)
        return made.err


@tap.test
def the_packages_file_is_read():
    err = runs(function(f"handler: {built('told')}\nlog: {{level: info, format: json}}\n"))
    assert all(line.startswith("{") for line in err.splitlines() if "cold start" in line), err
    tap.contains(err, "cold start")
    runs(function("handler: gone.so\n", name="other.yaml", handler=built("told")))


@tap.test
def leat_config_names_another():
    runs(function(f"handler: {built('told')}\n", name="other.yaml", env={"LEAT_CONFIG": "other.yaml"}))
    refused(function("", env={"LEAT_CONFIG": "gone.yaml"}), "gone.yaml: No such file or directory")


@tap.test
def a_path_in_it_is_relative_to_it():
    made = function("handler: sub/told.so\n")
    (made.folder / "sub").mkdir()
    (made.folder / "sub/told.so").write_bytes(built("told").read_bytes())
    runs(made)


@tap.test
def the_variables_name_the_handler_before_the_file_does():
    runs(function("handler: gone.so\n", env={"LEAT_HANDLER": str(built("told"))}))
    runs(function("handler: gone.so\n", handler=built("told")))
    runs(function(f"handler: {built('told')}\n", handler="bootstrap"))
    with function("handler: gone.so\n", handler="bootstrap") as made:
        tap.equal(made.wait().status, UNUSABLE)
        told = json.loads(bytes(made.api.of("init")[0].body))
        tap.equal(told["errorType"], "Runtime.HandlerNotFound")
        tap.contains(told["errorMessage"], "gone.so")


@tap.test
def the_environment_wins_over_the_file():
    err = runs(function("log: {level: 'off'}\n", handler=built("told"), env={"LEAT_LOG": "{level: info}"}))
    tap.contains(err, "cold start")
    tap.equal(runs(function("log: {level: 'off'}\n", handler=built("told"))), "")


@tap.test
def a_bad_file_is_an_init_error_with_the_first_message():
    message, err = refused(function("reserve: 1s\ntimeout: 30\nlog: {levl: info}\nsettings: {password: hunter2, password: x}\n",
                                    handler=built("told")),
                           'leat.yaml:2:10: timeout wants a duration, "30" has no unit (and 2 more); write 30s or 30ms')
    assert "hunter2" not in message + err
    refused(function("settings: {\n", handler=built("told")), "leat.yaml:", "not YAML")


@tap.test
def a_sink_on_the_disk_is_an_init_error_with_its_place():
    where = "what it writes in Lambda is lost; name a queue, or leave dead letters to the function's own settings"
    for kind in ["file", "spool"]:
        refused(function(f"service: shop\nsinks:\n  dead: {{type: {kind}, path: dead}}\n", handler=built("told")),
                f"leat.yaml:3:16: sinks.dead is a {kind} sink: {where}")
        refused(function(f"dead_letter:\n  path: dead\n  type: {kind}\n", handler=built("told")),
                f"leat.yaml:3:9: dead_letter is a {kind} sink: {where}")
        refused(function("", handler=built("told"), env={"LEAT_DEAD_LETTER": f"{{type: {kind}, path: dead}}"}),
                f"dead_letter is a {kind} sink: {where}")
    refused(function("sources: {in: {type: spool, path: in, dead_letter: {type: spool, path: dead}}}\n",
                     handler=built("told")),
            "leat.yaml:1:59: sources.in.dead_letter is a spool sink")
    runs(function("sources: {in: {type: spool, path: in}}\n", handler=built("told")))


tap.main()
