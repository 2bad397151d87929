# SPDX-License-Identifier: Apache-2.0
"""What becomes of each outcome in a worker off a spool, told from outside: folders, names, dead letters, counters."""
import json
import os
import time

import replaying
import tap
import working
from outcomes import backoff_of, calls, configure, end, has, is_settled, keyed, lines, original_failed, settled


# --- ok --------------------------------------------------------------------------------------------------------


@working.test
def ok_is_done(desk):
    configure(desk)
    desk.put({"do": "ok", "name": "a"})
    settled(desk, events=1, ok=1, units=1)
    tap.equal((desk.folders(), calls(desk), desk.dead()), ({"done": ["0001.json"]}, [("a", "ok", 1)], []))


@working.test
def ok_is_gone_where_nothing_is_kept(desk):
    configure(desk)
    desk.put({"do": "ok"})
    tap.equal(desk.run("--until-idle", "--set", "sources.inbox.keep_done=false").returncode, 0)
    tap.equal(desk.folders(), {})


@working.test
def without_an_event_it_is_done_unseen(desk):
    configure(desk)
    desk.put({"Records": []}, "", {"Records": [replaying.message("m", {"do": "ok"})]})
    settled(desk, events=1, ok=1, units=3)
    tap.equal((len(desk.folders()["done"]), len(calls(desk))), (3, 1))


@working.test
def what_no_filter_lets_pass_is_done_unseen(desk):
    configure(desk, "filter: {body: {do: [ok]}}")
    desk.put(*[replaying.sqs(replaying.message(todo, {"do": todo})) for todo in ["reject", "ok"]])
    settled(desk, events=1, ok=1, units=2, filtered=1)
    tap.equal((len(desk.folders()["done"]), len(calls(desk)), desk.dead()), (2, 1, []))


# --- retry -----------------------------------------------------------------------------------------------------


@working.test
def retry_comes_back_with_a_higher_attempt(desk):
    configure(desk)
    desk.put({"do": ["retry", "retry", "ok"], "name": "a"})
    settled(desk, events=3, ok=1, retry=2, units=3, redelivered=2)
    tap.equal(calls(desk), [("a", "retry", 1), ("a", "retry", 2), ("a", "ok", 3)])
    tap.equal((desk.folders(), desk.dead()), ({"done": ["0001.json"]}, []))


@working.test
def the_delay_that_a_handler_wishes_is_what_its_name_says(desk):
    configure(desk)
    desk.put({"do": "retry", "delay_ms": 600000})
    before_ms = time.time() * 1000
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.source()["why"] != "", "it waits")
        source, (name,) = desk.source(), desk.folders()["new"]
        tap.equal((source["state"], source["in_flight"], source["retry"]), ("consuming", 0, 1))
        tap.contains(source["why"], "1 file waits to be tried again, the first until ")
        base, attempts, due_ms, delay_ms = working.tried(name)
        tap.equal((base, attempts, delay_ms), ("0001.json", 1, 600000))
        assert before_ms + 600000 <= due_ms + 1 and due_ms <= time.time() * 1000 + 600000, name
        tap.equal(worker.term(), 0)
    with desk.worker() as worker:  # nor does another life take it sooner
        worker.says("ready in")
        working.wait_until(lambda: desk.source()["why"] != "", "it still waits")
        tap.equal(worker.term(), 0)
    tap.equal((desk.folders(), len(calls(desk))), ({"new": [name]}, 1))


@working.test
def it_does_not_come_before_its_delay_whatever_the_backoff(desk):
    for backoff in ["1ms", "10m"]:
        configure(desk)
        desk.put({"do": ["retry", "ok"], "delay_ms": 400})
        desk.path("calls").unlink(missing_ok=True)
        tap.equal(desk.run("--until-idle", *backoff_of(backoff)).returncode, 0)
        first, second = desk.letters("calls")
        assert 400 <= second["ms"] - first["ms"] < 60000, (backoff, first, second)


@working.test
def without_a_wish_it_waits_for_the_backoff(desk):
    configure(desk)
    desk.put({"do": "retry"})
    with desk.worker(*backoff_of("10m")) as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.source()["why"] != "", "it waits")
        tap.equal(worker.term(), 0)
    (name,) = desk.folders()["new"]
    base, attempts, _, delay_ms = working.tried(name)
    tap.equal((base, attempts), ("0001.json", len(calls(desk))))
    assert 0 <= delay_ms <= 600000, name


