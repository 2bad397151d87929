# SPDX-License-Identifier: Apache-2.0
"""Recorded payloads: our own in this tree, and the shared ones that LEAT_EVENTS names."""
import glob
import pathlib

import others
import tap
from exact import show
from kinds import kind_of
from records import documents_of, records_of

OWN = ["triggers/*/sample.json", "handlers/*/events/*.json*"]


def own():
    """The folder, and its files."""
    return tap.ROOT, sorted(name for pattern in OWN for name in glob.glob(pattern, root_dir=tap.ROOT))


def shared():
    others.need_events()
    return tap.EVENTS, sorted(str(path.relative_to(tap.EVENTS)) for path in pathlib.Path(tap.EVENTS).glob("*/*.json*"))


def look(folder, names):
    """For each document of a kind that this leat has: its file, kind and records, and what leat shows of it."""
    shown = iter(show(*names, cwd=folder))
    for name in names:
        for document in documents_of(pathlib.Path(folder, name)):
            kind, line = kind_of(document), next(shown)
            if kind not in others.triggers():
                continue
            tap.equal(line.value.get("kind"), kind, name)
            records = records_of(kind, document)
            tap.equal(len(line.items), len(records), f"events of {name}")
            yield name, kind, records, line
    tap.equal(list(shown), [], "documents that leat alone finds")


def no_lines(found, what):
    assert not found, "\n".join([f"{len(found)} {what}", *found[:6]])
