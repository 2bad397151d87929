# SPDX-License-Identifier: Apache-2.0
"""How often bench-events asks the kernel to wake a thread: FUTEX_WAKE, and writes to the loop's eventfd. Recorded by
perf, which hardly changes what happens; else by strace, which makes all of it slower, so that more threads sleep."""
import pathlib
import re
import shutil
import subprocess
import tempfile

TIMEOUT = 120
EVENTS = 5_000
WAKE = re.compile(r"futex: .*\bop: 0x0*[08]1\b|FUTEX_WAKE")
WRITE = re.compile(r"sys_enter_write:|\bwrite\(\d+, \"\\1\\0")


def quiet(command):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", timeout=TIMEOUT)


def by_perf(command, log):
    """The lines of its trace, None: it cannot be had."""
    if shutil.which("perf") is None:
        return None
    events = "syscalls:sys_enter_futex,syscalls:sys_enter_write"
    made = quiet(["perf", "record", "-q", "-m", "4096", "-c", "1", "-e", events, "-o", log, "--", *command])
    told = quiet(["perf", "script", "--show-lost-events", "-i", log]) if made.returncode == 0 else made
    whole = "sys_enter_futex" in told.stdout and "PERF_RECORD_LOST" not in told.stdout
    return told.stdout if told.returncode == 0 and whole else None


def by_strace(command, log):
    if shutil.which("strace") is None:
        return None
    made = quiet(["strace", "-f", "-qq", "-e", "trace=futex,write", "-o", log, "--", *command])
    return log.read_text(errors="replace") if made.returncode == 0 else None


def measure(program, chosen, missing):
    """name -> wakes an event, for those that have threads and whose handler does nothing, or 20 us."""
    found = {}
    for name, (engine, peer) in chosen.items():
        if engine[0] != "pool" or "spin=200" in engine:
            continue
        for who, words in (("leat", engine), ("peer", peer)):
            command = [program, *[word for word in words if not word.startswith("events=")], f"events={EVENTS}"]
            with tempfile.TemporaryDirectory(prefix="leat-wakes-") as folder:
                log = pathlib.Path(folder) / "log"
                how, text = "perf", by_perf(command, log)
                if text is None:
                    how, text = "strace", by_strace(command, log)
            if text is None:
                missing["wakes"] = "there is neither perf, with leave to trace system calls, nor strace"
                return found
            lines = text.splitlines()
            all_events = EVENTS * 1.1
            found.setdefault(name, {})[who] = {
                "how": how, "futex_wakes": sum(bool(WAKE.search(line)) for line in lines) / all_events,
                "loop_wakes": sum(bool(WRITE.search(line)) for line in lines) / all_events}
    show(found)
    return found


def show(found):
    if not found:
        return
    print(f"\nwakes an event, as {next(iter(found.values()))['leat']['how']} tells")
    print(f"  {'':32}{'FUTEX_WAKE':>11}{'of the loop':>13}{'peer FUTEX_WAKE':>17}")
    for name, told in found.items():
        print(f"  {name:32}{told['leat']['futex_wakes']:11.2f}{told['leat']['loop_wakes']:13.2f}"
              f"{told['peer']['futex_wakes']:17.2f}")
