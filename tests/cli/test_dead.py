# SPDX-License-Identifier: Apache-2.0
"""leat dead: the letters of a file sink, listed, shown, put back and dropped; and replayed as they lie there."""
import datetime
import functools
import json
import os
import pathlib
import stat

import tap

NUMBER = "12345678901234567890.10"


def letter(name, **members):
    """A line in the documented format."""
    whole = {"dead": 1, "id": f"spool/{name}/0", "time": "2024-05-01T12:00:00.250Z", "service": "shop",
             "source": "inbox", "transport": "spool", "position": name, "since": "2024-05-01T11:59:00Z", "kind": "unknown",
             "handler": "orders", "attempts": 3, "outcome": "reject", "duration_us": 1250, "reason": "no field",
             "event": {"specversion": "1.0", "id": f"event-{name}", "source": "leat:direct", "type": "leat.direct.call"},
             "payload": {"name": name}, **members}
    return json.dumps({key: value for key, value in whole.items() if value is not None})


def mark(name, **members):
    return json.dumps({"redriven": 1, "id": f"spool/{name}/0", "event": f"event-{name}",
                       "time": "2024-05-01T13:00:00Z", "to": "inbox", **members})


class Box:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "dead.ndjson"

    def write(self, *lines, rotated=None, end="\n"):
        path = self.path if rotated is None else self.folder / f"dead.ndjson.{rotated}"
        path.write_text("\n".join(lines) + end)
        return path

    def dead(self, verb, *arguments, **options):
        return tap.leat("dead", verb, "--file", self.path, *arguments, cwd=self.folder, **options)

    def listed(self, *arguments):
        done = self.dead("ls", "--json", *arguments)
        tap.equal(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def names(self, *arguments):
        return [entry["letter"].split("/")[1] for entry in self.listed(*arguments)]

    def id_of(self, name):
        return next(entry["id"] for entry in self.listed("--all") if entry["letter"] == f"spool/{name}/0")

    def left(self, rotated=None):
        path = self.path if rotated is None else self.folder / f"dead.ndjson.{rotated}"
        return path.read_text().splitlines()


def test(function):
    @tap.test
    @functools.wraps(function)
    def run():
        with tap.folder() as folder:
            function(Box(folder))
    return run


def fails(done, status, *parts):
    tap.equal((done.returncode, done.stdout), (status, ""), done.stderr)
    for part in parts:
        tap.contains(done.stderr, part)


# --- ls ------------------------------------------------------------------------------------------------------


@test
def letters_are_listed_in_columns(box):
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    box.write(letter("a"), letter("b", time=f"{today}T03:12:07Z", attempts=None, source="a-longer-name",
                                  reason="line\nand \x1b[31mcolour"))
    done = box.dead("ls")
    tap.equal((done.returncode, done.stderr), (0, ""))
    head, first, second = done.stdout.splitlines()
    tap.equal(head.split(), ["ID", "WHEN", "SOURCE", "ATTEMPTS", "REASON"])
    a, b = box.listed()
    tap.equal(first.split(maxsplit=4), [a["id"], "2024-05-01", "inbox", "3", "no field"])
    tap.equal(second.split(maxsplit=4), [b["id"], "03:12:07", "a-longer-name", "-", "line\\nand \\x1b[31mcolour"])
    for word, line in [("no field", first), ("line", second), ("REASON", head)]:
        tap.equal(line.index(word), head.index("REASON"), line)
    tap.equal([len(a["id"]), len(b["id"])], [4, 4])


@test
def json_says_all_that_is_listed(box):
    box.write(letter("a"), letter("b"), mark("a"))
    a, b = box.listed("--all")
    tap.equal(a, {"id": a["id"], "letter": "spool/a/0", "time": "2024-05-01T12:00:00.250Z", "source": "inbox",
                  "attempts": 3, "reason": "no field", "event": "event-a", "redriven": True, "redrives": 1})
    tap.equal((b["redriven"], b["redrives"]), (False, 0))


@test
def the_oldest_comes_first_also_out_of_rotated_files(box):
    box.write(letter("new"))
    box.write(letter("old"), letter("middle"), rotated=1)
    box.write(letter("oldest"), rotated=12)
    (box.folder / "dead.ndjson.1x").write_text(letter("other") + "\n")
    (box.folder / "dead.ndjson.torn").write_text("{\n")
    tap.equal(box.names(), ["oldest", "old", "middle", "new"])


@test
def what_was_redriven_is_shown_only_if_asked_for(box):
    box.write(letter("a"), mark("a"), letter("b"))
    tap.equal((box.names(), box.names("--all")), (["b"], ["a", "b"]))
    tap.contains(box.dead("ls").stderr, "1 redriven, not shown: --all")
    tap.contains(box.dead("ls", "--all").stdout, "(redriven)")
    box.write(letter("a"), rotated=1)
    box.write(mark("a"))
    tap.equal(box.names(), [])


@test
def copies_are_one_letter_and_a_new_one_is_open_again(box):
    box.write(letter("a", reason="first"), letter("b"), letter("a", reason="second"))
    tap.equal([entry["reason"] for entry in box.listed()], ["second", "no field"])
    box.write(letter("a"), mark("a"), letter("a"))
    tap.equal((box.names(), box.listed()[0]["redrives"]), (["a"], 1))


@test
def filters_are_all_to_be_met(box):
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = (now - datetime.timedelta(minutes=59)).strftime("%Y-%m-%dT%H:%M:%S.5Z")
    box.write(letter("a"), letter("b", source="other"), letter("c", reason="the field x"), letter("d", time=hour))
    tap.equal(box.names("--source", "inbox"), ["a", "c", "d"])
    tap.equal(box.names("--reason", "field"), ["a", "b", "c", "d"])
    tap.equal(box.names("--reason", "field x"), ["c"])
    tap.equal(box.names("--since", "1h"), ["d"])
    tap.equal(box.names("--since", "58m"), [])
    tap.equal(box.names("--source", "inbox", "--reason", "no", "--since", "1h"), ["d"])
    tap.contains(box.dead("ls", "--source", "none").stderr, "no dead letters like that")


@test
def other_lines_do_no_harm(box):
    box.write('{"specversion":"1.0","id":"x"}', "no json", letter("a"), "", "[]", "7", '{"dead":1}', '{"dead":2,"id":"i"}',
              '{"redriven":1,"id":"spool/gone/0"}', letter("b"))
    done = box.dead("ls")
    tap.equal(done.returncode, 0)
    tap.equal(done.stderr, "1 line in it is no JSON\n")
    tap.equal(box.names(), ["a", "b"])
    box.write(letter("a"), letter("b")[:40], end="")
    done = box.dead("ls")
    tap.equal((done.returncode, done.stderr), (0, ""), "the line is being written")
    tap.equal(box.names(), ["a"])


@test
def many_letters_have_ids_that_differ(box):
    box.write(*(letter(str(number)) for number in range(3000)))
    ids = [entry["id"] for entry in box.listed()]
    tap.equal(len(set(ids)), 3000)
    assert 5 < len(ids[0]) < 16, ids[0]
    tap.equal(json.loads(box.dead("show", "--json", ids[1234]).stdout)["position"], "1234")


@test
def the_default_is_the_state_folder(box):
    home = {"STATE_DIRECTORY": "", "XDG_STATE_HOME": "", "HOME": str(box.folder / "home"), "LEAT_CONFIG": ""}
    for variables, where in [({}, "home/.local/state/leat/leat"), ({"XDG_STATE_HOME": str(box.folder / "x")}, "x/leat/leat"),
                             ({"STATE_DIRECTORY": f"{box.folder}/s:/other"}, "s")]:
        done = tap.leat("dead", "ls", cwd=box.folder, env={**home, **variables})
        tap.equal((done.returncode, done.stdout), (0, ""))
        tap.contains(done.stderr, f"no dead letters: there is no {box.folder}/{where}/dead.ndjson")
        path = box.folder / where
        path.mkdir(parents=True)
        (path / "dead.ndjson").write_text(letter("a") + "\n")
        done = tap.leat("dead", "ls", cwd=box.folder, env={**home, **variables})
        tap.contains(done.stdout, "no field")


# --- show ----------------------------------------------------------------------------------------------------


@test
def a_letter_is_shown_over_many_lines_or_on_one(box):
    line = letter("a")[:-1] + f', "n": {NUMBER}, "e": [{{}}, [], "a:b,\\"{{"]}}'
    box.write(line, letter("b"))
    a = box.id_of("a")
    done = box.dead("show", a)
    tap.equal((done.returncode, done.stderr), (0, ""))
    tap.equal(json.loads(done.stdout), json.loads(line))
    tap.contains(done.stdout, f'\n  "n": {NUMBER},\n  "e": [\n    {{}},\n    [],\n    "a:b,\\"{{"\n  ]\n}}\n')
    done = box.dead("show", "--json", a, box.id_of("b"))
    tap.equal([json.loads(text)["position"] for text in done.stdout.splitlines()], ["a", "b"])
    tap.contains(done.stdout, NUMBER)
    tap.equal(box.dead("show", "spool/a/0").stdout, box.dead("show", a).stdout, "its own id will do")


@test
def the_payload_comes_as_it_came(box):
    box.write(letter("a", payload_text="half {\n", payload=None), letter("b", payload_base64="/wA=", payload=None),
              letter("c")[:-1].replace('"payload": {"name": "c"}', f'"payload": {{"n": {NUMBER}}}') + "}", '{"dead":1,"id":"d"}')
    tap.equal(box.dead("show", "--payload", box.id_of("a")).stdout, "half {\n")
    done = tap.run(tap.BUILD / "leat", "dead", "show", "--file", box.path, "--payload", "spool/c/0")
    tap.equal(done.stdout, f'{{"n": {NUMBER}}}')
    tap.equal(box.dead("show", "--payload", "spool/b/0").stdout, "\ufffd\0")
    fails(box.dead("show", "--payload", "d"), 1, "the letter d holds no payload")


@test
def an_id_that_is_none_or_several_is_refused(box):
    box.write(*(letter(str(number)) for number in range(40)))
    first = [entry["id"][0] for entry in box.listed()]
    common = next(digit for digit in first if first.count(digit) > 1)
    fails(box.dead("show", common), 64, f'several dead letters start with "{common}"')
    fails(box.dead("show", "zzzz"), 66, 'no dead letter "zzzz"')
    fails(box.dead("show", ""), 66, 'no dead letter ""')
    fails(box.dead("purge", "--yes", "zzzz"), 66, 'no dead letter "zzzz"')


# --- replay --------------------------------------------------------------------------------------------------


@test
def what_show_prints_is_replayed_and_so_is_the_file(box):
    payload = json.loads(tap.leat("sample", "sqs").stdout)
    payload["Records"] = payload["Records"][:1]
    box.write(letter("a", payload=payload), mark("a"), letter("b", payload={"name": "x"}))
    one = box.folder / "bad.json"
    one.write_text(box.dead("show", "spool/a/0").stdout)
    shown = [json.loads(line) for line in tap.leat("show", "--json", one).stdout.splitlines()]
    tap.equal([(item["kind"], item["form"], len(item["events"])) for item in shown], [("sqs", "leat-dead-letter", 1)])
    shown = [json.loads(line) for line in tap.leat("show", "--json", box.path).stdout.splitlines()]
    tap.equal([item["kind"] for item in shown], ["sqs", "unknown"], "a mark is no event")
    tap.equal(shown[1]["events"][0]["event"]["data"], {"name": "x"})
    tap.contains(tap.leat("show", one).stdout, "out of a dead letter")
    one.write_text(letter("c", payload=None, payload_text="{half"))
    done = tap.leat("show", one)
    tap.equal(done.returncode, 65, "it is as broken as it came")


# --- purge ---------------------------------------------------------------------------------------------------


@test
def purge_takes_letters_with_their_copies_and_marks(box):
    box.write(letter("a"), letter("b"), mark("a"), letter("c"))
    box.write(letter("a"), letter("d"), rotated=1)
    done = box.dead("purge", "--yes", box.id_of("a"))
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "1 purged\n", ""))
    tap.equal((box.left(), box.left(1)), ([letter("b"), letter("c")], [letter("d")]))
    tap.equal(sorted(path.name for path in box.folder.iterdir()), ["dead.ndjson", "dead.ndjson.1", "dead.ndjson.lock"])


