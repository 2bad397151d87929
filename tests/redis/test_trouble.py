# SPDX-License-Identifier: Apache-2.0
"""The server dies, comes back empty, hands over, is slow, full or forbids things; workers stop and come back."""
import json
import os
import pathlib
import re
import signal
import subprocess

import hostile
import redis_server
import streams
import tap
import working

ADMIN = "admin: {{listen: 'unix:{}'}}\n"


def with_admin(desk, text="", **options):
    desk.configure(ADMIN.format(desk.path("admin")) + text, **options)


def once_each(desk, count):
    ran = desk.positions()
    tap.equal((len(ran), {len(attempts) for attempts in ran.values()}), (count, {1}))


def is_ready(desk):
    try:
        return working.get(desk.path("admin"), "/readyz")[0] == 200
    except (FileNotFoundError, ConnectionRefusedError):  # it has only just started
        return False


def until_ready(desk):
    working.wait_until(lambda: is_ready(desk), "it is ready")


def until_away(desk):
    working.wait_until(lambda: not is_ready(desk), "it is not ready")


# --- the server ------------------------------------------------------------------------------------------------------


@streams.test
def a_server_that_is_killed_under_load_costs_nothing(desk):
    with_admin(desk)
    with desk.worker() as worker:
        until_ready(desk)
        for _ in range(3):
            desk.add(*[{"do": "ok", "wait_ms": 2}] * 200)
            desk.server.kill()
            until_away(desk)
            code, _, body = working.get(desk.path("admin"), "/readyz")
            tap.equal(code, 503)
            assert re.search(r"jobs: disconnected: 127.0.0.1:\d+: ", body), body
            desk.server.start()
            until_ready(desk)
        desk.until_done()
        tap.equal(worker.term(), 0, worker.said[-2000:])
    once_each(desk, 600)


@streams.test
def unplugged_it_sleeps_and_says_little(desk):
    with_admin(desk)
    with desk.worker() as worker:
        until_ready(desk)
        desk.server.kill()
        until_away(desk)
        before, ticks = len(worker_said(worker)), cpu_ticks(worker)
        hostile.watch(6)
        lines, used = len(worker_said(worker)) - before, cpu_ticks(worker) - ticks
        assert used <= 5, f"{used} ticks of CPU in 6 s"
        assert lines <= 3, worker.said
        desk.server.start()
        until_ready(desk)
        desk.add({"do": "ok"})
        desk.until_done()
        tap.equal(worker.term(), 0)


def worker_said(worker):
    while hostile.select.select([worker.process.stderr], [], [], 0)[0]:
        worker._more(working.time.monotonic() + 1)
    return worker.said.splitlines()


