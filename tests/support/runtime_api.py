# SPDX-License-Identifier: Apache-2.0
"""A scripted AWS Lambda Runtime API, and a function that runs on it.

    with runtime_api.Function(replaying.handler("told")) as function:
        answer = function.invoke({"do": "retry", "reason": "away"})
        tap.equal((answer.path, answer.error), ("error", "Function.Retry"))
        tap.equal(function.stop().status, 0)

Every call can be scripted: `function.api.script("next", Answer(204))`, `function.invoke(..., replies=[Answer(413)])`.
Nothing is waited for longer than LIMIT_S; what is started is stopped by its pid.
"""
import collections
import dataclasses
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import tap
from runtime_wire import LIMIT_S, Answer, Closed, Connection

VERSION = "/2018-06-01/runtime"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:leat"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=3995c3f42cd8ad8a;Sampled=1"
KINDS = {
    ("GET", VERSION + "/invocation/next"): "next",
    ("POST", VERSION + "/init/error"): "init",
    ("GET", VERSION + "/restore/next"): "restore",
    ("POST", VERSION + "/restore/error"): "restore-error",
    ("POST", "/2020-01-01/extension/register"): "register",
    ("GET", "/2020-01-01/extension/event/next"): "extension",
}
ACCEPTED = Answer(202, (("Content-Type", "application/json"),), b'{"status":"OK"}\n')


def problem(status, kind):
    """The answer of the real server when it refuses."""
    body = json.dumps({"errorMessage": kind, "errorType": kind}).encode()
    return Answer(status, (("Content-Type", "application/json"),), body)


class Invocation:
    """What a test wants done, and what came of it: `posts`, in the order they came."""

    def __init__(self, payload, request_id, deadline_ms, headers, replies, wire):
        self.payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.request_id, self.deadline_ms = request_id, deadline_ms
        self.changes = {name.lower(): (name, value) for name, value in (headers or {}).items()}
        self.replies = collections.deque(replies)
        self.wire = wire
        self.poll = None         # the request that got it
        self.posts = []
        self.begun = threading.Event()   # the head of a post is there
        self.done = threading.Event()

    def answer(self):
        """Of `next`. A header of None is left out, a list is that many headers."""
        usual = {"Lambda-Runtime-Aws-Request-Id": self.request_id,
                 "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + self.deadline_ms),
                 "Lambda-Runtime-Invoked-Function-Arn": ARN, "Lambda-Runtime-Trace-Id": TRACE,
                 "Content-Type": "application/json"}
        named = {name.lower(): (name, value) for name, value in usual.items()} | self.changes
        headers = [(name, each) for name, value in named.values() if value is not None
                   for each in (value if isinstance(value, list) else [value])]
        return Answer(200, tuple(headers), self.payload, **self.wire)

    @property
    def nonce(self):
        return (self.changes.get("lambda-runtime-invocation-id") or (None, None))[1] or None


@dataclasses.dataclass
class Answered:
    """The last post for an invocation."""
    request: object
    posts: list

    @property
    def path(self):
        return self.request.kind

    @property
    def body(self):
        return bytes(self.request.body)

    @property
    def error(self):
        return self.request.get("Lambda-Runtime-Function-Error-Type")

    @property
    def message(self):
        return self.json()["errorMessage"]

    def json(self):
        return json.loads(self.body)


