# SPDX-License-Identifier: Apache-2.0
"""Limits and clocks: descriptors, inotify, threads, file sizes, a log that nobody reads, a wall clock that jumps."""
import os
import resource
import shutil
import signal

import hostile
import tap
import working


def limited(name, value):
    return lambda: resource.setrlimit(getattr(resource, name), (value, value))


# --- file sizes ---------------------------------------------------------------------------------------------------------


@hostile.test
def a_limit_of_file_sizes_under_the_dead_letters(desk):
    """No SIGXFSZ ends it; what is written is whole, and the rest waits."""
    desk.configure()
    desk.put(*[{"do": "reject", "filler": "x" * 500}] * 200)
    with desk.worker(preexec_fn=limited("RLIMIT_FSIZE", 64 << 10)) as worker:
        worker.says("File too large: raise the limit of file sizes (ulimit -f, LimitFSIZE=), or lower max_size")
        tap.equal(worker.term(), 0, worker.said)
    kept = desk.dead()
    assert len(kept) > 0 and len(desk.left()) > 0
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal({letter["position"] for letter in desk.dead()}, {f"{n:04}.json" for n in range(200)})


# --- descriptors --------------------------------------------------------------------------------------------------------


@hostile.test
def a_handler_that_leaks_descriptors(desk):
    """The spool says that none is left. What the sinks need is open already. A new start has them all again."""
    desk.configure()
    desk.put({"do": "ok"}, {"do": "files"})
    with desk.worker(preexec_fn=limited("RLIMIT_NOFILE", 64)) as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.left() == [], "both have run")
        desk.put({"do": "ok"}, {"do": "reject"})
        worker.says("Too many open files: raise the limit of open files (ulimit -n, LimitNOFILE=); it is tried again")
        tap.equal(desk.left(), ["0002.json", "0003.json"])
        tap.equal(worker.term(), 0, worker.said)
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal((desk.left(), list(desk.reasons())), ([], ["0003.json"]))


@hostile.test
def too_few_descriptors_to_start_with_are_told(desk):
    """It ends and says why, or goes on trying and says why; with enough of them it runs."""
    hostile.needs_plain()
    desk.configure("admin: {listen: \"unix:admin\"}\n")
    desk.put({"do": "ok"})
    for limit in range(10, 40, 2):  # with less than that the event library ends it
        with desk.worker("--until-idle", preexec_fn=limited("RLIMIT_NOFILE", limit)) as worker:
            until = working.time.monotonic() + working.LIMIT
            while "open files" not in worker.said and worker._more(until):
                pass
            if "open files" in worker.said:
                continue
            assert worker.end() == 0 or "descriptor" in worker.said, f"{limit}: {worker.said}"
            if worker.end() == 0:
                break
    tap.equal(desk.left(), [], f"it never started: {worker.said}")


# --- inotify ------------------------------------------------------------------------------------------------------------


@hostile.test
def without_inotify_it_looks_once_a_second(desk):
    desk.configure()
    limit = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\""
    command = ["unshare", "-Ur", "sh", "-c", limit, "sh", tap.BUILD / "leat", "run"]
    if tap.run("unshare", "-Ur", "sh", "-c", limit, "sh", "true").returncode != 0:
        raise tap.Skip("no user namespaces here: no limit of inotify of one's own")
    with hostile.running(desk, command) as worker:
        worker.says("no inotify (Too many open files): it looks for new files once a second; "
                    "raise fs.inotify.max_user_instances")
        desk.put({"do": "ok"}, {"do": "reject"})
        working.wait_until(lambda: desk.left() == [], "they are found")
        tap.equal(worker.said.count("no inotify"), 1)
        tap.equal(worker.term(), 0, worker.said)


# --- threads --------------------------------------------------------------------------------------------------------------


