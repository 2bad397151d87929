# SPDX-License-Identifier: Apache-2.0
"""`leat replay`: lines for machines and for people, golden lines."""
import json
import os
import re
import subprocess

import replaying
import tap
from replaying import events, replies, summary

OK, RETRY, REJECT = ({"do": word} for word in ("ok", "retry", "reject"))
EVENT = ["file", "document", "kind", "record", "event", "outcome", "reason", "attempt", "duration_us"]
NASTY = "a\x1b[31m\u0085b\tc\nd\x7f\r"  # an escape, a C1 control, tab, newline, delete


def batch(desk, name="batch.json"):
    broken = replaying.message("m-3", "x", receives=2)
    broken["body"] = None
    return desk.write(name, replaying.sqs(
        replaying.message("m-0", OK), replaying.message("m-1", {**RETRY, "reason": "away"}, receives=3),
        replaying.message("m-2", {**REJECT, "reason": "never"}), broken))


# --- --json ----------------------------------------------------------------------------------------

@replaying.test
def json_lines_have_these_members_in_this_order(desk):
    _, lines = desk.told(batch(desk))
    tap.equal([list(line) for line in lines],
              [[name for name in EVENT if name != "reason"], EVENT, EVENT, [name for name in EVENT if name != "event"],
               ["file", "document", "reply"], ["summary"]])
    tap.equal(list(summary(lines)), ["events", "ok", "retry", "reject", "p50_us", "p99_us", "peak_rss_bytes"])


@replaying.test
def json_lines_hold_these_values(desk):
    _, lines = desk.told(batch(desk))
    for line in events(lines):
        duration = line.pop("duration_us")
        assert isinstance(duration, int) and 0 <= duration < 60_000_000, duration
    same = {"file": "batch.json", "document": 1, "kind": "sqs"}
    tap.equal(lines[:4], [
        {**same, "record": 0, "event": "m-0", "outcome": "ok", "attempt": 1},
        {**same, "record": 1, "event": "m-1", "outcome": "retry", "reason": "away", "attempt": 3},
        {**same, "record": 2, "event": "m-2", "outcome": "reject", "reason": "never", "attempt": 1},
        {**same, "record": 3, "outcome": "reject", "reason": "body is null (SQS bodies are text)", "attempt": 2}])
    failed = ",".join('{"itemIdentifier":"m-%d"}' % number for number in (1, 2, 3))
    tap.equal(lines[4], {"file": "batch.json", "document": 1, "reply": '{"batchItemFailures":[%s]}' % failed})


@replaying.test
def the_summary_counts_and_measures(desk):
    _, lines = desk.told(batch(desk))
    total = summary(lines)
    tap.equal([total[name] for name in ("events", "ok", "retry", "reject")], [4, 1, 1, 2])
    assert all(isinstance(value, int) for value in total.values()), total
    assert 0 <= total["p50_us"] <= total["p99_us"] < 60_000_000, total
    assert 1 << 20 < total["peak_rss_bytes"] < 1 << 30, total


@replaying.test
def several_events_may_share_a_record(desk):
    inner = replaying.sample("s3")
    inner["Records"] = [inner["Records"][0], json.loads(json.dumps(inner["Records"][0]).replace("sequencer", "x"))]
    desk.write("a.json", replaying.sqs(replaying.message("m-0", OK), replaying.message("m-1", inner)))
    _, lines = desk.told("a.json")
    tap.equal([(line["record"], line["kind"]) for line in events(lines)], [(0, "sqs"), (1, "sqs"), (1, "sqs")])
    assert len({line["event"] for line in events(lines)}) == 3, lines


@replaying.test
def an_invocation_error_is_an_object_beside_a_reply_of_null(desk):
    desk.write("a.json", {**REJECT, "reason": "no"})
    _, lines = desk.told("a.json")
    tap.equal(list(lines[1]), ["file", "document", "reply", "error"])
    tap.equal(lines[1], {"file": "a.json", "document": 1, "reply": None,
                         "error": {"type": "Function.Reject", "message": "no"}})


@replaying.test
def bug_29_one_value_a_line_whatever_is_inside(desk):
    """localstack 3897: a dead letter with control characters was refused by the queue it should go to."""
    desk.write("a.json", replaying.sqs(replaying.message(NASTY, {**RETRY, "reason": NASTY})))
    done = desk.replay("--json", "--handler", desk.handler("told"), "a.json")
    tap.equal(len(done.stdout.split("\n")), 4)
    line = json.loads(done.stdout.split("\n")[0])
    tap.equal(line["reason"], NASTY)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stdout), "a control character in the output"


# --- for people --------------------------------------------------------------------------------------

