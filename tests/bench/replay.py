# SPDX-License-Identifier: Apache-2.0
"""leat replay of one SQS payload of 1,000 records, many times over, against a program that only parses the
same bytes with cJSON as often. Ratios hold between machines; the times do not.

`noop` decodes, makes 1,000 envelopes, calls a handler that does nothing 1,000 times, and settles; `replay` calls
the example that parses each order and stores it, and prints a line for each.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDS, REPEAT, ROUNDS = 1000, 20, 9


def payload():
    records = []
    for number in range(RECORDS):
        records.append({
            "messageId": f"{number:08x}-0000-4000-8000-{number:012x}",
            "receiptHandle": f"handle-{number}",
            "body": json.dumps({"order_id": f"o-{number}", "customer": "c-1", "total": 12.5, "currency": "EUR",
                                "items": [{"sku": f"sku-{item}", "quantity": item + 1} for item in range(3)]}),
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000",
                           "SenderId": "AIDAEXAMPLE", "ApproximateFirstReceiveTimestamp": "1700000000001"},
            "messageAttributes": {},
            "md5OfBody": "00000000000000000000000000000000",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders",
            "awsRegion": "eu-west-1",
        })
    return json.dumps({"Records": records})


def measure(command):
    """(wall, user) in milliseconds for one pass over the payload."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))}: exit {child.returncode}")
    return wall * 1000 / REPEAT, usage.ru_utime * 1000 / REPEAT


def main():
    with tempfile.TemporaryDirectory(prefix="leat-bench-") as folder:
        data, parse = pathlib.Path(folder) / "orders.json", pathlib.Path(folder) / "parse"
        data.write_text(payload())
        subprocess.run(["cc", "-std=c11", "-O2", ROOT / "tests/bench/parse.c", "-lcjson", "-o", parse], check=True)
        flags = [f"-I{ROOT}/core/{floor}" for floor in ("base", "event", "contract")]
        subprocess.run(["cc", "-std=c11", "-O2", "-shared", "-fPIC", *flags, ROOT / "tests/bench/noop.c", "-o",
                        f"{folder}/noop.so"], check=True)
        commands = {
            "parse": [parse, data, str(REPEAT)],
            "noop": [ROOT / "build/leat", "replay", "--quiet", "--handler", f"{folder}/noop.so",
                     "--repeat", str(REPEAT), data],
            "replay": [ROOT / "build/leat", "replay", "--handler", ROOT / "build/handlers/orders.so",
                       "--repeat", str(REPEAT), data],
        }
        runs = {name: [] for name in commands}
        for round_number in range(ROUNDS + 1):  # in turn, so that both see the same machine; the first warms up
            for name, command in commands.items():
                figures = measure(command)
                if round_number > 0:
                    runs[name].append(figures)
        size = data.stat().st_size
    print(f"{RECORDS} SQS records, {size / 1000:.0f} kB, {REPEAT} passes a run, medians of {ROUNDS} runs")
    medians = {name: [statistics.median(column) for column in zip(*figures)] for name, figures in runs.items()}
    print(f"{'':8} {'wall':>10} {'user':>10}   per pass")
    for name, figures in medians.items():
        wall, user = (ours / floor for ours, floor in zip(figures, medians["parse"]))
        print(f"{name:8} {figures[0]:7.2f} ms {figures[1]:7.2f} ms   {wall:.1f} x and {user:.1f} x parse")


main()
