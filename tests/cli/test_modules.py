# SPDX-License-Identifier: Apache-2.0
"""Modules under `leat` and `bootstrap`: what they add, and one message with its fix for what cannot be used."""
import json
import os
import re
import shutil

import replaying
import tap

ABI = int(re.search(r"handler ABI (\d+)", tap.must(tap.BUILD / "leat", "--version").stdout)[1])
NAME_IT = "a module is PATH.so, or NAME alone: one of LEAT_MODULE_PATH"
BUILD_IT = "build it with cc -shared -fPIC, for this machine"
BUILD_AGAIN = "build it again with the headers of this leat"
A_NAME = "a name begins with a small letter and has small letters, digits and dashes: at most 40"
NEEDS = "docs/reference/modules.md says what each is for"


def module(desk, name, *more):
    return desk.handler(name, "-fvisibility=hidden", *more, source="module")


def show(desk, *arguments, program="leat", **options):
    return tap.run(tap.BUILD / program, "show", *arguments, cwd=desk.folder, **options)


def refused(desk, path, message, fix):
    """What both programs say of that module, whole; and replay, before anything runs."""
    desk.write("a.json", {"word": 1})
    said = (78, "", f"leat: error: {message}\n" + f"      {fix}\n" * bool(fix))
    for program in ["leat", "bootstrap"]:
        done = show(desk, "--module", path, "a.json", program=program)
        tap.equal((done.returncode, done.stdout, done.stderr), said, f"{program} show")
    done = desk.replay("--module", path, "--handler", desk.handler("told"), "a.json")
    tap.equal((done.returncode, done.stdout, done.stderr), said, "leat replay")


def kind(desk, payload, *arguments, **options):
    desk.write("kind.json", payload)
    done = show(desk, "--json", *arguments, "kind.json", **options)
    tap.equal((done.returncode, done.stderr), (0, ""), done.stdout)
    return json.loads(done.stdout)["kind"]


# --- what they add ------------------------------------------------------------------------------------------


@replaying.test
def its_trigger_is_known_to_both_programs(desk):
    path = module(desk, "words")
    tap.equal(kind(desk, {"word": 1}), "unknown")
    for program in ["leat", "bootstrap"]:
        tap.equal(kind(desk, {"word": 1}, "--module", path, program=program), "words")


@replaying.test
def its_events_run_through_handlers(desk):
    path, handler = module(desk, "words"), desk.handler("told")
    desk.write("a.json", {"word": 1, "do": "ok"})
    for spec in [handler, f"words={handler}"]:
        done = desk.replay("--quiet", "--handler", spec, "--module", path, "a.json")
        tap.equal((done.returncode, done.stdout, done.stderr), (0, "1 event: 1 ok\n", ""))
    done = desk.replay("--handler", f"words={handler}", "a.json")
    tap.equal(done.returncode, 64)
    tap.contains(done.stderr, 'no trigger "words"')


@replaying.test
def its_trigger_can_be_named_before_it_is(desk):
    """The order of options is nobody's business."""
    path = module(desk, "words")
    tap.equal(kind(desk, {"other": 1}, "--as", "words", "--module", path), "words")
    desk.write("a.json", {"do": "ok"})
    done = desk.replay("--json", "--as", "words", "--handler", desk.handler("told"), "--module", path, "a.json")
    tap.equal((done.returncode, done.stderr), (0, ""))
    tap.contains(done.stdout, '"words"')


@replaying.test
def built_in_triggers_are_asked_before_it(desk):
    """Its number is 1, theirs are not."""
    path = module(desk, "greedy", '-DWORD="Records"')
    tap.equal(kind(desk, {"Records": {}}, "--module", path), "words")
    sample = json.loads(tap.must(tap.BUILD / "leat", "sample", "sqs").stdout)
    tap.equal(kind(desk, sample, "--module", path), "sqs")


