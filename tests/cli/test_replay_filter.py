# SPDX-License-Identifier: Apache-2.0
"""`leat replay --filter`: which records run, what is told of those that do not, and patterns that are none."""
import base64
import json
import sys

import replaying
import tap
from replaying import change, events, message, replies, sqs, summary

OK = {"do": "ok"}
LARGE = json.dumps({"body": {"total": [{"numeric": [">", 100]}]}})


def order(identity, total):
    return message(identity, {**OK, "total": total})


def names(lines):
    return [line["event"] for line in events(lines)]


@replaying.test
def records_that_do_not_match_are_settled_unseen(desk):
    desk.write("a.json", sqs(order("m1", 50), order("m2", 150), message("m3", "plain")))
    status, lines = desk.told("--filter", LARGE, "a.json")
    tap.equal((status, names(lines)), (0, ["m2"]))
    tap.equal(replies(lines), [{"batchItemFailures": []}])
    tap.equal((summary(lines)["events"], summary(lines)["filtered"]), (1, 2))


@replaying.test
def a_failure_behind_filtered_records_is_the_only_one_told(desk):
    desk.write("a.json", sqs(message("m1", {"do": "reject"}), message("m2", {"do": "retry", "total": 101})))
    status, lines = desk.told("--filter", LARGE, "a.json")
    tap.equal(status, 1)
    tap.equal(replies(lines), [{"batchItemFailures": [{"itemIdentifier": "m2"}]}])


@replaying.test
def several_filters_are_alternatives(desk):
    desk.write("a.json", sqs(order("m1", 50), order("m2", 150), message("m3", "plain")))
    plain = json.dumps({"body": [{"prefix": "pla"}]})
    _, lines = desk.told("--filter", LARGE, "--filter", plain, "a.json")
    tap.equal((names(lines), summary(lines)["filtered"]), (["m2", "m3"], 1))


@replaying.test
def only_and_filter_both_must_hold(desk):
    desk.write("a.json", sqs(order("m1", 50), order("m2", 150), order("m3", 160)))
    _, lines = desk.told("--filter", LARGE, "--only", "m3", "a.json")
    tap.equal((names(lines), summary(lines)["filtered"]), (["m3"], 1))
    _, lines = desk.told("--filter", LARGE, "--only", "m1", "a.json")
    tap.equal((names(lines), replies(lines), summary(lines)["filtered"]), ([], [], 1))


@replaying.test
def a_document_with_nothing_left_is_no_invocation(desk):
    desk.write("a.json", sqs(order("m1", 50)))
    desk.write("b.json", sqs(order("m2", 150)))
    _, lines = desk.told("--filter", LARGE, "a.json", "b.json")
    tap.equal(([line["file"] for line in lines if "reply" in line], names(lines)), (["b.json"], ["m2"]))


@replaying.test
def patterns_stand_in_files_too(desk):
    desk.write("large.json", f"\n{LARGE}\n")
    desk.write("a.json", sqs(order("m1", 50), order("m2", 150)))
    tap.equal(names(desk.told("--filter", "@large.json", "a.json")[1]), ["m2"])
    done = desk.replay("--handler", desk.handler("told"), "--filter", "@none.json", "a.json")
    tap.equal(done.returncode, 64)
    tap.contains(done.stderr, "cannot open none.json: No such file or directory")


@replaying.test
def totals_say_how_many_were_filtered_out(desk):
    desk.write("a.json", sqs(order("m1", 50), order("m2", 150)))
    done = desk.replay("--handler", desk.handler("told"), "--filter", LARGE, "a.json")
    tap.contains(done.stdout, "\n1 record filtered out\n")
    done = desk.replay("--handler", desk.handler("told"), "--quiet", "--filter", '{"body":[1]}', "a.json")
    tap.equal(done.stdout, "2 records filtered out\n0 events\n")
    done = desk.replay("--handler", desk.handler("told"), "a.json")
    assert "filtered" not in done.stdout, done.stdout
    assert "filtered" not in summary(desk.told("a.json")[1])