@replaying.test
def people_read_a_line_an_event_and_a_table(desk):
    done = desk.replay("--handler", desk.handler("told"), batch(desk))
    lines = done.stdout.splitlines()
    times = r" +\d+\.\d{3} ms"
    for line, pattern in zip(lines, [
            r"sqs +told +m-0 +ok" + times + "$", r"sqs +told +m-1 +retry" + times + "  away$",
            r"sqs +told +m-2 +reject" + times + "  never$",
            r"sqs +- +- +reject" + times + r"  body is null \(SQS bodies are text\)$",
            r' +Lambda would be told {"batchItemFailures":\[{"itemIdentifier":"m-1"},.*\]}$', r"$",
            r"trigger +events +ok +retry +reject +p50 +p99$", r"sqs +4 +1 +1 +2 +\d+\.\d{3} +\d+\.\d{3} ms$",
            r" +peak RSS \d+\.\d MB$"]):
        assert re.match(pattern, line), f"{line!r} is not {pattern!r}"
    tap.equal(len(lines), 9)


@replaying.test
def the_table_has_a_row_a_trigger_and_one_for_all(desk):
    desk.write("a.json", replaying.sample("sqs"))
    desk.write("b.json", replaying.sample("s3"))
    done = desk.replay("--handler", desk.handler("told"), "a.json", "b.json")
    table = done.stdout.split("\n\n")[1].splitlines()
    tap.equal([line.split()[:2] for line in table[1:-1]], [["sqs", "2"], ["s3", "1"], ["all", "3"]])


@replaying.test
def control_characters_are_escaped_for_people(desk):
    desk.write("a.json", replaying.sqs(replaying.message("i\x1bd\n", {**RETRY, "reason": NASTY})))
    desk.write("b\x1b[2J.json", "{")
    desk.write("c.json", {**RETRY, "reason": NASTY})
    desk.write("d.json", {"json": '"\x7f"'})
    done = desk.replay("--handler", desk.handler("told"), ".")
    tap.contains(done.stdout, " i%1Bd%0A ")  # an attribute: percent-encoded
    tap.contains(done.stdout, r'"itemIdentifier":"i\u001bd\n"')
    tap.contains(done.stdout, r"  a\x1b[31m\xc2\x85b\tc\nd\x7f\x0d")
    tap.contains(done.stderr, r"./b\x1b[2J.json:1:2: error: not JSON")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]", done.stdout + done.stderr), "a control character"


@replaying.test
def a_long_reply_is_cut_for_people(desk):
    desk.write("a.json", {"json": json.dumps("x" * 1000)})
    done = desk.replay("--handler", desk.handler("told"), "a.json")
    tap.contains(done.stdout, 'Lambda would be told "' + "x" * 399 + "... (1002 bytes)\n")
    _, lines = desk.told("a.json")
    tap.equal(replies(lines), ["x" * 1000])


def on_terminal(desk, which, *arguments, **env):
    """(what came out of a terminal that is stdout or stderr, the other one)"""
    ours, theirs = os.openpty()
    other = subprocess.PIPE
    streams = {"stdout": theirs, "stderr": other} if which == "stdout" else {"stdout": other, "stderr": theirs}
    done = desk.replay(*arguments, capture_output=False, env=env, **streams)
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65536):
            text += piece
    except OSError:  # so Linux says that the other end is closed
        pass
    os.close(ours)
    return text.decode(), done.stderr if which == "stdout" else done.stdout


@replaying.test
def progress_is_shown_on_a_terminal_after_a_second(desk):
    desk.write("a.jsonl", json.dumps({"busy_ms": 1100}) + "\n{}\n")
    told = desk.handler("told")
    done = desk.replay("--handler", told, "a.jsonl")
    tap.equal((done.returncode, done.stderr), (0, ""), "no terminal")
    shown, printed = on_terminal(desk, "stderr", "--handler", told, "a.jsonl")
    assert re.fullmatch(r"(\r\x1b\[K\d+ events?, \d+ of \d+ kB)+\r\x1b\[K", shown), shown
    assert "\x1b" not in printed, printed


@replaying.test
def colours_are_for_terminals_that_want_them(desk):
    desk.write("a.jsonl", "".join(json.dumps(told) + "\n" for told in (OK, RETRY, REJECT)))
    options = ["--handler", desk.handler("told"), "a.jsonl"]
    shown, _ = on_terminal(desk, "stdout", *options, NO_COLOR="")
    for colour, word in [(32, "ok"), (33, "retry"), (31, "reject")]:
        assert re.search(rf"\x1b\[{colour}m{word} *\x1b\[0m", shown), shown
    shown, _ = on_terminal(desk, "stdout", *options, NO_COLOR="1")
    assert "\x1b" not in shown, shown
    shown, _ = on_terminal(desk, "stdout", "--json", *options, NO_COLOR="")
    assert "\x1b" not in shown, shown


# --- golden lines --------------------------------------------------------------------------------------

def golden(desk, *arguments):
    return desk.replay("--handler", desk.handler("told"), "--quiet", *arguments)


@replaying.test
def what_was_recorded_is_as_expected(desk):
    done = golden(desk, "--record", "a.expect", batch(desk))
    tap.equal(done.returncode, 1)
    done = golden(desk, "--expect", "a.expect", "batch.json")
    tap.equal((done.returncode, done.stdout), (0, "4 events: 1 ok, 1 retry, 2 reject, as expected\n"))


