# SPDX-License-Identifier: Apache-2.0
"""What a payload holds, by the documented formats and without leat: its kind, and its innermost records in order.

Documents are those of exact.py, so that data can be compared to the last digit.
"""
import base64
import dataclasses
import gzip

from exact import Object, at, documents, parse, plain

VIEWED = ["sqs", "s3", "dynamodb", "apigateway-rest", "apigateway-http", "apigateway-websocket", "function-url", "alb",
          "kinesis", "kafka"]
HTTP = ["apigateway-rest", "apigateway-http", "apigateway-websocket", "function-url", "alb"]
NOTHING = "(no data)"
NOTICES = ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]


@dataclasses.dataclass
class Record:
    kind: str       # of the innermost trigger
    exact: object   # the innermost record; for Kafka a record of its lists
    data: object    # JSON as it stands in the payload, or bytes, or NOTHING
    whole: object   # the document or nested notification it is part of

    @property
    def plain(self):
        return plain(self.exact)


# --- which kind (docs/reference/events.md) -----------------------------------------------------------------

def common_source(document):
    records = at(document, "Records")
    if not isinstance(records, list) or not records or not all(isinstance(record, Object) for record in records):
        return None
    sources = {record.get("eventSource", record.get("EventSource")) for record in records}
    return sources.pop() if len(sources) == 1 else None


def http_kind(document):
    context = at(document, "requestContext")
    if at(document, "type") in ("REQUEST", "TOKEN") and (at(document, "methodArn") or at(document, "routeArn")):
        return None  # asks whether a request may pass
    if isinstance(at(context, "elb"), Object):
        return "alb"
    if isinstance(at(context, "connectionId"), str) and isinstance(at(context, "eventType"), str):
        return "apigateway-websocket"
    if at(document, "version") == "2.0" and isinstance(at(context, "http", "method"), str):
        return "function-url" if ".lambda-url." in (at(context, "domainName") or "") else "apigateway-http"
    marks = [at(document, "resource"), at(context, "resourcePath"), at(context, "stage")]
    if isinstance(at(document, "httpMethod"), str) and isinstance(context, Object) and any(marks):
        return "apigateway-http" if at(document, "version") == "1.0" else "apigateway-rest"
    return None


def kind_of(document):
    source = common_source(document)
    kinds = {"aws:sqs": "sqs", "aws:sns": "sns", "aws:dynamodb": "dynamodb", "aws:kinesis": "kinesis"}
    if source in kinds:
        return kinds[source]
    if is_api_answer(document):
        return "sqs"
    if is_s3(document) or is_test_event(document):
        return "s3"
    if isinstance(at(document, "records"), Object) and "kafka" in (at(document, "eventSource") or "").lower():
        return "kafka"
    if isinstance(at(document, "awslogs", "data"), str):
        return "cloudwatch-logs"
    if is_eventbridge(document):
        return "eventbridge"
    if at(document, "specversion") == "1.0" and at(document, "id") and at(document, "source") and at(document, "type"):
        return "cloudevents"
    return http_kind(document) or "unknown"


def is_api_answer(document):
    """What the API answers and the AWS CLI prints: Messages[].MessageId instead of Records[].messageId."""
    messages = at(document, "Messages")
    return isinstance(messages, list) and bool(messages) and all(at(item, "MessageId") for item in messages)


def is_s3(document):
    return (common_source(document) or "").endswith(":s3") and any(
        isinstance(record.get("s3"), Object) for record in at(document, "Records"))


def is_test_event(document):
    return at(document, "Event") == "s3:TestEvent" and at(document, "Service") is not None


def is_eventbridge(document):
    texts = [at(document, "detail-type"), at(document, "source")]
    return all(isinstance(text, str) for text in texts) and any(name == "detail" for name, _ in document)


