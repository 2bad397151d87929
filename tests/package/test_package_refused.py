# SPDX-License-Identifier: Apache-2.0
"""leat package: what would not run in Lambda is refused, with the reason, and nothing is left behind."""
import os
import shutil
import struct

import packaging
import replaying
import tap


def newer_c_library(desk, version="GLIBC_2.36"):
    """A stand-in for the libc.so.6 of a newer glibc, to link with."""
    desk.path("newer").mkdir(exist_ok=True)
    desk.write("newer.map", version + " { global: newer_function; local: *; };")
    return packaging.compiled(desk, "newer/libc.so.6", "int newer_function(void) { return 1; }", "-nostdlib",
                              "-Wl,-soname,libc.so.6", f"-Wl,--version-script={desk.path('newer.map')}")


def patched(desk, name, at, value, target):
    content = bytearray(desk.path(name).read_bytes())
    struct.pack_into("<H", content, at, value)
    desk.path(target).write_bytes(content)
    return target


@replaying.test
def a_handler_of_a_newer_glibc_is_told_by_the_symbol(desk):
    library = newer_c_library(desk)
    packaging.handler(desk, "new.so", desk.path(library), include="int newer_function(void);", condition="newer_function()")
    said = packaging.refused(desk, 78, "new.so")
    tap.contains(said, "new.so needs newer_function of GLIBC_2.36; Lambda has 2.34")
    tap.contains(said, "build the file where glibc is 2.34 or older")


@replaying.test
def arc4random_of_this_machine_is_too_new(desk):
    if tuple(map(int, os.confstr("CS_GNU_LIBC_VERSION").split()[1].split("."))) < (2, 36):
        raise tap.Skip("this glibc has no arc4random")
    packaging.handler(desk, "new.so", include="#include <stdlib.h>", condition="arc4random() + 1 > 0")
    tap.contains(packaging.refused(desk, 78, "new.so"), "new.so needs arc4random of GLIBC_2.36; Lambda has 2.34")


@replaying.test
def a_library_of_a_newer_glibc_is_told_with_who_needs_it(desk):
    newer = newer_c_library(desk)
    packaging.compiled(desk, "libnew.so.1", "int newer_function(void); int inner(void) { return newer_function(); }",
                       "-Wl,-soname,libnew.so.1", desk.path(newer))
    packaging.handler(desk, "fine.so", desk.path("libnew.so.1"), include="int inner(void);", condition="inner()")
    said = packaging.refused(desk, 78, "fine.so", "--libs", ".")
    tap.contains(said, "lib/libnew.so.1 (./libnew.so.1, for fine.so) needs newer_function of GLIBC_2.36; Lambda has 2.34")


@replaying.test
def cxx_runs_with_its_library_linked_in(desk):
    if shutil.which("g++") is None:
        raise tap.Skip("no g++ here")
    include = "#include <string>\nstatic std::string twice(std::string a) { if (a.empty()) throw 1; return a + a; }"
    source = packaging.HANDLER % (include, 'twice("a").size() == 2', "cxx")
    desk.write("cxx.cc", source)
    command = ["g++", "-shared", "-fPIC", desk.path("cxx.cc"), *packaging.flags("--cflags", "--libs", "leat"), "-o",
               desk.path("cxx.so")]
    tap.must(*command)
    done = desk.leat("package", "cxx.so")
    if done.returncode != 0:
        tap.contains(done.stderr, "libstdc++.so.6")
        tap.contains(done.stderr, "link with -static-libstdc++")
    tap.must(*command, "-static-libstdc++", "-Wl,--exclude-libs,ALL", "-Wl,--gc-sections")
    packaging.package(desk, "cxx.so")
    assert not [name for name in packaging.names(desk) if "stdc++" in name or "gcc_s" in name]
    desk.write("a.json", replaying.sqs(replaying.message("m1", "a")))
    tap.equal(desk.replay("--bootstrap", "function.zip", "a.json").returncode, 0)