@test
def purge_goes_by_age_and_by_mark(box):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [letter("a"), letter("b", time=now), letter("c"), mark("c"), mark("gone")]
    box.write(*lines)
    tap.equal(box.dead("purge", "--redriven", "--yes").stdout, "1 purged\n")
    tap.equal(box.left(), lines[:2])
    tap.equal(box.dead("purge", "--older-than", "1h", "--yes").stdout, "1 purged\n")
    tap.equal(box.left(), lines[1:2])
    box.write(letter("x", source="other"), mark("x"), rotated=1)
    tap.equal(box.dead("purge", "--source", "other", "--yes").stdout, "1 purged\n")
    assert not (box.folder / "dead.ndjson.1").exists(), "an empty rotated file is gone"
    box.write(letter("a"), mark("a"), '{"specversion":"1.0"}', "no json")
    tap.equal(box.dead("purge", "--all", "--yes").stdout, "1 purged\n")
    tap.equal(box.left(), ['{"specversion":"1.0"}', "no json"], "what is no letter is not touched")


@test
def purge_asks_and_a_dry_run_only_counts(box):
    box.write(letter("a"), letter("b"))
    fails(box.dead("purge", "--all", stdin=None, input=""), 64, "--yes is needed")
    done = box.dead("purge", "--all", "--dry-run")
    tap.equal((done.returncode, done.stdout), (0, "2 would be purged\n"))
    tap.equal(box.left(), [letter("a"), letter("b")])


