# SPDX-License-Identifier: Apache-2.0
"""A few kills of each sort, and does the judge see what it looks for?"""
import pathlib

import judge
import spool
import table
import tap


@tap.test
def killed_workers_lose_nothing_and_keep_the_order_of_lanes():
    line = table.passes(spool.Yard, 20)
    assert line["events"] > 0 and line["delivered"] > line["events"], line


@tap.test
def workers_that_are_told_to_end_lose_and_repeat_nothing():
    line = table.passes(spool.Yard, 10, "--term", "--waiting", 100)
    tap.equal((line["duplicates"], line["inversions"]), (0, 0))


@tap.test
def two_workers_on_one_folder_take_over_from_each_other():
    table.passes(spool.Yard, 10, "--workers", 2)


def doctored(change):
    """What the judge says when the journal of a quiet run is changed."""
    with tap.folder() as folder:
        place = spool.Yard(pathlib.Path(folder), table.options(spool.Yard, ["0", "--seed", "1", "--waiting", "60"]))
        place.run()
        tap.equal((judge.judge(place)["lost"], place.wrong), (0, []))
        change(place)
        return judge.judge(place), place.wrong


def an_event(place):
    """One that was ok, alone in its file, and not the last one of its lane."""
    first, events = judge.firsts(place), place.load.events.values()
    last = {event.lane: event for event in events if event.id in first}
    return next(event for event in events if event.id in first and event.lane != "-" and event.retries == 0
                and len(place.load.files[event.file]) == 1 and last[event.lane] is not event)


@tap.test
def the_judge_sees_a_loss():
    def lose(place):
        event = an_event(place)
        place.journal.lines = [line for line in place.journal.lines if line.id != event.id]

    counts, wrong = doctored(lose)
    tap.equal((counts["lost"], len(wrong)), (1, 1), wrong)


@tap.test
def the_judge_sees_a_repetition_that_no_kill_explains():
    def repeat(place):
        event = an_event(place)
        place.journal.lines += [line for line in place.journal.lines if line.id == event.id]

    counts, wrong = doctored(repeat)
    tap.equal((counts["duplicates"], len(wrong)), (1, 1), wrong)


@tap.test
def the_judge_sees_a_lane_out_of_order():
    def delay(place):
        event = an_event(place)
        late = [line for line in place.journal.lines if line.id == event.id]
        place.journal.lines = [line for line in place.journal.lines if line.id != event.id] + late

    counts, wrong = doctored(delay)
    tap.equal((counts["inversions"], len(wrong)), (1, 1), wrong)


tap.main()
