# SPDX-License-Identifier: Apache-2.0
"""Handlers that cannot be used: one message with the reason and what mends it, status 78, and nothing runs."""
import os
import random
import re
import shutil
import struct

import replaying
import tap

ABI = int(re.search(r"handler ABI (\d+)", tap.must(tap.BUILD / "leat", "--version").stdout)[1])


def refused(desk, spec, message, fix):
    """What leat says of that handler, whole."""
    desk.write("a.json", {"do": "ok"})
    done = desk.replay("--handler", spec, "a.json")
    tap.equal((done.returncode, done.stdout, done.stderr), (78, "", f"leat: error: {message}\n      {fix}\n"), spec)


BUILD_IT = "build it with cc -shared -fPIC, for this machine"
NAME_IT = "a handler is PATH.so, PATH.so:NAME, or NAME alone: one of LEAT_HANDLER_PATH"


@replaying.test
def a_file_that_is_none(desk):
    refused(desk, "./gone.so", "./gone.so: No such file or directory", NAME_IT)
    refused(desk, "gone.so:x", "gone.so: No such file or directory", NAME_IT)
    refused(desk, ".//", ".//: not a regular file", "name a handler in it: PATH.so")
    desk.path("folder.so").mkdir()
    refused(desk, "folder.so", "folder.so: not a regular file", "name a handler in it: PATH.so")
    os.mkfifo(desk.path("pipe.so"))
    refused(desk, "pipe.so", "pipe.so: not a regular file", "name a handler in it: PATH.so")
    refused(desk, "a\x1b[1m.so", "a\\x1b[1m.so: No such file or directory", NAME_IT)


@replaying.test
def a_path_that_is_too_long(desk):
    desk.write("a.json", {"do": "ok"})
    done = desk.replay("--handler", "./" + "x" * 5000 + ".so", "a.json")
    tap.equal((done.returncode, done.stderr), (78, "leat: error: a path of 5005 bytes is too long\n"))


@replaying.test
def a_file_that_is_no_shared_object(desk):
    desk.write("empty.so", b"")
    refused(desk, "./empty.so", "./empty.so: not a shared object: it is empty or cannot be read", BUILD_IT)
    shutil.copy(replaying.HANDLERS / "told.c", desk.path("told.so"))
    refused(desk, "told.so", "told.so: not a shared object", BUILD_IT)
    desk.write("short.so", desk.handler("told").read_bytes()[:40])
    refused(desk, "short.so", "short.so: not a shared object", BUILD_IT)


@replaying.test
def an_object_for_something_else(desk):
    good = desk.handler("told").read_bytes()
    for name, offset, value in [("other-class.so", 4, 3 - good[4]), ("relocatable.so", 16, 1)]:
        desk.write(name, good[:offset] + bytes([value]) + good[offset + 1:])
        refused(desk, f"./{name}", f"./{name}: not a shared object for this machine", BUILD_IT)


@replaying.test
def a_file_that_is_cut_off(desk):
    good = desk.handler("told").read_bytes()
    for size in [64, len(good) // 2, len(good) - 1]:
        desk.write("cut.so", good[:size])
        refused(desk, "./cut.so", "./cut.so: a shared object whose table of sections is missing or cut off",
                "copy or build it again")


@replaying.test
def an_object_without_a_handler_says_what_it_exports(desk):
    path = desk.handler("hello", source="bad_none")
    desk.write("a.json", {"do": "ok"})
    done = desk.replay("--handler", path, "a.json")
    tap.equal((done.returncode, done.stdout), (78, ""))
    assert done.stderr in [f"leat: error: {path}: not a leat handler: it exports {names}\n"
                           "      add LEAT_HANDLER(hello, .handle = handle);\n"
                           for names in ("handle, main", "main, handle")], done.stderr


@replaying.test
def an_object_that_exports_nothing(desk):
    path = desk.handler("silent", "-fvisibility=hidden", source="bad_none")
    refused(desk, path, f"{path}: not a leat handler: it exports nothing", "add LEAT_HANDLER(silent, .handle = handle);")


@replaying.test
def several_handlers_and_no_name(desk):
    path = desk.handler("two")
    desk.write("a.json", {"do": "ok"})
    done = desk.replay("--handler", path, "a.json")
    tap.equal((done.returncode, done.stdout), (78, ""))
    heads = [f"leat: error: {path} holds 2 handlers: {names}\n      name one: {path}:{last}\n"
             for names, last in [("one, choosy", "choosy"), ("choosy, one", "one")]]
    assert done.stderr in heads, done.stderr


@replaying.test
def a_name_that_is_not_in_the_file(desk):
    desk.write("a.json", {"do": "ok"})
    for name in ["three", "", "on", "one\n"]:
        done = desk.replay("--handler", f"{desk.handler('two')}:{name}", "a.json")
        tap.equal((done.returncode, done.stdout), (78, ""))
        shown = name.replace("\n", "\\n")
        tap.contains(done.stderr, f'two.so has no handler "{shown}"\n      it has: ')


@replaying.test
def a_handler_of_another_abi(desk):
    for abi in [0, ABI + 1, 0xffffffff]:
        path = desk.handler(f"abi{abi}", f"-DABI={abi}u", source="bad_abi")
        refused(desk, path, f"aged was built for handler ABI {abi}, this leat has {ABI}",
                "build it again with the headers of this leat")


@replaying.test
def a_handler_with_fewer_members_works(desk):
    """Built with older headers: what lies behind its size is garbage and must not be looked at."""
    size = "offsetof(struct leat_handler,handle_batch)"
    path = desk.handler("older", "-DSIZE=" + size, source="bad_abi")
    desk.write("a.json", {"do": "ok"})
    done = desk.replay("--quiet", "--handler", path, "a.json")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "1 event: 1 ok\n", ""))


