# SPDX-License-Identifier: Apache-2.0
"""The peers of the Lambda bench: each is a runtime client of its language, in the newest version, with three handlers:
echo (a direct call comes back), sqs (a batch as the language's type, nothing failed) and raw (the least work there is).

A contestant is a function from one of these to (command, environment).
"""
import os
import shutil
import sys

import peers

WORKS = ("echo", "sqs", "raw")


def program(path):
    """A contestant that is told its work by BENCH_HANDLER."""
    return lambda work: ([path], {"BENCH_HANDLER": work})


def make_rust(folder):
    cargo, own = peers.tool("cargo"), peers.copy("lambda/rust", folder)
    peers.must([cargo, "build", "--release", "--quiet"], own, {"CARGO_TARGET_DIR": str(own / "target")})
    version = peers.must([peers.tool("rustc"), "--version"], own)
    return program(own / "target/release/bootstrap"), f"{version}; {peers.pinned(own / 'Cargo.toml', '=1.')}"


def make_go(folder):
    go, own = peers.tool("go"), peers.copy("lambda/go", folder)
    small = ["-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w"]
    env = {"GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    peers.must([go, "build", "-mod=readonly", *small, "-o", "bootstrap", "."], own, env)
    return program(own / "bootstrap"), f"{peers.must([go, 'version'], own)}; {peers.pinned(own / 'go.mod', 'require')}"


def make_python(folder):
    own = peers.copy("lambda/python", folder)
    wanted = peers.pip_packages(own)
    python = os.path.realpath(sys.executable)
    env = {"LAMBDA_TASK_ROOT": own, "PYTHONPATH": f"{own}:{own / 'packages'}"}
    command = [python, "-S", "-m", "awslambdaric"]  # without what this machine has in its site-packages
    return lambda work: ([*command, f"bench_app.{work}"], env), f"Python {sys.version.split()[0]}; {wanted}"


def make_node(folder):
    """Its native client is built from sources that come with the package: cmake and the autotools must be there."""
    node, npm, own = peers.tool("node"), peers.tool("npm"), peers.copy("lambda/node", folder)
    for wanted in ("cmake", "autoreconf", "libtoolize", "g++", "make"):
        peers.tool(wanted)
    client = own / "node_modules/aws-lambda-ric"
    if not (client / "dist/rapid-client.node").exists():
        headers = os.path.dirname(os.path.dirname(os.path.realpath(node)))
        env = {"npm_config_nodedir": headers} if os.path.isdir(f"{headers}/include/node") else {}
        peers.must([npm, "install", "--no-audit", "--no-fund", "--no-save"], own, env)
    version = peers.must([node, "--version"], own)
    env = {"LAMBDA_TASK_ROOT": own, "HOME": folder}
    command = [shutil.which("node"), client / "bin/index.mjs"]
    wanted = peers.pinned(own / "package.json", "aws-lambda-ric")
    return lambda work: ([*command, f"bench_app.{work}"], env), f"node {version}; {wanted}"


MAKERS = {"rust": make_rust, "go": make_go, "python": make_python, "node": make_node}
