# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, read-only or gone: nothing is lost, the log says what to do, and it goes on by itself."""
import json
import shutil

import hostile
import tap
import working

hostile.enter_namespace()
SMALL = "{type: spool, path: disk/spool, backoff: {base: 10ms, max: 20ms}}"


def status(desk):
    return json.loads(working.get(desk.path("admin"), "/status")[2])


def ready(desk):
    return working.get(desk.path("admin"), "/readyz")[0::2]


def fill(path):
    """All of it."""
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass


def all_came(desk, count, spool):
    """Nothing waits; each was run; what was rejected is a dead letter once."""
    working.wait_until(lambda: desk.left(spool) == [], f"all is done: {desk.left(spool)[:5]}")
    tap.equal(len(desk.ran()), count)


def all_are_left(desk, count):
    """Nothing is acknowledged. A look that meets files on their way between the folders misses them, so one is enough."""
    working.wait_until(lambda: len(desk.left()) == count, f"all {count} are left")


# --- full -----------------------------------------------------------------------------------------------------------


@hostile.test
def a_full_disk_under_the_dead_letters(desk):
    with hostile.mounted(desk.path("state"), "size=128k"):
        desk.configure()
        with desk.worker() as worker:
            worker.says("ready in")
            fill(desk.path("state/filler"))
            desk.put(*[{"do": "reject"}] * 30)
            worker.says("cannot write").says("make room on that disk")
            tap.contains(worker.said, "what could not be written stays in its queue and comes again")
            all_are_left(desk, 30)
            tap.equal(desk.dead(), [], "nothing is half a line")
            desk.path("state/filler").unlink()
            worker.says("can be written again")
            all_came(desk, 30, "spool")
            tap.equal(sorted(letter["position"] for letter in desk.dead()), [f"{n:04}.json" for n in range(30)])
            tap.equal(worker.term(), 0, worker.said)
            hostile.visible(worker.said)


@hostile.test
def a_full_disk_under_the_spool(desk):
    """To rename takes no room, or little: it works, or it says so."""
    with hostile.mounted(desk.path("disk"), "size=256k,nr_inodes=60"):
        desk.configure(inbox=SMALL)
        desk.put(*[{"do": "retry", "first": True}] * 20, spool="disk/spool")
        fill(desk.path("disk/filler"))
        done = desk.run("--until-idle")
        tap.equal((done.returncode, desk.left("disk/spool")), (0, []), done.stderr)
        tap.equal({tuple(attempts) for attempts in desk.ran().values()}, {(1, 2)})


@hostile.test
def no_room_for_a_folder_of_its_own_is_told_and_waited_for(desk):
    with hostile.mounted(desk.path("disk"), "size=256k,nr_inodes=12"):
        desk.put({"do": "ok"}, spool="disk/spool")
        fillers = []
        while True:
            filler = desk.path(f"disk/filler-{len(fillers)}")
            try:
                filler.touch()
            except OSError:
                break
            fillers.append(filler)
        desk.configure(inbox=SMALL)
        done = desk.run("--until-idle")
        tap.equal(done.returncode, 69, done.stderr)
        tap.contains(done.stderr, "No space left on device\n      free some space\n")
        for filler in fillers:
            filler.unlink()
        tap.equal((desk.run("--until-idle").returncode, desk.left("disk/spool")), (0, []))


@hostile.test
def a_full_disk_under_a_spool_that_is_a_sink(desk):
    with hostile.mounted(desk.path("disk"), "size=128k"):
        desk.configure("sinks:\n  later: {type: spool, path: disk/later}\ndead_letter: later\n")
        with desk.worker() as worker:
            worker.says("ready in")
            fill(desk.path("disk/filler"))
            desk.put(*[{"do": "reject"}] * 20)
            worker.says("cannot be written").says("free some space")
            all_are_left(desk, 20)
            desk.path("disk/filler").unlink()
            worker.says("can be written again")
            all_came(desk, 20, "spool")
            tap.equal(worker.term(), 0, worker.said)
        letters = [json.loads(path.read_text()) for path in desk.path("disk/later/new").iterdir()]
        tap.equal({letter["position"] for letter in letters}, {f"{n:04}.json" for n in range(20)})
        tap.equal(list(desk.path("disk/later/tmp").iterdir()), [], "no halves")


# --- read-only ---------------------------------------------------------------------------------------------------------


@hostile.test
def a_spool_that_becomes_read_only(desk):
    with hostile.mounted(desk.path("disk"), "size=512k"):
        desk.configure("admin: {listen: \"unix:admin\"}\n", inbox=SMALL)
        desk.put(*[{"do": "ok", "wait_ms": 300}] * 2, *[{"do": "ok"}] * 20, spool="disk/spool")
        with desk.worker() as worker:
            worker.says("ready in")
            working.wait_until(lambda: desk.taken("disk/spool"), "some are taken")
            hostile.remount(desk.path("disk"), "ro")
            worker.says("Read-only file system").says("mount the file system for writing; it is tried again")
            code, why = ready(desk)
            tap.equal(code, 503)
            tap.contains(why, "inbox: disconnected: ")
            before = len(desk.left("disk/spool"))
            assert before >= 2, "what has run is not removed yet"
            hostile.remount(desk.path("disk"), "rw")
            all_came(desk, 22, "disk/spool")
            working.wait_until(lambda: ready(desk)[0] == 200, "it is ready again")
            tap.equal(worker.term(), 0, worker.said)
        tap.equal({tuple(attempts) for attempts in desk.ran().values()}, {(1,)}, "each once")


