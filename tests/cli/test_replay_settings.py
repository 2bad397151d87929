# SPDX-License-Identifier: Apache-2.0
"""`leat replay`: options from the environment (LEAT_*) and from --set."""
import json

import replaying
import tap
from replaying import events

KEYS = ["handler", "limits.memory", "limits.payload", "log.format", "log.level", "reserve", "settings"]


def settings(desk, *arguments, **env):
    """What the handler "context" reads of settings color and list."""
    desk.write("a.json", {})
    _, lines = desk.lines("--handler", desk.handler("context"), *arguments, "a.json", env=env)
    told = dict(line.split("=", 1) for line in events(lines)[0]["reason"].splitlines())
    return told["color"], told["list"]


def refused(desk, status, message, *arguments, fix=None, **env):
    desk.write("a.json", {})
    done = desk.replay("--handler", desk.handler("told"), *arguments, "a.json", env=env)
    wanted = f"leat: error: {message}\n" + (f"      {fix}\n" if fix else "")
    tap.equal((done.returncode, done.stdout, done.stderr), (status, "", wanted), (arguments, env))


def log_lines(desk, *arguments, **env):
    desk.write("a.json", {})
    done = desk.replay("--handler", desk.handler("life"), *arguments, "a.json", env=env)
    tap.equal(done.returncode, 0)
    return [line for line in done.stderr.splitlines() if not line.startswith("life: ")]


@replaying.test
def settings_come_from_the_environment_and_from_set(desk):
    tap.equal(settings(desk), ("(absent)", "(absent)"))
    tap.equal(settings(desk, LEAT_SETTINGS='{"color": "red", "list": [1, {"a": 9007199254740993}]}'),
              ("red", '[1,{"a":9007199254740993}]'))
    tap.equal(settings(desk, "--set", "settings.color=red", "--set=settings.list=a=b"), ("red", "a=b"))
    tap.equal(settings(desk, "--set", 'settings={"color": 1.50}'), ("1.50", "(absent)"))


@replaying.test
def a_flag_wins_over_the_environment(desk):
    env = {"LEAT_SETTINGS": '{"color": {"deep": true}, "list": "kept"}'}
    tap.equal(settings(desk, "--set", "settings.color=blue", **env), ("blue", "kept"))
    tap.equal(settings(desk, "--set", "settings.color=a", "--set", "settings.color=b", **env), ("b", "kept"))
    tap.equal(settings(desk, "--set", "settings.color=", **env), ("", "kept"))


@replaying.test
def the_handler_may_come_from_the_environment(desk):
    desk.write("a.json", {"do": "ok"})
    told = desk.handler("told")
    for spec in [str(told), f"{told}:told", f"unknown={told}"]:
        tap.equal(desk.replay("a.json", env={"LEAT_HANDLER": spec}).returncode, 0, spec)
    tap.equal(desk.replay("--set", f"handler={told}", "a.json", env={"LEAT_HANDLER": "./gone.so"}).returncode, 0)
    tap.equal(desk.replay("--handler", told, "a.json", env={"LEAT_HANDLER": "./gone.so"}).returncode, 0)
    done = desk.replay("a.json", env={"LEAT_HANDLER": "./gone.so"})
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "./gone.so: No such file or directory")


@replaying.test
def a_variable_that_is_set_to_nothing_is_not_set(desk):
    tap.equal(settings(desk, LEAT_SETTINGS="", LEAT_LOG="", LEAT_RESERVE="", LEAT_HANDLER=""), ("(absent)", "(absent)"))


@replaying.test
def log_lines_have_a_level_and_a_format(desk):
    (line,) = log_lines(desk)
    assert line.startswith("info: life ") and line.endswith(": a line of the log"), line
    tap.equal(log_lines(desk, LEAT_LOG='{"level": "warn"}'), [])
    tap.equal(log_lines(desk, "--set", "log.level=off"), [])
    tap.equal(len(log_lines(desk, "--set", "log.level=info", LEAT_LOG='{"level": "off"}')), 1)
    (line,) = log_lines(desk, LEAT_LOG='{"format": "json"}')
    told = json.loads(line)
    tap.equal((told["level"], told["handler"], told["message"]), ("INFO", "life", "a line of the log"))


