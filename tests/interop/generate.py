# SPDX-License-Identifier: Apache-2.0
"""Payloads nobody has sent yet: valid, and as unpleasant as the services allow. The same seed gives the same ones."""
import base64
import random
import urllib.parse

from exact import Number, write

PIECES = ["a", "Z", "0", "-", "_", ".", "~", " ", "+", "%", "%2B", "%2b", "%0A", "%00", "%zz", "%%", "&", "=", ";", ",", "/",
          "?", "#", '"', "\\", "'", "<", "{", "[", "\n", "\r", "\t", "\b", "\0", "\x1f", "\x7f", "\x85", "\xa0", "\xfc",
          "\u65e5\u672c", "\u2028", "\ufeff", "\U0001f600", "\U0010fffd"]
NUMBERS = ["0", "-0", "1.50", "9007199254740993", "-12345678901234567890123", "1E400", "0.1e-7", "3.14159265358979323846"]
REGION = "eu-west-1"
ACCOUNT = "123456789012"


class Maker(random.Random):
    def text(self, most=8, least=0, without=""):
        pieces = [piece for piece in PIECES if piece not in list(without)]
        return "".join(self.choice(pieces) for _ in range(self.randint(least, most)))

    def bytes(self, most=12):
        return bytes(self.randrange(256) for _ in range(self.randint(0, most)))

    def digits(self, count):
        return str(self.randrange(1, 10)) + "".join(str(self.randrange(10)) for _ in range(count - 1))

    def hex(self, count):
        return "".join(self.choice("0123456789abcdef") for _ in range(count))

    def uuid(self):
        return "-".join(self.hex(count) for count in [8, 4, 4, 4, 12])

    def chance(self, percent):
        return self.randrange(100) < percent

    def some(self, options):
        """Of {name: value}, each with a chance."""
        return {name: value for name, value in options.items() if self.chance(60)}

    def json(self, depth=3):
        """Any JSON, with numbers no double holds."""
        kind = self.randrange(8 if depth > 0 else 5)
        if kind < 5:
            return [None, True, Number(self.choice(NUMBERS)), self.text(), Number(self.digits(30))][kind]
        if kind < 7:
            return {self.text(3): self.json(depth - 1) for _ in range(self.randrange(4))}
        return [self.json(depth - 1) for _ in range(self.randrange(4))]

    def spaced(self, value):
        """Its JSON with white space and escapes that mean nothing."""
        text = write(value, self.chance(50))
        return text.replace("/", "\\/") if self.chance(30) else f"\r\n {text}\t" if self.chance(30) else text

    def body(self):
        choice = self.randrange(4)
        return self.text(12) if choice < 2 else self.spaced(self.json()) if choice == 2 else self.spaced([self.json()])


# --- queues -----------------------------------------------------------------------------------------------------

def sqs(maker):
    return {"Records": [message(maker, maker.body()) for _ in range(maker.randint(1, 4))]}


def message(maker, body):
    fifo = maker.chance(40)
    attributes = {
        "ApproximateReceiveCount": str(maker.randint(1, 1000)), "SentTimestamp": str(maker.randint(1, 4 * 10 ** 12)),
        **maker.some({"SenderId": maker.text(), "ApproximateFirstReceiveTimestamp": "1714675904123"}),
    }
    if fifo or maker.chance(20):
        attributes["MessageGroupId"] = maker.text(6, 1)
    if fifo:
        attributes |= {"MessageDeduplicationId": maker.text(6, 1), "SequenceNumber": maker.digits(20)}
    record = {
        "messageId": maker.uuid(), "receiptHandle": maker.text(), "body": body, "attributes": attributes,
        "messageAttributes": {maker.hex(5): message_attribute(maker) for _ in range(maker.randrange(4))},
        "md5OfBody": maker.hex(32), "eventSource": "aws:sqs", "awsRegion": REGION,
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q{'.fifo' if fifo else ''}",
        **maker.some({"md5OfMessageAttributes": None}),
    }
    return {name: value for name, value in record.items() if name not in ("attributes", "messageAttributes")
            or maker.chance(90)}


def message_attribute(maker):
    lists = maker.some({"stringListValues": [], "binaryListValues": []})
    if maker.chance(30):
        return {"binaryValue": base64.b64encode(maker.bytes()).decode(), **lists, "dataType": "Binary.png"}
    value = maker.digits(30) if maker.chance(30) else maker.text()
    return {"stringValue": value, **lists, "dataType": maker.choice(["String", "Number", "String.a b", "Number.int"])}


# --- buckets ----------------------------------------------------------------------------------------------------

def s3(maker):
    """As it comes, and inside of others."""
    direct = s3_in_eventbridge(maker) if maker.chance(30) else s3_records(maker)
    way = maker.randrange(5)
    inside = maker.spaced(direct)
    if way == 0:
        return {"Records": [message(maker, inside)]}
    if way == 1:
        return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": notice(maker, inside),
                             "EventSubscriptionArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t:{maker.uuid()}"}]}
    return {"Records": [message(maker, maker.spaced(notice(maker, inside)))]} if way == 2 else direct


def notice(maker, text):
    return {"Type": "Notification", "MessageId": maker.uuid(), "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t",
            "Message": text, "Timestamp": "2024-05-02T18:51:44.123Z", **maker.some({"Subject": maker.text()})}


def s3_records(maker):
    one_request = maker.chance(40)
    ids, service = [maker.hex(16) for _ in range(4)], maker.choice(["aws:s3", "minio:s3", "ceph:s3"])
    return {"Records": [s3_record(maker, service, ids[0 if one_request else index])
                        for index in range(maker.randint(1, 4))]}


