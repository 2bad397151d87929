# SPDX-License-Identifier: Apache-2.0
"""For tests of the worker in a bad world: tests/handlers/nasty.c, a supervisor, disks and clocks that misbehave.

    @hostile.test
    def a_crash_is_survived(desk):
        desk.configure()
        desk.put({"do": "fault"}, {"do": "ok"})
        said, ends = desk.supervise()
        tap.equal(desk.left(), [])
"""
import contextlib
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys

import replaying
import tap
import working

SUPPORT = tap.ROOT / "tests/support"
INBOX = "{type: spool, path: spool, backoff: {base: 10ms, max: 20ms}}"
ENDS_MOST = 30  # so often a supervisor starts it again


def needs_plain():
    """Sanitizers take signals, addresses and memory for themselves."""
    if "san" in tap.BUILD.name:
        raise tap.Skip("not under a sanitizer")


class Desk(working.Desk):
    def configure(self, text="", handler="nasty", **sources):
        """As working's; the handler notes what it ran."""
        sources = sources or {"inbox": INBOX}
        return super().configure(f"settings: {{ran: {self.path('ran')}}}\n" + text, handler, **sources)

    def put(self, *payloads, spool="spool"):
        """As working's, but no name comes twice."""
        self.counter = getattr(self, "counter", 0) + len(payloads)
        first = self.counter - len(payloads)
        self.put_named(spool, **{f"{first + n:04}.json": payload for n, payload in enumerate(payloads)})

    def put_named(self, spool="spool", **payloads):
        """Files of these names."""
        for folder in ["tmp", "new"]:
            self.path(f"{spool}/{folder}").mkdir(parents=True, exist_ok=True)
        for name, payload in payloads.items():
            self.write(f"{spool}/tmp/{name}", payload)
            self.path(f"{spool}/tmp/{name}").rename(self.path(f"{spool}/new/{name}"))

    def supervise(self, *arguments, **options):
        """`run --until-idle`, started again after each end that is none: all that was said, and all exit statuses."""
        said, ends = "", []
        while len(ends) < ENDS_MOST and (not ends or ends[-1] not in (0, 78)):
            done = self.run("--until-idle", *arguments, **options)
            said, ends = said + done.stderr, [*ends, done.returncode]
        return said, ends

    def ran(self):
        """{file: [the attempts that were made of it]}"""
        path, found = self.path("ran"), {}
        for line in path.read_text().splitlines() if path.exists() else []:
            position, attempt, _ = line.rsplit(" ", 2)
            found.setdefault(pathlib.PurePath(position.split("#")[0]).name, []).append(int(attempt))
        return found

    def left(self, spool="spool"):
        """The files that are left to do, by the names that they came with."""
        return sorted({name.split(",a=")[0] for name in self.waiting(spool)})

    def taken(self, spool="spool"):
        return [path for path in self.path(f"{spool}/cur").rglob("*") if path.is_file()]

    def reasons(self):
        """{file: the reason of its dead letter}"""
        return {letter["position"]: letter.get("reason") for letter in self.dead()}


def test(function):
    def run():
        with tap.folder() as folder:
            function(Desk(folder))
    run.__name__ = function.__name__
    return tap.test(run)


def state_of(worker, spool="spool"):
    """What is told of it in the log, for messages."""
    return [line for line in worker.said.splitlines() if spool in line]


def visible(text):
    """Nothing in it moves a cursor, turns text around or forges a line."""
    bad = re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)
    assert bad is None, f"{bad[0]!r} in {text[max(0, bad.start() - 80):bad.end() + 20]!r}"


def shared_object(name, *flags):
    """tests/support/NAME.c, for LD_PRELOAD."""
    target = pathlib.Path(replaying._folder.name) / f"{name}.so"
    if not target.exists():
        tap.must(os.environ.get("CC", "cc"), "-std=gnu11", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", *flags,
                 SUPPORT / f"{name}.c", "-o", target)
    return str(target)


def rss_kib(pid):
    return number_of(pid, "VmRSS")


def number_of(pid, name, thread=None):
    path = pathlib.Path(f"/proc/{pid}" + (f"/task/{thread}" if thread else "") + "/status")
    return int(re.search(rf"^{name}:\s+(\d+)", path.read_text(), re.MULTILINE)[1])


def switches(pid):
    """How often all of its threads have gone to sleep by themselves, or been put to: a sleeping thread that does not
    wake keeps its number."""
    threads = [entry.name for entry in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return {thread: number_of(pid, "voluntary_ctxt_switches", thread) for thread in threads}


# --- namespaces ------------------------------------------------------------------------------------------------

INSIDE = "LEAT_TEST_INSIDE"


def enter_namespace():
    """The whole test program once more in a mount and user namespace of its own, where it may mount. Without one its
    tests are skipped and say so."""
    if os.environ.get(INSIDE) == "1":
        tap.must("mount", "--make-rprivate", "/")
        return
    unshare = shutil.which("unshare")
    works = unshare and subprocess.run([unshare, "-Urm", "true"], stderr=subprocess.DEVNULL).returncode == 0
    if works:
        os.environ[INSIDE] = "1"
        os.execv(unshare, [unshare, "-Urm", sys.executable, *sys.argv])


def needs_namespace():
    if os.environ.get(INSIDE) != "1":
        raise tap.Skip("no user and mount namespaces here (unshare -Urm): no disks to fill")


@contextlib.contextmanager
def mounted(path, options="size=64k"):
    """A small file system of its own at that path."""
    needs_namespace()
    path.mkdir(parents=True, exist_ok=True)
    tap.must("mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "tmpfs", path)
    try:
        yield path
    finally:
        tap.run("umount", "-l", path)


def remount(path, how):
    """`ro`: not while something is open there for writing."""
    tap.must("mount", "-o", f"remount,{how}", path)


@contextlib.contextmanager
def covered(path):
    """Nothing can be made there, and what was is not seen."""
    tap.must("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", path)
    try:
        yield
    finally:
        tap.must("umount", "-l", path)


def without_capabilities(command):
    """Root that a mode keeps out like anybody."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise tap.Skip("no setpriv: root may do anything")
    return [setpriv, "--bounding-set=-all", "--inh-caps=-all", *map(str, command)]


class Running(working.Worker):
    """Any command that ends in leat."""

    def __init__(self, desk, command, env, **options):
        self.said = ""
        self.process = subprocess.Popen(list(map(str, command)), cwd=desk.folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env={**os.environ, **env}, **options)


def running(desk, command, env=None, **options):
    return Running(desk, command, {**desk.environment, **(env or {})}, **options)


def watch(seconds):
    """For what must not happen: nothing tells of it."""
    select.select([], [], [], seconds)
