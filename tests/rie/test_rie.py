# SPDX-License-Identifier: Apache-2.0
"""One invocation at a time, as on Lambda by default. Never two at once: the emulator panics."""
import json
import os

import emulator
import replaying
import tap

ANSWER_MAX = 6291556


@emulator.test()
def two_invocations_are_one_process_that_keeps_its_state(function):
    first, second = function.call({"do": "tell"}), function.call({"do": "tell"})
    tap.equal((first["calls"], second["calls"]), (1, 2))
    tap.equal(second["pid"], first["pid"])
    assert second["request"] != first["request"], "two invocations have one id"


@emulator.test()
def the_handler_sees_what_the_platform_says(function):
    custom = {"custom": {"color": "gr\u00fcn"}}
    told = function.call({"do": "tell"}, **{"X-Amzn-RequestId": "order 7 of 9",
                                            "X-Amz-Client-Context": emulator.client_context(custom)})
    tap.equal(told["request"], "order 7 of 9")
    tap.equal(json.loads(told["client"]), custom)
    assert told["function"].startswith("arn:aws:lambda:") and told["function"].endswith(":function:orders"), told
    assert "client" not in function.call({"do": "tell"}), "the client context of the invocation before"


def deadline(seconds, **environment):
    def the_deadline_is_that_of_the_function(function):
        function.call({"do": "tell"})  # with the cold start
        left_ms = function.call({"do": "tell"})["remaining_ms"]
        assert 1000 * seconds - 2500 < left_ms <= 1000 * seconds, f"{left_ms} ms are left of {seconds} s"
    the_deadline_is_that_of_the_function.__name__ += f"_{seconds}_s"
    emulator.test(**environment)(the_deadline_is_that_of_the_function)


deadline(3, AWS_LAMBDA_FUNCTION_TIMEOUT="3")
deadline(10, AWS_LAMBDA_FUNCTION_TIMEOUT="10")
deadline(300)  # the emulator's default


@emulator.test()
def what_fails_is_a_function_error_and_the_process_goes_on(function):
    pid = function.call({"do": "tell"})["pid"]
    tap.equal(function.call({"do": "reject", "reason": "no \"good\"\n"}),
              {"errorMessage": "no \"good\"\n", "errorType": "Function.Reject", "stackTrace": []})
    tap.equal(function.call({"do": "retry", "reason": "database away"}),
              {"errorMessage": "database away", "errorType": "Function.Retry", "stackTrace": []})
    answer = function.invoke(b"no JSON")
    tap.equal((answer.status, answer.error()[0]), (200, "Runtime.UnmarshalError"))
    tap.equal(function.call({"do": "tell"})["pid"], pid)


@emulator.test(AWS_LAMBDA_FUNCTION_TIMEOUT="1")
def after_a_timeout_the_next_invocation_works(function):
    before = function.call({"do": "tell"})
    answer = function.invoke({"do": "wait", "at": function.meet(), "name": "late"})
    tap.equal((answer.status, answer.body), (200, b"Task timed out after 1.00 seconds"))
    tap.equal(function.met()[0], "late")
    after = function.call({"do": "tell"})
    tap.equal(after["calls"], 1)
    assert after["pid"] != before["pid"], "the process is the same"
    assert not emulator.is_alive(before["pid"]), "the process that was late is still there"


def end(todo, why):
    def after_a_process_has_ended_the_next_invocation_works(function):
        before = function.call({"do": "tell"})
        answer = function.invoke({"do": todo})
        tap.equal((answer.status, answer.error()[0]), (502, "Runtime.ExitError"))
        tap.contains(answer.error()[1], why)
        after = function.call({"do": "tell"})
        tap.equal(after["calls"], 1)
        assert after["pid"] != before["pid"], "the process is the same"
    after_a_process_has_ended_the_next_invocation_works.__name__ += f"_{todo}"
    emulator.test()(after_a_process_has_ended_the_next_invocation_works)


end("exit", "exit status 3")
end("crash", "signal: aborted")


@emulator.test()
def the_largest_answer_goes_out_and_a_larger_one_is_an_error(function):
    pid = function.call({"do": "tell"})["pid"]
    answer = function.invoke({"do": "fill", "bytes": ANSWER_MAX})
    tap.equal(answer.status, 200)
    assert answer.body == b'"' + b"x" * (ANSWER_MAX - 2) + b'"', f"{len(answer.body)} bytes, {answer.body[:100]}"
    answer = function.invoke({"do": "fill", "bytes": ANSWER_MAX + 1})
    tap.equal((answer.status, answer.error()[0]), (200, "Function.ResponseSizeTooLarge"))
    tap.contains(answer.error()[1], str(ANSWER_MAX + 1))
    tap.equal(function.call({"do": "tell"})["pid"], pid)


