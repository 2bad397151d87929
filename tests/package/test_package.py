# SPDX-License-Identifier: Apache-2.0
"""leat package: archives that run in a root as bare as Lambda's."""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import zipfile

import packaging
import replaying
import tap

ONE = replaying.sqs(replaying.message("m1", "a"))
FINE = {"batchItemFailures": []}
POSTGRES = "#include <libpq-fe.h>"


def answers(desk, archive="function.zip", layer=None, **env):
    with packaging.Lambda(desk, archive, layer, **env) as function:
        tap.equal(function.invoke(ONE), FINE)
        return function.err


def postgres(desk):
    if not pathlib.Path("/usr/include/postgresql/libpq-fe.h").exists():
        raise tap.Skip("libpq-dev is not installed")
    return packaging.handler(desk, "postgres.so", "-I/usr/include/postgresql", "-lpq", include=POSTGRES,
                             condition="PQlibVersion() > 90000")


def private_library(desk):
    """libinner.so.1, which handlers find in a folder beside them."""
    desk.path("lib").mkdir()
    packaging.compiled(desk, "lib/libinner.so.1", "int inner(void) { return 7; }", "-Wl,-soname,libinner.so.1")
    return {"include": "int inner(void);", "condition": "inner() == 7"}


@replaying.test
def the_transcript_comes_true(desk):
    tap.must(tap.BUILD / "leat", "new", "hello", cwd=desk.folder)
    here = desk.path("hello")
    tap.must("cc", "-g", "-shared", "-fPIC", "hello.c", *packaging.flags("--cflags", "--libs", "leat"), "-o", "hello.so", cwd=here)
    done = tap.must(tap.BUILD / "leat", "package", "hello.so", "-o", "function.zip", cwd=here)
    first, files, attempt = done.stdout.splitlines()
    words = first.split("  ")
    tap.equal((words[0], words[2:]), ("function.zip", [packaging_machine(), "newest symbol GLIBC_2.34"]))
    tap.equal([entry.split(" ")[0] for entry in files.strip().split(" · ")], ["bootstrap", "lib/libcjson.so.1", "hello.so"])
    tap.equal(attempt, "try:    leat replay --bootstrap function.zip events/sqs.json")
    done = tap.must(tap.BUILD / "leat", "replay", "--bootstrap", "function.zip", "events/sqs.json", cwd=here)
    tap.contains(done.stdout, 'Lambda would be told {"batchItemFailures":[]}')
    (here / "deploy/lambda").mkdir(parents=True)
    (here / "deploy/lambda/hello.yaml").write_text("")
    done = tap.must(tap.BUILD / "leat", "package", "hello.so", cwd=here)
    tap.equal(done.stdout.splitlines()[-1], "deploy: sam deploy -t deploy/lambda/hello.yaml --guided")
    tap.equal(packaging.names(desk, "hello/function.zip"), ["bootstrap", "hello.so", "lib/libcjson.so.1", "sbom.json"],
              "the worker's leat.yaml stays out")


def packaging_machine():
    return {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]


@replaying.test
def a_handler_runs_in_a_bare_root(desk):
    packaging.package(desk, packaging.handler(desk, "hello.so"))
    tap.contains(answers(desk), "hello")


@replaying.test
def a_library_beside_the_handler_goes_with_it(desk):
    inner = private_library(desk)
    packaging.handler(desk, "near.so", desk.path("lib/libinner.so.1"), "-Wl,-rpath,$ORIGIN/lib", **inner)
    packaging.package(desk, "near.so")
    tap.contains(packaging.names(desk), "lib/libinner.so.1")
    answers(desk)


@replaying.test
def a_library_is_found_where_libs_says(desk):
    inner = private_library(desk)
    packaging.handler(desk, "far.so", desk.path("lib/libinner.so.1"), **inner)
    said = packaging.refused(desk, 78, "far.so")
    tap.contains(said, "libinner.so.1 is not found; far.so needs it")
    tap.contains(said, "--libs FILE|DIR")
    for place in ["lib", "lib/libinner.so.1"]:
        packaging.package(desk, "far.so", "--libs", place)
        tap.contains(packaging.names(desk), "lib/libinner.so.1")
    answers(desk)
    packaging.package(desk, "far.so", env={"LD_LIBRARY_PATH": str(desk.path("lib"))})
    tap.contains(packaging.names(desk), "lib/libinner.so.1")


