# SPDX-License-Identifier: Apache-2.0
"""leat run: from the command line to the exit status; signals, the supervisor, a new start."""
import os
import re
import signal
import stat

import tap
import working


# --- what it is given -----------------------------------------------------------------------------------------


@working.test
def what_is_wrong_with_the_command_line_is_usage(desk):
    desk.configure()
    for arguments in [["a.yaml", "b.yaml"], ["--config", "leat.yaml", "leat.yaml"], ["--max-events", "0"],
                      ["--max-events", "many"], ["--nothing"], ["--until-idle=1"]]:
        done = desk.run(*arguments)
        tap.equal((done.returncode, done.stdout), (64, ""), arguments)
        tap.contains(done.stderr, "leat: error: ")


@working.test
def without_a_configuration_or_a_source_there_is_nothing_to_run(desk):
    if not os.path.exists("/etc/leat/leat.yaml"):
        done = desk.run()
        tap.equal(done.returncode, 78)
        tap.contains(done.stderr, "no configuration: no LEAT_CONFIG, ./leat.yaml or /etc/leat/leat.yaml")
    desk.write("leat.yaml", "concurrency: 2\n")
    done = desk.run()
    tap.equal((done.returncode, done.stdout), (78, ""))
    tap.contains(done.stderr, "nothing to run: ./leat.yaml has no sources")
    tap.contains(done.stderr, "sources: {inbox: {type: spool, path: ")


@working.test
def a_broken_configuration_starts_nothing(desk):
    desk.configure("drain: soon\nnothing: 1\n")
    done = desk.run()
    tap.equal((done.returncode, done.stdout), (78, ""))
    tap.contains(done.stderr, "2 errors. Nothing was started.")
    assert not desk.path("state").exists()


@working.test
def a_handler_is_named_for_all_in_the_source_or_on_the_command_line(desk):
    spool = "{type: spool, path: spool}"
    desk.write("leat.yaml", f"sources:\n  inbox: {spool}\n")
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "no handler for source inbox")
    tap.equal(desk.run("--until-idle", "--handler", desk.handler("told")).returncode, 0)
    desk.write("leat.yaml", f"sources:\n  inbox: {{type: spool, path: spool, handler: {desk.handler('fine')}}}\n")
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0)
    tap.contains(done.stderr, "handler fine")
    done = desk.run("--until-idle", "--handler", desk.handler("told"))
    tap.contains(done.stderr, "handler told")
    done = desk.run("--until-idle", "--handler", "missing")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, 'no handler "missing"')


@working.test
def a_handler_whose_init_fails_ends_it(desk):
    desk.configure(handler="init_fails")
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "init failed")


@working.test
def a_check_opens_all_and_starts_nothing(desk):
    desk.configure()
    desk.put({"do": "ok"})
    done = desk.run("--check")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "./leat.yaml: ok, 1 source\n", ""))
    tap.equal(len(desk.waiting()), 1)
    assert not desk.path("state").exists()
    tap.equal(desk.run("--check", "--handler", "missing").returncode, 78)


# --- what it does ------------------------------------------------------------------------------------------------


@working.test
def until_idle_runs_all_that_is_there_and_ends(desk):
    desk.configure()
    desk.put({"do": "ok"}, {"do": "reject", "reason": "never"}, {"do": "ok"})
    done = desk.run("--until-idle")
    tap.equal((done.returncode, done.stdout), (0, ""))
    tap.contains(done.stderr, "inbox: spool spool, handler told, 2 slots, order by key\n")
    assert re.search(r"^info: ready in \d+ ms$", done.stderr, re.MULTILINE), done.stderr
    assert re.search(r"^info: ended \(idle\) after \d+\.\d s: 3 events: 2 ok, 0 retry, 1 reject; 1 dead letter$",
                     done.stderr, re.MULTILINE), done.stderr
    tap.equal(desk.waiting(), [])
    tap.equal(len(desk.dead()), 1)
    tap.contains(str(desk.dead()[0]), "never")


@working.test
def until_idle_waits_for_what_is_delayed(desk):
    desk.configure(inbox="{type: spool, path: spool, max_attempts: 3, backoff: {base: 10ms, max: 50ms}}")
    desk.put({"do": "retry", "reason": "not yet"})
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0)
    tap.contains(done.stderr, "; 1 dead letter")
    tap.equal((desk.waiting(), len(desk.dead())), ([], 1))


@working.test
def an_empty_queue_is_idle_at_once(desk):
    desk.configure()
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0)
    tap.contains(done.stderr, ": 0 events: 0 ok, 0 retry, 0 reject; 0 dead letters")


@working.test
def max_events_ends_it_and_leaves_the_rest(desk):
    desk.configure(inbox="{type: spool, path: spool, max_in_flight: 1}")
    desk.put(*[{"do": "ok"}] * 5)
    done = desk.run("--max-events", "2")
    tap.equal(done.returncode, 0)
    tap.contains(done.stderr, "ended (--max-events 2) ")
    assert 1 <= len(desk.waiting()) <= 3, desk.waiting()


