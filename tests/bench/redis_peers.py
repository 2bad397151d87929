# SPDX-License-Identifier: Apache-2.0
"""The peers of the Redis bench: consumers of a group as users write them, each with the usual client of its language.
Each is COMMAND PORT STREAM GROUP EVENTS and prints what bench-redis-raw prints."""
import sys

import peers


def make_go(folder):
    go, own = peers.tool("go"), peers.copy("redis-go", folder)
    peers.must([go, "build", "-mod=readonly", "-o", "consume", "."], own, {"GOWORK": "off", "GOFLAGS": ""})
    return [own / "consume"], f"{peers.must([go, 'version'], own)}; {peers.pinned(own / 'go.mod', 'go-redis')}"


def make_node(folder):
    node, npm, own = peers.tool("node"), peers.tool("npm"), peers.copy("redis-node", folder)
    wanted, stamp = peers.pinned(own / "package.json", '"redis"'), own / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        peers.must([npm, "install", "--no-audit", "--no-fund", "--no-save"], own)
        stamp.write_text(wanted)
    return [node, own / "consume.js"], f"node {peers.must([node, '--version'], own)}; {wanted}"


def make_python(folder):
    own = peers.copy("redis-python", folder)
    wanted = peers.pip_packages(own)
    command = ["env", f"PYTHONPATH={own / 'packages'}", sys.executable, own / "consume.py"]
    return command, f"Python {sys.version.split()[0]}; {wanted}"


MAKERS = {"go": make_go, "node": make_node, "python": make_python}
