# SPDX-License-Identifier: Apache-2.0
"""Batches nobody has sent yet of DynamoDB, Kinesis and Kafka, and CloudEvents in each thing that carries them."""
import base64
import gzip

from exact import Number
from generate import ACCOUNT, REGION, message, notice, s3_in_eventbridge, s3_records

TEXT_TYPES = ["text/plain", "image/png", "application/xml"]
JSON_TYPES = ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/vnd.shop+json"]


def dynamodb(maker):
    return {"Records": [change(maker) for _ in range(maker.randint(1, 3))]}


def change(maker):
    name = maker.choice(["INSERT", "MODIFY", "REMOVE"])
    images = {image: {maker.text(3, 1): value(maker, maker.choice([0, 1, 2, 3, 31])) for _ in range(maker.randrange(5))}
              for image in {"INSERT": ["NewImage"], "MODIFY": ["NewImage", "OldImage"], "REMOVE": ["OldImage"]}[name]}
    keys = {"pk": leaf(maker, "SNB"), **maker.some({"s k": leaf(maker, "SNB")})}
    return {"eventID": maker.hex(32), "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": REGION, "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/2024",
            "dynamodb": {"Keys": keys, **maker.some(images), "SequenceNumber": maker.digits(maker.randint(1, 40)),
                         "SizeBytes": Number(maker.digits(3)), **maker.some({"StreamViewType": "NEW_AND_OLD_IMAGES"}),
                         **maker.choice([{}, {"ApproximateCreationDateTime": Number("1714675904")},
                                         {"ApproximateCreationDateTime": Number("1714675904.0")},
                                         {"ApproximateCreationDateTime": Number("1714675904123")},
                                         {"ApproximateCreationDateTime": Number("1714675904123456"),
                                          "ApproximateCreationDateTimePrecision": "MICROSECOND"}])}}


def value(maker, depth):
    """An attribute value that is nested so deep."""
    if depth == 0 or maker.chance(10):
        return leaf(maker, ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"])
    others = [value(maker, 0) for _ in range(maker.randrange(3))]
    members = [*others, value(maker, depth - 1)]
    return {"L": members} if maker.chance(50) else {"M": {maker.text(3): member for member in members}}


def leaf(maker, tags):
    tag = maker.choice(list(tags))
    binary = base64.b64encode(maker.bytes()).decode()
    sets = {"SS": maker.text, "NS": lambda: number(maker), "BS": lambda: base64.b64encode(maker.bytes()).decode()}
    if tag in sets:
        return {tag: sorted({sets[tag]() for _ in range(maker.randrange(4))})}
    return {tag: {"S": maker.text(), "N": number(maker), "B": binary, "BOOL": maker.chance(50), "NULL": True}[tag]}


def number(maker):
    """Up to 38 digits, from 1E-127 to 1E+125, in each way of writing it."""
    digits, sign = maker.digits(maker.choice([1, 2, 15, 16, 17, 18, 37, 38])), maker.choice(["", "-"])
    way, fraction = maker.randrange(5), f"{digits[0]}.{digits[1:] or '0'}"
    if way == 0:
        return sign + digits
    if way == 1:
        return maker.choice(["0", "-0", "0.0", "9.00", "0.1", "1E+2", "9007199254740993", "1.7976931348623157E+125"])
    if way == 2:
        return sign + fraction
    if way == 3:
        return f"{sign}{fraction}{maker.choice(['e', 'E', 'e+', 'E+'])}{maker.randrange(126)}"
    return f"{sign}{fraction}E-{maker.randrange(1, 128)}"


def kinesis(maker):
    return {"Records": [shard_record(maker) for _ in range(maker.randint(1, 3))]}


def shard_record(maker):
    sequence = maker.digits(56)
    data = carried(maker) if maker.chance(30) else maker.choice([maker.bytes(), maker.body().encode()])
    arrival = maker.choice(["1545084650", f"1545084650.{maker.digits(3)}"])
    return {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": maker.text(6, 1), "sequenceNumber": sequence,
                        "data": base64.b64encode(data).decode(),
                        "approximateArrivalTimestamp": Number(arrival)},
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"shardId-000000000006:{sequence}",
            "eventName": "aws:kinesis:record", "awsRegion": REGION, "invokeIdentityArn": "arn:aws:iam::1:role/r",
            "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"}


def carried(maker):
    """A notification as the data of a record, as it is or compressed."""
    change_alone = {**change(maker), "recordFormat": "application/json", "tableName": "t", "userIdentity": None}
    for name in ["eventVersion", "eventSourceARN"]:
        del change_alone[name]
    del change_alone["dynamodb"]["SequenceNumber"]
    logs = {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": "/aws/lambda/f", "logStream": "s",
            "subscriptionFilters": [], "logEvents": [
                {"id": maker.digits(56), "timestamp": Number("1714675904123"), "message": maker.body()}]}
    data = maker.spaced(maker.choice([change_alone, logs, s3_records(maker), s3_in_eventbridge(maker)])).encode()
    return gzip.compress(data, mtime=0) if maker.chance(50) else data


