# SPDX-License-Identifier: Apache-2.0
"""What becomes of files whose handler comes back late, never, or ends the process; told from outside."""
import json

import tap
import working
from outcomes import calls, configure, end, has, keyed, lines, original_failed

LATE = "timeout: 200ms\ntimeout_grace: 100ms\n"


# --- late -------------------------------------------------------------------------------------------------------------


@working.test
def what_obeys_within_its_grace_is_as_it_says(desk):
    configure(desk, text="timeout: 100ms\ntimeout_grace: 30s\n")
    desk.put({"do": "obey", "name": "a"})
    with desk.worker() as worker:
        worker.says("ready in")
        end(desk, worker, events=1, ok=1, units=1)
    tap.equal(desk.folders(), {"done": ["0001.json"]})


@working.test
def what_comes_back_late_is_a_retry_and_nothing_before(desk):
    go = desk.path("go")
    configure(desk, text=LATE + "max_lost_slots: 1\n")
    desk.put({"do": "ok", "name": "a", "until": str(go)})
    with desk.worker() as worker:
        worker.says("has not returned from its timeout of 200 ms, on 0001.json")
        status = desk.status()
        has(status, lost_slots=1, state="running")
        has(status["sources"][0], in_flight=1, running=1, late_results=0, redelivered=0)
        tap.equal((desk.folders(), desk.dead(), calls(desk)), ({"cur": ["0001.json"]}, [], [("a", "ok", 1)]))
        go.write_text("")
        end(desk, worker, events=2, ok=1, retry=1, units=2, redelivered=1, late_results=1)
    tap.equal((desk.folders(), calls(desk)), ({"done": ["0001.json"]}, [("a", "ok", 1), ("a", "ok", 2)]))


@working.test
def what_comes_back_late_for_the_last_time_has_a_letter(desk):
    go = desk.path("go")
    text = json.dumps({"do": "ok", "name": "a", "until": str(go)})
    configure(desk, "max_attempts: 1", LATE + "max_lost_slots: 1\n")
    desk.put(text)
    with desk.worker() as worker:
        worker.says("has not returned from its timeout")
        go.write_text("")
        end(desk, worker, events=1, retry=1, units=1, late_results=1, dead=1)
    original_failed(desk, text)
    has(*desk.dead(), attempts=1, timed_out=True, reason="given up after 1 attempt: timed out after 200 ms")


@working.test
def what_never_comes_back_ends_the_process_and_after_max_crashes_has_a_letter(desk):
    text = json.dumps({"do": "hang", "name": "a"})
    configure(desk, text=LATE)
    desk.put(text)
    seen = []
    statuses, said = desk.lives("--until-idle", between=lambda: seen.append(desk.folders()))
    tap.equal((statuses, seen), ([70, 70, 70, 0], [{"cur": ["0001.json"]}] * 3))
    tap.contains(said, "the last process ended in a crash: no return in time in handler worked on inbox/0001.json")
    original_failed(desk, text)
    has(*desk.dead(), attempts=1, handler=None, reason="crashed its handler 3 times: no return in time")
    tap.equal(calls(desk), [("a", "hang", 1)] * 3)


@working.test
def of_a_file_of_several_only_what_came_back_late_runs_again(desk):
    go = desk.path("go")
    configure(desk, text=LATE + "max_lost_slots: 1\n")
    desk.put(lines({"do": "ok", "name": "a"}, {"do": "ok", "name": "b", "until": str(go)},
                   {"do": "reject", "name": "c"}))
    with desk.worker() as worker:
        worker.says("has not returned from its timeout of 200 ms, on 0001.json")
        tap.equal((desk.folders(), desk.dead()), ({"cur": ["0001.json"]}, []))
        go.write_text("")
        end(desk, worker, events=4, ok=2, retry=1, reject=1, units=2, redelivered=1, late_results=1, dead=1)
    tap.equal(calls(desk), [("a", "ok", 1), ("b", "ok", 1), ("c", "reject", 1), ("b", "ok", 2)])
    has(*desk.dead(), id="inbox/0001.json/2", timed_out=None)


@working.test
def with_a_key_the_next_one_waits_for_what_comes_back_late(desk):
    go = desk.path("go")
    configure(desk, text=LATE + "max_lost_slots: 1\n")
    desk.put(keyed("1", "k", {"do": "ok", "name": "a", "until": str(go)}), keyed("2", "k", {"do": "ok", "name": "b"}))
    with desk.worker() as worker:
        worker.says("has not returned from its timeout")
        tap.equal((desk.folders(), calls(desk)), ({"cur": ["0001.json", "0002.json"]}, [("a", "ok", 1)]))
        go.write_text("")
        end(desk, worker, events=3, ok=2, retry=1, units=2, retried=1, late_results=1)
    tap.equal(calls(desk), [("a", "ok", 1), ("a", "ok", 2), ("b", "ok", 1)])
    tap.equal(desk.folders(), {"done": ["0001.json", "0002.json"]})


@working.test
def with_a_key_a_crash_stops_nobody_for_good(desk):
    configure(desk)
    desk.put(keyed("1", "k", {"do": "null", "name": "a"}), keyed("2", "k", {"do": "ok", "name": "b"}))
    tap.equal(desk.lives("--until-idle", env=working.CRASHING)[0], [-11, -11, -11, 0])
    tap.equal(calls(desk), [("a", "null", 1)] * 3 + [("b", "ok", 1)])
    tap.equal(desk.folders(), {"done": ["0002.json"], "failed": ["0001.json"]})


