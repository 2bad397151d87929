# SPDX-License-Identifier: Apache-2.0
"""Where leat decided otherwise than the libraries, each with its reason: nothing else may differ.

A difference holds where `when(payload)` says so, and there `ours(payload, theirs)` is what leat shows; everywhere
else leat and the library agree. The generated payloads must meet every one of them, so that none outlives its cause.
"""
import dataclasses
import re
import urllib.parse

from views import ABSENT, raw_query

met = set()  # the names of those that made a difference


@dataclasses.dataclass
class Difference:
    name: str
    kinds: list
    member: str
    why: str
    when: object
    ours: object


def decided(kind, member, plain, theirs):
    """What leat should show, given what the library says."""
    for difference in DIFFERENCES:
        if kind in difference.kinds and member == difference.member and difference.when(plain):
            ours = difference.ours(plain, theirs)
            if ours != theirs:
                met.add(difference.name)
            theirs = ours
    return theirs


# --- S3 -------------------------------------------------------------------------------------------------------

def s3_object(plain):
    return plain["detail" if "detail" in plain else "s3"]["object"]


def key_bytes(plain):
    return urllib.parse.unquote_to_bytes(plain["s3"]["object"]["key"].replace("+", " "))


def no_text(plain):
    try:
        return "detail" not in plain and not key_bytes(plain).decode()
    except UnicodeDecodeError:
        return True


def no_etag(plain):
    return s3_object(plain).get("etag" if "detail" in plain else "eTag") is None


EVENT_NAMES = {
    ("Object Created", "PutObject"): "ObjectCreated:Put",
    ("Object Created", "POST Object"): "ObjectCreated:Post",
    ("Object Created", "CopyObject"): "ObjectCreated:Copy",
    ("Object Created", "CompleteMultipartUpload"): "ObjectCreated:CompleteMultipartUpload",
    ("Object Deleted", "Permanently Deleted"): "ObjectRemoved:Delete",
    ("Object Deleted", "Delete Marker Created"): "ObjectRemoved:DeleteMarkerCreated",
}


def event_name(plain, theirs):
    how = plain["detail"].get("deletion-type" if theirs == "Object Deleted" else "reason")
    return EVENT_NAMES.get((theirs, how), theirs.replace(" ", ""))


# --- requests -------------------------------------------------------------------------------------------------

def version_2(plain):
    return plain.get("version") == "2.0"


def stage_of(plain):
    return plain["requestContext"].get("stage") or ""


def starts_with_stage(path, stage):
    return stage not in ("", "$default") and (path + "/").startswith(f"/{stage}/")


def path_encoded(plain):
    """HTTP APIs in format 2.0 decode it, all others pass it on as it came."""
    return not version_2(plain) or ".lambda-url." in plain["requestContext"].get("domainName", "")


def without_stage(plain, path):
    return path[1 + len(stage_of(plain)):]


def map_of(plain, multi, single):
    """The one of the two maps that leat reads: lists, unless they are missing or an empty map beside texts."""
    lists, texts = plain.get(multi), plain.get(single)
    return lists if lists is not None and (lists or texts is None) else texts


def pairs_of(mapping, name=str, value=str):
    if mapping is None:
        return ABSENT
    return [[name(key), value(item)] for key, items in mapping.items()
            for item in (items if isinstance(items, list) else [items]) if item is not None]


def headers_of(plain):
    return plain.get("headers") if version_2(plain) else map_of(plain, "multiValueHeaders", "headers")


def header_values(plain, wanted, headers=None):
    return [value for name, value in pairs_of(headers or headers_of(plain) or {}) if name.lower() == wanted]


def headers_fold(plain):
    """Two names that are the same header."""
    names = [name.lower() for name in headers_of(plain) or {}]
    return len(set(names)) < len(names)


def query_of(plain):
    return map_of(plain, "multiValueQueryStringParameters", "queryStringParameters")


def comma_in_query(plain):
    """In a value of the map of texts, when that is the one that counts."""
    texts = plain.get("queryStringParameters")
    lists = plain.get("multiValueQueryStringParameters")
    return isinstance(texts, dict) and not lists and any("," in text for text in texts.values())


def plus_in_query(plain):
    return any("+" in name + value for name, value in pairs_of(query_of(plain) or {}))


def query_folds(plain):
    """Two names that are spelled differently and decode to the same."""
    return len({decoded(name) for name in query_of(plain) or {}}) < len(query_of(plain) or {})


def is_alb(plain):
    return "elb" in plain["requestContext"]


def unquoted(text):
    return urllib.parse.unquote(text, errors="surrogateescape")


def decoded(text):
    return urllib.parse.unquote_plus(text, errors="surrogateescape")


def joined(query):
    """{name: "value,value"}, as format 2.0 writes them."""
    values = {}
    for name, value in query:
        values.setdefault(name, []).append(value)
    return {name: ",".join(items) for name, items in values.items()}


def cookie_list(plain):
    if isinstance(plain.get("cookies"), list):
        return plain["cookies"]
    sent = [piece.strip(" \t") for value in header_values(plain, "cookie") for piece in value.split(";")]
    return [piece for piece in sent if piece] or ABSENT


def other_cookies(plain):
    """The map of texts says otherwise than the lists."""
    texts = plain.get("headers")
    return bool(texts) and header_values(plain, "cookie", texts) != header_values(plain, "cookie")


def cookies_need_order(plain):
    """A dict of names and values says less than was sent."""
    sent = cookie_list(plain)
    if sent is ABSENT or len(header_values(plain, "cookie")) > 1:
        return True
    names = [piece.partition("=")[0] for piece in sent]
    return len(set(names)) < len(names) or not all(re.fullmatch(r"[^=\s]*=(\S.*\S|\S?)", piece) for piece in sent)


