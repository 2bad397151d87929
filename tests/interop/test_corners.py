# SPDX-License-Identifier: Apache-2.0
"""Payloads where leat and the others once read different things: each test is a bug it stands for."""
import base64
import pathlib

import generate
import generate_http
import generate_streams
import others
import tap
from compare import differing
from envelopes import wrong
from exact import Number, parse, show, write
from kinds import kind_of
from payloads import no_lines, own, shared
from records import records_of
from strict import faults, is_uri_reference

MAKER = generate.Maker("corners")


def seen(*payloads):
    """(record, item) of each event of the payloads, those of triggers that this leat does not have left out."""
    payloads = [payload for payload in payloads if kind_of(parse(write(payload))) in others.triggers()]
    with tap.folder() as folder:
        pathlib.Path(folder, "made.jsonl").write_text("\n".join(map(write, payloads)) + "\n")
        lines = show("made.jsonl", cwd=folder)
    for line in lines:
        assert "error" not in line.value, line.value["error"]
    documents = [parse(write(payload)) for payload in payloads]
    return [(record, item) for document, line in zip(documents, lines, strict=True)
            for record, item in zip(records_of(kind_of(document), document), line.items, strict=True)]


def rest(**changes):
    return {**generate_http.rest(MAKER), **changes}


def custom(**changes):
    """An event that somebody put on a bus of EventBridge, which takes any text for a source."""
    return {"version": "0", "id": "1", "detail-type": "Order Placed", "source": "shop", "account": "123456789012",
            "time": "2024-05-02T18:51:44Z", "region": "eu-west-1", "resources": [], "detail": {}, **changes}


def message(body, **attributes):
    made = generate.message(MAKER, body)
    return {"Records": [{**made, "attributes": {"SentTimestamp": "1714675904123", **attributes},
                         "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:q.fifo"}]}


@others.test
def attributes_hold_no_noncharacters():
    """CloudEvents forbids U+FFFE and its like as it forbids controls; they passed through."""
    key = "a\ufffe\uffff\ufdd0\U0001fffeb"
    uploaded = generate.s3_in_eventbridge(MAKER)
    uploaded["detail"]["object"]["key"] = key
    changed = generate_streams.change(MAKER)
    changed["dynamodb"]["Keys"] = {"pk": {"S": key}}
    events = seen(uploaded, message("x", MessageGroupId=key), custom(resources=[key]), rest(path="/" + key),
                  {"Records": [changed]}, {"Records": [generate.s3_record(MAKER, "aws:s3", "b", "r")]})
    no_lines([line for record, item in events for line in wrong(record, item)], "faults")


@others.test
def sources_are_uri_references():
    """Custom events may have spaces in their source, and a host comes from the client where nobody names a domain."""
    hosted = rest(headers={"Host": "a b<\xfc>%zz"}, multiValueHeaders=None)
    hosted["requestContext"].pop("domainName")
    events = seen(custom(source="my shop"), custom(source="\u65e5\u672c"), custom(source="100%"), hosted)
    for _, item in events:
        source = item.value["event"]["source"]
        assert is_uri_reference(source), source


@others.test
def sources_of_recorded_payloads_are_uri_references():
    """Templates that nobody filled in are payloads too."""
    for folder, files in [own(), shared()]:
        sources = [(line.value["file"], item.value["event"]["source"]) for line in show(*files, cwd=folder)
                   for item in line.items if "event" in item.value]
        no_lines([f"{name}: {source}" for name, source in sources if not is_uri_reference(source)], "sources are none")


@others.test
def content_types_are_media_types():
    """A client may send any text as its content type; CloudEvents wants what RFC 2046 calls one."""
    for sent in ["text", "application/json; charset", "application/json, text/html", "\xfc/x", "text/plain; x=\ufffe"]:
        for _, item in seen(rest(headers={"content-type": sent}, multiValueHeaders=None, body="x")):
            tap.equal([fault for fault in faults(item.value["event"]) if "datacontenttype" in fault], [], sent)


@others.test
def a_body_is_called_json_only_if_it_is_json():
    """Vertical tabs and form feeds are no white space of JSON: such a body was application/json, and a text."""
    bodies = ['\v{"a":1}', '{"a":1}\v', '\f[1]', '[1]\f\n', '\xa0{}', '{}\u2028', '\ufeff{}', ' \t\r\n{}\r\n\t ']
    events = seen(*(message(body) for body in bodies))
    no_lines([line for record, item in events for line in wrong(record, item)], "faults")
    tap.equal([item.value["event"]["datacontenttype"] for _, item in events], ["text/plain"] * 7 + ["application/json"])