def as_somebody(desk, limit, *arguments):
    """As a user with nothing else running, who may have so many threads."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        raise tap.Skip("not root: no user of its own to limit")
    user = 40000 + os.getpid() % 20000
    for path in [desk.folder, *desk.folder.rglob("*")]:
        os.chown(path, user, user)
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", tap.BUILD / "leat", "run", *arguments]
    if tap.run(*command[:4], tap.BUILD / "leat", "--version").returncode != 0:
        raise tap.Skip("the build cannot be run by other users")
    return hostile.running(desk, command, preexec_fn=limited("RLIMIT_NPROC", limit))


@hostile.test
def too_few_threads_to_start_with_are_told(desk):
    hostile.needs_plain()
    own = desk.path("nasty.so")
    shutil.copy(desk.handler("nasty"), own)
    desk.configure("service: s\n")
    desk.write("leat.yaml", desk.path("leat.yaml").read_text().replace(str(desk.handler("nasty")), "./nasty.so"))
    desk.put({"do": "ok"})
    desk.path("state").mkdir()
    with as_somebody(desk, 1, "--until-idle") as worker:
        tap.equal(worker.end(), 70, worker.said)
        tap.contains(worker.said, "ulimit -u")
    tap.equal(desk.left(), ["0000.json"])


@hostile.test
def no_thread_for_the_dead_letters_is_told(desk):
    hostile.needs_plain()
    own = desk.path("nasty.so")
    shutil.copy(desk.handler("nasty"), own)
    desk.configure("service: s\n")
    desk.write("leat.yaml", desk.path("leat.yaml").read_text().replace(str(desk.handler("nasty")), "./nasty.so"))
    desk.put({"do": "reject"})
    desk.path("state").mkdir()
    with as_somebody(desk, 3) as worker:
        worker.says("no thread to write ").says("raise the limit of threads (ulimit -u, TasksMax=)")
        tap.equal(worker.said.count("no thread"), 1)
        tap.equal((desk.left(), desk.dead()), (["0000.json"], []))
        tap.equal(worker.term(), 0, worker.said)


# --- a log that nobody reads ------------------------------------------------------------------------------------------


@hostile.test
def a_log_that_nobody_reads_stops_nothing(desk):
    desk.configure("log: {level: debug}\n")
    with desk.worker() as worker:
        worker.says("ready in")
        desk.put(*[{"do": "ok", "filler": "x" * 100}] * 2000)
        working.wait_until(lambda: desk.left() == [], "all are done")
        worker.signal(signal.SIGTERM)
        tap.equal(worker.process.wait(working.LIMIT), 0)
    tap.equal(len(desk.ran()), 2000)


@hostile.test
def a_log_that_is_closed_stops_nothing(desk):
    desk.configure("log: {level: debug}\n")
    with desk.worker() as worker:
        worker.says("ready in")
        worker.process.stderr.close()
        desk.put(*[{"do": "reject"}] * 20)
        working.wait_until(lambda: desk.left() == [], "all are done")
        worker.signal(signal.SIGTERM)
        tap.equal(worker.process.wait(working.LIMIT), 0)
    tap.equal(len(desk.dead()), 20)


# --- the wall clock ---------------------------------------------------------------------------------------------------

DAY = 86400


def with_clock(desk, *arguments):
    hostile.needs_plain()
    return desk.worker(*arguments, env={"LD_PRELOAD": hostile.shared_object("wrong_clock"),
                                        "WRONG_CLOCK": str(desk.path("clock"))})


@hostile.test
def a_clock_that_jumps_makes_nobody_wait_longer(desk):
    """Ten years ahead and back while files wait to be tried again."""
    for jump in [10 * 365 * DAY, -10 * 365 * DAY]:
        desk.write("clock", "0")
        desk.configure(inbox="{type: spool, path: spool, max_attempts: 4, backoff: {base: 300ms, max: 300ms}}")
        desk.put(*[{"do": "retry"}] * 4, {"do": "ok"})
        with with_clock(desk) as worker:
            worker.says("retry in")
            desk.write("clock", str(jump))
            worker.says("retry in", times=12)
            desk.write("clock", "0")
            working.wait_until(lambda: desk.left() == [], "all have had their attempts")
            tap.equal(worker.term(), 0, worker.said)
        tap.equal({tuple(attempts) for attempts in desk.ran().values()}, {(1, 2, 3, 4), (1,)})
        desk.path("ran").unlink()


@hostile.test
def a_clock_that_was_set_back_before_a_start_makes_nobody_wait_longer(desk):
    desk.write("clock", str(10 * 365 * DAY))
    desk.configure(inbox="{type: spool, path: spool, backoff: {base: 1s, max: 1s}}")
    desk.put({"do": "retry", "first": True})
    with with_clock(desk) as worker:
        worker.says("retry in")
        tap.equal(worker.term(), 0, worker.said)
    desk.write("clock", "0")
    with with_clock(desk, "--until-idle") as worker:
        tap.equal(worker.end(), 0, worker.said)
    tap.equal(desk.ran(), {"0000.json": [1, 2]})


tap.main()