@working.test
def retry_is_given_up_after_max_attempts(desk):
    text = json.dumps({"do": "retry", "name": "a", "reason": "not yet"})
    configure(desk, "max_attempts: 3")
    desk.put(text)
    settled(desk, events=3, retry=3, units=3, redelivered=2, dead=1)
    tap.equal(calls(desk), [("a", "retry", attempt) for attempt in [1, 2, 3]])
    original_failed(desk, text)
    letter, = desk.dead()
    tap.equal(" ".join(letter), "dead id time service source transport position since kind handler attempts outcome "
                                "duration_us reason event payload")
    has(letter, dead=1, id="inbox/0001.json/0", service="desk", source="inbox", transport="spool", position="0001.json",
        kind="unknown", handler="worked", attempts=3, outcome="reject", reason="given up after 3 attempts: not yet",
        payload=json.loads(text))
    has(letter["event"], data=json.loads(text), specversion="1.0")
    assert letter["since"] <= letter["time"], letter


@working.test
def one_attempt_is_the_only_one(desk):
    configure(desk, "max_attempts: 1")
    desk.put({"do": "retry", "reason": "not yet"})
    settled(desk, events=1, retry=1, units=1, dead=1)
    has(desk.dead()[0], attempts=1, reason="given up after 1 attempt: not yet")


@working.test
def retry_is_given_up_when_it_is_too_old(desk):
    configure(desk, "max_age: 300ms, max_attempts: 0, breaker: {failures: 0}")
    desk.put({"do": "retry", "reason": "not yet"})
    tap.equal(desk.run("--until-idle").returncode, 0)
    letter, = desk.dead()
    tap.contains(letter["reason"], " s in the queue: not yet")
    tap.equal((letter["attempts"], desk.folders()), (len(calls(desk)), {"failed": ["0001.json"]}))


@working.test
def with_a_key_it_is_tried_again_in_place_before_the_next_one(desk):
    configure(desk)
    desk.put(keyed("1", "k", {"do": ["retry", "retry", "ok"], "name": "a"}), keyed("2", "k", {"do": "ok", "name": "b"}))
    settled(desk, events=4, ok=2, retry=2, units=2, retried=2)
    tap.equal(calls(desk), [("a", "retry", 1), ("a", "retry", 2), ("a", "ok", 3), ("b", "ok", 1)])
    tap.equal(desk.folders(), {"done": ["0001.json", "0002.json"]})


@working.test
def with_a_key_it_waits_as_long_as_its_handler_wishes(desk):
    configure(desk)
    desk.put(keyed("1", "k", {"do": ["retry", "ok"], "delay_ms": 300}))
    tap.equal(desk.run("--until-idle", *backoff_of("10m")).returncode, 0)
    first, second = desk.letters("calls")
    assert 300 <= second["ms"] - first["ms"] < 60000, (first, second)


@working.test
def with_a_key_a_dead_letter_lets_the_next_one_go(desk):
    configure(desk, "max_attempts: 2")
    desk.put(keyed("1", "k", {"do": "retry", "name": "a"}), keyed("2", "k", {"do": "ok", "name": "b"}))
    settled(desk, events=3, ok=1, retry=2, units=2, retried=1, dead=1)
    tap.equal(calls(desk), [("a", "retry", 1), ("a", "retry", 2), ("b", "ok", 1)])
    tap.equal(desk.folders(), {"done": ["0002.json"], "failed": ["0001.json"]})
    has(desk.dead()[0], attempts=2, reason="given up after 2 attempts: no reason given")


# --- reject ----------------------------------------------------------------------------------------------------


@working.test
def reject_goes_to_the_file_in_the_state_folder(desk):
    text = json.dumps({"do": "reject", "name": "a", "reason": "never"})
    configure(desk)
    desk.put(text)
    settled(desk, events=1, reject=1, units=1, dead=1)
    original_failed(desk, text)
    letter, = desk.dead()
    has(letter, attempts=1, reason="never", handler="worked", outcome="reject", timed_out=None)
    tap.equal(calls(desk), [("a", "reject", 1)])