def cpu_ticks(worker):
    fields = pathlib.Path(f"/proc/{worker.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return int(fields[11]) + int(fields[12])


@streams.test
def it_may_start_before_its_server(desk):
    desk.server.kill()
    with_admin(desk)
    with desk.worker() as worker:
        worker.says("is disconnected")
        assert not is_ready(desk)
        desk.server.start()
        until_ready(desk)
        desk.add({"do": "ok"})
        desk.until_done()
        tap.equal(worker.term(), 0)


@streams.test
def a_flushed_server_gets_its_group_again(desk):
    with_admin(desk)
    with desk.worker() as worker:
        until_ready(desk)
        desk.add({"do": "ok"})
        desk.until_done()
        desk.server("FLUSHALL")
        desk.add({"do": "ok"}, {"do": "ok"})
        worker.says('group "leat" of stream "jobs" was gone and is made anew')
        desk.until_done()
        tap.equal(worker.term(), 0)
    once_each(desk, 3)
    assert worker.said.count("was gone") == 1 and len(worker.said.splitlines()) < 15, worker.said


@streams.test
def a_group_that_is_destroyed_under_load_is_made_anew(desk):
    with_admin(desk)
    with desk.worker() as worker:
        until_ready(desk)
        desk.add(*[{"do": "ok", "wait_ms": 1}] * 100)
        working.wait_until(lambda: len(desk.positions()) > 10, "some ran")
        desk.server("XGROUP", "DESTROY", "jobs", "leat")
        desk.until_done()
        tap.equal(worker.term(), 0)
    tap.equal(len(desk.positions()), 100)
    assert len(worker.said.splitlines()) < 30, worker.said


@streams.test
def a_server_that_stands_still_for_a_moment_is_waited_for(desk):
    with_admin(desk)
    with desk.worker() as worker:
        until_ready(desk)
        desk.add(*[{"do": "ok", "wait_ms": 1}] * 300)
        working.wait_until(lambda: len(desk.positions()) > 20, "some ran")
        desk.server.signal(signal.SIGSTOP)
        hostile.watch(1)
        desk.server.signal(signal.SIGCONT)
        desk.until_done()
        desk.server("CLIENT", "PAUSE", 1000, "ALL")
        desk.add(*[{"do": "ok"}] * 20)
        desk.until_done()
        tap.equal(worker.term(), 0)
        assert "disconnected" not in worker.said, worker.said
    once_each(desk, 320)


@streams.test
def a_server_that_stands_still_for_long_is_given_up(desk):
    with_admin(desk)
    with desk.worker() as worker:
        until_ready(desk)
        desk.server.signal(signal.SIGSTOP)
        until_away(desk)
        worker.says("no answer")
        desk.server.signal(signal.SIGCONT)
        until_ready(desk)
        tap.equal(worker.term(), 0)


@streams.test
def a_server_without_memory_keeps_dead_letters_waiting(desk):
    sink = f'{{type: redis, url: "{desk.server.url}", stream: dead}}'
    with_admin(desk, f"dead_letter: dead\nsinks: {{dead: {sink}}}\n")
    desk.add({"do": "reject"}, {"do": "ok"})
    desk.server("XGROUP", "CREATE", "jobs", "leat", "0")
    used = int(desk.server("INFO", "memory").split("used_memory:")[1].split()[0])
    desk.server("CONFIG", "SET", "maxmemory", used // 2)
    with desk.worker() as worker:
        worker.says('stream "dead" cannot be written: OOM')
        tap.equal(desk.server("XLEN", "dead"), 0)
        desk.server("CONFIG", "SET", "maxmemory", 0)
        desk.until_done()
        worker.says('stream "dead" can be written again')
        tap.equal(worker.term(), 0)
    tap.equal(desk.server("XLEN", "dead"), 1)


@streams.test
def a_dead_letter_that_is_not_on_the_disk_is_none(desk):
    if not desk.server.is_since(7, 2):
        raise tap.Skip("the server has no WAITAOF")
    desk.server("CONFIG", "SET", "appendfsync", "no")
    with_admin(desk, f'dead_letter: dead\nsinks: {{dead: {{type: redis, url: "{desk.server.url}", stream: dead}}}}\n')
    with desk.worker() as worker:
        until_ready(desk)
        desk.add({"do": "reject"})
        worker.says('stream "dead" cannot be written: the server has not written it to its disk')
        tap.equal(len(desk.server.pending("jobs")), 1)
        desk.server("CONFIG", "SET", "appendfsync", "always")
        desk.until_done()
        worker.says('stream "dead" can be written again')
        tap.equal(worker.term(), 0)
    letters = [json.loads(fields[1]) for _, fields in desk.server("XRANGE", "dead", "-", "+")]
    tap.equal((len(letters) >= 2, len({letter["id"] for letter in letters})), (True, 1))


# --- failover --------------------------------------------------------------------------------------------------------


@streams.test
def the_replica_that_became_master_is_found(desk):
    with redis_server.Server(desk.folder, "--replicaof", "127.0.0.1", desk.server.port, name="replica") as replica:
        urls = json.dumps([desk.server.url, replica.url])
        with_admin(desk, jobs=f"{{type: redis, url: {urls}, stream: jobs, {streams.BACKOFF}}}")
        working.wait_until(lambda: "master_link_status:up" in replica("INFO", "replication"), "the replica is in step")
        with desk.worker() as worker:
            until_ready(desk)
            desk.add(*[{"do": "ok"}] * 50)
            desk.until_done()
            working.wait_until(lambda: replica.is_done("jobs"), "the replica is in step")
            desk.server.kill()
            worker.says("is disconnected")
            replica("REPLICAOF", "NO", "ONE")
            until_ready(desk)
            replica.add("jobs", '{"do": "ok"}')
            working.wait_until(lambda: replica.is_done("jobs"), "the new master's is done")
            tap.equal(worker.term(), 0)
    once_each(desk, 51)


@streams.test
def a_master_that_became_a_replica_is_left(desk):
    with redis_server.Server(desk.folder, name="other") as other:
        urls = json.dumps([desk.server.url, other.url])
        with_admin(desk, jobs=f"{{type: redis, url: {urls}, stream: jobs, {streams.BACKOFF}}}")
        with desk.worker() as worker:
            until_ready(desk)
            desk.server("REPLICAOF", "127.0.0.1", other.port)
            worker.says("is disconnected")
            until_ready(desk)
            other.add("jobs", '{"do": "ok"}')
            working.wait_until(lambda: other.is_done("jobs"), "it reads there")
            tap.equal(worker.term(), 0)


class Sentinel:
    def __init__(self, folder, master, tls=""):
        """`tls`: lines of its configuration; then both speak TLS."""
        self.port = redis_server.free_port()
        self.file = folder / "sentinel.conf"
        listens = f"port 0\ntls-port {self.port}\ntls-replication yes\n{tls}" if tls else f"port {self.port}\n"
        self.file.write_text(f"{listens}bind 127.0.0.1\ndir {folder}\n"
                             f"sentinel monitor queue 127.0.0.1 {master.tls_port if tls else master.server.port} 1\n"
                             "sentinel down-after-milliseconds queue 500\nsentinel failover-timeout queue 3000\n")
        self.process = subprocess.Popen([redis_server.PROGRAM, str(self.file), "--sentinel"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@streams.test
def a_sentinel_says_who_is_master(desk):
    with redis_server.Server(desk.folder, "--replicaof", "127.0.0.1", desk.server.port, name="replica") as replica, \
            Sentinel(desk.folder, desk) as sentinel:
        with_admin(desk, url=f"redis+sentinel://127.0.0.1:{sentinel.port}/queue")
        working.wait_until(lambda: "master_link_status:up" in replica("INFO", "replication"), "the replica is in step")
        with desk.worker() as worker:
            until_ready(desk)
            desk.add({"do": "ok"})
            desk.until_done()
            working.wait_until(lambda: replica.is_done("jobs"), "the replica is in step")
            hostile.watch(1.5)  # the Sentinel hears of replicas every now and then
            desk.server.kill()
            working.wait_until(lambda: "role:master" in replica("INFO", "replication"), "the Sentinel has promoted it")
            until_ready(desk)
            replica.add("jobs", '{"do": "ok"}')
            working.wait_until(lambda: replica.is_done("jobs"), "it reads there")
            tap.equal(worker.term(), 0)
    once_each(desk, 2)


@streams.test
def a_sentinel_that_knows_no_such_master_is_told(desk):
    with Sentinel(desk.folder, desk) as sentinel:
        desk.configure(url=f"redis+sentinel://127.0.0.1:{sentinel.port}/nobody")
        with desk.worker() as worker:
            worker.says('the Sentinel knows no master "nobody"')


# --- who may -----------------------------------------------------------------------------------------------------------


@streams.test
def a_wrong_password_is_told_and_not_shown(desk):
    desk.server("CONFIG", "SET", "requirepass", "right-one")
    desk.configure(url=f"redis://:wrong-one@127.0.0.1:{desk.server.port}")
    with desk.worker() as worker:
        worker.says("WRONGPASS")
        assert "wrong-one" not in worker.said, worker.said
    desk.configure(url=f"redis://127.0.0.1:{desk.server.port}")
    with desk.worker() as worker:
        worker.says("NOAUTH")
    desk.server("AUTH", "right-one")
    desk.configure(url=f"redis://:right-one@127.0.0.1:{desk.server.port}/3")
    desk.server("SELECT", 3)
    desk.add({"do": "ok"})
    tap.equal(desk.run("--until-idle").returncode, 0)
    assert desk.is_done()


# As docs/reference/redis.md gives them.
RIGHTS = ("+client|setname +client|id +client|unblock +role +xgroup|create +xgroup|delconsumer +xreadgroup +xack "
          "+xpending +xclaim +xautoclaim +xrange +xadd +xinfo|consumers +eval")


@streams.test
def a_user_with_the_rights_of_the_reference_will_do(desk):
    text = (tap.ROOT / "docs/reference/redis.md").read_text()
    for right in RIGHTS.split():
        tap.contains(text, right)
    desk.server("ACL", "SETUSER", "worker", "on", ">pass word", "~jobs", "~jobs.failed", *RIGHTS.split())
    desk.configure(url=f"redis://worker:pass%20word@127.0.0.1:{desk.server.port}")
    desk.add({"do": "ok"}, {"do": "reject"})
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0, done.stderr)
    assert desk.is_done() and "NOPERM" not in done.stderr, done.stderr


@streams.test
def a_right_that_is_missing_is_named(desk):
    desk.server("ACL", "SETUSER", "worker", "on", ">pass", "~*", *RIGHTS.split(), "-xreadgroup")
    desk.configure(url=f"redis://worker:pass@127.0.0.1:{desk.server.port}")
    with desk.worker() as worker:
        worker.says("xreadgroup")
        tap.contains(worker.said, "NOPERM")


# --- workers -----------------------------------------------------------------------------------------------------------


@streams.test
def a_worker_that_stops_past_its_lease_has_lost_it(desk):
    with_admin(desk, more="lease: 1s")
    slow, = desk.add({"do": "ok", "wait_ms": 2500, "first": True})
    with desk.worker("--state", desk.path("one")) as one:
        working.wait_until(lambda: desk.positions(), "it runs")
        one.signal(signal.SIGSTOP)
        with desk.worker("--state", desk.path("two"), "--set", f"admin.listen=unix:{desk.path('other')}") as two:
            working.wait_until(lambda: len(desk.positions()[f"jobs/{slow}"]) == 2, "the other one runs it")
            one.signal(signal.SIGCONT)
            working.wait_until(lambda: desk.source()["lease_lost"] == 1, "the first one has noticed")
            desk.until_done()
            tap.equal((two.term(), one.term()), (0, 0), one.said + two.said)
    tap.equal(desk.positions(), {f"jobs/{slow}": [1, 2]})


@streams.test
def a_handler_that_takes_longer_than_leases_runs_once(desk):
    desk.configure(more="lease: 300ms")
    desk.add({"do": "ok", "wait_ms": 1500}, {"do": "ok", "wait_ms": 1500}, {"do": "ok"}, {"do": "ok"})
    with desk.worker("--state", desk.path("one")) as one, desk.worker("--state", desk.path("two")) as two:
        desk.until_done()
        tap.equal((one.term(), two.term()), (0, 0))
    once_each(desk, 4)


@streams.test
def a_reload_takes_over_where_the_life_before_was(desk):
    with_admin(desk)
    desk.add(*[{"do": "ok", "wait_ms": 2}] * 300)
    with desk.worker() as worker:
        working.wait_until(lambda: len(desk.positions()) > 30, "some ran")
        worker.signal(signal.SIGHUP).says("the configuration is good")
        desk.until_done()
        tap.equal(worker.term(), 0, worker.said[-2000:])
    once_each(desk, 300)


@streams.test
def a_reload_with_a_url_that_is_none_changes_nothing(desk):
    with_admin(desk)
    with desk.worker() as worker:
        until_ready(desk)
        with_admin(desk, url="redis://:secret@nowhere:port")
        worker.signal(signal.SIGHUP).says("still running with the old one")
        tap.contains(worker.said, "url: the port is no number")
        assert "secret" not in worker.said, worker.said
        desk.add({"do": "ok"})
        desk.until_done()
        tap.equal(worker.term(), 0, worker.said[-2000:])


@streams.test
def its_end_does_not_wait_for_a_server_that_is_gone(desk):
    with_admin(desk, "drain: 20s\n")
    with desk.worker() as worker:
        until_ready(desk)
        desk.server.kill()
        until_away(desk)
        start = working.time.monotonic()
        worker.term()
        assert working.time.monotonic() - start < 12, worker.said


# --- TLS -----------------------------------------------------------------------------------------------------------------


def certificates(folder):
    """ca.pem, and server.pem with server.key for the name localhost."""
    run = lambda *words: tap.must("openssl", *words, cwd=folder)  # noqa: E731
    folder.mkdir()
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test ca",
        "-days", "2")
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
        "server.pem", "-days", "2", "-extfile", "names")
    return folder


def with_tls(function):
    def run():
        if "LEAT_REDIS_SERVER" in os.environ:
            raise tap.Skip("only Debian's server is known to speak TLS")
        with tap.folder() as folder:
            own = certificates(pathlib.Path(folder) / "certificates")
            port = redis_server.free_port()
            desk = streams.Desk(folder, "--tls-port", port, "--tls-cert-file", own / "server.pem", "--tls-key-file",
                                own / "server.key", "--tls-ca-cert-file", own / "ca.pem", "--tls-auth-clients",
                                "optional")
            desk.certificates, desk.tls_port = own, port
            with desk.server:
                function(desk)
    run.__name__ = function.__name__
    return tap.test(run)


def tls(desk, host, *options):
    desk.configure(url=f"rediss://{host}:{desk.tls_port}", more=f"tls: {{{', '.join(options)}}}" if options else "")


@with_tls
def tls_is_spoken_and_the_certificate_is_checked(desk):
    tls(desk, "localhost", f"ca: {desk.certificates}/ca.pem")
    desk.add(*[{"do": "ok", "fill": "x" * 20000}] * 100)
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 0, done.stderr)
    assert desk.is_done()
    once_each(desk, 100)


