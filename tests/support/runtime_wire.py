# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as a server that a test scripts speaks it: byte by byte, on plain sockets. Nothing here knows Lambda."""
import dataclasses
import http
import os
import re
import select
import socket
import struct
import threading
import time

LIMIT_S = float(os.environ.get("LEAT_TEST_LIMIT_S", "10"))  # longer than anything that is waited for may take


class Closed(Exception):
    """The connection is gone; the text says in which part of a request."""


@dataclasses.dataclass
class Answer:
    """What is sent for one request, and how. `headers` stand as they are; the framing is added."""
    status: int = 200
    headers: tuple = ()             # (name, value), in this order
    body: bytes = b""
    chunks: tuple = None            # chunked, with chunks of these sizes; what is left over in one more
    extension: str = ""             # behind the size of each chunk: ";name=value"
    trailers: tuple = ()            # behind the last chunk
    unframed: bool = False          # neither length nor chunks: the body ends with the connection
    length: int = None              # said instead of the true one
    bytewise: bool = False          # each byte in a segment of its own
    raw: bytes = None               # instead of all of the above
    cut: int = None                 # after so many bytes of it all the connection is closed
    close: bool = False             # the connection is closed behind it, unannounced
    reset: bool = False             # ... and the client gets a reset
    until: threading.Event = None   # not sent before
    behind_next: bool = False       # not sent before another request has come behind this one
    read_when: threading.Event = None   # the body of the request is not read before
    read_bytes: int = None          # only so much of the body is read, then the connection is closed
    early: bool = False             # sent as soon as the head is there, the body is read afterwards

    def text(self):
        if self.raw is not None:
            return self.raw
        lines = [f"HTTP/1.1 {self.status} {http.HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.chunks is not None:
            lines.append("Transfer-Encoding: chunked")
        elif self.status != 204 and not self.unframed:
            lines.append(f"Content-Length: {len(self.body) if self.length is None else self.length}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.framed_body()

    def framed_body(self):
        if self.chunks is None:
            return self.body
        parts, at = [], 0
        for size in [*self.chunks, len(self.body)]:
            part = self.body[at:at + size]
            if part:
                parts.append(f"{len(part):x}{self.extension}\r\n".encode() + part + b"\r\n")
            at += size
        trailers = "".join(f"{name}: {value}\r\n" for name, value in self.trailers)
        return b"".join(parts) + f"0{self.extension}\r\n{trailers}\r\n".encode()


class Request:
    """One request as it came. While it is still coming `complete` is False and `body` grows."""

    def __init__(self, head, connection):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ")
        self.headers = [_field(line) for line in lines[1:]]
        self.connection = connection
        self.arrived = time.monotonic()
        self.body = bytearray()
        self.chunks = []      # (bytes, when they were there)
        self.trailers = []
        self.chunked = (self.get("transfer-encoding") or "").lower() == "chunked"
        self.complete = False
        self.answered = None  # the status that was sent
        self.kind = None

    def get(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def trailer(self, name):
        return next((value for key, value in self.trailers if key.lower() == name.lower()), None)

    def __repr__(self):
        return f"<{self.method} {self.target} on {self.connection}, {len(self.body)} bytes, answered {self.answered}>"


def _field(line):
    name, colon, value = line.partition(":")
    assert colon and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name), f"no header: {line!r}"
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value), f"a control character in a header: {line!r}"
    return name, value.strip(" \t")


class Connection:
    """The server's end. One thread serves it; others may only drop it."""

    def __init__(self, sock, number):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.number = sock, number
        self.buffer = bytearray()
        self.dropped = False
        self.idle = True      # between requests
        self.doomed = False   # an answer said so: it is closed next

    def _fill(self, where):
        try:
            data = self.sock.recv(262144)
        except OSError as error:
            raise Closed(where) from error
        if not data or self.dropped:
            raise Closed(where)
        self.buffer += data

    def _until(self, mark, where):
        """What stands before the mark, which is taken off too."""
        start = 0
        while (at := self.buffer.find(mark, start)) < 0:
            start = max(0, len(self.buffer) - len(mark) + 1)
            self._fill(where)
        part = bytes(self.buffer[:at])
        del self.buffer[:at + len(mark)]
        return part

    def head(self):
        """The next request's; None: the client has closed."""
        self.idle = True
        if not self.buffer:
            try:
                self._fill("idle")
            except Closed:
                return None
        self.idle = False
        return Request(self._until(b"\r\n\r\n", "head"), self.number)

    def body(self, request, most=None):
        """Reads it; with `most`, no more than so many bytes, and True when there are as many."""
        if request.chunked:
            return self._chunks(request, most)
        length = int(request.get("content-length") or 0)
        while len(request.body) < length and (most is None or len(request.body) < most):
            self._some(request, length - len(request.body))
        request.complete = len(request.body) == length
        return not request.complete

    def _some(self, request, most):
        if not self.buffer:
            self._fill("body")
        part = bytes(self.buffer[:most])
        del self.buffer[:most]
        request.body += part
        return part

    def _chunks(self, request, most):
        while (size := int(self._until(b"\r\n", "body").split(b";")[0], 16)) > 0:
            chunk = b""
            while len(chunk) < size:
                chunk += self._some(request, size - len(chunk))
                if most is not None and len(request.body) >= most:
                    return True
            assert self._until(b"\r\n", "body") == b"", "a chunk is longer than it said"
            request.chunks.append((chunk, time.monotonic()))
        while line := self._until(b"\r\n", "trailers"):
            request.trailers.append(_field(line.decode("latin-1")))
        request.complete = True
        return False

    def more(self):
        """Waits until another request's head is there, behind the one that is being served."""
        deadline = time.monotonic() + LIMIT_S
        while b"\r\n\r\n" not in self.buffer:
            left = max(0, deadline - time.monotonic())
            assert select.select([self.sock], [], [], left)[0], "no request came behind this one"
            self._fill("waiting for more")

    def alive(self):
        """Whether the client is still there, as far as one can know without sending."""
        if self.dropped:
            return False
        try:
            return self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def send(self, answer):
        text = answer.text()
        try:
            if answer.bytewise:
                for at in range(len(text[:answer.cut])):
                    self.sock.sendall(text[at:at + 1])
            else:
                self.sock.sendall(text[:answer.cut])
        except OSError as error:
            raise Closed("answer") from error
        self.doomed = answer.close or answer.reset or answer.unframed or answer.cut is not None
        if answer.reset:
            self.reset()

    def reset(self):
        """What closes later, closes with a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def drop(self, reset=False):
        """From another thread: the client sees the end of the connection."""
        self.dropped = True
        try:
            if reset:
                self.reset()
            self.sock.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.sock.close()
