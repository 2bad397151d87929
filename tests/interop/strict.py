# SPDX-License-Identifier: Apache-2.0
"""The rules of CloudEvents 1.0 and its JSON format, as checks of one event; the official reader lets much pass.

Whether a source is a URI-reference is asked apart (is_uri_reference), for a payload may give it no chance.
"""
import base64
import datetime
import re

CHARACTER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
SEGMENTS = rf"{CHARACTER}*(?:/{CHARACTER}*)*"
HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)"
AUTHORITY = rf"//(?:{CHARACTER}*@)?{HOST}(?::[0-9]*)?(?=[/?#]|$)"
# RFC 3986: behind a scheme, or without one, where no colon may stand in the first segment.
URI_REFERENCE = re.compile(
    rf"(?:[A-Za-z][A-Za-z0-9+.\-]*:|(?![^/?#]*:))(?:{AUTHORITY}|(?!//)){SEGMENTS}"
    rf"(?:\?(?:{CHARACTER}|[/?])*)?(?:#(?:{CHARACTER}|[/?])*)?")
TOKEN = r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+"
MEDIA_TYPE = re.compile(rf'{TOKEN}/{TOKEN}(?:\s*;\s*(?:{TOKEN}=(?:{TOKEN}|"(?:[^"\\]|\\.)*"))?)*')
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:)(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
NAME = re.compile(r"[a-z0-9]{1,20}")


def faults(event):
    """What is against the rules, a line each."""
    found = [f"{name} is missing" for name in ["id", "source", "type"] if not event.get(name)]
    found += [f"specversion is {event.get('specversion')!r}"] if event.get("specversion") != "1.0" else []
    for name, value in event.items():
        if name in ("data", "data_base64"):
            continue
        found += [] if NAME.fullmatch(name) else [f"the name {name!r}"]
        found += [f"{name} {fault}: {value!r}" for fault in value_faults(name, value)]
    if "data" in event and "data_base64" in event:
        found.append("data and data_base64")
    return found + base64_faults(event.get("data_base64", ""))


def is_uri_reference(text):
    return bool(URI_REFERENCE.fullmatch(text))


def value_faults(name, value):
    if not isinstance(value, str):
        return ["is no text"]
    checks = {"datacontenttype": MEDIA_TYPE.fullmatch, "time": is_time}
    found = ["is not in its format"] if name in checks and not checks[name](value) else []
    bad = sorted({f"U+{ord(c):04X}" for c in value if is_forbidden(ord(c))})
    return found + (["is empty"] if value == "" else []) + ([f"holds {' '.join(bad)}"] if bad else [])


def is_forbidden(code):
    """Controls, surrogates, and what Unicode calls noncharacters: the specification's type String."""
    control = code <= 0x1F or 0x7F <= code <= 0x9F
    return control or 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def is_time(text):
    try:
        return instant(text) is not None
    except ValueError:
        return False


def instant(text):
    """A time to the microsecond, which is all that Python's hold; None if it is not written as one."""
    match = TIME.fullmatch(text)
    if not match:
        return None
    date, clock, second, fraction, zone = match.groups()
    zone, leap = "+00:00" if zone in "Zz" else zone, second == "60"
    time = f"{date}T{clock}{'59' if leap else second}.{(fraction or '.')[1:7]:0<6}{zone}"
    return datetime.datetime.fromisoformat(time) + datetime.timedelta(seconds=leap)


def base64_faults(text):
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return ["data_base64 is no base64"]
    return []
