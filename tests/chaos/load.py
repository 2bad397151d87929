# SPDX-License-Identifier: Apache-2.0
"""The load: events that follow from a seed, and a producer that keeps some hundred payloads of them waiting."""
import dataclasses
import json
import random
import threading

REJECTS, EMITS = 0.01, 0.05


@dataclasses.dataclass
class Kind:
    lanes: int = 50
    retries: float = 0.02  # the share of events
    backoff: str = "{base: 10ms, max: 50ms}"
    # Also in files of several events that are in no lane. Such a file goes back with what is done forgotten, unless
    # the same process takes it again.
    mixed: bool = True


@dataclasses.dataclass
class Event:
    id: str
    file: str
    lane: str  # "-": none
    number: int  # in its lane
    retries: int = 0
    reject: bool = False
    emit: bool = False
    work_ms: int = 0

    def text(self):
        data = {key: value for key, value in vars(self).items() if key != "file"}
        event = {"specversion": "1.0", "id": self.id, "source": "chaos", "type": "chaos.event", "data": data}
        return json.dumps({**event, **({"partitionkey": f"lane {self.lane}"} if self.lane != "-" else {})})


class Load:
    def __init__(self, seed, kind):
        self.chance = random.Random(f"load {seed}")
        self.kind = kind
        self.events = {}  # by id
        self.files = {}   # name: its events
        self.numbers = {}

    def _event(self, file, lane, alone):
        chance, number = self.chance, self.numbers.get(lane, 0)
        self.numbers[lane] = number + 1
        event = Event(str(len(self.events)), file, lane, number, emit=chance.random() < EMITS,
                      reject=chance.random() < REJECTS, work_ms=chance.choice([0, 0, 1, 1, 2, 5]))
        if chance.random() < self.kind.retries and (alone or self.kind.mixed):
            event.retries = chance.randint(1, 2)
        self.events[event.id] = event
        return event

    def next_file(self):
        """(name, text)"""
        name = f"{len(self.files):08}.json"
        lane = str(self.chance.randrange(self.kind.lanes)) if self.chance.random() < 0.8 else "-"
        count = self.chance.choice([1, 1, 1, 2, 4])
        self.files[name] = [self._event(name, lane, count == 1) for _ in range(count)]
        return name, "".join(event.text() + "\n" for event in self.files[name])


class Producer(threading.Thread):
    """In bursts, so that workers find some hundred waiting and hear of new ones all the time, also while they start."""

    def __init__(self, queue, load, waiting):
        super().__init__(daemon=True)
        self.queue, self.load, self.waiting = queue, load, waiting
        self.chance = random.Random()  # of when, not of what
        self.over = threading.Event()

    def put(self):
        self.queue.put(*self.load.next_file())

    def fill(self):
        for _ in range(self.waiting):
            self.put()

    def run(self):
        while not self.over.wait(0.001 * self.chance.random()):
            missing = self.waiting - self.queue.waiting()
            for _ in range(min(missing, self.chance.randint(1, 12))):
                self.put()

    def stop(self):
        self.over.set()
        if self.is_alive():
            self.join()
