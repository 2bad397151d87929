# SPDX-License-Identifier: Apache-2.0
"""JSON that loses nothing: numbers keep their digits, objects their order and their repeated names."""
import json

import tap


class Number(str):
    """A number's own text; only the same text equals it."""

    def __eq__(self, other):
        return isinstance(other, Number) and str.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__
    __repr__ = str.__str__


class Object(tuple):
    """Pairs of name and value."""

    def get(self, name, default=None):
        return next((value for key, value in self if key == name), default)


def no_number(text):
    raise ValueError(f"{text} is no JSON")


DECODER = json.JSONDecoder(object_pairs_hook=Object, parse_int=Number, parse_float=Number, parse_constant=no_number)
SPACE = " \t\r\n"


def parse(text):
    return DECODER.decode(text)


def at(value, *path):
    """The member at the end of a path of names; None if the path ends before."""
    for name in path:
        value = value.get(name) if isinstance(value, Object) else None
    return value


def plain(value):
    """As json.loads would have given it."""
    if isinstance(value, Number):
        return json.loads(value)
    if isinstance(value, Object):
        return {name: plain(member) for name, member in value}
    return [plain(item) for item in value] if isinstance(value, list) else value


def write(value, ascii_only=True):
    """JSON text of all that is above, and of dicts; numbers are written as they are spelled."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, (dict, Object)):
        pairs = value.items() if isinstance(value, dict) else value
        return "{" + ",".join(f"{write(name, ascii_only)}:{write(member, ascii_only)}" for name, member in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(item, ascii_only) for item in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


def documents(text):
    """The documents of a file, one after another."""
    found, position = [], 0
    while True:
        while position < len(text) and text[position] in SPACE:
            position += 1
        if position == len(text):
            return found
        value, position = DECODER.raw_decode(text, position)
        found.append(value)


# --- what `leat show --json` says ------------------------------------------------------------------------

class Shown:
    """A line of it. `items`: for each of `events` its text, of which `event_text` is the event's."""

    def __init__(self, line):
        self.value = json.loads(line)
        self.items, position = [], line.find('"events":[') + len('"events":[')
        for _ in self.value.get("events", []):
            item, end = DECODER.raw_decode(line, position)
            self.items.append(Item(line[position:end], item))
            position = end + 1


class Item:
    def __init__(self, text, exact):
        self.exact, self.value, self.event_text = exact, json.loads(text), None
        if text.startswith('{"event":'):
            start = len('{"event":')
            self.event_text = text[start:DECODER.raw_decode(text, start)[1]]

    @property
    def view(self):
        return self.value.get("view")


def show(*files, **options):
    """What leat shows of the files, one Shown a document."""
    done = tap.must(tap.BUILD / "leat", "show", "--json", *files, **options)
    tap.equal(done.stderr, "")
    return [Shown(line) for line in done.stdout.split("\n") if line]
