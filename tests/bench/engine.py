# SPDX-License-Identifier: Apache-2.0
"""What the engine itself costs: events of a source in memory, whose settlements are answered at once, through the
dispatcher to handlers that take 0, 20 and 200 us of CPU, beside a loop that calls the same handler, and beside threads
behind a mutex and a condition.

`own` is CPU time of the whole process for an event, less what the handlers took, less what is left of the loop then:
what other programs take of the clock is not in it. The queue runs twice: it may hold as much as the engine's source may
have in flight, so that its threads find the next event without sleeping; and as many as it has threads (`each`), so
that nothing waits behind a handler. The pool is between the two: what waits in it may be had back.

A ratio is the median of the ratios within each round: runs are taken in turn, so that all see the same machine. Every
run is one process; a tenth of its events only warm up. `1 CPU` rows have all threads on one.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import engine_more as more
import engine_wakes as wakes

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/tests/bench/bench-events"
RESULT = ROOT / "build-logs/bench-engine.json"
TIMEOUT = 300
SPINS = (0, 20, 200)
EVENTS = {0: 30_000, 20: 4_000, 200: 800}  # of a run, by the handler's time
INLINE_EVENTS = 200_000  # where it takes none
MORE = ("memory", "start", "spool")
WANTED = {"inline": 1.0, "pool": 3.0}  # own us at most; printed, never asked for by the exit status


def measures():
    """name: (arguments of the engine, of the peer)"""
    found = {}
    for spin in SPINS:
        same = [f"spin={spin}", f"events={EVENTS[spin]}"]
        alone = same if spin > 0 else [f"spin={spin}", f"events={INLINE_EVENTS}"]
        found[f"inline, {spin} us"] = (["inline", *alone], ["loop", *alone])
        for slots in (1, 2, 8):
            some = [f"slots={slots}", *same]
            found[f"pool of {slots}, {spin} us"] = (["pool", *some], ["queue", *some])
    none, some = [f"events={INLINE_EVENTS}"], ["slots=8", f"events={EVENTS[0]}"]
    for name, words in {"retried by source": ["by_source=1"], "batches of 10": ["batch=10"],
                        "batches of 100": ["batch=100"], "1 lane": ["lanes=1"], "1,000 lanes": ["lanes=1000"],
                        "1 % retried in place": ["fail=100"]}.items():
        found[f"inline, {name}"] = (["inline", *none, *words], ["loop", *none])
        found[f"pool of 8, {name}"] = (["pool", *some, *words], ["queue", *some])
    return found


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench engine", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="runs of each")
    parser.add_argument("--quick", action="store_true", help="3 rounds")
    parser.add_argument("--only", metavar="TEXT", help=f"the rows with TEXT in their name, or {', '.join(MORE)}")
    parser.add_argument("--soak", action="store_true", help="5 million events: is memory flat?")
    options = parser.parse_args()
    options.rounds = 3 if options.quick else options.rounds
    if options.rounds < 1:
        parser.error("--rounds wants 1 or more")
    return options


# --- runs -----------------------------------------------------------------------------------------------

def run(words, cpus=None):
    """What one process tells, as numbers."""
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    done = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
                          preexec_fn=pin)
    if done.returncode != 0:
        raise RuntimeError(f"bench-events {' '.join(words)}: {done.stderr.strip()}")
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def of_an_event(told):
    events = told["events"]
    return {"cpu_us": told["cpu_ns"] / events / 1000, "rest_us": (told["cpu_ns"] - told["spun_ns"]) / events / 1000,
            "events_per_s": events / told["wall_ns"] * 1e9, "sleeps": told["sleeps"] / events}


def bench_round(chosen, cpus, runs):
    """The loop is run once for each handler's time: what is left of it is measuring."""
    floors = {}
    for name, (engine, peer) in chosen.items():
        spin = next((word for word in engine if word.startswith("spin=")), "spin=0")
        if spin not in floors:
            floors[spin] = of_an_event(run(["loop", spin, f"events={EVENTS[int(spin[5:])]}"], cpus))["rest_us"]
        contestants = {"leat": engine, "peer": peer}
        if peer[0] == "queue":
            slots = next(word[6:] for word in peer if word.startswith("slots="))
            contestants["each"] = [*peer, f"in_flight={slots}"]
        for who, words in contestants.items():
            told = of_an_event(run(words, cpus))
            told["own_us"] = max(0.0, told["rest_us"] - floors[spin])
            runs.setdefault(name, {}).setdefault(who, []).append(told)


