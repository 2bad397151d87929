# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench lambda prints of its figures."""
import collections
import os
import statistics

# what the ratio of a measure is of; the rest: CPU an invoke
RATIO = {"start": "start_ms", "peak-sqs": "hwm_kb", "peak-raw": "hwm_kb"}


def tally(names, invokes=1):
    """"12 mmap, 3 read": the commonest first."""
    counted = collections.Counter(names).most_common()
    return ", ".join(f"{count / invokes:.3g} {name}" for name, count in counted)


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(runs, base, key):
    """The median of the ratios of the runs that were made one after the other."""
    return statistics.median(mine[key] / theirs[key] for mine, theirs in zip(runs, base))


def columns(measure, runs, size):
    """(heading, text) of one contestant."""
    low = min(run[RATIO.get(measure, "cpu_us")] for run in runs)
    if measure == "start":
        high = max(run["start_ms"] for run in runs)
        return [("ms", f"{median(runs, 'start_ms'):.2f}"), ("min", f"{low:.2f}"), ("max", f"{high:.1f}"),
                ("CPU ms", f"{median(runs, 'start_cpu_ms'):.2f}"),
                ("faults", f"{median(runs, 'start_faults'):.0f}"), ("RSS kB", f"{median(runs, 'rss_kb'):.0f}"),
                ("anon kB", f"{median(runs, 'anon_kb'):.0f}")]
    if measure.startswith("peak"):
        return [("peak kB", f"{median(runs, 'hwm_kb'):.0f}"), ("min", f"{low:.0f}"),
                ("in bodies", f"{median(runs, 'hwm_kb') * 1024 / size:.2f}"),
                ("less RSS at next", f"{(median(runs, 'hwm_kb') - median(runs, 'rss_kb')) * 1024 / size:.2f}")]
    return [("CPU us", f"{median(runs, 'cpu_us'):.1f}"), ("min", f"{low:.1f}"),
            ("rtt us", f"{median(runs, 'rtt_us'):.1f}"), ("p99", f"{median(runs, 'rtt_p99_us'):.0f}"), ("connections", f"{median(runs, 'connections'):.0f}"),
            ("faults", f"{median(runs, 'faults_per_invoke'):.2f}"), ("RSS kB", f"{median(runs, 'rss_end_kb'):.0f}"),
            ("threads", f"{median(runs, 'threads'):.0f}")]


def ratios(measure, runs, all_runs):
    key = RATIO.get(measure, "cpu_us")
    return [(f"/ {name}", f"{ratio(runs, all_runs[name], key):.2f}" if name in all_runs else "-")
            for name in ("event", "leat")]


def show_rows(rows):
    """name -> [(heading, text)...]"""
    headings = [heading for heading, _ in next(iter(rows.values()))]
    widths = [max(len(heading), *(len(row[at][1]) for row in rows.values())) for at, heading in enumerate(headings)]
    print("  " + " " * 14 + "".join(f"  {heading:>{width}}" for heading, width in zip(headings, widths)))
    for name, row in rows.items():
        print(f"  {name:14}" + "".join(f"  {text:>{width}}" for (_, text), width in zip(row, widths)))


def show_measure(measure, all_runs, size, about):
    of_what = {"start_ms": "time", "hwm_kb": "peak", "cpu_us": "CPU an invoke"}[RATIO.get(measure, "cpu_us")]
    print(f"\n{measure}: {about}; {size / 1000:.1f} kB; ratios of {of_what}")
    show_rows({name: columns(measure, runs, size) + ratios(measure, runs, all_runs) for name, runs in all_runs.items()})


def show_calls(calls):
    print("\ncalls: what the kernel is asked (strace), to the first next and per invoke of 200 B")
    show_rows({name: [("to next", str(found["to_next"])), ("per invoke", f"{found['per_invoke']:.2f}"),
                      (".so", str(len(found["shared_objects"])))] for name, found in calls.items()})
    for name, found in calls.items():
        opened = [os.path.basename(path) for path in found["shared_objects"]]
        print(f"  {name}: {', '.join(opened[:5])}{', ...' if len(opened) > 5 else ''}")
        print(f"    to next: {found['names_to_next'][:150]}\n    per invoke: {found['names_per_invoke'][:150]}")


def show_instructions(found):
    print("\ninstructions outside the kernel (valgrind), an invoke; the last column once")
    order = ("direct", "sqs-10", "sqs-64k", "start and end")
    show_rows({name: [(of, f"{told[of]:,.0f}") for of in order] for name, told in found.items()})


def show_concurrency(found):
    print("\nconcurrency: leat with N slots, 200 B, not pinned")
    show_rows({f"N = {count}": [("invokes/s", f"{told['invokes_per_s']:,.0f}"), ("CPU us", f"{told['cpu_us']:.1f}"),
                                ("rtt us", f"{told['rtt_us']:.0f}"), ("p99", f"{told['rtt_p99_us']:.0f}"),
                                ("connections", f"{told['connections']:.0f}"), ("threads", f"{told['threads']:.0f}"),
                                ("RSS kB", f"{told['rss_end_kb']:.0f}")] for count, told in found.items()})


def show(told, measures):
    for measure, all_runs in told["runs"].items():
        if all_runs:
            show_measure(measure, all_runs, told["bytes"][measure], measures[measure][3])
    if told.get("calls"):
        show_calls(told["calls"])
    if told.get("instructions"):
        show_instructions(told["instructions"])
    if told.get("concurrency"):
        show_concurrency(told["concurrency"])
    print(f"\nmedians of {told['rounds']} rounds, stub and child on {'two CPUs' if told['cpus'] == 2 else 'one CPU'}")
    if told["load"] > 1.5:
        print(f"The machine was busy with other work (load {told['load']:.1f}): times are too long, ratios still hold.")
    for name, version in told["peers"].items():
        print(f"{name}: {version}")
    for name, why in told["left_out"].items():
        print(f"LEFT OUT: {name}: {why}")
