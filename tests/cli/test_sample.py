# SPDX-License-Identifier: Apache-2.0
"""leat sample: a payload of each trigger, as it is, repeated and changed."""
import json

import tap


def listed():
    done = tap.must(tap.BUILD / "leat", "sample")
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())


def sample(*arguments):
    done = tap.must(tap.BUILD / "leat", "sample", *arguments)
    tap.equal(done.stderr, "", arguments)
    return done.stdout


def payload(*arguments):
    return json.loads(sample(*arguments))


def shown(text):
    """What show makes of one payload."""
    done = tap.leat("show", "--json", "-", input=text)
    tap.equal((done.returncode, done.stderr), (0, ""))
    return json.loads(done.stdout)


def names(document):
    """(source, id) of each event; a broken record has none and fails."""
    return [(item["event"]["source"], item["event"]["id"]) for item in document["events"]]


def ids_of(trigger):
    """The lines of its sample.ids; none if it has none."""
    file = tap.ROOT / "triggers" / trigger / "sample.ids"
    return file.read_text().splitlines() if file.exists() else []


def at(value, pointer):
    for token in pointer.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value.get(token) if isinstance(value, dict) else None
    return value


def refuses(arguments, *parts):
    done = tap.leat("sample", *arguments)
    tap.equal((done.returncode, done.stdout), (64, ""), arguments)
    for part in parts:
        tap.contains(done.stderr, part)


# --- as it is ------------------------------------------------------------------------------------------------


@tap.test
def without_a_trigger_it_lists_them_with_a_line_of_help():
    triggers = listed()
    assert {"sqs", "s3", "apigateway-http", "apigateway-rest", "dynamodb"} <= set(triggers), triggers
    assert all(triggers.values())
    tap.equal(list(triggers), sorted(triggers))


@tap.test
def every_sample_is_the_file_of_its_trigger():
    for name in listed():
        done = tap.must(tap.BUILD / "leat", "sample", name)
        tap.equal(done.stdout, (tap.ROOT / "triggers" / name / "sample.json").read_text(), name)
        json.loads(done.stdout)


@tap.test
def apigateway_is_the_http_api_in_format_2():
    done = tap.must(tap.BUILD / "leat", "sample", "apigateway")
    tap.equal(done.stdout, tap.leat("sample", "apigateway-http").stdout)
    tap.equal(json.loads(done.stdout)["version"], "2.0")


@tap.test
def an_unknown_trigger_is_answered_with_the_one_that_was_meant():
    for wrong, part in [("sqz", 'did you mean "sqs"?'), ("dynamo", 'did you mean "dynamodb"?'),
                        ("xyzzy", "leat sample lists the triggers"), ("", "no trigger")]:
        done = tap.leat("sample", wrong)
        tap.equal((done.returncode, done.stdout), (64, ""), wrong)
        tap.contains(done.stderr, part)
    tap.equal(tap.leat("sample", "sqs", "s3").returncode, 64)


# --- --records -----------------------------------------------------------------------------------------------


@tap.test
def records_repeat_in_turn_with_ids_of_their_own():
    repeated = [name for name in listed() if ids_of(name)]
    assert {"sqs", "s3", "dynamodb", "sns"} <= set(repeated), repeated
    for name in repeated:
        where, *ids = ids_of(name)
        plain = json.loads((tap.ROOT / "triggers" / name / "sample.json").read_text())
        first = at(plain, where)
        more = at(payload(name, "--records", 7), where)
        tap.equal((len(more), more[:len(first)]), (7, first), name)
        for pointer in ids:
            values = [at(record, pointer) for record in more]
            values = [value for value in values if value is not None]
            tap.equal(len(set(values)), len(values), f"{name} {pointer}: {values}")
        text = sample(name, "--records", 7)
        document, before = shown(text), shown(json.dumps(plain))
        tap.equal(document["kind"], name)
        tap.equal(len(document["events"]), len(before["events"]) - len(first) + 7, name)
        tap.equal(len(set(names(document))), len(document["events"]), name)


