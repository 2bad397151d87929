# SPDX-License-Identifier: Apache-2.0
"""AWS's aws-lambda-rie, the Runtime Interface Emulator: prints the path of the program.

It is published inside the wheel of aws-sam-cli. The wheel comes through pip, once; wheel and program must have the
hashes below, else there is none. Fails with one line on standard error.
"""
import fcntl
import hashlib
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import zipfile

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build-services"
PACKAGE = "aws-sam-cli==1.170.0"
WHEEL_SHA256 = "24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf"
PROGRAMS = {  # by machine: the name in the wheel, its SHA-256
    "x86_64": ("aws-lambda-rie-x86_64", "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5"),
    "aarch64": ("aws-lambda-rie-arm64", "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21"),
}
LIMIT_S = 120  # for each step that may use the network


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


def download(folder):
    """The wheel, in that folder. pip is that of an environment of its own: Debian has none outside."""
    run(sys.executable, "-m", "venv", folder / "venv")
    run(folder / "venv/bin/pip", "download", "--quiet", "--disable-pip-version-check", "--retries", "1", "--no-deps",
        "--only-binary", ":all:", "--dest", folder, PACKAGE)
    [wheel] = folder.glob("*.whl")
    return wheel


def bring_once(name, wanted, target):
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():  # else another test run brought it meanwhile
            bring(name, wanted, target)


def bring(name, wanted, target):
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        wheel = download(pathlib.Path(folder))
        check(wheel, WHEEL_SHA256)
        program = pathlib.Path(folder, name)
        with zipfile.ZipFile(wheel) as archive:
            program.write_bytes(archive.read(f"samcli/local/rapid/{name}"))
        check(program, wanted)
        program.chmod(0o755)
        os.replace(program, target)


def main():
    try:
        if platform.machine() not in PROGRAMS:
            raise Failed(f"there is none for {platform.machine()}")
        name, wanted = PROGRAMS[platform.machine()]
        target = FOLDER / name
        if not target.exists():
            bring_once(name, wanted, target)
        check(target, wanted)
    except (Failed, OSError, KeyError, zipfile.BadZipFile) as error:
        print(f"aws-lambda-rie: {error}", file=sys.stderr)
        return 1
    print(target)
    return 0


sys.exit(main())
