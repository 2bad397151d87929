# SPDX-License-Identifier: Apache-2.0
"""`leat replay --bootstrap` with the runtime clients of AWS, unchanged: each function does the same."""
import importlib.util
import os
import shutil
import sys
import zipfile

import replaying
import tap

SOURCES = tap.ROOT / "tests/interop/guests"
BUILT = tap.ROOT / "build-guests"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"


def built(name, program):
    """A program that `./dev guests` has built."""
    if not (BUILT / name / "made-of").exists():
        raise tap.Skip(f"no function in {name}: ./dev guests builds it")
    return BUILT / name / program


def check(desk, bootstrap, error, **options):
    """Good, bad, partly bad, ending, good again; the answers name the invocation."""
    bodies = ["good", "fail", "again", "exit", "good"]
    for number, body in enumerate(bodies, 1):
        desk.write(f"{number}.json", replaying.sqs(replaying.message(f"m{number}", body)))
    status, lines = desk.lines("--bootstrap", bootstrap, "--function-arn", ARN,
                               *[f"{number}.json" for number in range(1, len(bodies) + 1)], **options)
    told = replaying.replies(lines)
    tap.equal(status, 1)
    tap.equal(replaying.outcomes(lines), ["ok", "retry", "retry", "retry", "ok"])
    tap.contains(told[1][0], error)
    tap.equal(told[1][1], "told to fail")
    tap.equal(told[3], ("Runtime.ExitError", "Runtime exited with error: exit status 4"))
    for number in [1, 3, 5]:
        failures = [{"itemIdentifier": "m3"}] if number == 3 else []
        tap.equal(told[number - 1], {"batchItemFailures": failures, "arn": ARN,
                                     "request": f"00000000-0000-4000-8000-{number:012x}"})


@replaying.test
def python(desk):
    if importlib.util.find_spec("awslambdaric") is None:
        raise tap.Skip("awslambdaric is not there")
    shutil.copy(SOURCES / "app.py", desk.folder)
    check(desk, f"{sys.executable} -m awslambdaric app.handler", "ValueError")


@replaying.test
def python_that_cannot_be_loaded(desk):
    if importlib.util.find_spec("awslambdaric") is None:
        raise tap.Skip("awslambdaric is not there")
    desk.write("1.json", "{}")
    done = desk.replay("--bootstrap", f"{sys.executable} -m awslambdaric nothing.handler", "1.json")
    tap.contains(done.stdout + done.stderr, "Runtime.ImportModuleError")
    assert done.returncode in (1, 78), done


@replaying.test
def go(desk):
    check(desk, built("go", "bootstrap"), "errorString")


@replaying.test
def go_in_an_archive(desk):
    with zipfile.ZipFile(desk.path("go.zip"), "w", zipfile.ZIP_DEFLATED) as made:
        made.write(built("go", "bootstrap"), "bootstrap")
    check(desk, "go.zip", "errorString")


@replaying.test
def rust(desk):
    check(desk, built("rust", "target/debug/bootstrap"), "core::error::Error")


@replaying.test
def node(desk):
    client = built("node", "node_modules/.bin/aws-lambda-ric")
    shutil.copy(SOURCES / "index.js", desk.folder)
    os.symlink(BUILT / "node/node_modules", desk.path("node_modules"))
    check(desk, f"{client} ", "Error", env={"_HANDLER": "index.handler"})


tap.main()