@replaying.test
def a_library_is_known_by_its_soname(desk):
    inner = private_library(desk)
    packaging.handler(desk, "far.so", desk.path("lib/libinner.so.1"), **inner)
    os.rename(desk.path("lib/libinner.so.1"), desk.path("libinner-1.0.3.so"))
    packaging.package(desk, "far.so", "--libs", "libinner-1.0.3.so")
    tap.contains(packaging.names(desk), "lib/libinner.so.1")


@replaying.test
def a_library_that_nobody_needs_goes_in_when_it_is_named(desk):
    private_library(desk)
    packaging.handler(desk, "opens.so", include="#include <dlfcn.h>", condition='dlopen("libinner.so.1", RTLD_NOW) != NULL')
    packaging.package(desk, "opens.so", "--libs", "lib")
    assert "lib/libinner.so.1" not in packaging.names(desk)
    packaging.package(desk, "opens.so", "--libs", "lib/libinner.so.1")
    answers(desk)


@replaying.test
def a_handler_on_libpq_has_all_that_libpq_needs(desk):
    told = packaging.package(desk, postgres(desk))
    names = packaging.names(desk)
    for name in ["lib/libpq.so.5", "lib/libssl.so.3", "lib/libcrypto.so.3"]:
        tap.contains(names, name)
    assert not [name for name in names if "libc.so" in name or "libresolv" in name or "ld-linux" in name], names
    tap.contains(told, "postgres.so: about ")
    answers(desk)


@replaying.test
def a_program_of_leat_main_is_the_bootstrap(desk):
    packaging.package(desk, packaging.program(desk, "linked"))
    tap.equal(packaging.names(desk), ["bootstrap", "lib/libcjson.so.1", "sbom.json"])
    tap.equal(packaging.listed(desk)["bootstrap"]["properties"][0], {"name": "leat:role", "value": "program"})
    answers(desk)
    desk.write("lambda.yaml", "handler: linked\n")
    packaging.package(desk, "linked", "--config", "lambda.yaml")
    answers(desk)
    tap.contains(packaging.refused(desk, 78, "linked", "--no-runtime"), "linked is a program of leat_main()")


@replaying.test
def a_static_program_of_leat_main_is_alone(desk):
    archive = tap.must("cc", "-print-file-name=libcjson.a").stdout.strip()
    if not os.path.isabs(archive):
        raise tap.Skip("no libcjson.a, which Debian does not have")
    packaging.package(desk, packaging.program(desk, "alone", "-static"))
    tap.equal(packaging.names(desk), ["bootstrap", "sbom.json"])
    answers(desk)


@replaying.test
def a_static_program_needs_no_glibc(desk):
    desk.write("still.c", packaging.NOTE + "int main(void) { return 0; }")
    tap.must("cc", "-static", desk.path("still.c"), "-o", desk.path("still"))
    told = packaging.package(desk, "still")
    assert "GLIBC" not in told, told
    tap.equal(packaging.names(desk), ["bootstrap", "sbom.json"])


@replaying.test
def a_layer_and_what_is_left_of_the_function_run_together(desk):
    inner = private_library(desk)
    packaging.handler(desk, "far.so", desk.path("lib/libinner.so.1"), **inner)
    told = packaging.package(desk, "--layer")
    assert "try:" not in told, told
    packaging.package(desk, "--no-runtime", "far.so", "--libs", "lib")
    tap.equal(packaging.names(desk, "layer.zip"), ["bootstrap", "lib/libcjson.so.1", "sbom.json"])
    tap.equal(packaging.names(desk), ["far.so", "lib/libinner.so.1", "sbom.json"])
    answers(desk, layer="layer.zip")
    tap.contains(packaging.refused(desk, 64, "--layer", "far.so"), "a layer has no handler")


@replaying.test
def the_configuration_goes_in_with_what_it_names(desk):
    desk.path("handlers").mkdir()
    packaging.handler(desk, "handlers/first.so")
    packaging.handler(desk, "second.so")
    desk.write("lambda.yaml", "handler: handlers/first.so\nsources:\n  q: {type: spool, path: q, handler: second}\n")
    packaging.package(desk, "--config", "lambda.yaml")
    tap.equal(packaging.names(desk), ["bootstrap", "handlers/first.so", "leat.yaml", "lib/libcjson.so.1", "sbom.json", "second.so"])
    tap.contains(answers(desk), "first")
    packaging.package(desk, "handlers/first.so", "--config", "lambda.yaml")
    tap.equal(packaging.names(desk).count("handlers/first.so"), 1)
    assert "first.so" not in packaging.names(desk), "once is enough"


