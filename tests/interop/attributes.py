# SPDX-License-Identifier: Apache-2.0
"""What the attributes of an envelope should be, from the payload and the table in docs/reference/events.md.

Only what the payload says: for what it does not, leat has defaults that the golden lines hold.
"""
import datetime
import decimal
import urllib.parse

from differences import decided
from exact import Object, at, parse
from kinds import HTTP
from strict import instant, is_forbidden, is_time
from views import ABSENT, READERS

EPOCH = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)


def attribute_faults(record, event):
    wanted, found = TABLE[record.kind](record), []
    for name, value in wanted.items():
        got = event.get(name)
        if isinstance(value, datetime.datetime):
            got = got and instant(got)
        elif value:
            value = clean(value)
        if value and got != value and not (name == "source" and unescaped(got) == unescaped(value)):
            found.append(f"{name} is {got!r}, by the payload {value!r}")
    return found


def unescaped(source):
    """A source is a URI-reference, so it may be escaped."""
    return source and urllib.parse.unquote(source)


def clean(text):
    """What CloudEvents forbids in attributes, percent-encoded."""
    data = text.encode(errors="surrogateescape").decode(errors="backslashreplace")  # bad bytes: \xff
    return "".join("".join(f"%{byte:02X}" for byte in c.encode()) if is_forbidden(ord(c)) else c for c in data)


def seconds(number):
    """The time so many seconds after 1970, to the microsecond; None if that is no number."""
    return number and EPOCH + datetime.timedelta(microseconds=int(round(decimal.Decimal(number) * 1000000)))


def milliseconds(number):
    return number and seconds(decimal.Decimal(number) / 1000)


def written(text):
    return instant(text) if isinstance(text, str) and is_time(text) else None


def guessed_type(data):
    """Of a message's body, which nobody gives a type."""
    try:
        return "application/json" if isinstance(parse(data.decode()), (Object, list)) else "text/plain"
    except ValueError:
        return "text/plain"


def sqs(record):
    attributes = at(record.exact, "attributes") or Object()
    queue, group = record.exact.get("eventSourceARN"), attributes.get("MessageGroupId")
    return {
        "id": record.exact.get("messageId"),
        "source": queue,
        "type": "com.amazonaws.sqs.message",
        "subject": group if (queue or "").endswith(".fifo") else None,
        "time": milliseconds(attributes.get("SentTimestamp")),
        "datacontenttype": guessed_type(record.data),
        "partitionkey": group,
        "awsregion": record.exact.get("awsRegion"),
    }


def sns(record):
    notice = at(record.exact, "Sns") or record.exact
    return {
        "id": notice.get("MessageId"),
        "source": record.exact.get("EventSubscriptionArn") or notice.get("TopicArn"),
        "type": f"com.amazonaws.sns.{notice.get('Type') or 'Notification'}",
        "subject": notice.get("Subject"),
        "time": written(notice.get("Timestamp")),
        "datacontenttype": guessed_type(record.data),
    }


def s3(record):
    plain = record.plain
    view = {name: decided("s3", name, plain, value) for name, value in READERS["s3"](plain).items()}
    key = view["key"]
    place = [plain.get("eventSource", "aws:s3"), view["region"], view["bucket"]]
    return {
        "id": plain.get("id"),
        "source": ".".join(word for word in place if word != ABSENT),
        "type": f"com.amazonaws.s3.{view['event']}",
        "subject": key if isinstance(key, str) else None,
        "time": written(plain.get("eventTime") or plain.get("time")),
        "datacontenttype": "application/json",
    }


def eventbridge(record):
    name, bus = record.exact.get("source"), [record.exact.get("account"), record.exact.get("region")]
    kind = record.exact.get("detail-type").replace(" ", "")
    return {
        "id": record.exact.get("id"),
        "source": ":".join(["urn:aws:events", *bus, name]) if all(bus) else name,
        "type": f"com.amazonaws.events.{name}.{kind}",
        "subject": (record.exact.get("resources") or [None])[0],
        "time": written(record.exact.get("time")),
        "datacontenttype": "application/json",
        "awsaccount": bus[0],
        "awsregion": bus[1],
    }