class RuntimeApi:
    """The server: a thread a connection. `requests` has all that came, in order of their heads."""

    def __init__(self, base="", listening=True):
        self.base = base
        self.lock = threading.RLock()
        self.work = threading.Condition(self.lock)      # what polls wait for
        self.changed = threading.Condition(self.lock)   # what tests wait for
        self.scripts = collections.defaultdict(collections.deque)
        self.queue = collections.deque()
        self.running = collections.defaultdict(list)    # by request id
        self.requests, self.strays, self.crossed, self.problems = [], [], [], []
        self.gone = []           # (number of the connection, where in a request the client left)
        self.waiting = 0         # polls that are held
        self.connections = []
        self.threads = []
        self.ended = None        # what `next` is answered from now on
        self.closing = False
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.listener.bind(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}{base}"
        if listening:
            self.listen()

    # --- for tests ------------------------------------------------------------------------------------

    def listen(self):
        """Until then connections are refused."""
        self.listener.listen(256)
        self._start(self._accept)

    def script(self, kind, *answers):
        """The next requests of this kind are answered so; "next" before anything that is queued."""
        with self.lock:
            self.scripts[kind].extend(answers)
            self.work.notify_all()

    def of(self, *kinds):
        with self.lock:
            return [request for request in self.requests if request.kind in kinds]

    def kinds(self):
        with self.lock:
            return [request.kind for request in self.requests]

    def wait_for(self, condition, what, alive=lambda: None):
        """Until condition() holds; `alive` may raise while it does not."""
        deadline = time.monotonic() + LIMIT_S
        with self.lock:
            while not condition():
                alive()
                assert time.monotonic() < deadline, f"{what}: not within {LIMIT_S} s; {self.requests[-5:]}"
                self.changed.wait(0.02)

    def add(self, invocation):
        with self.lock:
            self.queue.append(invocation)
            self.work.notify()

    def end(self, answer=Answer(410)):
        """What `next` is answered when nothing is queued."""
        with self.lock:
            self.ended = answer
            self.work.notify_all()

    def drop(self, reset=False):
        """Closes every connection that is open now."""
        with self.lock:
            for connection in self.connections:
                connection.drop(reset)
            self.work.notify_all()

    def open_connections(self):
        with self.lock:
            return [connection for connection in self.connections if connection.alive()]

    def close(self):
        self.closing = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:  # it never listened
            pass
        if self.threads:
            self.threads[0].join(LIMIT_S)  # what accepts
        self.listener.close()
        self.drop()
        for thread in list(self.threads):
            thread.join(LIMIT_S)

    # --- connections ----------------------------------------------------------------------------------

    def _start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        number = 0
        while not self.closing:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            number += 1
            connection = Connection(sock, number)
            with self.lock:
                self.connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection):
        try:
            while not connection.doomed and (request := connection.head()) is not None:
                self._handle(connection, request)
        except Closed as where:
            with self.lock:
                self.gone.append((connection.number, str(where)))
        except Exception as error:  # what the client did wrong is told by the test, not by its thread
            self.problems.append(f"{type(error).__name__}: {error}")
        finally:
            with self.lock:
                connection.dropped = True
                connection.close()
                self.connections.remove(connection)
                self.changed.notify_all()

    def _handle(self, connection, request):
        invocation, answer = self._note(request)
        if answer is not None and answer.early:
            self._send(connection, request, answer)
        if answer is not None and answer.read_when is not None:
            assert answer.read_when.wait(LIMIT_S), "nobody let the body be read"
        if connection.body(request, answer.read_bytes if answer is not None else None):
            connection.doomed = True
            connection.reset()
            return
        if answer is None:
            answer = self._default(connection, request)
        if not answer.early:
            self._send(connection, request, answer)
        if invocation is not None and answer.cut is None:
            invocation.done.set()

    def _send(self, connection, request, answer):
        if answer.until is not None:
            assert answer.until.wait(LIMIT_S), "nobody let the answer be sent"
        if answer.behind_next:
            connection.more()
        connection.send(answer)
        with self.lock:
            request.answered = answer.status
            self.changed.notify_all()

    def _note(self, request):
        """Records it; (the invocation it is for, what is scripted for it)."""
        path = request.target.removeprefix(self.base)
        post = re.fullmatch(VERSION + "/invocation/([^/?#]+)/(response|error)", path)
        with self.lock:
            request.kind = post[2] if post and request.method == "POST" else KINDS.get((request.method, path), "other")
            self.requests.append(request)
            self.changed.notify_all()
            if not request.target.startswith(self.base) or request.kind == "other":
                self.strays.append(request)
                return None, problem(404, "NotFound")
            scripted = self.scripts[request.kind]
            if not post:
                return None, scripted.popleft() if scripted and request.kind != "next" else None
            invocation = self._meant(request, urllib.parse.unquote(post[1], "latin-1"))
            if invocation is None:
                self.strays.append(request)
                return None, problem(400, "InvalidRequestID")
            answer = invocation.replies.popleft() if invocation.replies else scripted.popleft() if scripted else ACCEPTED
            invocation.begun.set()
            return invocation, answer

    def _meant(self, request, identity):
        """The invocation that a post is for; what does not fit it to the letter is noted as crossed."""
        nonces = request.all("Lambda-Runtime-Invocation-Id")
        candidates = self.running[identity]
        fitting = [each for each in candidates if nonces == ([each.nonce] if each.nonce else [])]
        if not fitting and candidates:
            self.crossed.append(request)
        invocation = fitting[-1] if fitting else None
        if invocation is not None:
            invocation.posts.append(request)
        return invocation

    # --- what is answered if nothing is scripted ---------------------------------------------------------

    def _default(self, connection, request):
        if request.kind == "next":
            return self._next(connection, request)
        if request.kind == "extension":
            self._hold(connection)
        if request.kind == "register":
            return Answer(200, (("Lambda-Extension-Identifier", "ext-0001"),), b'{"functionName":"leat"}')
        return Answer(200) if request.kind == "restore" else ACCEPTED

    def _next(self, connection, request):
        with self.lock:
            self.waiting += 1
            self.changed.notify_all()
            try:
                while True:
                    if not connection.alive():
                        raise Closed("idle in next")
                    if self.scripts["next"]:
                        return self.scripts["next"].popleft()
                    if self.queue:
                        return self._given(self.queue.popleft(), request)
                    if self.ended is not None:
                        return self.ended
                    self.work.wait(0.25)
            finally:
                self.waiting -= 1

    def _given(self, invocation, request):
        invocation.poll = request
        self.running[invocation.request_id].append(invocation)
        return invocation.answer()

    def _hold(self, connection):
        with self.lock:
            while connection.alive() and not self.closing:
                self.work.wait(0.25)
        raise Closed("held")


