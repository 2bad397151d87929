# SPDX-License-Identifier: Apache-2.0
"""Lines of the log: as text, as JSON, and as frames on a descriptor of the platform."""
import json
import os
import re
import socket
import struct

import replaying
import runtime_api
import tap

JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
LEVELS = {0x04: "trace", 0x08: "debug", 0x0c: "info", 0x10: "warn", 0x14: "error", 0x18: "fatal"}


def life(env=None, **options):
    return runtime_api.Function(replaying.handler("life"), env=env, **options)


def told(env=None, **options):
    return runtime_api.Function(replaying.handler("told"), env=env, **options)


def records(text):
    """The lines that are not the handler's own, each of which must be a record."""
    made = [json.loads(line) for line in text.split("\n") if line and not line.startswith("life: ")]
    for record in made:
        assert re.fullmatch(TIME, record["timestamp"]), record
        tap.contains(["trace", "debug", "info", "warn", "error", "fatal"], record["level"].lower())
        assert isinstance(record["message"], str), record
    return made


def at(level, made):
    return [record for record in made if record["level"].lower() == level]


@tap.test
def a_start_is_one_line_of_info():
    with told() as function:
        function.idle()
        lines = function.err.splitlines()
        tap.equal(len(lines), 1, lines)
        assert re.search(r"\binfo\b", lines[0], re.IGNORECASE), lines
        tap.contains(lines[0], "told")
        tap.equal(function.stop().out, "")


@tap.test
def lines_of_a_handler_stand_among_ours():
    with life() as function:
        function.invoke({})
        err = function.stop().err
        lines = [line for line in err.splitlines() if line.endswith("a line of the log")]
        tap.equal(len(lines), 1, err)
        assert re.search(r"\binfo\b", lines[0], re.IGNORECASE), lines


@tap.test
def json_records_are_bound_to_their_request():
    for word in ["JSON", "json", "Json"]:
        with life({"AWS_LAMBDA_LOG_FORMAT": word}) as function:
            function.invoke({}, request_id="r-1", headers={"Lambda-Runtime-Aws-Tenant-Id": "blue"})
            function.invoke({}, request_id="r-2")
            made = [record for record in records(function.stop().err) if record["message"] == "a line of the log"]
            tap.equal([(record["requestId"], record.get("tenantId")) for record in made], [("r-1", "blue"), ("r-2", None)])
            tap.equal({record["level"].lower() for record in made}, {"info"})


