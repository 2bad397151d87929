# SPDX-License-Identifier: Apache-2.0
"""consume.py PORT STREAM GROUP EVENTS: reads that many entries, a hundred at a time; of each it parses the field and
reads a member; acknowledges them together. Prints what they took."""
import json
import sys
import time

import redis


def handle(fields):
    if not isinstance(json.loads(fields[b"payload"])["order"], int):
        raise ValueError("there is no order")


def consume(client, stream, group, events):
    count = 0
    while count < events:
        for _, entries in client.xreadgroup(group, "python", {stream: ">"}, count=100, block=1000):
            for _, fields in entries:
                handle(fields)
            client.xack(stream, group, *[number for number, _ in entries])
            count += len(entries)


def main():
    port, stream, group, events = sys.argv[1:]
    client = redis.Redis(port=int(port))
    client.ping()
    wall, cpu = time.perf_counter(), time.process_time()
    consume(client, stream, group, int(events))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"events {events}\nseconds {wall:.6f}\ncpu_us {cpu * 1e6:.1f}")


main()