@replaying.test
def golden_lines_are_readable_and_hold_no_times(desk):
    desk.write("in/b.json", {**REJECT, "reason": "tab\there"})
    golden(desk, "--record", "a.expect", batch(desk), "in")
    lines = desk.path("a.expect").read_text().splitlines()
    tap.equal([line.split("\t") for line in lines if not line.startswith("#")], [
        ["batch.json#1", "sqs", "told", "m-0", "ok"], ["batch.json#1", "sqs", "told", "m-1", "retry", "away"],
        ["batch.json#1", "sqs", "told", "m-2", "reject", "never"],
        ["batch.json#1", "sqs", "-", "-", "reject", "body is null (SQS bodies are text)"],
        ["batch.json#1", "reply",
         '{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-2"},{"itemIdentifier":"m-3"}]}'],
        ["b.json#1", "unknown", "told", lines[6].split("\t")[3], "reject", r"tab\there"],
        ["b.json#1", "error", "Function.Reject", r"tab\there"]])


@replaying.test
def a_difference_is_shown_and_is_status_1(desk):
    golden(desk, "--record", "a.expect", batch(desk))
    batch_now = json.loads(desk.path("batch.json").read_text())
    batch_now["Records"][1]["body"] = json.dumps({**REJECT, "reason": "gone"})
    desk.write("batch.json", batch_now)
    done = golden(desk, "--expect", "a.expect", "batch.json")
    tap.equal(done.returncode, 1)
    tap.equal(done.stdout, "--- a.expect (expected)\n+++ what happened\n"
              "- batch.json#1\tsqs\ttold\tm-1\tretry\taway\n+ batch.json#1\tsqs\ttold\tm-1\treject\tgone\n"
              "4 events: 1 ok, 3 reject, NOT as expected: 2 lines differ\n")


@replaying.test
def differences_find_their_way_back(desk):
    """A line that is missing or new does not make all behind it differ."""
    desk.write("a.jsonl", "".join(json.dumps({"n": number}) + "\n" for number in range(20)))
    golden(desk, "--record", "a.expect", "a.jsonl")
    lines = desk.path("a.expect").read_text().splitlines(keepends=True)
    desk.write("a.expect", "".join(lines[:9] + lines[10:15] + ["something\telse\n"] + lines[15:]))
    done = golden(desk, "--expect", "a.expect", "a.jsonl")
    tap.equal(done.returncode, 1)
    tap.equal([line[0] for line in done.stdout.splitlines()[2:-1]], ["+", "-"])
    tap.equal(done.stdout.splitlines()[2][2:], lines[9].rstrip("\n"))


@replaying.test
def lines_that_are_too_few_or_too_many_differ(desk):
    desk.write("a.json", OK)
    golden(desk, "--record", "a.expect", "a.json")
    recorded = desk.path("a.expect").read_text()
    for text, signs in [("", "++"), (recorded + "more\n", "-"), (recorded.rsplit("\n", 2)[0], "+")]:
        desk.write("a.expect", text)
        done = golden(desk, "--expect", "a.expect", "a.json")
        tap.equal((done.returncode, "".join(line[0] for line in done.stdout.splitlines()[2:-1])), (1, signs))


@replaying.test
def comments_white_space_and_line_ends_do_not_count(desk):
    desk.write("a.json", OK)
    golden(desk, "--record", "a.expect", "a.json")
    recorded = desk.path("a.expect").read_text().splitlines()
    desk.write("a.expect", "\r\n# mine\r\n" + "  \r\n\r\n".join(recorded))
    tap.equal(golden(desk, "--expect", "a.expect", "a.json").returncode, 0)


@replaying.test
def what_an_expectation_holds_is_escaped_too(desk):
    desk.write("a.json", OK)
    desk.write("a.expect", "evil\x1b[31m\tline\n")
    done = golden(desk, "--expect", "a.expect", "a.json")
    tap.contains(done.stdout, "- evil\\x1b[31m\tline\n")
    assert "\x1b" not in done.stdout


@replaying.test
def an_expectation_that_cannot_be_used_is_an_error(desk):
    desk.write("a.json", OK)
    for name, status, message in [("gone", 66, "gone: No such file or directory"), (".", 66, ". cannot be read")]:
        done = golden(desk, "--expect", name, "a.json")
        tap.equal((done.returncode, done.stderr), (status, f"leat: error: {message}\n"))
    done = golden(desk, "--record", "gone/a.expect", "a.json")
    tap.equal((done.returncode, done.stderr), (73, "leat: error: gone/a.expect: No such file or directory\n"))


@replaying.test
def broken_input_is_65_as_expected_or_not(desk):
    desk.write("a.jsonl", '{"do":"ok"}\n{')
    tap.equal(golden(desk, "--record", "a.expect", "a.jsonl").returncode, 65)
    tap.equal(golden(desk, "--expect", "a.expect", "a.jsonl").returncode, 65)


@replaying.test
def an_expectation_needs_no_summary_table(desk):
    desk.write("a.json", OK)
    golden(desk, "--record", "a.expect", "a.json")
    done = desk.replay("--handler", desk.handler("told"), "--expect", "a.expect", "a.json")
    tap.equal(done.stdout.splitlines()[-1], "1 event: 1 ok, as expected")


tap.main()
