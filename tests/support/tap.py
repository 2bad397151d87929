# SPDX-License-Identifier: Apache-2.0
"""What the Python tests share: tests print TAP, and the built leat is run from here.

    import tap

    @tap.test
    def a_missing_file_exits_66():
        tap.equal(tap.leat("show", "missing.json").returncode, 66)

    tap.main()
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LEAT_BUILD", ROOT / "build")).resolve()
EVENTS = os.environ.get("LEAT_EVENTS")  # a folder of recorded payloads, one folder a trigger; may be missing

_tests = []


class Skip(Exception):
    """Ends a test as skipped; a reason that starts with "service" is a failure in CI."""


def test(function):
    _tests.append(function)
    return function


def equal(got, wanted, about=""):
    assert got == wanted, f"{about}: " * bool(about) + f"got {got!r}, wanted {wanted!r}"


def contains(text, part):
    assert part in text, f"{part!r} is not in {text!r}"


def run(*command, **options):
    """Runs a command; stdout and stderr are text. `env` is added to the environment."""
    options.setdefault("capture_output", True)
    options.setdefault("timeout", 300)
    env = {**os.environ, **options.pop("env", {})}
    return subprocess.run([str(word) for word in command], text=True, errors="replace", env=env, **options)


def must(*command, **options):
    """As run, but a failure fails the test with what the command said."""
    done = run(*command, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def leat(*arguments, **options):
    return run(BUILD / "leat", *arguments, **options)


def folder():
    """A temporary folder, for `with`."""
    return tempfile.TemporaryDirectory(prefix="leat-test-")


def tracked_files():
    """The files of the tree, without what .gitignore names; all files if this is no git tree."""
    done = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if done.returncode == 0:
        names = [name for name in done.stdout.split("\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if not name.startswith(("build/", "build-", ".git/"))]
    return sorted(name for name in set(names) if (ROOT / name).is_file())


def main():
    print(f"1..{len(_tests)}")
    failed = 0
    for number, function in enumerate(_tests, 1):
        name = f"{number} - {pathlib.Path(sys.argv[0]).stem}: {function.__name__}"
        try:
            function()
            print(f"ok {name}", flush=True)
        except Skip as reason:
            print(f"ok {name} # SKIP {reason}", flush=True)
        except Exception:  # a test that breaks is a test that fails; the others still run
            failed += 1
            print(f"not ok {name}")
            print("\n".join("  # " + line for line in traceback.format_exc().splitlines()), flush=True)
    sys.exit(1 if failed else 0)
