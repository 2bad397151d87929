# SPDX-License-Identifier: Apache-2.0
"""What entries of a stream become, and how they end, at a real server."""
import json
import re
import time

import hostile
import identical
import redis_server
import streams
import tap
import working


def events(desk):
    """(kind, event) as the handler `journal` saw them."""
    lines = identical.journal(desk, "out.txt")
    return [(line.split(b" ")[0].decode(), json.loads(line.split(b" ", 1)[1])) for line in lines]


def journalled(desk, more="", out="out.txt"):
    """The handler notes each event as it saw it."""
    settings = {"out": str(desk.path(out)), **identical.ALL_OK}
    streams.working.Desk.configure(desk, f"settings: {json.dumps(settings)}\n", "journal",
                                   jobs=desk.source_options(more=more))


# --- entries ---------------------------------------------------------------------------------------------------------


@streams.test
def one_field_of_json_is_the_payload_that_it_holds(desk):
    journalled(desk)
    sample = tap.must(tap.BUILD / "leat", "sample", "s3").stdout
    desk.server("XADD", "jobs", "*", "anything", sample)
    desk.server("XADD", "jobs", "*", "p", ' [1, 2, 9007199254740993]')
    tap.equal(desk.run("--until-idle").returncode, 0)
    (kind, event), (other, direct) = sorted(events(desk))
    tap.equal((kind, event["type"]), ("s3", "com.amazonaws.s3.ObjectCreated:Put"))
    tap.equal((other, direct["type"]), ("unknown", "leat.direct.call"))


@streams.test
def fields_that_are_a_cloudevent_are_that_event(desk):
    journalled(desk)
    desk.server("XADD", "jobs", "*", "specversion", "1.0", "id", "a-1", "source", "/shop", "type", "order", "data",
                '{"n": 1.50}', "partitionkey", "k", "tenant", "t")
    desk.server("XADD", "jobs", "*", "specversion", "1.0", "id", "a-2", "source", "/shop", "type", "order", "data",
                b"\xff\x00", "datacontenttype", "image/png")
    desk.server("XADD", "jobs", "*", "specversion", "1.0", "id", "a-3", "source", "/shop", "type", "order", "data",
                "{no json", "datacontenttype", "text/plain")
    tap.equal(desk.run("--until-idle").returncode, 0)
    found = {event["id"]: event for _, event in events(desk)}
    tap.equal(found["a-1"], {"specversion": "1.0", "id": "a-1", "source": "/shop", "type": "order", "partitionkey": "k",
                             "tenant": "t", "datacontenttype": "application/json", "data": {"n": 1.5}})
    tap.equal(found["a-2"]["data_base64"], "/wA=")
    tap.equal(found["a-3"]["data"], "{no json")


@streams.test
def other_fields_are_an_object(desk):
    journalled(desk)
    number, = [desk.server("XADD", "jobs", "*", "name", "Ada", "raw", b"\xff", "partitionkey", "k")]
    desk.server("XADD", "jobs", "*", "text", "hello")
    tap.equal(desk.run("--until-idle").returncode, 0)
    found = {event["id"]: event for _, event in events(desk)}
    event = found.pop(number)
    tap.equal(event["data"], {"name": "Ada", "raw": {"base64": "/w=="}, "partitionkey": "k"})
    tap.equal((event["type"], event["source"], event["partitionkey"]), ("io.redis.stream.entry", "redis:jobs", "k"))
    assert re.fullmatch(r"20..-..-..T..:..:..(\.\d+)?Z", event["time"]), event
    (other,) = found.values()
    tap.equal(other["data"], {"text": "hello"})


@streams.test
def what_is_broken_is_a_dead_letter_and_nothing_waits_behind_it(desk):
    first, = desk.server.add("jobs", '{"do": ')
    desk.add({"do": "ok"})
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(list(desk.reasons()), [f"jobs/{first}"])
    assert desk.is_done()


@streams.test
def what_is_too_long_is_put_aside_and_named(desk):
    desk.configure("limits: {payload: 64KiB}\n")
    long, = desk.add({"do": "ok", "fill": "x" * 100000})
    fine, = desk.add({"do": "ok"})
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0)
    tap.contains(done.stderr, f'entry {long} of stream "jobs" goes to "jobs.failed": a field has 100')
    (_, fields), = desk.server("XRANGE", "jobs.failed", "-", "+")
    aside = dict(zip(fields[::2], fields[1::2]))
    tap.equal((aside["leat.stream"], aside["leat.id"], len(aside["payload"]) > 100000), ("jobs", long, True))
    tap.equal(list(desk.positions()), [f"jobs/{fine}"])
    assert desk.is_done()


