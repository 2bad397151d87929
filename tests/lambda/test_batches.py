# SPDX-License-Identifier: Apache-2.0
"""Batches, requests and direct calls: what each kind of payload is answered, and how options change it."""
import base64
import json

import replaying
import runtime_api
import tap
from replaying import change, message, sqs

OK, RETRY, REJECT = ({"do": word} for word in ("ok", "retry", "reject"))


def failed(*names):
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


def kinesis(*todos):
    """Records "9", "10", "11" and so on."""
    return {"Records": [{"eventSource": "aws:kinesis", "eventID": f"s:{number}", "awsRegion": "eu-west-1", "kinesis": {
        "partitionKey": "p", "sequenceNumber": str(number), "data": base64.b64encode(json.dumps(todo).encode()).decode()}}
        for number, todo in enumerate(todos, 9)]}


def kafka(lists):
    return {"eventSource": "aws:kafka", "records": {f"{topic}-{partition}": [
        {"topic": topic, "partition": partition, "offset": 2 ** 53 + number,
         "value": base64.b64encode(json.dumps(todo).encode()).decode()} for number, todo in enumerate(todos)]
        for (topic, partition), todos in lists.items()}}


def queue(*todos, name="orders", group=None):
    return sqs(*[message(f"m{number}", todo, name, group) for number, todo in enumerate(todos)])


def request(todo, trigger="apigateway-http"):
    return replaying.sample(trigger) | {"body": json.dumps(todo), "isBase64Encoded": False}


def told(**env):
    return runtime_api.Function(replaying.handler("told"), env=env)


def success(function, payload, **options):
    answer = function.invoke(payload, **options)
    tap.equal((answer.path, answer.request.all("Content-Type")), ("response", ["application/json"]), answer.body)
    return answer.json()


def error(function, payload):
    answer = function.invoke(payload)
    tap.equal(answer.path, "error", answer.body)
    return answer.error


# --- batches ------------------------------------------------------------------------------------------------

@runtime_api.test("told")
def a_queue_lists_what_failed(function):
    tap.equal(success(function, queue(OK, RETRY, OK, REJECT)), failed("m1", "m3"))
    tap.equal(success(function, queue(OK, OK)), failed())
    tap.equal(success(function, queue(REJECT, RETRY)), failed("m0", "m1"))
    tap.equal(success(function, {"Records": []}), failed())
    tap.equal(success(function, queue("no json", OK)), failed())  # told says ok to what tells it nothing


@runtime_api.test("told")
def a_fifo_queue_stops_each_group_at_its_first_failure(function):
    payload = sqs(message("a0", OK, "q.fifo", "a"), message("b0", RETRY, "q.fifo", "b"), message("a1", OK, "q.fifo", "a"),
                  message("b1", OK, "q.fifo", "b"), message("c0", REJECT, "q.fifo", "c"), message("c1", OK, "q.fifo", "c"))
    tap.equal(success(function, payload), failed("b0", "b1", "c0", "c1"))
    tap.equal(success(function, queue(OK, name="q.fifo", group="b")), failed())


@runtime_api.test("told")
def streams_list_the_lowest_and_stop(function):
    changes = [change("98", "ok"), change("99", "ok"), change("100", "retry"), change("101", "reject")]
    tap.equal(success(function, {"Records": changes}), failed("100"))
    tap.equal(success(function, {"Records": changes[:2]}), failed())
    tap.equal(success(function, kinesis(OK, REJECT, RETRY)), failed("10"))
    tap.equal(success(function, kinesis(OK, OK)), failed())


@runtime_api.test("told")
def kafka_lists_the_lowest_of_each_partition(function):
    got = success(function, kafka({("a", 0): [OK, RETRY, OK], ("a", 1): [OK, OK], ("b", 0): [REJECT]}))
    names = [entry["itemIdentifier"] for entry in got["batchItemFailures"]]
    tap.equal(sorted((name["partition"], name["offset"]) for name in names), [("a-0", 2 ** 53 + 1), ("b-0", 2 ** 53)])


@runtime_api.test("told")
def asynchronous_events_fail_as_a_whole(function):
    for trigger in ["s3", "sns", "eventbridge"]:
        tap.equal(success(function, replaying.sample(trigger)), None, trigger)
    notification = replaying.sample("sns")
    for todo, wanted in [(RETRY, "Function.Retry"), (REJECT, "Function.Reject")]:
        notification["Records"][0]["Sns"]["Message"] = json.dumps(todo)
        tap.equal(error(function, notification), wanted)


@tap.test
def a_handler_of_requests_refuses_s3():
    with runtime_api.Function(replaying.handler("context")) as function:
        tap.equal(error(function, replaying.sample("s3")), "Function.Reject")


