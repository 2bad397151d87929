# SPDX-License-Identifier: Apache-2.0
"""The peers of the decode bench. Each is COMMAND KIND FILE PASSES, parses FILE to what a handler in its language gets,
and prints what bench-decode prints. They are built outside the tree, in build-bench/; their packages come by their
ordinary clients. What cannot be had is left out, with the reason."""


def make(folder):
    """(name -> command, name -> why it is left out)."""
    return {}, {"rust": "not written yet"}


def versions(available):
    return {name: name for name in available}