@working.test
def reject_goes_to_the_sink_that_is_named(desk):
    text = json.dumps({"do": "reject", "reason": "never"})
    for place in ["dead_letter: graves\n", ""]:
        configure(desk, "" if place else "dead_letter: graves", place + "sinks: {graves: {type: file, path: graves}}\n")
        desk.put_as("0001.json", text)
        settled(desk, events=1, reject=1, units=1, dead=1)
        original_failed(desk, text)
        letter, = desk.dead("graves")
        has(letter, id="inbox/0001.json/0", reason="never")
        tap.equal(desk.dead(), [])
        desk.path("graves").unlink()
        desk.path("spool/failed/0001.json").unlink()


@working.test
def a_broken_record_is_a_dead_letter_unseen(desk):
    text = json.dumps(replaying.sqs({**replaying.message("m", "x"), "body": 5}))
    configure(desk)
    desk.put(text)
    settled(desk, events=1, reject=1, units=1, dead=1)
    original_failed(desk, text)
    letter, = desk.dead()
    has(letter, kind="sqs", attempts=1, event=None, handler=None, payload=json.loads(text))
    tap.contains(letter["reason"], "body")
    tap.equal(calls(desk), [])


@working.test
def a_letter_that_cannot_be_written_makes_it_come_again_for_any_number_of_times(desk):
    text = json.dumps({"do": "reject", "reason": "never"})
    configure(desk, "max_attempts: 2, breaker: {failures: 0}, dead_letter: {type: spool, path: graves}")
    with desk.worker() as worker:
        worker.says("ready in")
        desk.path("graves").rename(desk.path("away"))
        desk.put(text)
        working.wait_until(lambda: len(calls(desk)) > 3, "it comes again")
        assert "failed" not in desk.folders(), desk.folders()
        desk.path("away").rename(desk.path("graves"))
        working.wait_until(lambda: is_settled(desk), "all is settled")
        source = desk.source()
        tap.equal((source["dead"], source["reject"], source["units"]), (1, len(calls(desk)), len(calls(desk))))
        tap.equal(worker.term(), 0)
    original_failed(desk, text)
    name, = desk.folders("graves")["new"]
    has(json.loads(desk.path(f"graves/new/{name}").read_text()), reason="never", attempts=len(calls(desk)))


@working.test
def in_place_a_letter_that_could_not_be_written_does_not_lift_the_limit_of_attempts(desk):
    configure(desk, "max_attempts: 3, breaker: {failures: 0}, dead_letter: {type: spool, path: graves}")
    with desk.worker() as worker:
        worker.says("ready in")
        desk.path("graves").rename(desk.path("away"))
        desk.put(keyed("1", "k", {"do": ["reject", "retry"], "reason": "no"}))
        working.wait_until(lambda: len(calls(desk)) > 4, "it is tried again")
        desk.path("away").rename(desk.path("graves"))
        working.wait_until(lambda: is_settled(desk), "all is settled")
        tap.equal(worker.term(), 0)
    tap.equal(desk.folders(), {"failed": ["0001.json"]})
    name, = desk.folders("graves")["new"]
    has(json.loads(desk.path(f"graves/new/{name}").read_text()), attempts=len(calls(desk)),
        reason=f"given up after {len(calls(desk))} attempts: no")


# --- several events in a file ------------------------------------------------------------------------------------


@working.test
def ok_and_reject_fail_the_file_and_only_the_reject_has_a_letter(desk):
    text = lines({"do": "ok", "name": "a"}, {"do": "reject", "name": "b", "reason": "never"}, {"do": "ok", "name": "c"})
    configure(desk)
    desk.put(text)
    settled(desk, events=3, ok=2, reject=1, units=1, dead=1)
    original_failed(desk, text)
    has(*desk.dead(), id="inbox/0001.json/1", reason="never", payload={"do": "reject", "name": "b", "reason": "never"})
    tap.equal(sorted(calls(desk)), [("a", "ok", 1), ("b", "reject", 1), ("c", "ok", 1)])