def s3_record(maker, service, request):
    thing = {"key": s3_key(maker), **maker.some({
        "size": maker.choice([Number(maker.randrange(5 * 10 ** 12)), str(maker.randrange(10 ** 12)), None, Number("0")]),
        "eTag": maker.choice([maker.hex(32), "", None]), "versionId": maker.choice(["null", maker.hex(20), None]),
        "sequencer": maker.choice([maker.hex(18).upper(), "0055AED6DCD90281E5", maker.hex(40)])})}
    return {"eventVersion": "2.1", "eventSource": service, "awsRegion": REGION,
            "eventTime": f"2024-05-02T18:51:44.{maker.digits(3)}Z", "userIdentity": {"principalId": "p"},
            "eventName": maker.choice(["ObjectCreated:Put", "s3:ObjectRemoved:Delete", "ObjectTagging:Put"]),
            "responseElements": {"x-amz-request-id": request, **maker.some({"x-amz-id-2": "i/d+2="})},
            "s3": {"bucket": {"name": "b-" + maker.hex(4)}, "object": thing, "s3SchemaVersion": "1.0"}}


def s3_key(maker):
    if maker.chance(10):
        return urllib.parse.quote_plus(maker.bytes()) or "%FF"
    name = maker.text(8, 1)
    if maker.chance(20):
        return name  # not encoded: what is no escape stays
    key = urllib.parse.quote_plus(name, safe="/")
    return key.replace("%E", "%e").replace("%0A", "%0a") if maker.chance(30) else key


def s3_in_eventbridge(maker):
    kind, how = maker.choice([("Object Created", {"reason": "PutObject"}), ("Object Created", {"reason": "CopyObject"}),
                              ("Object Deleted", {"deletion-type": "Permanently Deleted"}), ("Object Deleted", {}),
                              ("Object Tags Added", {})])
    thing = {"key": maker.text(8, 1), **maker.some({"size": Number(maker.digits(9)), "etag": maker.hex(32),
                                                    "version-id": maker.hex(20), "sequencer": maker.hex(18)})}
    return {"version": "0", "id": maker.uuid(), "detail-type": kind, "source": "aws.s3", "account": ACCOUNT,
            "time": "2024-05-02T18:51:44Z", "region": REGION, "resources": ["arn:aws:s3:::b"],
            "detail": {"version": "0", "bucket": {"name": "b-" + maker.hex(4)}, "object": thing, **how}}


# --- streams ----------------------------------------------------------------------------------------------------

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
    sets = {"SS": lambda: maker.text(), "NS": lambda: number(maker), "BS": lambda: base64.b64encode(maker.bytes()).decode()}
    if tag in sets:
        return {tag: sorted({sets[tag]() for _ in range(maker.randrange(4))})}
    return {tag: {"S": maker.text(), "N": number(maker), "B": binary, "BOOL": maker.chance(50), "NULL": True}[tag]}


def number(maker):
    """Up to 38 digits, from 1E-127 to 1E+125, in each way of writing it."""
    digits, sign = maker.digits(maker.choice([1, 2, 15, 16, 17, 18, 37, 38])), maker.choice(["", "-"])
    way = maker.randrange(5)
    if way == 0:
        return sign + digits
    if way == 1:
        return maker.choice(["0", "-0", "0.0", "9.00", "0.1", "1E+2", "9007199254740993", "1.7976931348623157E+125"])
    if way == 2:
        return f"{sign}{digits[0]}.{digits[1:] or '0'}"
    if way == 3:
        return f"{sign}{digits[0]}.{digits[1:] or '0'}{maker.choice('eE')}{maker.choice(['', '+'])}{maker.randrange(126)}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E-{maker.randrange(1, 128)}"


def kinesis(maker):
    return {"Records": [shard_record(maker) for _ in range(maker.randint(1, 3))]}


def shard_record(maker):
    sequence = maker.digits(56)
    data = maker.bytes() if maker.chance(40) else maker.body().encode()
    return {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": maker.text(6, 1), "sequenceNumber": sequence,
                        "data": base64.b64encode(data).decode(),
                        "approximateArrivalTimestamp": Number(maker.choice(["1545084650", f"1545084650.{maker.digits(3)}"]))},
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"shardId-000000000006:{sequence}",
            "eventName": "aws:kinesis:record", "awsRegion": REGION, "invokeIdentityArn": "arn:aws:iam::1:role/r",
            "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"}


def kafka(maker):
    topics = [f"t{index}-{maker.hex(3)}" for index in range(maker.randint(1, 2))]
    return {"eventSource": "aws:kafka", "eventSourceArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/{maker.uuid()}-1",
            "bootstrapServers": "b-1.example.com:9092,b-2.example.com:9092",
            "records": {f"{topic}-3": [kafka_record(maker, topic, index) for index in range(maker.randint(1, 3))]
                        for topic in topics}}


def kafka_record(maker, topic, index):
    data = maker.choice([maker.bytes(), maker.body().encode()])
    headers = [{maker.text(3, 1, "\0"): [Number(byte - 256 if byte > 127 and maker.chance(80) else byte) for byte in maker.bytes()]}
               for _ in range(maker.randrange(4))]
    optional = {"key": maker.choice([None, "", base64.b64encode(maker.bytes()).decode(), "aw=="]),
                "headers": headers + headers[:1] if maker.chance(30) else headers}
    return {"topic": topic, "partition": Number(3), "offset": Number(int(maker.choice(["0", str(2 ** 53)])) + index),
            "timestamp": Number(1545084650000 + index), "timestampType": "CREATE_TIME",
            "value": None if maker.chance(10) else base64.b64encode(data).decode(), **maker.some(optional)}
