# SPDX-License-Identifier: Apache-2.0
"""The payloads of the benches, written from the documented formats: the same bytes on every machine and in every run,
compact as Lambda sends them."""
import base64
import hashlib
import json
import uuid

REGION, ACCOUNT = "eu-west-1", "123456789012"
START_MS = 1710341837000


def noise(label, size):
    """Bytes that look like chance and depend on the label alone."""
    blocks = (hashlib.sha256(f"{label}/{i}".encode()).digest() for i in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def number(label, below):
    return int.from_bytes(noise(label, 8), "big") % below


def text64(label, size):
    return base64.b64encode(noise(label, size)).decode()


def identity(label):
    return str(uuid.UUID(bytes=noise(label, 16), version=4))


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# --- SQS -------------------------------------------------------------------------------------------------

def order(n):
    """What an application sends: nested JSON of some 400 bytes, so its text in a body is full of escapes."""
    items = [{"sku": f"SKU-{number(f'sku/{n}/{i}', 10**6):06d}", "quantity": i + 1,
              "price": {"amount": number(f"price/{n}/{i}", 10**5) / 100, "currency": "EUR"}} for i in range(3)]
    return {"order_id": identity(f"order/{n}"), "customer": f"c-{number(f'customer/{n}', 10**5)}",
            "placed_at": "2024-03-13T14:57:17.123Z", "items": items, "gift": n % 3 == 0,
            "note": "Grüße aus Köln, bitte klingeln" if n % 5 == 0 else None}


def sqs_message(n):
    body = compact(order(n))
    attributes = {"ApproximateReceiveCount": "1",
                  "AWSTraceHeader": f"Root=1-65f1c2d3-{noise(f'trace/{n}', 12).hex()};Parent="
                                    f"{noise(f'parent/{n}', 8).hex()};Sampled=0",
                  "SentTimestamp": str(START_MS + n), "SenderId": "AROAEXAMPLEEXAMPLE123:checkout",
                  "ApproximateFirstReceiveTimestamp": str(START_MS + n + 11)}
    origin = {"stringValue": "checkout", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
    return {"messageId": identity(f"message/{n}"), "receiptHandle": "AQEB" + text64(f"receipt/{n}", 300),
            "body": body, "attributes": attributes, "messageAttributes": {"origin": origin},
            "md5OfMessageAttributes": noise(f"md5a/{n}", 16).hex(), "md5OfBody": noise(f"md5/{n}", 16).hex(),
            "eventSource": "aws:sqs", "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders",
            "awsRegion": REGION}


def sqs(count):
    return {"Records": [sqs_message(n) for n in range(count)]}


def small_sqs(count):
    """Messages of some 630 bytes, as they are when a body is a few members."""
    short = {"messageAttributes": {}, "md5OfMessageAttributes": None}
    records = []
    for n in range(count):
        body = compact({"order_id": identity(f"order/{n}"), "customer": f"c-{number(f'customer/{n}', 10**5)}"})
        record = {**sqs_message(n), **short, "body": body, "receiptHandle": "AQEB" + text64(f"receipt/{n}", 33)}
        records.append({name: value for name, value in record.items() if value is not None})
    return {"Records": records}


def direct(size):
    """What somebody calls a function with, so many bytes long."""
    call = {"customer": "c-4711", "total": 12.5, "gift": True, "items": ["SKU-1", "SKU-2"], "note": ""}
    return {**call, "note": text64("note", size)[:size - len(compact(call))]}


# --- API Gateway -----------------------------------------------------------------------------------------

def apigateway():
    domain = f"a1b2c3d4e5.execute-api.{REGION}.amazonaws.com"
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36"
    headers = {
        "accept": "application/json, text/plain, */*", "accept-encoding": "gzip, deflate, br",
        "accept-language": "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "authorization": "Bearer " + text64("token", 420),
        "cache-control": "no-cache", "content-length": "413", "content-type": "application/json",
        "host": domain, "origin": "https://shop.example.com", "pragma": "no-cache",
        "referer": "https://shop.example.com/cart?step=3", "sec-ch-ua-mobile": "?0",
        "sec-ch-ua-platform": "\"Linux\"", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors",
        "sec-fetch-site": "same-site", "user-agent": agent, "x-amzn-trace-id": "Root=1-65f1c2d3-4b5a69788796a5b4c3d2e1f0",
        "x-forwarded-for": "203.0.113.41", "x-forwarded-port": "443", "x-forwarded-proto": "https",
        "x-request-id": identity("request-header"),
    }
    claims = {"sub": identity("sub"), "iss": "https://login.example.com/", "aud": "shop", "scope": "orders:write",
              "iat": "1710341000", "exp": "1710344600"}
    context = {
        "accountId": ACCOUNT, "apiId": "a1b2c3d4e5",
        "authorizer": {"jwt": {"claims": claims, "scopes": ["orders:write"]}},
        "domainName": domain, "domainPrefix": "a1b2c3d4e5",
        "http": {"method": "POST", "path": "/shops/17/orders", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.41",
                 "userAgent": agent},
        "requestId": "UmQjThzxDoEEJHg=", "routeKey": "POST /shops/{shop}/orders", "stage": "$default",
        "time": "13/Mar/2024:14:57:17 +0000", "timeEpoch": START_MS,
    }
    return {"version": "2.0", "routeKey": "POST /shops/{shop}/orders", "rawPath": "/shops/17/orders",
            "rawQueryString": "dry-run=false&lang=de", "cookies": [f"session={text64('cookie', 48)}", "theme=dark"],
            "headers": headers, "queryStringParameters": {"dry-run": "false", "lang": "de"},
            "requestContext": context, "pathParameters": {"shop": "17"}, "body": compact(order(1)),
            "isBase64Encoded": False}


# --- S3 --------------------------------------------------------------------------------------------------

def s3():
    record = {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventTime": "2024-03-13T14:57:17.123Z",
        "eventName": "ObjectCreated:Put", "userIdentity": {"principalId": "AWS:AROAEXAMPLEEXAMPLE123:uploader"},
        "requestParameters": {"sourceIPAddress": "203.0.113.41"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": text64("id-2", 57)},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": identity("configuration"),
               "bucket": {"name": "shop-uploads", "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                          "arn": "arn:aws:s3:::shop-uploads"},
               "object": {"key": "invoices/2024/03/13/Rechnung+N%C2%B0+4711.pdf", "size": 184321,
                          "eTag": noise("etag", 16).hex(), "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                          "sequencer": "0055AED6DCD90281E5"}},
    }
    return {"Records": [record]}


# --- DynamoDB --------------------------------------------------------------------------------------------

def image(n, revision):
    """An item of mixed attribute types."""
    items = [{"M": {"sku": {"S": f"SKU-{number(f'sku/{n}/{i}', 10**6):06d}"}, "quantity": {"N": str(i + revision)},
                    "price": {"N": f"{number(f'price/{n}/{i}', 10**5) / 100:.2f}"}}} for i in range(2)]
    return {"pk": {"S": f"CUSTOMER#{number(f'customer/{n}', 10**5)}"}, "sk": {"S": f"ORDER#{identity(f'order/{n}')}"},
            "total": {"N": f"{number(f'total/{n}', 10**6) / 100 + revision:.2f}"}, "revision": {"N": str(revision)},
            "paid": {"BOOL": revision > 1}, "cancelled_at": {"NULL": True}, "items": {"L": items},
            "tags": {"SS": ["express", "gift"]}, "scores": {"NS": ["1", "2.5", "-3"]},
            "signature": {"B": text64(f"signature/{n}/{revision}", 32)},
            "address": {"M": {"street": {"S": "Hauptstraße 5"}, "city": {"S": "Köln"}, "zip": {"S": "50667"}}}}


def dynamodb_record(n):
    new = image(n, 2)
    return {"eventID": noise(f"event/{n}", 16).hex(), "eventName": "MODIFY", "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": REGION,
            "dynamodb": {"ApproximateCreationDateTime": START_MS // 1000 + n,
                         "Keys": {"pk": new["pk"], "sk": new["sk"]}, "NewImage": new, "OldImage": image(n, 1),
                         "SequenceNumber": str(600000000000000000000 + 7 * n), "SizeBytes": 812,
                         "StreamViewType": "NEW_AND_OLD_IMAGES"},
            "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/2024-01-01T00:00:00.000"}


def dynamodb(count):
    return {"Records": [dynamodb_record(n) for n in range(count)]}


# --- Kafka -----------------------------------------------------------------------------------------------

def kafka_record(n, partition):
    """Key and value some 250 bytes each; header values are signed bytes, as the JVM has them."""
    trace = [byte - 256 if byte > 127 else byte for byte in noise(f"kafka-trace/{n}", 16)]
    return {"topic": "shop-orders", "partition": partition, "offset": 104000 + n, "timestamp": START_MS + n,
            "timestampType": "CREATE_TIME", "key": text64(f"key/{n}", 250), "value": text64(f"value/{n}", 250),
            "headers": [{"origin": list(b"checkout")}, {"trace": trace}]}


def kafka(count, partitions=2):
    records = {f"shop-orders-{p}": [kafka_record(n, p) for n in range(p, count, partitions)]
               for p in range(partitions)}
    cluster = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/shop/{identity('cluster')}-1"
    brokers = [f"b-{n}.shop.a1b2c3.c4.kafka.{REGION}.amazonaws.com:9094" for n in (1, 2, 3)]
    return {"eventSource": "aws:kafka", "eventSourceArn": cluster, "bootstrapServers": ",".join(brokers),
            "records": records}


# name: how many records, and what makes it
PAYLOADS = {
    "sqs-10": (10, lambda: sqs(10)),
    "sqs-1000": (1000, lambda: sqs(1000)),
    "apigateway": (1, apigateway),
    "s3": (1, s3),
    "dynamodb-100": (100, lambda: dynamodb(100)),
    "kafka-100": (100, lambda: kafka(100)),
}
