# SPDX-License-Identifier: Apache-2.0
"""The admin socket of a worker: what /livez, /readyz and /status say."""
import json
import re
import signal
import socket
import stat

import tap
import working

ADMIN = "admin: {listen: unix:admin.sock}\n"
SOURCE = {"name", "type", "state", "why", "paused", "breaker_open", "in_flight", "running", "waiting", "events", "ok",
          "retry", "reject", "units", "filtered", "redelivered", "retried", "dead", "emitted", "lease_lost",
          "late_results", "settle_failures"}


def status(desk):
    code, kind, body = working.get(desk.path("admin.sock"), "/status")
    tap.equal((code, kind), (200, "application/json"))
    return json.loads(body)


@working.test
def a_worker_that_is_ready_says_so(desk):
    desk.configure(ADMIN)
    with desk.worker() as worker:
        worker.says("ready in")
        path = desk.path("admin.sock")
        tap.equal(stat.S_IMODE(path.stat().st_mode), 0o600)
        for target, word in [("/livez", "alive\n"), ("/readyz", "ready\n")]:
            tap.equal(working.get(path, target), (200, "text/plain; charset=utf-8", word))
        tap.equal(working.get(path, "/")[0], 404)
        tap.equal(working.get(path, "/status", method="DELETE")[0], 405)
        tap.equal(worker.term(), 0)
        assert not path.exists()


@working.test
def status_is_one_object_with_every_source_and_sink(desk):
    desk.configure(ADMIN + "service: orders\nsettings: {password: s3cr3t}\n")
    desk.put({"do": "ok"}, {"do": "reject", "reason": "never"})
    with desk.worker() as worker:
        worker.says("ready in")
        working.wait_until(lambda: status(desk)["sources"][0]["dead"] == 1 and not desk.waiting(), "both are run")
        about = status(desk)
        tap.equal({name: about[name] for name in ["service", "pid", "state", "slots", "lost_slots"]},
                  {"service": "orders", "pid": worker.process.pid, "state": "running", "slots": 2, "lost_slots": 0})
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", about["started"]), about
        assert about["uptime_s"] >= 0 and about["rss_bytes"] > 1 << 20, about
        source, = about["sources"]
        tap.equal(set(source) - {"since"}, SOURCE)
        tap.equal({name: source[name] for name in ["name", "type", "events", "ok", "reject", "dead", "in_flight"]},
                  {"name": "inbox", "type": "spool", "events": 2, "ok": 1, "reject": 1, "dead": 1, "in_flight": 0})
        sink, = about["sinks"]
        tap.equal((sink["name"], sink["type"], sink["pending"], sink["written"]), ("dead.ndjson", "file", 0, 1))
        assert "s3cr3t" not in json.dumps(about)
        tap.equal(worker.term(), 0)


@working.test
def it_is_not_ready_while_it_drains(desk):
    desk.configure(ADMIN)
    with desk.worker() as worker:
        worker.says("ready in")
        desk.put({"do": "ok", "busy_ms": 5000})
        working.wait_until(lambda: status(desk)["sources"][0]["running"] == 1, "it runs")
        worker.signal(signal.SIGTERM).says("SIGTERM: draining")
        tap.equal(working.get(desk.path("admin.sock"), "/readyz"), (503, "text/plain; charset=utf-8", "draining\n"))
        tap.equal(working.get(desk.path("admin.sock"), "/livez")[0], 200)
        tap.equal(status(desk)["state"], "draining")
        tap.equal(worker.end(), 0)


@working.test
def a_socket_of_a_process_that_died_is_replaced_and_one_that_lives_is_not(desk):
    desk.configure(ADMIN)
    with desk.worker() as worker:
        worker.says("ready in")
        worker.process.kill()
        worker.process.wait()
    assert desk.path("admin.sock").exists()
    with desk.worker() as worker:
        worker.says("ready in")
        done = desk.run("--until-idle", "--state", desk.path("other"))
        tap.equal(done.returncode, 76)
        tap.contains(done.stderr, "another process listens on")
        tap.equal(working.get(desk.path("admin.sock"), "/readyz")[0], 200)
        tap.equal(worker.term(), 0)


@working.test
def a_name_that_is_no_socket_is_told(desk):
    for name in ["tcp:127.0.0.1:80", "admin.sock", f"unix:{'x' * 200}"]:
        desk.configure(f"admin: {{listen: '{name}'}}\n")
        tap.equal(desk.run("--until-idle").returncode, 78, name)
    desk.configure("admin: {listen: unix:leat.yaml}\n")
    tap.equal(desk.run("--until-idle").returncode, 78)
    assert desk.path("leat.yaml").exists()


@working.test
def nobody_who_asks_is_refused_over_a_new_start(desk):
    desk.configure(ADMIN)
    with desk.worker() as worker:
        worker.says("ready in")
        inode = desk.path("admin.sock").stat().st_ino
        worker.signal(signal.SIGHUP).says("the configuration is good")
        asked = 0
        while worker.said.count("ready in") < 2:
            tap.contains(["running", "reloading", "starting"], status(desk)["state"])
            asked += 1
            worker.says("\n", times=worker.said.count("\n") + 1)
        assert asked > 0
        tap.equal(desk.path("admin.sock").stat().st_ino, inode)
        tap.equal(worker.term(), 0)


@working.test
def silent_connections_keep_nobody_out(desk):
    desk.configure(ADMIN)
    with desk.worker() as worker:
        worker.says("ready in")
        silent = []
        for _ in range(40):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.setblocking(False)
            silent.append(connection)
            try:
                connection.connect(str(desk.path("admin.sock")))
            except BlockingIOError:
                break  # the kernel's queue is full
        for connection in silent[:16]:
            connection.settimeout(working.LIMIT)
            tap.equal(connection.recv(1), b"", "cut off after 5 s")
        for connection in silent:
            connection.close()
        tap.equal(working.get(desk.path("admin.sock"), "/livez")[0], 200)
        tap.equal(worker.term(), 0)


tap.main()
