# SPDX-License-Identifier: Apache-2.0
"""What it needs when there is nothing to do, and after very much was done.

By hand: python3 tests/worker/test_hostile_idle.py --soak, five million events instead of 300,000: some minutes.
"""
import re
import subprocess
import sys

import hostile
import tap
import tracing
import working

FILE = 1000  # events of a file
FILES = 5000 if "--soak" in sys.argv else 300
BATCH = 60   # files at once
IDLE_S = 10


@hostile.test
def an_idle_worker_does_not_wake_up(desk):
    desk.configure("admin: {listen: \"unix:admin\"}\n")
    desk.put({"do": "ok"}, {"do": "retry", "first": True}, {"do": "reject"})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.left() == [], "all are done")
        pid, before = worker.process.pid, None
        while before != (before := hostile.switches(pid)):  # it comes to rest
            hostile.watch(0.5)
        hostile.watch(IDLE_S)
        tap.equal(hostile.switches(pid), before, f"nobody woke up in {IDLE_S} s")
        desk.put({"do": "ok"})
        working.wait_until(lambda: "0003.json" in desk.ran(), "and it still hears of new files")
        tap.equal(worker.term(), 0, worker.said)


@hostile.test
def an_idle_worker_calls_nothing(desk):
    if tracing.strace() is None:
        raise tap.Skip("no strace")
    desk.configure()
    desk.put({"do": "ok"})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.left() == [], "it is done")
        while (before := hostile.switches(worker.process.pid)) != hostile.switches(worker.process.pid):
            hostile.watch(0.5)
        hostile.watch(0.5)
        command = [tracing.strace(), "-f", "-qq", "-o", desk.path("calls"), "-p", str(worker.process.pid)]
        strace = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            hostile.watch(IDLE_S)
            if strace.poll() is not None:
                raise tap.Skip(f"strace may not attach: {strace.stderr.read().decode().strip()}")
        finally:
            strace.terminate()
            strace.wait()
            strace.stderr.close()
        lines = desk.path("calls").read_text(errors="replace").splitlines()
        # Attaching interrupts a wait once; what is resumed or detached is no call of its own.
        calls = [line for line in lines if "resumed>" not in line and "detached" not in line and "---" not in line and
                 "restart_syscall" not in line and not re.search(r"(epoll_wait|futex)\(.*(unfinished|EINTR|\?)", line)]
        tap.equal(calls, [])
        tap.equal(worker.term(), 0, worker.said)


@hostile.test
def memory_is_flat_over_many_events(desk):
    hostile.needs_plain()
    # What is in flight decides how much memory is in use: with few files at a time that is soon as much as it will be.
    desk.configure(handler="fine", inbox="{type: spool, path: spool, max_in_flight: 4}")
    line = b'{"do":"ok","n":12345,"text":"some text, as payloads have it"}\n'
    samples = []
    with desk.worker() as worker:
        worker.says("ready in")
        for first in range(0, FILES, BATCH):
            count = min(BATCH, FILES - first)
            desk.put(*[line * FILE] * count)
            working.wait_until(lambda: desk.left() == [], "they are done")
            samples.append(hostile.rss_kib(worker.process.pid))
        tap.equal(worker.term(), 0, worker.said)
        events = FILE * FILES
        tap.contains(worker.said, f"{events} events: {events} ok, 0 retry, 0 reject")
    early, late = samples[len(samples) // 5 - 1], samples[-1]
    print("# KiB:", *samples[::max(1, len(samples) // 20)])
    print(f"# {events} events: {early} KiB after the first fifth, {late} KiB at the end;"
          f" {worker.said.splitlines()[-1]}")
    assert late <= early * 1.1 + 1024, f"{early} KiB after the first fifth, {late} KiB at the end"


tap.main()
