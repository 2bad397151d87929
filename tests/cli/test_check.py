# SPDX-License-Identifier: Apache-2.0
"""leat check: broken configurations, each with all that is said of it in tests/golden/config.

`test_check.py --record` writes the golden files anew: read them.
"""
import json
import pathlib
import sys

import replaying
import tap

GOLDEN = tap.ROOT / "tests/golden/config"
BROKEN = sorted(path for path in GOLDEN.glob("*.yaml"))
SECRETS = {"redis": "s3cr3t\n", "doc": '{"size": "s3cr3t", "list": [1], "n": 9007199254740993}'}


def environment(folder):
    credentials = pathlib.Path(folder) / "credentials"
    credentials.mkdir()
    for name, text in SECRETS.items():
        (credentials / name).write_text(text)
    return {"CREDENTIALS_DIRECTORY": str(credentials), "LOUD": "loud", "LEAT_CONFIG": "", "LEAT_HANDLER_PATH": ""}


def told(path):
    """All that is said of it."""
    with tap.folder() as folder:
        env = environment(folder)
        done = tap.leat("check", path.name, cwd=GOLDEN, env=env)
        return f"{done.stdout}{done.stderr}exit {done.returncode}\n".replace(env["CREDENTIALS_DIRECTORY"], "CREDENTIALS")


def check(desk, text, *arguments, name="leat.yaml", **env):
    desk.write(name, text)
    return desk.leat("check", *arguments, env={"LEAT_CONFIG": "", "CREDENTIALS_DIRECTORY": "", **env})


@tap.test
def each_broken_file_is_told_as_recorded():
    assert len(BROKEN) >= 10, BROKEN
    for path in BROKEN:
        tap.equal(told(path), path.with_suffix(".txt").read_text(), path.name)


@tap.test
def no_secret_is_ever_shown():
    for path in BROKEN:
        for text in [told(path), path.with_suffix(".txt").read_text()]:
            for word in ["hunter", "s3cr3t", "9007199254740993"]:
                assert word not in text, (path.name, text)


@tap.test
def json_has_the_same_problems_with_places_inside_the_file():
    for path in BROKEN:
        with tap.folder() as folder:
            done = tap.leat("check", "--json", path.name, cwd=GOLDEN, env=environment(folder))
        problems = [json.loads(line) for line in done.stdout.splitlines()]
        assert problems, path.name
        lines = path.read_bytes().split(b"\n")
        heads = [line for line in path.with_suffix(".txt").read_text().splitlines() if line.startswith(path.name + ":")]
        shown = []
        for problem in problems:
            assert set(problem) - {"fix"} == {"file", "line", "column", "severity", "code", "message"}, problem
            assert 1 <= problem["line"] <= len(lines), problem
            assert 1 <= problem["column"] <= len(lines[problem["line"] - 1]) + 1, problem
            message = problem["message"].replace(folder + "/credentials", "CREDENTIALS")
            shown.append("{file}:{line}:{column}: {severity}: ".format(**problem) + message)
        tap.equal(shown, [line for line in heads if ": ok, " not in line], path.name)


@replaying.test
def a_good_file_is_one_line(desk):
    told_so = desk.handler("told")
    done = check(desk, f"handler: {told_so}\nlog: {{level: debug}}\nsettings: {{a: 1}}\n", "leat.yaml")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "leat.yaml: ok, 3 options, handler told\n", ""))
    for text in ["", "# nothing\n", "---\n", "\ufeffreserve: 1s\r\n"]:
        done = check(desk, text)
        tap.equal((done.returncode, done.stderr), (0, ""), text)
        tap.contains(done.stdout, "leat.yaml: ok, ")


@replaying.test
def json_is_yaml(desk):
    done = check(desk, json.dumps({"timeout": "30s", "log": {"level": "debug"}, "settings": {"a": [1, None, True]}}, indent=1))
    tap.equal((done.returncode, done.stdout), (0, "./leat.yaml: ok, 3 options\n"), done.stderr)


@replaying.test
def the_file_is_looked_for(desk):
    desk.write("other.yaml", "timeout: 1s\n")
    for arguments, env, name in [([], {}, "./leat.yaml"), ([], {"LEAT_CONFIG": "other.yaml"}, "other.yaml"),
                                 (["other.yaml"], {"LEAT_CONFIG": "gone.yaml"}, "other.yaml"),
                                 (["--config", "other.yaml"], {}, "other.yaml")]:
        done = check(desk, "timeout: 1s\n", *arguments, **env)
        tap.equal((done.returncode, done.stdout), (0, f"{name}: ok, 1 option\n"), (arguments, done.stderr))
    for arguments in [["a.yaml", "b.yaml"], ["a.yaml", "--config", "b.yaml"]]:
        tap.equal(check(desk, "", *arguments).returncode, 64, arguments)
    for arguments, part in [(["gone.yaml"], "gone.yaml: No such file or directory"), (["."], ".: not a regular file")]:
        done = check(desk, "", *arguments)
        tap.equal((done.returncode, done.stdout), (78, ""), arguments)
        tap.contains(done.stderr, part)