@replaying.test
def modules_are_asked_by_the_numbers_of_their_triggers(desk):
    early = module(desk, "early", '-DADAPTER=.name="early",.order=-5', '-DSOURCE=.name="early"', '-DSINK=.name="early"')
    late = module(desk, "late", '-DADAPTER=.name="late",.order=5000', '-DSOURCE=.name="late"', '-DSINK=.name="late"')
    for order in [[early, late], [late, early]]:
        options = [word for path in order for word in ("--module", path)]
        tap.equal(kind(desk, {"word": 1}, *options), "early")
    tap.equal(kind(desk, {"word": 1}, "--module", late), "late")


@replaying.test
def the_same_module_twice_is_once(desk):
    path = module(desk, "words")
    tap.equal(kind(desk, {"word": 1}, "--module", path, "--module", path), "words")
    link = desk.path("another-name.so")
    os.symlink(path, link)
    tap.equal(kind(desk, {"word": 1}, "--module", path, "--module", link), "words")


@replaying.test
def a_module_with_fewer_members_works(desk):
    """Built with older headers: what lies behind the sizes is garbage and must not be looked at."""
    path = module(desk, "older", "-DADAPTER=.size=offsetof(struct leat_adapter,encode_reply),.encode_reply=GARBAGE",
                  "-DSOURCE=.size=offsetof(struct leat_source_ops,fini),.fini=GARBAGE",
                  "-DMODULE=.size=offsetof(struct leat_module,sinks),.sinks=GARBAGE")
    desk.write("a.json", {"word": 1, "do": "ok"})
    done = desk.replay("--quiet", "--handler", desk.handler("told"), "--module", path, "a.json")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "1 event: 1 ok\n", ""))
    path = module(desk, "newer-table", "-DMODULE=.size=4096")
    tap.equal(kind(desk, {"word": 1}, "--module", path), "words")


# --- where they are -----------------------------------------------------------------------------------------


@replaying.test
def a_name_is_looked_for_in_the_folders_of_the_path(desk):
    desk.path("second").mkdir()
    shutil.copy(module(desk, "words"), desk.path("second/words.so"))
    env = {"LEAT_MODULE_PATH": f"{desk.path('first')}::{desk.path('second')}"}
    tap.equal(kind(desk, {"word": 1}, "--module", "words", env=env), "words")
    for path in ["second/words.so", "./second/words.so", desk.path("second/words.so")]:
        tap.equal(kind(desk, {"word": 1}, "--module", path), "words")


@replaying.test
def a_name_that_is_nowhere_tells_where_it_was_looked_for(desk):
    desk.write("a.json", {"word": 1})
    usual = "/usr/local/lib/leat/modules:/usr/lib/leat/modules"
    for env, path in [({}, usual), ({"LEAT_MODULE_PATH": "one:two"}, "one:two"), ({"LEAT_MODULE_PATH": ""}, ""),
                      ({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}, usual + ":.:/opt"),
                      ({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "LAMBDA_TASK_ROOT": "/var/task"},
                       usual + ":/var/task:/opt")]:
        done = show(desk, "--module", "gone", "a.json", env=env)
        tap.equal((done.returncode, done.stdout, done.stderr),
                  (78, "", f'leat: error: no module "gone": no gone.so in {path}\n'
                           "      set LEAT_MODULE_PATH, or give a path: ./gone.so\n"))