@streams.test
def what_does_not_fit_together_is_taken_one_by_one(desk):
    desk.configure("limits: {payload: 1MiB, memory: 4MiB}\n")
    desk.add(*[{"do": "ok", "fill": "x" * 500000}] * 30)
    done = desk.run("--until-idle")
    tap.equal((done.returncode, len(desk.positions())), (0, 30), done.stderr[-2000:])
    assert desk.is_done()
    tap.equal({tuple(attempts) for attempts in desk.positions().values()}, {(1,)})


@streams.test
def what_was_asked_for_ahead_waits_for_what_did_not_fit(desk):
    desk.configure("limits: {payload: 1MiB, memory: 4MiB}\n")
    ids = desk.add(*[{"do": "ok", "fill": "x" * 25000}] * 400)
    done = desk.run("--until-idle", "--set", "concurrency=1")
    tap.equal(done.returncode, 0, done.stderr[-2000:])
    tap.equal(list(desk.positions()), [f"jobs/{entry}" for entry in ids])
    tap.equal({tuple(attempts) for attempts in desk.positions().values()}, {(1,)})
    assert desk.is_done()


@streams.test
def what_a_life_before_had_is_taken_one_by_one_too(desk):
    desk.configure("limits: {payload: 1MiB, memory: 4MiB}\n", more="consumer: me")
    desk.add(*[{"do": "ok", "fill": "x" * 500000}] * 30)
    desk.server("XGROUP", "CREATE", "jobs", "leat", "0")
    desk.server("XREADGROUP", "GROUP", "leat", "me", "COUNT", 30, "STREAMS", "jobs", ">")
    done = desk.run("--until-idle")
    tap.equal((done.returncode, len(desk.positions())), (0, 30), done.stderr[-2000:])
    tap.equal({tuple(attempts) for attempts in desk.positions().values()}, {(2,)})
    assert desk.is_done()
    tap.equal(desk.server("XLEN", "jobs.failed"), 0)


@streams.test
def what_never_fits_is_put_aside_and_stops_nothing(desk):
    desk.configure("limits: {payload: 1MiB, memory: 2MiB}\n")
    big = desk.server("XADD", "jobs", "*", *[word for n in range(8) for word in (f"f{n}", "x" * 900000)])
    fine, = desk.add({"do": "ok"})
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0, done.stderr[-2000:])
    tap.contains(done.stderr, f'entry {big} of stream "jobs" goes to "jobs.failed"')
    tap.equal((list(desk.positions()), desk.server("XLEN", "jobs.failed")), ([f"jobs/{fine}"], 1))
    assert desk.is_done()


@streams.test
def several_streams_are_one_source(desk):
    desk.configure(stream="[a, b, c]")
    for stream in "abcab":
        desk.add({"do": "ok"}, stream=stream)
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(sorted(position[0] for position in desk.positions()), list("aabbc"))
    assert all(map(desk.is_done, "abc"))


@streams.test
def a_new_group_begins_where_it_is_told(desk):
    desk.configure(more="start: new")
    desk.add({"do": "ok"})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: desk.server.group("jobs"), "the group is there")
        mine, = desk.add({"do": "ok"})
        desk.until_done()
        tap.equal(worker.term(), 0)
    tap.equal(list(desk.positions()), [f"jobs/{mine}"])


@streams.test
def the_payloads_of_all_triggers_are_what_they_are_in_replay(desk):
    same_as_replay(desk, identical.own())


@streams.test
def the_recorded_payloads_are_what_they_are_in_replay(desk):
    same_as_replay(desk, [(name, text) for name, text in identical.recorded()])