@test
def the_file_stays_its_owners(box):
    box.write(letter("a"), letter("b"))
    box.path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(box.path, 12345, 12345)
    before = box.path.stat()
    tap.equal(box.dead("purge", "--yes", "spool/a/0").returncode, 0)
    after = box.path.stat()
    tap.equal((stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid), (0o640, before.st_uid, before.st_gid))
    assert after.st_ino != before.st_ino, "it was replaced as a whole"


# --- redrive -------------------------------------------------------------------------------------------------


@test
def redrive_wants_a_source_that_is_there(box):
    box.write(letter("a"), letter("b", source="other"))
    fails(box.dead("redrive", "spool/a/0", "--yes"), 78, 'no source "inbox"', "--to SOURCE")
    fails(box.dead("redrive", "--all", "--to", "there", "--yes"), 78, 'no source "there"')
    tap.equal(box.left(), [letter("a"), letter("b", source="other")])


@test
def what_went_round_three_times_is_refused(box):
    box.write(letter("c"), *(mark(name, event="event-c") for name in "abc"), letter("c"))
    done = box.dead("redrive", "--all", "--yes")
    tap.equal((done.returncode, done.stdout), (1, "0 would be put back\n"))
    tap.contains(done.stderr, "was put back 3 times already")
    tap.contains(done.stderr, "--force")
    fails(box.dead("redrive", "--all", "--yes", "--force"), 78, 'no source "inbox"')


# --- usage ---------------------------------------------------------------------------------------------------


@test
def wrong_usage_is_told(box):
    box.write(letter("a"))
    for arguments, part in [
            (["ls", "x"], "dead ls takes no ID"), (["show"], "dead show wants an ID"), (["purge"], "a filter, or --all"),
            (["redrive"], "wants an ID"), (["ls", "--yes"], "dead ls knows no option --yes"),
            (["show", "--all", "x"], "knows no option --all"), (["purge", "--all", "x"], "IDs or filters, not both"),
            (["ls", "--since", "5"], '--since wants a duration'), (["redrive", "--rate", "10", "x"], "--rate wants a rate"),
            (["redrive", "--rate=-1/s", "x"], "--rate wants a rate"), (["redrive", "--rate=0/s", "x"], "wants a rate"),
            (["lst"], 'dead knows no "lst"')]:
        fails(box.dead(*arguments), 64, part)
    fails(tap.leat("dead"), 64, "leat dead ls|show|redrive|purge")
    fails(tap.leat("dead", "ls", "--file", box.folder / "none"), 66, "cannot open")
    fails(tap.leat("dead", "ls", "--config", box.folder / "none.yaml"), 78, "none.yaml")


tap.main()