@replaying.test
def warnings_fail_only_when_told(desk):
    text = "timeout_grace: 2s\n"
    done = check(desk, text)
    tap.equal((done.returncode, done.stdout), (0, "./leat.yaml: ok, 1 option\n"))
    tap.contains(done.stderr, "leat.yaml:1:16: warning: timeout_grace has no effect")
    done = check(desk, text, "-W")
    tap.equal((done.returncode, done.stdout), (78, ""))
    tap.contains(done.stderr, "\n1 warning. Nothing was started.\n")
    tap.equal(check(desk, text + "timeout: 1s\n", "-W").returncode, 0)
    tap.equal(check(desk, text, "--W").returncode, 64)


@replaying.test
def the_handler_is_opened_and_never_called(desk):
    life = desk.handler("life")
    done = check(desk, f"handler: {life}\n")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "./leat.yaml: ok, 1 option, handler life\n", ""))
    done = check(desk, f"timeout: 1s\nhandler: {life}:gone\n")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, 'leat.yaml:2:10: error: ')
    tap.contains(done.stderr, 'has no handler "gone"')
    for path, part in [(desk.handler("abi999", "-DABI=999u", source="bad_abi"), "was built for handler ABI 999"),
                       (desk.handler("bad_none"), "not a leat handler"), (desk.handler("bad_empty"), "neither handle nor")]:
        done = check(desk, f"timeout: 1s\nhandler: {path}\n")
        tap.equal(done.returncode, 78, path)
        tap.contains(done.stderr, "leat.yaml:2:10: error: ")
        tap.contains(done.stderr, part)
    desk.write("text.so", "text")
    tap.contains(check(desk, "handler: text.so\n").stderr, "leat.yaml:1:10: error: text.so: not a shared object")


@replaying.test
def sources_and_their_handlers_are_checked(desk):
    told, life = desk.handler("told"), desk.handler("life")
    text = (f"handler: {told}\nsinks: {{dead: {{type: file, path: d}}}}\nsources:\n  inbox: {{type: spool, path: in, dead_letter: dead}}\n"
            f"  other:\n    type: spool\n    path: other\n    handler: ")
    done = check(desk, text + f"{life}\n")
    tap.equal((done.returncode, done.stdout, done.stderr),
              (0, "./leat.yaml: ok, 1 option, 2 sources (spool inbox, spool other), handler told\n", ""))
    done = check(desk, text + f"{life}:gone\n")
    tap.equal((done.returncode, done.stdout), (78, ""))
    tap.contains(done.stderr, "leat.yaml:8:14: error: ")
    tap.contains(done.stderr, 'has no handler "gone"')
    assert not desk.path("in").exists() and not desk.path("d").exists(), "nothing is started"


@replaying.test
def a_drain_is_compared_with_what_the_supervisor_allows(desk):
    tap.equal(check(desk, "drain: 30s\n").returncode, 0)
    done = check(desk, "drain: 30s\n", LEAT_STOP_LIMIT="30s")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "leat.yaml:1:8: error: drain (30s) is not below LEAT_STOP_LIMIT (30s)")


@replaying.test
def an_entry_can_be_changed_by_set_and_a_sink_by_its_twin(desk):
    desk.write("a.json", {"do": "ok"})
    desk.write("leat.yaml", "sources: {inbox: {type: spool, path: in}}\n")
    told = ["--config", "leat.yaml", "--handler", desk.handler("told")]
    for arguments, twin, status, part in [
            (["--set", "sources.inbox.batch=5"], "", 0, ""), (["--set", "sources.inbox.batch=x"], "", 64, "sources.inbox.batch wants"),
            (["--set", "sources.inbx.batch=5"], "", 64, 'no source "inbx"'), ([], "{type: file, path: x}", 0, ""),
            ([], "gone", 78, 'dead_letter: no sink "gone"'), ([], "{type: fiel, path: x}", 78, 'no sink type "fiel"')]:
        done = desk.replay(*told, *arguments, "a.json", env={"LEAT_DEAD_LETTER": twin})
        tap.equal(done.returncode, status, (arguments, twin, done.stderr))
        tap.contains(done.stderr, part)


@replaying.test
def sizes_are_bounded(desk):
    for text, part in [("# " + "x" * (1 << 20), "is larger than 1024 KiB"), ("settings: " + "[" * 70, "nested deeper than 64"),
                       ("".join(f"k{i}: 1\n" for i in range(1500)), "more than 1000 keys"),
                       ("".join(f"k{i}: 1\n" for i in range(50)), "30 more are not shown.\n50 errors.")]:
        done = check(desk, text)
        tap.equal(done.returncode, 78, part)
        tap.contains(done.stderr, part)
        assert done.stderr.count(": error: ") <= 20, done.stderr