@emulator.test()
def payloads_of_every_size_come_whole(function):
    """From 2 kB on the emulator sends them in chunks."""
    payload = {"do": "echo", "text": ""}
    empty = len(json.dumps(payload))
    for size in [2047, 2048, 2049, 4096, 4097, 65536, 1 << 20, 6 << 20]:
        payload["text"] = ("abcdefghij" * (size // 10 + 1))[:size - empty]
        assert function.call(payload) == payload, f"{size} bytes come back as others"


@emulator.test(LEAT_SETTINGS='{"fail_init":"no database at db.example"}')
def the_message_of_an_init_that_fails_is_the_answer(function):
    for _ in range(2):  # the emulator starts it again for the second
        answer = function.invoke({"do": "tell"})
        tap.equal(answer.status, 502)
        tap.equal(answer.error()[0], "Function.Init")
        tap.contains(answer.error()[1], "no database at db.example")


@emulator.test(LEAT_HANDLER="gone.so")
def a_handler_that_is_not_there_is_the_answer(function):
    answer = function.invoke({"do": "tell"})
    tap.equal((answer.status, answer.error()[0]), (502, "Runtime.HandlerNotFound"))
    tap.contains(answer.error()[1], "gone.so")


@emulator.test()
def a_batch_fails_in_parts(function):
    todo = ["ok", "retry", "ok", "reject"]
    batch = replaying.sqs(*[replaying.message(f"m{i}", {"do": do, "reason": "r"}) for i, do in enumerate(todo)])
    tap.equal(function.call(batch), {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m3"}]})
    fine = replaying.sqs(*[replaying.message(f"m{i}", {"do": "ok"}) for i in range(10)])
    tap.equal(function.call(fine), {"batchItemFailures": []})


@emulator.test()
def a_request_of_an_http_api_is_answered(function):
    told = {"do": "http", "status": 201, "body": "caf\u00e9 made"}
    request = {"version": "2.0", "routeKey": "POST /orders", "rawPath": "/orders", "rawQueryString": "",
               "headers": {"content-type": "application/json", "host": "api.example"},
               "requestContext": {"accountId": "123456789012", "apiId": "a1", "domainName": "api.example",
                                  "http": {"method": "POST", "path": "/orders", "protocol": "HTTP/1.1",
                                           "sourceIp": "192.0.2.7", "userAgent": "test"},
                                  "requestId": "r1", "routeKey": "POST /orders", "stage": "$default",
                                  "time": "03/May/2024:10:11:12 +0000", "timeEpoch": 1714731072000},
               "body": json.dumps(told), "isBase64Encoded": False}
    answer = function.call(request)
    tap.equal((answer["statusCode"], answer["body"]), (201, "caf\u00e9 made"))
    tap.equal({name.lower(): value for name, value in answer["headers"].items()}["content-type"], "text/plain")


@emulator.test()
def a_stream_comes_whole_and_the_next_invocation_works(function):
    """The emulator collects it, and loses the trailers that say that one was broken off."""
    pid = function.call({"do": "tell"})["pid"]
    for parts in [0, 1, 3, 2000]:
        answer = function.invoke({"do": "stream", "parts": parts})
        tap.equal((answer.status, answer.body), (200, b"".join(b"part %d\n" % (i + 1) for i in range(parts))))
    tap.equal(function.invoke({"do": "stream", "parts": 2, "then": "retry"}).body, b"part 1\npart 2\n")
    told = function.call({"do": "tell", "name": "after"})
    tap.equal((told["name"], told["pid"]), ("after", pid))


@emulator.test(LEAT_LAMBDA_PIPELINE="1")
def with_pipelining_every_answer_is_that_of_its_invocation(function):
    pid = None
    for number in range(1, 301):
        if number % 10 == 0:
            answer = function.invoke({"do": "reject", "reason": f"no {number}"})
            tap.equal(answer.error(), ("Function.Reject", f"no {number}"))
        elif number % 25 == 1:
            tap.equal(function.invoke({"do": "stream", "parts": 2}).body, b"part 1\npart 2\n")
        else:
            told = function.call({"do": "tell", "name": f"n{number}"}, **{"X-Amzn-RequestId": f"r{number}"})
            tap.equal((told["name"], told["request"], told["calls"]), (f"n{number}", f"r{number}", number))
            pid = pid or told["pid"]
            tap.equal(told["pid"], pid)


@emulator.test(LEAT_LAMBDA_PIPELINE="1", AWS_LAMBDA_FUNCTION_TIMEOUT="1")
def with_pipelining_a_timeout_and_a_crash_are_survived(function):
    function.call({"do": "tell"})
    tap.contains(function.invoke({"do": "wait", "at": function.meet(), "name": "late"}).body, b"Task timed out")
    tap.equal(function.call({"do": "tell"})["calls"], 1)
    tap.equal(function.invoke({"do": "crash"}).error()[0], "Runtime.ExitError")
    tap.equal([function.call({"do": "tell"})["calls"] for _ in range(3)], [1, 2, 3])


@emulator.test(LEAT_LAMBDA_SIGTERM="1")
def with_the_extension_the_process_is_told_of_its_end(function):
    told = [function.call({"do": "tell"}) for _ in range(2)]
    tap.equal(told[1]["calls"], 2)
    tap.equal(function.stop(), 0)
    tap.equal(function.log().count("rie: fini"), 1)


@emulator.test()
def without_the_extension_it_is_not(function):
    function.call({"do": "tell"})
    tap.equal(function.stop(), 0)
    tap.equal(function.log().count("rie: fini"), 0)


@emulator.test(LEAT_LAMBDA_SIGTERM="1", AWS_LAMBDA_FUNCTION_TIMEOUT="1")
def with_the_extension_a_timeout_is_survived(function):
    function.call({"do": "tell"})
    tap.contains(function.invoke({"do": "wait", "at": function.meet(), "name": "late"}).body, b"Task timed out")
    tap.equal([function.call({"do": "tell"})["calls"] for _ in range(2)], [1, 2])


@emulator.test()
def lines_of_the_log_have_the_id_of_the_invocation(function):
    function.call({"do": "log", "text": "one line"}, **{"X-Amzn-RequestId": "r-17"})
    [line] = [line for line in function.log().splitlines() if "one line" in line]
    tap.equal(line.split("\t")[1:3], ["r-17", "INFO"])
    tap.contains(function.log(), "cold start (on-demand): handler rie, 1 at a time")


@emulator.test()
def nothing_is_left_behind(function):
    pid = function.call({"do": "tell"})["pid"]
    assert pid in function.pids(), "the process is none of the emulator's"
    function.close()
    assert not emulator.is_alive(pid), "it still runs"
    tap.equal(os.path.exists("/var/task/rie.so"), False)


tap.main()
