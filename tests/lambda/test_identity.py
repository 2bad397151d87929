# SPDX-License-Identifier: Apache-2.0
"""Replay and Lambda are one code path: for every payload there is, the envelopes and the answer are the same bytes."""
import json

import identical
import replaying
import tap


def compared(desk, texts):
    """The number of those that only replay unwraps."""
    wanted = identical.replayed(desk, texts)
    tap.equal(sorted(wanted), list(range(len(texts))), "documents that replay answers")
    forms = [number for number, answer in wanted.items() if answer is None]
    if forms:  # what replay made of them is not in the way of the comparison
        texts = identical.without_forms(texts, wanted)
        desk = replaying.Desk(desk.path("without-forms"))
        wanted = identical.replayed(desk, texts)
    got = identical.invoked(desk, texts, wanted)
    for number, (name, _) in enumerate(texts):
        tap.equal(got[number], wanted[number], name)
    events = identical.equal_journals(desk, "replay.txt", "lambda.txt")
    return len(forms), events, [answer for answer in wanted.values() if answer]


def told(texts, forms, events, answers):
    errors = sum(1 for _, error in answers if error)
    print(f"# {len(texts) - forms} payloads, {len(events)} events, {errors} invocation errors; "
          f"{forms} documents that only replay unwraps are left out")


@replaying.test
def the_payloads_of_the_tree(desk):
    texts = identical.own()
    forms, events, answers = compared(desk, texts)
    told(texts, forms, events, answers)
    batches = [json.loads(reply)["batchItemFailures"] for reply, _ in answers if reply and "batchItemFailures" in reply]
    assert any(0 < len(items) < 40 for items in batches), "no batch had mixed outcomes"
    kinds = {event.split(b" ")[0] for event in events}
    assert len(kinds) >= 12, kinds


@replaying.test
def the_recorded_payloads(desk):
    texts = identical.recorded()
    told(texts, *compared(desk, texts))


@replaying.test
def payloads_that_are_broken(desk):
    texts = identical.broken()
    told(texts, *compared(desk, texts))


tap.main()