@replaying.test
def packed_relocations_are_too_new(desk):
    newer = newer_c_library(desk, "GLIBC_ABI_DT_RELR")
    packaging.handler(desk, "new.so", desk.path(newer), include="int newer_function(void);", condition="newer_function()")
    said = packaging.refused(desk, 78, "new.so")
    tap.contains(said, "new.so has packed relative relocations (GLIBC_ABI_DT_RELR)")
    tap.contains(said, "nopack-relative-relocs")


@replaying.test
def another_machine_is_named(desk):
    packaging.handler(desk, "hello.so")
    other, name = (62, "x86_64") if os.uname().machine == "aarch64" else (183, "arm64")
    said = packaging.refused(desk, 78, patched(desk, "hello.so", 18, other, "other.so"))
    tap.contains(said, f"other.so is for {name}, and ")
    tap.contains(said, "--bootstrap FILE")
    tap.contains(packaging.refused(desk, 78, patched(desk, "hello.so", 18, 40, "arm.so")),
                 "arm.so is for another machine (ELF number 40); Lambda has x86_64 and arm64")
    patched(desk, "hello.so", 18, other, "old.so")
    content = bytearray(desk.path("old.so").read_bytes())
    content[4] = 1
    desk.path("old.so").write_bytes(content)
    tap.contains(packaging.refused(desk, 78, "old.so"), "not 64 bits")


@replaying.test
def what_is_no_handler_says_what_it_is(desk):
    packaging.compiled(desk, "other.so", "int handle(void) { return 0; } int mine(void) { return 1; }")
    said = packaging.refused(desk, 78, "other.so")
    tap.contains(said, "other.so: not a leat handler: it exports ")
    tap.contains(said, "mine")
    tap.contains(said, "add LEAT_HANDLER(other, .handle = handle);")
    tap.contains(packaging.refused(desk, 78, "/bin/true"), "/bin/true: a program, but none of leat_main()")
    desk.write("text.so", "hello\n")
    tap.contains(packaging.refused(desk, 78, "text.so"), "text.so: not an ELF file")
    desk.write("empty.so", "")
    tap.contains(packaging.refused(desk, 78, "empty.so"), "empty.so: not an ELF file")
    tap.contains(packaging.refused(desk, 78, "missing.so"), "missing.so: No such file or directory")
    tap.contains(packaging.refused(desk, 78, "."), ".: Is a directory")
    packaging.handler(desk, "hello.so")
    desk.path("cut.so").write_bytes(desk.path("hello.so").read_bytes()[:3000])
    tap.contains(packaging.refused(desk, 78, "cut.so"), "cut.so: an ELF file whose tables are missing or cut off")
    os.rename(desk.path("hello.so"), desk.path("hello"))
    tap.contains(packaging.refused(desk, 78, "hello"), "does not end in .so")


@replaying.test
def a_call_that_the_bootstrap_does_not_have_is_named(desk):
    packaging.handler(desk, "newer.so", include="int leat_of_tomorrow(void);", condition="leat_of_tomorrow()")
    tap.contains(packaging.refused(desk, 78, "newer.so"), "newer.so calls leat_of_tomorrow, which ")


@replaying.test
def a_library_named_by_its_path_is_refused(desk):
    packaging.compiled(desk, "plain.so", "int inner(void) { return 1; }")
    packaging.handler(desk, "path.so", desk.path("plain.so"), include="int inner(void);", condition="inner()")
    said = packaging.refused(desk, 78, "path.so")
    tap.contains(said, "by its path, which Lambda does not have")
    tap.contains(said, "-soname")


@replaying.test
def another_bootstrap_must_be_one(desk):
    packaging.handler(desk, "hello.so")
    tap.contains(packaging.refused(desk, 78, "hello.so", "--bootstrap", "/bin/true"), "/bin/true: not leat's bootstrap")
    tap.contains(packaging.refused(desk, 78, "hello.so", "--bootstrap", "nowhere"), "nowhere: No such file")


