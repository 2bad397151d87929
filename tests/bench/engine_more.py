# SPDX-License-Identifier: Apache-2.0
"""Of ./dev bench engine: memory, start, and files of a spool beside two renames."""
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

FULL, SOAK, SHORT_SOAK = 100_000, 5_000_000, 500_000
FILES, TIMEOUT = 5000, 300
NO_RUN = "leat run is not there"


# --- memory ---------------------------------------------------------------------------------------------

def memory(run, soak):
    """Idle, with many units in flight, and whether it grows."""
    full = run(["inline", f"in_flight={FULL}", "full=1", f"events={FULL}"])
    events = SOAK if soak else SHORT_SOAK
    long = {who: run([who, "slots=2" if who == "pool" else "slots=1", f"events={events}"])
            for who in ("inline", "pool")}
    found = {"idle_kb": full["rss_idle_kb"], "full_kb": full["rss_full_kb"],
             "bytes_per_unit": (full["rss_full_kb"] - full["rss_idle_kb"]) * 1024 / FULL, "events": events,
             "soon_and_end_kb": {who: [told["rss_soon_kb"], told["rss_end_kb"]] for who, told in long.items()}}
    print(f"\nRSS: {found['idle_kb']:,.0f} kB idle; {found['full_kb']:,.0f} kB with {FULL:,} units in flight, "
          f"{found['bytes_per_unit']:,.0f} bytes a unit")
    for who, (soon, end) in found["soon_and_end_kb"].items():
        flat = end <= soon * 1.02 + 64
        print(f"  {who}: {soon:,.0f} kB after 100,000 events, {end:,.0f} kB after {events * 1.1:,.0f}: "
              f"{'flat' if flat else 'NOT flat'}{'' if soak else ' (--soak: 5 million)'}")
    return found


# --- start ----------------------------------------------------------------------------------------------

def has_run(root):
    """Does this leat know the verb?"""
    told = subprocess.run([root / "build/leat", "help", "run"], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=TIMEOUT)
    return told.returncode == 0


def start(run, root, rounds, missing):
    """From the engine's making, in a process that is there, until its source is asked; of leat run: of a whole life."""
    opened = {slots: [run(["pool", f"slots={slots}", "events=1000"])["open_us"] for _ in range(rounds)]
              for slots in (1, 8)}
    found = {"open_us": {slots: statistics.median(times) for slots, times in opened.items()},
             "least_open_us": {slots: min(times) for slots, times in opened.items()}}
    print("\nstart: engine made, slots open, source asked: " + "; ".join(
        f"{slots} slot{'s' if slots > 1 else ''} {found['open_us'][slots]:,.0f} us, at least "
        f"{found['least_open_us'][slots]:,.0f}" for slots in opened))
    if not has_run(root):
        missing["start of leat run"] = NO_RUN
        return found
    with tempfile.TemporaryDirectory(prefix="leat-start-") as folder:
        times = [leat_run(root, pathlib.Path(folder))["wall_ns"] / 1e6 for _ in range(rounds)]
    found["life_ms"] = statistics.median(times)
    print(f"  leat run --until-idle of an empty spool, 8 slots, from exec to exit: {found['life_ms']:.1f} ms, at least "
          f"{min(times):.1f}")
    return found


# --- spool ----------------------------------------------------------------------------------------------

CONFIGURATION = """service: bench
handler: {handler}
concurrency: 8
sources:
  inbox: {{type: spool, path: {spool}}}
"""


def fill(spool, count):
    (spool / "new").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (spool / f"new/order-{number:06}.json").write_text(json.dumps({"order": number, "total": 12.5}))


def leat_run(root, folder):
    """One life of a worker that ends when its spool is empty."""
    configuration, state = folder / "leat.yaml", folder / "state"
    state.mkdir(exist_ok=True)
    configuration.write_text(CONFIGURATION.format(handler=root / "build/tests/bench/lambda-sqs.so",
                                                  spool=folder / "spool"))
    before = time.perf_counter_ns()
    done = subprocess.run([root / "build/tests/bench/bench-measure", root / "build/leat", "run", "--until-idle",
                           configuration], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
                          env={"STATE_DIRECTORY": str(state), "PATH": "/usr/bin:/bin"})
    wall_ns = time.perf_counter_ns() - before
    if done.returncode != 0:
        raise RuntimeError(f"leat run: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    told = dict(line.split() for line in done.stdout.splitlines() if line.startswith(("rss_kb", "cpu_us")))
    return {"wall_ns": wall_ns, "cpu_ns": float(told["cpu_us"]) * 1000}


def renames(root, folder):
    """The floor: a loop that reads each file and renames it twice."""
    done = subprocess.run([root / "build/tests/bench/bench-spool", folder / "spool", str(FILES)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        raise RuntimeError(f"bench-spool: {done.stderr.strip()}")
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def a_file(told):
    return {"cpu_us": told["cpu_ns"] / FILES / 1000, "files_per_s": FILES / told["wall_ns"] * 1e9}


def spool(root, rounds, missing):
    """Files a second, in turn; each round has files of its own."""
    contestants = {"two renames": renames}
    if has_run(root):
        contestants["leat run"] = leat_run
    else:
        missing["spool"] = NO_RUN
    runs = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            with tempfile.TemporaryDirectory(prefix="leat-spool-") as folder:
                fill(pathlib.Path(folder) / "spool", FILES)
                runs[name].append(a_file(contestant(root, pathlib.Path(folder))))
    found = {name: {key: statistics.median(told[key] for told in all_runs) for key in all_runs[0]}
             for name, all_runs in runs.items()}
    print(f"\nspool, {FILES:,} files:")
    for name, told in found.items():
        over = statistics.median(mine["cpu_us"] / floor["cpu_us"]
                                 for mine, floor in zip(runs[name], runs["two renames"]))
        print(f"  {name:14}{told['files_per_s']:10,.0f} files/s{told['cpu_us']:9.1f} us CPU a file{over:7.2f} x two "
              "renames")
    return found