@tap.test
def copies_differ_in_nothing_but_their_ids():
    for name in listed():
        if not ids_of(name):
            continue
        where, *ids = ids_of(name)
        records = at(payload(name, "--records", 9), where)
        count = len(at(payload(name, "--set", "/x=1"), where))
        for number, record in enumerate(records[count:], count):
            for pointer in ids:
                parent, _, member = pointer.rpartition("/")
                if at(record, pointer) is not None:
                    at(record, parent)[member] = at(records[number % count], pointer)
            tap.equal(record, records[number % count], f"{name} {number}")


@tap.test
def a_payload_of_one_event_is_not_repeated():
    alone = [name for name in listed() if not ids_of(name)]
    assert {"apigateway-http", "apigateway-rest", "eventbridge", "unknown"} <= set(alone), alone
    for name in alone:
        refuses([name, "--records", 2], f"a payload of {name} holds no list of records", "--records is for dynamodb")
        tap.equal(payload(name, "--records", 1), payload(name), "it is one already")
    refuses(["apigateway", "--records", 2], "apigateway-http holds no list of records")


@tap.test
def ten_thousand_messages_have_ten_thousand_ids():
    document = shown(sample("sqs", "--records", 10000))
    tap.equal(len(document["events"]), 10000)
    tap.equal(len(set(names(document))), 10000)


@tap.test
def the_most_records_there_can_be_are_written_out():
    text = sample("sns", "--records", 100000)
    tap.equal(text.count('"MessageId"'), 100000)
    tap.equal(len(text.splitlines()), 1)


@tap.test
def fewer_records_than_the_sample_has_are_its_first():
    tap.equal(payload("dynamodb", "--records", 2)["Records"], payload("dynamodb")["Records"][:2])
    tap.equal(payload("dynamodb", "--records", 1, "--records", 2)["Records"][1]["dynamodb"]["SequenceNumber"],
              "100000000000000000002", "counted up from the first")


def counted(first):
    """MessageIds of three notifications, the first as given."""
    records = payload("sns", "--set", f"/Records/0/Sns/MessageId={json.dumps(first)}", "--records", 3)["Records"]
    return [record["Sns"]["MessageId"] for record in records]


@tap.test
def texts_count_up_as_what_they_are():
    for first, second, third in [
            ("b81d6f02-3c5e-5a79-94e8-2f6a1b0c9dff", "b81d6f02-3c5e-5a79-94e8-2f6a1b0c9e00",
             "b81d6f02-3c5e-5a79-94e8-2f6a1b0c9e01"),
            ("0-ffff", "1-0000", "1-0001"),
            ("FF-FF", "100-00", "100-01"),
            ("00A", "00B", "00C"),
            ("100000000000000000009", "100000000000000000010", "100000000000000000011"),
            ("998", "999", "1000"),
            ("shardId-000000000000:0099", "shardId-000000000000:0100", "shardId-000000000000:0101"),
            ("zz8", "zz9", "zz10"),
            ("2024-05-02T18:51:44Z", "2024-05-02T18:51:44Z-1", "2024-05-02T18:51:44Z-2"),
            ("x\0y9", "x\0y10", "x\0y11"), ("x\0y", "x\0y-1", "x\0y-2"), ("\u8336", "\u8336-1", "\u8336-2"),
            ("--", "---1", "---2"), ("", "-1", "-2")]:
        tap.equal(counted(first), [first, second, third])


@tap.test
def whole_numbers_count_up_to_the_digit_and_nothing_else_counts():
    record = '/Records/0={"Sns":{"MessageId":%s}}'
    for first, rest in [("9007199254740993", ["9007199254740994", "9007199254740995"]),
                        ("99999999999999999999999", ["100000000000000000000000", "100000000000000000000001"]),
                        ("0", ["1", "2"]), ("1.5", ["1.5", "1.5"]), ("-3", ["-3", "-3"]), ("1e3", ["1e3", "1e3"]),
                        ("null", ["null", "null"]), ("[1]", ["[1]", "[1]"])]:
        text = sample("sns", "--set", record % first, "--records", 3)
        tap.equal(text, '{"Records":[%s]}\n' % ",".join('{"Sns":{"MessageId":%s}}' % n for n in [first, *rest]))


