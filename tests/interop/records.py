# SPDX-License-Identifier: Apache-2.0
"""What a payload holds, by the documented formats and without leat: its innermost records, in order.

Documents are those of exact.py, so that data can be compared to the last digit.
"""
import base64
import dataclasses
import gzip
import re

from exact import Object, at, documents, parse, plain, write
from kinds import HTTP, VIEWED, nested_kind

NOTHING = "(no data)"


@dataclasses.dataclass
class Record:
    kind: str                # of the innermost trigger; "window" for the end of a tumbling window
    exact: object            # the innermost record; for Kafka a record of its lists
    data: object             # JSON as it stands in the payload, or bytes, or NOTHING
    whole: object            # the document or nested notification it is part of
    attributes: dict = None  # those that a CloudEvent brings
    carrier: object = None   # the record it came in

    @property
    def plain(self):
        return plain(self.exact)

    @property
    def viewed(self):
        """Whose view is shown: a CloudEvent has none, so that of the nearest carrier that has one."""
        record = self
        while self.kind == "cloudevents" and record.kind not in VIEWED and record.carrier:
            record = record.carrier
        return record


def records_of(kind, document):
    return list(READERS.get(kind, read_whole)(document, kind))


def documents_of(path):
    return documents(path.read_text(encoding="utf-8-sig"))


def from_base64(text):
    """Its bytes; generated samples have plain text where base64 should be, and then the text is meant."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode()


# --- messages ---------------------------------------------------------------------------------------------------

def lower_first(value):
    """Names as Lambda writes them; those of message attributes are the sender's, those of attributes stay."""
    return Object((name[:1].lower() + name[1:], member) for name, member in value)


def from_api(message):
    """A message as the API answers it and the AWS CLI prints it."""
    attributes = Object((name, lower_first(member)) for name, member in message.get("MessageAttributes") or ())
    record = lower_first(pair for pair in message if pair[0] != "MessageAttributes")
    return Object([*record, *([("messageAttributes", attributes)] if attributes else [])])


def read_sqs(document, kind):
    for record in at(document, "Records") or [from_api(message) for message in at(document, "Messages")]:
        sent = [(name, at(value, "stringValue")) for name, value in at(record, "messageAttributes") or ()]
        yield from unwrapped(binary_event(Record(kind, record, record.get("body").encode(), document), sent))


def read_sns(document, kind):
    for record in at(document, "Records") or [document]:
        yield from unwrapped(Record(kind, record, (at(record, "Sns") or record).get("Message").encode(), document))


def read_kinesis(document, kind):
    for record in at(document, "Records"):
        yield from unwrapped(Record(kind, record, from_base64(at(record, "kinesis", "data")), document))
    yield from end_of_window(document)


def read_kafka(document, kind):
    for record in [record for _, batch in at(document, "records") for record in batch]:
        value = record.get("value")
        made = Record(kind, record, NOTHING if value is None else from_base64(value), document)
        sent = [pair for header in record.get("headers") or [] for pair in header]
        yield from unwrapped(binary_event(made, [(name, header_text(value)) for name, value in sent]))


def header_text(value):
    return bytes(int(byte) & 0xFF for byte in value).decode(errors="surrogateescape")


# --- things ------------------------------------------------------------------------------------------------------

def read_s3(document, kind):
    for record in at(document, "Records") or []:  # a test event has none
        yield Record(kind, record, record, document)


def read_dynamodb(document, kind):
    records = at(document, "Records")
    for record in [document] if records is None else records:  # through Kinesis each comes alone
        yield Record(kind, record, record.get("dynamodb"), document)
    yield from end_of_window(document)


def end_of_window(document):
    if at(document, "isFinalInvokeForWindow") is True and at(document, "window"):
        yield Record("window", document, document.get("window"), document)


def read_eventbridge(document, kind):
    s3 = document.get("source") == "aws.s3" and document.get("detail-type").startswith("Object ")
    yield Record("s3" if s3 else kind, document, document.get("detail"), document)


def read_logs(document, kind):
    encoded = at(document, "awslogs", "data")
    inside = parse(gzip.decompress(base64.b64decode(encoded)).decode()) if encoded else document
    if inside.get("messageType") != "CONTROL_MESSAGE":
        for line in inside.get("logEvents"):
            yield Record(kind, line, line.get("message").encode(), inside)


def read_http(document, kind):
    body = document.get("body")
    read = from_base64 if document.get("isBase64Encoded") else str.encode
    yield Record(kind, document, NOTHING if body is None else read(body), document)


def read_whole(document, kind):
    if at(document, "Records") != []:
        yield Record(kind, document, document, document)


# --- CloudEvents ---------------------------------------------------------------------------------------------------

def read_cloudevent(document, kind):
    """In structured mode: data is a JSON value, unless the type says that its text is something else."""
    data, encoded = document.get("data", NOTHING), document.get("data_base64")
    if encoded is not None:
        data = base64.b64decode(encoded)
    elif isinstance(data, str) and data != NOTHING and not re.search(
            r"^[^;]*[/+]json\s*(;|$)", document.get("datacontenttype") or "a/json", re.IGNORECASE):
        data = data.encode()
    attributes = {name: str(value) if isinstance(value, str) else write(value) for name, value in document
                  if name not in ("data", "data_base64")}
    yield Record(kind, document, data, document, attributes)


def binary_event(record, sent):
    """In binary mode: attributes beside the data, in headers that begin with ce- or ce_."""
    found = {}
    for name, value in sent:
        match = re.fullmatch(r"ce[-_](.+)", name, re.IGNORECASE)
        key = "datacontenttype" if name.lower() == "content-type" else match and match[1].lower()
        if key and value is not None:
            found.setdefault(key, value)
    if found.get("specversion", "").startswith("1.") and all(found.get(name) for name in ["id", "source", "type"]):
        return Record("cloudevents", record.exact, record.data, record.whole, found, record)
    return record


# --- notifications inside messages --------------------------------------------------------------------------

def unwrapped(record):
    """The records of the notification that a record's data are, else the record itself."""
    try:
        data = gzip.decompress(record.data) if record.data[:2] == b"\x1f\x8b" else record.data
        inside = parse(data.decode())
    except (AttributeError, EOFError, OSError, ValueError):
        return [record]
    kind = nested_kind(inside)
    if kind is None:
        return [record]
    found = records_of(kind, inside)
    for inner in found:
        while inner.carrier:
            inner = inner.carrier
        if inner is not record:
            inner.carrier = record
    return found


READERS = {"sqs": read_sqs, "sns": read_sns, "s3": read_s3, "dynamodb": read_dynamodb, "eventbridge": read_eventbridge,
           "kinesis": read_kinesis, "kafka": read_kafka, "cloudwatch-logs": read_logs, "cloudevents": read_cloudevent,
           **{kind: read_http for kind in HTTP}}