@working.test
def what_waits_behind_one_that_never_comes_back_goes_back_as_it_was(desk):
    configure(desk, text=LATE)
    desk.put({"do": "hang", "name": "a"}, *[{"do": "ok"}] * 4)
    done = desk.run("--until-idle", "--set", "concurrency=1")
    tap.equal(done.returncode, 70)
    tap.contains(done.stderr, "1 slot is lost: handler worked did not return within 100 ms of its timeout")
    tap.equal(desk.folders(), {"cur": ["0001.json"], "new": [f"000{number}.json" for number in [2, 3, 4, 5]]})
    tap.equal((desk.dead(), len(calls(desk))), ([], 1))


# --- crashes ----------------------------------------------------------------------------------------------------------


def crashes(desk, todo, status, why):
    text = json.dumps({"do": todo, "name": "a"})
    configure(desk)
    desk.put(text)
    seen = []
    statuses, said = desk.lives("--until-idle", between=lambda: seen.append(desk.folders()), env=working.CRASHING)
    tap.equal((statuses, seen), ([status] * 3 + [0], [{"cur": ["0001.json"]}] * 3))
    tap.equal(said.count(f"leat: fatal: {why} in handler worked on inbox/0001.json; it is noted in "), 3, said)
    tap.equal(said.count(f"the last process ended in a crash: {why} in handler worked on inbox/0001.json"), 3, said)
    original_failed(desk, text)
    has(*desk.dead(), id="inbox/0001.json/0", attempts=1, outcome="reject", payload=json.loads(text),
        reason=f"crashed its handler 3 times: {why}")
    tap.equal(calls(desk), [("a", todo, 1)] * 3)


@working.test
def abort_is_a_dead_letter_after_three_times(desk):
    crashes(desk, "abort", -6, "signal 6")


@working.test
def a_null_pointer_is_a_dead_letter_after_three_times(desk):
    crashes(desk, "null", -11, "signal 11")


@working.test
def exit_is_a_dead_letter_after_three_times(desk):
    crashes(desk, "exit", 3, "exit()")


@working.test
def max_crashes_is_the_limit_and_a_file_that_then_succeeds_is_forgotten(desk):
    configure(desk, text="max_crashes: 2\n")
    for _ in range(2):  # the same name again: its crashes are another's
        desk.put_as("same.json", {"do": "null"})
        statuses, _ = desk.lives("--until-idle", env=working.CRASHING)
        tap.equal(statuses, [-11, -11, 0])
    tap.equal([letter["reason"] for letter in desk.dead()], ["crashed its handler 2 times: signal 11"] * 2)
    desk.put_as("same.json", {"do": "ok"})
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(desk.folders(), {"failed": ["same.json", "same.json.1"], "done": ["same.json"]})


@working.test
def others_in_flight_keep_their_attempt_and_are_not_to_blame(desk):
    on, go = desk.path("on"), desk.path("go")
    configure(desk)
    desk.put({"do": "ok", "name": "a", "touch": str(on), "until": str(go)})
    desk.put({"do": "null", "name": "b", "until": str(on)})
    for _ in range(3):
        tap.equal(desk.run(env=working.CRASHING).returncode, -11)
        tap.equal(desk.folders(), {"cur": ["0001.json", "0002.json"]})
        on.unlink()
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(desk.dead, "the one is rejected")
        go.write_text("")
        end(desk, worker, events=2, ok=1, reject=1, units=2, dead=1)
    tap.equal({call for call in calls(desk) if call[0] == "a"}, {("a", "ok", 1)})
    tap.equal(desk.folders(), {"done": ["0001.json"], "failed": ["0002.json"]})
    has(*desk.dead(), position="0002.json", reason="crashed its handler 3 times: signal 11")


@working.test
def a_kill_from_outside_is_nobodys_crash(desk):
    on, go = desk.path("on"), desk.path("go")
    configure(desk)
    desk.put({"do": "ok", "name": "a", "touch": str(on), "until": str(go)})
    for number in [9, 6, 11, 9]:
        with desk.worker(env=working.CRASHING) as worker:
            working.wait_until(on.exists, "it runs")
            tap.equal(worker.signal(number).end(), -number)
        on.unlink()
        tap.equal(desk.folders(), {"cur": ["0001.json"]})
    go.write_text("")
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal((desk.folders(), set(calls(desk)), desk.dead()), ({"done": ["0001.json"]}, {("a", "ok", 1)}, []))


@working.test
def a_crash_keeps_the_attempts_of_its_file(desk):
    configure(desk)
    desk.put({"do": ["retry", "null"], "name": "a"})
    statuses, _ = desk.lives("--until-idle", env=working.CRASHING)
    tap.equal(statuses, [-11, -11, -11, 0])
    tap.equal(calls(desk), [("a", "retry", 1)] + [("a", "null", 2)] * 3)
    has(*desk.dead(), attempts=2, reason="crashed its handler 3 times: signal 11")


@working.test
def what_is_emitted_before_a_crash_is_not_written(desk):
    configure(desk, text="sinks: {out: {type: file, path: out}}\n")
    desk.put({"do": "null", "emit": ["out"]})
    tap.equal(desk.lives("--until-idle", env=working.CRASHING)[0], [-11, -11, -11, 0])
    tap.equal((desk.letters("out"), len(desk.dead())), ([], 1))


@working.test
def of_a_file_of_several_all_that_did_not_end_is_rejected(desk):
    text = lines({"do": "ok", "name": "a"}, {"do": "abort", "name": "b"})
    configure(desk)
    desk.put(text)
    tap.equal(desk.lives("--until-idle", env=working.CRASHING)[0], [-6, -6, -6, 0])
    original_failed(desk, text)
    tap.equal([letter["id"] for letter in desk.dead()], ["inbox/0001.json/0", "inbox/0001.json/1"])
    tap.equal({letter["reason"] for letter in desk.dead()}, {"crashed its handler 3 times: signal 6"})


tap.main()
