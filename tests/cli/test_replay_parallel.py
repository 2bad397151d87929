# SPDX-License-Identifier: Apache-2.0
"""`leat replay --parallel N` and `--timeout DURATION`: threads, order, and handlers that do not come back."""
import re

import replaying
import tap
from replaying import events, message, outcomes, replies, sqs, summary

SHORT = "--timeout", "50ms", "--set", "timeout_grace=50ms"


def handler(desk):
    return ["--handler", desk.handler("pooled", "-D_GNU_SOURCE", "-pthread")]


def mixed(desk, count=120):
    """Documents of many kinds; the early ones take longest. Some are in lanes, some fail, some are no payload at all."""
    words = ["ok", "retry", "ok", "reject", "ok"]
    documents = []
    for number in range(count):
        todo = {"do": words[number % 5], "n": 40000 * (number % 7 == 0)}
        documents.append(todo if number % 3 == 0 else sqs(*[
            message(f"m-{number}-{index}", todo if index % 2 else {"do": "ok"}, group=f"g{index % 3}" if number % 2 else None)
            for index in range(number % 6)]))
    lines = [replaying.json.dumps(document) for document in documents]
    desk.write("mixed.jsonl", "\n".join(lines[:80]) + "\n")
    desk.write("torn.jsonl", "\n".join(lines[80:90]) + '\n{"do": tear}\n')
    desk.write("rest.jsonl", "\n".join(lines[90:]) + "\n")
    return ["mixed.jsonl", "torn.jsonl", "missing-form.json", "rest.jsonl"]


def files(desk):
    names = mixed(desk)
    desk.write("missing-form.json", "[1, 2")
    return names


def without_times(text):
    text = re.sub(r'"(duration_us|p50_us|p99_us|peak_rss_bytes)":\d+', r'"\1":0', text)
    text = re.sub(r" +\d+\.\d{3}( ms)?", "", text)
    return re.sub(r"peak RSS .*", "", text)


def same(desk, *arguments):
    """What both say but for times: with one slot and with eight."""
    told = []
    for parallel in ("1", "8"):
        done = desk.replay(*handler(desk), "--parallel", parallel, *arguments)
        told.append((done.returncode, without_times(done.stdout), done.stderr))
    tap.equal(told[1], told[0])
    return told[0]


@replaying.test
def what_is_told_is_the_same_to_the_byte(desk):
    names = files(desk)
    status, text, talk = same(desk, *names)
    tap.equal(status, 65)
    assert text.count("Lambda would be told") > 100 and talk.count("error") >= 2, talk
    status, text, _ = same(desk, "--json", *names)
    assert text.count('"outcome"') > 150 and text.count('"error":{"code"') == 2, text[-2000:]


@replaying.test
def repeat_and_only_too(desk):
    names = files(desk)
    _, text, _ = same(desk, "--json", "--repeat", "3", "mixed.jsonl", "rest.jsonl")
    assert text.count('"outcome"') > 300, text.count('"outcome"')
    _, text, _ = same(desk, "--json", "--only", "m-4", *names)
    assert 3 < text.count('"outcome"') < 100, text.count('"outcome"')
    same(desk, "--quiet", *names)


@replaying.test
def golden_lines_too(desk):
    names = files(desk)
    for parallel in ("1", "8"):
        desk.replay(*handler(desk), "--parallel", parallel, "--record", f"{parallel}.expect", *names)
    tap.equal(desk.path("8.expect").read_text(), desk.path("1.expect").read_text())
    assert len(desk.path("1.expect").read_text().splitlines()) > 200
    done = desk.replay(*handler(desk), "--parallel", "8", "--expect", "1.expect", "mixed.jsonl", "rest.jsonl", "--quiet")
    tap.contains(done.stdout, "NOT as expected")
    desk.replay(*handler(desk), "--record", "good.expect", "mixed.jsonl", "rest.jsonl")
    done = desk.replay(*handler(desk), "--parallel", "8", "--expect", "good.expect", "mixed.jsonl", "rest.jsonl", "--quiet")
    tap.contains(done.stdout, ", as expected")
    tap.equal(done.returncode, 0)


# --- threads ------------------------------------------------------------------------------------------------

@replaying.test
def as_many_documents_as_asked_for_are_under_way_at_once(desk):
    desk.write("meet.jsonl", '{"do":"meet","of":6}\n' * 6)
    status, lines = desk.lines(*handler(desk), "--parallel", "6", "meet.jsonl")
    tap.equal((status, outcomes(lines)), (0, ["ok"] * 6))


@replaying.test
def however_many_records_they_have(desk):
    others = [message(f"m-{number}", {"do": "ok"}) for number in range(30)]
    desk.write("meet.jsonl", (replaying.json.dumps(sqs(message("m", {"do": "meet", "of": 40}), *others)) + "\n") * 40)
    status, lines = desk.lines(*handler(desk), "--parallel", "40", "meet.jsonl")
    tap.equal((status, outcomes(lines)), (0, ["ok"] * 31 * 40))


@replaying.test
def the_records_of_one_document_run_at_once_too(desk):
    desk.write("meet.json", sqs(*[message(f"m-{number}", {"do": "meet", "of": 4}) for number in range(4)]))
    status, lines = desk.lines(*handler(desk), "--parallel", "4", "meet.json")
    tap.equal((status, outcomes(lines)), (0, ["ok"] * 4))


