# SPDX-License-Identifier: Apache-2.0
"""For tests against a real Redis: Debian's redis-server, or the program that LEAT_REDIS_SERVER names, on a free port of
loopback and on a Unix socket.

    with redis_server.Server(folder) as server:
        server("XADD", "orders", "*", "order", '{"id":1}')

It is started with appendfsync always, so that what it acknowledged is there after kill -9.
"""
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time

import tap

PROGRAM = os.environ.get("LEAT_REDIS_SERVER") or "redis-server"
LIMIT = 30  # seconds


class Error(Exception):
    """What the server said."""


class Client:
    """One connection: RESP2, as far as tests need it."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")

    def __call__(self, *words):
        self.send(*words)
        return self.reply()

    def send(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise Error(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode(errors="surrogateescape")
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest.decode()

    def close(self):
        self.file.close()
        self.socket.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, folder, *options, port=None, name="redis"):
        if shutil.which(PROGRAM) is None:
            raise tap.Skip(f"service {PROGRAM} is not installed")
        self.folder = folder / name
        self.folder.mkdir()
        self.port = port or free_port()
        self.path = self.folder / "socket"
        self.options = list(map(str, options))
        self.environment = dict(os.environ)
        self.process = self.client = None
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        """Waits until it answers and has read what it had."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.path),
                 "--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "always", "--save", "",
                 *self.options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            try:
                self.client = Client(self.path)
                if self.client("PING") == "PONG":
                    return self
            except (OSError, Error):
                pass
            assert self.process.poll() is None, (self.folder / "log").read_text()
            wait(0.01)
        raise AssertionError("redis-server does not answer")

    def __call__(self, *words):
        """Once more where the server has closed the connection, as a Sentinel makes it do."""
        try:
            return self.client(*words)
        except OSError:
            self.client = Client(self.path)
            return self.client(*words)

    def _gone(self):
        self.process.wait(LIMIT)
        self.client.close()

    def kill(self):
        self.process.kill()
        self._gone()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        self._gone()

    def signal(self, number):
        self.process.send_signal(number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self._gone()

    def version(self):
        """ "Redis 7.0.15" """
        said = self("INFO", "server")
        found = re.search(r"^valkey_version:(\S+)", said, re.M)
        return f"Valkey {found[1]}" if found else "Redis " + re.search(r"^redis_version:(\S+)", said, re.M)[1]

    def is_since(self, *version):
        """It can what that version of Redis could: Valkey says so too."""
        said = re.search(r"^redis_version:([\d.]+)", self("INFO", "server"), re.M)[1]
        return tuple(map(int, said.split("."))) >= version

    # --- what is there ------------------------------------------------------------------------------------------

    def add(self, stream, *payloads):
        """Entries of one field; their ids."""
        return [self("XADD", stream, "*", "payload", payload) for payload in payloads]

    def pending(self, stream, group="leat"):
        """[id, consumer, idle ms, deliveries] of each."""
        try:
            return self("XPENDING", stream, group, "-", "+", 1000000)
        except Error as error:
            if str(error).startswith("NOGROUP"):
                return []
            raise

    def group(self, stream, group="leat"):
        """What XINFO GROUPS says of it, as a map; None: there is none."""
        try:
            groups = [dict(zip(found[::2], found[1::2])) for found in self("XINFO", "GROUPS", stream)]
        except Error:
            return None
        return next((found for found in groups if found["name"] == group), None)

    def is_done(self, stream, group="leat"):
        """All that is in it was delivered and acknowledged."""
        found = self.group(stream, group)
        last = self("XREVRANGE", stream, "+", "-", "COUNT", 1)
        return found is not None and found["pending"] == 0 and (not last or found["last-delivered-id"] == last[0][0])


def wait(seconds):
    select.select([], [], [], seconds)