@others.test
def half_a_character_makes_a_body_text():
    """Python reads the escape of a lone surrogate, cJSON does not, and no UTF-8 holds it: the body stays as it is."""
    body = '{"a":"\\ud800"}'
    for _, item in seen(message(body)):
        event = item.value["event"]
        tap.equal((event["datacontenttype"], event["data"]), ("text/plain", body))


@others.test
def names_of_a_query_may_hold_a_nul():
    """API Gateway decodes ?a%00b=1; the name's NUL was shown as the bytes that stand for it inside."""
    events = seen(rest(queryStringParameters={"a\0b": "1"}, multiValueQueryStringParameters={"a\0b": ["1", "2"]}),
                  rest(queryStringParameters={"\0": "1"}, multiValueQueryStringParameters=None))
    no_lines([line for record, item in events for line in differing(record, item)], "members differ")


@others.test
def names_of_message_attributes_may_hold_a_nul():
    """SQS forbids it, JSON does not: another name was shown."""
    sent = message("x")
    sent["Records"][0]["messageAttributes"] = {"a\0b": {"dataType": "String", "stringValue": "a\0b"}}
    no_lines([line for record, item in seen(sent) for line in differing(record, item)], "members differ")


@others.test
def names_of_keys_may_hold_a_nul():
    """In the subject, too, a NUL is %00."""
    changed = generate_streams.change(MAKER)
    changed["dynamodb"]["Keys"] = {"p\0k": {"S": "a\0b"}}
    for record, item in seen({"Records": [changed]}):
        tap.equal(item.value["event"]["subject"], "p%00k=S:a%00b")
        tap.equal(differing(record, item), [])


@others.test
def names_of_kafka_headers_may_hold_a_nul():
    others.need_trigger("kafka")
    batch = generate_streams.kafka(MAKER)
    for _, records in batch["records"].items():
        records[0]["headers"] = [{"a\0b": [Number(1)]}]
    no_lines([line for record, item in seen(batch) for line in differing(record, item)], "members differ")


@others.test
def offsets_of_kafka_may_be_any_whole_number_of_64_bits():
    """2**53 and the even numbers behind it were none: a double holds them, so their text was not kept."""
    others.need_trigger("kafka")
    for offset in [0, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 1, 2 ** 53 + 2, 10 ** 17, 2 ** 62, 2 ** 63 - 1]:
        record = {**generate_streams.kafka_record(MAKER, "t", 0), "offset": Number(offset), "value": "aw=="}
        [(_, item)] = seen({**generate_streams.kafka(MAKER), "records": {"t-3": [record]}})
        tap.equal((item.view["offset"], item.value["event"]["id"]), (str(offset), f"t-3-{offset}"))


@others.test
def content_types_have_no_case():
    """A CloudEvent's text "5" of type Application/JSON became the number 5."""
    others.need_trigger("cloudevents")
    for media_type in ["application/json", "Application/JSON", "APPLICATION/VND.A+JSON"]:
        for data in ["5", "true", "{}", 5]:
            event = {"specversion": "1.0", "id": "1", "source": "/a", "type": "t", "datacontenttype": media_type}
            event["data"] = Number(data) if data == 5 else data
            no_lines([f"{media_type}: {line}" for record, item in seen(event, message(write(event)))
                      for line in wrong(record, item)], "faults")


@others.test
def repeated_names_stay_in_data():
    """JSON says nothing of {"a":1,"a":2}, so it is passed on as it came, by every way."""
    twice = '{"a":1,"a":2.0,"b":{"c":1e2,"c":1}}'
    encoded = base64.b64encode(twice.encode()).decode()
    events = seen(message(twice), rest(headers={"content-type": "application/json"}, multiValueHeaders=None,
                                       body=encoded, isBase64Encoded=True), custom(detail=parse(twice)))
    no_lines([line for record, item in events for line in wrong(record, item)], "faults")
    tap.equal([item.exact.get("event").get("data") for _, item in events], [parse(twice)] * 3)


tap.main()