@working.test
def a_broken_record_among_good_ones_does_not_keep_them_from_running(desk):
    good = replaying.message("m0", {"do": "ok", "name": "a"})
    text = json.dumps(replaying.sqs(good, {**good, "messageId": "m1", "body": None}, {**good, "messageId": "m2"}))
    configure(desk)
    desk.put(text)
    settled(desk, events=3, ok=2, reject=1, units=1, dead=1)
    original_failed(desk, text)
    letter, = desk.dead()
    has(letter, id="inbox/0001.json/1", kind="sqs", event=None)
    tap.equal([record["messageId"] for record in letter["payload"]["Records"]], ["m1"])


@working.test
def only_the_unfinished_event_runs_again_while_the_process_lives(desk):
    configure(desk)
    desk.put(lines({"do": "ok", "name": "a"}, {"do": ["retry", "retry", "ok"], "name": "b"},
                   {"do": "ok", "name": "c"}))
    settled(desk, events=5, ok=3, retry=2, units=3, redelivered=2)
    tap.equal([call for call in calls(desk) if call[0] != "b"], [("a", "ok", 1), ("c", "ok", 1)])
    tap.equal([call for call in calls(desk) if call[0] == "b"], [("b", "retry", 1), ("b", "retry", 2), ("b", "ok", 3)])
    tap.equal(desk.folders(), {"done": ["0001.json"]})


@working.test
def a_new_file_of_the_same_name_is_another_one(desk):
    """What was done of the first one was taken for done of the second one, and never ran."""
    configure(desk)
    first = lines({"do": "ok", "name": "a"}, {"do": "retry", "name": "b", "delay_ms": 600000})
    with desk.worker() as worker:
        worker.says("ready in")
        desk.put_as("same.json", first)
        working.wait_until(lambda: desk.source()["why"] != "", "it waits")
        desk.put_as("same.json", lines({"do": "ok", "name": "c"}, {"do": ["retry", "ok"], "name": "d"}))
        working.wait_until(lambda: "done" in desk.folders(), "the second one is done")
        desk.put_as("same.json", first)
        working.wait_until(lambda: desk.source()["why"].startswith("2 files wait"), "the third one waits")
        tap.equal(worker.term(), 0)
    for name, wanted in {"a": ["ok"] * 2, "b": ["retry"] * 2, "c": ["ok"], "d": ["retry", "ok"]}.items():
        tap.equal([call[1] for call in calls(desk) if call[0] == name], wanted, name)
    folders = desk.folders()
    tap.equal(([working.tried(name)[1] for name in folders["new"]], folders["done"]), ([1, 1], ["same.json"]))


@working.test
def a_copy_of_a_file_that_another_worker_finished_is_run_whole(desk):
    """To the byte and to the time the one that was handed back, but it has no attempts behind it."""
    configure(desk)
    text = lines({"do": "ok", "name": "a"}, {"do": "retry", "name": "b", "delay_ms": 600000})
    times = (1_700_000_000, 1_700_000_000)
    with desk.worker() as worker:
        worker.says("ready in")
        for turn in (1, 2):
            desk.write("spool/tmp/same.json", text)
            os.utime(desk.path("spool/tmp/same.json"), times)
            desk.path("spool/tmp/same.json").rename(desk.path("spool/new/same.json"))
            working.wait_until(lambda: [call[0] for call in calls(desk)].count("b") == turn, "its second event has run")
            working.wait_until(lambda: list(desk.folders()) == ["new"], "it was handed back")
            for path in desk.path("spool/new").iterdir():
                path.unlink()  # as if somebody else had taken it
        tap.equal(worker.term(), 0)
    tap.equal([call[1] for call in calls(desk) if call[0] == "a"], ["ok"] * 2)


@working.test
def in_another_life_all_of_the_file_run_again(desk):
    configure(desk)
    desk.put(lines({"do": "ok", "name": "a"}, {"do": ["retry", "ok"], "name": "b", "delay_ms": 600000}))
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.source()["why"] != "", "it waits")
        tap.equal(worker.term(), 0)
    (name,) = desk.folders()["new"]
    tap.equal(working.tried(name)[:2], ("0001.json", 1))
    desk.path(f"spool/new/{name}").rename(desk.path("spool/new/0001.json"))
    settled_calls = calls(desk)
    desk.path("calls").unlink()
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.source()["why"] != "", "it waits")
        tap.equal(worker.term(), 0)
    tap.equal((settled_calls, calls(desk)), ([("a", "ok", 1), ("b", "retry", 1)],) * 2)


