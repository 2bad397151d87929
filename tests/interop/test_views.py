# SPDX-License-Identifier: Apache-2.0
"""leat's typed views of recorded payloads are those that Powertools, boto3 and urllib have of them."""
import copy
import json

import others
import tap
from compare import differing
from exact import show
from kinds import VIEWED
from payloads import look, no_lines, own, shared
from views import s3

def agree(payloads, kind):
    """All records of that kind, whatever they are inside of. Returns how many."""
    pairs = [(name, record, item) for name, _, records, line in payloads for record, item in zip(records, line.items)
             if record.viewed.kind == kind]
    found = [f"{name}: {line}" for name, record, item in pairs for line in differing(record, item)]
    no_lines(found, "members differ")
    return len(pairs)


def test_kind(kind):
    def ours():
        others.need_trigger(kind)
        assert agree(look(*own()), kind) > 0, "no payload of that kind"

    def theirs():
        others.need_trigger(kind)
        assert agree(look(*shared()), kind) > 0, "no payload of that kind"

    for function, whose in [(ours, "our_own"), (theirs, "the_shared")]:
        function.__name__ = f"{whose}_{kind.replace('-', '_')}_payloads_have_the_view_that_libraries_have"
        others.test(function)


for viewed in VIEWED:
    test_kind(viewed)


@others.test
def what_has_no_view_elsewhere_has_none_here():
    for kind in ["sns", "eventbridge", "unknown"]:
        assert agree(look(*own()), kind) > 0, kind


@others.test
def a_member_that_is_changed_missing_or_too_much_is_found():
    for name, _, records, line in look(*own()):
        for record, item in zip(records, line.items):
            for member in [*(item.view or {}), "surplus"] if record.viewed.kind in VIEWED else []:
                less = {key: value for key, value in item.view.items() if key != member}
                for view in [less, {**less, member: [["changed", "changed"]]}]:
                    assert view == item.view or differing(record, changed(item, view)), (name, member, view)


def changed(item, view):
    other = copy.copy(item)
    other.value = {**item.value, "view": view}
    return other


def keys_of(notification):
    return [s3(record.raw_event)["key"] for record in others.S3Event(notification).records]


@others.test
def notifications_inside_messages_are_those_that_powertools_finds():
    readers = {
        "in-sqs": lambda event: [message.decoded_nested_s3_event.raw_event
                                 for message in others.SQSEvent(event).records],
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
