# SPDX-License-Identifier: Apache-2.0
"""Dead letters and emitted events of a function, through a module's sink; settings by event source ARN."""
import base64
import contextlib
import json
import os

import replaying
import runtime_api
import tap
from replaying import message, sqs

OK, RETRY, REJECT = ({"do": word} for word in ("ok", "retry", "reject"))


def bridge():
    return replaying.handler("bridge", "-fvisibility=hidden")


def letters_handler(name):
    return f"{replaying.handler('letters')}:{name}"


def config(text="", dead="dead"):
    """A function with the sinks `dead` and `audit`, which write beside its file; what else stands in it comes behind."""
    return (f"modules: [{bridge()}]\nservice: shop\ndead_letter: {dead}\nsinks:\n"
            "  dead: {type: held, path: dead.ndjson}\n"
            "  audit: {type: held, path: audit.ndjson}\n"
            "  gated: {type: held, path: gated.ndjson, gate: gate}\n" + text)


@contextlib.contextmanager
def function(text=None, handler="first", **options):
    made = runtime_api.Function(letters_handler(handler) if handler else None,
                                env={"LEAT_CONFIG": None, "LEAT_HANDLER": None, **options.pop("env", {})}, **options)
    (made.folder / "leat.yaml").write_text(config() if text is None else text)
    os.mkfifo(made.folder / "gate")
    with made:
        yield made


def letters(made, name="dead"):
    path = made.folder / f"{name}.ndjson"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def answer(made, payload, **options):
    posted = made.invoke(payload, **options)
    tap.equal(posted.path, "response", posted.body)
    return posted.json()


def failed(*names):
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


def queue(*todos, name="orders", receives=1):
    return sqs(*[message(f"m{number}", todo, name, receives=receives) for number, todo in enumerate(todos)])


def eventbridge(todo):
    return replaying.sample("eventbridge") | {"detail": todo}


def refused(text, kind, status, *parts):
    with function(text) as made:
        stopped = made.wait()
        tap.equal((made.api.kinds(), stopped.status), (["init"], status), stopped.err)
        told = json.loads(bytes(made.api.of("init")[0].body))
        tap.equal(told["errorType"], kind)
        for part in parts:
            tap.contains(told["errorMessage"], part)


# --- dead letters -------------------------------------------------------------------------------------------


@tap.test
def a_reject_of_a_queue_goes_to_the_sink_and_is_not_listed():
    with function() as made:
        tap.equal(answer(made, queue(OK, REJECT, RETRY)), failed("m2"))
        [letter] = letters(made)
        tap.equal({name: letter[name] for name in ("id", "service", "source", "transport", "position", "kind", "handler",
                                                   "attempts", "outcome", "reason")},
                  {"id": "lambda/m1/0", "service": "shop", "source": "lambda", "transport": "lambda", "position": "m1",
                   "kind": "sqs", "handler": "first", "attempts": 1, "outcome": "reject", "reason": "first, colour "})
        tap.equal(letter["payload"], queue(OK, REJECT) | {"Records": [message("m1", REJECT)]})


@tap.test
def a_reject_of_a_stream_goes_to_the_sink_and_its_checkpoint_moves_on():
    with function() as made:
        records = [stream_record(number, todo) for number, todo in [(9, OK), (10, REJECT), (11, OK)]]
        tap.equal(answer(made, {"Records": records}), failed())
        tap.equal([letter["position"] for letter in letters(made)], ["10"])
        records = [stream_record(number, todo) for number, todo in [(12, REJECT), (13, RETRY), (14, REJECT)]]
        tap.equal(answer(made, {"Records": records}), failed("13"))
        tap.equal([letter["position"] for letter in letters(made)], ["10", "12"])


@tap.test
def an_offset_is_told_with_its_partition():
    value = base64.b64encode(json.dumps(REJECT).encode()).decode()
    lists = {f"orders-{partition}": [{"topic": "orders", "partition": partition, "offset": 7, "value": value}]
             for partition in (0, 1)}
    with function() as made:
        tap.equal(answer(made, {"eventSource": "aws:kafka", "records": lists}), failed())
        tap.equal(sorted(letter["id"] for letter in letters(made)), ["lambda/orders-0.7/0", "lambda/orders-1.7/0"])


def stream_record(number, todo):
    record = replaying.sample("kinesis")["Records"][0]
    data = base64.b64encode(json.dumps(todo).encode()).decode()
    return record | {"kinesis": record["kinesis"] | {"sequenceNumber": str(number), "data": data}}


@tap.test
def a_reject_of_an_asynchronous_event_goes_to_the_sink_then_it_is_a_success():
    with function() as made:
        tap.equal(answer(made, eventbridge(REJECT)), None)
        tap.equal([letter["position"] for letter in letters(made)], [eventbridge(REJECT)["id"]])
        tap.equal(made.invoke(eventbridge(RETRY)).path, "error")
        tap.equal(len(letters(made)), 1)


