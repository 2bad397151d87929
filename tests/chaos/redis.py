# SPDX-License-Identifier: Apache-2.0
"""`./dev chaos redis N` ends here: a stream at a server of its own, which is killed too."""
import signal
import sys
import time

import load
import redis_server
import table
import yard

STREAM, SERVER_SHARE, AWAY_MS = "jobs", 0.3, 300
# So many kills of the server are followed by others only when all are connected again. Letters wait for a connection for
# half a minute, and are retries then: without this a row of kills could outlast that.
CONNECTED_SHARE = 0.7
# Redis counts deliveries, so a kill is an attempt: no event may run out of them by being killed.
SOURCE = "ordering: key, max_attempts: 1000"
LEASES = {1: "1m", 2: "10s"}  # by workers; one alone finds again what was its own, and needs none
TERM = load.Kind(lanes=8, retries=0.15, backoff="{base: 150ms, max: 200ms}", mixed=False)
KINDS = {(False, 1): load.Kind(), (False, 2): load.Kind(mixed=False), (True, 1): TERM, (True, 2): TERM}


class Stream:
    """A producer that is told of no id has made none: it numbers the entries itself, and says it until it is heard."""

    def __init__(self, server):
        self.server, self.client, self.names = server, None, {}

    def ask(self, *words):
        for _ in range(3000):
            try:
                self.client = self.client or redis_server.Client(self.server.path)
                return self.client(*words)
            except OSError:
                self.client = None
            except redis_server.Error as error:
                if not str(error).startswith("LOADING"):
                    raise
            redis_server.wait(0.01)
        raise AssertionError("the server does not come back")

    def put(self, name, text):
        number = len(self.names) + 1
        self.names[f"{number}-1"] = name
        try:
            self.ask("XADD", STREAM, f"{number}-1", "payload", text)
        except redis_server.Error as error:
            if "equal or smaller" not in str(error):  # it was heard the time before
                raise

    def waiting(self):
        try:
            group, = self.ask("XINFO", "GROUPS", STREAM)
            group = dict(zip(group[::2], group[1::2]))
            return len(self.names) - int(group["last-delivered-id"].split("-")[0])
        except (redis_server.Error, ValueError):
            return len(self.names)


class Yard(yard.Yard):
    name = "redis"
    kinds = KINDS

    @staticmethod
    def add_options(parser):
        parser.add_argument("--server-share", type=float, default=SERVER_SHARE,
                            help="so many of the kills hit the server (not with --term)")

    def columns(self):
        return {"of the server": self.server_kills, "server": self.version}

    def make_queue(self):
        self.server = redis_server.Server(self.folder)
        self.server_kills = 0
        self.version = self.server.version()
        self.stream = Stream(self.server)
        return self.stream

    def source(self):
        return (f'{{type: redis, url: "{self.server.url}", stream: {STREAM}, {SOURCE}, '
                f"lease: {LEASES[self.options.workers]}")

    def sinks(self):
        return {name: f'{{type: redis, url: "{self.server.url}", stream: {name}}}' for name in ["dead", "emitted"]}

    def arguments(self, number):
        return ["--set", f"sources.inbox.consumer=worker-{number}"]

    # --- kills -----------------------------------------------------------------------------------------------------

    def strike(self, number):
        if self.options.term or self.chance.random() >= self.options.server_share:
            return super().strike(number)
        self.await_moment(number)
        self.server.kill()
        yard.wait(self.chance.uniform(0, AWAY_MS))
        self.server.start()
        self.server_kills += 1
        if self.chance.random() < CONNECTED_SHARE:
            self.await_clients()
        return False

    def end(self, number, signal_number, others=()):
        """SIGTERM finds it connected: what it does without a server, it is not asked here."""
        if signal_number == signal.SIGTERM and self.server_kills:
            self.await_clients()
        super().end(number, signal_number, others)

    def await_clients(self):
        """Each worker has two connections, and each of its sinks one."""
        until = time.monotonic() + yard.LIMIT / 2
        while self.clients() < 4 * self.alive() and time.monotonic() < until:
            redis_server.wait(0.005)

    def alive(self):
        return sum(worker.poll() is None for worker in self.workers)

    def clients(self):
        return sum(" name=leat " in line for line in self.server("CLIENT", "LIST").splitlines())

    def left(self, pid):
        """What the dead one had sent before its end is carried out first."""
        for _ in range(3000):
            if self.clients() <= 4 * self.alive():
                break
            redis_server.wait(0.001)
        return [self.stream.names[entry[0]] for entry in self.server.pending(STREAM)]

    def judge_end(self, pid, status):
        """One that was told to end leaves nothing that somebody would have to wait for; before it can hear of that, the
        signal is its end, and what a killed one left lies there still."""
        if status == -signal.SIGTERM and not self.journal.begun_by(pid):
            return
        number = next(number for number, worker in enumerate(self.workers) if worker.pid == pid)
        kept = [entry for entry in self.server.pending(STREAM) if entry[1] == f"worker-{number}" and entry[2] < 10 ** 9]
        self.wrong += [f"entry {entry} was not given back" for entry in kept]
        if status != 0:
            self.wrong.append(f"a worker that was told to end did with {status}")

    # --- the end ---------------------------------------------------------------------------------------------------

    def judge_queue(self):
        if not self.server.is_done(STREAM):
            self.wrong.append(f"the group is not done: {self.server.group(STREAM)}, {self.server.pending(STREAM)[:5]}")
        if self.server("XLEN", f"{STREAM}.failed"):
            self.wrong.append(f"entries were put aside: {self.server('XRANGE', f'{STREAM}.failed', '-', '+')[:5]}")

    def gather(self):
        """What the sinks have, as files."""
        for name, path in [("dead", self.dead), ("emitted", self.emitted)]:
            path.write_text("".join(fields[1] + "\n" for _, fields in self.server("XRANGE", name, "-", "+")))

    def close(self):
        self.server.__exit__()


if __name__ == "__main__":
    sys.exit(table.main(Yard))
