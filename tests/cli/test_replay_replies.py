# SPDX-License-Identifier: Apache-2.0
"""`leat replay`: what Lambda would be told, for each kind of trigger; raw handlers and batches."""
import base64
import json
import re

import replaying
import tap
from replaying import change, events, message, outcomes, replies, sqs

OK, RETRY, REJECT = ({"do": word} for word in ("ok", "retry", "reject"))


def failed(*names):
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


def encoded(todo):
    return base64.b64encode(json.dumps(todo).encode()).decode()


def kinesis(sequence, todo):
    return {"eventSource": "aws:kinesis", "eventID": f"s:{sequence}", "awsRegion": "eu-west-1",
            "kinesis": {"partitionKey": "p", "sequenceNumber": sequence, "data": encoded(todo)}}


def kafka(lists):
    """{(topic, partition): what its records do}; offsets begin where doubles begin to round."""
    return {"eventSource": "aws:kafka", "records": {f"{topic}-{partition}": [
        {"topic": topic, "partition": partition, "offset": 2 ** 53 + n, "value": encoded(todo)}
        for n, todo in enumerate(todos)] for (topic, partition), todos in lists.items()}}


def told(desk, payload):
    """(outcomes, the one reply) of a payload."""
    desk.write("payload.json", payload)
    _, lines = desk.told("payload.json")
    tap.equal(len(replies(lines)), 1, "replies")
    return outcomes(lines), replies(lines)[0]


# --- queues and streams ------------------------------------------------------------------------------

@replaying.test
def a_standard_queue_lists_each_failure(desk):
    batch = [message(f"m{n}", todo) for n, todo in enumerate([OK, RETRY, OK, REJECT, RETRY])]
    tap.equal(told(desk, sqs(*batch)), (["ok", "retry", "ok", "reject", "retry"], failed("m1", "m3", "m4")))
    tap.equal(told(desk, sqs(batch[0], batch[2])), (["ok", "ok"], failed()))


@replaying.test
def bug_22_a_fifo_queue_stops_each_group_at_its_first_failure(desk):
    """powertools-lambda-python 3954: behind the first failure nothing went on, not even other groups."""
    def fifo(name, group, todo):
        return message(name, todo, "q.fifo", group)
    payload = sqs(fifo("a0", "a", OK), fifo("b0", "b", RETRY), fifo("a1", "a", OK), fifo("b1", "b", OK),
                  fifo("c0", "c", REJECT), fifo("a2", "a", OK), fifo("c1", "c", OK), fifo("b2", "b", REJECT))
    desk.write("a.json", payload)
    _, lines = desk.told("a.json")
    ends = {line["event"]: (line["outcome"], line.get("reason")) for line in events(lines)}
    unstarted = ("retry", "behind a failed one of its lane")
    tap.equal(ends, {"a0": ("ok", None), "a1": ("ok", None), "a2": ("ok", None),
                     "b0": ("retry", "no reason given"), "b1": unstarted, "b2": unstarted,
                     "c0": ("reject", "no reason given"), "c1": unstarted})
    tap.equal(replies(lines), [failed("b0", "b1", "c0", "c1", "b2")])


@replaying.test
def a_group_on_a_standard_queue_stops_nothing(desk):
    batch = [message(f"m{n}", todo, group="g") for n, todo in enumerate([RETRY, OK])]
    tap.equal(told(desk, sqs(*batch)), (["retry", "ok"], failed("m0")))


@replaying.test
def bug_21_a_failed_group_is_forgotten_in_the_next_invocation(desk):
    """powertools-lambda-typescript 3673: a group that failed once failed for as long as the process lived."""
    first, second = (message(name, todo, "q.fifo", "g") for name, todo in [("m0", RETRY), ("m1", OK)])
    desk.write("a.jsonl", json.dumps(sqs(first)) + "\n" + json.dumps(sqs(second)))
    _, lines = desk.told("a.jsonl")
    tap.equal((outcomes(lines), replies(lines)), (["retry", "ok"], [failed("m0"), failed()]))