@replaying.test
def a_group_stays_in_order(desk):
    desk.write("fifo.json", sqs(*[message(f"m-{number}", {"do": "retry" if number == 2 else "ok"}, queue="orders.fifo",
                                          group="g") for number in range(5)]))
    _, lines = desk.lines(*handler(desk), "--parallel", "8", "fifo.json")
    tap.equal(outcomes(lines), ["ok", "ok", "retry", "retry", "retry"])
    tap.equal([line.get("reason") for line in events(lines)][3:], ["behind a failed one of its lane"] * 2)


@replaying.test
def no_thread_is_started_unless_asked_for(desk):
    desk.write("tasks.json", {"do": "tasks"})
    for arguments, tasks in (([], 1), (["--parallel", "1"], 1), (["--timeout", "1m"], 2), (["--set", "timeout=1m"], 2),
                             (["--parallel", "3"], 4)):
        _, lines = desk.lines(*handler(desk), *arguments, "tasks.json")
        tap.equal(replies(lines), [tasks], arguments)


@replaying.test
def an_init_that_fails_in_a_thread_stops_it_too(desk):
    desk.write("a.json", {})
    done = desk.replay("--handler", desk.handler("init_fails"), "--parallel", "4", "a.json")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "init failed")


# --- timeouts -------------------------------------------------------------------------------------------------

@replaying.test
def a_handler_that_hangs_is_told_and_ends_it_with_70(desk):
    desk.write("hang.jsonl", '{"do":"ok"}\n{"do":"hang"}\n{"do":"reject"}\n')
    done = desk.replay("--json", *handler(desk), *SHORT, "hang.jsonl")
    lines = [replaying.json.loads(line) for line in done.stdout.splitlines()]
    tap.equal(done.returncode, 70)
    tap.equal(outcomes(lines), ["ok", "retry"])
    tap.equal(events(lines)[1]["reason"], "timed out after 50 ms")
    tap.equal(replies(lines)[1], ("Function.Timeout", "timed out after 50 ms"))
    tap.equal(summary(lines)["events"], 2)
    last = done.stderr.splitlines()[-1]
    tap.equal(last, "leat: error: 1 slot is lost: handler pooled did not return within 50 ms of its timeout")


@replaying.test
def with_more_slots_all_else_is_done(desk):
    desk.write("hang.jsonl", '{"do":"hang"}\n' + '{"do":"ok"}\n{"do":"reject"}\n' * 20)
    done = desk.replay("--json", *handler(desk), "--parallel", "3", *SHORT, "--record", "hang.expect", "hang.jsonl")
    lines = [replaying.json.loads(line) for line in done.stdout.splitlines()]
    tap.equal(done.returncode, 70)
    tap.equal(outcomes(lines), ["retry"] + ["ok", "reject"] * 20)
    tap.contains(done.stderr, "1 slot is lost")
    tap.contains(desk.path("hang.expect").read_text(), "\tretry\ttimed out after 50 ms\n")


@replaying.test
def when_all_slots_hang_the_rest_is_given_back(desk):
    desk.write("hang.json", sqs(message("m-1", {"do": "hang"}), message("m-2", {"do": "hang"}), message("m-3", {"do": "ok"})))
    done = desk.replay("--json", *handler(desk), "--parallel", "2", *SHORT, "hang.json")
    lines = [replaying.json.loads(line) for line in done.stdout.splitlines()]
    tap.equal(done.returncode, 70)
    tap.equal([line["reason"] for line in events(lines)],
              ["timed out after 50 ms", "timed out after 50 ms", "no slot is left to run it"])
    tap.equal(len(replies(lines)[0]["batchItemFailures"]), 3)
    tap.contains(done.stderr, "2 slots are lost")


@replaying.test
def a_handler_that_heeds_its_cancellation_is_not_lost(desk):
    desk.write("wait.jsonl", '{"do":"wait"}\n{"do":"ok"}\n')
    status, lines = desk.lines(*handler(desk), "--timeout", "50ms", "--set", "timeout_grace=1m", "wait.jsonl")
    tap.equal((status, outcomes(lines)), (1, ["retry", "ok"]))
    tap.equal(events(lines)[0]["reason"], "cancelled")


@replaying.test
def the_time_of_an_invocation_is_enforced_too(desk):
    desk.write("hang.json", {"do": "hang"})
    done = desk.replay("--json", *handler(desk), "--parallel", "2", "--time", "80ms", "--set", "timeout_grace=20ms", "hang.json")
    tap.equal(done.returncode, 70)
    tap.contains(done.stdout, '"reason":"timed out after ')


@tap.test
def wrong_values_are_told():
    for arguments, words in ((["--parallel", "0"], "--parallel wants a number from 1 to 1024"),
                             (["--parallel", "1025"], "--parallel wants a number from 1 to 1024"),
                             (["--parallel", "x"], "--parallel wants a number from 1 to 1024"),
                             (["--timeout", "30"], "--timeout wants a duration"),
                             (["--timeout", "0s"], "--timeout wants a duration")):
        done = tap.leat("replay", *arguments, "x.json")
        tap.equal(done.returncode, 64, arguments)
        tap.contains(done.stderr, words)


tap.main()