@replaying.test
def modules_are_found_in_the_package(desk):
    module = tap.BUILD / "triggers/redis/redis.so"
    if not module.exists():
        raise tap.Skip("redis.so was not built")
    env = {"LEAT_MODULE_PATH": str(module.parent)}
    desk.write("lambda.yaml", 'dead_letter: dead\nsinks:\n  dead: {type: redis, url: "redis://127.0.0.1:9", stream: s}\n')
    packaging.handler(desk, "hello.so")
    told = packaging.package(desk, "hello.so", "--config", "lambda.yaml", env=env)
    tap.contains(told, "redis.so: about ")
    tap.contains(packaging.names(desk), "redis.so")
    tap.contains(packaging.names(desk), "lib/libhiredis.so.0.14")
    with packaging.Lambda(desk, "function.zip") as function:
        function.api.wait_for(lambda: function.api.kinds(), "a word of it", function.alive)
        assert "no type" not in function.err and "no module" not in function.err, function.err
    packaging.package(desk, "--layer", "--config", "lambda.yaml", env=env)
    packaging.package(desk, "--no-runtime", "hello.so", "--config", "lambda.yaml", env=env)
    tap.contains(packaging.names(desk, "layer.zip"), "redis.so")
    tap.equal(packaging.names(desk), ["hello.so", "leat.yaml", "sbom.json"])


@replaying.test
def files_are_stripped_on_copies(desk):
    packaging.handler(desk, "hello.so")
    before = desk.path("hello.so").read_bytes()
    sizes = []
    for options, env in [([], {}), (["--keep-debug"], {}), ([], {"STRIP": "/nowhere/strip"})]:
        told = packaging.package(desk, "hello.so", *options, env=env)
        with zipfile.ZipFile(desk.path("function.zip")) as archive:
            sizes.append(archive.getinfo("hello.so").file_size)
        tap.equal("hello.so" in told and "(not stripped)" in told, bool(options or env), told)
    assert sizes[0] < sizes[1] == sizes[2] == len(before), sizes
    tap.equal(desk.path("hello.so").read_bytes(), before)


@replaying.test
def other_tools_read_the_archive(desk):
    packaging.package(desk, packaging.handler(desk, "hello.so"))
    tap.must("unzip", "-tq", desk.path("function.zip"))
    listing = tap.must("zipinfo", desk.path("function.zip")).stdout
    tap.equal(listing.count(" 80-Jan-01 00:00 "), 4, listing)
    with zipfile.ZipFile(desk.path("function.zip")) as archive:
        tap.equal(archive.testzip(), None)
        for info in archive.infolist():
            mode = info.external_attr >> 16
            tap.equal((stat.S_ISREG(mode), stat.S_IMODE(mode), info.extra),
                      (True, 0o644 if info.filename == "sbom.json" else 0o755, b""), info.filename)


@replaying.test
def the_same_files_are_the_same_bytes(desk):
    packaging.handler(desk, "hello.so")
    made = []
    for number, (umask, env) in enumerate([(0o022, {"LC_ALL": "C", "TZ": "UTC"}), (0o077, {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo"})]):
        folder = desk.path(f"place{number}")
        folder.mkdir()
        shutil.copy(desk.path("hello.so"), folder / "hello.so")
        os.utime(folder / "hello.so", (number * 1e9, number * 1e9))
        command = [str(tap.BUILD / "leat"), "package", "hello.so"]
        done = subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True, timeout=60, umask=umask)
        tap.equal(done.returncode, 0, done.stderr)
        tap.equal(stat.S_IMODE((folder / "function.zip").stat().st_mode), 0o666 & ~umask)
        made.append((folder / "function.zip").read_bytes())
    assert made[0] == made[1]
    assert str(desk.folder).encode() not in made[0]


@replaying.test
def json_has_what_the_listing_has(desk):
    packaging.handler(desk, "hello.so")
    told = json.loads(packaging.package(desk, "hello.so", "--json"))
    tap.equal((told["file"], told["machine"], told["glibc"]), ("function.zip", packaging_machine(), "2.34"))
    tap.equal(told["bytes"], desk.path("function.zip").stat().st_size)
    with zipfile.ZipFile(desk.path("function.zip")) as archive:
        for file in told["files"]:
            info = archive.getinfo(file["name"])
            tap.equal((file["bytes"], file["zipped"]), (info.file_size, info.compress_size))
    tap.equal([file["role"] for file in told["files"]], ["bootstrap", "library", "handler"])


tap.main()
