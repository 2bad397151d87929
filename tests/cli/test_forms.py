# SPDX-License-Identifier: Apache-2.0
"""The forms in which failures lie around, through `leat show` and `leat replay`: what the AWS CLI prints.
tests/unit/test_forms.c has each form to the byte."""
import json

import replaying
import tap
from replaying import change, events, message, outcomes, replies, sqs

OK, RETRY = {"do": "ok"}, {"do": "retry", "reason": "away"}
STAMP = "2024-05-01T12:00:00.000Z"


def received(identity, body, **more):
    """A message as `aws sqs receive-message` prints it."""
    return {"MessageId": identity, "ReceiptHandle": "r", "MD5OfBody": "0",
            "Body": body if isinstance(body, str) else json.dumps(body),
            "Attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": "1714675904123"}, **more}


def messages(*items):
    return {"Messages": list(items)}


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


tap.main()
