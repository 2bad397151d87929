# SPDX-License-Identifier: Apache-2.0
"""The worker is the same code path as replay and Lambda: its handler sees the same bytes of every payload there is."""
import json

import identical
import tap
import working

SPOOL = "{type: spool, path: spool, keep_done: true, max_in_flight: 1}"  # one file at a time: the order is told


def spooled(desk, texts, handler="journal", **settings):
    """All of them through one worker, one after the other, each as a file of its own."""
    settings = json.dumps({"out": str(desk.path("worker.txt")), **settings})
    desk.write("leat.yaml", f"handler: {identical.built(handler)}\nconcurrency: 1\nsettings: {settings}\n"
                            f"sources: {{inbox: {SPOOL}}}\n")
    for number, (_, text) in enumerate(texts):
        desk.put_as(f"{number:05d}.json", text)
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0, done.stderr[-2000:])
    folders = desk.folders()
    tap.equal(sorted([*folders.pop("done", []), *folders.pop("failed", [])]),
              [f"{number:05d}.json" for number in range(len(texts))], "files that are done or failed")
    tap.equal(folders, {}, "what is left")


def is_shown_dead(desk, lines):
    """What replay rejects or fails without a run is a dead letter with the same reason, and its file is in failed/."""
    wanted = []
    for line in lines:
        if line.get("outcome") == "reject":
            wanted.append((line["file"].split("/")[-1], line["reason"]))
        elif line.get("error"):
            wanted.append((line["file"].split("/")[-1], line["error"]["message"]))
    tap.equal([(letter["position"], letter["reason"]) for letter in desk.dead()], wanted, "dead letters")
    tap.equal(desk.folders().get("failed", []), sorted({name for name, _ in wanted}), "failed")
    return wanted


def compared(desk, texts, handler="journal"):
    lines = identical.replay(desk, texts, handler, **identical.ALL_OK)
    wanted = identical.answers_of(lines)
    if None in wanted.values():  # what only files unwrap
        texts = identical.without_forms(texts, wanted)
        desk = working.Desk(desk.path("without-forms"))
        lines = identical.replay(desk, texts, handler, **identical.ALL_OK)
        wanted = identical.answers_of(lines)
    identical.invoked(desk, texts, wanted, handler, **identical.ALL_OK)
    spooled(desk, texts, handler, **identical.ALL_OK)
    identical.equal_journals(desk, "replay.txt", "lambda.txt")
    events = identical.equal_journals(desk, "replay.txt", "worker.txt", identical.by_lane)
    dead = is_shown_dead(desk, lines)
    print(f"# {len(texts)} payloads, {len(events)} events, {len(dead)} dead letters")
    return events, dead


@working.test
def the_payloads_of_the_tree(desk):
    events, dead = compared(desk, identical.own())
    assert len({event.split(b" ")[0] for event in events}) >= 12, "kinds"
    tap.equal(dead, [])


@working.test
def the_recorded_payloads(desk):
    compared(desk, identical.recorded())


@working.test
def payloads_that_are_broken_and_broken_records_among_good_ones(desk):
    events, dead = compared(desk, identical.broken())
    assert len(events) > 8 and len(dead) > 5, (events, dead)


@working.test
def a_raw_handler_gets_the_bytes_of_each_file(desk):
    texts = [*identical.own(), *identical.broken(), ("no JSON", "a,b\n1,2\n"), ("no UTF-8", b"\xff\x00\xfe"),
             ("lines", '{"a":1}\n{"b":2}\n')]
    events, _ = compared(desk, texts, "journal_raw")
    tap.equal(len(events), len(texts))


@working.test
def what_a_rejected_event_leaves_is_what_its_handler_saw(desk):
    texts = [*identical.own(), *identical.broken()]
    identical.replayed(desk, texts, **identical.ALL_OK)
    spooled(desk, texts, outcome="reject")
    saw = identical.equal_journals(desk, "replay.txt", "worker.txt", identical.by_lane)
    told = [(letter["kind"], letter["event"]) for letter in desk.dead() if "event" in letter]
    told.sort(key=lambda pair: pair[1].get("partitionkey", ""))
    for line, (_, event) in zip(saw, told):
        tap.equal(event, json.loads(line.split(b" ", 1)[1]))
    tap.equal(len(told), len(saw))
    tap.equal({letter.get("handler") for letter in desk.dead() if "event" in letter}, {"journal"})