@tap.test
def copies_of_fifo_messages_keep_their_order():
    changes = ["Records.*.eventSourceARN=arn:aws:sqs:eu-west-1:123456789012:orders.fifo",
               'Records.*.attributes.MessageGroupId="c-17"',
               'Records.0.attributes.SequenceNumber="18850000000000000007"',
               'Records.1.attributes.SequenceNumber="18850000000000000099"',
               'Records.*.attributes.MessageDeduplicationId="d"']
    arguments = [word for change in changes for word in ["--set", change]]
    text = sample("sqs", *arguments, "--records", 500)
    numbers = [int(record["attributes"]["SequenceNumber"]) for record in json.loads(text)["Records"]]
    tap.equal(numbers[:3], [18850000000000000007, 18850000000000000099, 18850000000000000100])
    tap.equal(numbers, sorted(set(numbers)))
    document = shown(text)
    tap.equal(len(set(names(document))), 500)
    tap.equal({item["event"]["subject"] for item in document["events"]}, {"c-17"})
    sequences = [item["event"]["sequence"] for item in document["events"]]
    tap.equal(sequences, sorted(sequences))


@tap.test
def a_wrong_number_of_records_is_refused():
    for wrong in ["0", "-1", "100001", "x", "", "1.5", " 1", "99999999999999999999"]:
        refuses(["sqs", f"--records={wrong}"], f'from 1 to 100000, not "{wrong}"')
    refuses(["sqs", "--records"], "--records wants a value: N")
    refuses(["--records", "2"], "no trigger is named", "leat sample sqs --records 10")
    refuses(["--set", "a=1"], "no trigger is named")
    refuses(["sqs", "--set", "Records=[]", "--records", "2"], "/Records holds no record")
    refuses(["sqs", "--set", "Records=5", "--records", "2"], "/Records holds no record")


# --- --set ---------------------------------------------------------------------------------------------------


@tap.test
def a_path_is_a_pointer_or_its_steps_with_dots():
    for path in ["/Records/1/awsRegion", "Records.1.awsRegion", "/Records/*/awsRegion", "Records.*.awsRegion"]:
        records = payload("sqs", "--set", f"{path}=moon")["Records"]
        tap.equal([record["awsRegion"] for record in records], ["moon" if "*" in path else "eu-west-1", "moon"], path)
    paths = {"/a~1b": "a/b", "/~0": "~", "/a.b": "a.b", "/": "", "c/d": "c/d"}
    tap.equal(payload("unknown", *(f"--set={path}=1" for path in paths)),
              {"name": "world", **{name: 1 for name in paths.values()}})
    tap.equal(payload("unknown", "--set", "/a~1b=1", "--set", "/a~1b=2")["a/b"], 2, "found again")


@tap.test
def a_star_is_every_element_and_every_member():
    images = ["--set", "Records.*.dynamodb.Keys.*={}"]
    for record in payload("dynamodb", *images)["Records"]:
        tap.equal(record["dynamodb"]["Keys"], {"customer": {}, "order": {}})
    tap.equal(payload("unknown", "--set", "x=[1,[2,3]]", "--set", "x.*=0")["x"], [0, 0])
    counts = [record["messageAttributes"] for record in
              payload("sqs", "--set", "Records.*.messageAttributes.*.stringValue=v")["Records"]]
    tap.equal([counts[0]["channel"]["stringValue"], counts[0]["priority"]["stringValue"], counts[1]], ["v", "v", {}])