MAPS = ["apigateway-rest", "apigateway-http", "apigateway-websocket", "alb"]
VERSION_2 = ["apigateway-http", "function-url"]
REQUESTS = [*MAPS, "function-url"]

DIFFERENCES = [
    Difference("a key that is no UTF-8", ["s3"], "key",
               "Powertools puts U+FFFD for each bad byte, and no such object is there; leat keeps the bytes",
               no_text, lambda plain, theirs: key_bytes(plain)),
    Difference("a key in EventBridge", ["s3"], "key",
               "it is not form-encoded there, so decoding it spoils a+b and 100%25",
               lambda plain: "detail" in plain, lambda plain, theirs: s3_object(plain)["key"]),
    Difference("no ETag", ["s3"], "etag", "absent differs from empty, which is what Powertools makes of it",
               no_etag, lambda plain, theirs: ABSENT),
    Difference("a size of null", ["s3"], "size", "null is absent; Powertools fails at it",
               lambda plain: s3_object(plain).get("size") is None, lambda plain, theirs: ABSENT),
    Difference("a name with s3:", ["s3"], "event", "MinIO and the configuration write s3:, AWS's events do not",
               lambda plain: "detail" not in plain, lambda plain, theirs: theirs.removeprefix("s3:")),
    Difference("an event of EventBridge", ["s3"], "event", "one name for one thing, by whatever way it came",
               lambda plain: "detail" in plain, event_name),

    Difference("a path with the stage", ["apigateway-http"], "path",
               "format 1.0 writes the stage into the path, REST APIs do not; the handler is the same",
               lambda plain: plain.get("version") == "1.0" and starts_with_stage(plain["path"], stage_of(plain)),
               without_stage),
    Difference("a path without its stage", VERSION_2, "path",
               "Powertools cuts the stage's length off whatever stands there",
               lambda plain: version_2(plain) and stage_of(plain) != "$default" and not starts_with_stage(
                   plain["rawPath"], stage_of(plain)),
               lambda plain, theirs: plain["rawPath"]),
    Difference("an encoded path", REQUESTS, "path", "a path is decoded, as HTTP APIs have it in format 2.0",
               path_encoded,
               lambda plain, theirs: unquoted(theirs)),
    Difference("an empty path", REQUESTS, "path", "the root is / however it is written",
               lambda plain: True, lambda plain, theirs: theirs or "/"),

    Difference("no query", MAPS, "query", "absent differs from empty",
               lambda plain: not version_2(plain) and query_of(plain) is None, lambda plain, theirs: ABSENT),
    Difference("a query that is no map", ["apigateway-rest", "apigateway-http"], "query",
               "SAM generates a sample whose map is a text; the lists beside it are what counts",
               lambda plain: isinstance(plain.get("queryStringParameters"), str),
               lambda plain, theirs: pairs_of(query_of(plain))),
    Difference("a comma in a query", ["apigateway-rest", "apigateway-http", "alb"], "query",
               "a comma may be the client's; only format 2.0 joins with it, and there the raw text is read",
               lambda plain: not version_2(plain) and comma_in_query(plain),
               lambda plain, theirs: pairs_of(query_of(plain), *[unquoted, unquoted] if is_alb(plain) else [])),
    Difference("a plus in a query", ["alb"], "query", "a query is form-encoded; Powertools decodes % only",
               plus_in_query, lambda plain, theirs: pairs_of(query_of(plain), decoded, decoded)),
    Difference("a name of a query in two spellings", ["alb"], "query", "Powertools keeps the last, leat all of them",
               query_folds, lambda plain, theirs: pairs_of(query_of(plain), decoded, decoded)),
    Difference("a name's case in a query", ["apigateway-websocket"], "query",
               "names of a query have a case; Powertools folds those of WebSockets",
               lambda plain: query_of(plain) is not None, lambda plain, theirs: pairs_of(query_of(plain))),
    Difference("no raw query", VERSION_2, "query", "the map is what is left",
               lambda plain: version_2(plain) and plain.get("rawQueryString") is None,
               lambda plain, theirs: pairs_of(plain.get("queryStringParameters"))),
    Difference("a raw query that is another", VERSION_2, "query, joined",
               "people write events whose map and raw text differ; the raw text is exact, so it is believed",
               lambda plain: version_2(plain) and plain.get("rawQueryString") is not None,
               lambda plain, theirs: joined(raw_query(plain["rawQueryString"]))),

    Difference("no headers", REQUESTS, "headers", "absent differs from empty",
               lambda plain: headers_of(plain) is None, lambda plain, theirs: ABSENT),
    Difference("a header in two spellings", REQUESTS, "headers", "Powertools keeps the last, leat all of them",
               headers_fold, lambda plain, theirs: pairs_of(headers_of(plain), str.lower)),
    Difference("cookies in order", REQUESTS, "cookies",
               "a dict knows no order, no repeated name, no cookie without =, and only one header",
               cookies_need_order, lambda plain, theirs: cookie_list(plain)),
    Difference("cookies of another map", REQUESTS, "cookies",
               "Powertools reads the map of texts first, which holds the last header only; leat reads the lists",
               other_cookies, lambda plain, theirs: cookie_list(plain)),
    Difference("cookies of a WebSocket", ["apigateway-websocket"], "cookies", "Powertools reads none there",
               lambda plain: True, lambda plain, theirs: cookie_list(plain)),

    Difference("a Kafka header's name", ["kafka"], "headers",
               "headers are a list whose names have a case and may come twice; Powertools makes a dict of it",
               lambda plain: plain.get("headers") is not None,
               lambda plain, theirs: [[name, bytes(byte & 0xFF for byte in value)]
                                      for header in plain["headers"] for name, value in header.items()]),
]
