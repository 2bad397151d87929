# SPDX-License-Identifier: Apache-2.0
"""What the handler wrote down, read while it grows."""
import dataclasses


@dataclasses.dataclass
class Line:
    what: str  # start, ok, retry, reject
    id: str
    attempt: int


class Journal:
    def __init__(self, path):
        self.path = path
        self.path.touch()
        self.file = path.open("rb")
        self.rest = b""
        self.lines = []
        self.begun = {}    # by process: the events that it has begun
        self.retries = {}  # by event: how often that was its outcome

    def begin(self, pid):
        """A process that has just been started: another one may have had its number."""
        self.begun[pid] = []

    def read(self):
        """All that was written by now."""
        while data := self.file.read(1 << 20):
            *whole, self.rest = (self.rest + data).split(b"\n")
            for text in whole:
                what, event, _, _, attempt, pid = text.decode().split(" ")
                self.lines.append(Line(what, event, int(attempt)))
                if what == "start":
                    self.begun[int(pid)].append(event)
                elif what == "retry":
                    self.retries[event] = self.retries.get(event, 0) + 1

    def begun_by(self, pid):
        self.read()
        return self.begun[pid]

    def close(self):
        self.read()
        self.file.close()
