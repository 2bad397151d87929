# SPDX-License-Identifier: Apache-2.0
"""leat show: what is in event files, for people and for machines."""
import json
import os
import pathlib
import pty

import tap

KINDS = ["apigateway-http", "apigateway-rest", "dynamodb", "eventbridge", "s3", "sns", "sqs", "unknown"]


def sample(trigger):
    return tap.must(tap.BUILD / "leat", "sample", trigger).stdout


def messages(count, **changes):
    """An SQS payload; changes by message: m3={"body": 1}."""
    first = json.loads(sample("sqs"))["Records"][0]
    records = [{**first, "messageId": f"m{i}", **changes.get(f"m{i}", {})} for i in range(count)]
    return json.dumps({"Records": records})


def show(text, *options):
    return tap.leat("show", *options, "-", input=text)


def shown(text, *options):
    """The JSON values that show prints for a text."""
    done = show(text, "--json", *options)
    tap.equal(done.stderr, "")
    tap.equal(done.returncode, 0)
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- for machines ---------------------------------------------------------------------------------------

@tap.test
def every_sample_is_one_line_with_kind_why_and_events():
    for kind in KINDS:
        values = shown(sample(kind))
        tap.equal(len(values), 1, kind)
        value = values[0]
        tap.equal(list(value), ["file", "document", "kind", "why", "events"], kind)
        tap.equal((value["file"], value["document"], value["kind"]), ("-", 1, kind))
        assert value["why"] and value["events"], kind
        for entry in value["events"]:
            assert set(entry) <= {"event", "view"}, entry
            for name in ["id", "source", "type"]:
                assert entry["event"][name], f"{kind}: {name}"
            tap.equal(entry["event"]["specversion"], "1.0")


@tap.test
def views_are_those_of_the_innermost_event():
    views = {kind: shown(sample(kind))[0]["events"][0].get("view") for kind in KINDS}
    tap.equal(views["sqs"]["message_id"], json.loads(sample("sqs"))["Records"][0]["messageId"])
    tap.equal(views["sqs"]["attributes"]["priority"], {"type": "Number.int", "value": "3"})
    tap.equal(views["s3"]["key"], "reports/2024/tea & cups \u8336.pdf", "decoded")
    tap.equal(views["apigateway-http"]["method"], "POST")
    tap.equal(views["apigateway-http"]["cookies"], ["session=8b1d2f40", "theme=dark"])
    assert ["notify", "b+c@example.com"] in views["apigateway-rest"]["query"]
    tap.equal(views["dynamodb"]["keys"], {"customer": "c-17", "order": 1001})
    for kind in ["sns", "eventbridge", "unknown"]:
        tap.equal(views[kind], None, kind)


@tap.test
def data_keeps_its_text_to_the_last_digit():
    line = show('{"n": 9007199254740993, "z": 1.50, "a": 1e400}', "--json").stdout
    tap.contains(line, '"data":{"n":9007199254740993,"z":1.50,"a":1e400}')


@tap.test
def a_broken_record_stands_in_its_place():
    events = shown(messages(4, m2={"body": 1}))[0]["events"]
    tap.equal([entry["event"]["id"] if "event" in entry else None for entry in events], ["m0", "m1", None, "m3"])
    tap.equal(events[2], {"error": {"code": "bad-record", "message": "body is a number (SQS bodies are text)"}})


@tap.test
def a_payload_broken_as_a_whole_is_no_failure_of_show():
    tap.equal(shown(messages(2, m1={"messageId": None})), [{
        "file": "-", "document": 1, "error": {
            "code": "bad-record",
            "message": "Records[1].messageId is null, so a failure of it could not be reported"}}])
    mixed = shown(messages(2, m1={"eventSource": "aws:kinesis"}))[0]
    tap.equal(mixed["error"], {"code": "bad-record", "message": "Records mixes records of several sources"})


@tap.test
def an_empty_batch_is_unknown_with_no_event():
    value = shown('{"Records":[]}')[0]
    tap.equal((value["kind"], value["events"]), ("unknown", []))


@tap.test
def documents_are_counted_in_their_file():
    values = shown('{"a":1}\n\n[2] "three"{"four":\n4}')
    tap.equal([value["document"] for value in values], [1, 2, 3, 4])
    tap.equal([value["events"][0]["event"]["data"] for value in values], [{"a": 1}, [2], "three", {"four": 4}])