@replaying.test
def a_broken_message_stops_its_group_and_is_listed(desk):
    batch = [message(f"m{n}", OK, "q.fifo", "g") for n in range(3)]
    batch[1]["body"] = ["x"]
    tap.equal(told(desk, sqs(*batch)), (["ok", "reject", "retry"], failed("m1", "m2")))


@replaying.test
def a_message_of_several_events_fails_with_its_worst(desk):
    inner = replaying.sample("s3")
    inner["Records"] *= 2
    desk.write("a.json", sqs(message("m0", inner), message("m1", OK)))
    _, lines = desk.lines("--handler", f"sqs={desk.handler('told')}", "a.json")
    tap.equal((outcomes(lines), replies(lines)), (["reject", "reject", "ok"], [failed("m0")]))


@replaying.test
def a_stream_lists_the_lowest_failed_sequence_and_stops(desk):
    records = {"Records": [change(number, todo) for number, todo in
                           [("98", "ok"), ("99", "ok"), ("100", "retry"), ("101", "ok"), ("102", "reject")]]}
    tap.equal(told(desk, records), (["ok", "ok", "retry", "retry", "retry"], failed("100")))
    records = {"Records": [change("9", "ok"), change("10", "reject"), change("11", "ok")]}
    tap.equal(told(desk, records), (["ok", "reject", "retry"], failed("10")))
    tap.equal(told(desk, {"Records": [change("9", "ok")]}), (["ok"], failed()))


@replaying.test
def a_broken_change_is_listed_by_its_sequence(desk):
    records = [change("7", "ok"), change("8", "ok"), change("9", "ok")]
    records[1]["dynamodb"]["NewImage"]["do"] = {"S": 5}
    tap.equal(told(desk, {"Records": records}), (["ok", "reject", "retry"], failed("8")))


@replaying.test
def a_shard_of_kinesis_lists_the_lowest_failed_sequence_and_stops(desk):
    records = {"Records": [kinesis(number, todo) for number, todo in [("9", OK), ("10", REJECT), ("11", OK)]]}
    tap.equal(told(desk, records), (["ok", "reject", "retry"], failed("10")))
    records["Records"][1]["kinesis"]["data"] = 5
    tap.equal(told(desk, records), (["ok", "reject", "retry"], failed("10")))
    tap.equal(told(desk, {"Records": records["Records"][:1]}), (["ok"], failed()))


@replaying.test
def each_partition_of_kafka_stops_alone(desk):
    payload = kafka({("a-b", 0): [OK, RETRY, OK], ("a-b", 1): [OK, OK], ("a", 0): [REJECT, OK]})
    tap.equal(told(desk, payload), (["ok", "retry", "retry", "ok", "ok", "reject", "retry"], failed(
        {"partition": "a-b-0", "offset": 9007199254740993}, {"partition": "a-0", "offset": 9007199254740992})))
    tap.equal(told(desk, kafka({("a", 0): [OK, OK]})), (["ok", "ok"], failed()))
    tap.equal(told(desk, kafka({})), ([], failed()))


@replaying.test
def a_cloudevent_is_settled_as_what_brought_it(desk):
    def event(todo):
        return {"specversion": "1.0", "id": "e", "source": "/s", "type": "t", "data": todo}
    desk.write("a.json", sqs(message("m0", event(OK)), message("m1", event(RETRY)), message("m2", OK)))
    for trigger, ends in [("sqs", ["ok", "retry", "ok"]), ("cloudevents", ["ok", "retry", "reject"])]:
        _, lines = desk.lines("--handler", f"{trigger}={desk.handler('told')}", "a.json")
        wanted = [f"m{n}" for n, end in enumerate(ends) if end != "ok"]
        tap.equal((outcomes(lines), replies(lines)), (ends, [failed(*wanted)]), trigger)


