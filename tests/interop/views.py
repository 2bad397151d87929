# SPDX-License-Identifier: Apache-2.0
"""A record's view as Powertools, boto3 and urllib read it; differences.py says where leat decided otherwise."""
import base64
import urllib.parse

import others

ABSENT = "(absent)"
FAILS = "(fails)"


def told(read):
    """What a library says, ABSENT where it finds nothing, or FAILS where it was not made for what is there."""
    try:
        value = read()
    except KeyError:
        return ABSENT
    except (AttributeError, TypeError):
        return FAILS
    return ABSENT if value is None else value


def records(plain):
    return {"Records": [plain]}


# --- queues, buckets, streams -------------------------------------------------------------------------------

def sqs(plain):
    message = next(others.SQSEvent(records(plain)).records)
    return {
        "message_id": message.message_id,
        "group": told(lambda: message.attributes.message_group_id),
        "deduplication": told(lambda: message.attributes.message_deduplication_id),
        "receive_count": told(lambda: int(message.attributes.approximate_receive_count)),
        "sent_ms": told(lambda: int(message.attributes.sent_timestamp)),
        "attributes": told(lambda: message_attributes(message)),
    }


def message_attributes(message):
    found = {}
    for name, attribute in message.message_attributes.items():
        value = told(lambda: attribute.string_value)
        value = told(lambda: attribute.binary_value) if value is ABSENT else value
        found[name] = {"type": attribute.data_type, "value": value}
    return found


def s3(plain):
    if "detail" in plain:
        return s3_in_eventbridge(plain)
    event = others.S3Event(records(plain))
    thing = event.record.s3.get_object
    return {
        "bucket": event.bucket_name,
        "key": event.object_key,
        "size": told(lambda: thing.size),
        "etag": thing.etag,
        "version": told(lambda: thing.version_id),
        "event": event.record.event_name,
        "region": told(lambda: event.record.aws_region),
    }


def s3_in_eventbridge(plain):
    event = others.S3EventBridgeNotificationEvent(plain)
    thing = event.detail.object
    return {
        "bucket": event.detail.bucket.name,
        "key": thing.key,
        "size": told(lambda: thing.size),
        "etag": thing.etag,
        "version": told(lambda: thing.version_id),
        "event": event.detail_type,
        "region": told(lambda: event.region),
    }


def kinesis(plain):
    payload = next(others.KinesisStreamEvent(records(plain)).records).kinesis
    return {
        "partition_key": payload.partition_key,
        "sequence": payload.sequence_number,
        "arrival_ms": told(lambda: round(payload.approximate_arrival_timestamp * 1000)),
    }


def kafka(plain):
    record = others.KafkaEvent({"records": {"of-one": [plain]}}).record
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": str(record.offset),
        "key": told(lambda: record.decoded_key),
        "headers": told(lambda: [[name, value] for name, value in record.decoded_headers.items()]),
    }


# --- DynamoDB -----------------------------------------------------------------------------------------------

def dynamodb(plain):
    record = next(others.DynamoDBStreamEvent(records(plain)).records)
    images = record.dynamodb.stream_view_type
    return {
        "event": record.event_name.name,
        "stream_view": images.name if images else ABSENT,
        "keys": image(plain, "Keys"),
        "new": image(plain, "NewImage"),
        "old": image(plain, "OldImage"),
    }


def image(plain, name):
    """An image as boto3 reads it: Decimals, sets, Binaries."""
    typed = plain["dynamodb"].get(name)
    return ABSENT if typed is None else others.TypeDeserializer().deserialize({"M": with_bytes({"M": typed})["M"]})


def with_bytes(value):
    """An attribute value as boto3's client gives it: what JSON holds as base64 is bytes there."""
    (tag, inner), = value.items()
    if tag == "B":
        return {tag: base64.b64decode(inner)}
    if tag == "BS":
        return {tag: [base64.b64decode(item) for item in inner]}
    if tag == "M":
        return {tag: {name: with_bytes(member) for name, member in inner.items()}}
    return {tag: [with_bytes(item) for item in inner]} if tag == "L" else value


# --- requests -----------------------------------------------------------------------------------------------

def pairs(values):
    """[[name, value]...] of a map whose values are texts or lists of them."""
    return [[name, item] for name, value in values.items() for item in (value if isinstance(value, list) else [value])]


def cookies(event):
    return [f"{name}={value}" for name, value in event.resolved_cookies_field.items()]


def gateway_1(plain):
    """REST APIs, and HTTP APIs in format 1.0."""
    event = others.APIGatewayProxyEvent(plain)
    return {
        "method": event.http_method,
        "path": event.path,
        "query": told(lambda: pairs(event.resolved_query_string_parameters)),
        "headers": pairs(event.resolved_headers_field),
        "cookies": cookies(event),
        "client_ip": told(lambda: event.request_context.identity.source_ip),
        "route": told(lambda: event.resource),
        "stage": told(lambda: event.request_context.stage),
    }


def gateway_2(plain, read=None):
    """HTTP APIs in format 2.0, and function URLs."""
    event = (read or others.APIGatewayProxyEventV2)(plain)
    return {
        "method": event.http_method,
        "path": told(lambda: event.path),
        "query": told(lambda: raw_query(event.raw_query_string)),
        "query, joined": dict(event.query_string_parameters),
        "headers": pairs(event.headers),
        "cookies": event.cookies,
        "client_ip": told(lambda: event.request_context.http.source_ip),
        "route": told(lambda: event.route_key),
        "stage": told(lambda: event.request_context.stage),
    }


def raw_query(text):
    return [list(pair) for pair in urllib.parse.parse_qsl(text, keep_blank_values=True, errors="surrogateescape")]


def apigateway_http(plain):
    return gateway_2(plain) if plain.get("version") == "2.0" else gateway_1(plain)


def function_url(plain):
    return gateway_2(plain, others.LambdaFunctionUrlEvent)


def websocket(plain):
    event = others.APIGatewayWebSocketEvent(plain)
    return {
        "method": told(lambda: event["httpMethod"]),
        "path": told(lambda: event["path"]),
        "query": pairs(event.multi_value_query_string_parameters or event.query_string_parameters),
        "headers": pairs(event.multi_value_headers or event.headers),
        "cookies": [],  # Powertools reads none of WebSockets
        "client_ip": told(lambda: event.request_context.identity.source_ip),
        "route": told(lambda: event.request_context.route_key),
        "stage": told(lambda: event.request_context.stage),
    }


def alb(plain):
    event = others.ALBEvent(plain)
    event.decode_query_parameters = True
    return {
        "method": event.http_method,
        "path": event.path,
        "query": told(lambda: pairs(event.resolved_query_string_parameters)),
        "headers": pairs(event.resolved_headers_field),
        "cookies": cookies(event),
        "client_ip": told(lambda: last_address(event.resolved_headers_field["x-forwarded-for"])),
        "route": ABSENT,
        "stage": ABSENT,
    }


def last_address(forwarded):
    """The load balancer appends the address of who connected to it."""
    return ",".join(forwarded if isinstance(forwarded, list) else [forwarded]).split(",")[-1].strip()


READERS = {"sqs": sqs, "s3": s3, "dynamodb": dynamodb, "kinesis": kinesis, "kafka": kafka, "alb": alb,
           "apigateway-rest": gateway_1, "apigateway-http": apigateway_http, "apigateway-websocket": websocket,
           "function-url": function_url}
