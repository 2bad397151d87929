# SPDX-License-Identifier: Apache-2.0
"""`leat replay`: each option, and which handler gets which event."""
import json

import replaying
import tap
from replaying import events, outcomes, replies, summary

OK, RETRY, REJECT = ({"do": word} for word in ("ok", "retry", "reject"))


def handlers_of(lines_of_people):
    """(kind, handler, outcome) of the lines for people."""
    rows = [line.split() for line in lines_of_people.splitlines() if line[:1].isalpha()]
    return [(row[0], row[1], row[3]) for row in rows if len(row) > 3 and row[0] != "trigger" and not row[1].isdigit()]


def context_of(lines):
    """What the handler "context" was told."""
    return dict(line.split("=", 1) for line in events(lines)[0]["reason"].splitlines())


# --- naming a handler ----------------------------------------------------------------------------

@replaying.test
def a_path_with_a_slash_names_a_file(desk):
    desk.write("a.json", OK)
    desk.path("told.so").symlink_to(desk.handler("told"))
    for spec in ["./told.so", "told.so", "./told.so:told", "told.so:told", desk.handler("told")]:
        tap.equal(desk.replay("--handler", spec, "a.json").returncode, 0, spec)


@replaying.test
def a_name_is_looked_for_in_the_folders_of_the_path(desk):
    desk.write("a.json", OK)
    path = f"{desk.folder}/empty:{desk.handler('told').parent}"
    tap.equal(desk.replay("--handler", "told", "a.json", env={"LEAT_HANDLER_PATH": path}).returncode, 0)
    done = desk.replay("--handler", "tolt", "a.json", env={"LEAT_HANDLER_PATH": path})
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, f'no handler "tolt": no tolt.so in {path}')


@replaying.test
def one_file_may_hold_several_handlers(desk):
    desk.write("a.json", OK)
    desk.handler("two")
    done = desk.replay("--handler", f"{desk.handler('two')}:one", "a.json")
    tap.equal(handlers_of(done.stdout), [("unknown", "one", "ok")])


@replaying.test
def each_trigger_may_have_its_own_handler(desk):
    for name in ["sqs", "s3", "apigateway-http", "apigateway-rest", "dynamodb"]:
        desk.write(f"{name}.json", replaying.sample(name))
    two, told = desk.handler("two"), desk.handler("told")
    done = desk.replay("--handler", f"sqs={two}:one", "--handler", f"apigateway={two}:choosy", "--handler",
                       f"dynamodb={told}", "--handler", f"{desk.handler('batch')}", ".")
    rows = handlers_of(done.stdout)
    tap.equal({row[:2] for row in rows},
              {("sqs", "one"), ("apigateway-http", "choosy"), ("apigateway-rest", "choosy"), ("dynamodb", "told"),
               ("s3", "batch")})


@replaying.test
def the_handler_of_the_exact_kind_may_come_first(desk):
    for name in ["apigateway-http", "apigateway-rest"]:
        desk.write(f"{name}.json", replaying.sample(name))
    two = desk.handler("two")
    done = desk.replay("--handler", f"apigateway-rest={two}:one", "--handler", f"apigateway={two}:choosy", ".")
    tap.equal(handlers_of(done.stdout), [("apigateway-http", "choosy", "ok"), ("apigateway-rest", "one", "ok")])


@replaying.test
def routing_looks_at_the_innermost_notification(desk):
    inner = replaying.sample("s3")
    desk.write("nested.json", replaying.sqs(replaying.message("m1", inner)))
    two = desk.handler("two")
    done = desk.replay("--handler", f"s3={two}:one", "--handler", f"sqs={two}:choosy", "nested.json")
    tap.equal(handlers_of(done.stdout), [("s3", "one", "ok")])


@replaying.test
def an_event_without_a_handler_is_rejected(desk):
    desk.write("a.json", replaying.sample("sqs"))
    status, lines = desk.lines("--handler", f"s3={desk.handler('told')}", "a.json")
    tap.equal(status, 1)
    tap.equal({line["reason"] for line in events(lines)}, {"no handler for events of this kind"})
    tap.equal(outcomes(lines), ["reject", "reject"])
    tap.equal(len(replies(lines)[0]["batchItemFailures"]), 2)


@replaying.test
def what_a_handler_does_not_accept_is_rejected(desk):
    for name in ["sqs", "s3", "apigateway-http"]:
        desk.write(f"{name}.json", replaying.sample(name))
    status, lines = desk.lines("--handler", f"{desk.handler('two')}:choosy", ".")
    tap.equal(status, 1)
    tap.equal([(line["kind"], line["outcome"], line.get("reason")) for line in events(lines)],
              [("apigateway-http", "ok", None), ("s3", "reject", "the handler does not accept events of this kind"),
               ("sqs", "ok", None), ("sqs", "ok", None)])