def same_as_replay(desk, texts):
    texts = [(name, text) for name, text in texts if text.lstrip()[:1] in ("{", "[")]
    other = working.Desk(desk.path("replayed"))
    lines = identical.replay(other, texts, **identical.ALL_OK)
    wanted = identical.answers_of(lines)
    if None in wanted.values():  # what only files unwrap
        texts = identical.without_forms(texts, wanted)
        other = working.Desk(desk.path("again"))
        lines = identical.replay(other, texts, **identical.ALL_OK)
    journalled(desk, "max_in_flight: 1", "worker.txt")
    desk.server.add("jobs", *[text for _, text in texts])
    done = desk.run("--until-idle", "--set", "concurrency=1")
    tap.equal(done.returncode, 0, done.stderr[-2000:])
    wanted = sorted(identical.journal(other, "replay.txt"))
    tap.equal(sorted(identical.journal(desk, "worker.txt")), wanted)
    dead = [line for line in lines if line.get("outcome") == "reject" or line.get("error")]
    tap.equal(len(desk.letters("state/dead.ndjson")), len(dead))
    assert desk.is_done()
    print(f"# {len(texts)} payloads, {len(wanted)} events, {len(dead)} dead letters")


# --- how they end ----------------------------------------------------------------------------------------------------


@streams.test
def each_ends_by_its_own_outcome(desk):
    ids = desk.add({"do": "ok"}, {"do": "retry", "first": True}, {"do": "reject"}, {"do": "retry"})
    desk.configure(more="max_attempts: 3")
    tap.equal(desk.run("--until-idle").returncode, 0)
    ran = desk.positions()
    tap.equal([ran[f"jobs/{number}"] for number in ids], [[1], [1, 2], [1], [1, 2, 3]])
    tap.equal(set(desk.reasons()), {f"jobs/{ids[2]}", f"jobs/{ids[3]}"})
    assert desk.is_done()
    tap.equal(desk.server("XLEN", "jobs.failed"), 0)


@streams.test
def a_crash_is_counted_and_its_event_becomes_a_dead_letter(desk):
    ids = desk.add({"do": "ok"}, {"do": "fault"}, {"do": "ok"})
    streams.hostile.needs_plain()
    _, ends = desk.supervise()
    tap.equal(ends[-1], 0)
    assert 1 < len(ends) <= 6, ends
    reasons = desk.reasons()
    tap.equal(list(reasons), [f"jobs/{ids[1]}"])
    tap.contains(reasons[f"jobs/{ids[1]}"], "crash")
    assert desk.is_done()


@streams.test
def a_worker_that_ends_leaves_its_group(desk):
    desk.add({"do": "ok"})
    with desk.worker() as worker:
        desk.until_done()
        tap.equal(len(desk.server("XINFO", "CONSUMERS", "jobs", "leat")), 1)
        tap.equal(worker.term(), 0)
    tap.equal(desk.server("XINFO", "CONSUMERS", "jobs", "leat"), [])


@streams.test
def what_was_trimmed_while_it_was_pending_is_let_go(desk):
    ids = desk.add(*[{"do": "ok"}] * 5)
    desk.server("XGROUP", "CREATE", "jobs", "leat", "0")
    desk.server("XREADGROUP", "GROUP", "leat", "dead", "COUNT", 5, "STREAMS", "jobs", ">")
    desk.server("XDEL", "jobs", *ids[:3])
    desk.configure(more="lease: 200ms")
    redis_server.wait(0.3)
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0, done.stderr)
    tap.equal(sorted(desk.positions()), [f"jobs/{number}" for number in ids[3:]])
    tap.equal(desk.server.pending("jobs"), [])


@streams.test
def what_a_dead_consumer_had_is_claimed_with_its_count(desk):
    one, two = desk.add({"do": "ok"}, {"do": "ok"})
    desk.server("XGROUP", "CREATE", "jobs", "leat", "0")
    desk.server("XREADGROUP", "GROUP", "leat", "dead", "COUNT", 1, "STREAMS", "jobs", ">")
    desk.configure(more="lease: 300ms")
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(desk.positions(), {f"jobs/{two}": [1], f"jobs/{one}": [2]})
    assert desk.is_done()


