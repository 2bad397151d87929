# SPDX-License-Identifier: Apache-2.0
"""What a Lambda runtime client costs: leat against two floors and against the clients of other languages, all served by
one stub Runtime API on loopback.

`packaged` is leat in an archive of leat package, for the start; `floor` is a blocking socket and parses nothing; `event`
is libevent and a tree of cJSON in an arena, of which nothing is made; `event-echo` is the same and sends the event back.
Every run is one process; runs are taken in turn, so that all see the same machine. Stub and child share one CPU (no idle
CPU has to be woken) unless --two-cpus is said.

A ratio is the median of the ratios within each round: times of one machine and one moment. Times are medians.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import lambda_peers  # noqa: E402
import lambda_table as table  # noqa: E402
import payloads  # noqa: E402
import peers  # noqa: E402
import tracing  # noqa: E402

PROGRAMS = ROOT / "build/tests/bench"
STUB = PROGRAMS / "bench-lambda-stub"
RESULT = ROOT / "build-logs/bench-lambda.json"
# name: what is done, the payload, invokes of a run, and about
MEASURES = {
    "start": ("echo", lambda: payloads.direct(200), 1, "from exec to the first next"),
    "direct": ("echo", lambda: payloads.direct(200), 2000, "a direct call is answered with itself"),
    "sqs-10": ("sqs", lambda: payloads.small_sqs(10), 1000, "a batch of 10, nothing failed"),
    "sqs-64k": ("sqs", lambda: payloads.small_sqs(100), 300, "a batch of 100, nothing failed"),
    "sqs-1m": ("sqs", lambda: payloads.small_sqs(1600), 30, "a batch of 1,600, nothing failed"),
    "raw-64k": ("raw", lambda: payloads.small_sqs(100), 300, "the same batch of 100 as bytes, back"),
    "raw-1m": ("raw", lambda: payloads.small_sqs(1600), 30, "the same batch of 1,600 as bytes, back"),
    "peak-sqs": ("sqs", lambda: payloads.small_sqs(9600), 3, "a batch as big as Lambda allows"),
    "peak-raw": ("raw", lambda: payloads.small_sqs(9600), 3, "as many bytes, back"),
}
MORE = ("calls", "instructions", "concurrency")  # of which no rounds are made
STARTS = 8  # in a round
CONCURRENCY = (1, 2, 8, 32)


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench lambda", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="runs of each")
    parser.add_argument("--quick", action="store_true", help="3 rounds")
    parser.add_argument("--only", metavar="NAMES", help=f"some of {','.join([*MEASURES, *MORE])}")
    parser.add_argument("--no-peers", action="store_true", help="leat and the floors alone")
    parser.add_argument("--two-cpus", action="store_true", help="the stub on CPU 0, the child on CPU 1")
    options = parser.parse_args()
    options.rounds = 3 if options.quick else options.rounds
    options.names = options.only.split(",") if options.only else [*MEASURES, *MORE]
    unknown = sorted(set(options.names) - {*MEASURES, *MORE})
    if unknown:
        parser.error(f"no measure {', '.join(unknown)}; there are {', '.join([*MEASURES, *MORE])}")
    if options.rounds < 1:
        parser.error("--rounds wants 1 or more")
    if options.two_cpus and not {0, 1} <= os.sched_getaffinity(0):
        parser.error("--two-cpus: CPUs 0 and 1 cannot both be had")
    return options


# --- contestants ----------------------------------------------------------------------------------------

def leat(**more):
    """build/bootstrap with a handler of the bench."""
    return lambda work: ([ROOT / "build/bootstrap"], {"LEAT_HANDLER": PROGRAMS / f"lambda-{work}.so", **more})


def packaged(folder):
    """What leat package makes of that handler, unpacked, with the folders that Lambda looks for libraries in."""
    def contestant(work):
        task = folder / f"task-{work}"
        if not task.exists():
            subprocess.run([ROOT / "build/leat", "package", PROGRAMS / f"lambda-{work}.so", "-o", f"{task}.zip"],
                           check=True, capture_output=True)
            shutil.unpack_archive(f"{task}.zip", task)
            (task / "bootstrap").chmod(0o755)
        libraries = ["/lib64", "/usr/lib64", "/var/runtime", "/var/runtime/lib", task, task / "lib", "/opt/lib"]
        return [task / "bootstrap"], {"LAMBDA_TASK_ROOT": task, "_HANDLER": f"lambda-{work}.so",
                                      "LD_LIBRARY_PATH": ":".join(map(str, libraries))}
    return contestant


def event_echo(_):
    return [PROGRAMS / "bench-lambda-event"], {"BENCH_HANDLER": "echo"}


def contestants():
    return {"floor": lambda_peers.program(PROGRAMS / "bench-lambda-floor"),
            "event": lambda_peers.program(PROGRAMS / "bench-lambda-event"),
            "leat": leat(), "leat-pipeline": leat(LEAT_LAMBDA_PIPELINE="1")}


def without_those_that_fail(all_of_them, missing, folder):
    """Every contestant answers one event of each work, or is left out with its reason."""
    good = {}
    for name, contestant in all_of_them.items():
        try:
            for measure in ("direct", "sqs-10", "raw-64k"):
                run(contestant, measure, folder, ["--invokes", "1"])
            good[name] = contestant
        except (RuntimeError, subprocess.TimeoutExpired) as why:
            missing[name] = str(why)
    return good


# --- runs -----------------------------------------------------------------------------------------------

def run(contestant, measure, folder, options):
    """What the stub tells of one process."""
    work = MEASURES[measure][0]
    expected = ["--expect", folder / "sqs-answer.json"] if work == "sqs" else []
    return tracing.serve(STUB, *contestant(work), "--payload", folder / f"{measure}.json", *expected, *options)


def cpus(two):
    one = min(os.sched_getaffinity(0))
    return ["--stub-cpu", "0", "--child-cpu", "1"] if two else ["--stub-cpu", str(one), "--child-cpu", str(one)]


def taking_part(measure, available):
    if measure in ("sqs-64k", "sqs-1m"):
        available = {**available, "event-echo": event_echo}
    return {name: one for name, one in available.items() if name != "packaged" or measure == "start"}


def bench_round(measure, available, folder, places, runs):
    invokes = MEASURES[measure][2]
    warm = 0 if invokes == 1 else max(3, invokes // 10)
    counts = ["--invokes", str(invokes), "--warm", str(warm)]
    for name, contestant in taking_part(measure, available).items():
        expect = ["--expect", "any"] if name == "event-echo" else []
        for _ in range(STARTS if measure == "start" else 1):
            runs.setdefault(name, []).append(run(contestant, measure, folder, [*places, *counts, *expect]))


def bench(options, available, folder):
    """measure -> name -> its runs."""
    measures = [name for name in MEASURES if name in options.names]
    found = {measure: {} for measure in measures}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}...", file=sys.stderr)
        for measure in measures:
            bench_round(measure, available, folder, cpus(options.two_cpus), found[measure])
    return found


def calls(available, folder):
    """name -> system calls and shared objects, by strace."""
    found = {}
    for name, contestant in available.items():
        _, lines = tracing.trace(STUB, *contestant("echo"), "--payload", folder / "direct.json", "--invokes", "100")
        first, (between, invokes) = tracing.until_next(lines), tracing.between_nexts(lines)
        found[name] = {"to_next": len(first), "shared_objects": tracing.shared_objects(first),
                       "per_invoke": len(between) / invokes,
                       "names_to_next": table.tally(map(tracing.name, first)),
                       "names_per_invoke": table.tally(map(tracing.name, between), invokes)}
    return found


def instructions(available, folder):
    """name -> of the programs in C: instructions outside the kernel, of an invoke and of all the rest."""
    found = {}
    for name in (name for name in ("floor", "event", "leat", "leat-pipeline") if name in available):
        few, many = 10, 110
        for measure in ("direct", "sqs-10", "sqs-64k"):
            work = MEASURES[measure][0]
            options = ["--payload", folder / f"{measure}.json", "--expect", "any", "--invokes"]
            totals = [tracing.instructions(STUB, *available[name](work), *options, str(n)) for n in (few, many)]
            each = (totals[1] - totals[0]) / (many - few)
            found.setdefault(name, {})[measure] = each
            found[name].setdefault("start and end", totals[0] - few * each)
    return found


def concurrency(available, missing, folder):
    """N -> what leat does with that many polls; not pinned."""
    found = {}
    for count in CONCURRENCY if "leat" in available else ():
        options = ["--concurrency", str(count), "--invokes", "10000", "--warm", "500"]
        try:
            runs = [run(available["leat"], "direct", folder, options) for _ in range(3)]
            found[count] = {key: statistics.median(one[key] for one in runs) for key in runs[0]}
        except RuntimeError as why:
            missing[f"leat with {count} slots"] = str(why)
    return found


# --- all of it ------------------------------------------------------------------------------------------

def write_payloads(folder):
    sizes = {}
    for name, (_, make, _, _) in MEASURES.items():
        path = folder / f"{name}.json"
        path.write_text(payloads.compact(make()), encoding="utf-8")
        sizes[name] = path.stat().st_size
    (folder / "sqs-answer.json").write_text('{"batchItemFailures":[]}')
    return sizes


def measure_all(options, available, missing, folder):
    sizes = write_payloads(folder)
    available = without_those_that_fail({**available, "packaged": packaged(folder)}, missing, folder)
    told = {"rounds": options.rounds, "cpus": 2 if options.two_cpus else 1, "left_out": missing, "bytes": sizes,
            "runs": bench(options, available, folder)}
    if "calls" in options.names and tracing.strace():
        told["calls"] = calls(available, folder)
    elif "calls" in options.names:
        missing["calls"] = "there is no strace"
    if "instructions" in options.names and shutil.which("valgrind"):
        told["instructions"] = instructions(available, folder)
    elif "instructions" in options.names:
        missing["instructions"] = "there is no valgrind"
    if "concurrency" in options.names:
        told["concurrency"] = concurrency(available, missing, folder)
    return told


def main():
    options = arguments()
    given, versions, missing = {}, {}, {}
    if not options.no_peers:
        given, versions, missing = peers.make(ROOT / "build-bench", lambda_peers.MAKERS)
    with tempfile.TemporaryDirectory(prefix="leat-bench-") as folder:
        told = measure_all(options, {**contestants(), **given}, missing, pathlib.Path(folder))
    told["peers"], told["load"] = versions, os.getloadavg()[1]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=1) + "\n")
    table.show(told, MEASURES)
    print(f"all figures: {RESULT.relative_to(ROOT)}")


try:
    main()
except (RuntimeError, subprocess.TimeoutExpired) as error:
    sys.exit(f"bench lambda: {error}")
