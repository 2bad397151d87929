# SPDX-License-Identifier: Apache-2.0
"""`leat replay`: tumbling windows of streams, whose state goes from event to event and from invoke to invoke."""
import base64
import json

import replaying
import tap
from replaying import change, events, outcomes, replies

START, END = "2024-05-02T18:50:00Z", "2024-05-02T18:55:00Z"
STREAMS = {"dynamodb": "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/s",
           "kinesis": "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"}


def value(plain):
    return {"S": plain} if isinstance(plain, str) else {"N": str(plain)}


def item(stream, sequence, todo):
    """A record whose item is `todo`."""
    if stream == "dynamodb":
        record = change(sequence, "")
        record["dynamodb"]["NewImage"] = {name: value(plain) for name, plain in todo.items()}
        return record
    return {"eventSource": "aws:kinesis", "eventID": f"s:{sequence}", "eventSourceARN": STREAMS[stream], "kinesis": {
        "partitionKey": "p", "sequenceNumber": sequence, "data": base64.b64encode(json.dumps(todo).encode()).decode()}}


def window(stream, *todos, state=None, final=False, early=False):
    """An invoke; its records have the sequence numbers 9, 10, 11 and so on."""
    return {"Records": [item(stream, str(9 + n), todo) for n, todo in enumerate(todos)],
            "window": {"start": START, "end": END}, "state": {} if state is None else state, "shardId": "shard-1",
            "eventSourceARN": STREAMS[stream], "isFinalInvokeForWindow": final, "isWindowTerminatedEarly": early}


def told(desk, payload, *arguments):
    """(outcomes, the one reply) of a payload."""
    desk.write("window.json", payload)
    _, lines = desk.lines("--handler", desk.handler("window"), *arguments, "window.json")
    tap.equal(len(replies(lines)), 1, "replies")
    return outcomes(lines), replies(lines)[0]


def reply(state, *failed):
    return {"state": state, "batchItemFailures": [{"itemIdentifier": name} for name in failed]}


def end(total, ends="whole"):
    return {"total": total, "window": f"{START}/{END}", "shard": "shard-1", "ends": ends}


AMOUNTS = [{"amount": 1}, {"amount": 2}, {"amount": 3}]


@replaying.test
def each_event_sees_the_state_of_the_one_before(desk):
    for stream in STREAMS:
        tap.equal(told(desk, window(stream, *AMOUNTS, state={"total": 10})), (["ok"] * 3, reply({"total": 16})), stream)


@replaying.test
def the_state_goes_on_in_the_next_invoke(desk):
    for stream in STREAMS:
        _, first = told(desk, window(stream, *AMOUNTS))
        tap.equal(first, reply({"total": 6}), stream)
        _, second = told(desk, window(stream, *AMOUNTS, state=first["state"]))
        tap.equal(second, reply({"total": 12}), stream)
        _, last = told(desk, window(stream, state=second["state"], final=True))
        tap.equal(last, reply(end(12)), stream)


@replaying.test
def nothing_said_gives_the_state_back_to_the_digit(desk):
    payload = json.dumps(window("kinesis", {"do": "silent"})).replace('"state": {}', '"state": {"n": 9007199254740993, "x":1.50}')
    desk.write("a.json", payload)
    _, lines = desk.lines("--handler", desk.handler("window"), "a.json")
    text = [line["reply"] for line in lines if "reply" in line]
    tap.equal(text, ['{"state":{"n": 9007199254740993, "x":1.50},"batchItemFailures":[]}'])


@replaying.test
def no_state_is_an_empty_object(desk):
    for state in [None, "null", "missing"]:
        payload = window("dynamodb", {"do": "silent"})
        if state == "null":
            payload["state"] = None
        elif state == "missing":
            del payload["state"]
        tap.equal(told(desk, payload), (["ok"], reply({})), state)


@replaying.test
def the_last_invoke_calls_the_handler_even_without_records(desk):
    for stream in STREAMS:
        tap.equal(told(desk, window(stream, state={"total": 5}, final=True)), (["ok"], reply(end(5))), stream)
        tap.equal(told(desk, window(stream, state={"total": 5})), ([], reply({"total": 5})), "not the last: no events")