@replaying.test
def wrong_values_of_the_environment_are_78(desk):
    wrong = "environment: "
    refused(desk, 78, wrong + 'reserve wants a duration, "30" has no unit', fix="write 30s or 30ms", LEAT_RESERVE="30")
    refused(desk, 78, wrong + 'reserve wants a duration (250ms 30s 15m 24h), not "soon"', LEAT_RESERVE="soon")
    refused(desk, 78, wrong + 'log.level wants trace debug info warn error fatal off, not "loud"', LEAT_LOG='{"level":"loud"}')
    refused(desk, 78, wrong + "log wants a map (format, level), not text", LEAT_LOG="debug")
    refused(desk, 78, wrong + "log wants a map (format, level), not a list", LEAT_LOG="[1]")
    refused(desk, 78, wrong + 'unknown option "file" in log', fix="there are: format, level", LEAT_LOG='{"file":"x"}')
    refused(desk, 78, wrong + 'limits.payload wants a size (64KiB 6MB 1GiB), not "9 bytes"',
            LEAT_LIMITS='{"payload": "9 bytes"}')
    refused(desk, 78, wrong + 'limits.memory wants a size (64KiB 6MB 1GiB), not "-1"', LEAT_LIMITS='{"memory": -1}')
    refused(desk, 78, wrong + 'limits.memory wants a size (64KiB 6MB 1GiB), not "1.5"', LEAT_LIMITS='{"memory": 1.5}')


@replaying.test
def what_stands_in_settings_is_never_shown(desk):
    for text, message in [('{"password": "hunter2',
                           "settings:1:14: not YAML: found unexpected end of stream, while scanning a quoted scalar"),
                          ('hunter2', "settings wants a map, not text"),
                          ('["hunter2"]', "settings wants a map, not a list"),
                          ('"hunter2"', "settings wants a map, not text")]:
        refused(desk, 78, "environment: " + message, LEAT_SETTINGS=text)
        refused(desk, 64, message, "--set", "settings=" + text)


@replaying.test
def wrong_values_of_set_are_64(desk):
    refused(desk, 64, '--set wants KEY=VALUE, not "reserve"', "--set", "reserve")
    refused(desk, 64, 'unknown option "reserv"', "--set", "reserv=1s", fix="leat help replay lists the options")
    refused(desk, 64, 'unknown option ""', "--set", "=1", fix="leat help replay lists the options")
    refused(desk, 64, 'reserve wants a duration, "5" has no unit', "--set", "reserve=5", fix="write 5s or 5ms")
    refused(desk, 64, 'log.format wants text json, not "yaml"', "--set", "log.format=yaml")
    refused(desk, 64, 'unknown option "a\\x1b[1m"', "--set", "a\x1b[1m=1", fix="leat help replay lists the options")


@replaying.test
def help_lists_the_options_that_can_be_set(desk):
    text = desk.leat("help", "replay").stdout
    for key in KEYS:
        assert key in text, f"{key} is not in the help"


@replaying.test
def time_gives_each_document_a_deadline(desk):
    desk.write("a.json", {})
    _, lines = desk.lines("--handler", desk.handler("context"), "--time", "15m", "a.json")
    tap.contains(events(lines)[0]["reason"], "deadline=some\ncancelled=no\n")
    desk.write("a.json", {"Records": [replaying.message("m", {}), replaying.message("n", {})]})
    for options, outcome in [(["--time", "400ms"], "retry"), (["--time", "400ms", "--set", "reserve=0ms"], "ok"),
                             (["--time", "15m", "--set", "reserve=1h"], "retry"), (["--time", "15m"], "ok")]:
        _, lines = desk.told(*options, "a.json")
        tap.equal({(line["outcome"], line.get("reason")) for line in events(lines)},
                  {(outcome, "no time left" if outcome == "retry" else None)}, options)
    for value in ["15", "", "0s", "-1s", "1d"]:
        refused(desk, 64, f'--time wants a duration, not "{value}"', f"--time={value}", fix="write 30s or 900ms")


tap.main()
