# SPDX-License-Identifier: Apache-2.0
"""Of ./dev bench redis: latency, start and memory of leat run."""
import json
import statistics
import time

import redis_server
import redis_worker

RATE, SECONDS = 1000, 5
STARTS = 10
PENDING, AT_ONCE = 1_000_000, 1000  # entries
IDLE_S = 2

# All that is new goes to the consumer `other`; the server sends none of it.
TAKE_ALL = """local n = 0
repeat
  local found = redis.call('XREADGROUP', 'GROUP', ARGV[1], 'other', 'COUNT', ARGV[2], 'STREAMS', KEYS[1], '>')
  local count = found and #found[1][2] or 0
  n = n + count
until count < tonumber(ARGV[2])
return n"""


def fill(server, stream, count, size):
    """Entries of one field, an object of `size` bytes."""
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        server.client.socket.sendall(b"".join(entry(stream.encode(), number, size) for number in numbers))
        for _ in numbers:
            server.client.reply()


def entry(stream, number, size):
    text = b'{"order": %d, "fill": "' % number
    text += b"x" * (size - len(text) - 2) + b'"}'
    return (b"*5\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$1\r\n*\r\n$7\r\npayload\r\n$%d\r\n%s\r\n"
            % (len(stream), stream, len(text), text))


def wait_until_done(server, stream, group):
    until = time.monotonic() + redis_worker.TIMEOUT
    while not server.is_done(stream, group):
        if time.monotonic() > until:
            raise RuntimeError(f"{stream} is not done after {redis_worker.TIMEOUT} s")
        redis_server.wait(0.01)


# --- latency ----------------------------------------------------------------------------------------------------------

def produce(server, stream):
    """An entry a millisecond, each sent when its time has come."""
    start = time.monotonic()
    for number in range(RATE * SECONDS):
        redis_server.wait(max(0, start + number / RATE - time.monotonic()))
        server("XADD", stream, "*", "payload", json.dumps({"sent_ns": time.monotonic_ns()}))
    return RATE * SECONDS / (time.monotonic() - start)


def latency(server, folder):
    """From XADD to the handler, in microseconds."""
    configuration = redis_worker.configure(folder, server, "latency", "leat", "redis-latency.so", level="info")
    with redis_worker.Worker(folder, configuration):
        rate = produce(server, "latency")
        wait_until_done(server, "latency", "leat")
    times = sorted(int(line) / 1000 for line in (folder / "out").read_text().split())
    if len(times) != RATE * SECONDS:
        raise RuntimeError(f"latency: {len(times)} events were handled, {RATE * SECONDS} were sent")
    found = {"events_per_s": rate, "p50_us": times[len(times) // 2], "p99_us": times[len(times) * 99 // 100],
             "max_us": times[-1]}
    print(f"\nlatency from XADD to handler, at {rate:,.0f} events/s for {SECONDS} s: p50 {found['p50_us']:,.0f} us, "
          f"p99 {found['p99_us']:,.0f} us, at most {found['max_us']:,.0f} us")
    return found


# --- start ------------------------------------------------------------------------------------------------------------

def start(server, folder):
    """From exec to the line that says so."""
    configuration = redis_worker.configure(folder, server, "start", "leat", "redis-handler.so:one", level="info")
    times = []
    for _ in range(STARTS):
        with redis_worker.Worker(folder, configuration) as worker:
            times.append(worker.ready_s * 1000)
    found = {"ready_ms": statistics.median(times), "least_ready_ms": min(times)}
    print(f"start: from exec to ready {found['ready_ms']:.1f} ms, at least {found['least_ready_ms']:.1f}")
    return found


# --- memory -----------------------------------------------------------------------------------------------------------

def idle_rss(server, folder, stream):
    configuration = redis_worker.configure(folder, server, stream, "leat", "redis-handler.so:one", level="info")
    with redis_worker.Worker(folder, configuration) as worker:
        redis_server.wait(IDLE_S)
        return worker.rss_kb()


def memory(server, folder):
    """Idle, and idle beside another consumer that has a lot."""
    found = {"idle_kb": idle_rss(server, folder, "quiet"), "pending": PENDING}
    fill(server, "pending", PENDING, 64)
    server("XGROUP", "CREATE", "pending", "leat", "0")
    taken = server("EVAL", TAKE_ALL, 1, "pending", "leat", AT_ONCE)
    if taken != PENDING:
        raise RuntimeError(f"memory: {taken} entries are pending, not {PENDING}")
    found["pending_kb"] = idle_rss(server, folder, "pending")
    server("DEL", "pending")
    print(f"RSS: {found['idle_kb']:,} kB idle; {found['pending_kb']:,} kB with {PENDING:,} entries pending of another "
          "consumer")
    return found


MEASURES = {"latency": latency, "start": start, "memory": memory}
