# SPDX-License-Identifier: Apache-2.0
"""What a program asks of the kernel while bench-lambda-stub serves it: strace, and counting its lines."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

TIMEOUT = 120
NEXT = "/runtime/invocation/next"


def strace():
    """None: there is none."""
    return shutil.which("strace")


def serve(stub, command, env, *options):
    """Runs `command` under the stub; what the stub measured, or RuntimeError with what both said."""
    pairs = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
    words = [str(word) for word in [stub, *options, *pairs, "--", *command]]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          timeout=TIMEOUT)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()[-1000:]}")
    return json.loads(done.stdout)


def trace(stub, command, env, *options):
    """The same under strace: the lines that begin a system call, from the exec on, in order."""
    with tempfile.TemporaryDirectory(prefix="leat-trace-") as folder:
        log = pathlib.Path(folder) / "calls"
        told = serve(stub, [strace(), "-f", "-qq", "-s", "300", "-o", log, "--", *command], env, *options)
        lines = log.read_text(errors="replace").splitlines()
    return told, [line for line in lines if re.match(r"\d+ +\w+\(", line)][1:]


def name(line):
    return re.match(r"\d+ +(\w+)\(", line)[1]


def is_next(line):
    return NEXT in line


def until_next(lines):
    """The calls up to the one that sends the first `next`, it included."""
    first = next(number for number, line in enumerate(lines) if is_next(line))
    return lines[:first + 1]


def between_nexts(lines):
    """(the calls between the first `next` and the last, how many invokes that were)."""
    places = [number for number, line in enumerate(lines) if is_next(line)]
    return lines[places[0] + 1:places[-1] + 1], len(places) - 1


def shared_objects(lines):
    """The files of shared objects that were opened, in order."""
    found = [re.search(r'\bopen(?:at)?\((?:\w+, )?"([^"]*\.so[.0-9]*)".*= \d+', line) for line in lines]
    return [match[1] for match in found if match]


def instructions(stub, command, env, *options):
    """How many the processor does outside the kernel, from the exec to the end, by valgrind. The same in every run,
    but for what depends on addresses and on how bytes arrive."""
    with tempfile.TemporaryDirectory(prefix="leat-trace-") as folder:
        log = pathlib.Path(folder) / "log"
        valgrind = [shutil.which("valgrind"), "--tool=callgrind", f"--log-file={log}", "--callgrind-out-file=/dev/null"]
        serve(stub, [*valgrind, *command], env, *options)
        return int(re.search(r"Collected : (\d+)", log.read_text())[1])