@tap.test
def the_end_of_a_window_has_no_id_and_is_called_by_its_invocation():
    with function() as made:
        window = {"start": "2024-05-02T18:00:00Z", "end": "2024-05-02T18:01:00Z"}
        stream = replaying.sample("kinesis")["Records"][0]["eventSourceARN"]
        for request in ("r1", "r2"):
            end = {"Records": [], "window": window | REJECT, "state": {}, "shardId": "s", "eventSourceARN": stream,
                   "isFinalInvokeForWindow": True, "isWindowTerminatedEarly": False}
            tap.equal(answer(made, end, request_id=request), {"state": {}} | failed())
        tap.equal([letter["id"] for letter in letters(made)], ["lambda/r1.0/0", "lambda/r2.0/0"])


@tap.test
def requests_and_direct_calls_are_never_dead_lettered():
    with function() as made:
        request = replaying.sample("apigateway-http") | {"body": json.dumps(REJECT), "isBase64Encoded": False}
        tap.equal(answer(made, request)["statusCode"], 422)
        tap.equal(made.invoke(REJECT).path, "error")
        tap.equal(letters(made), [])


@tap.test
def without_a_sink_a_reject_is_listed():
    with function(config().replace("dead_letter: dead\n", "")) as made:
        tap.equal(answer(made, queue(OK, REJECT)), failed("m1"))
        tap.equal(letters(made), [])


# --- emitted events -------------------------------------------------------------------------------------------


@tap.test
def what_a_function_emits_goes_to_its_sink():
    with function() as made:
        tap.equal(answer(made, queue({"do": "ok", "emit": "audit"}, {"do": "retry", "emit": "audit"})), failed("m1"))
        [event] = letters(made, "audit")
        tap.equal((event["type"], event["source"], event["data"]), ("test.told", "leat/shop", {"told": True}))
        request = replaying.sample("apigateway-http") | {"body": '{"do":"ok","emit":"audit"}', "isBase64Encoded": False}
        tap.equal(answer(made, request)["statusCode"], 200)
        tap.equal(len(letters(made, "audit")), 2)


@tap.test
def a_sink_that_is_not_there_is_told_to_the_handler():
    with function() as made:
        tap.equal(answer(made, queue({"do": "ok", "emit": "gone"})), failed())
        tap.equal(letters(made)[0]["reason"], "first: no sink gone")


@tap.test
def without_a_service_name_it_is_the_functions():
    with function(config().replace("service: shop\n", "")) as made:
        answer(made, queue({"do": "reject"}, {"do": "ok", "emit": "audit"}))
        tap.equal((letters(made)[0]["service"], letters(made, "audit")[0]["source"]), ("leat", "leat/leat"))


# --- durable, then answered -------------------------------------------------------------------------------------


def gated(made, payload, byte, count):
    """The answer, which comes when the sink has answered `byte` and not before."""
    before = len(letters(made, "gated"))
    invocation = made.later(payload)
    made.api.wait_for(lambda: len(letters(made, "gated")) == before + count, "letters", made.alive)
    posts = len(made.api.of("response", "error"))
    assert not invocation.done.wait(0.3), "it was answered before the sink was"
    tap.equal(len(made.api.of("response", "error")), posts)
    (made.folder / "gate").write_text(byte)
    return made.answer(invocation)


def durable_first(**env):
    with function(config(dead="gated"), env=env) as made:
        tap.equal(gated(made, queue(OK, REJECT, REJECT), "y", 2).json(), failed())
        tap.equal(gated(made, queue({"do": "ok", "emit": "gated"}), "y", 1).json(), failed())
        tap.equal(gated(made, eventbridge(REJECT), "y", 1).json(), None)


@tap.test
def the_answer_waits_for_the_sink():
    durable_first()


@tap.test
def the_answer_waits_for_the_sink_where_it_goes_out_with_the_next_request():
    durable_first(LEAT_LAMBDA_PIPELINE="1")


@tap.test
def the_answer_waits_for_the_sink_where_handlers_have_threads():
    durable_first(LEAT_TIMEOUT="10s")


@tap.test
def what_the_sink_does_not_take_comes_again():
    with function(config(dead="gated")) as made:
        tap.equal(gated(made, queue(OK, REJECT), "n", 1).json(), failed("m1"))
        tap.equal(gated(made, queue(OK, REJECT), "y", 1).json(), failed())
        failure = gated(made, eventbridge({"do": "ok", "emit": "gated"}), "n", 1)
        tap.equal((failure.path, failure.error), ("error", "Function.Retry"))
        tap.contains(bytes(failure.body).decode(), "what it emitted could not be written")


@tap.test
def a_sink_that_does_not_start_is_an_init_error():
    refused(config().replace("path: dead.ndjson", "path: gone/dead.ndjson"), "Runtime.StartFailed", 69,
            "the ledger is away")


