# SPDX-License-Identifier: Apache-2.0
"""`leat replay --bootstrap`: functions that keep to the Runtime API, and what is read of their answers."""
import json
import os
import shutil

import guests
import replaying
import tap

TWO = replaying.sqs(replaying.message("m1", "a"), replaying.message("m2", "b"))
ONE = replaying.sqs(replaying.message("m1", "a"))


def run(desk, body, *arguments, **options):
    return desk.lines("--bootstrap", guests.write(desk, body), *arguments, **options)


def package(desk, handler):
    """leat's own bootstrap beside a handler, as a function is packed."""
    desk.path("package").mkdir()
    shutil.copy(tap.BUILD / "bootstrap", desk.path("package"))
    shutil.copy(desk.handler(handler), desk.path("package"))
    return desk.path("package/bootstrap")


@replaying.test
def own_functions_answer_as_their_handlers_do(desk):
    kinds = [line.split()[0] for line in tap.must(tap.BUILD / "leat", "sample").stdout.splitlines()]
    names = [desk.write(f"{kind}.json", replaying.sample(kind)) for kind in kinds]
    names.append(desk.write("many.json", replaying.sqs(*[replaying.message(todo, {"do": todo})
                                                         for todo in ["ok", "retry", "reject", "reply"]])))
    names.append(desk.write("stream.json", {"Records": [replaying.change("1", "ok"), replaying.change("2", "retry"),
                                                        replaying.change("3", "ok")]}))
    bootstrap = package(desk, "told")
    status, direct = desk.lines("--handler", desk.handler("told"), *names)
    again, served = desk.lines("--bootstrap", bootstrap, *names, env={"_HANDLER": "told.so"})
    tap.equal(again, status)
    tap.equal(replaying.replies(served), replaying.replies(direct))
    tap.equal([(line["event"], line["outcome"] == "ok") for line in replaying.events(served)],
              [(line["event"], line["outcome"] == "ok") for line in replaying.events(direct)])


@replaying.test
def own_functions_come_in_archives(desk):
    package(desk, "told")
    shutil.make_archive(desk.path("function"), "zip", desk.path("package"))
    desk.write("a.json", ONE)
    status, lines = desk.lines("--bootstrap", "function.zip", "a.json")
    tap.equal((status, replaying.replies(lines)), (0, [{"batchItemFailures": []}]))


@replaying.test
def own_functions_stream(desk):
    request = {**replaying.sample("function-url"), "isBase64Encoded": False}
    parts = {"status": 201, "type": "text/plain", "parts": ["a", "b"]}
    names = [desk.write(f"{todo}.json", {**request, "body": json.dumps({**parts, "do": todo})})
             for todo in ["ok", "reject", "abort"]]
    status, lines = desk.lines("--bootstrap", package(desk, "streamed"), *names)
    tap.equal(status, 1)
    *told, crash = replaying.replies(lines)
    tap.equal(told, [{"statusCode": 201, "headers": {"content-type": "text/plain"}, "body": "ab"},
                     ("Function.Reject", "broke off")])
    # Of a crash in mid-stream two things are seen, and either may be first.
    assert crash in [("Runtime.ExitError", "Runtime exited with error: signal 6 (Aborted)"),
                     ("Runtime.TruncatedResponse", "the response was cut off")], crash


@replaying.test
def an_answer_is_read_as_lambda_reads_it(desk):
    desk.write("a.json", TWO)
    status, lines = run(desk, """
        serve(lambda event, headers: {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]})
        """, "a.json")
    tap.equal(status, 1)
    tap.equal([(line["event"], line["outcome"]) for line in replaying.events(lines)], [("m1", "ok"), ("m2", "retry")])
    tap.equal(replaying.replies(lines), [{"batchItemFailures": [{"itemIdentifier": "m2"}]}])
    tap.equal(replaying.summary(lines)["retry"], 1)


@replaying.test
def people_are_told_what_handlers_of_leat_are_told_for(desk):
    desk.write("a.json", ONE)
    done = desk.replay("--bootstrap", guests.write(desk, "serve(lambda event, headers: {})"), "a.json")
    tap.equal(done.returncode, 0, done.stderr)
    tap.contains(done.stdout, "sqs              bootstrap  m1           ok")
    tap.contains(done.stdout, "Lambda would be told {}")


