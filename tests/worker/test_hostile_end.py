# SPDX-License-Identifier: Apache-2.0
"""The end, and the new start, under load: nothing is lost, nothing runs twice, and somebody says what it waits for."""
import itertools
import json
import signal

import hostile
import tap
import working

ADMIN = "admin: {listen: \"unix:admin\"}\n"


def each_once(desk, count):
    tap.equal(len(desk.ran()), count)
    tap.equal({tuple(attempts) for attempts in desk.ran().values()}, {(1,)})


def accounted_for(desk, count):
    """Each is a dead letter, or is still there, and none is both."""
    dead = [letter["position"] for letter in desk.dead()]
    tap.equal(len(dead), len(set(dead)), "no letter twice")
    tap.equal(sorted(dead + desk.left()), [f"{n:04}.json" for n in range(count)])


# --- SIGTERM ------------------------------------------------------------------------------------------------------------


@hostile.test
def what_has_not_started_is_given_back_first_and_what_runs_may_end(desk):
    """Handlers that take 2 s. Who waits for the restart has the rest at once, and none of it runs twice."""
    desk.configure()
    desk.put(*[{"do": "ok", "wait_ms": 2000}] * 10)
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: len(desk.ran()) == 2, "two run")
        worker.signal(signal.SIGTERM).says("SIGTERM: draining, at most 25 s")
        working.wait_until(lambda: len(list(desk.path("spool/new").iterdir())) == 8, "the others are given back")
        tap.equal(len(desk.taken()), 2, "and the two run still")
        tap.equal(worker.end(), 0, worker.said)
        tap.contains(worker.said, "2 events: 2 ok, 0 retry, 0 reject")
    tap.equal(len(desk.left()), 8)
    each_once(desk, 2)
    tap.equal([name for name in desk.waiting() if ",a=" in name], [], "no attempt was used")
    with desk.worker("--until-idle", "--set", "concurrency=8") as worker:
        tap.equal(worker.end(), 0, worker.said)
    each_once(desk, 10)


@hostile.test
def every_5_s_it_says_what_it_waits_for(desk):
    desk.configure()
    desk.put({"do": "ok", "wait_ms": 6000})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(desk.ran, "it runs")
        worker.signal(signal.SIGTERM).says("waiting for inbox: 1 running; 20 s left")
        tap.equal(worker.end(), 0, worker.said)
    tap.equal(desk.left(), [])
    each_once(desk, 1)


@hostile.test
def what_is_being_settled_at_the_end_is_settled(desk):
    """Dead letters and acknowledgements that are under way when the signal comes, again and again."""
    desk.configure(inbox="{type: spool, path: spool, max_in_flight: 100}")
    desk.put(*[{"do": "reject"}] * 600)
    for lives in itertools.count(1):
        with desk.worker() as worker:
            worker.says("ready in").says("reject in", times=20) if len(desk.left()) > 20 else worker.says("ready in")
            tap.equal(worker.term(), 0, worker.said)
        accounted_for(desk, 600)
        if lives == 5:
            break
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(len(desk.dead()), 600)
    each_once(desk, 600)


@hostile.test
def the_second_signal_is_hard_and_loses_nothing(desk):
    desk.configure("timeout_grace: 100ms\ntimeout: 1m\n")
    desk.put(*[{"do": "hang"}] * 2, *[{"do": "ok"}] * 20)
    with desk.worker() as worker:
        working.wait_until(lambda: len(desk.ran()) == 2, "both hang")
        worker.signal(signal.SIGTERM).says("draining").signal(signal.SIGTERM).says("SIGTERM again: ending at once")
        tap.equal(worker.end(), 75, worker.said)
        tap.contains(worker.said, "left behind: inbox: 2 running")
    tap.equal(len(desk.left()), 22)
    tap.equal([name for name in desk.waiting() if ",a=" in name], [])


@hostile.test
def a_drain_limit_ends_it_with_75_and_the_rest_comes_again(desk):
    desk.configure("drain: 300ms\ntimeout_grace: 100ms\n")
    desk.put({"do": "ok", "wait_ms": 30000}, {"do": "ok"})
    with desk.worker() as worker:
        working.wait_until(lambda: len(desk.ran()) == 2 and len(desk.left()) == 1, "one runs")
        began = working.time.monotonic()
        tap.equal(worker.term(), 75, worker.said)
        assert working.time.monotonic() - began < 15, "it waits for the handler all the same"
        tap.contains(worker.said, "left behind: inbox: 1 running")
    tap.equal(desk.left(), ["0000.json"])


@hostile.test
def a_new_start_has_the_limit_of_the_drain_too(desk):
    desk.configure("drain: 300ms\ntimeout_grace: 100ms\n" + ADMIN)
    desk.put({"do": "hang"})
    with desk.worker() as worker:
        working.wait_until(desk.ran, "it hangs")
        desk.path("ran").unlink()
        worker.signal(signal.SIGHUP).says("left behind: inbox: 1 running").says("ready in", times=2)
        working.wait_until(lambda: desk.ran() == {"0000.json": [1]}, "it comes again, and no attempt was used")
        tap.equal(worker.term(), 75, worker.said)