@replaying.test
def a_function_looks_into_its_package(desk):
    desk.path("package").mkdir()
    shutil.copy(module(desk, "words"), desk.path("package/words.so"))
    env = {"LAMBDA_TASK_ROOT": str(desk.path("package")), "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}
    tap.equal(kind(desk, {"word": 1}, "--module", "words", program="bootstrap", env=env), "words")


# --- files that are none ------------------------------------------------------------------------------------


@replaying.test
def a_file_that_is_none(desk):
    refused(desk, "./gone.so", "./gone.so: No such file or directory", NAME_IT)
    refused(desk, "gone.so", "gone.so: No such file or directory", NAME_IT)
    desk.path("folder.so").mkdir()
    refused(desk, "folder.so", "folder.so: not a regular file", "name a module in it: PATH.so")
    os.mkfifo(desk.path("pipe.so"))
    refused(desk, "pipe.so", "pipe.so: not a regular file", "name a module in it: PATH.so")
    refused(desk, "./" + "x" * 5000, "a path of 5002 bytes is too long", "")
    refused(desk, "", ' '.join(['no module "": no .so in',
                                "/usr/local/lib/leat/modules:/usr/lib/leat/modules"]),
            "set LEAT_MODULE_PATH, or give a path: ./.so")


@replaying.test
def a_file_that_is_no_shared_object_or_another_machines(desk):
    shutil.copy(replaying.HANDLERS / "module.c", desk.path("source.so"))
    refused(desk, "source.so", "source.so: not a shared object", BUILD_IT)
    desk.write("empty.so", b"")
    refused(desk, "./empty.so", "./empty.so: not a shared object: it is empty or cannot be read", BUILD_IT)
    good = module(desk, "words").read_bytes()
    for name, offset, value in [("other-class.so", 4, 3 - good[4]), ("sparc.so", 18, 2), ("relocatable.so", 16, 1)]:
        desk.write(name, good[:offset] + bytes([value]) + good[offset + 1:])
        refused(desk, name, f"{name}: not a shared object for this machine", BUILD_IT)
    desk.write("cut.so", good[:len(good) // 2])
    refused(desk, "cut.so", "cut.so: a shared object whose table of sections is missing or cut off",
            "copy or build it again")


@replaying.test
def an_object_without_a_module_says_what_it_exports(desk):
    fix = "add LEAT_MODULE(NAME, .adapters = adapters, .sources = sources, .sinks = sinks);"
    path = desk.handler("told")
    refused(desk, path, f"{path}: not a leat module: it exports leat_handler_told", fix)
    path = desk.handler("silent", "-fvisibility=hidden", source="bad_none")
    refused(desk, path, f"{path}: not a leat module: it exports nothing", fix)


@replaying.test
def a_symbol_that_is_missing_is_named(desk):
    path = module(desk, "lacks", "-DMISSING=no_such_function")
    refused(desk, path, f"{path}: undefined symbol: no_such_function",
            "link the library that has it when building the module")
    path = module(desk, "future", "-DMISSING=leat_from_the_future")
    refused(desk, path, f"{path}: undefined symbol: leat_from_the_future",
            "this leat does not have it: build the module with the headers of this leat")


@replaying.test
def a_library_that_is_missing_is_named_with_who_needs_it(desk):
    (desk.path("none.c")).write_text("void none(void);\nvoid none(void) {}\n")
    library = desk.path("libleatnone.so")
    tap.must("cc", "-shared", "-fPIC", desk.path("none.c"), "-o", library)
    path = module(desk, "needy", "-Wl,--no-as-needed", f"-L{desk.folder}", "-lleatnone")
    library.unlink()
    refused(desk, path, f"{path}: libleatnone.so: cannot open shared object file: No such file or directory",
            "install the library, or put it beside the module and link that with -rpath")


# --- tables that are wrong ----------------------------------------------------------------------------------


@replaying.test
def a_module_of_another_abi(desk):
    for abi in [0, ABI + 1, 0xffffffff]:
        path = module(desk, f"abi{abi}", f"-DMODULE=.abi={abi}u")
        refused(desk, path, f"{path} was built for ABI {abi}, this leat has {ABI}", BUILD_AGAIN)
    for table in ["adapter", "source", "sink"]:
        path = module(desk, f"abi-{table}", f"-D{table.upper()}=.abi={ABI + 2}u")
        refused(desk, path, f"{path}: its {table} 1 was built for ABI {ABI + 2}, this leat has {ABI}", BUILD_AGAIN)


@replaying.test
def a_module_that_adds_nothing(desk):
    path = module(desk, "hollow", "-DMODULE=.adapters=NULL,.sources=NULL,.sinks=NULL")
    refused(desk, path, f"{path}: module words has no adapter, no source and no sink",
            "LEAT_MODULE(words, .adapters = adapters, .sources = sources, .sinks = sinks);")
    path = module(desk, "cut-short", "-DMODULE=.size=offsetof(struct leat_module,adapters)")
    refused(desk, path, f"{path}: module words has no adapter, no source and no sink",
            "LEAT_MODULE(words, .adapters = adapters, .sources = sources, .sinks = sinks);")
    path = module(desk, "tiny", "-DMODULE=.size=8")
    refused(desk, path, f"{path}: a module without a name", "define it with LEAT_MODULE(name, .sources = sources);")


@replaying.test
def functions_that_are_missing_are_named_all_at_once(desk):
    for name, table, given, missing in [
            ("no-split", "adapter", ".split=NULL", "lacks split"),
            ("no-adapter", "adapter", ".split=NULL,.normalise=NULL,.why=NULL", "lacks why, split, normalise"),
            ("old-adapter", "adapter", ".size=offsetof(struct leat_adapter,normalise)", "lacks normalise"),
            ("no-close", "source", ".close=NULL", "lacks close"),
            ("no-source", "source", ".init=NULL,.start=NULL,.demand=NULL,.settle=NULL,.stop=NULL,.close=NULL",
             "lacks init, start, demand, settle, stop, close"),
            ("leases", "source", ".caps={.leases=true}", "has leases and lacks extend"),
            ("domains", "source", ".caps={.domains=true}", "has domains and lacks hold, revoked"),
            ("streams", "source", ".reply_write=GARBAGE", "streams replies and lacks reply_begin, reply_wait"),
            ("no-write", "sink", ".write=NULL", "lacks write")]:
        path = module(desk, name, f"-D{table.upper()}={given}")
        refused(desk, path, f"{path}: its {table} words {missing}", NEEDS)


@replaying.test
def a_table_needs_a_name_that_a_configuration_can_say(desk):
    for table in ["adapter", "source", "sink"]:
        path = module(desk, f"nameless-{table}", f"-D{table.upper()}=.name=NULL")
        refused(desk, path, f"{path}: its {table} 1 has no name", A_NAME)
        for number, name in enumerate(["", "Words", "a=b", "../x", "1st", "w" * 41]):
            path = module(desk, f"named-{table}-{number}", f'-D{table.upper()}=.name="{name}"')
            refused(desk, path, f'{path}: its {table} 1 has the name "{name}"', A_NAME)


@replaying.test
def options_that_a_loader_could_not_fill(desk):
    for name, why in [("outside", 'has an option "place" that lies outside options_size'),
                      ("choiceless", 'has an option "mode" that has no choices'),
                      ("typeless", 'has an option "mode" that is of no type')]:
        path = module(desk, name, f"-DSOURCE=.options={name}")
        refused(desk, path, f"{path}: its source words {why}", "")
    path = module(desk, "sizeless", "-DSINK=.options=fine")
    refused(desk, path, f'{path}: its sink words has an option "place" that lies outside options_size', "")
    path = module(desk, "fine", "-DSOURCE=.options=fine")
    tap.equal(kind(desk, {"word": 1}, "--module", path), "words")


@replaying.test
def names_that_are_taken(desk):
    fix = "give it another name, or leave one of them out"
    for name in ["sqs", "unknown"]:
        path = module(desk, f"like-{name}", f'-DADAPTER=.name="{name}"')
        refused(desk, path, f'module words: its adapter "{name}" is built in already', fix)
    path = module(desk, "twice", "-DMODULE=.adapters=twice")
    refused(desk, path, 'module words: its adapter "words" is in it twice', fix)
    first = module(desk, "words")
    desk.write("a.json", {"word": 1})
    for noun, given in [("adapter", []), ("source", ['-DADAPTER=.name="mine"']),
                        ("sink", ['-DADAPTER=.name="mine"', '-DSOURCE=.name="mine"'])]:
        path = module(desk, f"second-{noun}", '-DMODULE=.name="second"', *given)
        done = show(desk, "--module", first, "--module", path, "a.json")
        tap.equal((done.returncode, done.stdout, done.stderr),
                  (78, "", f'leat: error: module second: its {noun} "words" is in module words already\n      {fix}\n'))


tap.main()
