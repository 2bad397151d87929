# SPDX-License-Identifier: Apache-2.0
"""For tests of `leat replay`: handlers built as a user builds them, and a folder to work in.

    @replaying.test
    def a_retry_is_reported(desk):
        desk.write("a.json", {"do": "retry"})
        done = desk.replay("--handler", desk.handler("told"), "a.json")
        tap.equal(done.returncode, 1)
"""
import atexit
import functools
import json
import os
import pathlib
import shlex
import tempfile

import tap

HANDLERS = tap.ROOT / "tests/handlers"
ARN = "arn:aws:sqs:eu-west-1:123456789012:"

_built = {}
_folder = tempfile.TemporaryDirectory(prefix="leat-handlers-")
atexit.register(_folder.cleanup)


@functools.lru_cache
def _flags():
    path = f"{tap.BUILD}/meson-uninstalled"
    return shlex.split(tap.must("pkg-config", "--cflags", "--libs", "leat", env={"PKG_CONFIG_PATH": path}).stdout)


def handler(name, *more, source=None):
    """The path of NAME.so, built from tests/handlers/SOURCE.c with the line of the README; once a process."""
    if name not in _built:
        target = pathlib.Path(_folder.name) / f"{name}.so"
        tap.must(os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-shared", "-fPIC", *more,
                 HANDLERS / f"{source or name}.c", *_flags(), "-o", target)
        _built[name] = target
    return _built[name]


class Desk:
    """A folder that leat is run in."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def handler(self, name, *more, source=None):
        return handler(name, *more, source=source)

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        """Text, bytes, or what becomes JSON."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return name

    def leat(self, *arguments, **options):
        return tap.leat(*arguments, cwd=self.folder, **options)

    def replay(self, *arguments, **options):
        return self.leat("replay", *arguments, **options)

    def lines(self, *arguments, **options):
        """(exit status, the values of `replay --json`)"""
        done = self.replay("--json", *arguments, **options)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def told(self, *arguments, **options):
        return self.lines("--handler", handler("told"), *arguments, **options)


def events(lines):
    return [line for line in lines if "outcome" in line]


def outcomes(lines):
    return [line["outcome"] for line in events(lines)]


def replies(lines):
    """The replies as JSON values; an error as its type and message."""
    return [json.loads(line["reply"]) if line["reply"] is not None else (line["error"]["type"], line["error"]["message"])
            for line in lines if "reply" in line]


def summary(lines):
    return lines[-1]["summary"]


def test(function):
    """A test with a desk of its own."""
    def run():
        with tap.folder() as folder:
            function(Desk(folder))
    run.__name__ = function.__name__
    return tap.test(run)


# --- payloads ------------------------------------------------------------------------------------

def message(identity, body, queue="orders", group=None, receives=1):
    attributes = {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1714675904123"}
    if group is not None:
        attributes |= {"MessageGroupId": group, "MessageDeduplicationId": identity, "SequenceNumber": "18850000000000000000"}
    return {"messageId": identity, "receiptHandle": "r", "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": attributes, "messageAttributes": {}, "md5OfBody": "0", "eventSource": "aws:sqs",
            "eventSourceARN": ARN + queue, "awsRegion": "eu-west-1"}


def sqs(*messages):
    return {"Records": list(messages)}


def change(sequence, todo, key=None):
    """A record of a DynamoDB stream whose new item tells the handler what to do."""
    keys = {"id": {"S": key or sequence}}
    return {"eventID": f"e{sequence}", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1", "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/s",
            "dynamodb": {"Keys": keys, "NewImage": {**keys, "do": {"S": todo}}, "SequenceNumber": sequence,
                         "SizeBytes": 1, "StreamViewType": "NEW_IMAGE"}}


def sample(trigger):
    return json.loads(tap.must(tap.BUILD / "leat", "sample", trigger).stdout)
