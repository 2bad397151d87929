# SPDX-License-Identifier: Apache-2.0
"""For tests of what becomes of a file in a spool, told from outside: folders, names, dead letters, counters."""
import json

import replaying
import tap
import working

COUNTERS = ["events", "ok", "retry", "reject", "units", "filtered", "redelivered", "retried", "dead", "emitted",
            "lease_lost", "late_results", "settle_failures"]


def configure(desk, more="", text="", handler="worked"):
    """The handler `worked`, or `worked_batch`, with options of the source and of the service."""
    replaying.handler("worked_batch", "-DBATCH", source="worked")
    spool = f"{{type: spool, path: spool, keep_done: true, backoff: {{base: 1ms, max: 5ms}}, {more}}}"
    desk.configure(f"service: desk\nsettings: {{log: {desk.path('calls')}}}\n"
                   f"admin: {{listen: 'unix:{desk.path('admin')}'}}\n{text}", handler=handler, inbox=spool)


def backoff_of(duration):
    return ["--set", f"sources.inbox.backoff.base={duration}", "--set", f"sources.inbox.backoff.max={duration}"]


def lines(*instructions):
    return "\n".join(json.dumps(instruction) for instruction in instructions)


def keyed(identity, key, instruction):
    return {"specversion": "1.0", "id": identity, "source": "/test", "type": "t", "partitionkey": key,
            "data": instruction}


def calls(desk):
    """(name, what it was told, attempt) of each call of the handler, in order."""
    return [(call["name"], call["do"], call["attempt"]) for call in desk.letters("calls")]


def is_settled(desk):
    source = desk.source()
    return source["state"] == "idle" and source["in_flight"] == 0 and source["units"] > 0


def settled(desk, **counters):
    """Runs a worker until all is settled, and compares all of its counters."""
    with desk.worker() as worker:
        worker.says("ready in")
        end(desk, worker, **counters)


def end(desk, worker, **counters):
    working.wait_until(lambda: is_settled(desk), "all is settled")
    source = desk.source()
    tap.equal({name: source[name] for name in COUNTERS}, {**dict.fromkeys(COUNTERS, 0), **counters})
    tap.equal(worker.term(), 0)


def original_failed(desk, text, name="0001.json"):
    """The file as it came lies in failed/, and nowhere else."""
    tap.equal(desk.folders(), {"failed": [name]})
    tap.equal(desk.path(f"spool/failed/{name}").read_text(), text)


def has(letter, **members):
    tap.equal({name: letter.get(name) for name in members}, members)
