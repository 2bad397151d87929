# SPDX-License-Identifier: Apache-2.0
"""Runs fuzz targets for a while: `./dev fuzz [SECONDS [TARGET...]]` ends here.

run.py BUILD SECONDS [TARGET...]: two targets at a time, one line each when it is done. What was learnt stays in
BUILD/corpus/TARGET; an input that breaks something is a file BUILD/findings/TARGET-..., and the exit status is 1.
"""
import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
AT_ONCE = 2
SEED_MAX = 65536
OPTIONS = {"timeout": 10, "rss_limit_mb": 2048, "max_len": 65536, "print_final_stats": 1, "dict": HERE / "json.dict"}
# What goes over its input many times: length finds nothing there, and takes time.
SPECIAL = {"urls": {"max_len": 1024}, "reply": {"max_len": 8192}}


def files(folder):
    return [path for path in sorted(folder.rglob("*")) if path.suffix in (".json", ".jsonl")]


def seeds(target):
    """What a target begins with: the committed inputs, also those of others; payloads or answers, if it takes such."""
    yield from (path.read_bytes() for path in sorted((HERE / "corpus").rglob("*")) if path.is_file())
    shared = [pathlib.Path(os.environ["LEAT_EVENTS"])] if os.environ.get("LEAT_EVENTS") else []
    if target == "reply":
        for path in [path for folder in shared for path in files(folder / "responses")]:
            yield from (bytes([sample]) + path.read_bytes() for sample in range(16))
    elif target != "urls":
        for folder in [ROOT / "triggers", ROOT / "handlers", *shared]:
            yield from (path.read_bytes() for path in files(folder))


def sow(target, corpus):
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds(target):
        if len(data) <= SEED_MAX:
            (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)


def number(text, name):
    found = re.search(rf"^stat::{name}:\s*(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def fuzz(build, target, seconds):
    """Returns the line to print and whether something was found."""
    corpus, findings = build / "corpus" / target, build / "findings"
    sow(target, corpus)
    findings.mkdir(exist_ok=True)
    before = set(findings.iterdir())
    options = {**OPTIONS, **SPECIAL.get(target, {}), "max_total_time": seconds,
               "artifact_prefix": f"{findings}/{target}-"}
    log = ROOT / "build-logs" / f"fuzz-{target}"
    with open(log, "w") as out:
        status = subprocess.run([build / "tests/fuzz" / f"fuzz-{target}", corpus,
                                 *(f"-{name}={value}" for name, value in options.items())],
                                stdin=subprocess.DEVNULL, stdout=out, stderr=out).returncode
    text = log.read_text(errors="replace")
    found = sorted(set(findings.iterdir()) - before)
    line = (f"{target}: {number(text, 'number_of_executed_units')} executions, "
            f"{number(text, 'average_exec_per_sec')}/s, {number(text, 'new_units_added')} new corpus units, ")
    if status == 0:
        return line + "nothing found", False
    names = ", ".join(str(path.relative_to(ROOT)) for path in found) or "no input was kept"
    return line + f"found something: {names}; all of it: {log.relative_to(ROOT)}", True


def main():
    if not sys.argv[2].isdecimal():
        print(f"how many seconds is \"{sys.argv[2]}\"?", file=sys.stderr)
        return 64
    build, seconds = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
    known = sorted(path.name[len("fuzz-"):] for path in (build / "tests/fuzz").glob("fuzz-*") if path.is_file())
    targets = sys.argv[3:] or known
    for target in targets:
        if target not in known:
            print(f"no fuzz target {target}; there are: {' '.join(known)}", file=sys.stderr)
            return 64
    bad = False
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(fuzz, build, target, seconds) for target in targets]
        for run in concurrent.futures.as_completed(runs):
            line, found = run.result()
            bad = bad or found
            print(line, flush=True)
    return 1 if bad else 0


sys.exit(main())
