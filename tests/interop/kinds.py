# SPDX-License-Identifier: Apache-2.0
"""Which kind a payload is of, by the values that docs/reference/events.md names, and without leat."""
from exact import Object, at

VIEWED = ["sqs", "s3", "dynamodb", "apigateway-rest", "apigateway-http", "apigateway-websocket", "function-url", "alb",
          "kinesis", "kafka"]
HTTP = ["apigateway-rest", "apigateway-http", "apigateway-websocket", "function-url", "alb"]
NOTICES = ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]


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
    if at(document, "Records") == []:
        return window_kind(document)
    if is_s3(document) or is_test_event(document):
        return "s3"
    if isinstance(at(document, "records"), Object) and "kafka" in (at(document, "eventSource") or "").lower():
        return "kafka"
    if isinstance(at(document, "awslogs", "data"), str):
        return "cloudwatch-logs"
    if is_eventbridge(document):
        return "eventbridge"
    return http_kind(document) or ("cloudevents" if is_cloudevent(document) else "unknown")


def window_kind(document):
    """The last call of a tumbling window may bring no records; any other batch without records is nobody's."""
    source = (at(document, "eventSourceARN") or "").split(":")
    return source[2] if at(document, "window") and len(source) > 2 else "unknown"


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


def is_cloudevent(document):
    version = at(document, "specversion")
    return isinstance(version, str) and version.startswith("1.") and all(
        isinstance(at(document, name), str) and at(document, name) for name in ["id", "source", "type"])


def nested_kind(inside):
    """Of what a message holds: a user's own text may look much like a notification, so more is asked for."""
    records = at(inside, "Records")
    thing = at(records[0], "s3") if isinstance(records, list) and records else None
    if at(inside, "Type") in NOTICES and at(inside, "TopicArn") and at(inside, "MessageId"):
        return "sns"
    if at(inside, "eventSource") == "aws:dynamodb" and at(inside, "dynamodb", "Keys") and at(inside, "eventName"):
        return "dynamodb"
    if is_test_event(inside) or (is_s3(inside) and at(thing, "bucket", "name") and at(thing, "object", "key")):
        return "s3"
    if at(inside, "messageType") and isinstance(at(inside, "logEvents"), list):
        return "cloudwatch-logs"
    if is_eventbridge(inside) and inside.get("id") and inside.get("time"):
        return "eventbridge"
    return "cloudevents" if is_cloudevent(inside) else None
