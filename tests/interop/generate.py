# SPDX-License-Identifier: Apache-2.0
"""Payloads nobody has sent yet: valid, and as unpleasant as the services allow. The same seed gives the same ones."""
import base64
import random
import urllib.parse

from exact import Number, write

PIECES = ["a", "Z", "0", "-", "_", ".", "~", " ", "+", "%", "%2B", "%2b", "%0A", "%00", "%zz", "%%", "&", "=", ";", ",",
          "/", "?", "#", '"', "\\", "'", "<", "{", "[", "\n", "\r", "\t", "\b", "\0", "\x1f", "\x7f", "\x85", "\xa0",
          "\xfc", "\u65e5\u672c", "\u2028", "\ufeff", "\U0001f600", "\U0010fffd"]
NUMBERS = ["0", "-0", "1.50", "9007199254740993", "-12345678901234567890123", "1E400", "0.1e-7",
           "3.14159265358979323846"]
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
    """One notification: of one bucket, and often of one request, whose records nothing else may tell apart."""
    service, bucket = maker.choice(["aws:s3", "minio:s3", "ceph:s3"]), "b-" + maker.hex(4)
    requests = [maker.hex(16)] * 4 if maker.chance(60) else [maker.hex(16) for _ in range(4)]
    return {"Records": [s3_record(maker, service, bucket, request) for request in requests[:maker.randint(1, 4)]]}


def s3_record(maker, service, bucket, request):
    thing = {"key": s3_key(maker), **maker.some({
        "size": maker.choice([Number(maker.randrange(5 * 10 ** 12)), str(maker.randrange(10 ** 12)), None, Number(0)]),
        "eTag": maker.choice([maker.hex(32), "", None]), "versionId": maker.choice(["null", maker.hex(20), None]),
        "sequencer": maker.choice([maker.hex(18).upper(), "0055AED6DCD90281E5", maker.hex(40)])})}
    return {"eventVersion": "2.1", "eventSource": service, "awsRegion": REGION,
            "eventTime": f"2024-05-02T18:51:44.{maker.digits(3)}Z", "userIdentity": {"principalId": "p"},
            "eventName": maker.choice(["ObjectCreated:Put", "s3:ObjectRemoved:Delete", "ObjectTagging:Put"]),
            "responseElements": {"x-amz-request-id": request, **maker.some({"x-amz-id-2": "i/d+2="})},
            "s3": {"bucket": {"name": bucket}, "object": thing, "s3SchemaVersion": "1.0"}}


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
