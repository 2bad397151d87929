# SPDX-License-Identifier: Apache-2.0
"""Runs test suites and counts their TAP lines: `./dev test [SUITE...]` ends here.

A suite is a build variant, the targets it needs, a time budget in seconds, and commands that print TAP.
It fails with a line "not ok", a plan that is not fulfilled, an exit status, a report of a sanitizer or of
valgrind (Criterion hides both their output and their status), and beyond its budget.
"""
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOGS = ROOT / "build-logs"
REPORTS = LOGS / "reports"
SCRATCH = LOGS / "scratch"  # where programs that write beside themselves are run
VALGRIND = ["valgrind", "--quiet", "--trace-children=yes", "--leak-check=full", "--errors-for-leak-kinds=definite",
            "--show-leak-kinds=definite", f"--log-file={REPORTS}/valgrind.%p"]


def python(folder):
    return lambda build: [[sys.executable, file] for file in sorted(glob.glob(f"tests/{folder}/test_*.py"))]


def some(folder, *names):
    return lambda build: [[sys.executable, f"tests/{folder}/test_{name}.py"] for name in names]


def with_packages(folder):
    """Under a Python that has what the folder's lists name; without it the tests skip themselves."""
    def commands(build):
        made = subprocess.run([ROOT / "dev", "packages", folder]).returncode == 0
        interpreter = str(ROOT / f"build-{folder}/bin/python") if made else sys.executable
        return [[interpreter, *command[1:]] for command in python(folder)(build)]
    return commands


def emulated(folder):
    """The emulator comes before the suite's time begins; without it the tests skip themselves."""
    def commands(build):
        subprocess.run([sys.executable, "tests/services/rie.py"], cwd=ROOT, stdout=subprocess.DEVNULL)
        return python(folder)(build)
    return commands


