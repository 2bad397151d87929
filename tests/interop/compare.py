# SPDX-License-Identifier: Apache-2.0
"""leat's views beside those of views.py, member by member."""
import base64
import decimal

import others
from differences import decided, joined
from kinds import VIEWED
from views import ABSENT, READERS


def differing(record, item):
    """What is said differently of a record, a line each; nothing if leat and the library agree."""
    kind, plain, ours = record.viewed.kind, record.viewed.plain, dict(item.view or {})
    if kind not in VIEWED:
        return [] if item.view is None else [f"{kind} has a view"]
    theirs = READERS[kind](plain)
    if "query, joined" in theirs:
        ours["query, joined"] = joined(readable(ours.get("query", [])))
    found = []
    for member in {**theirs, **ours}:
        wanted = decided(kind, member, plain, theirs.get(member, ABSENT))
        got = ours.get(member, ABSENT)
        if not same(got, wanted):
            found.append(f"{kind} {member}: leat has {got!r}, the library {wanted!r}")
    return found


def readable(query):
    """With texts instead of {"base64": ...}."""
    return [[to_bytes(word).decode(errors="surrogateescape") for word in pair] for pair in query]


# --- values -------------------------------------------------------------------------------------------------

def to_bytes(value):
    """Of a text, or of what stands in its place where it is no UTF-8."""
    if isinstance(value, dict):
        return base64.b64decode(value["base64"], validate=True)
    return value.encode(errors="surrogateescape") if isinstance(value, str) else bytes(value)


def is_text(value):
    return isinstance(value, (str, bytes)) or (isinstance(value, dict) and list(value) == ["base64"])


def same(ours, theirs):
    if isinstance(theirs, decimal.Decimal):
        return same_number(ours, theirs)
    if isinstance(theirs, others.Binary):
        return isinstance(ours, str) and base64.b64decode(ours, validate=True) == bytes(theirs)
    if isinstance(theirs, set):
        return isinstance(ours, list) and same_set(ours, list(theirs))
    if isinstance(theirs, (str, bytes)):
        return is_text(ours) and to_bytes(ours) == to_bytes(theirs) and is_spelled_right(ours)
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(
            same(ours[name], theirs[name]) for name in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs


def is_spelled_right(value):
    """base64 stands only where text cannot."""
    if isinstance(value, str):
        return True
    try:
        to_bytes(value).decode()
        return False
    except UnicodeDecodeError:
        return True


def same_number(ours, theirs):
    """A number where a double gives the decimal back, else its text."""
    try:
        fits = decimal.Decimal(repr(float(theirs))) == theirs
    except OverflowError:
        fits = False
    if not fits:
        return isinstance(ours, str) and decimal.Decimal(ours) == theirs
    return type(ours) in (int, float) and decimal.Decimal(repr(ours)) == theirs


def same_set(ours, theirs):
    """As sets: neither order counts nor a member that a payload repeats, which no table does."""
    return all(any(same(value, other) for other in theirs) for value in ours) and all(
        any(same(value, other) for value in ours) for other in theirs)
