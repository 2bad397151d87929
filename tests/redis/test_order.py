# SPDX-License-Identifier: Apache-2.0
"""Replies of the two connections in unlucky orders, and little memory: nothing is run twice, aside or out of turn."""
import json
import random
import signal
import threading

import redis_proxy
import redis_server
import streams
import tap
import working

LITTLE = "limits: {payload: 1MiB, memory: 4MiB}\n"
BIG = {"do": "ok", "fill": "x" * 500000}  # of which a few fit
kind = redis_proxy.kind


def left_behind(desk, count, payload, stream="jobs", owner="dead"):
    """Added, and pending of that consumer."""
    ids = desk.add(*[payload] * count, stream=stream)
    desk.server("XGROUP", "CREATE", stream, "leat", "0")
    desk.server("XREADGROUP", "GROUP", "leat", owner, "COUNT", count, "STREAMS", stream, ">")
    return ids


@streams.test
def what_is_claimed_while_memory_is_short_is_not_put_aside(desk):
    read, caught = [], threading.Event()

    def hold(words, reply):
        if kind(words) == "XREADGROUP" and reply:
            read.append(reply)
        if kind(words) == "XPENDING" and read:  # what was read did not fit
            caught.set()
        return caught if kind(words) == "claim" and reply and reply[1] else None

    with redis_proxy.Proxy(desk.server.port, hold) as proxy:
        desk.configure(LITTLE, more="lease: 300ms", url=proxy.url)
        left_behind(desk, 12, BIG)
        desk.add(*[BIG] * 12)
        redis_server.wait(0.4)
        tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal((len(desk.positions()), desk.server("XLEN", "jobs.failed")), (24, 0))


@streams.test
def what_is_fetched_while_catching_up_begins_anew_is_of_its_stream(desk):
    claims, fetches, claim, fetch = [], [], threading.Event(), threading.Event()

    def hold(words, reply):
        if kind(words) == "claim" and reply and reply[1] and not claims:
            claims.append(words)
            return claim
        if kind(words) == "fetch" and words[3] == b"b" and claims and not fetches:
            fetches.append(words)
            claim.set()
            threading.Timer(0.5, fetch.set).start()  # the claim's reply is read before this one
            return fetch
        return None

    with redis_proxy.Proxy(desk.server.port, hold) as proxy:
        desk.configure(LITTLE, stream="[a, b]", more="lease: 2s", url=proxy.url)
        ids = {"a": left_behind(desk, 12, BIG, "a"), "b": desk.add(*[BIG] * 12, stream="b")}
        redis_server.wait(2.1)
        with desk.worker() as worker:
            desk.until_done("a")
            desk.until_done("b")
            tap.equal(worker.term(), 0)
    tap.equal(bool(fetches), True)
    ran = desk.positions()
    tap.equal(set(ran), {f"{stream}/{entry}" for stream in ids for entry in ids[stream]})
    tap.equal({len(attempts) for attempts in ran.values()}, {1})


@streams.test
def until_idle_does_not_end_while_it_catches_up(desk):
    first, pages, acked = [], [], threading.Event()

    def hold(words, _):
        if kind(words) == "XACK" and first[0].encode() in words:
            threading.Timer(0.5, acked.set).start()
        if kind(words) == "XPENDING" and len(words) > 5 and words[5] == b"1":  # a page of one
            pages.append(words)
            return acked if len(pages) == 4 else None
        return None

    def claimed():
        return any(deliveries == 2 for _, _, _, deliveries in desk.server.pending("jobs"))

    with redis_proxy.Proxy(desk.server.port, hold) as proxy:
        desk.configure(LITTLE + f"admin: {{listen: 'unix:{desk.path('admin')}'}}\n", more="lease: 1s", url=proxy.url)
        first += desk.add({"do": "ok", "wait_ms": 6500})
        with desk.worker("--until-idle") as worker:
            working.wait_until(desk.positions, "it runs")
            working.wait_until(lambda: desk.source()["state"] == "idle", "idle is told")
            desk.server("MULTI")  # that it is never there to be read
            for _ in range(12):
                desk.server("XADD", "jobs", "*", "payload", json.dumps(BIG))
            desk.server("XREADGROUP", "GROUP", "leat", "dead", "COUNT", 12, "STREAMS", "jobs", ">")
            desk.server("EXEC")
            working.wait_until(claimed, "they are claimed")
            tap.equal(worker.end(), 0)
    tap.equal((len(desk.positions()), desk.server.pending("jobs")), (13, []), worker.said)


def stop_over(desk, asked, owner):
    """It is stopped while that reply, which brings five entries, is on its way."""
    there, on = threading.Event(), threading.Event()

    def hold(words, reply):
        if kind(words) != asked or not reply or (asked == "claim" and not reply[1]):
            return None
        there.set()
        return on

    with redis_proxy.Proxy(desk.server.port, hold) as proxy:
        desk.configure(more="consumer: me, lease: 1s", url=proxy.url)
        left_behind(desk, 5, {"do": "ok"}, owner=owner)
        redis_server.wait(1.1)
        with desk.worker() as worker:
            tap.equal(there.wait(working.LIMIT), True)
            worker.signal(signal.SIGTERM)
            worker.says("draining")
            on.set()
            tap.equal(worker.end(), 0)
    tap.equal(([deliveries for *_, deliveries in desk.server.pending("jobs")], desk.positions()), ([1] * 5, {}))


@streams.test
def at_a_stop_what_was_fetched_goes_back_without_an_attempt(desk):
    stop_over(desk, "fetch", "me")


@streams.test
def at_a_stop_what_was_claimed_goes_back_without_an_attempt(desk):
    stop_over(desk, "claim", "dead")


@streams.test
def with_little_memory_lanes_keep_their_order(desk):
    chance, lanes = random.Random(1), {}
    desk.configure(LITTLE, more="ordering: key")
    for number in range(2500):
        lane, size = f"lane-{chance.randrange(6)}", chance.choice([10, 10, 10, 2000, 40000])
        entry = desk.server("XADD", "jobs", "*", "specversion", "1.0", "id", number, "source", "/x", "type", "t",
                            "datacontenttype", "application/json", "partitionkey", lane, "data",
                            json.dumps({"do": "ok", "wait_ms": chance.choice([0] * 20 + [10]), "fill": "x" * size}))
        lanes.setdefault(lane, []).append(f"jobs/{entry}")
    done = desk.run("--until-idle", "--set", "concurrency=4")
    tap.equal(done.returncode, 0, done.stderr[-2000:])
    ran = desk.positions()
    tap.equal({tuple(attempts) for attempts in ran.values()}, {(1,)})
    for lane, wanted in lanes.items():
        tap.equal([entry for entry in ran if entry in set(wanted)], wanted, lane)


tap.main()
