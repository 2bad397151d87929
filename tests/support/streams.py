# SPDX-License-Identifier: Apache-2.0
"""For tests of the Redis source and sink: a desk of the worker with a real server beside it.

    @streams.test
    def what_is_there_is_run(desk):
        desk.add({"do": "ok"})
        tap.equal(desk.run("--until-idle").returncode, 0)
        assert desk.is_done()
"""
import json
import os

import hostile
import redis_server
import tap
import working

MODULES = str(tap.BUILD / "triggers/redis")
BACKOFF = "backoff: {base: 10ms, max: 20ms}"


class Desk(hostile.Desk):
    def __init__(self, folder, *options):
        if not os.path.exists(f"{MODULES}/redis.so"):
            raise tap.Skip("service redis.so is not built: libhiredis-dev and libssl-dev")
        super().__init__(folder)
        self.environment["LEAT_MODULE_PATH"] = MODULES
        self.server = redis_server.Server(self.folder, *options)
        self.configure()

    def configure(self, text="", handler="nasty", more="", url=None, stream="jobs", **sources):
        """`more`: options of the source jobs."""
        sources = sources or {"jobs": self.source_options(more, url, stream)}
        return super().configure(text, handler, **sources)

    def source_options(self, more="", url=None, stream="jobs"):
        return (f"{{type: redis, url: {json.dumps(url or self.server.url)}, stream: {stream}, "
                f"{BACKOFF}{more and ', ' + more}}}")

    def add(self, *payloads, stream="jobs"):
        return self.server.add(stream, *map(json.dumps, payloads))

    def is_done(self, stream="jobs"):
        return self.server.is_done(stream)

    def until_done(self, stream="jobs"):
        working.wait_until(lambda: self.is_done(stream), f"{stream} is done")

    def positions(self):
        """{stream/entry: [attempts]}"""
        found = {}
        path = self.path("ran")
        for line in path.read_text().splitlines() if path.exists() else []:
            position, attempt, _ = line.rsplit(" ", 2)
            found.setdefault(position.split("#")[0], []).append(int(attempt))
        return found

    def reasons(self):
        return {letter["position"]: letter.get("reason") for letter in self.letters("state/dead.ndjson")}


def test(function):
    def run():
        with tap.folder() as folder:
            desk = Desk(folder)
            with desk.server:
                function(desk)
    run.__name__ = function.__name__
    return tap.test(run)