@replaying.test
def usage(desk):
    tap.contains(packaging.refused(desk, 64), "package wants a handler")
    tap.contains(packaging.refused(desk, 64, "--layer", "--no-runtime"), "--layer goes without --no-runtime")
    tap.contains(packaging.refused(desk, 64, "--check", "a.zip", "--layer"), "--check goes without")
    tap.contains(packaging.refused(desk, 64, "--lib", "."), "did you mean --libs?")


@replaying.test
def a_configuration_is_checked_before(desk):
    packaging.handler(desk, "hello.so")
    desk.write("bad.yaml", "handlre: hello.so\n")
    said = packaging.refused(desk, 78, "hello.so", "--config", "bad.yaml")
    tap.contains(said, 'bad.yaml:1:1: error: unknown option "handlre"')
    tap.contains(said, "1 error. Nothing was packaged.")
    desk.write("disk.yaml", "dead_letter: d\nsinks:\n  d: {type: file, path: d}\n")
    packaging.refused(desk, 78, "hello.so", "--config", "disk.yaml")
    desk.write("out.yaml", "handler: ../hello.so\n")
    tap.contains(packaging.refused(desk, 78, "--config", "out.yaml"), "by a path that the archive cannot have")
    desk.write("none.yaml", "handler: nowhere.so\n")
    tap.contains(packaging.refused(desk, 78, "--config", "none.yaml"), "nowhere.so: No such file")
    tap.contains(packaging.refused(desk, 78, "hello.so", "--config", "missing.yaml"), "missing.yaml")


@replaying.test
def a_secret_in_clear_text_is_a_warning_that_does_not_tell_it(desk):
    module = tap.BUILD / "triggers/redis/redis.so"
    if not module.exists():
        raise tap.Skip("redis.so was not built")
    packaging.handler(desk, "hello.so")
    text = 'dead_letter: d\nsinks:\n  d: {type: redis, url: "redis://me:%s@h:6379", stream: s}\n'
    for password, warned in [("hunter22", True), ("${PASSWORD}", False)]:
        desk.write("lambda.yaml", text % password)
        done = desk.leat("package", "hello.so", "--config", "lambda.yaml", "--json",
                         env={"LEAT_MODULE_PATH": str(module.parent), "PASSWORD": "hunter22"})
        tap.equal(done.returncode, 0, done.stderr)
        tap.equal("a secret in clear text" in done.stderr, warned, done.stderr)
        assert "hunter22" not in done.stderr + done.stdout, done.stderr


@replaying.test
def only_an_archive_is_written_over(desk):
    packaging.handler(desk, "hello.so")
    desk.write("precious", "mine")
    tap.contains(packaging.refused(desk, 73, "hello.so", "-o", "precious"), "precious is there, and no archive")
    tap.equal(desk.path("precious").read_text(), "mine")
    packaging.package(desk, "hello.so", "-o", "precious", "--force")
    packaging.package(desk, "hello.so", "-o", "precious")
    tap.contains(packaging.refused(desk, 73, "hello.so", "-o", "."), "not a regular file")
    tap.contains(packaging.refused(desk, 73, "hello.so", "-o", "no/where.zip"), "no/where.zip: No such file")


@replaying.test
def more_than_a_function_may_have_is_refused(desk):
    packaging.handler(desk, "hello.so")
    for name in ["one", "two"]:
        packaging.compiled(desk, f"lib{name}.so", f"int {name};")
        with open(desk.path(f"lib{name}.so"), "ab") as file:
            file.truncate(140 << 20)
    said = packaging.refused(desk, 78, "hello.so", "--keep-debug", "--libs", "libone.so", "--libs", "libtwo.so")
    tap.contains(said, "a function with its layers may have 250")


tap.main()
