# SPDX-License-Identifier: Apache-2.0
"""A spool under load, the workers on it, and what is seen of it from outside when one of them has ended."""
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
# A drain that finds an event about to be tried again, with others behind it in its lane, is rare enough as it is.
TERM = load.Kind(lanes=8, retries=0.15, backoff="{base: 150ms, max: 200ms}", mixed=False)
# (term, workers)
KINDS = {(False, 1): load.Kind(), (False, 2): load.Kind(mixed=False), (True, 1): TERM, (True, 2): TERM}
SUFFIX = re.compile(r",a=(\d+),t=-?\d+,d=\d+,x=[0-9a-f]{8}$")


def wait(ms):
    select.select([], [], [], ms / 1000)


def name_and_tries(name):
    found = SUFFIX.search(name)
    return (name[:found.start()], int(found[1])) if found else (name, 0)


class Ended(Exception):
    """A worker ended that nobody has ended."""


class Yard:
    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.spool, self.dead, self.emitted = folder / "spool", folder / "dead.ndjson", folder / "emitted.ndjson"
        self.chance = random.Random(f"moments {options.seed}")
        self.load = load.Load(options.seed, KINDS[options.term, options.workers])
        self.producer = load.Producer(self.spool, self.load, options.waiting)
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
  dead: {{type: file, path: {self.dead}}}
  emitted: {{type: file, path: {self.emitted}}}
sources:
  inbox: {{type: spool, path: {self.spool}, max_in_flight: {IN_FLIGHT}, backoff: {self.load.kind.backoff}}}
""")

    @staticmethod
    def handler():
        return replaying.handler("chaos")

    # --- workers ---------------------------------------------------------------------------------------------------

    def start(self, number, *arguments):
        environment = {**os.environ, "LEAT_CONFIG": "", "LEAT_HANDLER_PATH": "", "NOTIFY_SOCKET": ""}
        with open(self.folder / "said", "ab") as said:
            worker = subprocess.Popen([tap.BUILD / "leat", "run", "--config", self.config, "--state",
                                       self.folder / f"state-{number}", *arguments], cwd=self.folder, env=environment,
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

    def strike(self, number):
        """At a moment that the seed names by what the worker has begun."""
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
        others = [other for other in self.workers if other is not worker]
        self.end(number, signal.SIGTERM if self.options.term else signal.SIGKILL, others)

    # --- from outside ----------------------------------------------------------------------------------------------

    def files(self, *folders):
        """(folder, name) of all that lies there."""
        for folder in folders:
            for path, _, names in os.walk(self.spool / folder):
                yield from ((os.path.relpath(path, self.spool), name) for name in names)

    def look(self, pid):
        """What the worker that has just ended left."""
        begun = set(self.journal.begun_by(pid))
        for folder, name in list(self.files("cur", "new")):
            file, tries = name_and_tries(name)
            events = self.load.files[file]
            retries = sum(self.journal.retries.get(event.id, 0) for event in events)
            if tries > retries:
                self.wrong.append(f"{folder}/{name}: {retries} retries make no {tries} attempts")
            for event in events:
                if event.id in begun:
                    self.exposed[event.id] = self.exposed.get(event.id, 0) + 1

    def judge_end(self, pid, status):
        """One that was told to end. Before it can hear of that it has taken nothing, and the signal is its end."""
        claims = [f"{folder}/{name}" for folder, name in self.files("cur") if folder.startswith(f"cur/{pid}-")]
        self.wrong += [f"{path} was not given back" for path in claims]
        if status != 0 and (status != -signal.SIGTERM or claims or self.journal.begun_by(pid)):
            self.wrong.append(f"a worker that was told to end did with {status}")

    # --- all of it -------------------------------------------------------------------------------------------------

    def run(self):
        self.producer.fill()
        self.producer.start()
        try:
            self.workers = [self.start(number) for number in range(self.options.workers)]
            for strike in range(self.options.times):
                number = strike % self.options.workers
                self.strike(number)
                self.workers[number] = self.start(number)
            self.producer.stop()
            for number, worker in enumerate(self.workers):
                self.end(number, signal.SIGTERM, self.workers[number + 1:])
            if self.start(0, "--until-idle").wait(LIMIT) != 0:
                self.wrong.append(f"--until-idle did not end well:\n{self.said()[-2000:]}")
        finally:
            self.producer.stop()
            for worker in self.workers:
                worker.kill()
                worker.wait()
            self.journal.close()
