# SPDX-License-Identifier: Apache-2.0
"""Producers that put anything into the spool: nothing blocks, nothing is followed, nothing is shown as it is."""
import base64
import contextlib
import gzip
import json
import os
import socket
import stat

import hostile
import tap
import working


def in_failed(desk):
    return sorted(os.listdir(os.fsencode(desk.path("spool/failed"))))


def made(desk):
    """new/, for putting things straight there."""
    path = desk.path("spool/new")
    path.mkdir(parents=True, exist_ok=True)
    return os.fsencode(path)


def run_all(desk, *arguments):
    done = desk.run("--until-idle", *arguments)
    tap.equal((done.returncode, os.listdir(made(desk)), desk.taken()), (0, [], []), done.stderr)
    hostile.visible(done.stderr)
    return done.stderr


# --- what is no plain file ----------------------------------------------------------------------------------------------


@hostile.test
def what_is_no_plain_file_is_put_aside_unopened(desk):
    desk.configure()
    new = made(desk)
    os.mkfifo(new + b"/fifo")
    os.symlink("/etc/passwd", new + b"/link")
    os.symlink("loop", new + b"/loop")
    os.symlink("/proc/self/fd/0", new + b"/proc")
    os.mkdir(new + b"/folder")
    desk.write("spool/new/folder/inside.json", {"do": "ok"})
    expected = {b"fifo": "a pipe", b"link": "a symbolic link", b"loop": "a symbolic link", b"proc": "a symbolic link",
                b"folder": "a folder", b"socket": "a socket"}
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(desk.path("spool/new")):
        listener.bind("socket")
        with contextlib.suppress(OSError):
            os.mknod(new + b"/device", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero: it would never end
            expected[b"device"] = "a device"
        desk.put({"do": "ok"})
        said = run_all(desk)
    tap.equal(in_failed(desk), sorted(expected))
    for name, kind in expected.items():
        tap.contains(said, f"{name.decode()}: it is {kind}: it goes to failed/; only plain files are payloads")
    tap.equal(desk.ran(), {"0000.json": [1]})
    assert "root:" not in said
    assert desk.path("spool/failed/folder/inside.json").exists()


@hostile.test
def a_link_to_another_file_leaves_that_one_alone(desk):
    """A hard link is a file like any other; only its name is removed."""
    desk.configure()
    desk.write("precious.json", {"do": "ok"})
    os.link(desk.path("precious.json"), made(desk) + b"/hard")
    run_all(desk)
    tap.equal(desk.ran(), {"hard": [1]})
    tap.equal(json.loads(desk.path("precious.json").read_text()), {"do": "ok"})


@hostile.test
def a_file_that_the_worker_may_not_read_is_put_aside(desk):
    desk.configure()
    desk.put({"do": "ok"}, {"do": "ok"})
    desk.path("spool/new/0000.json").chmod(0)
    command = hostile.without_capabilities([tap.BUILD / "leat", "run", "--until-idle"])
    with hostile.running(desk, command) as worker:
        tap.equal(worker.end(), 0, worker.said)
        tap.contains(worker.said, "0000.json: Permission denied: it goes to failed/; let the worker's user read it")
    tap.equal((in_failed(desk), desk.ran()), ([b"0000.json"], {"0001.json": [1]}))


# --- names ----------------------------------------------------------------------------------------------------------------


NAMES = [b"a\nerror: forged", b"b\x1b[2J\x1b]0;x\x07", b"c\xff\xfe\xc3(", b"d" * 255, b"e\xc2\x9b31m", "f\u202e".encode(),
         b"g,a=3,t=1,d=1,x=00000000", b"h h", b"i\\", b"-j", b"k%s%n%n", b"\xe2\x82", b"l" * 250 + b"\xe2\x82\xac", b"~", b"'\"`$(m)"]


@hostile.test
def names_of_any_bytes_are_only_names(desk):
    desk.configure("log: {level: debug}\n")
    new = made(desk)
    for n, name in enumerate(NAMES):
        with open(new + b"/" + name, "w") as file:
            json.dump({"do": ["ok", "reject"][n % 2]}, file)
    run_all(desk)
    tap.equal(len(desk.dead()), len(NAMES) // 2)
    tap.equal(len(desk.path("ran").read_bytes().split(b" 1 ")) - 1, len(NAMES))
    tap.equal(len(in_failed(desk)), len(NAMES) // 2)
    listed = desk.leat("dead", "ls", "--config", "leat.yaml", env=desk.environment)
    tap.equal(listed.returncode, 0, listed.stderr)
    hostile.visible(listed.stdout + listed.stderr)


@hostile.test
def names_of_what_crashes_are_counted_as_they_are(desk):
    hostile.needs_plain()
    desk.configure()
    with open(made(desk) + b"/a\n\x1b[2J\xff" + b"x" * 240, "w") as file:
        json.dump({"do": "fault"}, file)
    said, ends = desk.supervise()
    tap.equal(len(ends), 4, said)
    tap.equal([letter["reason"] for letter in desk.dead()], ["crashed its handler 3 times: signal 11"])
    hostile.visible(said)


@hostile.test
def names_of_what_is_put_aside_are_shown_escaped(desk):
    desk.configure()
    for name in NAMES:
        os.mkdir(made(desk) + b"/" + name)
    said = run_all(desk)
    tap.equal(said.count("it is a folder"), len(NAMES))
    tap.equal(len(in_failed(desk)), len(NAMES))


# --- what stands in them --------------------------------------------------------------------------------------------------


def bomb(size):
    """CloudWatch Logs data that is that large."""
    packed = gzip.compress(b"[" + b" " * size + b"]", 9)
    return json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}})


