# SPDX-License-Identifier: Apache-2.0
"""leat package for another machine: handlers of a cross compiler, with a stand-in for the bootstrap of arm64."""
import functools
import os
import shutil

import packaging
import replaying
import tap

COMPILER = "aarch64-linux-gnu-gcc"
# A program with the note of leat_main(), and what the handler calls.
BOOTSTRAP = packaging.NOTE + """
#include <stdio.h>
int leat_ok(void *ctx) { (void)ctx; return 0; }
int leat_retry(void *ctx, const char *format, ...) { (void)ctx; (void)format; return 1; }
int main(void) { puts("it runs"); return 0; }
"""


def cross(desk):
    if os.uname().machine != "x86_64":
        raise tap.Skip("this is for x86_64, which arm64 is another machine for")
    if shutil.which(COMPILER) is None:
        raise tap.Skip(f"no {COMPILER}: apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross")
    packaging.handler(desk, "hello.so", compiler=COMPILER, libs=False)
    desk.write("boot.c", BOOTSTRAP)
    tap.must(COMPILER, "-g", "-rdynamic", desk.path("boot.c"), "-o", desk.path("boot"))


@functools.lru_cache
def emulator():
    return next((path for path in map(shutil.which, ["qemu-aarch64", "qemu-aarch64-static"]) if path), None)


@replaying.test
def an_arm64_handler_goes_with_an_arm64_bootstrap(desk):
    cross(desk)
    told = packaging.package(desk, "hello.so", "--bootstrap", "boot")
    tap.contains(told.splitlines()[0], "  arm64  newest symbol GLIBC_2.")
    assert "try:" not in told, "it does not run here"
    tap.equal(packaging.names(desk), ["bootstrap", "hello.so", "sbom.json"])
    tap.contains(packaging.refused(desk, 78, "hello.so"), "hello.so is for arm64, and ")


@replaying.test
def its_libraries_are_those_of_arm64(desk):
    cross(desk)
    packaging.compiled(desk, "libinner.so.1", "int inner(void) { return 7; }", "-Wl,-soname,libinner.so.1", compiler=COMPILER)
    packaging.handler(desk, "hello.so", desk.path("libinner.so.1"), include="int inner(void);", condition="inner()",
                      compiler=COMPILER, libs=False)
    desk.path("ours").mkdir()
    packaging.compiled(desk, "ours/libinner.so.1", "int inner(void) { return 7; }", "-Wl,-soname,libinner.so.1")
    tap.contains(packaging.refused(desk, 78, "hello.so", "--bootstrap", "boot", "--libs", "ours"),
                 "libinner.so.1 is not found for arm64; hello.so needs it")
    packaging.package(desk, "hello.so", "--bootstrap", "boot", "--libs", "ours", "--libs", ".")
    tap.contains(packaging.names(desk), "lib/libinner.so.1")


@replaying.test
def its_files_are_stripped_too(desk):
    cross(desk)
    told = packaging.package(desk, "hello.so", "--bootstrap", "boot")
    assert "(not stripped)" not in told, told


@replaying.test
def the_program_still_runs(desk):
    cross(desk)
    if emulator() is None:
        raise tap.Skip("no qemu-aarch64: apt install qemu-user-static")
    packaging.package(desk, "hello.so", "--bootstrap", "boot")
    tap.must("unzip", "-q", desk.path("function.zip"), "-d", desk.path("out"))
    done = tap.must(emulator(), "-L", "/usr/aarch64-linux-gnu", desk.path("out/bootstrap"))
    tap.equal(done.stdout, "it runs\n")


tap.main()