@dataclasses.dataclass
class Stopped:
    status: int   # of the process; a signal that ended it is negative
    err: str
    out: str


class Function:
    """build/bootstrap on a RuntimeApi of its own, in an environment like Lambda's and nothing else."""

    def __init__(self, handler=None, env=None, api=None, concurrency=None, arguments=(), bare=False, pass_fds=(),
                 program=None, scripts=None):
        self.api = api or RuntimeApi()
        for kind, answers in (scripts or {}).items():  # what is asked for as soon as it starts
            self.api.script(kind, *answers)
        self.program = program or tap.BUILD / "bootstrap"
        self.arguments, self.pass_fds = arguments, pass_fds
        self._folder = tempfile.TemporaryDirectory(prefix="leat-function-")
        self.folder = pathlib.Path(self._folder.name)
        self.env = self._environment(handler, {**({"AWS_LAMBDA_MAX_CONCURRENCY": str(concurrency)} if concurrency else {}),
                                               **(env or {})}, bare)
        self.process = None
        self.count = 0

    def _environment(self, handler, changes, bare):
        passed = re.compile(r"(ASAN|LSAN|TSAN|UBSAN|GCOV|LLVM_PROFILE)_")
        made = {name: value for name, value in os.environ.items() if passed.match(name)}
        if not bare:
            made |= {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC",
                     "LAMBDA_TASK_ROOT": str(self.folder), "LAMBDA_RUNTIME_DIR": "/var/runtime",
                     "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_LAMBDA_FUNCTION_NAME": "leat",
                     "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                     "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/leat", "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[1]a",
                     "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
        made |= {"AWS_LAMBDA_RUNTIME_API": self.api.address} | ({"_HANDLER": str(handler)} if handler else {})
        return {name: value for name, value in (made | changes).items() if value is not None}

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.kill()
        self.api.close()
        self._folder.cleanup()
        assert kind is not None or not self.api.problems, self.api.problems

    def start(self):
        with open(self.folder / "err", "wb") as err, open(self.folder / "out", "wb") as out:
            self.process = subprocess.Popen([self.program, *self.arguments], env=self.env, cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=self.pass_fds)
        return self

    @property
    def err(self):
        return (self.folder / "err").read_bytes().decode(errors="replace")  # \r stays \r

    def alive(self):
        """Raises if the process has ended."""
        assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.err}"

    # --- invocations --------------------------------------------------------------------------------------

    def later(self, payload, request_id=None, deadline_ms=30000, headers=None, replies=(), **wire):
        """Queues an invocation; `wire` are members of Answer."""
        self.count += 1
        name = f"{self.count:08x}-0000-4000-8000-{self.count:012x}" if request_id is None else request_id
        invocation = Invocation(payload, name, deadline_ms, headers, replies, wire)
        self.api.add(invocation)
        return invocation

    def answer(self, invocation):
        """Waits for it."""
        deadline = time.monotonic() + LIMIT_S
        while not invocation.done.wait(0.1):
            if self.process.poll() is not None and not invocation.done.wait(0.5):
                self.alive()
            assert time.monotonic() < deadline, f"no answer within {LIMIT_S} s; {self.api.requests[-5:]}\n{self.err}"
        return Answered(invocation.posts[-1], invocation.posts)

    def invoke(self, payload, **options):
        return self.answer(self.later(payload, **options))

    def idle(self, polls=1):
        """Waits until it polls and nothing is queued."""
        self.api.wait_for(lambda: self.api.waiting >= polls and not self.api.queue, "a poll", self.alive)

    def holds_its_polls(self, polls):
        """For a while that an impatient client would not have: no other request, and no work."""
        self.idle(polls)
        requests, before = len(self.api.requests), self._ticks()
        try:
            self.process.wait(1.5)
        except subprocess.TimeoutExpired:
            pass
        tap.equal((len(self.api.requests), self.api.waiting), (requests, polls))
        assert self._ticks() - before <= 2, "it turns in circles"

    def _ticks(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    # --- the process --------------------------------------------------------------------------------------

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        os.waitid(os.P_PID, self.process.pid, os.WCONTINUED)

    def wait(self):
        """Until the process has ended by itself."""
        try:
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end; {self.api.requests[-5:]}\n{self.err}") from None
        return Stopped(self.process.returncode, self.err, (self.folder / "out").read_text(errors="replace"))

    def stop(self):
        """The environment is taken down: 410 to what polls."""
        self.api.end()
        return self.wait()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


def test(handler, *options, **settings):
    """A test with a running function of this handler of tests/handlers; it must not end by itself."""
    import replaying  # only those who build handlers need a compiler

    def decorate(function):
        def run():
            with Function(replaying.handler(handler, *options), **settings) as made:
                function(made)
        run.__name__ = function.__name__
        return tap.test(run)
    return decorate
