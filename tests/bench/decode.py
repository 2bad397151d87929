# SPDX-License-Identifier: Apache-2.0
"""Decode, dispatch, a handler that does nothing and the reply, of six payloads: leat against programs that only parse
the same bytes. `malloc` and `arena` are cJSON alone; the peers parse to what their handlers get.

Every figure is the median of several runs, taken in turn so that all see the same machine; each run is one process
that passes over the bytes as often as fits into 0.2 s. A run's time is the smaller of its wall and CPU time: what
other programs took is not counted, nor what a collector did on another core.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import payloads
import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build/tests/bench"
RESULT = ROOT / "build-logs/bench-decode.json"
RUN_SECONDS, TIMEOUT = 0.2, 120
# leat / arena at most, and other / leat at least; printed, never asked for by the exit status
WANTED = {
    "arena": dict.fromkeys(payloads.PAYLOADS, 1.2),
    "rust": {"sqs-10": 1.4, "sqs-1000": 1.4, "dynamodb-100": 1.3, "apigateway": 1.15},
}


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench decode", description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="runs of each; the first only warms up")
    parser.add_argument("--quick", action="store_true", help="3 rounds")
    parser.add_argument("--only", metavar="NAMES", help=f"some of {','.join(payloads.PAYLOADS)}")
    parser.add_argument("--no-peers", action="store_true", help="cJSON and leat alone")
    options = parser.parse_args()
    options.rounds = 3 if options.quick else options.rounds
    options.names = options.only.split(",") if options.only else list(payloads.PAYLOADS)
    unknown = sorted(set(options.names) - set(payloads.PAYLOADS))
    if unknown:
        parser.error(f"no payload {', '.join(unknown)}; there are {', '.join(payloads.PAYLOADS)}")
    if options.rounds < 2:
        parser.error("--rounds wants 2 or more: the first only warms up")
    return options


def run(command, passes):
    """What one process printed, as a dictionary; numbers are numbers."""
    words = [str(word) for word in [PROGRAMS / "bench-measure", *command, passes]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words[1:])}: exit {done.returncode}\n{done.stderr.strip()}")
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    numbers = {"wall_ns", "cpu_ns", "rss_kb", "allocations", "records", "units", "events", "reply_bytes"}
    return {name: float(value) if name in numbers else value for name, value in told.items()}


def calibrate(command):
    """So many passes that a run takes RUN_SECONDS; by way of a short run, as the first passes are slower."""
    passes = 3
    for seconds in (RUN_SECONDS / 10, RUN_SECONDS):
        passes = max(1, round(seconds * 1e9 / run(command, passes)["wall_ns"]))
    return passes


def measure(commands, rounds):
    """name -> its runs, without the first."""
    passes = {name: calibrate(command) for name, command in commands.items()}
    runs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append({"passes": passes[name], **run(command, passes[name])})
    return {name: all_runs[1:] for name, all_runs in runs.items()}


def contestants(payload, data, available):
    commands = {name: [PROGRAMS / "bench-decode", name, data] for name in ("malloc", "arena", "leat")}
    kind = payload.split("-")[0]
    return {**commands, **{name: [*command, kind, data] for name, command in available.items()}}


def summarise(all_runs, records, size):
    """The medians of one contestant."""
    times = [min(run["wall_ns"], run["cpu_ns"]) / 1000 for run in all_runs]
    wall, rss = (statistics.median(run[key] for run in all_runs) for key in ("wall_ns", "rss_kb"))
    us, last = statistics.median(times), all_runs[-1]
    figures = {"us": us, "wall_us": wall / 1000, "records_per_s": records / us * 1e6, "mb_per_s": size / us,
               "rss_mb": rss * 1024 / 1e6, "passes": last["passes"], "us_of_runs": times}
    if "allocations" in last:
        figures["allocations_per_event"] = last["allocations"] / records
    return figures


def verdicts(payload, figures):
    """Each wanted figure: what, the ratio, the limit, and whether it is met."""
    found = []
    leat = figures["leat"]["us"]
    for other, limits in WANTED.items():
        if payload not in limits or other not in figures:
            continue
        most = other == "arena"
        ratio = leat / figures[other]["us"] if most else figures[other]["us"] / leat
        met = ratio <= limits[payload] if most else ratio >= limits[payload]
        found.append({"what": f"leat / {other}" if most else f"{other} / leat", "ratio": ratio,
                      "wanted": f"at {'most' if most else 'least'} {limits[payload]}", "met": met})
    return found


def check(payload, records, runs):
    """A wrong reading cannot pass unseen: what the others counted, and what leat took the payload for."""
    notes = []
    for name, all_runs in runs.items():
        seen = all_runs[-1].get("records", records)
        if seen != records:
            notes.append(f"WRONG: {name} sees {seen:.0f} records of {records}")
    told = runs["leat"][-1]
    if not told["adapter"].startswith(payload.split("-")[0]):
        notes.append(f"WRONG: no adapter but \"{told['adapter']}\" claims it: leat's figures are of another work")
    elif told["events"] != records:
        notes.append(f"WRONG: leat makes {told['events']:.0f} events of {records} records")
    return notes


def show(payload, result):
    told, figures = result["leat"], result["contestants"]
    print(f"\n{payload}: {result['records']} records, {result['bytes'] / 1000:.1f} kB; leat takes it for "
          f"{told['adapter']} ({told['why']}), {told['units']:.0f} units, {told['events']:.0f} events, "
          f"reply {told['reply']}")
    for note in result["notes"]:
        print(f"  {note}")
    print(f"  {'':11}{'us/pass':>10}{'wall us':>10}{'records/s':>12}{'MB/s':>8}{'RSS MB':>8}{'allocs/event':>14}"
          f"{'time / leat':>13}")
    for name, figure in figures.items():
        allocations = figure.get("allocations_per_event")
        print(f"  {name:11}{figure['us']:10.1f}{figure['wall_us']:10.1f}{figure['records_per_s']:12,.0f}"
              f"{figure['mb_per_s']:8.0f}{figure['rss_mb']:8.1f}"
              f"{'' if allocations is None else format(allocations, '.2f'):>14}"
              f"{figure['us'] / figures['leat']['us']:13.2f}")
    for verdict in result["verdicts"]:
        print(f"  {verdict['what']}: {verdict['ratio']:.2f}, wanted {verdict['wanted']}: "
              f"{'met' if verdict['met'] else 'NOT met'}")


def bench(payload, data, available, rounds):
    records, make = payloads.PAYLOADS[payload]
    data.write_text(payloads.compact(make()), encoding="utf-8")
    runs = measure(contestants(payload, data, available), rounds)
    told = runs["leat"][-1]
    size = data.stat().st_size
    figures = {name: summarise(all_runs, records, size) for name, all_runs in runs.items()}
    notes = check(payload, records, runs)
    return {"records": records, "bytes": size,
            "leat": {key: told[key] for key in ("adapter", "why", "units", "events", "reply", "reply_bytes")},
            "notes": notes, "contestants": figures, "verdicts": [] if notes else verdicts(payload, figures)}


def is_busy(results):
    """leat waits for nothing: what it lacks of the clock's time, other programs had."""
    leat = [result["contestants"]["leat"] for result in results.values()]
    return sum(figure["wall_us"] / figure["us"] for figure in leat) > 1.05 * len(leat)


def main():
    options = arguments()
    available, versions, missing = ({}, {}, {}) if options.no_peers else peers.make(ROOT / "build-bench", peers.MAKERS)
    results = {}
    with tempfile.TemporaryDirectory(prefix="leat-bench-") as folder:
        for payload in options.names:
            results[payload] = bench(payload, pathlib.Path(folder) / f"{payload}.json", available, options.rounds)
            show(payload, results[payload])
    print(f"\nmedians of {options.rounds - 1} runs after one to warm up; leat decodes, dispatches and replies, the "
          "others parse only")
    for name, version in versions.items():
        print(f"{name}: {version}")
    for name, why in missing.items():
        print(f"LEFT OUT: {name}: {why}")
    if is_busy(results):
        print("The machine was busy with other work, so caches were shared: better run it again.")
    told = {"rounds": options.rounds, "peers": versions, "left_out": missing, "payloads": results}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=1) + "\n")
    print(f"all figures: {RESULT.relative_to(ROOT)}")


try:
    main()
except (RuntimeError, subprocess.TimeoutExpired) as error:
    sys.exit(f"bench decode: {error}")
