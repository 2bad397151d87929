# SPDX-License-Identifier: Apache-2.0
"""What leat run costs as a consumer of a Redis stream, beside a bare loop on hiredis and consumers in Go, Node and
Python, all at one redis-server on loopback that writes nothing to disk.

Every contestant reads the same stream, each run as a new group, a hundred entries at a time, parses the JSON of the one
field, reads a member of it and acknowledges. The others measure themselves, from their connection to the last
acknowledgement. Of leat it is the whole process, from exec to exit, less the same process once more when there is
nothing left: what of its start and end does not depend on events.

CPU is the client's. A ratio to the raw loop is the median of the ratios within each round: runs are taken in turn, so
that all see the same machine.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import peers  # noqa: E402
import redis_more as more  # noqa: E402
import redis_peers  # noqa: E402
import redis_server  # noqa: E402
import redis_worker  # noqa: E402
import tap  # noqa: E402

RESULT = ROOT / "build-logs/bench-redis.json"
SIZES = {"256": (256, 200_000), "4k": (4096, 50_000)}  # bytes, and events of a run
LEAT = {"leat, one by one": ("one", ""), "leat, batches of 100": ("batch", "batch: 100")}  # handler, and of the source
RAW = "raw loop"
RATE, CPU, TIMES = 0.9, 1.5, 5.0  # wanted of leat: of the raw rate, of its CPU, of Node's and Python's rate


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench redis", description=__doc__.split("\n\n", maxsplit=1)[0])
    names = [*SIZES, *more.MEASURES]
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="runs of each")
    parser.add_argument("--quick", action="store_true", help="3 rounds, of a fifth of the events")
    parser.add_argument("--only", metavar="NAMES", help=f"some of {','.join(names)}")
    parser.add_argument("--no-peers", action="store_true", help="leat and the raw loop alone")
    options = parser.parse_args()
    options.rounds = 3 if options.quick else options.rounds
    options.names = options.only.split(",") if options.only else names
    unknown = sorted(set(options.names) - set(names))
    if unknown:
        parser.error(f"no measure {', '.join(unknown)}; there are {', '.join(names)}")
    if options.rounds < 1:
        parser.error("--rounds wants 1 or more")
    return options


# --- runs -------------------------------------------------------------------------------------------------------------

def run_leat(handler, source):
    def run(server, stream, group, events, folder):
        configuration = redis_worker.configure(folder, server, stream, group, f"redis-handler.so:{handler}",
                                               more=source)
        command = [ROOT / "build/leat", "run", "--until-idle", configuration]
        (seconds, cpu_us), (no_seconds, no_cpu_us) = (redis_worker.life(command, folder) for _ in range(2))
        return {"events": events, "seconds": seconds - no_seconds, "cpu_us": cpu_us - no_cpu_us,
                "start_and_end_s": no_seconds, "start_and_end_cpu_us": no_cpu_us}
    return run


def run_other(command):
    def run(server, stream, group, events, _):
        words = [*map(str, command), str(server.port), stream, group, str(events)]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=redis_worker.TIMEOUT)
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
        return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}
    return run


def contestants(options, told):
    found = {name: run_leat(*words) for name, words in LEAT.items()}
    found[RAW] = run_other([redis_worker.PROGRAMS / "bench-redis-raw"])
    if not options.no_peers:
        commands, told["peers"], told["left_out"] = peers.make(ROOT / "build-bench", redis_peers.MAKERS)
        found.update({name.capitalize(): run_other(command) for name, command in commands.items()})
    return found


def one_run(run, server, stream, group, events):
    """Of a group of its own, which must have been given everything and be owed nothing then."""
    server("XGROUP", "CREATE", stream, group, "0")
    with tempfile.TemporaryDirectory(prefix="leat-redis-") as folder:
        told = run(server, stream, group, events, pathlib.Path(folder))
    if told["events"] != events or not server.is_done(stream, group):
        raise RuntimeError(f"{group}: not all of {events} events were read and acknowledged")
    server("XGROUP", "DESTROY", stream, group)
    return {**told, "events_per_s": events / told["seconds"], "cpu_us_per_event": told["cpu_us"] / events}


def without_those_that_fail(available, server, missing):
    """Every peer reads a hundred entries, or is left out with its reason."""
    good = {}
    more.fill(server, "tried", 100, 256)
    for at, (name, run) in enumerate(available.items()):
        try:
            one_run(run, server, "tried", f"g{at}", 100)
            good[name] = run
        except (RuntimeError, subprocess.TimeoutExpired) as why:
            if name in LEAT or name == RAW:
                raise
            missing[name] = str(why)
    server("DEL", "tried")
    return good


def bench(available, server, name, options):
    """name -> its runs"""
    size, events = SIZES[name]
    events //= 5 if options.quick else 1
    runs, stream = {contestant: [] for contestant in available}, f"of-{name}"
    more.fill(server, stream, events, size)
    for number in range(options.rounds):
        print(f"{name}: round {number + 1} of {options.rounds}...", file=sys.stderr)
        for at, (contestant, run) in enumerate(available.items()):
            runs[contestant].append(one_run(run, server, stream, f"g{number:02}{at}", events))
    server("DEL", stream)
    return runs


# --- what is printed --------------------------------------------------------------------------------------------------

def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(runs, base, key):
    return statistics.median(mine[key] / theirs[key] for mine, theirs in zip(runs, base))


def summarise(all_runs):
    return {name: {"events_per_s": median(runs, "events_per_s"), "cpu_us_per_event": median(runs, "cpu_us_per_event"),
                   "rate_ratio": ratio(runs, all_runs[RAW], "events_per_s"),
                   "cpu_ratio": ratio(runs, all_runs[RAW], "cpu_us_per_event")} for name, runs in all_runs.items()}


def judge(name, all_runs, found):
    """What was wanted of leat, beside its row."""
    rate, cpu = found[name]["rate_ratio"], found[name]["cpu_ratio"]
    words = [f"rate >= {RATE}: {met(rate >= RATE)}", f"CPU <= {CPU}: {met(cpu <= CPU)}"]
    for other in ("Node", "Python"):
        if other in all_runs:
            times = ratio(all_runs[name], all_runs[other], "events_per_s")
            found[name][f"times_{other.lower()}"] = times
            words.append(f">= {TIMES:.0f} x {other}: {times:.1f}, {met(times >= TIMES)}")
    return "; ".join(words)


def met(is_met):
    return "met" if is_met else "NOT met"


def show(name, all_runs, found):
    size, events = SIZES[name][0], int(all_runs[RAW][0]["events"])
    print(f"\n{size:,} bytes, {events:,} events a run\n  {'':22}{'events/s':>10}{'CPU us':>9}{'rate / raw':>12}"
          f"{'CPU / raw':>11}  wanted")
    for contestant, row in found.items():
        wanted = judge(contestant, all_runs, found) if contestant in LEAT else ""
        print(f"  {contestant:22}{row['events_per_s']:10,.0f}{row['cpu_us_per_event']:9.2f}{row['rate_ratio']:12.2f}"
              f"{row['cpu_ratio']:11.2f}  {wanted}".rstrip())


def measure_all(options, server, available, told):
    if available:
        available = without_those_that_fail(available, server, told["left_out"])
    for name in (name for name in SIZES if name in options.names):
        runs = bench(available, server, name, options)
        found = summarise(runs)
        show(name, runs, found)
        told["sizes"][name] = {"medians": found, "runs": runs}
    for name in (name for name in more.MEASURES if name in options.names):
        with tempfile.TemporaryDirectory(prefix="leat-redis-") as folder:
            told[name] = more.MEASURES[name](server, pathlib.Path(folder))


def main():
    options = arguments()
    if not (redis_worker.PROGRAMS / "bench-redis-raw").exists():
        sys.exit("bench redis: the module redis is not built: libhiredis-dev and libssl-dev")
    told = {"rounds": options.rounds, "peers": {}, "left_out": {}, "sizes": {}}
    available = contestants(options, told) if set(options.names) & set(SIZES) else {}
    with tempfile.TemporaryDirectory(prefix="leat-redis-") as folder:
        with redis_server.Server(pathlib.Path(folder), "--appendonly", "no") as server:
            measure_all(options, server, available, told)
    told["load"] = os.getloadavg()[0]
    print(f"\nmedians of {options.rounds} rounds")
    if told["load"] > 2.5:
        print(f"The machine was busy with other work (load {told['load']:.1f}): events/s are too low; CPU and ratios "
              "hold better.")
    for name, version in told["peers"].items():
        print(f"{name}: {version}")
    for name, why in told["left_out"].items():
        print(f"LEFT OUT: {name}: {why}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=1) + "\n")
    print(f"all figures: {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, subprocess.TimeoutExpired, tap.Skip) as error:
        sys.exit(f"bench redis: {error}")
