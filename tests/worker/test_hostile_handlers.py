# SPDX-License-Identifier: Apache-2.0
"""Handlers that hang, crash, leak and answer garbage: the worker is back by itself (the test is its supervisor), no
other event pays for it, the log names the culprit, and in the end it is a dead letter that says so."""
import resource

import hostile
import tap
import working

GOOD = {f"good-{n}": {"do": "ok"} for n in range(20)}
CRASHES = 3


def crash_to_the_end(desk, culprit, signal, *arguments, **options):
    """Among others, at two slots: it crashes as often as is allowed, and then it is dead."""
    hostile.needs_plain()
    desk.configure("timeout: 20s\n")
    desk.put_named(**{"a-bad": culprit}, **GOOD)
    said, ends = desk.supervise(*arguments, **options)
    tap.equal(len(ends), CRASHES + 1, said)
    tap.equal((ends[-1], desk.left()), (0, []), said)
    ran = desk.ran()
    tap.equal(ran.pop("a-bad")[:CRASHES], [1] * CRASHES, "a crash is counted by the journal, not as an attempt")
    tap.equal(sorted(ran), sorted(GOOD))
    for name, attempts in ran.items():
        tap.equal(set(attempts), {1}, f"{name} did nothing")
    tap.equal(desk.reasons(), {"a-bad": f"crashed its handler {CRASHES} times: {signal}"})
    tap.contains(said, f"the last process ended in a crash: {signal} in handler nasty on inbox/a-bad")
    tap.contains(said, f"{signal} in handler nasty on inbox/a-bad")
    return said


@hostile.test
def a_fault_ends_in_a_dead_letter(desk):
    crash_to_the_end(desk, {"do": "fault"}, "signal 11")


@hostile.test
def an_abort_ends_in_a_dead_letter(desk):
    crash_to_the_end(desk, {"do": "abort"}, "signal 6")


@hostile.test
def an_exit_out_of_the_handler_ends_in_a_dead_letter(desk):
    """Whatever status it gave: with 0 a supervisor would not start it again."""
    crash_to_the_end(desk, {"do": "exit"}, "exit()")


@hostile.test
def a_stack_that_overflows_ends_in_a_dead_letter(desk):
    crash_to_the_end(desk, {"do": "deep"}, "signal 11")


@hostile.test
def a_leak_up_to_the_limit_of_memory_ends_in_a_dead_letter(desk):
    limit = 1 << 29
    crash_to_the_end(desk, {"do": "leak"}, "signal 11",
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))


@hostile.test
def a_crash_beside_another_that_runs_long_costs_that_one_nothing(desk):
    hostile.needs_plain()
    desk.configure()
    desk.put_named(**{"a-slow": {"do": "ok", "wait_ms": 800}, "b-bad": {"do": "fault", "wait_ms": 300}})
    said, ends = desk.supervise()
    tap.equal(desk.reasons(), {"b-bad": "crashed its handler 3 times: signal 11"})
    tap.equal(desk.left(), [])
    tap.equal(set(desk.ran()["a-slow"]), {1}, said)


@hostile.test
def one_that_never_returns_ends_in_a_dead_letter(desk):
    """More than may be lost: the process gives up, which is a crash of what hangs, and of nothing else."""
    desk.configure("timeout: 300ms\ntimeout_grace: 100ms\n")
    desk.put_named(**{"a-bad": {"do": "hang"}}, **GOOD)
    said, ends = desk.supervise()
    tap.equal(ends, [70] * CRASHES + [0], said)
    tap.equal(desk.reasons(), {"a-bad": "crashed its handler 3 times: no return in time"})
    tap.equal(desk.left(), [])
    for name in GOOD:
        tap.equal(set(desk.ran()[name]), {1}, name)
    tap.contains(said, "no return in time in handler nasty on inbox/a-bad")


@hostile.test
def one_that_hangs_leaves_the_other_slots_at_work(desk):
    desk.configure("timeout: 200ms\ntimeout_grace: 100ms\nmax_lost_slots: 1\ndrain: 1s\n")
    desk.put_named(**{"a-bad": {"do": "hang"}}, **GOOD)
    with desk.worker() as worker:
        working.wait_until(lambda: len(desk.left()) == 1, "all others are done")
        desk.put_named(**{"later": {"do": "ok"}})
        working.wait_until(lambda: "later" in desk.ran(), "it goes on")
        worker.says("a-bad")
        tap.equal(worker.term(), 70, worker.said)
        tap.contains(worker.said, "1 slot is lost: handler nasty did not return within 100 ms of its timeout")
    tap.equal(desk.left(), ["a-bad"])


# --- answers that are none -----------------------------------------------------------------------------------------


def run_once(desk, **payloads):
    desk.configure(inbox="{type: spool, path: spool, max_attempts: 3, backoff: {base: 5ms, max: 10ms}}")
    desk.put_named(**payloads)
    done = desk.run("--until-idle")
    tap.equal((done.returncode, desk.left()), (0, []), done.stderr)
    hostile.visible(done.stderr)
    return done.stderr


@hostile.test
def no_outcome_is_a_retry_that_says_so(desk):
    for todo in ["nothing", "garbage"]:
        run_once(desk, **{todo: {"do": todo}})
        tap.equal(desk.ran()[todo], [1, 2, 3])
        tap.contains(desk.reasons()[todo], "no outcome")


@hostile.test
def an_outcome_of_another_call_takes_nothing_from_that_one(desk):
    run_once(desk, **{"a-first": {"do": "reject"}, "b-other": {"do": "other"}})
    tap.equal(desk.reasons()["a-first"], "of its own")
    tap.contains([1, 2, 3], len(desk.ran()["b-other"]))  # as long as its number is none of its own call
    assert "b-other" in desk.reasons(), desk.reasons()
    assert desk.reasons()["b-other"] != "of its own", desk.reasons()


@hostile.test
def a_huge_reason_is_cut(desk):
    said = run_once(desk, a={"do": "reason", "size": 20_000_000})
    tap.equal(len(desk.reasons()["a"]), 4096)
    assert len(said) < 10_000, len(said)


@hostile.test
def what_a_reason_holds_moves_no_cursor_and_forges_no_line(desk):
    reasons = {"escapes": b"\x1b[2J\x1b]0;title\x07gone", "lines": b"good\nerror: forged\r\nended", "tab": b"a\tb\x08c",
               "latin": b"\xff\xfe\xc3(\xe2\x82", "c1": "\x9b31m".encode(), "turned": "a\u202eb".encode(),
               "deleted": b"a\x7fb"}
    said = run_once(desk, **{name: {"do": "reason", "hex": reason.hex()} for name, reason in reasons.items()})
    assert "\nerror: forged" not in said, said
    listed = desk.leat("dead", "ls", "--config", "leat.yaml", env=desk.environment)
    tap.equal(listed.returncode, 0, listed.stderr)
    hostile.visible(listed.stdout + listed.stderr)
    tap.equal(sorted(desk.reasons()), sorted(reasons))


@hostile.test
def a_reply_of_100_mb_that_nobody_asked_for_is_no_matter(desk):
    run_once(desk, a={"do": "big", "size": 100_000_000}, b={"do": "ok"})
    tap.contains(desk.ran()["b"], 1)


@hostile.test
def an_event_for_a_sink_that_is_not_there_fails_in_the_handler(desk):
    said = run_once(desk, a={"do": "emit", "sink": "nobody"}, b={"do": "emit", "sink": "x\n\x1b[2Jy" * 50})
    tap.contains(desk.reasons()["a"], "cannot emit")
    assert "\x1b" not in said


tap.main()
