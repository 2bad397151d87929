# SPDX-License-Identifier: Apache-2.0
"""The forms in which failures lie around, through `leat show` and `leat replay`: what the AWS CLI prints, what Lambda
leaves at destinations, in dead-letter queues and in logs. tests/unit/test_forms.c has each form to the byte."""
import json
import time

import replaying
import tap
from replaying import change, events, message, outcomes, replies, sqs, summary

OK, RETRY = {"do": "ok"}, {"do": "retry", "reason": "away"}
STAMP = "2024-05-01T12:00:00.000Z"


def received(identity, body, **more):
    """A message as `aws sqs receive-message` prints it."""
    return {"MessageId": identity, "ReceiptHandle": "r", "MD5OfBody": "0",
            "Body": body if isinstance(body, str) else json.dumps(body),
            "Attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": "1714675904123"}, **more}


def messages(*items):
    return {"Messages": list(items)}


def destination(event, **more):
    """What an asynchronous function's on-failure destination gets."""
    return {"version": "1.0", "timestamp": STAMP,
            "requestContext": {"requestId": "8f5e", "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST",
                               "condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": event, "responseContext": {"statusCode": 200, "functionError": "Unhandled"}, **more}


def letter(identity, event):
    """A message of an asynchronous function's dead-letter queue."""
    values = {"RequestID": "8f5e", "ErrorCode": "200", "ErrorMessage": "it failed"}
    return received(identity, event, MessageAttributes={
        name: {"StringValue": value, "DataType": "Number" if name == "ErrorCode" else "String"}
        for name, value in values.items()})


def shown(desk, name, *options):
    done = desk.leat("show", "--json", *options, name)
    tap.equal((done.returncode, done.stderr), (0, ""))
    return [json.loads(line) for line in done.stdout.splitlines()]


def head(desk, *names):
    """The first line of each document, as people see it."""
    done = desk.leat("show", *names)
    tap.equal((done.returncode, done.stderr), (0, ""))
    return [line for line in done.stdout.splitlines() if line.startswith(names)]


def is_plain(desk, name):
    """It runs as one direct call."""
    _, lines = desk.told(name)
    told = events(lines)
    return [line["kind"] for line in told] == ["unknown"] and "form" not in told[0]


# --- aws sqs receive-message ------------------------------------------------------------------------------

@replaying.test
def received_messages_are_a_batch(desk):
    desk.write("m.json", json.dumps(messages(received("m-0", OK), received("m-1", RETRY)), indent=4))
    tap.equal(head(desk, "m.json"), ["m.json: sqs, as the AWS CLI prints it (Records come from aws:sqs): 2 events"])
    value = shown(desk, "m.json")[0]
    tap.equal(list(value), ["file", "document", "form", "kind", "why", "events"])
    tap.equal((value["form"], value["kind"]), ("aws-sqs-receive-message", "sqs"))
    status, lines = desk.told("m.json")
    tap.equal((status, outcomes(lines)), (1, ["ok", "retry"]))
    tap.equal(list(events(lines)[0]), ["file", "document", "form", "kind", "record", "event", "outcome", "attempt",
                                       "duration_us"])
    tap.equal((events(lines)[0]["form"], events(lines)[0]["attempt"]), ("aws-sqs-receive-message", 3))
    tap.equal(replies(lines), [{"batchItemFailures": [{"itemIdentifier": "m-1"}]}])
    tap.equal([line["form"] for line in lines if "reply" in line], ["aws-sqs-receive-message"])


@replaying.test
def a_received_message_gives_the_envelope_that_lambda_gives(desk):
    attributes = {"priority": {"StringValue": "3", "DataType": "Number.int"},
                  "blob": {"BinaryValue": "AAE=", "DataType": "Binary"}}
    desk.write("cli.json", messages(received("m-0", '{"n": 9007199254740993, "z": 1.50}', MessageAttributes=attributes)))
    lowered = {name: {key[0].lower() + key[1:]: value for key, value in attribute.items()}
               for name, attribute in attributes.items()}
    sent = {**message("m-0", '{"n": 9007199254740993, "z": 1.50}', receives=3), "messageAttributes": lowered}
    del sent["eventSourceARN"], sent["awsRegion"]
    desk.write("lambda.json", sqs(sent))
    tap.equal(shown(desk, "cli.json")[0]["events"], shown(desk, "lambda.json")[0]["events"])


@replaying.test
def notifications_in_received_messages_unwrap(desk):
    desk.write("m.json", messages(received("m-0", replaying.sample("s3"))))
    tap.equal([event["event"]["type"] for event in shown(desk, "m.json")[0]["events"]],
              ["com.amazonaws.s3.ObjectCreated:Put"])


@replaying.test
def what_is_broken_in_a_message_is_told(desk):
    broken = [received("m-0", OK), {**received("m-1", OK), "Body": 7}, {**received("m-2", OK), "Attributes": []}]
    desk.write("m.json", messages(*broken))
    status, lines = desk.told("m.json")
    tap.equal((status, outcomes(lines)), (1, ["ok", "reject", "reject"]))
    tap.equal([line.get("reason") for line in events(lines)],
              [None, "body is a number (SQS bodies are text)", "attributes is an array (want an object)"])
    desk.write("m.json", messages(received("m-0", OK), {"ReceiptHandle": "r", "Body": "b"}))
    status, lines = desk.told("m.json")
    tap.equal((status, events(lines)), (1, []))
    tap.equal(replies(lines), [("Runtime.UnmarshalError",
                                "Records[1].messageId is missing, so a failure of it could not be reported")])
    tap.equal(shown(desk, "m.json")[0]["error"]["code"], "bad-record")
    done = desk.leat("show", "m.json")
    tap.contains(done.stdout, "m.json: sqs, as the AWS CLI prints it: broken: Records[1].messageId is missing")


@replaying.test
def messages_of_another_kind_are_a_direct_call(desk):
    for value in [7, {}, None, "text", [1], [{"From": "a"}]]:
        desk.write("m.json", {"do": "ok", "Messages": value})
        assert is_plain(desk, "m.json"), value


@replaying.test
def no_message_is_no_event(desk):
    desk.write("m.json", messages())
    tap.equal([(value["form"], value["events"]) for value in shown(desk, "m.json")], [("aws-sqs-receive-message", [])])
    status, lines = desk.told("m.json")
    tap.equal((status, events(lines), replies(lines)), (0, [], [{"batchItemFailures": []}]))


@replaying.test
def a_trigger_by_name_takes_the_document_as_it_stands(desk):
    desk.write("m.json", messages(received("m-0", OK)))
    value = shown(desk, "m.json", "--as", "unknown")[0]
    tap.equal((value["kind"], "form" in value), ("unknown", False))
    tap.equal(value["events"][0]["event"]["data"], messages(received("m-0", OK)))
    _, lines = desk.told("--as", "unknown", "m.json")
    tap.equal([(line["kind"], "form" in line) for line in events(lines)], [("unknown", False)])
    tap.equal(shown(desk, "m.json", "--as", "sqs")[0]["error"]["code"], "bad-record")


@replaying.test
def a_raw_handler_gets_the_file_as_it_stands(desk):
    for text in [json.dumps(messages(received("m-0", OK))), f"{STAMP} " + json.dumps(sqs(message("m-0", OK)))]:
        desk.write("a.txt", text)
        _, lines = desk.lines("--handler", desk.handler("raw"), "a.txt")
        tap.equal([line["reply"] for line in lines if "reply" in line], [text[::-1]])


# --- aws dynamodbstreams get-records ------------------------------------------------------------------------

@replaying.test
def printed_changes_have_their_time_back(desk):
    record = change("100", "ok")
    record["dynamodb"]["ApproximateCreationDateTime"] = "2024-05-01T14:00:00.250000+02:00"
    desk.write("d.json", json.dumps({"Records": [record], "NextShardIterator": "arn|1|AAA"}, indent=4))
    tap.equal(head(desk, "d.json"),
              ["d.json: dynamodb, as the AWS CLI prints it (Records come from aws:dynamodb): 1 event"])
    value = shown(desk, "d.json")[0]
    tap.equal((value["form"], value["events"][0]["event"]["time"]),
              ("aws-dynamodbstreams-get-records", "2024-05-01T12:00:00.250Z"))
    tap.equal(desk.told("d.json")[0], 0)
    record["dynamodb"]["ApproximateCreationDateTime"] = "soon"
    desk.write("d.json", {"Records": [record]})
    tap.equal(shown(desk, "d.json")[0]["events"][0]["error"]["message"],
              "dynamodb.ApproximateCreationDateTime is text (want a number)")


# --- what Lambda leaves -----------------------------------------------------------------------------------

@replaying.test
def a_destinations_record_runs_its_event(desk):
    event = '{"Records":[{"eventSource":"aws:sqs","messageId":"m-0","body":"{\\"do\\":\\"ok\\"}", "x": 9007199254740993}]}'
    text = json.dumps(destination("EVENT"), indent=2).replace('"EVENT"', event)
    desk.write("d.json", text)
    tap.equal(head(desk, "d.json"),
              ["d.json: sqs, out of a destination's record (Records come from aws:sqs): 1 event"])
    status, lines = desk.told("d.json")
    tap.equal((status, outcomes(lines), events(lines)[0]["form"]), (0, ["ok"], "lambda-destination"))
    _, lines = desk.told("--only", "9007199254740993", "d.json")
    tap.equal(outcomes(lines), ["ok"], "its digits are those of the file")


@replaying.test
def a_stream_destination_runs_its_batch(desk):
    info = {"shardId": "shardId-1", "startSequenceNumber": "100", "endSequenceNumber": "101", "batchSize": 2}
    record = destination(None, DDBStreamBatchInfo=info, payload={"Records": [change("100", "ok"), change("101", "retry")]})
    del record["requestPayload"]
    desk.write("d.json", record)
    _, lines = desk.told("d.json")
    tap.equal((outcomes(lines), events(lines)[0]["form"]), (["ok", "retry"], "lambda-stream-destination"))
    tap.equal(replies(lines), [{"batchItemFailures": [{"itemIdentifier": "101"}]}])


@replaying.test
def a_record_of_a_direct_call_is_one(desk):
    for event in [OK, None, "text", messages(received("m-0", OK))]:
        desk.write("d.json", {"do": "ok", **destination(event)})
        assert is_plain(desk, "d.json"), event


@replaying.test
def dead_letters_run_one_by_one(desk):
    event = sqs(message("inner", RETRY))
    desk.write("q.json", messages(letter("m-0", sqs(message("first", OK))), received("m-1", destination(event))))
    tap.equal(head(desk, "q.json"), [
        f"q.json: part {part}: sqs, out of a dead-letter queue (Records come from aws:sqs): 1 event" for part in [1, 2]])
    tap.equal([(value["document"], value["part"], value["form"]) for value in shown(desk, "q.json")],
              [(1, 1, "lambda-dead-letters"), (1, 2, "lambda-dead-letters")])
    status, lines = desk.told("q.json")
    tap.equal((status, [(line["document"], line["part"], line["event"], line["outcome"]) for line in events(lines)]),
              (1, [(1, 1, "first", "ok"), (1, 2, "inner", "retry")]))
    tap.equal([line["part"] for line in lines if "reply" in line], [1, 2])


@replaying.test
def a_queue_with_one_other_message_is_a_queue(desk):
    event = sqs(message("inner", OK))
    for other in [received("m-1", OK), received("m-1", event), {**letter("m-1", event), "MessageAttributes": {}},
                  letter("m-1", OK)]:
        desk.write("q.json", messages(letter("m-0", event), other))
        tap.equal([(value["form"], "part" in value, len(value["events"])) for value in shown(desk, "q.json")],
                  [("aws-sqs-receive-message", False, 2)], other)


@replaying.test
def golden_lines_name_the_part(desk):
    event = sqs(message("inner", OK))
    desk.write("q.jsonl", json.dumps(event) + "\n" + json.dumps(messages(letter("m-0", event), letter("m-1", event))))
    for option in ["--record", "--expect"]:
        done = desk.replay("--handler", desk.handler("told"), option, "q.expect", "q.jsonl")
        tap.equal(done.returncode, 0, done.stdout)
    lines = desk.path("q.expect").read_text().splitlines()[1:]
    tap.equal([line.split("\t")[0] for line in lines], ["q.jsonl#1"] * 2 + ["q.jsonl#2.1"] * 2 + ["q.jsonl#2.2"] * 2)


# --- logs -------------------------------------------------------------------------------------------------

@replaying.test
def a_log_runs_the_events_in_it(desk):
    event = sqs(message("m-0", OK))
    lines = ["START RequestId: 8f5e Version: $LATEST", f"{STAMP}\t8f5e\tINFO\tevent: {json.dumps(event)}",
             "EVENT:\n" + json.dumps(event, indent=2), "{\"level\": \"INFO\", \"message\": \"done\", \"timestamp\": \"t\"}",
             json.dumps({"timestamp": STAMP, "level": "INFO", "requestId": "8f5e", "message": event}), "END RequestId: 8f5e"]
    desk.write("f.log", "".join(f"{STAMP} {line}\n" for line in lines))
    tap.equal(head(desk, "f.log"), [
        f"f.log: {number}sqs, out of a log export (Records come from aws:sqs): 1 event"
        for number in ["", "document 2: ", "document 3: "]])
    status, told = desk.told("f.log")
    tap.equal((status, [(line["document"], line["form"], line["outcome"]) for line in events(told)]),
              (0, [(number, "log-export", "ok") for number in [1, 2, 3]]))


@replaying.test
def a_log_without_an_event_is_65_at_its_first_line(desk):
    desk.write("f.log", f"\n{STAMP} START\n{STAMP} END {{\"a\":1}}\n")
    desk.write("b.json", OK)
    done = desk.leat("show", "f.log")
    tap.equal((done.returncode, done.stderr), (65, "f.log:2:1: error: not JSON: a log, and no line of it ends in an event\n"))
    status, lines = desk.told("f.log", "b.json")
    tap.equal((status, outcomes(lines)), (65, ["ok"]))
    tap.equal(lines[0], {"file": "f.log", "document": 1, "error": {
        "code": "not-json", "offset": 1, "line": 2, "column": 1,
        "message": "not JSON: a log, and no line of it ends in an event"}})


@replaying.test
def json_log_lines_are_documents(desk):
    event = sqs(message("m-0", OK))
    line = {"timestamp": STAMP, "level": "INFO", "requestId": "8f5e"}
    desk.write("f.jsonl", "\n".join(json.dumps({**line, "message": text}) for text in
                                    [event, json.dumps(event), f"event: {json.dumps(event)}\n"]))
    tap.equal([(value["document"], value["form"], value["kind"]) for value in shown(desk, "f.jsonl")],
              [(number, "lambda-json-log", "sqs") for number in [1, 2, 3]])
    desk.write("f.jsonl", {"do": "ok", **line, "message": "done"})
    assert is_plain(desk, "f.jsonl")


@replaying.test
def printed_log_events_run_the_events_in_them(desk):
    event = sqs(message("m-0", OK))
    texts = ["START RequestId: 8f5e\n", f"event {json.dumps(event)}\n", "END\n",
             json.dumps({"timestamp": STAMP, "level": "INFO", "message": event})]
    desk.write("f.json", json.dumps({"events": [
        {"logStreamName": "s", "timestamp": 1714564800000 + number, "message": text, "ingestionTime": 1714564800500,
         "eventId": str(number)} for number, text in enumerate(texts)], "searchedLogStreams": []}, indent=4))
    tap.equal([(value["part"], value["form"]) for value in shown(desk, "f.json")],
              [(1, "aws-logs-events"), (2, "aws-logs-events")])
    desk.write("f.json", {"do": "ok", "events": [{"timestamp": 1, "message": "START"}]})
    assert is_plain(desk, "f.json")


# --- bounds -------------------------------------------------------------------------------------------------

@replaying.test
def a_form_over_the_limits_is_too_big(desk):
    desk.write("m.json", messages(received("m-0", "x" * 5000)))
    status, lines = desk.told("--set", "limits.memory=16kB", "m.json")
    tap.equal((status, lines[0]["error"]["code"], lines[0]["document"]), (65, "too-big", 1))
    size = len(desk.path("m.json").read_text())
    status, lines = desk.told("--set", f"limits.payload={size}B", "m.json")
    tap.equal((status, replies(lines)[0][0]), (1, "Runtime.UnmarshalError"), "it grows a little")


@replaying.test
def ten_thousand_messages_and_six_megabytes_are_quick(desk):
    desk.write("many.json", messages(*(received(f"m-{number}", {"do": "ok"}) for number in range(10000))))
    desk.write("letters.json", messages(*(letter(f"m-{number}", sqs(message("i", OK))) for number in range(10000))))
    desk.write("long.json", messages(received("m-0", {"do": "ok", "pad": "\u00fc\n" * (2 << 20)})))
    for name, count in [("many.json", 10000), ("letters.json", 10000), ("long.json", 1)]:
        start = time.monotonic()
        status, lines = desk.told(name)
        tap.equal((status, summary(lines)["ok"]), (0, count), name)
        assert time.monotonic() - start < 10, f"{name}: {time.monotonic() - start:.1f} s"


@replaying.test
def a_log_that_never_closes_its_braces_is_quick(desk):
    desk.write("f.log", f"{STAMP} " + '{"a":' * 990 + "[1" + ",1" * (2 << 20) + f"\n{STAMP} " + json.dumps(sqs(message("m", OK))))
    start = time.monotonic()
    status, lines = desk.told("f.log")
    tap.equal((status, outcomes(lines)), (0, ["ok"]))
    assert time.monotonic() - start < 10, f"{time.monotonic() - start:.1f} s"


@replaying.test
def what_is_nested_deep_in_a_form_is_as_deep_in_its_event(desk):
    deep = '{"a":' * 895 + "1" + "}" * 895
    event = json.dumps(sqs(message("m-0", OK))).replace('"Records"', f'"deep": {deep}, "Records"')
    desk.write("d.json", json.dumps(destination("EVENT")).replace('"EVENT"', event))
    tap.equal(desk.told("d.json")[0], 0)
    desk.write("d.json", json.dumps(destination("EVENT")).replace('"EVENT"', "[" * 1000 + "]" * 1000))
    status, lines = desk.told("d.json")
    tap.equal((status, lines[0]["error"]["code"]), (65, "too-deep"))


@replaying.test
def half_a_surrogate_pair_is_no_json_in_any_form(desk):
    desk.write("m.json", '{"Messages":[{"MessageId":"m","Body":"\\ud800"}]}')
    tap.equal(desk.told("m.json")[0], 65)
    desk.write("m.json", messages(letter("m-0", '{"Records":[{"eventSource":"aws:sqs","messageId":"\\ud800"}]}')))
    tap.equal([(value["form"], value["events"][0]["event"]["datacontenttype"]) for value in shown(desk, "m.json")],
              [("aws-sqs-receive-message", "text/plain")], "the text of a message, as it is")
    desk.write("f.log", f'{STAMP} {{"Records":[{{"eventSource":"aws:sqs","messageId":"\\ud800"}}]}}\n')
    tap.equal(desk.told("f.log")[0], 65)


tap.main()