@tap.test
def values_are_json_or_else_text():
    for value, wanted in [("5", 5), ("true", True), ("null", None), ('{"a":[1]}', {"a": [1]}), (" [] ", []),
                          ('"5"', "5"), ("word", "word"), ("", ""), ("007", "007"), ("{broken", "{broken"),
                          ("a=b", "a=b"), ("'x'", "'x'"), ('"\\u8336"', "\u8336"), ("\u8336", "\u8336"),
                          ("1 2", "1 2"), ("NaN", "NaN")]:
        tap.equal(payload("unknown", "--set", f"new={value}"), {"name": "world", "new": wanted}, value)
        tap.equal(payload("unknown", "--set", "new=0", "--set", f"new={value}")["new"], wanted, f"{value} over 0")


@tap.test
def text_stays_text():
    order = '{"order_id": "o-1", "total": 9007199254740993.10}'
    for value, wanted in [(order, order), ("5", "5"), ("null", "null"), ("[1, 2]", "[1, 2]"), ('"quoted"', "quoted"),
                          ("1" * 100, "1" * 100), ("[" * 1200 + "]" * 1200, "[" * 1200 + "]" * 1200)]:
        text = sample("sqs", "--set", f"Records.0.body={value}")
        tap.equal(json.loads(text)["Records"][0]["body"], wanted)
        tap.equal(len(shown(text)["events"]), 2)
    tap.equal(payload("sns", "--set", f"/Records/0/Sns/Message={order}")["Records"][0]["Sns"]["Message"], order)
    tap.equal(payload("sqs", "--set", f"Records.*.body={order}", "--records", 5)["Records"][4]["body"], order)


@tap.test
def numbers_keep_every_digit():
    for number in ["9007199254740993", "1.10", "1e999", "-0", "0.1000000000000000055511151231257827", "9" * 60]:
        text = sample("unknown", "--set", f"n={number}", "--set", f"deep=[{{\"n\": {number}}}]")
        tap.equal(text, f'{{"name":"world","n":{number},"deep":[{{"n":{number}}}]}}\n')
    done = tap.leat("sample", "unknown", "--set", "n=" + "8" * 64)
    if done.returncode == 0:
        tap.equal(done.stdout, '{"name":"world","n":' + "8" * 64 + "}\n")
    else:  # older versions of cJSON read 63 characters
        refuses(["unknown", "--set", "n=" + "8" * 64], "cannot stand there, a number of more than 63 characters: n")
    untouched = sample("dynamodb", "--set", "/x=1")
    tap.contains(untouched, '"ApproximateCreationDateTime":1714675904,')


@tap.test
def text_may_hold_a_nul():
    text = sample("sqs", "--set", 'Records.0.body="a\\u0000b"', "--set", 'Records.0.x={"n\\u0000m": "\\u0000"}')
    record = json.loads(text)["Records"][0]
    tap.equal((record["body"], record["x"]), ("a\0b", {"n\0m": "\0"}))
    tap.equal(shown(text)["events"][0]["event"]["data"], "a\0b")
    tap.equal(payload("unknown", "--set", 'x="a\\u0000b"', "--set", "x=short")["x"], "short")


@tap.test
def a_last_step_that_is_missing_is_added():
    tap.equal(payload("unknown", "--set", "a={}", "--set", "a.b=[]", "--set", "a.b.0=1", "--set", "/a/b/-=2",
                      "--set", "a.b.2=x", "--set", "a.b.0=0"), {"name": "world", "a": {"b": [0, 2, "x"]}})
    tap.equal([record["mark"] for record in payload("sqs", "--records", 4, "--set", "Records.*.mark=[1]")["Records"]],
              [[1]] * 4)


@tap.test
def what_was_set_everywhere_is_not_shared():
    changed = payload("sqs", "--set", 'Records.*.x={"n":{"m":0}}', "--records", 4, "--set", "Records.1.x.n.m=1")
    tap.equal([record["x"]["n"]["m"] for record in changed["Records"]], [0, 1, 0, 0])