def kafka(maker):
    topics = [f"t{index}-{maker.hex(3)}" for index in range(maker.randint(1, 2))]
    return {"eventSource": "aws:kafka",
            "eventSourceArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/{maker.uuid()}-1",
            "bootstrapServers": "b-1.example.com:9092,b-2.example.com:9092",
            "records": {f"{topic}-3": [kafka_record(maker, topic, index) for index in range(maker.randint(1, 3))]
                        for topic in topics}}


def signed(maker, data):
    """Bytes as Java writes them, from -128 to 127; mostly."""
    return [Number(byte - 256 if byte > 127 and maker.chance(80) else byte) for byte in data]


def kafka_record(maker, topic, index):
    data = carried(maker) if maker.chance(20) else maker.choice([maker.bytes(), maker.body().encode()])
    headers = [{maker.text(3, 1, "\0"): signed(maker, maker.bytes())} for _ in range(maker.randrange(4))]
    optional = {"key": maker.choice([None, "", base64.b64encode(maker.bytes()).decode(), "aw=="]),
                "headers": headers + headers[:1] if maker.chance(30) else headers}
    return {"topic": topic, "partition": Number(3), "offset": Number(maker.choice([0, 10 ** 15]) + index),
            "timestamp": Number(1545084650000 + index), "timestampType": "CREATE_TIME",
            "value": None if maker.chance(10) else base64.b64encode(data).decode(), **maker.some(optional)}


# --- CloudEvents ---------------------------------------------------------------------------------------------------

def cloudevents(maker):
    """Alone, and in each thing that carries them."""
    event = structured(maker)
    ways = [lambda: event, lambda: {"Records": [message(maker, maker.spaced(event))]},
            lambda: {"Records": [message(maker, maker.spaced(notice(maker, maker.spaced(event))))]},
            lambda: in_message(maker), lambda: in_kafka(maker), lambda: in_kinesis(maker, event)]
    return maker.choice(ways)()


def attributes(maker):
    """Extensions are texts, numbers and booleans; in binary mode all of them are text."""
    return {"specversion": maker.choice(["1.0", "1.1"]), "id": maker.text(6, 1), "type": "com.example." + maker.hex(4),
            "source": maker.choice(["/orders", "urn:example:a", "https://example.com/%C3%BC?a=b#c"]),
            **maker.some({"subject": maker.text(5, 1), "time": maker.choice([
                "2024-05-02T18:51:44Z", "2024-05-02T18:51:44.123456+02:00", "yesterday"])}),
            **maker.some({"partitionkey": maker.text(3, 1), "a1": "x"})}


def structured(maker):
    event = {**attributes(maker), **maker.some({"count": Number(maker.randint(-2 ** 31, 2 ** 31 - 1)), "yes": True})}
    way = maker.randrange(5)
    if way == 0:
        return event
    if way == 1:
        return {**event, **maker.some({"datacontenttype": "image/png"}),
                "data_base64": base64.b64encode(maker.bytes()).decode()}
    if way == 2:
        return {**event, "datacontenttype": maker.choice(TEXT_TYPES), "data": maker.body()}
    return {**event, **maker.some({"datacontenttype": maker.choice(JSON_TYPES)}), "data": maker.json()}


def in_message(maker):
    record = message(maker, maker.body())
    sent = {("ce-" if maker.chance(50) else "ce_") + name: value for name, value in attributes(maker).items()}
    sent |= maker.some({"content-type": maker.choice([*TEXT_TYPES, *JSON_TYPES]), "other": "1"})
    record["messageAttributes"] = {name: {"stringValue": value, "dataType": "String"} for name, value in sent.items()}
    return {"Records": [record]}


def in_kafka(maker):
    payload = kafka(maker)
    for batch in payload["records"].values():
        sent = {"ce_" + name: value for name, value in attributes(maker).items()}
        sent |= maker.some({"content-type": maker.choice([*TEXT_TYPES, *JSON_TYPES])})
        batch[0]["headers"] = [{name: [Number(byte) for byte in value.encode()]} for name, value in sent.items()]
        batch[0]["value"] = base64.b64encode(maker.body().encode()).decode()
    return payload


def in_kinesis(maker, event):
    payload = kinesis(maker)
    payload["Records"][0]["kinesis"]["data"] = base64.b64encode(maker.spaced(event).encode()).decode()
    return payload
