# SPDX-License-Identifier: Apache-2.0
"""From a reject to its end: a dead letter, the same event on the desk, back into the queue, done."""
import json

import tap
import working
from outcomes import configure

ORDER = '{"do":"reject","reason":"no stock","number":12345678901234567890}'
FILE = ["--file", "state/dead.ndjson"]


@working.test
def what_was_rejected_is_looked_at_put_back_and_done(desk):
    configure(desk)
    desk.put(ORDER)
    tap.equal(desk.run("--until-idle").returncode, 0)
    letter, = desk.leat("dead", "ls", "--json", *FILE).stdout.splitlines()
    name = json.loads(letter)["id"]
    shown = desk.leat("dead", "show", *FILE, name)
    tap.contains(shown.stdout, "12345678901234567890")
    desk.path("bad.json").write_text(shown.stdout)
    replayed = desk.leat("replay", "--json", "--config", "leat.yaml", "bad.json")
    tap.equal(json.loads(replayed.stdout.splitlines()[0])["reason"], "no stock")

    tap.equal(desk.leat("dead", "redrive", *FILE, name).returncode, 64, "without a terminal it wants --yes")
    tap.equal(desk.waiting(), [])
    done = desk.leat("dead", "redrive", "--yes", *FILE, name)
    tap.equal(done.returncode, 0, done.stderr)
    back, = desk.path("spool/new").iterdir()
    tap.equal(back.read_text().strip(), ORDER)
    tap.equal(desk.leat("dead", "ls", "--json", *FILE).stdout, "")

    back.write_text(back.read_text().replace("reject", "ok"))
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal((desk.waiting(), len(desk.dead())), ([], 2), "the letter and its mark")


@working.test
def two_events_that_are_alike_are_put_back_as_two(desk):
    """Events of one record share their payload, which is put back once; lines that are alike are two records."""
    configure(desk)
    desk.put(f"{ORDER}\n{ORDER}\n")
    tap.equal(desk.run("--until-idle").returncode, 0)
    done = desk.leat("dead", "redrive", "--yes", "--all", *FILE)
    tap.equal((done.returncode, done.stdout), (0, "2 put back; attempts reset; marked redriven\n"), done.stderr)
    tap.equal([path.read_text().strip() for path in desk.path("spool/new").iterdir()], [ORDER, ORDER])


tap.main()
