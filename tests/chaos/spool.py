# SPDX-License-Identifier: Apache-2.0
"""Kills `leat run` on a spool, again and again, and judges what came of it: `./dev chaos spool N` ends here.

spool.py N [--seed S] [--slots K] [--term] [--workers 2] [--waiting W] [--write] [--keep]
"""
import argparse
import os
import pathlib
import platform
import random
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import tap  # noqa: E402

import judge  # noqa: E402
import yard  # noqa: E402

PAGE = ROOT / "docs/reliability/spool.md"
SHOWN = 20  # of what is wrong


def options(arguments=None):
    parser = argparse.ArgumentParser(prog="./dev chaos spool")
    parser.add_argument("times", type=int, metavar="N", help="so many kills")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("LEAT_SEED") or random.randrange(1 << 32)))
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1, choices=[1, 2], help="on one spool, killed in turn")
    parser.add_argument("--waiting", type=int, default=300, help="so many files wait")
    parser.add_argument("--term", action="store_true", help="SIGTERM instead of SIGKILL")
    parser.add_argument("--write", action="store_true", help=f"add the line to {PAGE.relative_to(ROOT)}")
    parser.add_argument("--keep", action="store_true", help="keep the folder, and say where it is")
    return parser.parse_args(arguments)


def run(given, folder):
    """(the line of the table, what is wrong)"""
    start, place = time.monotonic(), yard.Yard(folder, given)
    try:
        place.run()
        counts = judge.judge(place)
    except yard.Ended as error:
        return {"seed": given.seed}, [str(error)]
    version = tap.leat("--version").stdout.split(",")[0].split()[-1]
    signal = "SIGTERM" if given.term else "SIGKILL"
    return {"signal": signal, "kills": given.times, "workers": given.workers, "slots": given.slots, **counts,
            "seconds": round(time.monotonic() - start), "seed": given.seed, "date": time.strftime("%Y-%m-%d"),
            "leat": version, "kernel": platform.release().split("-")[0]}, place.wrong


def in_folder(given):
    if given.keep:
        folder = tempfile.mkdtemp(prefix="leat-chaos-")
        print(f"all of it stays in {folder}")
        return run(given, pathlib.Path(folder))
    with tempfile.TemporaryDirectory(prefix="leat-chaos-", ignore_cleanup_errors=True) as folder:
        return run(given, pathlib.Path(folder))


def row(cells):
    return "| " + " | ".join(map(str, cells)) + " |\n"


def main():
    given = options()
    print(f"seed {given.seed}", flush=True)
    line, wrong = in_folder(given)
    print(row(line) + row(["---"] * len(line)) + row(line.values()), end="")
    for text in wrong[:SHOWN]:
        print(f"wrong: {text}")
    print(f"{len(wrong)} wrong")
    if given.write and not wrong:
        with PAGE.open("a") as page:
            page.write(row(line.values()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
