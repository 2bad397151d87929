# SPDX-License-Identifier: Apache-2.0
"""Managed instances: four invocations at a time in one process. The emulator's deadline there is wrong by itself:
nothing here looks at it."""
import collections
import concurrent.futures
import itertools
import json
import os
import pathlib

import emulator
import tap

LIMIT_S = emulator.LIMIT_S


def results(futures):
    return [future.result(LIMIT_S) for future in futures]


def waiting(function, names, headers=None):
    """Calls whose handlers have all begun: (futures in the order of the names, {name: connection})."""
    path = function.meet()
    futures = emulator.in_parallel([
        lambda name=name: function.invoke({"do": "wait", "at": path, "name": name}, headers) for name in names])
    return futures, dict(function.met() for _ in names)


def let_go(connections):
    for connection in connections:
        connection.sendall(b"x")
        connection.close()


@emulator.test(managed=True)
def four_run_at_the_same_time_and_a_fifth_is_refused(function):
    names = ["a", "b", "c", "d"]
    futures, met = waiting(function, names)
    tap.equal(sorted(met), names)
    fifth = function.invoke_once({"do": "tell", "name": "e"})
    tap.equal((fifth.status, fifth.json()["errorType"]), (400, emulator.UNAVAILABLE))
    assert not any(future.done() for future in futures), "one was answered before its time"
    let_go(met.values())
    told = [answer.json() for answer in results(futures)]
    tap.equal([one["name"] for one in told], names)
    tap.equal([one["calls"] for one in told], [1, 1, 1, 1], "calls of each slot")
    tap.equal(len({one["pid"] for one in told}), 1, "processes")
    tap.equal(len({one["request"] for one in told}), 4, "request ids")


@emulator.test(managed=True)
def they_may_end_in_any_order(function):
    for order in itertools.islice(itertools.permutations("abcd"), 0, 24, 5):
        futures, met = waiting(function, "abcd")
        done = dict(zip("abcd", futures))
        for name in order:
            let_go([met[name]])
            tap.equal(done[name].result(LIMIT_S).json()["name"], name)


@emulator.test(managed=True)
def one_that_is_stuck_holds_nobody_up(function):
    [stuck], met = waiting(function, ["stuck"])
    for number in range(40):
        tap.equal(function.call({"do": "tell", "name": f"n{number}"})["name"], f"n{number}")
    assert not stuck.done(), "it was answered before its time"
    let_go(met.values())
    tap.equal(stuck.result(LIMIT_S).json()["name"], "stuck")


@emulator.test(managed=True)
def an_error_has_its_header_and_the_slot_goes_on(function):
    for todo, kind in [("reject", "Function.Reject"), ("retry", "Function.Retry")] * 4:
        answer = function.invoke({"do": todo, "reason": "no \"good\""})
        tap.equal((answer.status, answer.headers["Error-Type"]), (200, kind))
        tap.equal(answer.json(), {"errorMessage": "no \"good\"", "errorType": kind, "stackTrace": []})
    answer = function.invoke(b"no JSON")
    tap.equal(answer.headers["Error-Type"], "Runtime.UnmarshalError")
    answer = function.invoke({"do": "fill", "bytes": 6291557})
    tap.equal(answer.headers["Error-Type"], "Function.ResponseSizeTooLarge")
    assert function.invoke({"do": "tell"}).headers["Error-Type"] is None, "a call that succeeds has an error header"


@emulator.test(managed=True)
def the_same_request_id_twice_at_a_time_is_refused_and_one_after_the_other_is_not(function):
    ident = {"X-Amzn-RequestId": "r-17"}
    [first], met = waiting(function, ["first"], ident)
    second = function.invoke({"do": "tell", "name": "second"}, ident)
    tap.equal((second.status, second.json()), (400, {"errorType": "Client.DuplicatedInvokeId"}))
    let_go(met.values())
    told = first.result(LIMIT_S).json()
    tap.equal((told["name"], told["request"]), ("first", "r-17"))
    told = function.call({"do": "tell", "name": "third"}, **ident)
    tap.equal((told["name"], told["request"]), ("third", "r-17"))


def one_of_many(function, number):
    """A call with an answer of its own kind: (what came, what was wanted)."""
    name = f"n{number}"
    context = emulator.client_context({"custom": {"number": str(number)}})
    headers = {"X-Amzn-RequestId": f"r{number}", "X-Amz-Client-Context": context}
    if number % 7 == 3:
        return function.invoke({"do": "reject", "reason": name}, headers).error(), ("Function.Reject", name)
    if number % 7 == 5:
        payload = {"do": "echo", "name": name, "text": name * (number * 20)}
        return function.invoke(payload, headers).json(), payload
    if number % 50 == 6:
        parts = 1 + number % 9
        return (function.invoke({"do": "stream", "parts": parts}, headers).body,
                b"".join(b"part %d\n" % (i + 1) for i in range(parts)))
    told = function.call({"do": "tell", "name": name}, **headers)
    return ((told["name"], told["request"], json.loads(told["client"])["custom"]["number"]),
            (name, f"r{number}", str(number)))


