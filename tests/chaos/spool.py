# SPDX-License-Identifier: Apache-2.0
"""`./dev chaos spool N` ends here: a folder, its producer, and what lies in it when a worker has ended."""
import os
import signal
import sys

import judge
import load
import table
import yard

# A drain that finds an event about to be tried again, with others behind it in its lane, is rare enough as it is.
TERM = load.Kind(lanes=8, retries=0.15, backoff="{base: 150ms, max: 200ms}", mixed=False)
# (term, workers)
KINDS = {(False, 1): load.Kind(), (False, 2): load.Kind(mixed=False), (True, 1): TERM, (True, 2): TERM}


class Folder:
    """Puts files as the documentation says: written in tmp/, renamed into new/."""

    def __init__(self, spool):
        self.spool = spool
        for folder in ["tmp", "new"]:
            (spool / folder).mkdir(parents=True, exist_ok=True)

    def put(self, name, text):
        (self.spool / "tmp" / name).write_text(text)
        os.rename(self.spool / "tmp" / name, self.spool / "new" / name)

    def waiting(self):
        return len(os.listdir(self.spool / "new"))


class Yard(yard.Yard):
    name = "spool"
    kinds = KINDS

    def make_queue(self):
        self.spool = self.folder / "spool"
        return Folder(self.spool)

    def source(self):
        return f"{{type: spool, path: {self.spool}"

    def files(self, *folders):
        """(folder, name) of all that lies there."""
        for folder in folders:
            for path, _, names in os.walk(self.spool / folder):
                yield from ((os.path.relpath(path, self.spool), name) for name in names)

    def left(self, pid):
        for folder, name in list(self.files("cur", "new")):
            file, tries = yard.name_and_tries(name)
            retries = sum(self.journal.retries.get(event.id, 0) for event in self.load.files[file])
            if tries > retries:
                self.wrong.append(f"{folder}/{name}: {retries} retries make no {tries} attempts")
            yield file

    def judge_end(self, pid, status):
        """One that was told to end. Before it can hear of that it has taken nothing, and the signal is its end."""
        claims = [f"{folder}/{name}" for folder, name in self.files("cur") if folder.startswith(f"cur/{pid}-")]
        self.wrong += [f"{path} was not given back" for path in claims]
        if status != 0 and (status != -signal.SIGTERM or claims or self.journal.begun_by(pid)):
            self.wrong.append(f"a worker that was told to end did with {status}")

    def judge_queue(self):
        judge.judge_attempts(self)
        left = [f"{folder}/{name}" for folder, name in self.files("tmp", "new", "cur")]
        self.wrong += [f"{path} is left" for path in sorted(left)]
        failed = sorted(name for _, name in self.files("failed"))
        wanted = sorted(name for name, events in self.load.files.items() if any(event.reject for event in events))
        if failed != wanted:
            self.wrong.append(f"in failed/ are not the files of dead letters: {sorted(set(failed) ^ set(wanted))[:10]}")


if __name__ == "__main__":
    sys.exit(table.main(Yard))
