# SPDX-License-Identifier: Apache-2.0
"""`leat replay`: what it reads, in which order, and how it ends."""
import json
import os
import select
import subprocess
import time

import replaying
import tap
from replaying import events, outcomes, replies, summary

OK, RETRY = {"do": "ok"}, {"do": "retry"}


def order(lines):
    """(file, document) of each event."""
    return [(line["file"], line["document"]) for line in events(lines)]


def fault(lines):
    """The one error line."""
    faults = [line for line in lines if "error" in line and "reply" not in line]
    tap.equal(len(faults), 1, "errors")
    return faults[0]


# --- files ---------------------------------------------------------------------------------------

@replaying.test
def files_come_in_the_order_given(desk):
    for name in ["b.json", "a.json", "c.txt"]:
        desk.write(name, OK)
    _, lines = desk.told("b.json", "c.txt", "a.json", "b.json")
    tap.equal(order(lines), [("b.json", 1), ("c.txt", 1), ("a.json", 1), ("b.json", 1)])


@replaying.test
def folders_are_read_whole_in_byte_order(desk):
    wanted = ["./10.json", "./9.jsonl", "./B.json", "./a.json", "./a/z.ndjson", "./a/zz/y.json", "./\u00e9.json"]
    for name in wanted + ["./notes.txt", "./a.json.bak", "./a/README.md", "./json", "./x.JSON"]:
        desk.write(name, OK)
    _, lines = desk.told(".")
    tap.equal([name for name, _ in order(lines)], sorted(wanted, key=lambda name: name.encode().split(b"/")))


@replaying.test
def a_hidden_file_of_a_folder_is_a_file(desk):
    desk.write("d/.a.json", OK)
    tap.equal(order(desk.told("d")[1]), [("d/.a.json", 1)])


@replaying.test
def folders_that_hold_themselves_end(desk):
    desk.write("d/a.json", OK)
    desk.write("d/e/b.json", OK)
    for name in ["d/one", "d/two", "d/e/three"]:
        desk.path(name).symlink_to(desk.path("d"))
    status, lines = desk.told("d", timeout=60)
    tap.equal((status, order(lines)), (0, [("d/a.json", 1), ("d/e/b.json", 1)]))


@replaying.test
def links_elsewhere_are_followed(desk):
    desk.write("there/a.json", OK)
    desk.path("here").mkdir()
    desk.path("here/link").symlink_to(desk.path("there"))
    desk.path("here/b.json").symlink_to(desk.path("there/a.json"))
    desk.path("here/c.json").symlink_to(desk.path("nothing"))
    tap.equal(order(desk.told("here")[1]), [("here/b.json", 1), ("here/link/a.json", 1)])


@replaying.test
def a_pattern_that_no_shell_expanded_is_expanded(desk):
    for name in ["ab.json", "ac.json", "b.json", "ad/x.json"]:
        desk.write(name, OK)
    tap.equal(order(desk.told("a*")[1]), [("ab.json", 1), ("ac.json", 1), ("ad/x.json", 1)])
    desk.write("[x].json", OK)
    tap.equal(order(desk.told("[x].json")[1]), [("[x].json", 1)])


@replaying.test
def a_missing_file_is_66_before_anything_runs(desk):
    desk.write("a.json", OK)
    desk.path("empty").mkdir()
    for name, message in [("gone.json", "gone.json: No such file"), ("gone*", "gone*: No such file"),
                          ("empty", "empty: no *.json, *.jsonl or *.ndjson file in it"),
                          ("a.json/x", "a.json/x: Not a directory")]:
        done = desk.replay("--handler", desk.handler("told"), "a.json", name)
        tap.equal((done.returncode, done.stdout), (66, ""), name)
        tap.contains(done.stderr, f"leat: error: {message}")


@replaying.test
def an_unreadable_file_is_66_and_the_others_run(desk):
    if os.geteuid() == 0:
        raise tap.Skip("root may read everything")
    desk.write("a.json", OK)
    desk.path("a.json").chmod(0)
    desk.write("b.json", OK)
    status, lines = desk.told("a.json", "b.json")
    tap.equal((status, order(lines)), (66, [("b.json", 1)]))


# --- documents -------------------------------------------------------------------------------------

@replaying.test
def a_file_may_hold_many_documents(desk):
    texts = {"lines.jsonl": '{"do":"ok"}\n{"do":"ok"}\n\n{"do":"ok"}\n', "glued.json": '{"do":"ok"}{"do":"ok"}{"do":"ok"}',
             "spread.json": '\r\n{\n"do"\n:\n"ok"\n}\n\t{"do":\n"ok"}   {"do":"ok"}', "scalars.json": '1 "two" null'}
    for name, text in texts.items():
        desk.write(name, text)
        status, lines = desk.told(name)
        tap.equal((status, order(lines)), (0, [(name, 1), (name, 2), (name, 3)]), name)