# --- what a file does in replay ------------------------------------------------------------------------------------

def settings(desk, text, *arguments, **env):
    """What the handler "context" reads of settings color and list."""
    desk.write("a.json", {})
    desk.write("leat.yaml", text)
    _, lines = desk.lines("--handler", desk.handler("context"), *arguments, "a.json", env={"LEAT_CONFIG": "", **env})
    told = dict(line.split("=", 1) for line in replaying.events(lines)[0]["reason"].splitlines())
    return told["color"], told["list"]


@replaying.test
def replay_reads_a_file_only_when_told(desk):
    text = "settings: {color: red}\n"
    tap.equal(settings(desk, text), ("(absent)", "(absent)"))
    tap.equal(settings(desk, text, "--config", "leat.yaml"), ("red", "(absent)"))
    tap.equal(settings(desk, text, LEAT_CONFIG="leat.yaml"), ("red", "(absent)"))
    tap.equal(desk.replay("--config", "gone.yaml", "a.json").returncode, 78)


@replaying.test
def a_flag_wins_over_the_environment_and_that_over_the_file(desk):
    text, told = "settings: {color: red, list: file}\n", ["--config", "leat.yaml"]
    tap.equal(settings(desk, text, *told, LEAT_SETTINGS="{color: blue}"), ("blue", "(absent)"))
    tap.equal(settings(desk, text, "--set", "settings.color=green", *told), ("green", "file"))


@replaying.test
def settings_keep_the_type_they_are_written_in(desk):
    for value, text in [("1.50", "1.50"), ("9007199254740993", "9007199254740993"), ("true", "true"), ('"true"', "true"),
                        ("yes", "yes"), ("007", "007"), ("0x1F", "0x1F"), ("{a: 1, b: '1', c: no, d: ~}",
                                                                          '{"a":1,"b":"1","c":"no","d":null}'),
                        ("[1.50, true, on, -0.10]", '[1.50,true,"on",-0.10]'), ('"\\u00e9\\t"', "\u00e9\t"),
                        ("|-\n    two=\n    lines=\n", "two="), (">-\n    a\n    b\n", "a b")]:
        color, _ = settings(desk, f"settings:\n  color: {value}\n", "--config", "leat.yaml")
        tap.equal(color, text, value)


@replaying.test
def what_is_put_in_is_typed_and_a_secret_is_text(desk):
    folder = desk.path(desk.write("secrets/number", "8\n")).parent
    desk.write("secrets/doc", '{"deep": {"n": 9007199254740993, "s": "a: b"}}')
    desk.write("port.txt", "5432\n")
    env = {"CREDENTIALS_DIRECTORY": str(folder), "PORT": "8", "TEXT": "a: [b"}
    for value, text in [("\n    - ${PORT}\n    - '${PORT}'\n    - ${secret:number}", '[8,"8","8"]'), ("${TEXT}", "a: [b"),
                        ("${file:port.txt}", "5432"), ("\n    - ${file:port.txt}", "[5432]"), ("{a: '${PORT}'}", '{"a":"8"}'), ("${secret:doc#/deep/s}", "a: b"),
                        ("${secret:doc#/deep/n}", "9007199254740993"), ("$$${PORT}$", "$8$"), ("${GONE:-x}y", "xy"),
                        ("${GONE:-}", "")]:
        color, _ = settings(desk, f"settings:\n  color: {value}\n", "--config", "leat.yaml", **env)
        tap.equal(color, text, value)


@replaying.test
def a_handler_is_relative_to_the_file(desk):
    desk.write("a.json", {"do": "ok"})
    told = desk.handler("told")
    desk.write("sub/leat.yaml", "handler: told.so:told\n")
    desk.path("sub/told.so").symlink_to(told)
    tap.equal(desk.replay("--config", "sub/leat.yaml", "a.json").returncode, 0)
    desk.write("sub/leat.yaml", "handler: told\n")
    tap.equal(desk.replay("--config", "sub/leat.yaml", "a.json").returncode, 0)
    tap.equal(desk.replay("--config", "sub/leat.yaml", "a.json", env={"LEAT_HANDLER": "told.so"}).returncode, 78)


@replaying.test
def a_bad_file_stops_replay(desk):
    desk.write("a.json", {})
    desk.write("leat.yaml", "timeout: 30\n")
    done = desk.replay("--config", "leat.yaml", "--handler", desk.handler("told"), "a.json")
    tap.equal((done.returncode, done.stdout), (78, ""))
    tap.equal(done.stderr, 'leat.yaml:1:10: error: timeout wants a duration, "30" has no unit\n'
              "    1 | timeout: 30\n      |          ^^ write 30s or 30ms\n1 error. Nothing was started.\n")


if "--record" in sys.argv:
    for path in BROKEN:
        path.with_suffix(".txt").write_text(told(path))
else:
    tap.main()
