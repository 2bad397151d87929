# SPDX-License-Identifier: Apache-2.0
"""For tests of `leat replay --bootstrap`: functions in Python, with a runtime client of a few lines.

    program = guests.write(desk, '''
    def handle(event, headers):
        return {"batchItemFailures": []}
    serve(handle)
    ''')
    status, lines = desk.lines("--bootstrap", program, "a.json")
"""
import sys
import textwrap

RUNTIME = '''
import http.client, json, os, select, signal, socket, sys

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
RUNTIME = "/2018-06-01/runtime"
connection = http.client.HTTPConnection(API)

def call(method, path, body=None, headers={}, **options):
    """(status, headers, body)"""
    connection.request(method, path, body, headers, **options)
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

def take():
    """(id, headers, payload)"""
    status, headers, payload = call("GET", RUNTIME + "/invocation/next")
    assert status == 200, (status, payload)
    return headers["lambda-runtime-aws-request-id"], headers, payload

def answer(identity, body, what="response", headers={}, **options):
    body = json.dumps(body) if isinstance(body, (dict, list, str)) else body
    return call("POST", f"{RUNTIME}/invocation/{identity}/{what}", body,
                {"Content-Type": "application/json", **headers}, **options)

def serve(handle):
    while True:
        identity, headers, payload = take()
        answer(identity, handle(json.loads(payload), headers))

def hang():
    select.select([], [], [])

def raw(*pieces):
    """Bytes on a connection of their own; returns it."""
    host, port = API.split(":")
    client = socket.create_connection((host, int(port)))
    for piece in pieces:
        client.sendall(piece)
    return client

def read_all(client):
    client.shutdown(socket.SHUT_WR)
    return b"".join(iter(lambda: client.recv(65536), b""))
'''


def text(body):
    """The program: an executable script."""
    return f"#!{sys.executable}\n{RUNTIME}\n{textwrap.dedent(body)}"


def write(desk, body, name="bootstrap"):
    path = desk.path(desk.write(name, text(body)))
    path.chmod(0o755)
    return path