@replaying.test
def a_batch_without_records_is_answered_by_an_empty_list(desk):
    for payload in [{"Records": []}, {"Records": [], "more": 1}]:
        tap.equal(told(desk, payload), ([], failed()))


@replaying.test
def a_batch_nobody_could_answer_for_is_an_invocation_error(desk):
    nameless = sqs(message("m0", OK), message("", OK))
    mixed = {"Records": [message("m0", OK), change("1", "ok")]}
    unnumbered = {"Records": [change("1", "ok")]}
    del unnumbered["Records"][0]["dynamodb"]["SequenceNumber"]
    for payload, why in [
            (nameless, "Records[1].messageId is empty, so a failure of it could not be reported"),
            (mixed, "Records mixes records of several sources"),
            (unnumbered, "Records[0].dynamodb.SequenceNumber is missing, so a failure of it could not be reported")]:
        tap.equal(told(desk, payload), ([], ("Runtime.UnmarshalError", why)))


# --- asynchronous calls ---------------------------------------------------------------------------------

@replaying.test
def a_failed_notification_fails_the_invocation(desk):
    notice = replaying.sample("s3")
    tap.equal(told(desk, notice), (["ok"], None))
    desk.write("a.json", notice)
    _, lines = desk.lines("--handler", f"sqs={desk.handler('told')}", "a.json")
    tap.equal(replies(lines), [("Function.Reject", "no handler for events of this kind")])
    notice["Records"].append({**notice["Records"][0], "s3": {}})
    outcome, (kind, why) = told(desk, notice)
    tap.equal((outcome, kind), (["ok", "reject"], "Function.Reject"))
    tap.contains(why, "s3.bucket is missing (1 of 2 records failed)")


@replaying.test
def the_worst_of_several_records_is_told(desk):
    sns = replaying.sample("sns")
    sns["Records"] = [json.loads(json.dumps(sns["Records"][0])) for _ in range(3)]
    for number, todo in enumerate([REJECT, OK, {**RETRY, "reason": "away"}]):
        sns["Records"][number]["Sns"]["MessageId"] = f"m{number}"
        sns["Records"][number]["Sns"]["Message"] = json.dumps(todo)
    tap.equal(told(desk, sns), (["reject", "ok", "retry"], ("Function.Retry", "away (2 of 3 records failed)")))


@replaying.test
def a_test_event_of_s3_has_no_events_and_succeeds(desk):
    payload = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2024-05-02T18:51:45.000Z", "Bucket": "b",
               "RequestId": "r", "HostId": "h"}
    tap.equal(told(desk, payload), ([], None))


# --- direct calls ----------------------------------------------------------------------------------------

@replaying.test
def a_direct_call_is_answered_as_the_handler_says(desk):
    for payload, reply in [
            (OK, None), ({"json": '{"a": 1.50}'}, {"a": 1.50}), ("[1, 2]", None), ("7", None), ('"text"', None),
            ({**RETRY, "reason": "away"}, ("Function.Retry", "away")),
            ({**REJECT, "reason": "never"}, ("Function.Reject", "never")),
            ({**RETRY, "json": '"later"'}, "later"), ({**REJECT, "json": '"no"'}, "no"),
            ({"do": "nothing"}, ("Function.Retry", "the handler gave no outcome")),
            ({"json": "not json"}, ("Runtime.MarshalError", "the handler's reply is not JSON"))]:
        tap.equal(told(desk, payload)[1], reply, payload)


@replaying.test
def the_reply_of_a_direct_call_is_exact(desk):
    desk.write("a.json", {"json": ' {"n": 9007199254740993, "n": 1.50} '})
    _, lines = desk.told("a.json")
    tap.equal(lines[1]["reply"], ' {"n": 9007199254740993, "n": 1.50} ')


@replaying.test
def an_http_reply_to_a_direct_call_is_in_format_2(desk):
    tap.equal(told(desk, {"status": 201, "body": "made"})[1],
              {"statusCode": 201, "headers": {"content-type": "text/plain; charset=utf-8"}, "body": "made",
               "isBase64Encoded": False})