@working.test
def two_sources_run_at_once_each_with_its_handler(desk):
    desk.configure(one="{type: spool, path: one}", two=f"{{type: spool, path: two, handler: {desk.handler('fine')}}}")
    desk.put({"do": "reject"}, spool="one")
    desk.put({"do": "reject"}, spool="two")
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0)
    tap.contains(done.stderr, "2 events: 1 ok, 0 retry, 1 reject; 1 dead letter")


# --- the state folder ----------------------------------------------------------------------------------------------


@working.test
def the_state_folder_is_for_its_user_alone(desk):
    desk.configure("service: orders\n")
    env = {"STATE_DIRECTORY": "", "XDG_STATE_HOME": str(desk.path("xdg"))}
    desk.put({"do": "reject"})
    tap.equal(desk.run("--until-idle", env=env).returncode, 0)
    folder = desk.path("xdg/leat/orders")
    tap.equal(stat.S_IMODE(folder.stat().st_mode), 0o700)
    assert (folder / "dead.ndjson").exists() and (folder / "running.journal").exists()
    desk.put({"do": "reject"})
    tap.equal(desk.run("--until-idle", "--state", desk.path("given"), env=env).returncode, 0)
    assert desk.path("given/dead.ndjson").exists()


@working.test
def a_state_folder_that_cannot_be_made_is_73(desk):
    desk.configure()
    desk.write("file", "")
    done = desk.run("--until-idle", "--state", desk.path("file/state"))
    tap.equal(done.returncode, 73)
    tap.contains(done.stderr, "--state FOLDER")


@working.test
def a_second_worker_on_the_same_state_is_fenced(desk):
    desk.configure()
    with desk.worker() as worker:
        worker.says("ready in")
        done = desk.run("--until-idle")
        tap.equal(done.returncode, 76)
        tap.equal(worker.term(), 0)


# --- crashes ---------------------------------------------------------------------------------------------------------


@working.test
def an_event_that_crashes_its_handler_is_rejected_in_the_end_and_no_other(desk):
    desk.configure("max_crashes: 2\n", handler="crashing")
    desk.put({"do": "ok"}, {"do": "crash"}, {"do": "ok"})
    env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"}  # which would end it otherwise
    for life in range(2):
        done = desk.run("--until-idle", env=env)
        tap.equal(done.returncode, -signal.SIGSEGV, f"{life}: {done.stderr}")
        told = "the last process ended in a crash: signal 11 in handler crashing" in done.stderr
        tap.equal(told, life > 0, done.stderr)
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0, done.stderr)
    tap.contains(done.stderr, " 2 times: signal 11\n")
    letter, = desk.dead()
    tap.contains(str(letter), "crash")
    tap.equal(desk.waiting(), [])
    assert "ended in a crash" not in desk.run("--until-idle").stderr


# --- signals -----------------------------------------------------------------------------------------------------


@working.test
def the_first_signal_drains(desk):
    for number, name in [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "SIGINT")]:
        desk.configure(inbox="{type: spool, path: spool, max_in_flight: 1}")
        with desk.worker() as worker:
            worker.says("ready in")
            desk.put({"do": "ok", "busy_ms": 2000}, {"do": "ok"}, {"do": "ok"})
            working.wait_until(lambda: list(desk.path("spool/cur").rglob("*.json")), "a file is taken")
            tap.equal(worker.signal(number).end(), 0)
            tap.contains(worker.said, f"info: {name}: draining, at most 25 s\n")
            tap.contains(worker.said, f"ended ({name}) after ")
        tap.equal(list(desk.path("spool/cur").rglob("*.json")), [], "nothing is left half done")


@working.test
def a_drain_has_a_limit(desk):
    desk.configure("drain: 1s\ntimeout_grace: 100ms\n")
    desk.put({"do": "ok", "busy_ms": 20000})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: list(desk.path("spool/cur").rglob("*.json")), "the file is taken")
        tap.equal(worker.term(), 75)
        tap.contains(worker.said, "ended (the limit of the drain) after ")
    tap.equal(len(desk.waiting()), 1, "it comes again")


@working.test
def the_second_signal_is_hard(desk):
    desk.configure("drain: 10m\ntimeout_grace: 100ms\n")
    desk.put({"do": "ok", "busy_ms": 20000})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: list(desk.path("spool/cur").rglob("*.json")), "the file is taken")
        worker.signal(signal.SIGTERM).says("SIGTERM: draining, at most 600 s")
        worker.signal(signal.SIGINT).says("SIGINT again: ending at once")
        tap.equal(worker.end(), 75)
    tap.equal(len(desk.waiting()), 1)


