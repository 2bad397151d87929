# SPDX-License-Identifier: Apache-2.0
"""Kills `leat run` on a queue, again and again, and judges what came of it: a line of a table.

N [--seed S] [--slots K] [--term] [--workers 2] [--waiting W] [--write] [--keep]
"""
import argparse
import os
import pathlib
import platform
import random
import tempfile
import time

import tap

import judge
import yard

SHOWN = 20  # of what is wrong


def page(kind):
    return tap.ROOT / f"docs/reliability/{kind.name}.md"


def options(kind, arguments=None):
    """Of a kind of yard."""
    parser = argparse.ArgumentParser(prog=f"./dev chaos {kind.name}")
    parser.add_argument("times", type=int, metavar="N", help="so many kills")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("LEAT_SEED") or random.randrange(1 << 32)))
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1, choices=[1, 2], help="on one queue, killed in turn")
    parser.add_argument("--waiting", type=int, default=300, help="so many payloads wait")
    parser.add_argument("--term", action="store_true", help="SIGTERM instead of SIGKILL")
    parser.add_argument("--write", action="store_true", help=f"add the line to {page(kind).relative_to(tap.ROOT)}")
    parser.add_argument("--keep", action="store_true", help="keep the folder, and say where it is")
    kind.add_options(parser)
    return parser.parse_args(arguments)


def run(kind, given, folder):
    """(the line of the table, what is wrong)"""
    start, place = time.monotonic(), kind(folder, given)
    try:
        place.run()
        counts = judge.judge(place)
    except yard.Ended as error:
        return {"seed": given.seed}, [str(error)]
    finally:
        place.close()
    version = tap.leat("--version").stdout.split(",")[0].split()[-1]
    signal = "SIGTERM" if given.term else "SIGKILL"
    return {"signal": signal, "kills": given.times, "workers": given.workers, "slots": given.slots, **counts,
            **place.columns(), "seconds": round(time.monotonic() - start), "seed": given.seed, "date": time.strftime("%Y-%m-%d"),
            "leat": version, "kernel": platform.release().split("-")[0]}, place.wrong


def passes(kind, *arguments):
    """Runs it for a test, and gives the line of the table."""
    given = options(kind, list(map(str, arguments)))
    print(f"# ./dev chaos {kind.name} {' '.join(map(str, arguments))} --seed {given.seed}", flush=True)
    with tap.folder() as folder:
        line, wrong = run(kind, given, pathlib.Path(folder))
    print(f"# {line}")
    tap.equal(wrong, [], f"seed {given.seed}")
    return line


def in_folder(kind, given):
    if given.keep:
        folder = tempfile.mkdtemp(prefix="leat-chaos-")
        print(f"all of it stays in {folder}")
        return run(kind, given, pathlib.Path(folder))
    with tempfile.TemporaryDirectory(prefix="leat-chaos-", ignore_cleanup_errors=True) as folder:
        return run(kind, given, pathlib.Path(folder))


def row(cells):
    return "| " + " | ".join(map(str, cells)) + " |\n"


def main(kind):
    given = options(kind)
    print(f"seed {given.seed}", flush=True)
    line, wrong = in_folder(kind, given)
    print(row(line) + row(["---"] * len(line)) + row(line.values()), end="")
    for text in wrong[:SHOWN]:
        print(f"wrong: {text}")
    print(f"{len(wrong)} wrong")
    if given.write and not wrong:
        with page(kind).open("a") as table:
            table.write(row(line.values()))
    return 1 if wrong else 0