# --- HTTP --------------------------------------------------------------------------------------------------

def request(dialect, todo):
    payload = replaying.sample("apigateway-rest" if dialect == "rest" else "apigateway-http")
    if dialect == "1.0":
        payload = {**replaying.sample("apigateway-rest"), "version": "1.0"}
    return {**payload, "body": json.dumps(todo), "isBase64Encoded": False}


@replaying.test
def http_outcomes_are_statuses(desk):
    for dialect in ["rest", "1.0", "2.0"]:
        for todo, status, headers in [(OK, 200, None), (REJECT, 422, None), (RETRY, 503, {"retry-after": "1"}),
                                      ({**RETRY, "delay_ms": 4001}, 503, {"retry-after": "5"})]:
            _, reply = told(desk, request(dialect, todo))
            tap.equal((reply["statusCode"], reply.get("headers"), reply["body"]), (status, headers, ""), (dialect, todo))


@replaying.test
def a_reply_that_is_set_wins_over_the_outcomes_status(desk):
    for dialect in ["rest", "1.0", "2.0"]:
        for word in ["ok", "retry", "reject"]:
            _, reply = told(desk, request(dialect, {"do": word, "status": 418, "type": "text/plain", "body": "tea"}))
            tap.equal((reply["statusCode"], reply["body"]), (418, "tea"), (dialect, word))


@replaying.test
def repeated_headers_and_cookies_go_as_the_dialect_wants(desk):
    todo = {"status": 200, "body": "x", "type": "text/css", "headers": [
        ["X-Tag", "a"], ["Set-Cookie", "s=1; Path=/"], ["x-tag", "b"], ["set-cookie", "t=2"]]}
    lists = {"x-tag": ["a", "b"], "set-cookie": ["s=1; Path=/", "t=2"], "content-type": ["text/css"]}
    for dialect in ["rest", "1.0"]:
        _, reply = told(desk, request(dialect, todo))
        tap.equal((reply["multiValueHeaders"], "headers" in reply, "cookies" in reply), (lists, False, False), dialect)
    _, reply = told(desk, request("2.0", todo))
    tap.equal((reply["headers"], reply["cookies"]), ({"x-tag": "a,b", "content-type": "text/css"}, ["s=1; Path=/", "t=2"]))


@replaying.test
def bytes_go_as_base64(desk):
    for dialect in ["rest", "1.0", "2.0"]:
        _, reply = told(desk, request(dialect, {"status": 200, "type": "image/png", "hex": "89504e470d0a1a0a00ff"}))
        tap.equal((base64.b64decode(reply["body"]).hex(), reply["isBase64Encoded"]), ("89504e470d0a1a0a00ff", True))
        tap.equal(reply["headers"], {"content-type": "image/png"})


@replaying.test
def json_is_200_with_its_type(desk):
    for dialect in ["rest", "1.0", "2.0"]:
        _, reply = told(desk, request(dialect, {"json": '{"a":1}'}))
        tap.equal(reply, {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": '{"a":1}',
                          "isBase64Encoded": False})


@replaying.test
def a_broken_request_is_answered_422(desk):
    payload = {**request("2.0", OK), "headers": 5}
    outcome, reply = told(desk, payload)
    tap.equal((outcome, reply["statusCode"]), (["reject"], 422))
    del payload["requestContext"]["requestId"]
    outcome, reply = told(desk, payload)
    tap.equal((outcome, reply), ([], ("Runtime.UnmarshalError", "headers is a number (want an object)")))


@replaying.test
def header_values_cannot_smuggle_headers(desk):
    _, reply = told(desk, request("2.0", {"status": 200, "body": "", "headers": [["x-a", "1\r\nset-cookie: evil=1"]]}))
    tap.equal(reply["headers"], {"x-a": "1set-cookie: evil=1"})


# --- raw handlers ---------------------------------------------------------------------------------------------