@emulator.test(managed=True)
def of_many_invocations_none_gets_the_answer_of_another(function):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for got, wanted in pool.map(lambda number: one_of_many(function, number), range(600)):
            tap.equal(got, wanted)


@emulator.test(managed=True)
def a_stream_comes_whole_and_one_that_breaks_off_is_an_error(function):
    for parts in [0, 1, 2000]:
        answer = function.invoke({"do": "stream", "parts": parts})
        tap.equal((answer.status, answer.body), (200, b"".join(b"part %d\n" % (i + 1) for i in range(parts))))
        tap.equal(answer.headers["Content-Type"], "text/plain")
    for _ in range(5):  # more often than there are slots
        answer = function.invoke({"do": "stream", "parts": 2, "then": "retry"})
        tap.equal(answer.headers["Error-Type"], "Function.Retry")
        tap.equal(answer.error(), ("Function.Retry", "broken off"))
    tap.equal(function.call({"do": "tell", "name": "after"})["name"], "after")


@emulator.test(managed=True)
def six_megabytes_go_in_and_out_four_at_a_time(function):
    payloads = [{"do": "echo", "text": letter * (6 * 1000 * 1000)} for letter in "abcd"]
    futures = emulator.in_parallel([lambda payload=payload: function.invoke(payload) for payload in payloads])
    for answer, payload in zip(results(futures), payloads):
        assert answer.json() == payload, f"status {answer.status}, {len(answer.body)} bytes: {answer.body[:200]}"


@emulator.test(managed=True)
def lines_of_the_log_are_json(function):
    function.call({"do": "log", "text": "one \"line\"\nof two"}, **{"X-Amzn-RequestId": "r-17"})
    function.invoke({"do": "reject", "reason": "no good"}, {"X-Amzn-RequestId": "r-18"})
    emulator.until(lambda: '"WARN"' in function.log() and '"r-17"' in function.log(), "both lines are there")
    tap.equal(function.stop(), 0)
    emulators = ("time=", "START ", "END ", "REPORT ")
    values = [json.loads(line) for line in function.log().splitlines() if not line.startswith(emulators)]
    for value in values:
        assert {"timestamp", "level", "message"} <= set(value), value
    [start] = [value for value in values if "cold start" in value["message"]]
    tap.contains(start["message"], "cold start (lambda-managed-instances): handler rie, 4 at a time")
    [told] = [value for value in values if value["message"] == "one \"line\"\nof two"]
    tap.equal((told["level"], told["requestId"]), ("INFO", "r-17"))
    [failed] = [value for value in values if value["level"] == "WARN"]
    tap.equal(failed["requestId"], "r-18")
    tap.contains(failed["message"], "no good")


@emulator.test(managed=True, LEAT_LAMBDA_SIGTERM="1")
def every_slot_is_closed_at_the_end(function):
    tap.equal([function.call({"do": "tell", "name": name})["name"] for name in "abcdefgh"], list("abcdefgh"))
    tap.equal(function.stop(), 0)
    log = function.log()
    tap.equal(log.count("rie: fini"), 4)
    wrong = [line for line in log.splitlines() if line.startswith("{") and json.loads(line)["level"] != "INFO"]
    tap.equal(wrong, [], "what the process complains of at its end")


@emulator.test(managed=True)
def without_the_extension_it_ends_without_a_word(function):
    function.call({"do": "tell"})
    tap.equal(function.stop(), 0)
    tap.equal(function.log().count("rie: fini"), 0)


@emulator.test(managed=True)
def a_process_that_ends_fails_what_it_runs(function):
    futures, met = waiting(function, ["a", "b"])
    answer = function.invoke({"do": "exit"})
    tap.equal(answer.headers["Error-Type"], "Runtime.ExitError")
    counts = collections.Counter(one.headers["Error-Type"] for one in results(futures))
    tap.equal(counts, {"Runtime.ExitError": 2})
    for connection in met.values():
        tap.equal(connection.recv(1), b"", "the handler is still there")


@emulator.test(managed=True)
def the_host_sees_nothing_of_its_var(function):
    pid = function.call({"do": "tell"})["pid"]
    own, other = os.readlink("/proc/self/ns/mnt"), os.readlink(f"/proc/{pid}/ns/mnt")
    assert own != other, "the mount namespace is the host's"
    assert pathlib.Path("/proc", str(pid), "root", "var/task/rie.so").exists(), "it has no /var of its own"
    assert not pathlib.Path("/var/task/rie.so").exists(), "the host's /var/task has our handler"
    assert " /var tmpfs " not in pathlib.Path("/proc/self/mounts").read_text(), "the host's /var is ours"
    function.close()
    assert not emulator.is_alive(pid), "it still runs"


tap.main()