@working.test
def sigusr1_tells_what_every_source_does(desk):
    desk.configure(one="{type: spool, path: one}", two="{type: spool, path: two, paused: true}")
    with desk.worker() as worker:
        worker.says("ready in").signal(signal.SIGUSR1).says("a drain would wait for: ")
        assert re.search("^info: one: (idle|consuming), 0 in flight, 0 running, 0 tried again later; 0 events so far$",
                         worker.said, re.MULTILINE), worker.said
        tap.contains(worker.said, ", paused, 0 in flight")
        tap.contains(worker.said, "sink dead.ndjson: 0 under way, 0 written, 0 failed\n")
        tap.equal(worker.term(), 0)


# --- the supervisor ------------------------------------------------------------------------------------------------


@working.test
def systemd_is_told_of_the_start_the_watchdog_and_the_end(desk):
    desk.configure()
    for name in [desk.path("notify"), f"@leat-test-{os.getpid()}"]:
        with working.Supervisor(name) as supervisor:
            with desk.worker(env={"NOTIFY_SOCKET": supervisor.name, "WATCHDOG_USEC": "100000"}) as worker:
                tap.equal(supervisor.hears("READY=1")["STATUS"], "ready")
                supervisor.hears("WATCHDOG=1")
                worker.signal(signal.SIGTERM)
                tap.equal(supervisor.hears("STOPPING=1")["STATUS"], "draining: SIGTERM")
                tap.equal(worker.end(), 0)


@working.test
def a_watchdog_of_another_process_is_not_fed(desk):
    desk.configure()
    with working.Supervisor(desk.path("notify")) as supervisor:
        env = {"NOTIFY_SOCKET": supervisor.name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": str(os.getpid())}
        with desk.worker(env=env) as worker:
            supervisor.hears("READY=1")
            worker.signal(signal.SIGTERM)
            supervisor.hears("STOPPING=1")
            tap.equal(worker.end(), 0)
        assert "WATCHDOG=1" not in supervisor.heard, supervisor.heard


# --- SIGHUP ----------------------------------------------------------------------------------------------------------


@working.test
def a_new_configuration_is_taken_by_a_new_start_of_the_same_process(desk):
    desk.configure()
    with working.Supervisor(desk.path("notify")) as supervisor:
        with desk.worker(env={"NOTIFY_SOCKET": supervisor.name}) as worker:
            worker.says("ready in")
            supervisor.hears("READY=1")
            desk.configure("log: {level: debug}\n", other="{type: spool, path: other}")
            worker.signal(signal.SIGHUP).says("SIGHUP: the configuration is good")
            assert int(supervisor.hears("RELOADING=1")["MONOTONIC_USEC"]) > 0
            worker.says("ready in", times=2)
            supervisor.hears("READY=1")
            tap.contains(worker.said, "other: spool other, handler told")
            assert worker.process.poll() is None
            desk.put({"do": "reject"}, spool="other")
            working.wait_until(desk.dead, "the new source runs")
            tap.equal(worker.term(), 0)


@working.test
def a_bad_configuration_changes_nothing(desk):
    desk.configure()
    with desk.worker() as worker:
        worker.says("ready in")
        desk.write("leat.yaml", "handler: missing\nnothing: 1\n")
        worker.signal(signal.SIGHUP).says("still running with the old one")
        tap.contains(worker.said, 'unknown option "nothing"')
        desk.write("leat.yaml", "concurrency: 1\n")
        worker.signal(signal.SIGHUP).says("still running with the old one", times=2)
        tap.contains(worker.said, "nothing to run")
        desk.put({"do": "reject"})
        working.wait_until(desk.dead, "the old source runs")
        tap.equal(worker.term(), 0)


@working.test
def a_handler_that_was_built_anew_is_what_runs_after_sighup(desk):
    own = desk.path("own.so")
    own.write_bytes(desk.handler("fine").read_bytes())
    desk.write("leat.yaml", "handler: ./own.so\nsources: {inbox: {type: spool, path: spool}}\n")
    with desk.worker() as worker:
        worker.says("ready in")
        desk.path("next.so").write_bytes(b"no shared object")
        desk.path("next.so").rename(own)
        worker.signal(signal.SIGHUP).says("still running with the old one")
        desk.path("next.so").write_bytes(desk.handler("told").read_bytes())
        desk.path("next.so").rename(own)
        worker.signal(signal.SIGHUP).says("ready in", times=2)
        tap.contains(worker.said, "handler told")
        tap.equal(worker.term(), 0)


@working.test
def sighup_finishes_what_runs_before_the_new_start(desk):
    desk.configure(inbox="{type: spool, path: spool, max_in_flight: 1}")
    desk.put({"do": "reject", "busy_ms": 500}, {"do": "reject"})
    with desk.worker() as worker:
        worker.says("ready in").signal(signal.SIGHUP).says("ready in", times=2)
        working.wait_until(lambda: len(desk.dead()) == 2, "both are run")
        tap.equal(worker.term(), 0)
    tap.equal(len(desk.dead()), 2, "each once")


tap.main()