@replaying.test
def records_are_counted_not_events(desk):
    """An S3 notification with two records is one SQS message: a filter looks at the message."""
    put = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
           "s3": {"bucket": {"name": "mill"}, "object": {"key": "a.png"}}}
    notice = {"Records": [put, {**put, "s3": {"bucket": {"name": "mill"}, "object": {"key": "b.png"}}}]}
    desk.write("a.json", sqs(message("m1", notice)))
    keys = json.dumps({"body": {"Records": {"s3": {"object": {"key": [{"prefix": "b."}]}}}}})
    _, lines = desk.lines("--handler", desk.handler("fine"), "--filter", keys, "a.json")
    tap.equal((len(events(lines)), summary(lines)["filtered"]), (2, 0))
    _, lines = desk.lines("--handler", desk.handler("fine"), "--filter", keys.replace("b.", "c."), "a.json")
    tap.equal((len(events(lines)), summary(lines)["filtered"]), (0, 1))


@replaying.test
def broken_records_can_be_filtered_out(desk):
    broken = {**message("m1", "x"), "attributes": 7}
    desk.write("a.json", sqs(broken, message("m2", OK)))
    status, lines = desk.told("--filter", '{"body":{"do":["ok"]}}', "a.json")
    tap.equal((status, names(lines), summary(lines)["filtered"]), (0, ["m2"], 1))


@replaying.test
def changes_of_tables_are_filtered_by_their_image(desk):
    desk.write("a.json", {"Records": [change("1", "ok"), change("2", "retry")]})
    pattern = json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"do": {"S": ["ok"]}}}})
    status, lines = desk.told("--filter", pattern, "a.json")
    tap.equal((status, names(lines), replies(lines)), (0, ["e1"], [{"batchItemFailures": []}]))


@replaying.test
def threads_change_nothing(desk):
    for number in range(20):
        desk.write(f"d/{number:02}.json", sqs(*(order(f"m{number}-{i}", 90 + i * 10) for i in range(5))))
    one, many = (desk.told(*more, "--filter", LARGE, "d")[1] for more in [[], ["--parallel", "4"]])
    tap.equal((names(many), summary(many)["filtered"]), (names(one), 40))


@replaying.test
def a_function_of_another_process_is_not_called_for_what_is_filtered_out(desk):
    desk.write("a.json", sqs(order("m1", 50)))
    desk.write("b.json", sqs(order("m2", 150), order("m3", 1)))
    desk.write("guest.py", """
import os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as answer:
        name = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    urllib.request.urlopen(urllib.request.Request(api + name + "/response", b'{"batchItemFailures":[]}'))
""")
    _, lines = desk.lines("--bootstrap", f"{sys.executable} guest.py", "--filter", LARGE, "a.json", "b.json")
    tap.equal((names(lines), len(replies(lines)), summary(lines)["filtered"]), (["m2"], 1, 2))


@replaying.test
def broken_patterns_are_refused_with_their_place(desk):
    desk.write("a.json", sqs(order("m1", 50)))
    done = desk.replay("--handler", desk.handler("told"), "--filter", '{"body":{"price":[{"numerc":[">",1]}]}}', "a.json")
    tap.equal((done.returncode, done.stdout), (64, ""))
    tap.contains(done.stderr, '--filter: /body/price/0: "numerc" is no operator; did you mean numeric?')
    desk.write("bad.json", "{")
    done = desk.replay("--handler", desk.handler("told"), "--filter", "@bad.json", "a.json")
    tap.equal(done.returncode, 64)
    tap.contains(done.stderr, "--filter @bad.json: the pattern is no JSON, byte 1: ")


@replaying.test
def raw_handlers_have_nothing_to_filter(desk):
    desk.write("a.json", OK)
    done = desk.replay("--handler", desk.handler("raw"), "--filter", LARGE, "a.json")
    tap.equal((done.returncode, done.stdout), (78, ""))
    tap.contains(done.stderr, "a raw handler has no records that --filter could look at")


@replaying.test
def data_of_streams_is_decoded(desk):
    data = base64.b64encode(b'{"do":"ok","total":101}').decode()
    record = {"eventSource": "aws:kinesis", "eventID": "s:1", "kinesis": {"sequenceNumber": "1", "partitionKey": "p",
                                                                         "data": data}}
    desk.write("a.json", {"Records": [record]})
    _, lines = desk.told("--filter", LARGE.replace("body", "data"), "a.json")
    tap.equal(names(lines), ["s:1"])


tap.main()
