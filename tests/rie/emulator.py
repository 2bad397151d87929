# SPDX-License-Identifier: Apache-2.0
"""The Runtime Interface Emulator with build/bootstrap as its program and tests/handlers/rie.c as the handler.

    @emulator.test()
    def a_direct_call_is_answered(function):
        tap.equal(function.call({"do": "tell", "name": "a"})["name"], "a")

Options of the test are variables of its environment. What was started is stopped by its pid, also when a test fails.
"""
import base64
import concurrent.futures
import functools
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import replaying
import tap

LIMIT_S = 20
UNAVAILABLE = "Runtime.Unavailable"  # no slot asks for an event
PATH = "/2015-03-31/functions/function/invocations"
# Managed instances look for /var/task/bootstrap: a /var of their own, which goes with the last process in it.
NAMESPACE = ["unshare", "--mount", "--propagation", "private"]
ENTER = """mount -t tmpfs -o mode=755 tmpfs /var && mkdir /var/task && cp bootstrap rie.so /var/task &&
    program=$PWD/emulator && cd /var/task && exec "$program" "$@" """


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def error(self):
        """(type, message)"""
        return self.json()["errorType"], self.json()["errorMessage"]


@functools.lru_cache
def program():
    done = tap.run(sys.executable, tap.ROOT / "tests/services/rie.py")
    return pathlib.Path(done.stdout.strip()) if done.returncode == 0 else done.stderr.strip()


@functools.lru_cache
def no_namespace():
    """Why a mount namespace of our own cannot be had; None: it can."""
    if os.geteuid() != 0:
        return "root is needed for a mount namespace"
    done = tap.run(*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/var")
    return None if done.returncode == 0 else f"no mount namespace here: {done.stderr.strip()}"


def free_ports(count):
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def until(condition, what):
    """Its value, once it is true. Sleeps nowhere: what is asked takes its time by itself."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
    raise AssertionError(f"{what}: not within {LIMIT_S} s")


def descendants(pid):
    """The pids of all that a process has started and that is still its own."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Function:
    def __init__(self, folder, managed, environment):
        self.folder, self.managed = pathlib.Path(folder), managed
        self.folder.chmod(0o755)  # managed instances run as another user
        self.environment = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": "orders", "AWS_REGION": "eu-west-1",
                            "LEAT_HANDLER": "rie.so", **environment}
        self.environment.pop("LEAT_HANDLER_PATH", None)
        if managed:
            self.environment["AWS_LAMBDA_MAX_CONCURRENCY"] = "4"
        self.process, self.log_path, self.left = None, self.folder / "log", []
        self.meeting = None

    # --- start and end

    def start(self):
        shutil.copy(replaying.handler("rie"), self.folder / "rie.so")
        shutil.copy(tap.BUILD / "bootstrap", self.folder / "bootstrap")
        shutil.copy(program(), self.folder / "emulator")
        for _ in range(3):  # somebody else may take a port that was free
            if self.is_started():
                return
        raise AssertionError(f"the emulator does not start:\n{self.log()}")

    def is_started(self):
        api, self.port = free_ports(2)
        options = ["--log-level", "info", "--runtime-api-address", f"127.0.0.1:{api}",
                   "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}"]
        command = [self.folder / "emulator", *options, self.folder / "bootstrap"]
        if self.managed:
            command = [*NAMESPACE, "sh", "-c", ENTER, "sh", *options]
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        until(lambda: self.process.poll() is not None or self.answers(), "the emulator listens")
        return self.process.poll() is None

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S).close()
            return True
        except ConnectionRefusedError:
            return False

    def pids(self):
        """Of what the emulator runs."""
        return descendants(self.process.pid)

    def stop(self):
        """Its exit status after SIGTERM. What it ran must end, too."""
        running = self.pids()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(LIMIT_S)
        until(lambda: not any(map(is_alive, running)), "what the emulator ran has ended")
        return status

    def close(self):
        if self.process is not None and self.process.poll() is None:
            running = self.pids()
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(LIMIT_S)
            for pid in filter(is_alive, running):
                os.kill(pid, signal.SIGKILL)
        if self.meeting is not None:
            self.meeting.close()

    # --- calls

    def invoke(self, payload, headers=None):
        """A call. Managed instances are refused for a moment behind each answer, until a slot asks again: the platform
        tries again then, and so does this."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            answer = self.invoke_once(payload, headers)
            if answer.status != 400 or answer.json()["errorType"] != UNAVAILABLE or time.monotonic() > deadline:
                return answer

    def invoke_once(self, payload, headers=None):
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        try:
            connection.request("POST", PATH, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def call(self, payload, **headers):
        """What a call that succeeds answers, as a JSON value."""
        answer = self.invoke(payload, headers)
        tap.equal(answer.status, 200, answer.body[:300])
        return answer.json()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # --- handlers that wait

    def meet(self):
        """Where {"do": "wait", "at": ...} is told to go."""
        path = self.folder / "meeting"
        if self.meeting is None:
            self.meeting = socket.socket(socket.AF_UNIX)
            self.meeting.settimeout(LIMIT_S)
            self.meeting.bind(str(path))
            self.meeting.listen(64)
            path.chmod(0o777)
        return str(path)

    def met(self):
        """(name, connection) of the next handler that is there; a byte sent to it lets it go on."""
        connection, _ = self.meeting.accept()
        connection.settimeout(LIMIT_S)
        return connection.makefile().readline().strip(), connection


def client_context(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def test(managed=False, **environment):
    """A test with a function of its own, once it is started."""
    def decorate(function):
        def run():
            if not isinstance(program(), pathlib.Path):
                raise tap.Skip(f"service {program()}")
            if managed and no_namespace():
                raise tap.Skip(no_namespace())
            with tap.folder() as folder:
                started = Function(folder, managed, environment)
                try:
                    started.start()
                    function(started)
                except Exception as error:
                    raise AssertionError(f"{error}\nlog of the emulator:\n{started.log()[-3000:]}") from error
                finally:
                    started.close()
        run.__name__ = function.__name__
        return tap.test(run)
    return decorate


def in_parallel(calls):
    """Begins all calls at once; futures, in their order."""
    pool = concurrent.futures.ThreadPoolExecutor(len(calls))
    futures = [pool.submit(call) for call in calls]
    pool.shutdown(wait=False)
    return futures