@streams.test
def consumers_that_are_gone_for_an_hour_and_have_nothing_are_removed(desk):
    server, clock = desk.server, desk.path("clock")
    server.kill()
    server.environment.update(LD_PRELOAD=hostile.shared_object("wrong_clock"), WRONG_CLOCK=str(clock))
    server.start()

    def is_later(seconds):
        return abs(int(server("TIME")[0]) - time.time() - seconds) < 10

    def go_on(seconds):
        clock.write_text(str(seconds))
        working.wait_until(lambda: is_later(seconds), "it is later")

    def read(consumer):
        [[_, [[entry, _]]]] = server("XREADGROUP", "GROUP", "leat", consumer, "COUNT", 1, "STREAMS", "jobs", ">")
        return entry

    desk.add(*[{"do": "ok"}] * 3)
    server("XGROUP", "CREATE", "jobs", "leat", "0")
    read("owes")
    server("XACK", "jobs", "leat", read("has-nothing"))
    go_on(3500)
    server("XACK", "jobs", "leat", read("was-here-lately"))
    go_on(3700)
    desk.configure(more="consumer: own, lease: 2h")
    with desk.worker() as worker:
        worker.says("1 consumers that had nothing and were gone for an hour were removed")
        left = {dict(zip(found[::2], found[1::2]))["name"] for found in server("XINFO", "CONSUMERS", "jobs", "leat")}
        tap.equal(left - {"own"}, {"owes", "was-here-lately"})


@streams.test
def two_workers_of_one_machine_have_names_of_their_own(desk):
    desk.configure(more="max_in_flight: 4")
    with desk.worker("--state", desk.path("one")) as one:
        one.says("ready in")
        with desk.worker("--state", desk.path("two")) as two:
            two.says("ready in")
            desk.add(*[{"do": "ok", "wait_ms": 20}] * 40)
            working.wait_until(lambda: len(desk.server("XINFO", "CONSUMERS", "jobs", "leat")) == 2, "two consumers")
            desk.until_done()
            tap.equal(two.term(), 0)
        tap.equal(one.term(), 0)
    tap.equal({tuple(attempts) for attempts in desk.positions().values()}, {(1,)})


@streams.test
def a_name_that_another_process_has_is_refused(desk):
    desk.configure(more="consumer: me")
    with desk.worker("--state", desk.path("one")) as one:
        one.says("ready in")
        done = desk.run("--state", desk.path("two"))
        assert done.returncode != 0, done.stderr
        tap.contains(done.stderr, 'consumer "me": another process here reads as that one')
        tap.equal(one.term(), 0)


# --- put, and what is emitted ----------------------------------------------------------------------------------------


@streams.test
def put_adds_entries_that_are_run(desk):
    desk.write("a.json", {"do": "ok"})
    desk.write("b.json", {"do": "reject"})
    done = desk.leat("put", "jobs", "a.json", "b.json", env=desk.environment)
    tap.equal((done.returncode, done.stderr), (0, ""))
    names = done.stdout.split()
    tap.equal([entry[0] for entry in desk.server("XRANGE", "jobs", "-", "+")], [name.split("/")[1] for name in names])
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(sorted(desk.positions()), names)


@streams.test
def put_says_when_nobody_is_there(desk):
    desk.server.kill()
    desk.write("a.json", {"do": "ok"})
    done = desk.leat("put", "jobs", "a.json", env=desk.environment)
    tap.equal(done.returncode, 69, done.stderr)
    tap.contains(done.stderr, "Connection refused")


@streams.test
def dead_letters_and_emitted_events_go_to_streams(desk):
    sinks = {name: f'{{type: redis, url: "{desk.server.url}", stream: {name}}}' for name in ["dead", "told"]}
    desk.configure("dead_letter: dead\nsinks: {" + ", ".join(f"{name}: {text}" for name, text in sinks.items()) + "}\n")
    reject, emit = desk.add({"do": "reject"}, {"do": "emit", "sink": "told"})
    tap.equal(desk.run("--until-idle").returncode, 0)
    (_, fields), = desk.server("XRANGE", "dead", "-", "+")
    tap.equal(fields[0], "letter")
    tap.equal(json.loads(fields[1])["position"], f"jobs/{reject}")
    (_, fields), = desk.server("XRANGE", "told", "-", "+")
    tap.equal((fields[0], json.loads(fields[1])["specversion"]), ("event", "1.0"))
    assert desk.is_done() and emit


