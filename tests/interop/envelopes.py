# SPDX-License-Identifier: Apache-2.0
"""leat's envelopes beside the payload's own text, the rules of CloudEvents, and its official reader."""
import base64
import re

import others
from attributes import attribute_faults
from exact import parse
from records import NOTHING
from strict import faults, instant

JSON_TYPE = re.compile(r"(application/json|text/json|[^;]*\+json)\s*(;.*)?", re.IGNORECASE | re.DOTALL)


def wrong(record, item):
    """What is wrong with the envelope of a record, a line each."""
    event = item.value["event"]
    return faults(event) + attribute_faults(record, event) + data_faults(record, item) + reader_faults(item)


def repeated(line):
    """Events of one document that nobody could tell apart, a line each."""
    names = [(item.value["event"]["source"], item.value["event"]["id"]) for item in line.items if "event" in item.value]
    return [f"source and id come twice: {name}" for name in sorted(set(names)) if names.count(name) > 1]


# --- data -----------------------------------------------------------------------------------------------------

def data_faults(record, item):
    event = item.exact.get("event")
    got = [pair for pair in event if pair[0] in ("data", "data_base64")]
    wanted = wanted_data(record.data, event.get("datacontenttype") or "")
    return [] if got == wanted else [f"data is {got!r:.300}, the payload has {wanted!r:.300}"]


def wanted_data(data, media_type):
    """Of a record's data: JSON if its type says so and it is, else text if it is UTF-8, else base64."""
    if data is NOTHING:
        return []
    if not isinstance(data, bytes):
        return [("data", data)]
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return [("data_base64", base64.b64encode(data).decode())]
    if not JSON_TYPE.fullmatch(media_type):
        return [("data", text)]
    try:
        return [("data", parse(text))]
    except ValueError:
        return [("data", text)]


# --- the official reader ------------------------------------------------------------------------------------

def reader_faults(item):
    event = item.value["event"]
    try:
        read = others.JSONFormat().read(None, item.event_text)
    except Exception as error:  # whatever it dislikes
        return [f"the official reader says {error}"]
    found = []
    for name, value in event.items():
        if name not in ("data", "data_base64", "time") and read.get_attributes().get(name) != value:
            found.append(f"the official reader has another {name}: {read.get_attributes().get(name)!r}")
    if "time" in event and read.get_time() != instant(event["time"]):
        found.append(f"the official reader has another time: {read.get_time()}")
    encoded = event.get("data_base64")
    data = event.get("data") if encoded is None else base64.b64decode(encoded)
    if read.get_data() != data:
        found.append(f"the official reader has other data: {read.get_data()!r:.300}")
    return found
