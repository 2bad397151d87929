# SPDX-License-Identifier: Apache-2.0
"""What may be said of a yard when all is over. Counts, and in words what may never be."""
import json
import re

import tap


def letters(yard, path):
    """The lines of a sink; a half one is a wrong."""
    found = []
    for text in path.read_text().splitlines(keepends=True) if path.exists() else []:
        try:
            found.append(json.loads(text))
            assert text.endswith("\n")
        except (ValueError, AssertionError):
            yard.wrong.append(f"{path.name} has a broken line: {text[:100]!r}")
    return found


def firsts(yard):
    """Of each event that was ok, the place of the first time."""
    first = {}
    for place, line in enumerate(yard.journal.lines):
        if line.what == "ok":
            first.setdefault(line.id, place)
    return first


def count(yard, what):
    counts = {}
    for line in yard.journal.lines:
        if line.what == what:
            counts[line.id] = counts.get(line.id, 0) + 1
    return counts


def judge_attempts(yard):
    """A handler is told of no attempt that was not made: a kill is none."""
    retries = {}
    for line in yard.journal.lines:
        file = yard.load.events[line.id].file
        if line.what == "retry":
            retries[file] = retries.get(file, 0) + 1
        elif line.what == "start" and line.attempt > 1 + retries.get(file, 0):
            yard.wrong.append(f"event {line.id}: attempt {line.attempt} after {retries.get(file, 0)} retries")


def judge_dead(yard, first):
    """Returns the events that have a letter."""
    dead = set()
    for letter in letters(yard, yard.dead):
        event = yard.load.events[letter["event"]["id"]]
        dead.add(event.id)
        if not event.reject or letter["reason"] != "never":
            yard.wrong.append(f"event {event.id} is a dead letter: {letter['reason']}")
    rejected = {event.id for event in yard.load.events.values() if event.reject}
    yard.wrong += [f"event {event} was to be rejected, and was ok" for event in sorted(rejected & set(first), key=int)]
    return dead


def judge_emitted(yard):
    wanted = {event.id for event in yard.load.events.values() if event.emit and not event.reject}
    ids = {}
    for letter in letters(yard, yard.emitted):
        ids.setdefault(letter["data"]["of"], set()).add(letter["id"])
    yard.wrong += [f"what event {event} emitted is not there" for event in sorted(wanted - set(ids), key=int)]
    yard.wrong += [f"event {event} emitted what it may not" for event in sorted(set(ids) - wanted, key=int)]
    yard.wrong += [f"event {event} emitted with several ids" for event, of in ids.items() if len(of) > 1]


def judge_replay(yard, dead):
    """Every dead letter can be read again: one event a line."""
    if not dead:
        return
    done = tap.leat("replay", "--json", "--handler", yard.handler(), yard.dead)
    lines = len(yard.dead.read_text().splitlines())
    ran = [line for line in done.stdout.splitlines() if json.loads(line).get("outcome") in ("ok", "retry", "reject")]
    if len(ran) != lines:
        yard.wrong.append(f"of {lines} dead letters {len(ran)} were replayed: {done.stderr[-500:]}")


def inversions(yard, first):
    """Events that were ok for the first time before one that stood in front of them in their lane."""
    latest, found = {}, []
    for event in sorted(first, key=first.get):
        event = yard.load.events[event]
        if event.lane == "-":
            continue
        if event.number < latest.get(event.lane, -1):
            found.append(event)
        latest[event.lane] = max(event.number, latest.get(event.lane, -1))
    return found


def judge(yard):
    """The counts of the table."""
    first, oks = firsts(yard), count(yard, "ok")
    dead = judge_dead(yard, first)
    judge_emitted(yard)
    yard.judge_queue()
    judge_replay(yard, dead)
    lost = [event for event in yard.load.events.values() if event.id not in (dead if event.reject else first)]
    again = {event: times - 1 for event, times in oks.items() if times > 1}
    bound = 0 if yard.options.term else sum(yard.exposed.values())
    yard.wrong += [f"event {event.id} of {event.file} is lost" for event in lost]
    yard.wrong += [f"event {event} was ok {times + 1} times, and only {yard.exposed.get(event, 0)} times cut off"
                   for event, times in again.items()
                   if times > (0 if yard.options.term else yard.exposed.get(event, 0))]
    turned = inversions(yard, first) if yard.options.workers == 1 else []
    yard.wrong += [f"event {event.id} of {event.file}, number {event.number} of lane {event.lane}, came too late"
                   for event in turned]
    yard.wrong += [f"a worker said: {line}" for line in re.findall(r"^.*\bcrashed\b.*$", yard.said(), re.MULTILINE)]
    return {"events": len(yard.load.events), "delivered": sum(count(yard, "start").values()), "lost": len(lost),
            "duplicates": sum(again.values()), "bound": bound,
            "inversions": len(turned) if yard.options.workers == 1 else "-", "dead letters": len(dead)}
