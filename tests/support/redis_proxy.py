# SPDX-License-Identifier: Apache-2.0
"""Between a worker and its Redis: replies wait where a test wants them to.

    def hold(words, reply):  # of each reply; None: it passes, an event: when that is set
        return read if redis_proxy.kind(words) == "claim" else None

    with redis_proxy.Proxy(server.port, hold) as proxy:
        desk.configure(url=proxy.url)
"""
import queue
import socket
import threading

LIMIT = 30  # seconds that a reply may wait
SCRIPTS = [(b"XAUTOCLAIM", "claim"), (b"repeat", "leave"), (b"for i=4", "fetch")]  # what only these scripts say


def kind(words):
    """The command, or which script of triggers/redis/scripts.h."""
    if words[0] != b"EVAL":
        return words[0].decode()
    return next((name for part, name in SCRIPTS if part in words[1]), "EVAL")


def value(file):
    """One value of the protocol: its bytes, and what they mean."""
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the other end is gone")
    sort, rest = line[:1], line[1:-2]
    if sort in b"$*" and rest == b"-1":
        return line, None
    if sort == b"$":
        data = file.read(int(rest) + 2)
        return line + data, data[:-2]
    if sort == b"*":
        items = [value(file) for _ in range(int(rest))]
        return line + b"".join(item[0] for item in items), [item[1] for item in items]
    return line, rest


def shut(*sockets):
    for each in sockets:
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:  # it is shut
            pass


class Proxy:
    def __init__(self, port, hold):
        self.server, self.hold = ("127.0.0.1", port), hold
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shut(self.socket)
        self.socket.close()

    def _accept(self):
        while True:
            try:
                ends = self.socket.accept()[0], socket.create_connection(self.server)
            except OSError:  # its end
                return
            asked = queue.Queue()
            for end in ends:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for way in [self._forth, self._back]:
                threading.Thread(target=way, args=(*ends, asked), daemon=True).start()

    @staticmethod
    def _forth(client, server, asked):
        try:
            with client.makefile("rb") as file:
                while True:
                    data, words = value(file)
                    asked.put(words)
                    server.sendall(data)
        except OSError:
            shut(client, server)

    def _back(self, client, server, asked):
        try:
            with server.makefile("rb") as file:
                while True:
                    data, reply = value(file)
                    event = self.hold(asked.get(), reply)
                    if event is not None:
                        event.wait(LIMIT)
                    client.sendall(data)
        except OSError:
            shut(client, server)
