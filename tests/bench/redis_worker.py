# SPDX-License-Identifier: Apache-2.0
"""Of ./dev bench redis: leat run as a process, and what a process cost."""
import os
import pathlib
import select
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build/tests/bench"
MODULES = ROOT / "build/triggers/redis"
TIMEOUT = 120  # seconds

CONFIGURATION = """service: bench
handler: {handler}
concurrency: 1
log: {{level: {level}}}
settings: {{out: {out}}}
sources:
  bench: {{type: redis, url: "{url}", stream: {stream}, group: {group}, max_in_flight: 1000{more}}}
"""


def environment(folder):
    return {"PATH": "/usr/bin:/bin", "LEAT_MODULE_PATH": str(MODULES), "STATE_DIRECTORY": str(folder / "state")}


def configure(folder, server, stream, group, handler, level="warn", more=""):
    """`handler`: FILE.so:NAME of the bench's programs; `more`: options of the source."""
    (folder / "state").mkdir(exist_ok=True)
    path = folder / "leat.yaml"
    path.write_text(CONFIGURATION.format(handler=PROGRAMS / handler, level=level, out=folder / "out", url=server.url,
                                         stream=stream, group=group, more=more and f", {more}"))
    return path


def life(command, folder):
    """(seconds, microseconds of CPU) from exec to exit, of a process that ends by itself."""
    with open(folder / "said", "w+b") as said:
        start = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                   env=environment(folder))
        usage = end_of(process)
        seconds = time.perf_counter() - start
        said.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{command[0]}: exit {process.returncode}: {said.read()[-500:].decode()}")
    return seconds, (usage.ru_utime + usage.ru_stime) * 1e6


def end_of(process):
    """What it used; killed if it does not end."""
    fd = os.pidfd_open(process.pid)
    if not select.select([fd], [], [], TIMEOUT)[0]:
        process.kill()
    os.close(fd)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


class Worker:
    """leat run, until the end of a `with`; it is ready when that begins, after `ready_s`."""

    def __init__(self, folder, configuration):
        self.said = b""
        start = time.perf_counter()
        self.process = subprocess.Popen([ROOT / "build/leat", "run", configuration], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(folder))
        try:
            self.until(b"ready in")
        except RuntimeError:
            self.kill()
            raise
        self.ready_s = time.perf_counter() - start

    def until(self, part):
        stderr, until = self.process.stderr.fileno(), time.monotonic() + TIMEOUT
        while part not in self.said:
            ready = select.select([stderr], [], [], max(0, until - time.monotonic()))[0]
            data = os.read(stderr, 65536) if ready else b""
            if data == b"":
                raise RuntimeError(f"leat run does not say {part.decode()!r}: {self.said[-500:].decode()}")
            self.said += data

    def rss_kb(self):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.process.send_signal(signal.SIGTERM)
                if self.process.wait(TIMEOUT) != 0:
                    raise RuntimeError(f"leat run: exit {self.process.returncode}")
        finally:
            self.kill()