@tap.test
def failures_are_warnings_and_success_is_debug():
    for env, wanted in [(JSON, []), ({**JSON, "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}, ["r-ok"])]:
        with told(env) as function:
            function.invoke({"do": "ok"}, request_id="r-ok")
            function.invoke({"do": "retry", "reason": "away"}, request_id="r-retry")
            function.invoke({"do": "reject", "reason": "never"}, request_id="r-reject")
            made = records(function.stop().err)
            warned = at("warn", made)
            tap.equal([record["requestId"] for record in warned], ["r-retry", "r-reject"], made)
            tap.contains(warned[0]["message"], "away")
            tap.contains(warned[1]["message"], "never")
            seen = [record.get("requestId") for record in at("debug", made)]
            tap.equal([name for name in ["r-ok"] if name in seen], wanted)


@tap.test
def the_level_is_the_platforms():
    for level, wanted in [("TRACE", True), ("DEBUG", True), ("INFO", True), ("WARN", False), ("ERROR", False),
                          ("FATAL", False), ("warn", False)]:
        with life({**JSON, "AWS_LAMBDA_LOG_LEVEL": level}) as function:
            function.invoke({})
            made = records(function.stop().err)
            tap.equal("a line of the log" in [record["message"] for record in made], wanted, level)


@tap.test
def a_line_is_a_line_whatever_is_in_it():
    for env in [{}, JSON]:
        with told(env) as function:
            function.invoke({"do": "reject", "reason": "one\ntwo\r\x1b[31mred \u2028 \U0001f43f"})
            err = function.stop().err
            lines = [line for line in err.split("\n") if "one" in line]
            tap.equal(len(lines), 1, err)
            tap.contains(lines[0], "two")
            # In text a new line within a record is \r, which CloudWatch shows as one.
            assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", lines[0]), lines
            if env:
                records(err)


@tap.test
def payloads_are_not_in_the_log():
    for env in [{}, JSON]:
        with told(env) as function:
            function.invoke({"do": "reject", "reason": "why", "secret": "hunter2"})
            function.invoke(b"hunter2 {")
            assert "hunter2" not in function.stop().err


@tap.test
def managed_instances_log_json():
    with life(concurrency=4) as function:
        for number in range(8):
            function.invoke({}, request_id=f"r-{number}")
        made = [record for record in records(function.stop().err) if record["message"] == "a line of the log"]
        tap.equal(sorted(record["requestId"] for record in made), [f"r-{number}" for number in range(8)])


def frames(data):
    """[(level, is it JSON, microseconds, text)]"""
    found = []
    while data:
        kind, length, micros = struct.unpack_from(">IIQ", data)
        tap.contains([0xa55a0003, 0xa55a0002], kind & ~0xfc)
        found.append((LEVELS[kind & 0xfc], kind & 3 == 2, micros, data[16:16 + length].decode()))
        assert len(data) >= 16 + length, data
        data = data[16 + length:]
    return found


def framed(env):
    """The frames of a function that was called once, and what went to standard error."""
    reader, writer = os.pipe()
    try:
        with life({"_LAMBDA_TELEMETRY_LOG_FD": str(writer), **env}, pass_fds=[writer]) as function:
            function.invoke({}, request_id="r-1")
            err = function.stop().err
            os.close(writer)
            writer = None
            with open(reader, "rb", closefd=False) as pipe:
                return frames(pipe.read()), err
    finally:
        os.close(reader)
        if writer is not None:
            os.close(writer)


@tap.test
def frames_go_to_the_descriptor_of_the_platform():
    for env, is_json in [({}, False), (JSON, True)]:
        got, err = framed(env)
        mine = [frame for frame in got if "a line of the log" in frame[3]]
        tap.equal(len(mine), 1, got)
        level, as_json, micros, text = mine[0]
        tap.equal((level, as_json), ("info", is_json))
        assert 1.6e15 < micros < 4e15, micros
        if is_json:
            tap.equal((json.loads(text)["message"], json.loads(text)["requestId"]), ("a line of the log", "r-1"))
        assert "a line of the log" not in err, err
        tap.contains(err, "life: handle")


@tap.test
def a_descriptor_that_is_none_is_passed_over():
    for number in ["99", "-1", "x", "1000000000000"]:
        with life({"_LAMBDA_TELEMETRY_LOG_FD": number}) as function:
            tap.equal(function.invoke({}).path, "response")
            tap.contains(function.stop().err, "a line of the log")


@tap.test
def frames_go_to_a_socket_of_the_platform():
    with tap.folder() as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{folder}/logs")
        listener.listen(1)
        listener.settimeout(10)
        with life({"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": f"{folder}/logs", **JSON}) as function:
            sock, _ = listener.accept()
            sock.settimeout(10)
            function.invoke({}, request_id="r-1")
            tap.equal(function.stop().status, 0)
            data = b""
            while part := sock.recv(65536):
                data += part
            sock.close()
        listener.close()
        mine = [json.loads(text) for level, _, _, text in frames(data) if level == "info" and "a line of the log" in text]
        tap.equal([record["requestId"] for record in mine], ["r-1"])


@tap.test
def what_the_user_set_wins():
    platform = {"AWS_LAMBDA_LOG_FORMAT": "Text", "AWS_LAMBDA_LOG_LEVEL": "ERROR"}
    with life({**platform, "LEAT_LOG": '{"level":"debug","format":"json"}'}) as function:
        function.invoke({}, request_id="r-1")
        made = records(function.stop().err)
        tap.contains([record["message"] for record in made], "a line of the log")
        assert at("debug", made), made


@tap.test
def a_start_that_fails_is_in_the_log():
    for env in [{}, JSON]:
        with runtime_api.Function(replaying.handler("life"), env={"LEAT_SETTINGS": '{"fail_init":"no db"}', **env}) as function:
            err = function.wait().err
            tap.contains(err, "no db")
            if env:
                fatal = at("fatal", records(err))
                tap.equal([record["errorType"] for record in fatal], ["Function.Init"])
                tap.contains(fatal[0]["message"], "no db")


tap.main()
