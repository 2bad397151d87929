# SPDX-License-Identifier: Apache-2.0
"""Requests nobody has sent yet, as each gateway would write them down."""
import base64
import urllib.parse

from exact import Number

NAMES = ["Accept", "x-tag", "X-TAG", "X-Tag", "If-None-Match", "User-Agent", "X-Forwarded-For", "x-a.b_c~1", "Host"]
TYPES = ["application/json", "APPLICATION/JSON; charset=utf-8", "application/problem+json", "text/plain", "image/png"]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]


class Request:
    """What a client sent: headers and a query in order, a path, a body."""

    def __init__(self, maker):
        self.headers = [(maker.choice(NAMES), header_text(maker)) for _ in range(maker.randrange(6))]
        self.headers += [("Content-Type", maker.choice(TYPES))] if maker.chance(70) else []
        self.headers += [(maker.choice(["Cookie", "cookie"]), cookie_text(maker)) for _ in range(maker.randrange(3))]
        maker.shuffle(self.headers)
        names = [maker.text(3, without="\0") for _ in range(maker.randrange(4))]
        self.query = [(maker.choice(names), maker.text(5)) for _ in range(maker.randrange(6)) if names]
        self.path = "/" + "/".join(maker.text(3, without="/") for _ in range(maker.randrange(4)))
        self.method = maker.choice(METHODS)
        self.body = body(maker)

    def lists(self, pairs, name=str):
        """{name: [value...]}, names in the order they came first."""
        found = {}
        for key, value in pairs:
            found.setdefault(name(key), []).append(value)
        return found

    def last(self, pairs, name=str):
        return {key: values[-1] for key, values in self.lists(pairs, name).items()}


def header_text(maker):
    """Without what would end the header."""
    return maker.text(6, without="\r\n\0")


def cookie_text(maker):
    pairs = [maker.choice("abc") + maker.choice(["=", "=", "=", ""]) + maker.text(2, without=" ;%\r\n\0")
             for _ in range(maker.randint(1, 3))]
    return maker.choice(["; ", ";", " ;; "]).join(pairs)


def body(maker):
    choice = maker.randrange(4)
    if choice == 0:
        return {"body": None, "isBase64Encoded": False}
    if choice == 1:
        return {"body": base64.b64encode(maker.choice([maker.bytes(), maker.body().encode()])).decode(),
                "isBase64Encoded": True}
    return {"body": maker.body(), "isBase64Encoded": False}


def encoded(maker, text):
    """A text as clients escape it: too much, too little, in either case."""
    way = maker.randrange(4)
    if way == 0:
        return "".join(f"%{byte:02x}" for byte in text.encode())
    return (urllib.parse.quote_plus if way == 1 else urllib.parse.quote)(text, safe="/" if way == 2 else "")


def raw_pair(maker, name, value):
    flag = value == "" and maker.chance(50)
    return encoded(maker, name) + ("" if flag and name else "=" + encoded(maker, value))


def or_null(maker, mapping):
    return mapping or maker.choice([None, {}])


# --- API Gateway ------------------------------------------------------------------------------------------------

def rest(maker):
    request = Request(maker)
    single = maker.chance(20)  # as local tools write it, without lists
    query = or_null(maker, request.last(request.query))
    headers = or_null(maker, request.last(request.headers))
    return {
        "resource": "/{proxy+}", "path": encoded_path(maker, request.path), "httpMethod": request.method,
        "headers": headers, "queryStringParameters": query, "pathParameters": None, "stageVariables": None,
        **({} if single else {
            "multiValueHeaders": headers and request.lists(request.headers),
            "multiValueQueryStringParameters": query and request.lists(request.query)}),
        "requestContext": {
            "resourcePath": "/{proxy+}", "stage": "prod", "requestId": maker.uuid(), "apiId": "a1", "accountId": "1234",
            "identity": maker.choice([{"sourceIp": "203.0.113.17"}, {"sourceIp": "2001:db8::1"}, {"userAgent": None}]),
            "domainName": "a1.execute-api.eu-west-1.amazonaws.com", "requestTimeEpoch": Number("1714560896250")},
        **request.body,
    }


def encoded_path(maker, path):
    return maker.choice([urllib.parse.quote(path), urllib.parse.quote(path, safe="/+=&"), path])


def version_1(maker):
    event = rest(maker)
    stage = maker.choice(["$default", "prod", "pr"])
    event["requestContext"]["stage"] = stage
    prefix = "" if stage == "$default" or maker.chance(10) else f"/{stage}"
    return {"version": "1.0", **event, "path": prefix + ("" if maker.chance(10) else event["path"])}