@with_tls
def a_certificate_of_somebody_else_is_refused(desk):
    for host, options, why in [("localhost", [], "TLS: "),
                               ("127.0.0.1", [f"ca: {desk.certificates}/ca.pem"], "IP address mismatch"),
                               ("localhost", [f"ca: {desk.certificates}/ca.pem", "server_name: other.example"],
                                "hostname mismatch")]:
        tls(desk, host, *options)
        with desk.worker() as worker:
            worker.says("is disconnected")
            tap.contains(worker.said, why)
    tls(desk, "127.0.0.1", f"ca: {desk.certificates}/ca.pem", "server_name: localhost")
    desk.add({"do": "ok"})
    tap.equal(desk.run("--until-idle").returncode, 0)


@with_tls
def the_master_that_a_sentinel_names_has_a_certificate_of_its_own(desk):
    own = desk.certificates
    lines = (f"tls-cert-file {own}/server.pem\ntls-key-file {own}/server.key\ntls-ca-cert-file {own}/ca.pem\n"
             "tls-auth-clients no\n")
    with Sentinel(desk.folder, desk, lines) as sentinel:
        url, trust = f"rediss+sentinel://localhost:{sentinel.port}/queue", f"ca: {own}/ca.pem"
        desk.configure(url=url, more=f"tls: {{{trust}}}")
        with desk.worker() as worker:  # the Sentinel is localhost, and names 127.0.0.1
            worker.says("IP address mismatch")
        desk.configure(url=url, more=f"tls: {{{trust}, server_name: localhost}}")
        desk.add({"do": "ok"})
        tap.equal(desk.run("--until-idle").returncode, 0)
        assert desk.is_done()


@with_tls
def a_certificate_that_cannot_be_read_is_told_at_the_start(desk):
    tls(desk, "localhost", "ca: nobody.pem")
    done = desk.run("--until-idle")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "tls.ca: ")


@with_tls
def plain_text_to_a_port_of_tls_is_told(desk):
    desk.configure(url=f"redis://127.0.0.1:{desk.tls_port}")
    with desk.worker() as worker:
        worker.says("is disconnected")
    tls(desk, "localhost", f"ca: {desk.certificates}/ca.pem")
    desk.configure(url=f"rediss://localhost:{desk.server.port}", more=f"tls: {{ca: {desk.certificates}/ca.pem}}")
    with desk.worker() as worker:
        worker.says("TLS: ")


tap.main()
