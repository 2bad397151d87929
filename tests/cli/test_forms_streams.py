# SPDX-License-Identifier: Apache-2.0
"""The forms of streams: `aws kinesis get-records` and `kcat -J`. Their triggers decide whether they are known, so a
build without these skips the tests; tests/unit/test_forms.c has the forms themselves to the byte."""
import base64
import functools
import json

import replaying
import tap
from replaying import events, outcomes, replies

OK, RETRY = {"do": "ok"}, {"do": "retry", "reason": "away"}


@functools.lru_cache
def has(trigger):
    return tap.leat("sample", trigger).returncode == 0


def needs(trigger):
    if not has(trigger):
        raise tap.Skip(f"this build has no trigger {trigger}")


def shown(desk, name):
    done = desk.leat("show", "--json", name)
    tap.equal((done.returncode, done.stderr), (0, ""))
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- aws kinesis get-records --------------------------------------------------------------------------------

NUMBER = "4962640120632362798904770916225032174227505325065371649"


def record(last, value, **more):
    """A record as version 2 of the AWS CLI prints it."""
    return {"SequenceNumber": f"{NUMBER}{last}", "ApproximateArrivalTimestamp": "2024-05-01T14:00:00.250000+02:00",
            "Data": base64.b64encode(json.dumps(value).encode()).decode(), "PartitionKey": "customer 17", **more}


def records(*items):
    return {"Records": list(items), "NextShardIterator": "AAAA", "MillisBehindLatest": 0}


@replaying.test
def kinesis_records_are_a_batch(desk):
    needs("kinesis")
    desk.write("k.json", json.dumps(records(record(0, OK), record(1, RETRY), record(2, OK)), indent=4))
    done = desk.leat("show", "k.json")
    assert done.stdout.startswith("k.json: kinesis, as the AWS CLI prints it ("), done.stdout
    status, lines = desk.told("k.json")
    tap.equal((status, outcomes(lines), events(lines)[0]["form"]),
              (1, ["ok", "retry", "retry"], "aws-kinesis-get-records"))
    tap.equal(replies(lines), [{"batchItemFailures": [{"itemIdentifier": f"{NUMBER}1"}]}])


@replaying.test
def a_kinesis_record_has_its_time_key_and_bytes(desk):
    needs("kinesis")
    for arrival in ["2024-05-01T14:00:00.250000+02:00", 1714564800.25]:
        desk.write("k.json", records(record(0, OK, ApproximateArrivalTimestamp=arrival)))
        value = shown(desk, "k.json")[0]
        event, view = value["events"][0]["event"], value["events"][0]["view"]
        tap.equal((value["form"], value["kind"]), ("aws-kinesis-get-records", "kinesis"))
        tap.equal((event["data"], event["time"]), (OK, "2024-05-01T12:00:00.250Z"))
        tap.equal(view, {"partition_key": "customer 17", "sequence": f"{NUMBER}0", "arrival_ms": 1714564800250})


@replaying.test
def what_is_broken_in_a_kinesis_record_is_told(desk):
    needs("kinesis")
    desk.write("k.json", records(record(0, OK), record(1, OK, Data=7)))
    _, lines = desk.told("k.json")
    tap.equal(outcomes(lines), ["ok", "reject"])
    broken = record(1, OK)
    del broken["SequenceNumber"]
    desk.write("k.json", records(record(0, OK), broken))
    _, lines = desk.told("k.json")
    tap.equal((events(lines), replies(lines)[0][0]), ([], "Runtime.UnmarshalError"))


# --- kcat -J ------------------------------------------------------------------------------------------------

def line(offset, payload, **more):
    return {"topic": "orders-eu", "partition": 3, "offset": offset, "tstype": "create", "ts": 1714564800250, "broker": 1,
            "key": "customer 17", "payload": payload if payload is None else json.dumps(payload), **more}


@replaying.test
def each_line_of_kcat_is_a_record(desk):
    needs("kafka")
    desk.write("k.jsonl", "".join(json.dumps(line(number, value)) + "\n" for number, value in enumerate([OK, RETRY, OK])))
    done = desk.leat("show", "k.jsonl")
    assert done.stdout.startswith("k.jsonl: kafka, as kcat -J prints it ("), done.stdout
    status, lines = desk.told("k.jsonl")
    tap.equal((status, [(told["document"], told["outcome"], told["form"]) for told in events(lines)]),
              (1, [(1, "ok", "kcat-json"), (2, "retry", "kcat-json"), (3, "ok", "kcat-json")]))


@replaying.test
def a_record_of_kcat_has_its_place_key_headers_and_bytes(desk):
    needs("kafka")
    largest = 9223372036854775807
    desk.write("k.jsonl", line(largest, OK, headers=["trace", "a\u00fc", "trace", "b"]))
    value = shown(desk, "k.jsonl")[0]
    event, view = value["events"][0]["event"], value["events"][0]["view"]
    tap.equal((event["id"], event["data"], event["time"]), (f"orders-eu-3-{largest}", OK, "2024-05-01T12:00:00.250Z"))
    tap.equal((view["topic"], view["partition"], view["offset"], view["key"]),
              ("orders-eu", 3, str(largest), "customer 17"))
    tap.equal(view["headers"], [["trace", "a\u00fc"], ["trace", "b"]])


@replaying.test
def null_is_no_key_and_a_tombstone(desk):
    needs("kafka")
    desk.write("k.jsonl", line(0, None, key=None))
    entry = shown(desk, "k.jsonl")[0]["events"][0]
    tap.equal(("data" in entry["event"], "data_base64" in entry["event"], "key" in entry["view"]), (False, False, False))


tap.main()