def since_1970(number, precision):
    """Seconds from a stream; through Kinesis ms or us, which it says, or the size does."""
    size = number and decimal.Decimal(number)
    if precision == "MICROSECOND" or (size and not precision and size >= decimal.Decimal("1e14")):
        return seconds(size / 1000000)
    return milliseconds(size) if size and (precision or size >= decimal.Decimal("1e11")) else seconds(size)


def dynamodb(record):
    change = record.exact.get("dynamodb")
    precision = change.get("ApproximateCreationDateTimePrecision")
    return {
        "id": record.exact.get("eventID"),
        "source": record.exact.get("eventSourceARN"),
        "type": f"com.amazonaws.dynamodb.{record.exact.get('eventName')}",
        "time": since_1970(change.get("ApproximateCreationDateTime"), precision),
        "datacontenttype": "application/json",
        "awsregion": record.exact.get("awsRegion"),
    }


def kinesis(record):
    return {
        "id": record.exact.get("eventID"),
        "source": record.exact.get("eventSourceARN"),
        "type": "com.amazonaws.kinesis.record",
        "subject": at(record.exact, "kinesis", "partitionKey"),
        "time": seconds(at(record.exact, "kinesis", "approximateArrivalTimestamp")),
        "partitionkey": at(record.exact, "kinesis", "partitionKey"),
        "awsregion": record.exact.get("awsRegion"),
    }


def kafka(record):
    topic, partition, offset = (record.exact.get(name) for name in ["topic", "partition", "offset"])
    return {
        "id": f"{topic}-{partition}-{offset}",
        "source": record.whole.get("eventSourceArn"),
        "type": "org.apache.kafka.record",
        "time": milliseconds(record.exact.get("timestamp")),
    }


def logs(record):
    return {
        "id": record.exact.get("id"),
        "type": "com.amazonaws.logs.event",
        "subject": record.whole.get("logStream"),
        "time": milliseconds(record.exact.get("timestamp")),
    }


HTTP_TYPES = {"function-url": "com.amazonaws.lambdaurl.request", "alb": "com.amazonaws.elb.request"}


def http(record):
    plain, context = record.plain, at(record.exact, "requestContext")
    view = {name: decided(record.kind, name, plain, value) for name, value in READERS[record.kind](plain).items()}
    epoch = context.get("timeEpoch") or context.get("requestTimeEpoch")
    small = epoch and decimal.Decimal(epoch) < decimal.Decimal("1e11")  # SAM's are seconds
    return {
        "id": context.get("requestId"),
        "source": f"https://{context.get('domainName')}" if context.get("domainName") else None,
        "type": HTTP_TYPES.get(record.kind, "com.amazonaws.apigateway.http.request"),
        "subject": f"{view['method']} {view['path']}",
        "time": seconds(epoch) if small else milliseconds(epoch),
        "awsaccount": context.get("accountId"),
    }


def websocket(record):
    context = at(record.exact, "requestContext")
    return {
        "id": context.get("messageId") or context.get("requestId"),
        "source": f"wss://{context.get('domainName')}/{context.get('stage')}",
        "type": f"com.amazonaws.apigateway.websocket.{context.get('eventType').lower()}",
        "subject": context.get("connectionId"),
        "time": milliseconds(context.get("requestTimeEpoch")),
    }


def direct(record):
    return {"type": "leat.direct.call"}


def alb(record):
    return {**http(record), "source": at(record.exact, "requestContext", "elb", "targetGroupArn")}


def cloudevent(record):
    """Its own, whatever it came in; what leat writes is 1.0, whatever 1.x it was."""
    return {**record.attributes, "specversion": "1.0", "time": written(record.attributes.get("time"))}


def window(record):
    return {
        "source": record.exact.get("eventSourceARN"),
        "subject": record.exact.get("shardId"),
        "time": written(at(record.exact, "window", "end")),
        "datacontenttype": "application/json",
    }


TABLE = {**{kind: http for kind in HTTP}, "sqs": sqs, "sns": sns, "s3": s3, "eventbridge": eventbridge,
         "dynamodb": dynamodb, "kinesis": kinesis, "kafka": kafka, "cloudwatch-logs": logs, "cloudevents": cloudevent,
         "alb": alb, "apigateway-websocket": websocket, "window": window, "unknown": direct}