@hostile.test
def what_is_no_payload_harms_no_other(desk):
    hostile.needs_plain()
    payloads = {"empty": b"", "nul": b"\0" * 1000, "bytes": bytes(range(256)) * 10, "half": b'{"do": "ok"',
                "deep": b"[" * 100_000 + b"]" * 100_000, "deep-objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
                "bomb": bomb(200_000_000).encode(), "bomb-in-sqs": json.dumps({"Records": [{
                    "messageId": "m", "eventSource": "aws:sqs", "body": bomb(100_000_000)}]}).encode(),
                "no-gzip": json.dumps({"awslogs": {"data": base64.b64encode(b"no gzip").decode()}}).encode(),
                "escapes": b'"\\u001b[2J\\u0000\x1b[31m"', "mark": b"\xef\xbb\xbf{}", "zero": b"0", "null": b"null",
                "numbers": b"1e999999 -1e-99999", "lines": b'{"do":"ok"}\nnothing\n{"do":"ok"}\n'}
    desk.configure()
    desk.put_named(**payloads)
    desk.put(*[{"do": "ok"}] * 10)
    limit = "ulimit -v 700000; exec \"$@\""
    with hostile.running(desk, ["sh", "-c", limit, "sh", tap.BUILD / "leat", "run", "--until-idle"]) as worker:
        tap.equal(worker.end(), 0, worker.said)
        hostile.visible(worker.said)
    tap.equal(desk.left(), [])
    for n in range(10):
        tap.equal(desk.ran()[f"{n:04}.json"], [1])
    for name in ["nul", "bytes", "half", "deep", "bomb", "no-gzip"]:
        assert any(letter["position"].startswith(name) for letter in desk.dead()) or \
            name.encode() in in_failed(desk), f"{name} is gone: {worker.said}"


@hostile.test
def a_file_of_100_mb_is_put_aside_whole(desk):
    desk.configure()
    with open(made(desk) + b"/large.json", "wb") as file:
        file.write(b'{"do":"ok","filler":"')
        file.truncate(100_000_000)
    desk.put({"do": "ok"})
    said = run_all(desk)
    tap.contains(said, "large.json: it is larger than the limit allows: it goes to failed/; split it, or raise "
                       "limits.payload")
    tap.equal(desk.path("spool/failed/large.json").stat().st_size, 100_000_000)
    tap.equal(desk.ran(), {"0000.json": [1]})


@hostile.test
def a_file_that_changes_while_it_is_read_is_no_crash(desk):
    """Who goes on writing behind the rename gets what it deserves, and nobody else."""
    desk.configure()
    with desk.worker() as worker:
        worker.says("ready in")
        for n in range(100):
            path = desk.path(f"spool/tmp/changing-{n}")
            with open(path, "wb") as file:
                file.write(b'{"do":"ok","filler":"' + b"x" * 200_000 + b'"}')
                file.flush()
                os.rename(path, desk.path(f"spool/new/changing-{n}"))
                os.ftruncate(file.fileno(), 2000 + n * 2000)  # an empty one would be fine
                file.write(b"y" * 100_000)
        desk.put({"do": "ok"})
        working.wait_until(lambda: desk.left() == [], "all of them are done")
        tap.equal(worker.term(), 0, worker.said)
        hostile.visible(worker.said)
    tap.equal(desk.ran()["0000.json"], [1])
    gone = len(in_failed(desk)) + sum(name.startswith("changing") for name in desk.ran())
    assert gone >= 100, f"{gone} of 100 are accounted for"


@hostile.test
def ten_thousand_files_at_once(desk):
    desk.configure()
    with desk.worker() as worker:
        worker.says("ready in")
        new = desk.path("spool/new")
        desk.path("many").mkdir()
        for n in range(10_000):
            desk.path(f"many/{n:05}").write_text('{"do":"ok"}')
        for n in range(10_000):
            os.rename(desk.path(f"many/{n:05}"), new / f"{n:05}")
        working.wait_until(lambda: not os.listdir(new) and not desk.taken(), "all are done")
        tap.equal(worker.term(), 0, worker.said)
        tap.contains(worker.said, "10000 events: 10000 ok, 0 retry, 0 reject")
    tap.equal(len(desk.ran()), 10_000)


@hostile.test
def files_that_vanish_under_it_are_no_trouble(desk):
    desk.configure()
    with desk.worker() as worker:
        worker.says("ready in")
        for n in range(2000):
            path = desk.path(f"spool/new/{n}")
            path.write_text('{"do":"ok"}')
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        desk.put({"do": "reject"})
        working.wait_until(desk.dead, "it goes on")
        working.wait_until(lambda: desk.left() == [], "nothing is left")
        tap.equal(worker.term(), 0, worker.said)


tap.main()
