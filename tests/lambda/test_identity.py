# SPDX-License-Identifier: Apache-2.0
"""Replay and Lambda are one code path: for every payload there is, the envelopes and the answer are the same bytes."""
import json
import pathlib

import replaying
import runtime_api
import tap

DECODER = json.JSONDecoder()


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


def replayed(desk, texts):
    """Per text: None for those that only files unwrap, else (is an error, what it says), and the whole journal."""
    for number, (_, text) in enumerate(texts):
        desk.write(f"in/{number:05d}.json", text.encode())
    answers = {}
    _, lines = desk.lines("--handler", replaying.handler("journal"), "--set", f"settings.out={desk.path('replay.txt')}", "in")
    for line in lines[:-1]:
        number = int(pathlib.Path(line["file"]).stem)
        if "form" in line:
            answers[number] = None
        elif "reply" in line:
            error = line.get("error")
            answers[number] = (line["reply"], error and (error["type"], error["message"]))
    return answers


def invoked(desk, texts, wanted):
    """The same from one process under the Runtime API."""
    answers = {}
    settings = json.dumps({"out": str(desk.path("lambda.txt"))})
    with runtime_api.Function(replaying.handler("journal"), env={"LEAT_SETTINGS": settings}) as function:
        for number, (_, text) in enumerate(texts):
            if wanted[number] is not None:
                answer = function.invoke(text.encode(), deadline_ms=900000)
                failed = answer.path == "error"
                answers[number] = ((None, (answer.error, answer.message)) if failed
                                   else (answer.body.decode(), None))
        tap.equal({request.connection for request in function.api.requests}, {1})
        tap.equal(function.stop().status, 0)
    return answers


def journal(desk, name):
    path = desk.path(name)
    return path.read_bytes().splitlines() if path.exists() else []


def compared(desk, texts):
    """The number of those that only replay unwraps."""
    wanted = replayed(desk, texts)
    tap.equal(sorted(wanted), list(range(len(texts))), "documents that replay answers")
    forms = [number for number, answer in wanted.items() if answer is None]
    if forms:  # what replay made of them is not in the way of the comparison
        texts = [text for number, text in enumerate(texts) if number not in forms]
        desk = replaying.Desk(desk.path("without-forms"))
        wanted = replayed(desk, texts)
    got = invoked(desk, texts, wanted)
    for number, (name, _) in enumerate(texts):
        tap.equal(got[number], wanted[number], name)
    there, here = journal(desk, "replay.txt"), journal(desk, "lambda.txt")
    for number, (before, after) in enumerate(zip(there, here)):
        tap.equal(after, before, f"event {number}")
    tap.equal(len(here), len(there), "events")
    return len(forms), there, [answer for answer in wanted.values() if answer]


def told(texts, forms, events, answers):
    errors = sum(1 for _, error in answers if error)
    print(f"# {len(texts) - forms} payloads, {len(events)} events, {errors} invocation errors; "
          f"{forms} documents that only replay unwraps are left out")


@replaying.test
def the_payloads_of_the_tree(desk):
    texts = [*samples(), *texts_of(sorted((tap.ROOT / "handlers").glob("*/events/*.json")))]
    assert len(texts) > 25, len(texts)
    forms, events, answers = compared(desk, texts)
    told(texts, forms, events, answers)
    batches = [json.loads(reply)["batchItemFailures"] for reply, _ in answers if reply and "batchItemFailures" in reply]
    assert any(0 < len(items) < 40 for items in batches), "no batch had mixed outcomes"
    kinds = {event.split(b" ")[0] for event in events}
    assert len(kinds) >= 12, kinds


@replaying.test
def the_recorded_payloads(desk):
    if not tap.EVENTS:
        raise tap.Skip("LEAT_EVENTS names no folder of recorded payloads")
    texts = list(texts_of(sorted(path for path in pathlib.Path(tap.EVENTS).rglob("*") if path.is_file())))
    assert len(texts) > 100, len(texts)
    told(texts, *compared(desk, texts))


@replaying.test
def payloads_that_are_broken(desk):
    good = replaying.message("m0", "x")
    texts = [json.dumps(payload) for payload in [
        {"Records": [good, {**good, "messageId": 5}]}, {"Records": [good, replaying.change("5", "ok")]}, {"Records": [5]},
        {"Records": {}}, {"Records": [{**good, "body": None}]}, {"Records": [replaying.change("5", "ok") | {"dynamodb": 5}]},
        {"requestContext": {"elb": {}}}, {"version": "2.0", "requestContext": {"http": {"method": 5}}}, [], {}, None, 5, "x",
        {"awslogs": {"data": "H4sI"}}, {"detail-type": 5, "source": "a", "detail": {}}, {"a": "\x00", "b": "\ud83d\ude00"},
        {"specversion": "1.0", "id": "", "source": "/", "type": "t"}, {"eventSource": "aws:kafka", "records": {"a": 5}},
    ]] + ['{"a":1e400,"b":12345678901234567890123,"a":2}', '{"a":"\\u0000b"}']
    told(texts, *compared(desk, [(text[:60], text) for text in texts]))


tap.main()