@working.test
def no_letter_is_written_before_no_event_of_the_file_is_a_retry(desk):
    go = desk.path("go")
    text = lines({"do": "reject", "name": "a", "reason": "never"},
                 {"do": ["retry", "retry", "ok"], "name": "b", "until": str(go)})
    configure(desk)
    go.write_text("")
    desk.put(text)
    with desk.worker(*backoff_of("300ms")) as worker:
        worker.says("ready in")
        working.wait_until(lambda: len(calls(desk)) >= 2, "both have run")
        go.unlink()
        working.wait_until(lambda: desk.source()["redelivered"] >= 1 and desk.source()["running"] == 1, "it runs again")
        (name,) = desk.folders()["cur"]
        tap.equal((desk.dead(), working.tried(name)[:2]), ([], ("0001.json", 1)))
        go.write_text("")
        end(desk, worker, events=4, ok=1, retry=2, reject=1, units=3, redelivered=2, dead=1)
    original_failed(desk, text)
    has(*desk.dead(), id="inbox/0001.json/0", reason="never", attempts=3)
    tap.equal([call for call in calls(desk) if call[0] == "a"], [("a", "reject", 1)])


@working.test
def reject_and_a_retry_that_is_given_up_have_a_letter_each(desk):
    configure(desk, "max_attempts: 2")
    desk.put(lines({"do": "reject", "name": "a", "reason": "never"}, {"do": "retry", "name": "b", "reason": "not yet"}))
    settled(desk, events=3, retry=2, reject=1, units=2, redelivered=1, dead=2)
    tap.equal([(letter["id"], letter["reason"], letter["handler"]) for letter in desk.dead()],
              [("inbox/0001.json/0", "never", "worked"),
               ("inbox/0001.json/1", "given up after 2 attempts: not yet", "worked")])


@working.test
def with_different_keys_none_runs_behind_a_retry(desk):
    configure(desk)
    desk.put(lines(keyed("1", "k", {"do": "ok", "name": "a"}), keyed("2", "l", {"do": ["retry", "ok"], "name": "b"}),
                   keyed("3", "k", {"do": "ok", "name": "c"})))
    settled(desk, events=4, ok=3, retry=1, units=2, redelivered=1)
    tap.equal(calls(desk), [("a", "ok", 1), ("b", "retry", 1), ("b", "ok", 2), ("c", "ok", 2)])


# --- batches ----------------------------------------------------------------------------------------------------------


@working.test
def a_batch_across_files_settles_each_by_itself(desk):
    configure(desk, "batch: 10, window: 200ms", handler="worked_batch")
    desk.put({"do": "ok", "name": "a"}, {"do": "reject", "name": "b"}, {"do": ["retry", "ok"], "name": "c"},
             {"do": "ok"})
    settled(desk, events=5, ok=3, retry=1, reject=1, units=5, redelivered=1, dead=1)
    tap.equal(desk.folders(), {"done": ["0001.json", "0003.json", "0004.json"], "failed": ["0002.json"]})
    tap.equal([call for call in calls(desk) if call[0] == "c"], [("c", "retry", 1), ("c", "ok", 2)])


@working.test
def of_a_file_in_a_batch_only_the_unfinished_event_runs_again(desk):
    configure(desk, "batch: 10", handler="worked_batch")
    desk.put(lines({"do": "ok", "name": "a"}, {"do": ["retry", "ok"], "name": "b"}, {"do": "reject", "name": "c"}))
    settled(desk, events=4, ok=2, retry=1, reject=1, units=2, redelivered=1, dead=1)
    tap.equal(calls(desk), [("a", "ok", 1), ("b", "retry", 1), ("c", "reject", 1), ("b", "ok", 2)])
    has(*desk.dead(), id="inbox/0001.json/2", handler="worked", attempts=2)


@working.test
def in_order_what_ran_in_a_batch_behind_a_retry_runs_again(desk):
    for keys in ["kkk", "klk"]:  # in a lane, in place; and handed back
        configure(desk, "batch: 10", handler="worked_batch")
        desk.path("calls").unlink(missing_ok=True)
        desk.put(lines(keyed("1", keys[0], {"do": "ok", "name": "a"}),
                       keyed("2", keys[1], {"do": ["retry", "ok"], "name": "b"}),
                       keyed("3", keys[2], {"do": "ok", "name": "c"})))
        tap.equal(desk.run("--until-idle").returncode, 0)
        tap.equal(calls(desk), [("a", "ok", 1), ("b", "retry", 1), ("c", "ok", 1), ("b", "ok", 2), ("c", "ok", 2)],
                  keys)


