# SPDX-License-Identifier: Apache-2.0
"""A queue under load, the workers on it, and what is seen of it from outside when one of them has ended."""
import os
import random
import re
import select
import signal
import subprocess
import time

import journal
import load
import replaying
import tap

LIMIT = 60          # seconds that anything may take
LIVES = [20, 100, 400]  # so many events at most until the signal: lives are of several lengths
IN_FLIGHT = 64
START_SHARE = 0.15  # so many are hit while they start
START_MS, AFTER_MS = 40, 4
SUFFIX = re.compile(r",a=(\d+),t=-?\d+,d=\d+,x=[0-9a-f]{8}$")


def wait(ms):
    select.select([], [], [], ms / 1000)


def name_and_tries(name):
    found = SUFFIX.search(name)
    return (name[:found.start()], int(found[1])) if found else (name, 0)


class Ended(Exception):
    """A worker ended that nobody has ended."""


class Yard:
    """A kind of queue fills in what is raised here."""
    name = None   # of the kind
    kinds = None  # (term, workers): load.Kind

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.dead, self.emitted = folder / "dead.ndjson", folder / "emitted.ndjson"
        self.chance = random.Random(f"moments {options.seed}")
        self.load = load.Load(options.seed, self.kinds[options.term, options.workers])
        self.producer = load.Producer(self.make_queue(), self.load, options.waiting)
        self.journal = journal.Journal(folder / "journal")
        self.exposed = {}   # event: in so many kills it had begun and its file was still there
        self.wrong = []     # what may never be, in words
        self.workers = []
        self.configure()

    def configure(self):
        self.config = self.folder / "chaos.yaml"
        self.config.write_text(f"""\
handler: {self.handler()}
concurrency: {self.options.slots}
dead_letter: dead
settings: {{log: {self.journal.path}}}
sinks:
  dead: {self.sinks()["dead"]}
  emitted: {self.sinks()["emitted"]}
sources:
  inbox: {self.source()}, max_in_flight: {IN_FLIGHT}, backoff: {self.load.kind.backoff}}}
""")

    @staticmethod
    def add_options(parser):
        """Of its own, for the command line."""

    def columns(self):
        """Of its own, for the table."""
        return {}

    def make_queue(self):
        """With put(name, text) and waiting()."""
        raise NotImplementedError

    def source(self):
        """Its options in YAML, without the last brace."""
        raise NotImplementedError

    def sinks(self):
        return {"dead": f"{{type: file, path: {self.dead}}}", "emitted": f"{{type: file, path: {self.emitted}}}"}

    def arguments(self, number):
        """Of a worker's command line."""
        return []

    def left(self, pid):
        """The names of what was put and is not acknowledged, now that this worker has ended."""
        raise NotImplementedError

    def judge_end(self, pid, status):
        """One that was told to end."""
        raise NotImplementedError

    def judge_queue(self):
        """All is over: nothing may be left."""
        raise NotImplementedError

    def gather(self):
        """What the sinks have is written to self.dead and self.emitted."""

    def close(self):
        """Whatever else it has started."""

    @staticmethod
    def handler():
        return replaying.handler("chaos")

    # --- workers ---------------------------------------------------------------------------------------------------

    def start(self, number, *arguments):
        environment = {**os.environ, "LEAT_CONFIG": "", "LEAT_HANDLER_PATH": "", "NOTIFY_SOCKET": "",
                       "LEAT_MODULE_PATH": str(tap.BUILD / "triggers" / self.name)}
        with open(self.folder / "said", "ab") as said:
            worker = subprocess.Popen([tap.BUILD / "leat", "run", "--config", self.config, "--state",
                                       self.folder / f"state-{number}", *self.arguments(number), *arguments], cwd=self.folder, env=environment,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        self.journal.begin(worker.pid)
        return worker

    def said(self):
        return (self.folder / "said").read_text(errors="replace")

    def end(self, number, signal_number, others=()):
        worker = self.workers[number]
        for other in others:
            other.send_signal(signal.SIGSTOP)  # so that what lies there is what lay there
        worker.send_signal(signal_number)
        try:
            status = worker.wait(LIMIT)
            self.look(worker.pid)
            if signal_number == signal.SIGTERM:
                self.judge_end(worker.pid, status)
        finally:
            for other in others:
                other.send_signal(signal.SIGCONT)

    def await_moment(self, number):
        """That the seed names by what the worker has begun."""
        worker = self.workers[number]
        early = self.chance.random() < START_SHARE
        events = 0 if early else self.chance.randint(1, self.chance.choice(LIVES))
        delay_ms = self.chance.uniform(0, START_MS if early else AFTER_MS)
        until = time.monotonic() + LIMIT
        while len(self.journal.begun_by(worker.pid)) < events:
            if worker.poll() is not None or time.monotonic() > until:
                raise Ended(f"no more events; exit status {worker.poll()}; it said:\n{self.said()[-2000:]}")
            wait(0.5)
        wait(delay_ms)

    def strike(self, number):
        """True: the worker has ended."""
        self.await_moment(number)
        others = [other for other in self.workers if other is not self.workers[number]]
        self.end(number, signal.SIGTERM if self.options.term else signal.SIGKILL, others)
        return True

    # --- from outside ----------------------------------------------------------------------------------------------

    def look(self, pid):
        """What the worker that has just ended left."""
        begun = set(self.journal.begun_by(pid))
        for name in self.left(pid):
            for event in self.load.files[name]:
                if event.id in begun:
                    self.exposed[event.id] = self.exposed.get(event.id, 0) + 1

    # --- all of it -------------------------------------------------------------------------------------------------

    def run(self):
        self.producer.fill()
        self.producer.start()
        try:
            self.workers = [self.start(number) for number in range(self.options.workers)]
            for strike in range(self.options.times):
                number = strike % self.options.workers
                if self.strike(number):
                    self.workers[number] = self.start(number)
            self.producer.stop()
            for number, worker in enumerate(self.workers):
                self.end(number, signal.SIGTERM, self.workers[number + 1:])
            if self.start(0, "--until-idle").wait(LIMIT) != 0:
                self.wrong.append(f"--until-idle did not end well:\n{self.said()[-2000:]}")
            self.gather()
        finally:
            self.producer.stop()
            for worker in self.workers:
                worker.kill()
                worker.wait()
            self.journal.close()