@replaying.test
def two_handlers_for_one_trigger_are_a_mistake(desk):
    desk.write("a.json", OK)
    told, two = desk.handler("told"), desk.handler("two")
    done = desk.replay("--handler", told, "--handler", f"{two}:one", "a.json")
    tap.equal((done.returncode, done.stdout), (64, ""))
    tap.contains(done.stderr, "two handlers for all triggers")
    done = desk.replay("--handler", f"sqs={told}", "--handler", f"sqs={two}:one", "a.json")
    tap.equal(done.returncode, 64)
    tap.contains(done.stderr, "two handlers for sqs")


@replaying.test
def a_handler_of_two_triggers_is_loaded_once(desk):
    desk.write("a.json", replaying.sample("sqs"))
    desk.write("b.json", replaying.sample("s3"))
    life = desk.handler("life")
    done = desk.replay("--handler", f"sqs={life}", "--handler", f"s3={life}", "a.json", "b.json")
    tap.equal(done.returncode, 0)
    calls = [line for line in done.stderr.splitlines() if line.startswith("life: ")]
    tap.equal(calls, ["life: load", "life: init"] + 3 * ["life: handle"] + ["life: fini", "life: unload"])


@replaying.test
def no_handler_at_all_is_a_usage_error(desk):
    desk.write("a.json", OK)
    done = desk.replay("a.json", env={"LEAT_HANDLER": ""})
    tap.equal((done.returncode, done.stdout), (64, ""))
    tap.contains(done.stderr, "no handler is named")
    tap.contains(done.stderr, "--handler ./hello.so")


@replaying.test
def an_unknown_trigger_is_guessed(desk):
    desk.write("a.json", OK)
    done = desk.replay("--handler", f"sqz={desk.handler('told')}", "a.json")
    tap.equal(done.returncode, 64)
    tap.contains(done.stderr, 'no trigger "sqz"')
    tap.contains(done.stderr, 'did you mean "sqs"?')


# --- --as, --only, --repeat ------------------------------------------------------------------------

@replaying.test
def as_takes_the_payload_for_that_trigger(desk):
    desk.write("a.json", replaying.sample("sqs"))
    _, lines = desk.told("--as", "unknown", "a.json")
    tap.equal([(line["kind"], line["record"]) for line in events(lines)], [("unknown", 0)])
    desk.write("b.json", {"hello": "there"})
    status, lines = desk.told("--as", "sqs", "b.json")
    tap.equal((status, replies(lines)), (1, [("Runtime.UnmarshalError", "Records is no array")]))


@replaying.test
def as_may_name_a_group_of_triggers(desk):
    desk.write("a.json", replaying.sample("apigateway-http"))
    desk.write("b.json", replaying.sample("apigateway-rest"))
    desk.write("c.json", replaying.sample("sqs"))
    status, lines = desk.told("--as", "apigateway", "a.json", "b.json", "c.json")
    tap.equal((status, [line["kind"] for line in events(lines)]), (1, ["apigateway-http", "apigateway-rest"]))
    tap.equal(replies(lines)[2][0], "Runtime.UnmarshalError")


@replaying.test
def as_knows_its_triggers(desk):
    desk.write("a.json", OK)
    done = desk.replay("--handler", desk.handler("told"), "--as", "dynamobd", "a.json")
    tap.equal(done.returncode, 64)
    tap.contains(done.stderr, 'did you mean "dynamodb"?')


@replaying.test
def only_takes_an_id_or_any_text_of_the_record(desk):
    desk.write("a.json", replaying.sqs(*(replaying.message(f"id-{i}", {**RETRY, "name": f"name-{i}"}) for i in range(4))))
    for only in ["id-2", "d-2", "name-2"]:
        status, lines = desk.told("--only", only, "a.json")
        tap.equal((status, [(line["event"], line["record"]) for line in events(lines)]), (1, [("id-2", 2)]), only)
        tap.equal(replies(lines), [{"batchItemFailures": [{"itemIdentifier": "id-2"}]}])
        tap.equal(summary(lines)["events"], 1)
    tap.equal(len(events(desk.told("--only", "id-", "a.json")[1])), 4)


@replaying.test
def only_leaves_out_documents_without_a_match(desk):
    desk.write("a.jsonl", '{"n": "first"}\n{"n": "second", "do": "retry"}\n')
    status, lines = desk.told("--only", "first", "a.jsonl")
    tap.equal((status, len(lines)), (0, 3))
    status, lines = desk.told("--only", "nobody", "a.jsonl")
    tap.equal((status, len(lines), summary(lines)["events"]), (0, 1, 0))


