# SPDX-License-Identifier: Apache-2.0
"""For tests of `leat run`: a worker off a spool, and what it says.

    @working.test
    def what_is_there_is_run(desk):
        desk.configure()
        desk.put({"do": "ok"})
        done = desk.run("--until-idle")
        tap.equal(done.returncode, 0)
"""
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import time

import replaying
import tap

LIMIT = 60  # seconds that anything may take; all of it takes far less


# A crash that is meant is no finding of the address sanitizer.
CRASHING = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0:handle_abort=0:detect_leaks=0"}


def tried(name):
    """What the name of a file that waits says: (its producer's name, attempts, when it is due, the delay)."""
    found = re.fullmatch(r"(.*),a=(\d+),t=(\d+),d=(\d+),x=[0-9a-f]{8}", name)
    return (found[1], *map(int, found.groups()[1:])) if found else (name, 0, 0, 0)


class Worker:
    """`leat run`, started; killed at the end of a `with`."""

    def __init__(self, desk, *arguments, env=None, **options):
        self.said = ""
        self.process = subprocess.Popen([tap.BUILD / "leat", "run", *map(str, arguments)], cwd=desk.folder, text=False,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env={**os.environ, **desk.environment, **(env or {})}, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def _more(self, until):
        """False: it has closed its stderr."""
        ready, _, _ = select.select([self.process.stderr], [], [], max(0, until - time.monotonic()))
        assert ready, f"nothing more in {LIMIT} s; so far:\n{self.said}"
        data = os.read(self.process.stderr.fileno(), 65536)
        self.said += data.decode(errors="replace")
        return data != b""

    def says(self, part, times=1):
        """Waits until it has said that, so often in all."""
        until = time.monotonic() + LIMIT
        while self.said.count(part) < times:
            assert self._more(until), f"{part!r} is not in what it said until its end:\n{self.said}"
        return self

    def signal(self, number):
        self.process.send_signal(number)
        return self

    def end(self):
        """Its exit status."""
        until = time.monotonic() + LIMIT
        while self._more(until):
            pass
        return self.process.wait(LIMIT)

    def term(self):
        return self.signal(signal.SIGTERM).end()


class Desk(replaying.Desk):
    def __init__(self, folder):
        super().__init__(folder)
        self.puts = 0
        self.environment = {"LEAT_CONFIG": "", "LEAT_HANDLER_PATH": "", "STATE_DIRECTORY": str(self.path("state")),
                            "NOTIFY_SOCKET": "", "WATCHDOG_USEC": "", "LEAT_KEPT_FDS": ""}

    def configure(self, text="", handler="told", **sources):
        """leat.yaml: a spool called inbox, or those given as NAME=its options; `text` is added."""
        sources = sources or {"inbox": "{type: spool, path: spool, backoff: {base: 10ms, max: 20ms}}"}
        lines = [f"handler: {self.handler(handler)}", "concurrency: 2", "sources:"]
        lines += [f"  {name}: {options}" for name, options in sources.items()]
        return self.write("leat.yaml", "\n".join(lines) + "\n" + text)

    def put(self, *payloads, spool="spool"):
        """Files as a producer makes them: written aside, then renamed."""
        for folder in ["tmp", "new"]:
            self.path(f"{spool}/{folder}").mkdir(parents=True, exist_ok=True)
        for payload in payloads:
            self.puts += 1
            name = f"{self.puts:04}.json"
            self.write(f"{spool}/tmp/{name}", payload)
            self.path(f"{spool}/tmp/{name}").rename(self.path(f"{spool}/new/{name}"))

    def put_as(self, name, payload, spool="spool"):
        """One file of that name; a bare text or bytes go as they are."""
        for folder in ["tmp", "new"]:
            self.path(f"{spool}/{folder}").mkdir(parents=True, exist_ok=True)
        self.write(f"{spool}/tmp/{name}", payload)
        self.path(f"{spool}/tmp/{name}").rename(self.path(f"{spool}/new/{name}"))
        return name

    def folders(self, spool="spool"):
        """The names of what lies in each folder but tmp; empty ones are left out."""
        found = {}
        for name in ["new", "cur", "failed", "done"]:
            names = sorted(path.name for path in self.path(f"{spool}/{name}").rglob("*") if path.is_file())
            if names:
                found[name] = names
        return found

    def lives(self, *arguments, most=8, between=None, **options):
        """Starts it again each time it dies, as a supervisor does: the exit statuses, and all that was said."""
        statuses, said = [], ""
        while len(statuses) < most and (not statuses or statuses[-1] != 0):
            done = self.run(*arguments, **options)
            statuses.append(done.returncode)
            said += done.stderr
            if between and done.returncode != 0:
                between()
        return statuses, said

    def status(self):
        """What /status says, on the socket `admin`."""
        code, _, body = get(self.path("admin"), "/status")
        tap.equal(code, 200)
        return json.loads(body)

    def source(self):
        """Of its only source."""
        source, = self.status()["sources"]
        return source

    def letters(self, name):
        """The lines of a file sink."""
        path = self.path(name)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def waiting(self, spool="spool"):
        """The names of what is left to do."""
        return sorted(path.name for folder in ["new", "cur"] for path in self.path(f"{spool}/{folder}").rglob("*")
                      if path.is_file())

    def dead(self, name="state/dead.ndjson"):
        """Dead letters; out of the ids the time is taken that tells files of one name apart."""
        letters = self.letters(name)
        for letter in letters:
            letter["id"] = re.sub("@[0-9]+/", "/", letter["id"])
        return letters

    def run(self, *arguments, env=None, **options):
        options.setdefault("timeout", LIMIT)
        return self.leat("run", *arguments, env={**self.environment, **(env or {})}, **options)

    def worker(self, *arguments, **options):
        return Worker(self, *arguments, **options)


def test(function):
    """A test with a desk of its own."""
    def run():
        with tap.folder() as folder:
            function(Desk(folder))
    run.__name__ = function.__name__
    return tap.test(run)


class Supervisor:
    """The socket that systemd gives to a service; `name` with @ in front is abstract."""

    def __init__(self, name):
        self.name = str(name)
        self.heard = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.name[1:] if self.name.startswith("@") else self.name)
        self.socket.settimeout(LIMIT)

    def hears(self, part):
        """Waits for a message with that line in it, and gives its lines as a map."""
        while True:
            message = self.socket.recv(4096).decode()
            self.heard.append(message)
            if part in message.split("\n"):
                return dict(line.split("=", 1) for line in message.split("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def get(path, target, method="GET"):
    """(status, type, body) of a request to a Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(LIMIT)
        connection.connect(str(path))
        connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: leat\r\n\r\n".encode())
        answer = b""
        while data := connection.recv(65536):
            answer += data
    head, body = answer.decode().split("\r\n\r\n", 1)
    lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    tap.equal(int(headers["Content-Length"]), len(body.encode()))
    return int(lines[0].split()[1]), headers["Content-Type"], body


def wait_until(condition, about):
    """Bounded: for what nobody tells of."""
    until = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < until, about
        select.select([], [], [], 0.01)