@tap.test
def a_folder_is_read_in_byte_order_at_any_depth():
    with tap.folder() as folder:
        root = pathlib.Path(folder)
        for name in ["b.json", "a/z.ndjson", "a/c.jsonl", "B.json", "a/skipped.txt", "skipped"]:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(json.dumps(name))
        done = tap.leat("show", "--json", ".", cwd=root)
        tap.equal(done.returncode, 0, done.stderr)
        names = [json.loads(line)["file"] for line in done.stdout.splitlines()]
        tap.equal(names, ["./B.json", "./a/c.jsonl", "./a/z.ndjson", "./b.json"])


@tap.test
def paths_stay_as_they_were_given_and_may_be_patterns():
    with tap.folder() as folder:
        root = pathlib.Path(folder)
        for name in ["1.json", "2.json"]:
            (root / name).write_text("{}")
        done = tap.leat("show", "--json", "./2.json", "?.json", "-", cwd=root, input="[]")
        names = [json.loads(line)["file"] for line in done.stdout.splitlines()]
        tap.equal(names, ["./2.json", "1.json", "2.json", "-"])


@tap.test
def as_names_the_trigger():
    value = shown(messages(1), "--as", "unknown")[0]
    tap.equal((value["kind"], value["why"]), ("unknown", "as asked"))
    tap.equal(shown(sample("apigateway-rest"), "--as=apigateway")[0]["kind"], "apigateway-rest")
    other = shown(messages(1), "--as", "apigateway")[0]
    tap.equal(other["error"]["code"], "bad-record")
    tap.contains(other["error"]["message"], "apigateway")
    tap.equal(shown("{}", "--as", "sqs")[0]["error"]["code"], "bad-record")


@tap.test
def the_shared_payloads_are_all_shown():
    if not tap.EVENTS:
        raise tap.Skip("LEAT_EVENTS is not set")
    for trigger in ["sqs", "s3", "apigateway-rest", "apigateway-http", "dynamodb"]:
        for options in [[], ["--json"]]:
            done = tap.leat("show", *options, pathlib.Path(tap.EVENTS) / trigger)
            tap.equal((done.returncode, done.stderr), (0, ""), trigger)
            tap.equal(done.stdout.count('"error"'), 0, trigger)


# --- for people -----------------------------------------------------------------------------------------

@tap.test
def the_first_line_says_kind_why_and_how_many():
    done = show(messages(3))
    tap.equal(done.returncode, 0)
    tap.equal(done.stdout.splitlines()[0], "-: sqs (Records come from aws:sqs): 3 events")
    tap.equal(show("{}").stdout.splitlines()[0], "-: unknown (no other trigger claims it): 1 event")
    tap.contains(show("{} {}").stdout, "\n-: document 2: unknown ")
    tap.contains(show('{"Records":[]}').stdout, ": no event\n")


@tap.test
def attributes_body_and_view_stand_in_one_column():
    lines = show(messages(1)).stdout.splitlines()
    at = lines.index("Records[0]: sqs m0")
    tap.equal(lines[at + 1], "  source           arn:aws:sqs:eu-west-1:123456789012:orders")
    tap.contains(lines, "  datacontenttype  application/json")
    tap.contains(lines, "  view")
    tap.contains(lines, "    message_id     m0")
    data = [line for line in lines if line.startswith("  data ")][0]
    tap.contains(data, '  data             {"order_id":"A-1001",')
    http = show(sample("apigateway-http")).stdout.splitlines()
    tap.contains(http, "    headers        accept: application/json")
    tap.contains(http, "                   content-length: 85")


@tap.test
def nested_events_say_what_they_are_inside_of():
    s3 = json.loads(sample("s3"))
    tap.contains(show(messages(1, m0={"body": json.dumps(s3)})).stdout, "\nRecords[0]: s3 in sqs ")
    message = {"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
               "TopicArn": "arn:aws:sns:eu-west-1:123456789012:uploads", "Message": json.dumps(s3),
               "Timestamp": "2024-05-02T18:51:45.000Z"}
    done = show(messages(2, m0={"body": json.dumps(message)}))
    tap.contains(done.stdout, "\nRecords[0]: s3 in sns in sqs ")
    tap.contains(done.stdout, "\nRecords[1]: sqs m1")
    tap.equal(done.stdout.splitlines()[1:3], ["  sqs > sns > s3  1 event", "  sqs  1 event"])
    assert "  sqs  " not in show(messages(2)).stdout, "nothing is nested"
    tap.contains(done.stdout, "\n    bucket         uploads-example\n")


