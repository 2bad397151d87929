# SPDX-License-Identifier: Apache-2.0
"""The peers of the benches, and how they are built; those of the Lambda bench are in lambda_peers.py.

Of the decode bench: programs in peers/ that parse the payloads to what a handler in their language gets. Each is
COMMAND KIND FILE PASSES and prints what bench-decode prints.

All are built from a copy in build-bench/, so that nothing is left in the tree; their packages come by their ordinary
clients. What cannot be had is left out.
"""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent / "peers"
TIMEOUT = 900  # a first build of the Rust peer fetches and compiles its packages


class Missing(Exception):
    """Why a peer cannot take part."""


def tool(name):
    path = shutil.which(name)
    if path is None:
        raise Missing(f"there is no {name}")
    return path


def must(command, folder, env=None):
    """Runs a step of a build; what it said last is why the peer is missing."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=folder, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Missing(f"{' '.join(words[:3])}: not done after {TIMEOUT} s") from None
    if done.returncode != 0:
        raise Missing(f"{' '.join(words[:3])}: exit {done.returncode}: {' / '.join(done.stdout.split(chr(10))[-4:])}")
    return done.stdout.strip()


def copy(name, folder):
    """Its sources in a folder of its own, with their times, so that nothing is built twice."""
    return pathlib.Path(shutil.copytree(HERE / name, folder / name, dirs_exist_ok=True))


def pinned(path, word):
    """The lines of a manifest that pin a version."""
    return ", ".join(line.strip() for line in path.read_text().splitlines() if word in line)


def make_rust(folder):
    cargo, own = tool("cargo"), copy("rust", folder)
    must([cargo, "build", "--release", "--quiet"], own, {"CARGO_TARGET_DIR": str(own / "target")})
    version = must([tool("rustc"), "--version"], own)
    return [own / "target/release/decode"], f"{version}; {pinned(own / 'Cargo.toml', '=1.')}"


def make_go(folder):
    go, own = tool("go"), copy("go", folder)
    must([go, "build", "-mod=readonly", "-o", "decode", "."], own, {"GOWORK": "off", "GOFLAGS": ""})
    return [own / "decode"], f"{must([go, 'version'], own)}; {pinned(own / 'go.mod', 'require')}"


def make_node(_):
    node = tool("node")
    return [node, HERE / "node/decode.js"], f"node {must([node, '--version'], HERE)}; JSON.parse"


def make_python(_):
    return [sys.executable, HERE / "python/decode.py", "plain"], f"Python {sys.version.split()[0]}; json.loads"


def pip_packages(own):
    """Puts what its requirements.txt pins into packages/, once; returns what that is."""
    packages, stamp = own / "packages", own / "installed"
    wanted = (own / "requirements.txt").read_text().strip()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(packages, ignore_errors=True)
        must([sys.executable, "-m", "pip", "install", "--quiet", "--target", packages, wanted], own)
        stamp.write_text(wanted)
    return wanted


def make_powertools(folder):
    own = copy("python", folder)
    wanted = pip_packages(own)
    command = ["env", f"PYTHONPATH={own / 'packages'}", sys.executable, own / "decode.py", "powertools"]
    return command, f"Python {sys.version.split()[0]}; {wanted}, over json.loads, the id of each record asked"


MAKERS = {"rust": make_rust, "go": make_go, "node": make_node, "python": make_python, "powertools": make_powertools}


def make(folder, makers):
    """(name -> what its maker gives, name -> version, name -> why it is left out)."""
    commands, versions, missing = {}, {}, {}
    folder.mkdir(exist_ok=True)
    for name, maker in makers.items():
        print(f"peer {name}...", file=sys.stderr)
        try:
            commands[name], versions[name] = maker(folder)
        except (Missing, OSError) as why:
            missing[name] = str(why)
            print(f"LEFT OUT: {name}: {why}", file=sys.stderr)
    return commands, versions, missing