# --- emitted events ----------------------------------------------------------------------------------------------

SINKS = "sinks: {out: {type: file, path: out}, later: {type: spool, path: later}}\n"


@working.test
def what_a_fine_event_emits_is_written(desk):
    configure(desk, text=SINKS)
    desk.put(keyed("e1", "k", {"do": "ok", "emit": ["out", "later", "out"]}))
    settled(desk, events=1, ok=1, units=1, emitted=3)
    tap.equal(desk.folders(), {"done": ["0001.json"]})
    tap.equal([letter["id"] for letter in desk.letters("out")], ["e1/1", "e1/3"])
    name, = desk.folders("later")["new"]
    has(json.loads(desk.path(f"later/new/{name}").read_text()), specversion="1.0", id="e1/2", type="made",
        source="leat/desk", data={"do": "ok", "emit": ["out", "later", "out"]})


@working.test
def only_what_ends_well_emits(desk):
    configure(desk, text=SINKS)
    desk.put(keyed("e1", "k", {"do": ["retry", "reject"], "emit": ["out"]}), {"do": "reject", "emit": ["out"]},
             keyed("e2", "l", {"do": ["retry", "retry", "ok"], "emit": ["out"]}))
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal([letter["id"] for letter in desk.letters("out")], ["e2/1"])
    tap.equal((len(calls(desk)), len(desk.dead())), (6, 2))


@working.test
def a_sink_that_cannot_be_written_makes_it_a_retry_with_the_same_ids(desk):
    configure(desk, "max_attempts: 2, breaker: {failures: 0}", SINKS)
    with desk.worker() as worker:
        worker.says("ready in")
        desk.path("later").rename(desk.path("away"))
        desk.put({"do": "ok", "emit": ["out", "later"]})
        working.wait_until(lambda: len(calls(desk)) > 3, "it comes again")
        assert not {"done", "failed"} & set(desk.folders()), desk.folders()
        desk.path("away").rename(desk.path("later"))
        working.wait_until(lambda: is_settled(desk), "all is settled")
        tap.equal(worker.term(), 0)
    tap.equal((desk.folders(), desk.dead()), ({"done": ["0001.json"]}, []))
    name, = desk.folders("later")["new"]
    one = json.loads(desk.path(f"later/new/{name}").read_text())
    ids = [letter["id"] for letter in desk.letters("out")]
    tap.equal(ids, [one["id"][:-1] + "1"] * len(calls(desk)))
    tap.equal(one["id"][-2:], "/2")
    tap.equal([attempt for _, _, attempt in calls(desk)], list(range(1, len(ids) + 1)))


@working.test
def what_is_written_before_the_file_is_done_is_written_once(desk):
    go = desk.path("go")
    configure(desk, text=SINKS)
    desk.put(lines({"do": "ok", "name": "a", "emit": ["out"]}, {"do": ["retry", "ok"], "name": "b", "until": str(go)}))
    go.write_text("")
    with desk.worker(*backoff_of("300ms")) as worker:
        worker.says("ready in")
        working.wait_until(lambda: len(calls(desk)) >= 2, "both have run")
        go.unlink()
        working.wait_until(lambda: desk.source()["redelivered"] == 1 and desk.source()["running"] == 1, "it runs again")
        tap.equal((len(desk.letters("out")), list(desk.folders())), (1, ["cur"]))
        go.write_text("")
        end(desk, worker, events=3, ok=2, retry=1, units=2, redelivered=1, emitted=1)
    tap.equal((len(desk.letters("out")), desk.folders()), (1, {"done": ["0001.json"]}))


@working.test
def emitting_into_nowhere_is_told_to_the_handler(desk):
    configure(desk)
    desk.put({"do": "ok", "emit": ["nowhere"]})
    settled(desk, events=1, reject=1, units=1, dead=1)
    has(*desk.dead(), reason="cannot emit")


tap.main()