@tap.test
def records_of_several_lists_are_named_by_their_list():
    lines = show(sample("kafka")).stdout.splitlines()
    tap.equal([line.split(": ")[0] for line in lines if line.startswith("records.")],
              ["records.orders-0[0]", "records.orders-0[1]"])


@tap.test
def broken_records_tell_what_becomes_of_them_and_of_the_others():
    line = "-: sqs: Records[3] is broken: body is a number (SQS bodies are text); it would be rejected, the other 9 run"
    done = show(messages(10, m3={"body": 1}))
    tap.equal(done.returncode, 0)
    tap.contains(done.stdout.splitlines(), line)
    tap.contains(done.stdout.splitlines()[0], ": 9 events, 1 broken record")
    place = done.stdout.index(line)
    assert done.stdout.index("Records[2]: sqs") < place < done.stdout.index("Records[4]: sqs")
    for count, broken, end in [(1, 1, "it would be rejected"), (2, 1, "it would be rejected, the other one runs"),
                               (3, 2, "it would be rejected, the whole one runs"),
                               (5, 2, "it would be rejected, the 3 whole ones run")]:
        text = show(messages(count, **{f"m{i}": {"body": 1} for i in range(broken)})).stdout
        tap.equal(sum(text_line.endswith(end) for text_line in text.splitlines()), broken, end)


@tap.test
def a_payload_broken_as_a_whole_says_so():
    done = show(messages(2, m1={"messageId": 7}))
    tap.equal(done.returncode, 0)
    tap.equal(done.stdout, "-: sqs: broken: Records[1].messageId is a number, so a failure of it could not be reported; "
                           "nothing of it would run (Runtime.UnmarshalError)\n")


@tap.test
def values_are_shortened_and_bytes_counted():
    for start in ["", "x"]:
        text = show(messages(1, m0={"body": start + "\u00e9" * 400})).stdout
        tap.contains(text, f"\u00e9... ({800 + len(start)} bytes)\n")
        assert "\\x" not in text, "no character is cut in two"
    tap.contains(show(messages(1, m0={"body": ""})).stdout, "  data             (empty)\n")
    request = json.loads(sample("apigateway-rest"))
    request.update(body="/wAB", isBase64Encoded=True)
    tap.contains(show(json.dumps(request)).stdout, "(3 bytes that are no text)")


@tap.test
def control_characters_never_reach_the_terminal():
    done = show(messages(1, m0={"body": "\x1b[31mred\x07", "messageId": "m\x1b[2J"}))
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout
    tap.contains(done.stdout, "\\x1b[31mred\\x07")
    with tap.folder() as folder:
        (pathlib.Path(folder) / "a\x1b[31m.json").write_text("{")
        done = tap.leat("show", folder)
        tap.equal(done.returncode, 65)
        assert "\x1b" not in done.stdout + done.stderr


def on_a_terminal(*arguments, **env):
    """What leat prints to a terminal."""
    master, slave = pty.openpty()
    try:
        done = tap.run(tap.BUILD / "leat", *arguments, env={"NO_COLOR": "", **env}, capture_output=False, stdout=slave)
        tap.equal(done.returncode, 0)
        os.close(slave)
        text = b""
        try:
            while part := os.read(master, 65536):
                text += part
        except OSError:  # the end of a terminal
            pass
        return text.decode()
    finally:
        os.close(master)


@tap.test
def colour_is_for_terminals_that_want_it():
    with tap.folder() as folder:
        path = pathlib.Path(folder) / "m.json"
        path.write_text(messages(2, m0={"body": 1}))
        tap.contains(on_a_terminal("show", path), "\x1b[31m")
        assert "\x1b" not in on_a_terminal("show", path, NO_COLOR="1")
        assert "\x1b" not in on_a_terminal("show", "--json", path)
        assert "\x1b" not in tap.leat("show", path).stdout


tap.main()
