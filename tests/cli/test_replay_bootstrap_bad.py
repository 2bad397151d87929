# SPDX-License-Identifier: Apache-2.0
"""`leat replay --bootstrap`: functions that do not keep to the Runtime API, and nothing that stays behind."""
import json
import os
import pathlib
import signal
import subprocess
import time

import guests
import replaying
import tap

ONE = replaying.sqs(replaying.message("m1", "a"))
TWICE = ["a.json", "a.json"]


def run(desk, body, *arguments, **options):
    desk.write("a.json", ONE)
    return desk.lines("--bootstrap", guests.write(desk, body), *arguments, **options)


def refused(desk, body, *arguments):
    """What leat says of a function that it cannot run."""
    desk.write("a.json", ONE)
    done = desk.replay("--bootstrap", guests.write(desk, body), *arguments, "a.json", "a.json")
    tap.equal((done.returncode, done.stdout), (78, ""), done.stderr)
    return done.stderr


def until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"


def is_alive(pid):
    """A zombie that nobody has reaped is not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@replaying.test
def an_exit_without_an_answer_fails_that_invocation_alone(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        if identity.endswith("1"):
            os._exit(3)
        if identity.endswith("2"):
            os._exit(0)
        if identity.endswith("3"):
            os.kill(os.getpid(), signal.SIGKILL)
        answer(identity, {})
        """, "a.json", "--repeat", "5")
    tap.equal(status, 1)
    tap.equal(replaying.outcomes(lines), ["retry"] * 3 + ["ok"] * 2)
    tap.equal(replaying.replies(lines), [
        ("Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("Runtime.ExitError", "Runtime exited without providing a reason"),
        ("Runtime.ExitError", "Runtime exited with error: signal 9 (Killed)"), {}, {}])


@replaying.test
def an_answer_counts_although_its_sender_exits_at_once(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        body = json.dumps({"pad": "x" * 5000000}).encode()
        raw(f"POST {RUNTIME}/invocation/{identity}/response HTTP/1.1\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n".encode(),
            body)
        os._exit(0)
        """, *TWICE)
    tap.equal((status, replaying.outcomes(lines)), (0, ["ok", "ok"]))


@replaying.test
def one_that_takes_too_long_is_killed_and_started_again(desk):
    status, lines = run(desk, """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        identity, headers, payload = take()
        if identity.endswith("1"):
            hang()
        answer(identity, {"pid": os.getpid()})
        identity, headers, payload = take()
        answer(identity, {"pid": os.getpid()})
        """, "a.json", "--repeat", "3", "--time", "2s")
    tap.equal(status, 1)
    told = replaying.replies(lines)
    tap.equal(told[0], ("Function.Timeout", "Task timed out after 2.00 seconds"))
    tap.equal(told[1], told[2])
    tap.equal(replaying.outcomes(lines), ["retry", "ok", "ok"])


@replaying.test
def a_second_answer_is_refused(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        seen = [answer(identity, {})[0]]
        status, headers, body = answer(identity, {"x": 1})
        seen += [status, json.loads(body)["errorType"]]
        seen += [answer(identity, {"errorMessage": "x"}, "error")[0]]
        later, headers, payload = take()
        status, headers, body = answer(identity, {"late": 1})
        seen += [status, json.loads(body)["errorType"]]
        answer(later, {"seen": seen})
        """, *TWICE)
    tap.equal(replaying.replies(lines), [{}, {"seen": [202, 403, "InvalidStateTransition", 403, 400, "InvalidRequestID"]}])


@replaying.test
def ids_of_others_and_unknown_calls_are_refused(desk):
    status, lines = run(desk, """
        seen = [answer("00000000-0000-4000-8000-000000000001", {})[0]]
        identity, headers, payload = take()
        seen.append(answer("other", {})[0])
        seen.append(answer(identity, {}, headers={"Lambda-Runtime-Invocation-Id": "of an earlier attempt"})[0])
        seen.append(answer(identity, {}, "result")[0])
        seen.append(call("POST", RUNTIME + "/invocation/next")[0])
        seen.append(call("GET", "/")[0])
        seen.append(call("POST", RUNTIME + "/init/error", "{}")[0])
        again, more, payload = take()
        seen.append((again, more) == (identity, headers))
        status, headers, body = answer(identity.replace("-", "%2D"), {"seen": seen},
                                       headers={"Lambda-Runtime-Invocation-Id": headers["lambda-runtime-invocation-id"]})
        """, "a.json")
    tap.equal(replaying.replies(lines), [{"seen": [400, 400, 400, 404, 405, 404, 403, True]}])


@replaying.test
def an_answer_that_is_too_large_is_refused(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        status, headers, body = answer(identity, b'"' + b"x" * 6291555 + b'"')
        seen = [status, json.loads(body)["errorType"], answer(identity, {}, "error")[0]]
        identity, headers, payload = take()
        seen.append(answer(identity, b'"' + b"x" * 6291554 + b'"')[0])
        identity, headers, payload = take()
        answer(identity, {"seen": seen})
        """, "a.json", "--repeat", "3", "--as", "unknown")
    told = replaying.replies(lines)
    tap.equal(told[0], ("Function.ResponseSizeTooLarge",
                        "Response payload size exceeded maximum allowed payload size (6291556 bytes)."))
    tap.equal(len(told[1]), 6291554)
    tap.equal(told[2], {"seen": [413, "RequestEntityTooLarge", 403, 202]})


@replaying.test
def an_unknown_mode_of_answers_is_refused(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        answer(identity, {}, headers={"Lambda-Runtime-Function-Response-Mode": "steaming"})
        """, "a.json")
    tap.equal(replaying.replies(lines)[0][0], "Runtime.InvalidResponseModeHeader")


@replaying.test
def an_answer_that_is_cut_off_is_an_error(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        raw(f"POST {RUNTIME}/invocation/{identity}/response HTTP/1.1\\r\\nContent-Length: 9\\r\\n\\r\\nhalf".encode()).close()
        take()
        """, "a.json")
    tap.equal(replaying.replies(lines)[0][0], "Runtime.TruncatedResponse")


@replaying.test
def what_is_no_http_harms_only_its_connection(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        seen = [read_all(raw(garbage))[:12].decode() for garbage in [
            b"hello\\r\\n\\r\\n", b"\\0" * 70000 + b"\\n", b"POST / HTTP/1.1\\r\\nContent-Length: -1\\r\\n\\r\\n",
            b"POST / HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nxyz\\r\\n", b"GET"]]
        answer(identity, {"seen": seen})
        """, "a.json")
    tap.equal(replaying.replies(lines), [{"seen": ["HTTP/1.1 400"] * 4 + [""]}])


@replaying.test
def many_connections_harm_nothing(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        clients = [raw(b"GET /2018-06-01/ping HTTP/1.1\\r\\n\\r\\n") for _ in range(300)]
        answer(identity, {"pongs": sum(b"pong" in read_all(client) for client in clients[:100])})
        """, "a.json")
    tap.equal(replaying.replies(lines), [{"pongs": 100}])


@replaying.test
def one_that_says_why_it_cannot_start_ends_replay(desk):
    said = refused(desk, """
        answer = call("POST", RUNTIME + "/init/error", '{"errorMessage":"no such handler","errorType":"Function.Init"}',
                      {"Lambda-Runtime-Function-Error-Type": "Function.Init"})
        assert answer[0] == 202 and call("GET", RUNTIME + "/invocation/next")[0] == 403
        print("started", file=sys.stderr)
        sys.exit(78)
        """)
    tap.contains(said, "ended 3 times before it took an event: exit status 78: Function.Init: no such handler")
    tap.equal(said.count("started"), 3)


@replaying.test
def one_that_exits_or_cannot_be_run_ends_replay(desk):
    tap.contains(refused(desk, "sys.exit('not today')"), "not today")
    tap.contains(refused(desk, "os.kill(os.getpid(), signal.SIGSEGV)"), "signal 11")
    desk.write("bad", "#!/no/such/interpreter\n")
    desk.path("bad").chmod(0o755)
    done = desk.replay("--bootstrap", "./bad", "a.json")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "cannot be started: No such file")


@replaying.test
def one_that_says_it_cannot_start_and_stays_is_killed(desk):
    tap.contains(refused(desk, """
        call("POST", RUNTIME + "/init/error", '{"errorMessage":"no","errorType":"Function.Init"}')
        hang()
        """), "it had to be killed: Function.Init: no")


@replaying.test
def one_that_exits_after_each_answer_is_started_again(desk):
    status, lines = run(desk, """
        identity, headers, payload = take()
        answer(identity, {})
        """, "a.json", "--repeat", "10")
    tap.equal((status, replaying.outcomes(lines)), (0, ["ok"] * 10))


@replaying.test
def nothing_of_its_group_survives(desk):
    status, lines = run(desk, """
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            hang()
        signal.signal(signal.SIGTERM, lambda *_: print("asked to end", file=sys.stderr) or os._exit(0))
        serve(lambda event, headers: {"pids": [os.getpid(), child]})
        """, "a.json")
    tap.equal(status, 0)
    for pid in replaying.replies(lines)[0]["pids"]:
        until(lambda: not is_alive(pid), f"process {pid} ends")


def interrupted(desk, number):
    desk.write("a.json", ONE)
    program = guests.write(desk, """
        with open("pid", "w") as out:
            out.write(str(os.getpid()) + "\\n")
        take()
        hang()
        """)
    leat = subprocess.Popen([tap.BUILD / "leat", "replay", "--bootstrap", program, "a.json"], cwd=desk.folder,
                            stdout=subprocess.DEVNULL,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # nohup ignores it
    try:
        pid = desk.path("pid")
        until(lambda: pid.exists() and pid.read_text().endswith("\n"), "the function starts")
        leat.send_signal(number)
        tap.equal(leat.wait(timeout=20), -number)
        until(lambda: not is_alive(int(pid.read_text())), "the function ends")
    finally:
        leat.kill()
        leat.wait()


@replaying.test
def nothing_survives_an_interrupted_leat(desk):
    interrupted(desk, signal.SIGINT)


@replaying.test
def nothing_survives_a_leat_that_is_told_to_end(desk):
    interrupted(desk, signal.SIGTERM)


@replaying.test
def nothing_survives_a_leat_that_is_killed(desk):
    interrupted(desk, signal.SIGKILL)


tap.main()