@tap.test
def sinks_start_behind_a_snapshot():
    env = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    with function(env=env) as made:
        tap.equal(answer(made, queue(REJECT)), failed())
        tap.equal(len(letters(made)), 1)
    with function(config().replace("path: dead.ndjson", "path: gone/dead.ndjson"), env=env) as made:
        tap.equal(made.wait().status, 69)
        tap.equal(made.api.kinds(), ["restore", "restore-error"])


# --- entries of "sources" ----------------------------------------------------------------------------------------


def own(more=""):
    return config(f"""
settings: {{colour: grey, shade: dark}}
sources:
  orders:
    type: sqs
    queue: orders
    handler: {letters_handler("second")}
    settings: {{colour: red}}
    dead_letter: audit
  bills: {{type: sqs, queue: "https://sqs.eu-west-1.amazonaws.com/123456789012/bills", settings: {{colour: blue}}}}
""" + more)


@tap.test
def a_queues_entry_has_handler_settings_and_sink_of_its_messages():
    with function(own()) as made:
        tap.equal(answer(made, queue(REJECT)), failed())
        [letter] = letters(made, "audit")
        tap.equal((letter["source"], letter["reason"], letter["handler"], letter["id"]),
                  ("orders", "second, colour red", "second", "orders/m0/0"))
        tap.equal(letters(made), [])


@tap.test
def what_an_entry_does_not_say_is_the_services():
    with function(own()) as made:
        tap.equal(answer(made, queue(REJECT, name="bills")), failed())
        tap.equal(answer(made, queue(REJECT, name="others")), failed())
        tap.equal(answer(made, eventbridge(REJECT)), None)
        tap.equal([(letter["source"], letter["reason"]) for letter in letters(made)],
                  [("bills", "first, colour blue"), ("lambda", "first, colour grey"), ("lambda", "first, colour grey")])
        tap.equal(letters(made, "audit"), [])


@tap.test
def entries_do_not_mix_where_several_invocations_run():
    with function(own(), concurrency=4) as made:
        made.idle(4)
        all_of_them = [made.later(queue(REJECT, name=name), request_id=f"{name}-{number}")
                       for number in range(10) for name in ("orders", "bills", "others")]
        for invocation in all_of_them:
            tap.equal(made.answer(invocation).json(), failed())
        tap.equal({letter["reason"] for letter in letters(made, "audit")}, {"second, colour red"})
        tap.equal({(letter["source"], letter["reason"]) for letter in letters(made)},
                  {("bills", "first, colour blue"), ("lambda", "first, colour grey")})
        tap.equal((len(letters(made, "audit")), len(letters(made))), (10, 20))


@tap.test
def a_limit_of_attempts_is_kept_if_an_entry_has_one():
    limited = own("  few: {type: sqs, queue: few, max_attempts: 3}\n")
    with function(limited) as made:
        tap.equal(answer(made, queue(RETRY, name="few", receives=2)), failed("m0"))
        tap.equal(answer(made, queue(RETRY, name="bills", receives=50)), failed("m0"))
        tap.equal(letters(made), [])
        tap.equal(answer(made, queue(RETRY, name="few", receives=3)), failed())
        tap.equal([letter["reason"] for letter in letters(made)], ["given up after 3 attempts: told to"])


@tap.test
def entries_alone_may_have_handlers():
    with function(own(), handler=None) as made:
        made.idle()
        tap.contains(made.err, "handler by source")
        tap.equal(answer(made, queue(REJECT)), failed())
        tap.equal(answer(made, queue(OK, name="bills")), failed())
        tap.equal([letter["reason"] for letter in letters(made)], ["no handler for events of this kind"])


@tap.test
def a_handler_that_is_named_and_gone_is_an_error_all_the_same():
    with function(own(), handler=None, env={"LEAT_HANDLER": "gone.so"}) as made:
        tap.equal(made.wait().status, 78)
        tap.equal(json.loads(bytes(made.api.of("init")[0].body))["errorType"], "Runtime.HandlerNotFound")
    refused(own("  more: {type: sqs, queue: more, handler: gone.so}\n"), "Runtime.InvalidHandler", 78, "more: ", "gone.so")


@tap.test
def what_only_a_worker_reads_needs_no_handler_here():
    with function(own("  inbox: {type: spool, path: inbox, handler: gone.so}\n")) as made:
        tap.equal(answer(made, queue(OK)), failed())
        assert not (made.folder / "inbox").exists(), "a source was started"


@tap.test
def a_raw_handler_of_an_entry_is_refused():
    raw = replaying.handler("raw")
    refused(own(f"  more: {{type: sqs, queue: more, handler: {raw}}}\n"), "Runtime.BadConfiguration", 78, "more: ",
            "is raw: it takes every payload as it is; make it the service's")


tap.main()