@replaying.test
def a_handler_with_too_few_members(desk):
    path = desk.handler("tiny", "-DSIZE=offsetof(struct leat_handler,handle)", source="bad_abi")
    refused(desk, path, "handler aged has neither handle nor handle_batch", "LEAT_HANDLER(aged, .handle = function);")
    path = desk.handler("nameless", "-DSIZE=8", source="bad_abi")
    refused(desk, path, "a handler without a name", "define it with LEAT_HANDLER(name, .handle = function);")


@replaying.test
def a_handler_that_handles_nothing(desk):
    refused(desk, desk.handler("hollow", source="bad_empty"), "handler hollow has neither handle nor handle_batch",
            "LEAT_HANDLER(hollow, .handle = function);")


@replaying.test
def a_symbol_that_is_missing_is_named(desk):
    path = desk.handler("lacks", "-DMISSING=no_such_function", source="bad_symbol")
    refused(desk, path, f"{path}: undefined symbol: no_such_function",
            "link the library that has it when building the handler")
    path = desk.handler("newer", "-DMISSING=leat_from_the_future", source="bad_symbol")
    refused(desk, path, f"{path}: undefined symbol: leat_from_the_future",
            "this leat does not have it: build the handler with the headers of this leat")


@replaying.test
def a_load_or_init_that_fails_stops_the_start_with_its_message(desk):
    desk.write("a.json", {"do": "ok"})
    life = desk.handler("life")
    for setting, message, calls in [
            ("fail_load=disk full", "life: load failed: disk full", ["load"]),
            ("fail_init=no route to db", "life: init failed: no route to db", ["load", "init", "unload"]),
            ("fail_init=a\x1b[1m\n", "life: init failed: a\\x1b[1m\\n", ["load", "init", "unload"])]:
        done = desk.replay("--handler", life, "--set", f"settings.{setting}", "a.json")
        tap.equal((done.returncode, done.stdout), (78, ""))
        lines = done.stderr.splitlines()
        tap.contains(lines, f"leat: error: {message}")
        tap.equal([line[6:] for line in lines if line.startswith("life: ")], calls)


@replaying.test
def what_was_started_before_the_failure_is_ended(desk):
    desk.write("a.json", {"do": "ok"})
    desk.path("copy.so").write_bytes(desk.handler("life").read_bytes())
    second = desk.handler("later", source="init_fails")
    done = desk.replay("--handler", desk.handler("life"), "--handler", f"sqs={second}", "a.json")
    tap.equal(done.returncode, 78)
    tap.contains(done.stderr, "leat: error: later: init failed: the handler refused\n")
    calls = [line[6:] for line in done.stderr.splitlines() if line.startswith("life: ")]
    tap.equal(calls, ["load", "init", "fini", "unload"])


@replaying.test
def the_rest_of_the_name_is_a_name(desk):
    """A text that is no path and no .so is looked for in the folders, whatever is in it."""
    desk.write("a.json", {"do": "ok"})
    for name in ["", "x" * 5000, "a b", "hello.c"]:
        done = desk.replay("--handler", name, "a.json", env={"LEAT_HANDLER_PATH": str(desk.folder)})
        tap.equal((done.returncode, done.stdout), (78, ""), name[:9])
        tap.contains(done.stderr, "leat: error: no handler \"" + name[:400])


# --- damage ------------------------------------------------------------------------------------------------

def symbols_without_names(good):
    """The file with the names of its symbols pointed behind the end of their table."""
    (table,) = struct.unpack_from("<Q", good, 0x28)
    count = struct.unpack_from("<H", good, 0x3c)[0]
    data = bytearray(good)
    for index in range(count):
        kind, = struct.unpack_from("<I", good, table + index * 64 + 4)
        offset, size = struct.unpack_from("<QQ", good, table + index * 64 + 24)
        for at in range(offset, offset + size, 24) if kind == 11 else []:
            struct.pack_into("<I", data, at, 0xfffffff0)
    return bytes(data)


@replaying.test
def names_that_lie_outside_the_file_are_not_read(desk):
    good = desk.handler("told").read_bytes()
    if good[4:6] != b"\x02\x01":
        raise tap.Skip("written for 64 bits, little endian")
    desk.write("damaged.so", symbols_without_names(good))
    refused(desk, "./damaged.so", "./damaged.so: not a leat handler: it exports nothing",
            "add LEAT_HANDLER(damaged, .handle = handle);")


@replaying.test
def a_file_cut_anywhere_is_refused(desk):
    good = desk.handler("told").read_bytes()
    desk.write("a.json", {"do": "ok"})
    generator = random.Random(20240502)
    for size in sorted(generator.sample(range(len(good)), 25)):
        desk.write("cut.so", good[:size])
        done = desk.replay("--handler", "./cut.so", "a.json")
        tap.equal((done.returncode, done.stdout), (78, ""), size)
        tap.contains(done.stderr, "leat: error: ./cut.so: ")


tap.main()
