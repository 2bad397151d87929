# SPDX-License-Identifier: Apache-2.0
"""What `meson install` puts down is enough to write handlers and modules with: C11, C++20, and linked in."""
import errno
import json
import os
import pathlib
import re
import shlex
import subprocess

import tap

C_HANDLER = """\
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const cJSON *body = leat_event_json(event);
    if (body == NULL)
        return leat_reject(ctx, "body is not JSON");
    if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(body, "name")))
        return leat_retry(ctx, "no field \\"name\\"");
    return leat_ok(ctx);
}

LEAT_HANDLER(hello, .handle = handle);
"""
CXX_HANDLER = C_HANDLER.replace("NULL", "nullptr").replace("(void)state;", "static_cast<void>(state);")
MAIN = C_HANDLER + """
static const struct leat_handler *const handlers[] = {&leat_handler_hello, NULL};

int main(int argc, char **argv)
{
    return leat_main(argc, argv, handlers);
}
"""
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]


class Installed:
    """leat installed below a folder, and a folder to build handlers in."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder) / "root"
        self.here = pathlib.Path(folder) / "hello"
        self.here.mkdir()
        tap.must("meson", "install", "-C", tap.BUILD, "--no-rebuild", "--destdir", self.root)
        packages = [str(path) for path in self.root.rglob("pkgconfig")]
        tap.equal(len(packages), 1, "pkgconfig folders")
        self.env = {"PKG_CONFIG_SYSROOT_DIR": str(self.root), "PKG_CONFIG_PATH": packages[0]}

    def find(self, name):
        found = [path for path in self.root.rglob(name) if path.is_file()]
        tap.equal(len(found), 1, f"files named {name}")
        return found[0]

    def flags(self, *options):
        return shlex.split(tap.must("pkg-config", *options, env=self.env).stdout)

    def write(self, name, text):
        (self.here / name).write_text(text)
        return name

    def run(self, *command, **options):
        return tap.run(*command, cwd=self.here, **options)


def replay_says_ok(installed, *handler):
    """A handler, under both binaries: an event it takes and one it does not."""
    installed.write("good.json", '{"name": "world"}')
    installed.write("bad.json", '{"nobody": "there"}')
    for binary in ["leat", "bootstrap"]:
        program = installed.find(binary)
        done = installed.run(program, "replay", "--handler", *handler, "good.json")
        tap.equal(done.returncode, 0, f"{binary}: {done.stdout}{done.stderr}")
        done = installed.run(program, "replay", "--handler", *handler, "bad.json")
        tap.equal(done.returncode, 1, f"{binary}: {done.stdout}{done.stderr}")
        tap.contains(done.stdout, 'no field "name"')


def with_installed(function):
    def test():
        with tap.folder() as folder:
            function(Installed(folder))
    test.__name__ = function.__name__
    return tap.test(test)


@with_installed
def the_installed_headers_are_the_lower_three_floors(installed):
    between_floors = {"cloudevents.h", "filter.h", "http_adapter.h", "letter.h", "middleware.h", "run.h", "settings.h",
                      "window.h"}
    wanted = sorted(path.name for floor in ["base", "event", "contract"]
                    for path in (tap.ROOT / "core" / floor / "leat").glob("*.h") if path.name not in between_floors)
    got = sorted(path.name for path in (installed.find("leat.h").parent).iterdir())
    tap.equal(got, wanted)


@with_installed
def every_header_compiles_alone_in_c11_and_in_cxx20(installed):
    for header in sorted(installed.find("leat.h").parent.iterdir()):
        text = f"#include <leat/{header.name}>\nextern int nothing_else;\n"
        for compiler, standard, name in [("gcc", "c11", "alone.c"), ("g++", "c++20", "alone.cc"),
                                         ("clang-14", "c11", "alone.c"), ("clang++-14", "c++20", "alone.cc")]:
            installed.write(name, text)
            done = installed.run(compiler, f"-std={standard}", *STRICT, "-fsyntax-only", name,
                                 *installed.flags("--cflags", "leat"))
            assert done.returncode == 0, f"{header.name} with {compiler}:\n{done.stderr[-2000:]}"


@with_installed
def a_handler_in_c11_runs_under_both_binaries(installed):
    source = installed.write("hello.c", C_HANDLER)
    for compiler in ["clang-14", "gcc"]:
        done = installed.run(compiler, "-std=c11", *STRICT, "-g", "-O2", "-shared", "-fPIC", source,
                             *installed.flags("--cflags", "--libs", "leat"), "-o", "hello.so")
        assert done.returncode == 0, f"{compiler}:\n{done.stderr}"
    replay_says_ok(installed, "./hello.so")


@with_installed
def a_handler_in_cxx20_runs_under_both_binaries(installed):
    source = installed.write("hello.cc", CXX_HANDLER)
    for compiler in ["clang++-14", "g++"]:
        done = installed.run(compiler, "-std=c++20", *STRICT, "-g", "-O2", "-shared", "-fPIC", source,
                             *installed.flags("--cflags", "--libs", "leat"), "-o", "hello.so")
        assert done.returncode == 0, f"{compiler}:\n{done.stderr}"
    replay_says_ok(installed, "./hello.so")


@with_installed
def a_handler_linked_in_through_leat_main_runs(installed):
    source = installed.write("hello.c", MAIN)
    done = installed.run("gcc", "-std=c11", *STRICT, source, *installed.flags("--cflags", "--libs", "leat-main"),
                         "-o", "hello")
    assert done.returncode == 0, done.stderr
    installed.write("good.json", '{"name": "world"}')
    done = installed.run("./hello", "replay", "--handler", "hello", "good.json")
    tap.equal(done.returncode, 0, done.stdout + done.stderr)


@with_installed
def a_program_for_lambda_is_no_newer_than_its_c_library(installed):
    source = installed.write("hello.c", MAIN)
    done = installed.run("gcc", "-std=c11", *STRICT, source, *installed.flags("--cflags", "--libs", "leat-function"),
                         "-o", "hello")
    assert done.returncode == 0, done.stderr
    listed = tap.must("objdump", "-T", installed.here / "hello").stdout
    newest = max(tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", listed))
    assert newest <= (2, 34), newest
    needed = re.findall(r"\(NEEDED\).*?\[(.*?)\]", tap.must("readelf", "-d", "-W", installed.here / "hello").stdout)
    tap.equal(sorted(needed), ["libc.so.6", "libcjson.so.1"])
    done = installed.run(installed.find("leat"), "package", "hello")
    tap.equal(done.returncode, 0, done.stderr)


@with_installed
def an_installed_leat_finds_its_bootstrap(installed):
    source = installed.write("hello.c", C_HANDLER)
    tap.must("gcc", "-shared", "-fPIC", source, *installed.flags("--cflags", "--libs", "leat"), "-o", "hello.so",
             cwd=installed.here)
    done = installed.run(installed.find("leat"), "package", "hello.so")
    tap.equal(done.returncode, 0, done.stderr)


@tap.test
def the_one_compiler_line_works_without_an_installation():
    with tap.folder() as folder:
        (pathlib.Path(folder) / "hello.c").write_text(C_HANDLER)
        line = ("cc -std=c11 -Wall -g -O2 -shared -fPIC hello.c $(pkg-config --cflags --libs leat) -o hello.so"
                " && echo '{\"name\": \"world\"}' > good.json && leat replay --handler ./hello.so good.json")
        path = f"{tap.BUILD}:" + tap.must("printenv", "PATH").stdout.strip()
        env = {"PKG_CONFIG_PATH": str(tap.BUILD / "meson-uninstalled"), "PATH": path}
        done = tap.run("sh", "-c", line, cwd=folder, env=env)
        tap.equal(done.returncode, 0, done.stdout + done.stderr)


@with_installed
def the_package_files_name_no_library_that_does_not_exist(installed):
    flags = installed.flags("--libs", "leat")
    assert "-lleat" not in flags, flags
    tap.contains(flags, "-lcjson")
    version = tap.must("pkg-config", "--modversion", "leat", env=installed.env).stdout.strip()
    project = tap.must("meson", "introspect", "--projectinfo", tap.BUILD).stdout
    tap.contains(project, f'"version": "{version}"')


# --- a module: a trigger, a source and a sink that somebody else wrote -------------------------------------------

ACME = tap.ROOT / "tests/install/acme"
# The C++ compilers miss what a designated initialiser leaves out; what C11 alone lacks is POSIX.
ACME_COMPILERS = {"gcc": ["-std=c11", "-D_POSIX_C_SOURCE=200809L"], "clang-14": ["-std=c11", "-D_POSIX_C_SOURCE=200809L"],
                  "g++": ["-x", "c++", "-std=c++20", "-Wno-missing-field-initializers"],
                  "clang++-14": ["-x", "c++", "-std=c++20", "-Wno-missing-field-initializers"]}
ORDERS = {"acme": [{"id": "1", "customer": "a", "total": 3}, {"id": "2", "customer": "b"}]}


def build_acme(installed, compiler):
    """acme.so of the installed headers alone."""
    done = installed.run(compiler, *ACME_COMPILERS[compiler], *STRICT, "-g", "-O2", "-shared", "-fPIC",
                         *(ACME / f"{name}.c" for name in ["adapter", "source", "sink", "module"]),
                         *installed.flags("--cflags", "--libs", "leat"), "-o", "acme.so")
    assert done.returncode == 0, f"{compiler}:\n{done.stderr}"


@with_installed
def a_module_in_c11_and_in_cxx20_adds_its_trigger_to_both_binaries(installed):
    installed.write("hello.c", C_HANDLER.replace('"name"', '"total"').replace('\\"name\\"', 'total')
                    .replace("cJSON_IsString", "cJSON_IsNumber"))
    tap.must("gcc", "-shared", "-fPIC", "hello.c", *installed.flags("--cflags", "--libs", "leat"), "-o", "hello.so",
             cwd=installed.here)
    installed.write("orders.json", json.dumps(ORDERS))
    for compiler in ACME_COMPILERS:
        build_acme(installed, compiler)
        for binary in ["leat", "bootstrap"]:
            program = installed.find(binary)
            done = installed.run(program, "show", "--module", "./acme.so", "orders.json")
            tap.equal((done.returncode, done.stderr), (0, ""), f"{compiler}, {binary}")
            tap.contains(done.stdout, 'orders.json: acme (it has an array "acme"): 2 events')
            tap.contains(done.stdout, "com.example.acme.order")
            done = installed.run(program, "replay", "--json", "--module", "./acme.so", "--handler", "acme=./hello.so",
                                 "orders.json")
            tap.equal((done.returncode, done.stderr), (1, ""), f"{compiler}, {binary}: {done.stdout}")
            replies = [json.loads(line).get("reply") for line in done.stdout.splitlines()]
            tap.contains(replies, '{"batchItemFailures":[{"itemIdentifier":"2"}]}')


def undefined(path):
    listed = tap.must("nm", "-D", "--undefined-only", path).stdout
    return {line.split()[-1] for line in listed.splitlines() if re.search(r" U leat_", line)}


@with_installed
def all_that_a_module_calls_is_exported_by_both_binaries(installed):
    """It links cJSON and the C library, and nothing of libevent."""
    build_acme(installed, "gcc")
    wanted = undefined(installed.here / "acme.so")
    assert {"leat_deliver", "leat_loop_watch", "leat_settled"} <= wanted, wanted
    for binary in ["leat", "bootstrap"]:
        exported = {line.split()[-1].split("@")[0]
                    for line in tap.must("nm", "-D", "--defined-only", installed.find(binary)).stdout.splitlines()}
        tap.equal(sorted(wanted - exported), [], binary)
    needed = re.findall(r"\(NEEDED\).*?\[(.*?)\]", tap.must("readelf", "-d", "-W", installed.here / "acme.so").stdout)
    tap.equal(sorted(set(needed) - {"libcjson.so.1", "libc.so.6"}), [])


WORKER = """modules: [./acme.so]
handler: ./hello.so
dead_letter: dead
sinks: {dead: {type: acme, file: dead.ndjson}}
sources: {orders: {type: acme, file: FILE}}
"""


def build_worker(installed):
    """A handler that rejects what has no total."""
    installed.write("hello.c", C_HANDLER.replace('"name"', '"total"').replace('\\"name\\"', 'total')
                    .replace("cJSON_IsString", "cJSON_IsNumber").replace("leat_retry", "leat_reject"))
    tap.must("gcc", "-shared", "-fPIC", "hello.c", *installed.flags("--cflags", "--libs", "leat"), "-o", "hello.so",
             cwd=installed.here)


def worker_of(installed, name):
    installed.write("leat.yaml", WORKER.replace("FILE", name))
    return [installed.find("leat"), "run", "--state", "state"]


def check_dead(path):
    letters = [json.loads(line) for line in path.read_text().splitlines()]
    tap.equal([(letter["position"], letter["transport"], letter["reason"]) for letter in letters],
              [("2", "acme", "no field total")])
    path.unlink()


def writer(path, running):
    """The writing end, once the program has the other one."""
    for _ in range(600):
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO, error
        try:
            raise AssertionError(f"it ended with {running.wait(timeout=0.1)}")
        except subprocess.TimeoutExpired:
            pass
    raise AssertionError("nobody opened the pipe")


@with_installed
def its_source_and_its_sink_run_in_a_worker(installed):
    dead = installed.here / "dead.ndjson"
    last = {"acme": [{"id": "3", "customer": "a", "total": 1}]}
    lines = f"{json.dumps(ORDERS)}\n{json.dumps(last)}"  # the last line has no end
    installed.write("lines", lines)
    build_worker(installed)
    for compiler in ["gcc", "g++"]:
        build_acme(installed, compiler)
        run = worker_of(installed, "lines")
        done = installed.run(run[0], "check", "-W", timeout=60)
        tap.equal((done.returncode, done.stderr), (0, ""), compiler)
        tap.contains(done.stdout, "1 source (acme orders)")
        done = installed.run(*run, timeout=60)
        tap.equal(done.returncode, 0, done.stderr)
        tap.contains(done.stderr, "3 events: 2 ok, 0 retry, 1 reject; 1 dead letter")
        check_dead(dead)
    many = 3000  # more than the engine gives credit for at a time
    installed.write("many", "".join(f'{{"acme":[{{"id":"{i}","total":1}}]}}\n' for i in range(many)))
    done = installed.run(*worker_of(installed, "many"), timeout=60)
    tap.equal(done.returncode, 0, done.stderr)
    tap.contains(done.stderr, f"{many} events: {many} ok")
    os.mkfifo(installed.here / "pipe")
    with subprocess.Popen(worker_of(installed, "pipe"), cwd=installed.here, stderr=subprocess.PIPE,
                          text=True) as running:
        try:
            pipe = writer(installed.here / "pipe", running)
            os.write(pipe, lines[:20].encode())
            os.write(pipe, lines[20:].encode())
            os.close(pipe)
            tap.contains(running.communicate(timeout=60)[1], "3 events: 2 ok, 0 retry, 1 reject")
        finally:
            running.kill()
    tap.equal(running.returncode, 0)
    check_dead(dead)


tap.main()