def version_2(maker):
    request = Request(maker)
    raw = [raw_pair(maker, name, value) for name, value in request.query]
    cookies = [value for name, value in request.headers if name.lower() == "cookie"]
    others = [pair for pair in request.headers if pair[0].lower() != "cookie"]
    stage = maker.choice(["$default", "prod"])
    prefix = "" if stage == "$default" or maker.chance(20) else f"/{stage}"
    joined = {name: ",".join(values) for name, values in request.lists(request.query).items()}
    return {
        "version": "2.0", "routeKey": "$default",
        "rawPath": prefix + ("" if prefix and maker.chance(20) else request.path),
        "rawQueryString": "&".join(raw), **({"cookies": cookies} if cookies or maker.chance(10) else {}),
        "headers": {name: ",".join(values) for name, values in request.lists(others, str.lower).items()},
        **({"queryStringParameters": joined} if joined else {}),
        "requestContext": {
            "http": {"method": request.method, "path": request.path, "sourceIp": "203.0.113.17"},
            "accountId": "1234", "apiId": "a1", "domainName": "a1.execute-api.eu-west-1.amazonaws.com", "stage": stage,
            "requestId": maker.uuid(), "routeKey": "$default",
            "timeEpoch": Number(maker.choice(["1714560896250", "1714560896"]))},
        **{name: value for name, value in request.body.items() if value is not None},
    }


def http(maker):
    return version_2(maker) if maker.chance(60) else version_1(maker)


def function_url(maker):
    event = version_2(maker)
    event["requestContext"] |= {"stage": "$default", "domainName": "u1.lambda-url.eu-west-1.on.aws"}
    return {**event, "rawPath": encoded_path(maker, event["rawPath"] or "/")}


def websocket(maker):
    request = Request(maker)
    kind = maker.choice(["CONNECT", "MESSAGE", "DISCONNECT"])
    maps = {"headers": request.last(request.headers), "multiValueHeaders": request.lists(request.headers)}
    query = {"queryStringParameters": request.last(request.query),
             "multiValueQueryStringParameters": request.lists(request.query)}
    return {
        **({} if kind == "MESSAGE" else maps), **(query if kind == "CONNECT" and request.query else {}),
        "requestContext": {
            "routeKey": {"CONNECT": "$connect", "MESSAGE": "$default", "DISCONNECT": "$disconnect"}[kind],
            "eventType": kind, "connectionId": "c" + maker.hex(8), "requestId": maker.uuid(), "stage": "prod",
            "domainName": "a1.execute-api.eu-west-1.amazonaws.com", "identity": {"sourceIp": "203.0.113.17"},
            "extendedRequestId": maker.uuid(), "requestTime": "01/May/2024:10:54:56 +0000", "messageDirection": "IN",
            "connectedAt": Number("1714560890000"), "requestTimeEpoch": Number("1714560896250"),
            **({"messageId": maker.uuid()} if kind == "MESSAGE" else {})},
        **(request.body if kind == "MESSAGE" else {"isBase64Encoded": False}),
    }


# --- load balancers -------------------------------------------------------------------------------------------

def alb(maker):
    request = Request(maker)
    query = [(encoded(maker, name), encoded(maker, value)) for name, value in request.query]
    headers = [(name.lower(), value) for name, value in request.headers if name != "X-Forwarded-For"]
    headers += [("x-forwarded-for", maker.choice(["203.0.113.17", "10.0.0.1, 203.0.113.17", "junk,2001:db8::1"]))]
    headers += [("x-amzn-trace-id", f"Root=1-66321f80-{maker.hex(24)}")]
    target = {"targetGroupArn": f"arn:aws:elasticloadbalancing:eu-west-1:1234:targetgroup/t/{maker.hex(16)}"}
    maps = {"headers": request.last(headers), "queryStringParameters": request.last(query)}
    if maker.chance(50):
        maps = {"multiValueHeaders": request.lists(headers), "multiValueQueryStringParameters": request.lists(query)}
    return {"requestContext": {"elb": target}, "httpMethod": request.method, **maps,
            "path": encoded_path(maker, request.path), "body": request.body["body"] or "",
            "isBase64Encoded": request.body["isBase64Encoded"]}


# --- what no gateway writes, but people do ----------------------------------------------------------------------

def by_hand(maker):
    """Of each kind, events whose parts say different things."""
    second, first, plain = version_2(maker), version_1(maker), rest(maker)
    staged = [{**event, path: "/" + word, "requestContext": {**event["requestContext"], "stage": "prod"}}
              for event, path in [(first, "path"), (second, "rawPath")] for word in ["product/prod", "prod", "prod%2Fa"]]
    lists = {"multiValueQueryStringParameters": {"a": ["b"]}, "multiValueHeaders": {"Cookie": ["a=1"]}}
    bare = {name: member for name, member in second.items() if name not in ("rawQueryString", "cookies")}
    odd_query = {"rawQueryString": "a=1%FF&%ff", "queryStringParameters": {"a": "other"}}
    return {
        "apigateway-http": [*staged, {**second, **odd_query}, {**bare, "queryStringParameters": {"a": "1,2"}},
                            {**first, **lists, "queryStringParameters": {"a": "b"}, "headers": {"Cookie": "a=2"}}],
        "apigateway-rest": [{**plain, **lists, "queryStringParameters": "{{{query}}}"}],
    }