@streams.test
def dead_letters_in_a_stream_are_listed_put_back_and_dropped(desk):
    desk.configure(f'dead_letter: dead\nsinks: {{dead: {{type: redis, url: "{desk.server.url}", stream: dead}}}}\n')
    desk.add({"do": "reject", "n": 1}, {"do": "reject", "n": 2}, {"do": "reject", "n": 3})
    tap.equal(desk.run("--until-idle").returncode, 0)

    def dead(*arguments):
        done = desk.leat("dead", *arguments, env=desk.environment)
        tap.equal((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def listed():
        """{the number in the payload: the letter's id}"""
        found = [json.loads(line)["id"] for line in dead("ls", "--json").splitlines()]
        return {json.loads(dead("show", "--payload", letter))["n"]: letter for letter in found}

    letters = listed()
    tap.equal(sorted(letters), [1, 2, 3])
    tap.contains(dead("redrive", "--yes", letters[3]), "1 put back")
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(len(desk.positions()), 4)
    tap.equal(len(dead("ls", "--json").splitlines()), 3)  # the third once more, under its new position
    tap.equal(dead("purge", "--redriven", "--yes"), "1 purged\n")
    tap.equal(dead("purge", "--all", "--yes"), "3 purged\n")
    tap.equal(desk.server("XLEN", "dead"), 0)


@streams.test
def a_sink_keeps_about_as_many_as_it_is_told(desk):
    desk.configure(f'sinks: {{told: {{type: redis, url: "{desk.server.url}", stream: told, maxlen: 100}}}}\n')
    desk.add(*[{"do": "emit", "sink": "told"}] * 500)
    tap.equal(desk.run("--until-idle").returncode, 0)
    kept = desk.server("XLEN", "told")
    assert 100 <= kept < 300, kept


@streams.test
def a_unix_socket_will_do(desk):
    desk.configure(url=f"unix://{desk.server.path}")
    desk.add({"do": "ok"})
    tap.equal(desk.run("--until-idle").returncode, 0)
    assert desk.is_done()


# --- check --live ----------------------------------------------------------------------------------------------------


def live(desk, *arguments):
    done = desk.leat("check", "--live", *arguments, env=desk.environment)
    return done.returncode, done.stdout


@streams.test
def a_live_check_says_what_is_there(desk):
    desk.add({"do": "ok"}, {"do": "ok"})
    status, said = live(desk)
    tap.equal(status, 0, said)
    tap.contains(said, f"jobs: {desk.server.version()}, a master")
    tap.contains(said, 'stream "jobs" has no group "leat" yet')
    desk.server("XGROUP", "CREATE", "jobs", "leat", "0")
    desk.server("XREADGROUP", "GROUP", "leat", "me", "COUNT", 1, "STREAMS", "jobs", ">")
    status, said = live(desk, "-W")
    tap.equal(status, 0, said)
    behind = "1 to be read" if desk.server.is_since(7, 0) else "how far it is behind the server cannot say"
    tap.contains(said, f'stream "jobs", group "leat": {behind}, 1 pending, 1 consumers')
    assert "warning" not in said, said


@streams.test
def a_live_check_says_what_may_be_lost(desk):
    for key, value, wanted in [("appendfsync", "everysec", "CONFIG SET appendfsync always"),
                               ("appendonly", "no", "CONFIG SET appendonly yes")]:
        desk.server("CONFIG", "SET", key, value)
        status, said = live(desk)
        tap.equal(status, 0, said)
        tap.contains(said, "jobs: warning: ")
        tap.contains(said, f"fix: {wanted}")
        tap.equal(live(desk, "-W")[0], 78)
    desk.server("CONFIG", "SET", "maxmemory", "1gb")
    desk.server("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    tap.contains(live(desk)[1], "maxmemory-policy is allkeys-lru")
    lines = [json.loads(line) for line in live(desk, "--json")[1].splitlines()]
    tap.equal({line["severity"] for line in lines if "source" in line}, {"info", "warning"})


@streams.test
def a_live_check_says_who_is_away_or_no_stream(desk):
    desk.server("SET", "jobs", "no stream")
    status, said = live(desk)
    tap.equal(status, 69, said)
    tap.contains(said, 'jobs: error: "jobs" is no stream')
    desk.server.kill()
    status, said = live(desk)
    tap.equal(status, 69, said)
    tap.contains(said, "Connection refused")


# --- what is wrong with a configuration ------------------------------------------------------------------------------


@streams.test
def a_url_that_is_none_is_told_without_its_password(desk):
    for url in ["http://a", "redis://:secret@", "redis://u:secret@h:x", "unix://relative", "redis+sentinel://:secret@h",
                "redis://user@h", "redis://h/x", "redis://:%zz@secret"]:
        desk.configure(url=url)
        done = desk.run("--until-idle")
        tap.equal(done.returncode, 78, f"{url}: {done.stderr}")
        assert "secret" not in done.stderr, done.stderr
        tap.contains(done.stderr, "url: ")


tap.main()
