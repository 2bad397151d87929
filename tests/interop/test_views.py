# SPDX-License-Identifier: Apache-2.0
"""leat's typed views of recorded payloads are those that Powertools, boto3 and urllib have of them."""
import glob
import json
import pathlib

import others
import tap
from compare import differing
from exact import show
from records import VIEWED, documents_of, kind_of, records_of
from views import s3

OWN = ["triggers/*/sample.json", "handlers/*/events/*.json*"]


def own_files():
    return sorted(name for pattern in OWN for name in glob.glob(pattern, root_dir=tap.ROOT))


def shared_files():
    return sorted(str(path.relative_to(tap.EVENTS)) for path in pathlib.Path(tap.EVENTS).glob("*/*.json*"))


def look(folder, names):
    """For each document: its file, its kind and records as the formats say, and what leat shows."""
    shown = iter(show(*names, cwd=folder))
    for name in names:
        for document in documents_of(pathlib.Path(folder, name)):
            kind = kind_of(document)
            yield name, kind, records_of(kind, document), next(shown)
    tap.equal(list(shown), [], "documents that leat alone finds")


def agree(folder, names, kind):
    """All records of that kind, whatever they are inside of. Returns how many."""
    count, found = 0, []
    for name, outer, records, shown in look(folder, names):
        if kind not in [outer, *(record.kind for record in records)] or outer not in others.triggers():
            continue
        tap.equal(shown.value.get("kind"), outer, name)
        tap.equal(len(shown.items), len(records), f"events of {name}")
        for record, item in zip(records, shown.items):
            count += record.kind == kind
            found += [f"{name}: {line}" for line in differing(record, item)] if record.kind == kind else []
    assert not found, "\n".join([f"{len(found)} members differ", *found[:10]])
    return count


def test_kind(kind):
    def own():
        others.need_trigger(kind)
        assert agree(tap.ROOT, own_files(), kind) > 0, "no payload of that kind"

    def shared():
        others.need_trigger(kind)
        others.need_events()
        assert agree(tap.EVENTS, shared_files(), kind) > 0, "no payload of that kind"

    for function, whose in [(own, "our_own"), (shared, "the_shared")]:
        function.__name__ = f"{whose}_{kind.replace('-', '_')}_payloads_have_the_view_that_libraries_have"
        others.test(function)


for viewed in VIEWED:
    test_kind(viewed)


@others.test
def what_has_no_view_elsewhere_has_none_here():
    for kind in ["sns", "eventbridge", "unknown"]:
        assert agree(tap.ROOT, own_files(), kind) > 0, kind


def keys_of(notification):
    return [s3(record.raw_event)["key"] for record in others.S3Event(notification).records]


@others.test
def notifications_inside_messages_are_those_that_powertools_finds():
    readers = {
        "in-sqs": lambda event: [message.decoded_nested_s3_event.raw_event for message in others.SQSEvent(event).records],
        "in-sns": lambda event: [json.loads(record.sns.message) for record in others.SNSEvent(event).records],
        "in-sns-in-sqs": lambda event: [json.loads(message.decoded_nested_sns_event.message)
                                        for message in others.SQSEvent(event).records],
    }
    for name, read in readers.items():
        path = tap.ROOT / f"handlers/index/events/{name}.json"
        wanted = [key for notification in read(json.loads(path.read_text())) for key in keys_of(notification)]
        tap.equal([item.view["key"] for line in show(path) for item in line.items], wanted, name)
        assert wanted, name


tap.main()