@replaying.test
def an_empty_batch_does_not_end_the_file(desk):
    """Once what stood behind a delivery without units was passed over, and nobody was told."""
    desk.write("a.jsonl", '{"Records":[]}\n{"Records":[]}\n{"do":"retry"}\n')
    status, lines = desk.told("a.jsonl")
    tap.equal((status, order(lines), len(replies(lines))), (1, [("a.jsonl", 3)], 3))


@replaying.test
def a_payload_that_cannot_be_decoded_does_not_end_the_file(desk):
    mixed = replaying.sqs(replaying.message("m", "x"))
    mixed["Records"].append(replaying.sample("s3")["Records"][0])
    desk.write("a.jsonl", json.dumps(mixed) + "\n" + json.dumps(OK))
    status, lines = desk.told("a.jsonl")
    tap.equal((status, order(lines)), (1, [("a.jsonl", 2)]))
    tap.equal(replies(lines), [("Runtime.UnmarshalError", "Records mixes records of several sources"), None])


@replaying.test
def standard_input_is_a_dash(desk):
    desk.write("a.json", OK)
    status, lines = desk.told("a.json", "-", input='{"n":1}\n{"n":2}')
    tap.equal((status, order(lines)), (0, [("a.json", 1), ("-", 1), ("-", 2)]))