@working.test
def what_comes_again_is_the_same_however_many_run_at_once(desk):
    texts = identical.own()
    identical.replayed(desk, texts, **identical.ALL_OK)
    desk.configure(f"settings: {{out: {desk.path('worker.txt')}}}\n", handler="journal",
                   inbox="{type: spool, path: spool, max_attempts: 3, breaker: {failures: 0}, backoff: {base: 1ms}}")
    desk.put(*[text for _, text in texts])
    tap.equal(desk.run("--until-idle", "--set", "concurrency=4").returncode, 0)
    saw = identical.journal(desk, "worker.txt")
    tap.equal(set(saw), set(identical.journal(desk, "replay.txt")))
    given_up = [letter for letter in desk.dead() if letter["reason"].startswith("given up after 3 attempts: digest ")]
    assert len(given_up) > 10 and len(desk.dead()) > len(given_up), desk.dead()
    tap.equal({letter["attempts"] for letter in given_up}, {3})
    assert "new" not in desk.folders() and "cur" not in desk.folders(), desk.folders()


# --- files ---------------------------------------------------------------------------------------------------------


def flat(text):
    return json.dumps(json.loads(text))


@working.test
def a_file_of_lines_is_its_payloads_one_after_the_other(desk):
    texts = identical.own()
    lines = "\n".join(flat(text) for _, text in texts)
    files = [("all", lines + "\n"), ("spaced", "\r\n\n".join(flat(text) for _, text in texts[:5]))]
    identical.replayed(desk, files, **identical.ALL_OK)
    spooled(desk, files, **identical.ALL_OK)
    events = identical.equal_journals(desk, "replay.txt", "worker.txt", identical.by_lane)
    assert len(events) > len(texts), len(events)
    tap.equal(desk.dead(), [])


@working.test
def a_line_that_is_broken_is_one_record(desk):
    good = flat(identical.own()[0][1])
    spooled(desk, [("between", f"{good}\n{{\"a\":\n{good}\n")], **identical.ALL_OK)
    spooled_events = identical.journal(desk, "worker.txt")
    tap.equal(len(spooled_events) % 2, 0)
    tap.equal(spooled_events[:len(spooled_events) // 2], spooled_events[len(spooled_events) // 2:])
    letter, = desk.dead()
    tap.equal((letter["payload_text"], letter["position"]), ('{"a":', "00000.json"))
    tap.equal(desk.folders(), {"failed": ["00000.json"]})


@working.test
def what_is_no_json_is_one_dead_letter_with_its_bytes(desk):
    texts = [("text", "hello"), ("half", '{"a": 1'), ("bytes", b"\xff\xfe\x00"), ("lines", "a\nb\n"),
             ("deep", "[" * 2000)]
    spooled(desk, texts, **identical.ALL_OK)
    tap.equal(identical.journal(desk, "worker.txt"), [])
    letters = desk.dead()
    tap.equal([letter.get("payload_text") for letter in letters], ["hello", '{"a": 1', None, "a\nb\n", "[" * 2000])
    tap.equal(letters[2]["payload_base64"], "//4A")
    for number, (name, text) in enumerate(texts):
        original = desk.path(f"spool/failed/{number:05d}.json").read_bytes()
        tap.equal(original, text if isinstance(text, bytes) else text.encode(), name)


@working.test
def a_file_without_an_event_is_done(desk):
    texts = [("empty", ""), ("white", " \r\n\t\n"), ("no records", '{"Records":[]}'), ("twice", '{"Records":[]}\n' * 2)]
    spooled(desk, texts, **identical.ALL_OK)
    tap.equal((identical.journal(desk, "worker.txt"), desk.dead()), ([], []))
    tap.equal(len(desk.folders()["done"]), 4)


tap.main()