@runtime_api.test("told")
def requests_are_answered_in_their_dialect(function):
    for trigger in ["apigateway-http", "apigateway-rest", "alb", "function-url"]:
        got = success(function, request({"do": "ok", "status": 201, "type": "text/plain", "body": "made"}, trigger))
        tap.equal((got["statusCode"], got["body"], got["isBase64Encoded"]), (201, "made", False), trigger)
        tap.equal(success(function, request(OK, trigger))["statusCode"], 200)
        tap.equal(success(function, request(RETRY, trigger))["statusCode"], 503)
        tap.equal(success(function, request(REJECT, trigger))["statusCode"], 422)
    got = success(function, request({"do": "ok", "status": 200, "type": "image/x", "hex": "00ff"}))
    tap.equal((got["isBase64Encoded"], got["body"]), (True, "AP8="))


@runtime_api.test("told")
def direct_calls_get_the_reply_or_null(function):
    tap.equal(success(function, {"do": "ok", "json": "[1]"}), [1])
    tap.equal(success(function, OK), None)
    for payload in [5, "text", None, True, [], {}]:
        tap.equal(success(function, payload), None)
    tap.equal(success(function, {"do": "reject", "json": '{"a":1}'}), {"a": 1})
    tap.equal(error(function, RETRY), "Function.Retry")


@tap.test
def batches_go_to_a_batch_handler_at_once():
    with runtime_api.Function(replaying.handler("batch")) as function:
        tap.equal(success(function, queue(OK, RETRY, REJECT, {"do": "nothing"})), failed("m1", "m2", "m3"))


# --- options ------------------------------------------------------------------------------------------------

@tap.test
def without_item_failures_any_failure_fails_the_invocation():
    with told(LEAT_REPORT_BATCH_ITEM_FAILURES="false") as function:
        tap.equal(error(function, queue(OK, RETRY)), "Function.Retry")
        tap.equal(error(function, queue(OK, REJECT)), "Function.Reject")
        tap.equal(error(function, kinesis(OK, RETRY)), "Function.Retry")
        assert function.invoke(queue(OK, OK)).path == "response"


@tap.test
def a_batch_that_failed_whole_can_be_an_error():
    with told(LEAT_WHOLE_BATCH_FAILURE="error") as function:
        tap.equal(error(function, queue(RETRY, RETRY)), "Function.Retry")
        tap.equal(error(function, queue(REJECT)), "Function.Reject")
        tap.equal(success(function, queue(OK, RETRY)), failed("m1"))
        tap.equal(success(function, queue(OK)), failed())


# --- time ---------------------------------------------------------------------------------------------------

SLOW = {"do": "ok", "busy_ms": 300}


@runtime_api.test("told")
def what_cannot_be_done_in_time_is_given_back(function):
    got = success(function, queue(SLOW, SLOW, SLOW, SLOW, SLOW, SLOW), deadline_ms=1500)
    names = [entry["itemIdentifier"] for entry in got["batchItemFailures"]]
    assert 1 <= len(names) <= 5 and names == [f"m{number}" for number in range(6 - len(names), 6)], names
    tap.equal(success(function, queue(OK, OK)), failed())


@runtime_api.test("told")
def with_no_time_left_nothing_of_a_batch_starts(function):
    tap.equal(success(function, queue(OK, OK), deadline_ms=300), failed("m0", "m1"))
    tap.equal(success(function, queue(OK, OK), deadline_ms=-1000), failed("m0", "m1"))


@tap.test
def the_reserve_is_an_option():
    with told(LEAT_RESERVE="5s") as function:
        tap.equal(success(function, queue(OK, OK), deadline_ms=4000), failed("m0", "m1"))
        tap.equal(success(function, queue(OK, OK), deadline_ms=9000), failed())
    with told(LEAT_RESERVE="0s") as function:
        tap.equal(success(function, queue(OK, OK), deadline_ms=400), failed())


# --- timeouts -----------------------------------------------------------------------------------------------

@tap.test
def a_timeout_cancels_in_the_classic_mode_too():
    with runtime_api.Function(replaying.handler("unruly"), env={"LEAT_TIMEOUT": "200ms"}) as function:
        answer = function.invoke({"do": "obey"})
        tap.equal((answer.path, answer.error, answer.message), ("error", "Function.Retry", "cancelled"))
        tap.equal(function.invoke({"echo": "x"}).json()["trace"], runtime_api.TRACE)
        tap.equal({request.connection for request in function.api.requests}, {1})


@tap.test
def a_handler_that_does_not_come_back_is_told_and_ends_the_process():
    env = {"LEAT_TIMEOUT": "200ms", "LEAT_TIMEOUT_GRACE": "100ms"}
    with runtime_api.Function(replaying.handler("unruly"), env=env) as function, tap.folder() as folder:
        answer = function.invoke({"do": "hang", "until": f"{folder}/never"})
        tap.equal((answer.path, answer.error), ("error", "Function.Timeout"))
        tap.equal(function.wait().status, 70)


tap.main()