@replaying.test
def a_raw_handler_gets_any_bytes_as_one_event(desk):
    for content in [b"hello", b"", b"\xff\x00\xfe", b'{"a":1}\n{"b":2}\n', b"\xef\xbb\xbfx", b"{", b"x" * 200000]:
        desk.write("a.bin", content)
        status, lines = desk.lines("--handler", desk.handler("raw"), "a.bin")
        tap.equal((status, outcomes(lines), len(lines)), (0, ["ok"], 3), content[:20])
        got, wanted = lines[1]["reply"], content[::-1].decode(errors="replace")
        tap.equal(re.sub("\ufffd+", "?", got), re.sub("\ufffd+", "?", wanted), content[:20])


@replaying.test
def a_raw_handler_reads_standard_input_whole(desk):
    status, lines = desk.lines("--handler", desk.handler("raw"), "-", input="one\ntwo\n")
    tap.equal((status, [line["reply"] for line in lines if "reply" in line]), (0, ["\nowt\neno"]))


@replaying.test
def a_raw_handlers_reply_goes_whatever_the_outcome(desk):
    desk.write("a.bin", "reject this")
    status, lines = desk.lines("--handler", desk.handler("raw"), "a.bin")
    tap.equal((status, outcomes(lines), lines[1]["reply"]), (1, ["reject"], "siht tcejer"))


@replaying.test
def json_of_a_raw_handler_must_be_json(desk):
    """leat_reply_json promises it; leat_reply_bytes takes any bytes."""
    desk.write("a.bin", "json")
    _, lines = desk.lines("--handler", desk.handler("raw"), "a.bin")
    tap.equal(replies(lines), [("Runtime.MarshalError", "the handler's reply is not JSON")])


@replaying.test
def a_raw_handler_stands_alone(desk):
    desk.write("a.bin", "x")
    raw, named = desk.handler("raw"), f"sqs={desk.handler('told')}"
    for specs in [["--handler", raw, "--handler", named], ["--handler", named, "--handler", raw]]:
        done = desk.replay(*specs, "a.bin")
        tap.equal((done.returncode, done.stdout), (78, ""))
        tap.contains(done.stderr, "a raw handler takes every payload: it stands alone")
    done = desk.replay("--handler", f"sqs={raw}", "a.bin")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "name it without sqs=")


@replaying.test
def a_raw_payload_has_a_limit_too(desk):
    desk.write("a.bin", b"x" * 5000)
    status, lines = desk.lines("--handler", desk.handler("raw"), "--set", "limits.payload=4999", "a.bin")
    tap.equal((status, lines[0]["error"]["code"]), (65, "too-big"))
    tap.equal(desk.lines("--handler", desk.handler("raw"), "--set", "limits.payload=5000", "a.bin")[0], 0)


# --- batches ------------------------------------------------------------------------------------------------------

@replaying.test
def a_batch_handler_sets_an_outcome_for_each_event(desk):
    desk.write("a.json", sqs(*(message(f"m{n}", {"do": word}) for n, word in
                               enumerate(["ok", "retry", "nothing", "reject", "ok"]))))
    status, lines = desk.lines("--handler", desk.handler("batch"), "a.json")
    tap.equal(status, 1)
    tap.equal([(line["outcome"], line.get("reason")) for line in events(lines)],
              [("ok", None), ("retry", "number 1 of 5"), ("retry", "the handler gave no outcome"),
               ("reject", "number 3 of 5"), ("ok", None)])
    tap.equal(replies(lines), [failed("m1", "m2", "m3")])


@replaying.test
def a_failed_event_of_a_lane_takes_back_what_ran_beside_it(desk):
    words = ["ok", "retry", "ok"]
    desk.write("a.json", sqs(*(message(f"m{n}", {"do": word}, "q.fifo", "g") for n, word in enumerate(words))))
    _, lines = desk.lines("--handler", desk.handler("batch"), "a.json")
    tap.equal((outcomes(lines), replies(lines)), (["ok", "retry", "retry"], [failed("m1", "m2")]))


tap.main()