@replaying.test
def the_end_comes_last_and_sees_the_newest_state(desk):
    for stream in STREAMS:
        payload = window(stream, *AMOUNTS, state={"total": 10}, final=True)
        tap.equal(told(desk, payload), (["ok"] * 4, reply(end(16))), stream)
        payload["Records"].append(item(stream, "12", {"do": "silent"}))
        tap.equal(told(desk, payload), (["ok"] * 5, reply(end(16))), f"{stream}: what is silent changes nothing")


@replaying.test
def a_window_may_end_early(desk):
    payload = window("kinesis", *AMOUNTS, final=True, early=True)
    tap.equal(told(desk, payload), (["ok"] * 4, reply(end(6, "early"))))


@replaying.test
def a_failed_record_keeps_the_state_before_it(desk):
    for stream in STREAMS:
        for word in ["retry", "reject"]:
            payload = window(stream, {"amount": 1}, {"amount": 2, "do": word}, {"amount": 3}, state={"total": 10})
            tap.equal(told(desk, payload), (["ok", word, "retry"], reply({"total": 11}, "10")), (stream, word))
            payload["Records"].pop(0)
            tap.equal(told(desk, payload), ([word, "retry"], reply({"total": 10}, "10")), (stream, word))


@replaying.test
def the_end_behind_a_failed_record_is_not_called(desk):
    payload = window("dynamodb", {"amount": 1}, {"do": "retry"}, final=True)
    desk.write("a.json", payload)
    _, lines = desk.lines("--handler", desk.handler("window"), "a.json")
    tap.equal([(line["outcome"], line.get("reason")) for line in events(lines)],
              [("ok", None), ("retry", '{"total":1}'), ("retry", "behind a failed one of its lane")])
    tap.equal(replies(lines), [reply({"total": 1}, "10")])


@replaying.test
def the_end_that_fails_alone_fails_the_invocation(desk):
    for word, kind in [("retry", "Function.Retry"), ("reject", "Function.Reject")]:
        setting = ["--set", f"settings.at_end={word}"]
        outcome, (got, why) = told(desk, window("kinesis", {"amount": 1}, final=True), *setting)
        tap.equal((outcome, got, json.loads(why.removesuffix(" (1 of 2 records failed)"))), (["ok", word], kind, end(1)))
        outcome, (got, why) = told(desk, window("kinesis", state={"total": 7}, final=True), *setting)
        tap.equal((outcome, got, json.loads(why)), ([word], kind, end(7)))
    tap.equal(told(desk, window("kinesis", {"amount": 1}, final=True), "--set", "settings.at_end=silent"),
              (["ok", "ok"], reply({"total": 1})))


@replaying.test
def a_state_that_is_no_json_or_too_long_is_an_error_of_the_function(desk):
    for stream in STREAMS:
        payload = window(stream, {"amount": 1}, {"answer": "total: 5"})
        tap.equal(told(desk, payload)[1], ("Runtime.MarshalError", "the window's state is not JSON"), stream)
    longest = window("kinesis", {"answer": '"' + "x" * (2 ** 20 - 2) + '"'})
    tap.equal(len(told(desk, longest)[1]["state"]), 2 ** 20 - 2)
    longer = window("kinesis", {"answer": '"' + "x" * (2 ** 20 - 1) + '"'})
    tap.equal(told(desk, longer)[1], ("Runtime.MarshalError", "the window's state is longer than 1 MiB"))


@replaying.test
def a_broken_record_is_listed_like_a_failed_one(desk):
    payload = window("dynamodb", *AMOUNTS, final=True)
    payload["Records"][1]["dynamodb"]["NewImage"]["amount"] = {"N": 2}
    tap.equal(told(desk, payload), (["ok", "reject", "retry", "retry"], reply({"total": 1}, "10")))


@replaying.test
def a_plain_batch_has_no_window(desk):
    for stream in STREAMS:
        plain = {"Records": window(stream, {"amount": 1})["Records"]}
        tap.equal(told(desk, plain), (["reject"], {"batchItemFailures": [{"itemIdentifier": "9"}]}), stream)


tap.main()
