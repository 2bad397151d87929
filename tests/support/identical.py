# SPDX-License-Identifier: Apache-2.0
"""For tests that all modes are one code path: payloads, and what the handler `journal` sees of them in each mode.

Texts are pairs of a name and a payload. `settings` are more settings of the handler.
"""
import json
import pathlib

import replaying
import runtime_api
import tap

DECODER = json.JSONDecoder()
ALL_OK = {"outcome": "ok"}  # settings with which a shard has no end before its last record


def documents(text):
    """The exact texts of the JSON values of a file; none if it holds anything else."""
    found, at = [], 0
    while at < len(text):
        if text[at] in " \t\r\n":
            at += 1
            continue
        try:
            end = DECODER.raw_decode(text, at)[1]
        except (json.JSONDecodeError, RecursionError):
            return []
        found.append(text[at:end])
        at = end
    return found


def texts_of(paths):
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            continue
        yield from ((f"{path.parent.name}/{path.name}", text) for text in documents(text))


def samples():
    for line in tap.must(tap.BUILD / "leat", "sample").stdout.splitlines():
        trigger = line.split()[0]
        yield f"sample {trigger}", tap.must(tap.BUILD / "leat", "sample", trigger).stdout.strip()
        done = tap.leat("sample", "--records", "40", trigger)
        if done.returncode == 0:  # requests have no records
            yield f"sample {trigger} --records 40", done.stdout.strip()


def own():
    """Those of the tree."""
    texts = [*samples(), *texts_of(sorted((tap.ROOT / "handlers").glob("*/events/*.json")))]
    assert len(texts) > 25, len(texts)
    return texts


def recorded():
    if not tap.EVENTS:
        raise tap.Skip("LEAT_EVENTS names no folder of recorded payloads")
    texts = list(texts_of(sorted(path for path in pathlib.Path(tap.EVENTS).rglob("*") if path.is_file())))
    assert len(texts) > 100, len(texts)
    return texts


def broken():
    """Payloads that are broken, or have broken records, or are odd."""
    good, change = replaying.message("m0", "x"), replaying.change("5", "ok")
    texts = [json.dumps(payload) for payload in [
        {"Records": [good, {**good, "messageId": 5}]}, {"Records": [good, change]}, {"Records": [5]},
        {"Records": {}}, {"Records": [{**good, "body": None}]}, {"Records": [change | {"dynamodb": 5}]},
        {"requestContext": {"elb": {}}}, {"version": "2.0", "requestContext": {"http": {"method": 5}}}, [], {}, None, 5,
        "x", {"awslogs": {"data": "H4sI"}}, {"detail-type": 5, "source": "a", "detail": {}},
        {"a": "\x00", "b": "\ud83d\ude00"},
        {"specversion": "1.0", "id": "", "source": "/", "type": "t"}, {"eventSource": "aws:kafka", "records": {"a": 5}},
    ]] + ['{"a":1e400,"b":12345678901234567890123,"a":2}', '{"a":"\\u0000b"}']
    return [(text[:60], text) for text in texts]


# --- what each mode makes of them ----------------------------------------------------------------------------------


def replayed(desk, texts, handler="journal", **settings):
    """Per text: None for those that only files unwrap, else (is an error, what it says), and the whole journal."""
    return answers_of(replay(desk, texts, handler, **settings))


def replay(desk, texts, handler="journal", **settings):
    """The lines of `replay --json`; text NUMBER is the file of that name."""
    for number, (_, text) in enumerate(texts):
        desk.write(f"in/{number:05d}.json", text if isinstance(text, bytes) else text.encode())
    sets = [word for name, value in {"out": desk.path("replay.txt"), **settings}.items()
            for word in ["--set", f"settings.{name}={value}"]]
    _, lines = desk.lines("--handler", built(handler), *sets, "in")
    return lines[:-1]


def built(handler):
    """journal, or journal_raw: the same, which gets payloads as they are."""
    if handler == "journal_raw":
        return replaying.handler(handler, "-DFLAGS=LEAT_RAW", source="journal")
    return replaying.handler(handler)


def number_of(line):
    return int(pathlib.Path(line["file"]).stem)


def answers_of(lines):
    answers = {}
    for line in lines:
        if "form" in line:
            answers[number_of(line)] = None
        elif "reply" in line:
            error = line.get("error")
            answers[number_of(line)] = (line["reply"], error and (error["type"], error["message"]))
    return answers


def invoked(desk, texts, wanted, handler="journal", **settings):
    """The same from one process under the Runtime API."""
    answers = {}
    settings = json.dumps({"out": str(desk.path("lambda.txt")), **settings})
    with runtime_api.Function(built(handler), env={"LEAT_SETTINGS": settings}) as function:
        for number, (_, text) in enumerate(texts):
            if wanted[number] is not None:
                answer = function.invoke(text if isinstance(text, bytes) else text.encode(), deadline_ms=900000)
                failed = answer.path == "error"
                answers[number] = ((None, (answer.error, answer.message)) if failed
                                   else (answer.body.decode(), None))
        tap.equal({request.connection for request in function.api.requests}, {1})
        tap.equal(function.stop().status, 0)
    return answers


def journal(desk, name):
    path = desk.path(name)
    return path.read_bytes().splitlines() if path.exists() else []


def by_lane(events):
    """Of events with different partition keys the order is nobody's business: a batch may be run lane by lane."""
    return sorted(events, key=lambda event: json.loads(event.split(b" ", 1)[1]).get("partitionkey", ""))


def equal_journals(desk, one, other, order=list):
    """Returns it."""
    wanted, got = order(journal(desk, one)), order(journal(desk, other))
    for number, (before, after) in enumerate(zip(wanted, got)):
        tap.equal(after, before, f"event {number} of {other}")
    tap.equal(len(got), len(wanted), f"events of {other}")
    return wanted


def without_forms(texts, answers):
    """Those that are payloads, not files that replay unwraps."""
    return [text for number, text in enumerate(texts) if answers[number] is not None]
