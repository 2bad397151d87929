# SPDX-License-Identifier: Apache-2.0
"""The scripted Runtime API itself, with a small client: what is scripted goes over the wire, what comes is noted."""
import contextlib
import socket
import threading

import runtime_api
import tap
from runtime_wire import LIMIT_S, Answer

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"


def post(identity, body, *headers, kind="response"):
    lines = [f"POST /2018-06-01/runtime/invocation/{identity}/{kind} HTTP/1.1", "Host: x", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


@contextlib.contextmanager
def served():
    api = runtime_api.RuntimeApi()
    sock = socket.create_connection(("127.0.0.1", api.port), LIMIT_S)
    try:
        yield api, sock
    finally:
        sock.close()
        api.close()
    tap.equal(api.problems, [])


def read(sock, end):
    """All bytes until the end is there, in the pieces they came in."""
    pieces = []
    while not b"".join(pieces).endswith(end):
        pieces.append(sock.recv(65536))
        assert pieces[-1], f"closed after {pieces}"
    return pieces


def rest(sock):
    """All bytes until the connection ends, and how it ended."""
    got = b""
    try:
        while data := sock.recv(65536):
            got += data
    except ConnectionResetError:
        return got, "reset"
    return got, "closed"


def queued(api, payload=b"{}", request_id="r-1", replies=(), headers=None, **wire):
    invocation = runtime_api.Invocation(payload, request_id, 1000, headers, replies, wire)
    api.add(invocation)
    return invocation


@tap.test
def an_invocation_goes_out_and_its_answer_is_matched():
    with served() as (api, sock):
        invocation = queued(api, b'{"a":1}', headers={"Lambda-Runtime-Deadline-Ms": "5", "Lambda-Runtime-Trace-Id": None,
                                                      "X-Empty": ""})
        sock.sendall(NEXT)
        text = b"".join(read(sock, b'{"a":1}')).decode()
        tap.equal(text, "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\nLambda-Runtime-Deadline-Ms: 5\r\n"
                        f"Lambda-Runtime-Invoked-Function-Arn: {runtime_api.ARN}\r\nContent-Type: application/json\r\n"
                        'X-Empty: \r\nContent-Length: 7\r\n\r\n{"a":1}')
        sock.sendall(post("r%2D1", b"done", "B: 2", "a:1"))
        read(sock, b'"OK"}\n')
        assert invocation.done.wait(LIMIT_S)
        request = invocation.posts[0]
        tap.equal((request.kind, bytes(request.body), request.connection, request.answered), ("response", b"done", 1, 202))
        tap.equal(request.headers, [("Host", "x"), ("B", "2"), ("a", "1"), ("Content-Length", "4")])


@tap.test
def chunks_have_their_sizes_extensions_and_trailers():
    with served() as (api, sock):
        api.script("next", Answer(200, body=b"abcdef", chunks=(2, 3), extension=";x=\"y\"", trailers=(("T", "u"),)))
        sock.sendall(NEXT)
        text = b"".join(read(sock, b"T: u\r\n\r\n"))
        tap.equal(text, b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
                        b'2;x="y"\r\nab\r\n3;x="y"\r\ncde\r\n1;x="y"\r\nf\r\n0;x="y"\r\nT: u\r\n\r\n')


@tap.test
def an_answer_can_be_cut_and_reset():
    for answer, wanted in [(Answer(200, body=b"abc", cut=10), (b"HTTP/1.1 2", "closed")), (Answer(cut=0), (b"", "closed")),
                           (Answer(raw=b"junk", reset=True), (b"junk", "reset")),
                           (Answer(body=b"abc", unframed=True), (b"HTTP/1.1 200 OK\r\n\r\nabc", "closed")),
                           (Answer(204, close=True), (b"HTTP/1.1 204 No Content\r\n\r\n", "closed"))]:
        with served() as (api, sock):
            api.script("next", answer)
            sock.sendall(NEXT)
            got, end = rest(sock)
            tap.equal(end, wanted[1])
            assert got == wanted[0] or (end == "reset" and got == b""), got  # a reset may overtake what was sent


@tap.test
def bytes_can_come_one_by_one():
    with served() as (api, sock):
        api.script("next", Answer(200, body=b"x" * 20000 + b"!", bytewise=True))
        sock.sendall(NEXT)
        assert len(read(sock, b"!")) > 2


@tap.test
def requests_in_pieces_in_one_and_chunked_are_noted_whole():
    with served() as (api, sock):
        queued(api)
        for byte in NEXT:
            sock.sendall(bytes([byte]))
        read(sock, b"{}")
        chunked = (b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                   b"3;e\r\nabc\r\n2\r\nde\r\n0\r\nT-Type: v\r\n\r\n")
        queued(api, b'{"b":2}', "r-2")
        sock.sendall(chunked + NEXT)
        read(sock, b'{"b":2}')
        request = api.of("response")[0]
        tap.equal(([chunk for chunk, _ in request.chunks], bytes(request.body)), ([b"abc", b"de"], b"abcde"))
        tap.equal((request.trailers, request.chunked, request.complete), ([("T-Type", "v")], True, True))


@tap.test
def an_answer_can_wait_for_the_request_behind():
    with served() as (api, sock):
        queued(api, replies=[Answer(202, behind_next=True)])
        queued(api, b"[]", "r-2")
        sock.sendall(NEXT)
        read(sock, b"{}")
        sock.sendall(post("r-1", b"x"))
        api.wait_for(lambda: api.of("response"), "the post")
        tap.equal(api.of("response")[0].answered, None)
        sock.sendall(NEXT)
        tap.contains(b"".join(read(sock, b"[]")), b"202 Accepted")


@tap.test
def wrong_ids_and_nonces_are_noted():
    nonce = {"Lambda-Runtime-Invocation-Id": "n-1"}
    with served() as (api, sock):
        queued(api, headers=nonce)
        sock.sendall(NEXT)
        read(sock, b"{}")
        for request in [post("r-2", b""), post("r-1", b""), post("r-1", b"", "Lambda-Runtime-Invocation-Id: n-2")]:
            sock.sendall(request)
            tap.contains(b"".join(read(sock, b"}")), b"400 Bad Request")
        sock.sendall(post("r-1", b"", "lambda-runtime-invocation-id: n-1", kind="error"))
        tap.contains(b"".join(read(sock, b"}\n")), b"202 Accepted")
        tap.equal((len(api.strays), len(api.crossed)), (3, 2))


@tap.test
def many_polls_get_an_invocation_each():
    with served() as (api, _):
        socks = [socket.create_connection(("127.0.0.1", api.port), LIMIT_S) for _ in range(20)]
        for sock in socks:
            sock.sendall(NEXT)
        api.wait_for(lambda: api.waiting == 20, "polls")
        invocations = [queued(api, b"%04d" % number, f"r-{number}") for number in range(20)]
        for sock in socks:
            number = int(sock.recv(65536)[-4:])
            sock.sendall(post(f"r-{number}", b"%d" % number))
        for number, invocation in enumerate(invocations):
            assert invocation.done.wait(LIMIT_S)
            tap.equal(bytes(invocation.posts[0].body), b"%d" % number)
        for sock in socks:
            sock.close()


@tap.test
def idle_and_polling_connections_can_be_dropped():
    for reset, wanted in [(False, "closed"), (True, "reset")]:
        for polls in [False, True]:
            with served() as (api, sock):
                if polls:
                    sock.sendall(NEXT)
                    api.wait_for(lambda: api.waiting == 1, "a poll")
                api.wait_for(lambda: api.connections, "a connection")
                api.drop(reset)
                tap.equal(rest(sock), (b"", wanted))
                api.wait_for(lambda: not api.connections, "the end of it")
                tap.equal(api.waiting, 0)


@tap.test
def a_body_can_be_left_unread():
    free = threading.Event()
    with served() as (api, sock):
        queued(api, replies=[Answer(202, read_when=free)])
        sock.sendall(NEXT)
        read(sock, b"{}")
        sock.settimeout(0.2)
        sent, part = 0, b"x" * 65536
        try:
            while sent < 64 << 20:
                sent += sock.send(part if sent else post("r-1", b"")[:-5] + b"99999999\r\n\r\n")
        except TimeoutError:
            pass
        assert sent < 32 << 20, sent
        free.set()
        sock.settimeout(LIMIT_S)
        sock.sendall(part)
        sock.close()
        api.wait_for(lambda: api.gone, "its end")
        tap.equal(api.gone[0], (1, "body"))


@tap.test
def the_end_is_told_and_a_process_is_frozen_and_stopped():
    script = ("import os,socket\nhost,port=os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')\n"
              "s=socket.create_connection((host,int(port)))\n"
              f"s.sendall({NEXT!r})\nprint(s.recv(99)[9:12], flush=True)\n")
    with runtime_api.Function(program="/usr/bin/env", arguments=["python3", "-c", script]) as function:
        function.idle()
        function.freeze()
        tap.equal(open(f"/proc/{function.process.pid}/stat").read().split()[2], "T")
        function.thaw()
        tap.equal((function.stop().status, function.wait().out), (0, "b'410'\n"))


tap.main()