@hostile.test
def signals_of_all_kinds_over_and_over(desk):
    desk.configure(ADMIN)
    desk.put(*[{"do": "ok", "wait_ms": 5}] * 300)
    kinds = [signal.SIGUSR1, signal.SIGHUP, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH, signal.SIGPIPE,
             signal.SIGURG, signal.SIGSTOP, signal.SIGCONT]
    with desk.worker() as worker:
        worker.says("ready in")
        for number in kinds * 20:
            worker.signal(number)
            working.select.select([], [], [], 0.005)
        worker.signal(signal.SIGCONT).says("SIGHUP: the configuration is good")
        working.wait_until(lambda: desk.left() == [], "all are done")
        working.wait_until(lambda: json.loads(working.get(desk.path("admin"), "/status")[2])["state"] == "running",
                           "the last new start has ended")
        status = json.loads(working.get(desk.path("admin"), "/status")[2])
        tap.equal((status["sources"][0]["in_flight"], status["lost_slots"]), (0, 0))
        tap.equal(worker.term(), 0, worker.said[-3000:])
    each_once(desk, 300)


@hostile.test
def repeated_ends_end_it_once(desk):
    desk.configure("timeout_grace: 100ms\n")
    desk.put(*[{"do": "ok", "wait_ms": 1000}] * 4)
    with desk.worker() as worker:
        working.wait_until(lambda: len(desk.ran()) == 2, "two run")
        for number in [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1] * 5:
            worker.signal(number)
        assert worker.end() in (0, 75), worker.said
        tap.equal(worker.said.count("ended ("), 1)
    tap.equal(len(desk.left()) in (2, 4), True)


# --- SIGHUP ---------------------------------------------------------------------------------------------------------------


@hostile.test
def a_new_configuration_under_load_loses_and_doubles_nothing(desk):
    desk.configure(ADMIN)
    desk.put(*[{"do": "reject", "wait_ms": 3}] * 600)
    with desk.worker() as worker:
        worker.says("ready in").says("reject in", times=50)
        pid = worker.process.pid
        desk.configure(ADMIN + "log: {level: debug}\n",
                       inbox="{type: spool, path: spool}", other="{type: spool, path: other}")
        worker.signal(signal.SIGHUP)
        for _ in range(200):  # nobody is refused in between
            status = json.loads(working.get(desk.path("admin"), "/status")[2])
            tap.equal(status["pid"], pid)
            if len(status["sources"]) == 2:
                break
            working.select.select([], [], [], 0.02)
        tap.equal([source["name"] for source in status["sources"]], ["inbox", "other"], "the new one is used")
        desk.write("leat.yaml", "handler: nobody.so\nsources: {inbox: {type: spool, path: spool}}\n")
        worker.signal(signal.SIGHUP).says("still running with the old one")
        tap.contains(worker.said, "nobody.so")
        working.wait_until(lambda: desk.left() == [], "all are done")
        tap.equal(worker.term(), 0, worker.said[-2000:])
    tap.equal(len(desk.dead()), 600)
    accounted_for(desk, 600)
    each_once(desk, 600)


@hostile.test
def an_unknown_key_is_refused_with_its_place(desk):
    desk.configure()
    with desk.worker() as worker:
        worker.says("ready in")
        desk.configure(inbox="{type: spool, path: spool, max_atempts: 3}")
        worker.signal(signal.SIGHUP).says("still running with the old one")
        tap.contains(worker.said, "leat.yaml:")
        tap.contains(worker.said, 'unknown option "max_atempts"')
        tap.contains(worker.said, 'did you mean "max_attempts"?')
        tap.equal(worker.term(), 0, worker.said)
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, 'unknown option "max_atempts"')


# --- while it runs --------------------------------------------------------------------------------------------------------


@hostile.test
def one_slow_event_keeps_no_other_waiting(desk):
    desk.configure()
    desk.put({"do": "ok", "wait_ms": 2500}, *[{"do": "ok"}] * 200)
    with desk.worker() as worker:
        working.wait_until(lambda: desk.left() == ["0000.json"], "all others are done, and the slow one runs")
        desk.put({"do": "ok"})
        working.wait_until(lambda: "0201.json" in desk.ran(), "a new one does not wait either")
        tap.equal(desk.left().count("0000.json"), 1, "which still runs")
        tap.equal(worker.term(), 0, worker.said)
    each_once(desk, 202)


@hostile.test
def ready_is_who_can_take_something_and_not_who_lives(desk):
    desk.configure(ADMIN)
    with desk.worker() as worker:
        worker.says("ready in")
        tap.equal(working.get(desk.path("admin"), "/readyz")[0], 200)
        desk.path("spool").rename(desk.path("away"))
        working.wait_until(lambda: working.get(desk.path("admin"), "/readyz")[0] == 503, "it is not ready")
        tap.contains(working.get(desk.path("admin"), "/readyz")[2], "inbox: disconnected")
        tap.equal(working.get(desk.path("admin"), "/livez")[0], 200, "a restart would not help")
        desk.path("away").rename(desk.path("spool"))
        working.wait_until(lambda: working.get(desk.path("admin"), "/readyz")[0] == 200, "it is ready again")
        desk.put({"do": "ok"})
        working.wait_until(lambda: desk.left() == [] and desk.ran(), "and works")
        tap.equal(worker.term(), 0, worker.said)


tap.main()