@replaying.test
def only_leaves_out_broken_records_too(desk):
    broken = replaying.message("id-1", "x")
    broken["body"] = 5
    desk.write("a.json", replaying.sqs(replaying.message("id-0", OK), broken))
    tap.equal(desk.told("--only", "id-0", "a.json")[0], 0)
    status, lines = desk.told("--only", "id-1", "a.json")
    tap.equal((status, outcomes(lines)), (1, ["reject"]))


@replaying.test
def repeat_replays_everything_again(desk):
    desk.write("a.jsonl", '{"n": 1}\n{"n": 2}\n')
    _, lines = desk.told("--repeat", "3", "a.jsonl")
    tap.equal([line["document"] for line in events(lines)], [1, 2, 1, 2, 1, 2])
    tap.equal(summary(lines)["events"], 6)


@replaying.test
def repeat_wants_a_number_and_files(desk):
    desk.write("a.json", OK)
    for count in ["0", "-1", "x", "", "1.5", "4294967296", "99999999999999999999"]:
        done = desk.replay("--handler", desk.handler("told"), f"--repeat={count}", "a.json")
        tap.equal(done.returncode, 64, count)
        tap.contains(done.stderr, f'--repeat wants a number from 1, not "{count}"')
    done = desk.replay("--handler", desk.handler("told"), "--repeat", "2", "-", input="{}")
    tap.equal((done.returncode, done.stdout), (64, ""))
    tap.contains(done.stderr, "standard input cannot be repeated")


# --- what handlers are told --------------------------------------------------------------------------

@replaying.test
def ids_of_the_invocation_reach_the_handler(desk):
    desk.write("a.json", OK)
    _, lines = desk.lines("--handler", desk.handler("context"), "--request-id", "r-1", "--function-arn", "arn:f",
                          "--trace-id", "Root=1", "--tenant-id", "blue", "a.json")
    told = context_of(lines)
    tap.equal([told[name] for name in ("request", "function", "trace", "tenant")], ["r-1", "arn:f", "Root=1", "blue"])


@replaying.test
def without_them_ids_are_made_of_the_documents_number(desk):
    desk.write("a.jsonl", "{}\n{}\n")
    _, lines = desk.lines("--handler", desk.handler("context"), "--repeat", "2", "a.jsonl")
    told = context_of(lines)
    tap.equal([told[name] for name in ("function", "trace", "tenant")], 3 * ["(absent)"])
    requests = [line["reason"].split("\n")[0] for line in events(lines)]
    tap.equal(requests, [f"request=00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3, 4)])


@replaying.test
def the_context_tells_transport_position_and_attempt(desk):
    desk.write("a.json", replaying.sqs(replaying.message("m-1", "x", receives=7)))
    told = context_of(desk.lines("--handler", desk.handler("context"), "a.json")[1])
    tap.equal({name: told[name] for name in ("transport", "position", "attempt", "deadline", "cancelled", "kind", "id")},
              {"transport": "file", "position": "m-1", "attempt": "7", "deadline": "none", "cancelled": "no",
               "kind": "sqs", "id": "m-1"})


# --- output --------------------------------------------------------------------------------------------

@replaying.test
def quiet_prints_only_totals(desk):
    desk.write("a.jsonl", "".join(json.dumps(told) + "\n" for told in (OK, OK, RETRY, REJECT)))
    done = desk.replay("--handler", desk.handler("told"), "--quiet", "a.jsonl")
    tap.equal((done.returncode, done.stdout, done.stderr), (1, "4 events: 2 ok, 1 retry, 1 reject\n", ""))
    done = desk.replay("--handler", desk.handler("told"), "--quiet", "--json", "a.jsonl")
    tap.equal((done.returncode, len(done.stdout.splitlines()), done.stderr), (1, 1, ""))
    tap.equal(json.loads(done.stdout)["summary"]["events"], 4)


@replaying.test
def options_may_follow_files_and_dashes_end_them(desk):
    desk.write("--json", OK)
    tap.equal(desk.replay("--quiet", "--handler", desk.handler("told"), "--", "--json").stdout, "1 event: 1 ok\n")
    desk.write("a.json", OK)
    tap.equal(desk.replay("a.json", "--quiet", f"--handler={desk.handler('told')}").stdout, "1 event: 1 ok\n")


@replaying.test
def wrong_options_are_usage_errors(desk):
    desk.write("a.json", OK)
    for arguments, message in [(["--hanlder", "x", "a.json"], "did you mean --handler?"),
                               (["a.json", "--handler"], "--handler wants a value"),
                               (["--json=yes", "a.json"], "--json takes no value"),
                               (["-q", "a.json"], "replay knows no option -q"),
                               (["--handler", "x"], "no file is named")]:
        done = desk.replay(*arguments)
        tap.equal((done.returncode, done.stdout), (64, ""), arguments)
        tap.contains(done.stderr, message)


tap.main()
