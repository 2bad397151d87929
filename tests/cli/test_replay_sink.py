# SPDX-License-Identifier: Apache-2.0
"""`leat replay --sink`: what is rejected and emitted goes to the sinks of the configuration, and without it nowhere."""
import json

import replaying
import tap
from replaying import message, sqs

CONFIG = """
service: shop
dead_letter: dead
sinks:
  dead: {type: file, path: dead.ndjson}
  audit: {type: file, path: audit.ndjson}
"""
OK, RETRY, REJECT = ({"do": word} for word in ("ok", "retry", "reject"))


def letters(desk, name="dead"):
    path = desk.path(f"{name}.ndjson")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else None


def replay(desk, *todos, config=CONFIG, options=("--sink",)):
    desk.write("leat.yaml", config)
    desk.write("a.json", sqs(*[message(f"m{number}", todo) for number, todo in enumerate(todos)]))
    handler = f"{replaying.handler('letters')}:first"
    return desk.lines("--config", "leat.yaml", "--handler", handler, *options, "a.json")


@replaying.test
def without_it_nothing_is_written(desk):
    status, lines = replay(desk, REJECT, {"do": "ok", "emit": "audit"}, {"do": "ok", "emit": "gone"}, options=())
    tap.equal((status, replaying.outcomes(lines)), (1, ["reject", "ok", "ok"]))
    tap.equal(replaying.replies(lines), [{"batchItemFailures": [{"itemIdentifier": "m0"}]}])
    tap.equal((letters(desk), letters(desk, "audit")), (None, None))


@replaying.test
def with_it_a_reject_is_kept_and_reported(desk):
    status, lines = replay(desk, OK, REJECT, RETRY)
    tap.equal((status, replaying.outcomes(lines)), (1, ["ok", "reject", "retry"]))
    tap.equal(replaying.replies(lines), [{"batchItemFailures": [{"itemIdentifier": "m2"}]}])
    [letter] = letters(desk)
    tap.equal((letter["service"], letter["position"], letter["reason"]), ("shop", "m1", "first, colour "))
    tap.equal(letter["payload"], sqs(message("m1", REJECT)))


@replaying.test
def with_it_events_go_where_they_are_emitted_to(desk):
    status, lines = replay(desk, {"do": "ok", "emit": "audit"}, {"do": "retry", "emit": "audit"})
    tap.equal((status, replaying.outcomes(lines)), (1, ["ok", "retry"]))
    tap.equal([(event["type"], event["source"]) for event in letters(desk, "audit")], [("test.told", "leat/shop")])
    status, lines = replay(desk, {"do": "ok", "emit": "gone"})
    tap.equal([line["reason"] for line in replaying.events(lines)], ["first: no sink gone"])


@replaying.test
def threads_write_too(desk):
    status, lines = replay(desk, *[{"do": "reject", "emit": "audit"}] * 40, options=("--sink", "--parallel", "4"))
    tap.equal((status, set(replaying.outcomes(lines))), (1, {"reject"}))
    tap.equal(sorted(letter["position"] for letter in letters(desk)), sorted(f"m{number}" for number in range(40)))
    tap.equal(letters(desk, "audit"), [])


@replaying.test
def a_sink_that_does_not_start_ends_it_before_anything_runs(desk):
    tap.equal(replay(desk, REJECT, config=CONFIG.replace("path: dead.ndjson", "path: /dev/full/dead.ndjson")), (69, []))


@replaying.test
def a_dead_letter_is_replayed_again(desk):
    replay(desk, REJECT)
    desk.path("dead.ndjson").rename(desk.path("yesterday.ndjson"))
    handler = f"{replaying.handler('letters')}:first"
    status, lines = desk.lines("--config", "leat.yaml", "--sink", "--handler", handler, "yesterday.ndjson")
    tap.equal((status, replaying.outcomes(lines)), (1, ["reject"]))
    tap.equal([letter["position"] for letter in letters(desk)], ["m0"])


@replaying.test
def it_wants_sinks(desk):
    desk.write("a.json", {})
    desk.write("leat.yaml", "service: shop\n")
    for options in [(), ("--config", "leat.yaml")]:
        done = desk.replay("--sink", *options, "--handler", desk.handler("told"), "a.json")
        tap.equal((done.returncode, done.stdout), (64, ""), done.stderr)
        tap.contains(done.stderr, "--sink: the configuration has no sinks")
    done = desk.replay("--sink", "--handler", f"{replaying.handler('letters')}:first", "a.json",
                       env={"LEAT_DEAD_LETTER": "{type: file, path: dead.ndjson}"})
    tap.equal(done.returncode, 0, done.stderr)


@replaying.test
def a_sink_of_a_module_is_one_like_any_other(desk):
    bridge = replaying.handler("bridge", "-fvisibility=hidden")
    config = f"modules: [{bridge}]\ndead_letter: {{type: held, path: dead.ndjson}}\n"
    status, _ = replay(desk, REJECT, config=config)
    tap.equal((status, [letter["position"] for letter in letters(desk)]), (1, ["m0"]))
    status, _ = replay(desk, REJECT, config=config.replace("dead.ndjson", "gone/dead.ndjson"))
    tap.equal(status, 69)


tap.main()