def at_server(name):
    """What is tested of Redis, at another server than Debian's; without it the tests skip themselves."""
    def commands(build):
        made = subprocess.run([sys.executable, "tests/services/redis_servers.py", name], cwd=ROOT, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
        todo = python("redis")(build) + (programs("tests/conformance-redis")(build) if made else [])
        return [["env", f"LEAT_REDIS_SERVER={made or name}", *command] for command in todo]
    return commands


def programs(pattern):
    """The executables of a build, without what the build keeps beside them."""
    return lambda build: [["env", "-C", str(SCRATCH), str(ROOT / file)]
                          for file in sorted(glob.glob(f"{build}/{pattern}"))
                          if os.path.isfile(file) and os.access(file, os.X_OK)]


def unit(*before):
    return lambda build: [[*before, f"{build}/tests/run-unit", "--tap", *(["-j1"] if before else [])]]


def corpora(build):
    """Each fuzz target over the inputs of all, the payloads of the tree and (its own doing) the shared ones."""
    return [[program, "tests/fuzz/corpus", "triggers", "handlers"]
            for program in sorted(glob.glob(f"{build}/tests/fuzz/corpus-*")) if os.path.isfile(program)]


# name: variant, targets, budget, commands
SUITES = {
    "rules": (None, [], 20, lambda build: [[sys.executable, "tests/lint/rules.py"]]),
    "cli": ("plain", ["all"], 240, python("cli")),
    "worker": ("plain", ["all"], 300, python("worker")),
    "redis": ("plain", ["all"], 240, python("redis")),
    "redis-6.2": ("plain", ["all", "conformance-tests"], 240, at_server("redis-6.2")),
    "valkey-9.1": ("plain", ["all", "conformance-tests"], 240, at_server("valkey-9.1")),
    "structure": ("plain", ["all", "lambda-stub"], 180, python("structure")),
    "chaos": ("plain", ["all"], 150, python("chaos")),
    "install": ("plain", ["all"], 90, python("install")),
    "package": ("plain", ["all"], 120, emulated("package")),
    "interop": ("plain", ["all"], 120, with_packages("interop")),
    "deploy": ("plain", ["all"], 240, with_packages("deploy")),
    "rie": ("plain", ["all"], 40, emulated("rie")),
    "unit-gcc-asan": ("gcc-asan", ["all", "unit-tests"], 300, unit()),
    "lambda": ("plain", ["all"], 120, python("lambda")),
    "handlers": ("gcc-asan", ["handler-tests"], 30, programs("handlers/test_*")),
    "fuzz-corpus": ("gcc-asan", ["corpus-tests"], 60, corpora),
    "cli-asan": ("gcc-asan", ["all"], 480, python("cli")),
    # What has threads; the others start none.
    "lambda-tsan": ("gcc-tsan", ["all"], 180, some("lambda", "managed", "streaming", "sigterm", "logs")),
    "lambda-asan": ("gcc-asan", ["all"], 240, python("lambda")),
    "worker-asan": ("gcc-asan", ["all"], 240, python("worker")),
    "redis-asan": ("gcc-asan", ["all"], 300, python("redis")),
    "threads-asan": ("gcc-asan", ["thread-tests"], 60, programs("tests/thread-*")),
    "threads-tsan": ("gcc-tsan", ["thread-tests"], 120, programs("tests/thread-*")),
    "conformance-asan": ("gcc-asan", ["conformance-tests"], 90, programs("tests/conformance-*")),
    "conformance-tsan": ("gcc-tsan", ["conformance-tests"], 120, programs("tests/conformance-*")),
    "unit-clang-asan": ("clang-asan", ["all", "unit-tests"], 300, unit()),
}
# Only by name: what takes longer than it tells beside the others, and what `./dev coverage` runs.
BY_NAME = {
    "conformance": ("plain", ["conformance-tests"], 60, programs("tests/conformance-*")),
    "unit-valgrind": ("valgrind", ["all", "unit-tests"], 2400, unit(*VALGRIND)),
    "unit-coverage": ("coverage", ["unit-tests"], 120, unit()),
    "handlers-coverage": ("coverage", ["handler-tests"], 30, programs("handlers/test_*")),
    "threads-coverage": ("coverage", ["thread-tests"], 60, programs("tests/thread-*")),
    "cli-coverage": ("coverage", ["all"], 240, python("cli")),
    "lambda-coverage": ("coverage", ["all"], 120, python("lambda")),
    "worker-coverage": ("coverage", ["all"], 180, python("worker")),
}


def environment(build):
    reports = f"log_path={REPORTS}"
    return {
        **os.environ,
        "LEAT_BUILD": str(ROOT / build),
        "PYTHONPATH": str(ROOT / "tests/support"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ASAN_OPTIONS": f"abort_on_error=1:detect_stack_use_after_return=1:{reports}/asan",
        "UBSAN_OPTIONS": f"halt_on_error=1:abort_on_error=1:print_stacktrace=1:{reports}/ubsan",
        "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:{reports}/tsan",
    }


def run_commands(commands, build, log, budget):
    """Runs all of them into the log; returns the exit statuses that are not 0."""
    bad, deadline = [], time.monotonic() + 2 * budget
    with open(log, "w") as out, open(f"{log}.err", "w") as err:
        for command in commands:
            try:
                left = max(1, deadline - time.monotonic())
                status = subprocess.run(command, cwd=ROOT, env=environment(build), stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=err, timeout=left).returncode
            except subprocess.TimeoutExpired:
                status = "timeout"
            except OSError as error:
                status = error.strerror
            if status != 0:
                program = [word for word in command if not word.startswith("-")][-1]
                bad.append(f"{os.path.basename(program)}: {status}")
    return bad


def reports():
    return [path for path in sorted(REPORTS.glob("*")) if path.stat().st_size > 0]


def show(log):
    """What failed, short enough to read."""
    lines = log.read_text(errors="replace").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("not ok"):
            details = []
            for following in lines[number + 1:number + 16]:
                if re.match(r"(not )?ok |1\.\.", following):
                    break
                details.append(following)
            print("\n".join("  " + text for text in [line, *details]))
    for line in pathlib.Path(f"{log}.err").read_text(errors="replace").splitlines()[-10:]:
        print("  " + line)
    for report in reports()[:3]:
        print("\n".join("  " + line for line in report.read_text(errors="replace").splitlines()[:40]))
    print(f"  all of it: {log.relative_to(ROOT)}")


def run_suite(name):
    """Returns (passed, failed, skipped) and prints the line of the suite."""
    variant, targets, budget, commands = {**SUITES, **BY_NAME}[name]
    build = "build" if variant in (None, "plain") else f"build-{variant}"
    if variant and subprocess.run([ROOT / "dev", "variant", variant, *targets]).returncode != 0:
        print(f"{name}: 0 passed, 1 failed, 0 skipped: does not build", flush=True)
        return 0, 1, 0
    for folder in [REPORTS, SCRATCH]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    todo = commands(build)
    log, start = LOGS / f"{name}.tap", time.monotonic()
    statuses = run_commands(todo, build, log, budget)
    seconds = time.monotonic() - start

    text = log.read_text(errors="replace")
    skips = re.findall(r"^ok .*# SKIP *(.*)", text, re.MULTILINE | re.IGNORECASE)
    passed = len(re.findall(r"^ok ", text, re.MULTILINE)) - len(skips)
    failed = len(re.findall(r"^not ok ", text, re.MULTILINE))
    planned = sum(int(count) for count in re.findall(r"^1\.\.(\d+)", text, re.MULTILINE))
    also = []
    if planned == 0:
        also.append("no test ran")
    elif planned != passed + failed + len(skips):
        also.append(f"{planned} tests were planned")
    if reports():
        also.append("a sanitizer or valgrind reported something")
    elif statuses and failed == 0:
        also.append("exit status of " + ", ".join(statuses))
    if os.environ.get("CI") == "true" and any(reason.startswith("service") for reason in skips):
        also.append("a service that CI must have was skipped")
    if seconds > budget:
        also.append("over its budget")
    failed += len(also)
    print(f"{name}: {passed} passed, {failed} failed, {len(skips)} skipped in {seconds:.0f} s (budget {budget} s)"
          + "".join("; " + reason for reason in also), flush=True)
    for reason in sorted(set(skips)):
        print(f"  skipped {skips.count(reason)}: {reason}")
    if failed:
        show(log)
    return passed, failed, len(skips)


def main():
    names = sys.argv[1:] or list(SUITES)
    if names == ["list"]:
        print("\n".join(f"{name} ({suite[2]} s)" for name, suite in SUITES.items()))
        return 0
    for name in names:
        if name not in SUITES and name not in BY_NAME:
            print(f"no suite {name}; there are: {' '.join(SUITES)}", file=sys.stderr)
            return 64
    if not os.environ.get("LEAT_EVENTS"):
        print("LEAT_EVENTS names no folder of recorded payloads: the tests on them are skipped")
    LOGS.mkdir(exist_ok=True)
    start = time.monotonic()
    totals = [sum(column) for column in zip(*[run_suite(name) for name in names])]
    print(f"all in {time.monotonic() - start:.0f} s")
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] else 0


sys.exit(main())
