# SPDX-License-Identifier: Apache-2.0
"""AWS's own programs, out of build-deploy; a test that wants one is skipped without it."""
import os
import pathlib
import sys

import tap

BIN = pathlib.Path(sys.executable).parent


def tool(name, *arguments, cwd=None, **env):
    """Runs a program of build-deploy with a home of its own, and no credentials unless they are given."""
    if not (BIN / name).exists():
        raise tap.Skip(f"service {name}: build-deploy is not there")
    unwanted = [key for key in os.environ if key.startswith("AWS_")]
    with tap.folder() as home:
        clean = {"HOME": home, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1",
                 "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": ""}
        settings = [f"{key}={value}" for key, value in {**clean, **env}.items()]
        return tap.run("env", *[f"--unset={key}" for key in unwanted], *settings, BIN / name, *arguments, cwd=cwd)


def lint(*paths):
    """All it knows but one thing: queues and logs are meant to go with their stack (rules.py has what is not)."""
    return tool("cfn-lint", "--include-checks", "I", "--ignore-checks", "I3011", "--", *paths)


def sam(*arguments, **options):
    return tool("sam", *arguments, **options)