@replaying.test
def a_document_runs_as_soon_as_it_is_there(desk):
    """Neither a newline nor the end of input is waited for when the last bracket has come."""
    command = [tap.BUILD / "leat", "replay", "--quiet", "--handler", desk.handler("life"), "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        for wanted in (1, 2):
            child.stdin.write(b'{"n": [1, "}"]}')
            child.stdin.flush()
            seen = b""
            while b"life: handle" not in seen:
                assert select.select([child.stderr], [], [], 60)[0], f"document {wanted} did not run: {seen}"
                seen += os.read(child.stderr.fileno(), 4096)
        child.stdin.close()
        tap.equal(child.stdout.read(), b"2 events: 2 ok\n")


@replaying.test
def a_byte_order_mark_is_no_part_of_the_document(desk):
    desk.write("a.json", b"\xef\xbb\xbf" + json.dumps(OK).encode())
    tap.equal(desk.told("a.json")[0], 0)
    desk.write("b.json", b"\xef\xbb\xbf{]")
    status, lines = desk.told("b.json")
    error = fault(lines)["error"]
    tap.equal((status, error["offset"], error["line"], error["column"]), (65, 4, 1, 2))
    desk.write("c.json", b"{}\xef\xbb\xbf{}")
    tap.equal(desk.told("c.json")[0], 65)


@replaying.test
def a_closed_standard_input_is_66(desk):
    command = ["sh", "-c", 'exec "$@" <&-', "sh", tap.BUILD / "leat", "replay", "--handler", desk.handler("told"), "-"]
    done = tap.run(*command)
    tap.equal((done.returncode, done.stderr), (66, "leat: error: -: Bad file descriptor\n"))


# --- broken input ----------------------------------------------------------------------------------

@replaying.test
def what_stands_before_the_broken_document_is_run(desk):
    desk.write("a.jsonl", '{"do":"ok"}\n{"do":"retry"}\n{"do":\n')
    desk.write("b.json", OK)
    status, lines = desk.told("a.jsonl", "b.json")
    tap.equal((status, outcomes(lines)), (65, ["ok", "retry", "ok"]))
    tap.equal(fault(lines), {"file": "a.jsonl", "document": 3, "error": {
        "code": "not-json", "offset": 34, "line": 4, "column": 1,
        "message": "not JSON: the file ends inside an object that starts at line 3, column 1"}})
    tap.equal(summary(lines)["events"], 3)


@replaying.test
def broken_input_is_told_to_people_with_its_place(desk):
    desk.write("a.json", '{"do":"ok"}\n{"do" "ok"}')
    done = desk.replay("--handler", desk.handler("told"), "a.json")
    tap.equal(done.returncode, 65)
    tap.equal(done.stderr, "a.json:2:7: error: not JSON: a ':' is missing behind a member's name\n")
    tap.contains(done.stdout, "told")


@replaying.test
def every_kind_of_broken_input_is_65(desk):
    deep = "[" * 1001 + "]" * 1001
    for text, code, part in [(b"", "not-json", "nothing in it"), (b" \n", "not-json", "nothing in it"),
                             (b"\x7fELF\x02\x01\x00", "not-json", "no value starts like this"),
                             (b"\x00" * 4096, "not-json", "no value starts like this"),
                             (b'{"a":"\xff"}', "not-json", "not UTF-8"), (b'"abc', "not-json", "inside a string"),
                             (b"{} ]", "not-json", "no value starts like this"), (b"tru", "not-json", "inside a word"),
                             (deep.encode(), "too-deep", "deeper than 1000 levels")]:
        desk.write("a.json", text)
        status, lines = desk.told("a.json")
        error = fault(lines)["error"]
        tap.equal((status, error["code"]), (65, code), text[:20])
        tap.contains(error["message"], part)


@replaying.test
def a_payload_over_the_limit_is_65_and_says_what_raises_it(desk):
    desk.write("a.json", {"pad": "x" * 5000})
    desk.write("b.json", OK)
    for limit in ["limits.payload=4kB", "limits.memory=4kB"]:
        status, lines = desk.told("--set", limit, "a.json", "b.json")
        tap.equal((status, fault(lines)["error"]["code"], order(lines)), (65, "too-big", [("b.json", 1)]), limit)
        done = desk.replay("--handler", desk.handler("told"), "--set", limit, "a.json", "b.json")
        tap.contains(done.stderr, "a.json:1:1: error: ")
        tap.contains(done.stderr, "--set limits.payload=")


@replaying.test
def not_json_wins_over_outcomes_and_a_lesser_failure(desk):
    desk.write("a.json", RETRY)
    desk.write("b.json", "{")
    tap.equal(desk.told("a.json")[0], 1)
    tap.equal(desk.told("a.json", "b.json")[0], 65)
    tap.equal(desk.told("b.json", "a.json")[0], 65)


# --- size ------------------------------------------------------------------------------------------

@replaying.test
def six_megabytes_through_a_pipe_are_quick(desk):
    """Once the whole was scanned again for each piece that a pipe brought: the square of its length."""
    text = json.dumps({"do": "ok", "list": [["x" * 50]] * 100000})
    assert len(text) > 5 << 20, len(text)
    start = time.monotonic()
    status, lines = desk.told("-", input=text)
    seconds = time.monotonic() - start
    tap.equal((status, outcomes(lines)), (0, ["ok"]))
    assert seconds < 5, f"{seconds:.1f} s"


@replaying.test
def ten_thousand_records_of_one_batch_are_quick(desk):
    bodies = [{"do": "ok" if number % 100 else "reject"} for number in range(10000)]
    desk.write("a.json", replaying.sqs(*(replaying.message(f"m-{n}", body) for n, body in enumerate(bodies))))
    start = time.monotonic()
    status, lines = desk.told("a.json")
    seconds = time.monotonic() - start
    tap.equal((status, summary(lines)["events"], summary(lines)["reject"]), (1, 10000, 100))
    tap.equal([item["itemIdentifier"] for item in replies(lines)[0]["batchItemFailures"]],
              [f"m-{number}" for number in range(0, 10000, 100)])
    tap.equal([line["record"] for line in events(lines)], list(range(10000)))
    assert seconds < 10, f"{seconds:.1f} s"


@replaying.test
def ten_thousand_messages_of_one_group_are_quick(desk):
    records = [replaying.message(f"m-{n}", OK, "q.fifo", "g") for n in range(10000)]
    desk.write("a.json", replaying.sqs(*records))
    start = time.monotonic()
    status, lines = desk.told("a.json")
    tap.equal((status, summary(lines)["ok"]), (0, 10000))
    assert time.monotonic() - start < 10


# --- output that cannot be written ----------------------------------------------------------------------

@replaying.test
def a_closed_standard_output_is_74(desk):
    desk.write("a.json", OK)
    for json_too in [[], ["--json"]]:
        command = ["sh", "-c", 'exec "$@" >&-', "sh", tap.BUILD / "leat", "replay", *json_too, "--handler",
                   desk.handler("told"), desk.path("a.json")]
        done = tap.run(*command)
        tap.equal(done.returncode, 74)
        tap.contains(done.stderr, "leat: error: cannot write to standard output")


@replaying.test
def a_full_device_is_74(desk):
    if not os.path.exists("/dev/full"):
        raise tap.Skip("no /dev/full here")
    desk.write("a.json", OK)
    with open("/dev/full", "w") as full:
        done = desk.replay("--handler", desk.handler("told"), "a.json", capture_output=False, stdout=full,
                           stderr=subprocess.PIPE)
    tap.equal(done.returncode, 74)
    tap.contains(done.stderr, "No space left on device")


@replaying.test
def a_reader_that_has_seen_enough_needs_no_message(desk):
    desk.write("a.jsonl", '{"do":"ok"}\n' * 5000)
    command = [tap.BUILD / "leat", "replay", "--json", "--handler", desk.handler("told"), desk.path("a.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.readline()
        child.stdout.close()
        errors = child.stderr.read()
    tap.equal((child.returncode, errors), (74, b""))


@replaying.test
def nothing_but_results_is_printed_where_there_is_no_terminal(desk):
    desk.write("a.jsonl", '{"do":"ok"}\n' * 2000)
    done = desk.replay("--handler", desk.handler("told"), "--repeat", "20", "a.jsonl")
    tap.equal((done.returncode, done.stderr), (0, ""))
    assert "\x1b" not in done.stdout and "\r" not in done.stdout, "an escape for terminals"


tap.main()