def from_base64(text):
    """Its bytes; generated samples have plain text where base64 should be, and then the text is meant."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode()


# --- what is in it ------------------------------------------------------------------------------------------

def records_of(kind, document):
    return list(READERS.get(kind, read_whole)(document, kind))


def lower_first(value):
    """Names as Lambda writes them; those of message attributes are the sender's, those of attributes stay."""
    if not isinstance(value, Object):
        return value
    return Object((name[:1].lower() + name[1:], member) for name, member in value)


def from_api(message):
    record = lower_first(message)
    attributes = Object((name, lower_first(member)) for name, member in at(record, "messageAttributes") or ())
    return Object([*(pair for pair in record if pair[0] != "messageAttributes"),
                   *([("messageAttributes", attributes)] if attributes else [])])


def read_sqs(document, kind):
    for record in at(document, "Records") or [from_api(message) for message in at(document, "Messages")]:
        yield from unwrapped(record.get("body"), Record(kind, record, record.get("body").encode(), document))


def read_sns(document, kind):
    for record in at(document, "Records"):
        message = at(record, "Sns", "Message")
        yield from unwrapped(message, Record(kind, record, message.encode(), document))


def read_s3(document, kind):
    for record in at(document, "Records") or []:  # a test event has none
        yield Record(kind, record, record, document)


def read_dynamodb(document, kind):
    for record in at(document, "Records"):
        yield Record(kind, record, record.get("dynamodb"), document)


def read_eventbridge(document, kind):
    s3 = document.get("source") == "aws.s3" and document.get("detail-type").startswith("Object ")
    yield Record("s3" if s3 else kind, document, document.get("detail"), document)


def read_kinesis(document, kind):
    for record in at(document, "Records"):
        yield Record(kind, record, from_base64(at(record, "kinesis", "data")), document)


def read_kafka(document, kind):
    for _, batch in at(document, "records"):
        for record in batch:
            value = record.get("value")
            yield Record(kind, record, NOTHING if value is None else from_base64(value), document)


def read_logs(document, kind):
    inside = parse(gzip.decompress(base64.b64decode(at(document, "awslogs", "data"))).decode())
    if inside.get("messageType") == "DATA_MESSAGE":
        for line in inside.get("logEvents"):
            yield Record(kind, line, line.get("message").encode(), inside)


def read_http(document, kind):
    body = document.get("body")
    read = from_base64 if document.get("isBase64Encoded") else str.encode
    yield Record(kind, document, NOTHING if body is None else read(body), document)


def read_cloudevent(document, kind):
    encoded = document.get("data_base64")
    yield Record(kind, document, document.get("data", NOTHING) if encoded is None else base64.b64decode(encoded), document)


def read_whole(document, kind):
    yield Record(kind, document, document, document)


READERS = {"sqs": read_sqs, "sns": read_sns, "s3": read_s3, "dynamodb": read_dynamodb, "eventbridge": read_eventbridge,
           "kinesis": read_kinesis, "kafka": read_kafka, "cloudwatch-logs": read_logs, "cloudevents": read_cloudevent,
           **{kind: read_http for kind in HTTP}}


# --- notifications inside messages --------------------------------------------------------------------------

def unwrapped(text, otherwise):
    """The records of the notification that a message's text is, else the message itself."""
    try:
        inside = parse(text)
    except ValueError:
        inside = None
    if not isinstance(inside, Object):
        return [otherwise]
    first = (at(inside, "Records") or [None])[0] if isinstance(at(inside, "Records"), list) else None
    if is_test_event(inside) or (is_s3(inside) and at(first, "s3", "bucket", "name") and at(first, "s3", "object", "key")):
        return records_of("s3", inside)
    if at(inside, "Type") in NOTICES and at(inside, "TopicArn") and at(inside, "MessageId"):
        message = inside.get("Message")
        return unwrapped(message, Record("sns", inside, message.encode(), inside))
    if is_eventbridge(inside) and inside.get("id") and inside.get("time"):
        return records_of("eventbridge", inside)
    return [otherwise]


# --- payloads of files ------------------------------------------------------------------------------------------

def documents_of(path):
    return documents(path.read_text(encoding="utf-8-sig"))