@tap.test
def options_are_done_in_the_order_given():
    bodies = [record["body"] for record in payload("sqs", "--records", 5, "--set", "Records.4.body=last")["Records"]]
    tap.equal([body == "last" for body in bodies], [False] * 4 + [True])
    bodies = [record["body"] for record in payload("sqs", "--set", "Records.0.body=odd", "--records", 5)["Records"]]
    tap.equal([body == "odd" for body in bodies], [True, False, True, False, True])
    refuses(["sqs", "--set", "Records.4.body=x", "--records", 5], 'there is no "Records.4": the array has 2 elements',
            "options are done in the order given")
    tap.equal(payload("sqs", "--set=Records.0.body=a", "--set=Records.0.body=b")["Records"][0]["body"], "b")


@tap.test
def a_path_that_leads_nowhere_is_named_up_to_where_it_ends():
    for path, *parts in [
            ("Records.2.body", 'no "Records.2":', "2 elements"), ("Records.3", 'no "Records.3":'),
            ("/Records/-/body", 'no "/Records/-":'), ("Records.0.bdoy.x.y", 'no "Records.0.bdoy"\n'),
            ("Records.0.body.order_id", 'no "Records.0.body.order_id":', "what should hold it is text"),
            ("Records.0.body.*", 'no "Records.0.body.*":', "is text"), ("Records.00.body", 'no "Records.00":'),
            ("Records.-1.body", 'no "Records.-1":'), ("Records.x", 'no "Records.x":'), (".x", 'no ""\n'),
            ("Records.*.nope.x", 'no "Records.*.nope"\n'), ("records.0.body", 'no "records"\n'),
            ("Records.1.messageAttributes.*", 'nothing stands where * is in "Records.1.messageAttributes.*"'),
            ("Records.1.md5OfMessageAttributes.x", "is null")]:
        refuses(["sqs", "--set", f"{path}=1"], "--set: ", *parts)


@tap.test
def an_assignment_that_is_none_is_refused():
    for wrong in ["", "Records", "=5", "="]:
        refuses(["sqs", "--set", wrong], f'--set wants PATH=VALUE, not "{wrong}"')
    refuses(["sqs", "--set"], "--set wants a value: PATH=VALUE")
    for pointer in ["/~", "/a~2b", "/Records/0/~"]:
        refuses(["sqs", "--set", f"{pointer}=1"], f"{pointer} is no JSON Pointer", "~0")
    refuses(["sqs", "--set", "Records.0.body=\udcff"], "--set Records.0.body: not UTF-8")
    refuses(["sqs", "--set", "Records.0.\udcff=1"], "not UTF-8")
    refuses(["unknown", "--set", "/\x1b[31m/x=1"], "\\x1b[31m")


@tap.test
def nothing_is_nested_deeper_than_leat_itself_reads():
    deep = "[" * 999 + "]" * 999
    text = sample("unknown", "--set", f"x={deep}")
    tap.equal(text, f'{{"name":"world","x":{deep}}}\n')
    done = tap.leat("show", "-", input=text)
    tap.equal((done.returncode, done.stderr), (0, ""), "with the object around it these are 1000 levels")
    for path, value in [("x", f"[{deep}]"), ("x", "[" * 1200), ("x", "[" * 1200 + "]" * 1200)]:
        refuses(["unknown", "--set", f"{path}={value}"], "deeper than 1000 levels")
    refuses(["unknown", "--set", f"x={deep}", "--set", "x" + ".0" * 998 + ".0=[]"], "deeper than 1000 levels")
    tap.equal(sample("unknown", "--set", f"x={deep}", "--set", "x" + ".0" * 998 + ".0=1"),
              text.replace("[]", "[1]"), "a scalar is no level")


@tap.test
def every_trigger_can_be_changed_and_is_shown_as_the_same_kind():
    for name in listed():
        text = sample(name, "--set", '/added={"by": "a test"}')
        tap.equal(json.loads(text), {**payload(name), "added": {"by": "a test"}}, name)
        tap.equal(shown(text)["kind"], name)


tap.main()