def ratio(runs, other, key):
    pairs = [(leat[key], peer[key]) for leat, peer in zip(runs["leat"], runs.get(other, [])) if peer[key] > 0]
    return statistics.median(mine / theirs for mine, theirs in pairs) if pairs else None


def summarise(runs):
    """The medians of one measure."""
    found = {who: {key: statistics.median(told[key] for told in all_runs) for key in all_runs[0]}
             for who, all_runs in runs.items()}
    low = min(told["own_us"] for told in runs["leat"])
    return {**found, "least_own_us": low, "cpu_ratio": ratio(runs, "peer", "cpu_us"),
            "own_ratio": ratio(runs, "peer", "own_us"), "each_ratio": ratio(runs, "each", "own_us")}


# --- what is printed -------------------------------------------------------------------------------------

def number(value, digits=2):
    return "-" if value is None else f"{value:,.{digits}f}"


def show(title, found):
    headings = ("own us", "least", "wanted", "", "CPU us", "events/s", "sleeps", "peer own", "CPU / peer", "own / peer",
                "each own", "own / each")
    widths = (8, 7, 8, 9, 9, 10, 8, 10, 12, 12, 10, 12)
    print(f"\n{title}\n  {'':32}" + "".join(f"{heading:>{width}}" for heading, width in zip(headings, widths)))
    for name, told in found.items():
        wanted = WANTED[name.split(" ", 1)[0].rstrip(",")]
        leat, peer, pool = told["leat"], told["peer"], "each" in told
        told["wanted_us"], told["met"] = wanted, leat["own_us"] < wanted
        row = (number(leat["own_us"]), number(told["least_own_us"]), f"< {wanted:.0f}",
               "met" if told["met"] else "NOT met", number(leat["cpu_us"]), number(leat["events_per_s"], 0),
               number(leat["sleeps"]), number(peer["own_us"]), number(told["cpu_ratio"]),
               number(told["own_ratio"]) if pool else "-", number(told["each"]["own_us"]) if pool else "-",
               number(told["each_ratio"]))
        print(f"  {name:32}" + "".join(f"{text:>{width}}" for text, width in zip(row, widths)))


def main():
    options = arguments()
    chosen = {name: words for name, words in measures().items() if not options.only or options.only in name}
    told = {"rounds": options.rounds, "load": 0.0, "left_out": {}}
    quick = {name: words for name, words in chosen.items() if name.endswith((" 0 us", " 20 us"))}
    for title, cpus, some in (("not pinned", None, chosen), ("1 CPU", {min(os.sched_getaffinity(0))}, quick)):
        runs = {}
        for _ in range(options.rounds if some else 0):
            bench_round(some, cpus, runs)
        told[title] = {name: summarise(all_runs) for name, all_runs in runs.items()}
        if some:
            show(f"{title}: the engine, beside it a loop (inline) or a queue with as many threads (pool)", told[title])
    told["wakes"] = wakes.measure(PROGRAM, chosen, told["left_out"])
    if options.only in (None, "memory") or options.soak:
        told["memory"] = more.memory(run, options.soak)
    if options.only in (None, "start"):
        told["start"] = more.start(run, ROOT, options.rounds, told["left_out"])
    if options.only in (None, "spool"):
        told["spool"] = more.spool(ROOT, options.rounds, told["left_out"])
    told["load"] = os.getloadavg()[0]
    print(f"\nmedians of {options.rounds} rounds")
    if told["load"] > 1.5:
        print(f"The machine was busy with other work (load {told['load']:.1f}): events/s are too low, and caches were "
              "shared; CPU times and ratios hold better.")
    for name, why in told["left_out"].items():
        print(f"left out: {name}: {why}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=1) + "\n")
    print(f"all figures: {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        sys.exit(f"bench engine: {error}")