@hostile.test
def dead_letters_that_become_read_only(desk):
    hostile.needs_namespace()
    desk.configure("dead_letter: {type: file, path: letters/dead.ndjson}\n")
    with desk.worker() as worker:
        worker.says("ready in")
        with hostile.covered(desk.path("letters")):
            desk.put(*[{"do": "reject"}] * 5)
            worker.says("Read-only file system: the worker must be able to write there")
            all_are_left(desk, 5)
        worker.says("can be written again")
        all_came(desk, 5, "spool")
        tap.equal(worker.term(), 0, worker.said)
    letters = [json.loads(line) for line in desk.path("letters/dead.ndjson").read_text().splitlines()]
    tap.equal(len(letters), 5)


@hostile.test
def a_state_folder_that_is_read_only_ends_it_at_once(desk):
    with hostile.mounted(desk.path("state"), "size=512k"):
        desk.configure()
        hostile.remount(desk.path("state"), "ro")
        done = desk.run("--until-idle")
        tap.equal(done.returncode, 73, done.stderr)
        tap.contains(done.stderr, "Read-only file system")
        tap.contains(done.stderr, "--state")


@hostile.test
def a_spool_that_its_user_may_not_write_to(desk):
    desk.configure()
    command = hostile.without_capabilities([tap.BUILD / "leat", "run", "--until-idle"])
    with desk.worker() as worker:
        worker.says("ready in")
        tap.equal(worker.term(), 0)
    desk.put({"do": "ok"}, {"do": "ok"})
    desk.path("spool/new").chmod(0o500)
    env = {**desk.environment, "PATH": "/usr/bin:/bin"}
    with hostile.running(desk, command, env) as worker:
        worker.says("Permission denied").says("let the user that runs this read, write and enter it")
        tap.equal(len(desk.left()), 2)
        desk.path("spool/new").chmod(0o700)
        tap.equal(worker.end(), 0, worker.said)
    tap.equal(desk.left(), [])


# --- gone ----------------------------------------------------------------------------------------------------------------


@hostile.test
def a_spool_that_is_moved_away_and_back(desk):
    desk.configure("admin: {listen: \"unix:admin\"}\n")
    desk.put({"do": "ok", "wait_ms": 400}, {"do": "ok"})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: len(desk.ran()) == 2 and len(desk.left()) == 1, "one runs")
        desk.path("spool").rename(desk.path("away"))
        worker.says("make the folder; it is tried again")
        tap.equal(ready(desk)[0], 503)
        desk.path("away").rename(desk.path("spool"))
        desk.put({"do": "ok"})
        all_came(desk, 3, "spool")
        working.wait_until(lambda: ready(desk)[0] == 200, "it is ready again")
        tap.equal(worker.term(), 0, worker.said)
    tap.equal({len(attempts) for attempts in desk.ran().values()}, {1}, "each once")


@hostile.test
def a_spool_that_is_removed_and_made_again(desk):
    desk.configure()
    desk.put({"do": "ok"})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.left() == [], "it is done")
        shutil.rmtree(desk.path("spool"))
        worker.says("make the folder; it is tried again")
        desk.path("spool").mkdir()
        desk.put({"do": "ok"}, {"do": "reject"})
        working.wait_until(lambda: len(desk.dead()) == 1 and desk.left() == [], "both are done")
        tap.equal(worker.term(), 0, worker.said)


@hostile.test
def a_folder_in_it_that_is_removed_is_made_again(desk):
    for folder in ["new", "cur", "failed", "tmp"]:
        desk.configure()
        desk.put({"do": "ok"})
        with desk.worker() as worker:
            worker.says("ready in")
            working.wait_until(lambda: desk.left() == [], "it is done")
            shutil.rmtree(desk.path(f"spool/{folder}"))
            desk.put({"do": "ok", "wait_ms": 1}, {"do": "reject"})
            working.wait_until(lambda: desk.left() == [] and desk.path(f"spool/{folder}").is_dir(),
                               f"{folder}: all is done: {worker.said}")
            tap.equal(worker.term(), 0, worker.said)


@hostile.test
def a_spool_that_is_replaced_by_another(desk):
    desk.configure()
    desk.put({"do": "ok", "wait_ms": 400})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(desk.taken, "it is taken")
        desk.put({"do": "ok"}, spool="other")
        desk.path("spool").rename(desk.path("old"))
        desk.path("other").rename(desk.path("spool"))
        working.wait_until(lambda: desk.left() == [], "that of the new one is done")
        tap.equal(worker.term(), 0, worker.said)
    tap.equal(desk.left(), [])
    desk.configure(inbox="{type: spool, path: old}")
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(desk.left("old"), [], "what lay in the old one is still there for a worker")


@hostile.test
def a_state_folder_that_is_removed_is_made_again(desk):
    desk.configure()
    with desk.worker() as worker:
        worker.says("ready in")
        shutil.rmtree(desk.path("state"))
        desk.put({"do": "reject"})
        working.wait_until(lambda: len(desk.dead()) == 1 and desk.left() == [], worker.said)
        tap.equal(worker.term(), 0, worker.said)


tap.main()