@replaying.test
def a_payload_is_sent_as_it_stands(desk):
    text = '{ "Records" : [ ],\n"n": 1.50e2 , "u" : "\\u00e4" }'
    desk.write("a.json", text)
    desk.write("unknown.json", "[1,  2]")
    desk.write("broken.json", '{"Records":[{"eventSource":"aws:sqs","messageId":"m1"}]}')
    status, lines = run(desk, """
        while True:
            identity, headers, payload = take()
            answer(identity, payload.decode())
        """, "a.json", "broken.json", "unknown.json")
    tap.equal(replaying.replies(lines), [text, '{"Records":[{"eventSource":"aws:sqs","messageId":"m1"}]}', "[1,  2]"])


@replaying.test
def the_environment_is_that_of_lambda(desk):
    desk.write("a.json", "{}")
    status, lines = run(desk, "serve(lambda event, headers: {**os.environ, 'cwd': os.getcwd()})", "a.json", "--time", "2s",
                        env={"_HANDLER": "app.handle", "LD_LIBRARY_PATH": "/x", "AWS_REGION": "eu-west-1", "OWN": "yes"})
    tap.equal(status, 0)
    told, root = replaying.replies(lines)[0], os.path.realpath(desk.folder)
    wanted = {"AWS_LAMBDA_FUNCTION_NAME": "bootstrap", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
              "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_FUNCTION_TIMEOUT": "2", "AWS_REGION": "eu-west-1",
              "AWS_DEFAULT_REGION": "eu-west-1", "_HANDLER": "app.handle", "OWN": "yes", "LAMBDA_TASK_ROOT": root,
              "cwd": root, "LD_LIBRARY_PATH": f"{root}/lib:{root}:/opt/lib:/x"}
    tap.equal({name: told.get(name) for name in wanted}, wanted)
    tap.contains(told["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:")


@replaying.test
def an_invocation_has_all_its_headers(desk):
    desk.write("a.json", "{}")
    status, lines = run(desk, """
        import time
        serve(lambda event, headers: {**headers, "left": int(headers["lambda-runtime-deadline-ms"]) - time.time() * 1000})
        """, "a.json", "--time", "7s", "--function-arn", "arn:aws:lambda:eu-west-1:1:function:f", "--tenant-id", "t",
                        "--trace-id", "Root=1-a-b")
    told = replaying.replies(lines)[0]
    wanted = {"lambda-runtime-aws-request-id": "00000000-0000-4000-8000-000000000001",
              "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:1:function:f",
              "lambda-runtime-aws-tenant-id": "t", "lambda-runtime-trace-id": "Root=1-a-b",
              "content-type": "application/json"}
    tap.equal({name: told.get(name) for name in wanted}, wanted)
    assert told["lambda-runtime-invocation-id"], told
    assert 0 < told["left"] <= 7001, told


@replaying.test
def an_error_is_that_of_the_function(desk):
    desk.write("a.json", ONE)
    desk.write("b.json", TWO)
    status, lines = run(desk, """
        for kind in ["Function.Reject", "ValueError"]:
            identity, headers, payload = take()
            answer(identity, {"errorMessage": "no " + kind, "errorType": kind, "stackTrace": []}, "error",
                   {"Lambda-Runtime-Function-Error-Type": "Function.Other"})
        """, "a.json", "b.json")
    tap.equal(status, 1)
    tap.equal(replaying.outcomes(lines), ["reject", "retry", "retry"])
    tap.equal(replaying.replies(lines), [("Function.Reject", "no Function.Reject"), ("ValueError", "no ValueError")])


@replaying.test
def an_error_without_json_is_told_as_it_stands(desk):
    desk.write("a.json", ONE)
    status, lines = run(desk, """
        identity, headers, payload = take()
        answer(identity, b"oh no", "error", {"Lambda-Runtime-Function-Error-Type": "Function.Odd"})
        """, "a.json")
    tap.equal(replaying.replies(lines), [("Function.Odd", "oh no")])


@replaying.test
def a_streamed_http_answer_is_an_http_answer(desk):
    desk.write("a.json", replaying.sample("function-url"))
    status, lines = run(desk, """
        identity, headers, payload = take()
        prelude = json.dumps({"statusCode": 201, "headers": {"x-a": "b"}, "cookies": ["c=d"]}).encode()
        answer(identity, iter([prelude, b"\\0" * 8, "hällo".encode()]), encode_chunked=True, headers={
            "Content-Type": "application/vnd.awslambda.http-integration-response",
            "Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked"})
        """, "a.json")
    tap.equal(status, 0)
    tap.equal(replaying.replies(lines),
              [{"statusCode": 201, "headers": {"x-a": "b"}, "cookies": ["c=d"], "body": "hällo"}])


@replaying.test
def a_streamed_http_answer_of_bytes_is_base64(desk):
    desk.write("a.json", replaying.sample("function-url"))
    status, lines = run(desk, """
        identity, headers, payload = take()
        answer(identity, b'{"statusCode":503}' + bytes(8) + b"\\xff\\0", headers={
            "Content-Type": "application/vnd.awslambda.http-integration-response",
            "Lambda-Runtime-Function-Response-Mode": "streaming"})
        """, "a.json")
    tap.equal(status, 1)
    tap.equal(replaying.replies(lines), [{"statusCode": 503, "body": "/wA=", "isBase64Encoded": True}])


@replaying.test
def a_streamed_answer_without_its_prelude_is_an_error(desk):
    desk.write("a.json", replaying.sample("function-url"))
    status, lines = run(desk, """
        identity, headers, payload = take()
        answer(identity, b'hello', headers={"Content-Type": "application/vnd.awslambda.http-integration-response"})
        """, "a.json")
    tap.equal((status, replaying.replies(lines)[0][0]), (1, "Runtime.InvalidResponsePrelude"))


@replaying.test
def the_trailers_of_a_stream_are_an_error(desk):
    desk.write("a.json", ONE)
    status, lines = run(desk, """
        import base64
        identity, headers, payload = take()
        error = base64.b64encode(json.dumps({"errorMessage": "broke off", "errorType": "Function.Half"}).encode())
        print(read_all(raw(f"POST {RUNTIME}/invocation/{identity}/response HTTP/1.1\\r\\nHost: x\\r\\n".encode() +
            b"Lambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\n"
            b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\\r\\n\\r\\n",
            b"3\\r\\nabc\\r\\n", b"0\\r\\nLambda-Runtime-Function-Error-Type: Function.Half\\r\\n",
            b"Lambda-Runtime-Function-Error-Body: " + error + b"\\r\\n\\r\\n")))
        """, "a.json")
    tap.equal(replaying.replies(lines), [("Function.Half", "broke off")])
    tap.equal(replaying.outcomes(lines), ["retry"])


@replaying.test
def bytes_may_come_in_any_pieces_and_in_front_of_each_other(desk):
    desk.write("a.json", ONE)
    status, lines = run(desk, """
        client = raw(f"GET {RUNTIME}/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n".encode())
        for number in range(2):
            identity = client.recv(65536).decode().split("Request-Id: ")[1].split("\\r")[0]
            post = f"POST {RUNTIME}/invocation/{identity}/response HTTP/1.1\\r\\nContent-Length: 4\\r\\n\\r\\nnull".encode()
            for at in range(len(post) - 1):
                client.sendall(post[at:at + 1])
            client.sendall(post[-1:] + f"GET {RUNTIME}/invocation/next HTTP/1.1\\r\\n\\r\\n".encode())
            seen = b""
            while b'"OK"}\\n' not in seen:
                seen += client.recv(1)
        """, "a.json", "--repeat", "2")
    tap.equal((status, replaying.replies(lines)), (0, [None, None]))


@replaying.test
def a_client_that_asks_before_it_sends_is_told_to_go_on(desk):
    desk.write("a.json", ONE)
    status, lines = run(desk, """
        identity, headers, payload = take()
        client = raw(f"POST {RUNTIME}/invocation/{identity}/response HTTP/1.1\\r\\nExpect: 100-continue\\r\\n"
                     "Content-Length: 4\\r\\n\\r\\n".encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 100 "), "not told"
        client.sendall(b"null")
        assert client.recv(1000).startswith(b"HTTP/1.1 202 ")
        hang()
        """, "a.json")
    tap.equal((status, replaying.replies(lines)), (0, [None]))


@replaying.test
def a_snapshot_and_an_extension_have_their_calls(desk):
    desk.write("a.json", ONE)
    status, lines = run(desk, """
        import threading
        told = [call("GET", RUNTIME + "/restore/next")[0]]
        told.append(call("GET", "/2020-01-01/extension/event/next")[0])
        told.append(call("POST", "/2020-01-01/extension/register", "{}")[0])
        status, headers, body = call("POST", "/2020-01-01/extension/register", '{"events":[]}',
                                     {"Lambda-Extension-Name": "own"})
        told += [status, json.loads(body)["functionName"]]
        held = raw(b"GET /2020-01-01/extension/event/next HTTP/1.1\\r\\nLambda-Extension-Identifier: " +
                   headers["lambda-extension-identifier"].encode() + b"\\r\\n\\r\\n")
        identity, headers, payload = take()
        held.setblocking(False)
        try:
            told.append(held.recv(1).decode())
        except BlockingIOError:
            told.append("held")
        answer(identity, told)
        """, "a.json")
    tap.equal(replaying.replies(lines), [[200, 403, 403, 200, "bootstrap", "held"]])


@replaying.test
def what_was_recorded_is_expected(desk):
    desk.write("a.json", TWO)
    program = guests.write(desk, "serve(lambda event, headers: {'batchItemFailures': [{'itemIdentifier': 'm2'}]})")
    tap.equal(desk.replay("--bootstrap", program, "--record", "golden", "a.json").returncode, 1)
    tap.contains(desk.path("golden").read_text(), "a.json#1\tsqs\tbootstrap\tm2\tretry")
    tap.equal(desk.replay("--bootstrap", program, "--expect", "golden", "a.json").returncode, 0)
    desk.write("a.json", ONE)
    tap.equal(desk.replay("--bootstrap", program, "--expect", "golden", "a.json").returncode, 1)


@replaying.test
def a_document_without_a_wanted_event_is_not_sent(desk):
    desk.write("a.json", ONE)
    desk.write("b.json", replaying.sqs(replaying.message("m8", "a"), replaying.message("m9", "a")))
    status, lines = run(desk, "serve(lambda event, headers: {'batchItemFailures': [], 'n': len(event['Records'])})",
                        "--only", "m9", "a.json", "b.json")
    tap.equal([line["event"] for line in replaying.events(lines)], ["m9"])
    tap.equal(replaying.replies(lines), [{"batchItemFailures": [], "n": 2}])


@replaying.test
def a_command_line_is_run_where_leat_is(desk):
    desk.write("a.json", ONE)
    guests.write(desk, "serve(lambda event, headers: [os.getcwd(), sys.argv[1:]])", "app.py")
    status, lines = desk.lines("--bootstrap", "./app.py 'one two' $WORD", "a.json", "--as", "unknown",
                               env={"WORD": "three"})
    tap.equal(replaying.replies(lines), [[os.path.realpath(desk.folder), ["one two", "three"]]])


@replaying.test
def the_memory_is_that_of_the_function(desk):
    desk.write("a.json", ONE)
    status, lines = run(desk, """
        pad = bytearray(b"x") * (100 << 20)
        serve(lambda event, headers: {})
        """, "a.json")
    assert 100 << 20 < replaying.summary(lines)["peak_rss_bytes"] < 200 << 20, lines


@replaying.test
def what_the_function_prints_is_no_data(desk):
    desk.write("a.json", ONE)
    done = desk.replay("--json", "--bootstrap", guests.write(desk, """
        print("printed", repr(sys.stdin.read()), flush=True)
        serve(lambda event, headers: {})
        """), "a.json")
    tap.contains(done.stderr, "printed ''")
    assert "printed" not in done.stdout, done.stdout


@replaying.test
def usage_is_checked(desk):
    desk.write("a.json", ONE)
    desk.write("plain", "no program")
    for arguments, status, message in [
            (["--bootstrap", "./nothing"], 78, "./nothing: No such file"),
            (["--bootstrap", "plain"], 78, "plain: no zip archive, and not executable"),
            (["--bootstrap", "."], 78, "wants a program"),
            (["--bootstrap", "plain", "--handler", "x.so"], 64, "--bootstrap excludes --handler"),
            (["--bootstrap", "plain", "--parallel", "2"], 64, "--bootstrap excludes --handler, --parallel and --sink"),
            (["--bootstrap", "plain", "--sink"], 64, "--bootstrap excludes --handler, --parallel and --sink")]:
        done = desk.replay(*arguments, "a.json")
        tap.equal(done.returncode, status, done.stderr)
        tap.contains(done.stderr, message)


tap.main()
