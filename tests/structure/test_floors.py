# SPDX-License-Identifier: Apache-2.0
"""The floors hold: an upward include does not compile, an upward call does not link. Both are tried with
the flags and the libraries of the real build; each attempt has a twin that must succeed."""
import json
import pathlib
import re
import shlex

import tap

COMMANDS = json.loads((tap.BUILD / "compile_commands.json").read_text())
# From the ground up: name, a header of its own, the folder of its sources.
FLOORS = [
    ("base", "leat/arena.h", "core/base"),
    ("event", "leat/event.h", "core/event"),
    ("contract", "leat/adapter.h", "core/contract"),
    ("engine", "engine/internal.h", "core/engine"),
    ("cli", None, "core/cli"),
]
LIBRARIES = {"base": "core/base", "event": "core/event", "contract": "core/contract", "engine": "core/engine"}
FOREIGN = ["-lcjson", "-levent_core", "-lz"]


def compile_like(folder, text, where):
    """Compiles `text` as if it stood in `folder`; the result of the compiler."""
    prefix = str((tap.ROOT / folder).resolve()) + "/"
    for entry in COMMANDS:
        source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if str(source).startswith(prefix) and source.suffix == ".c":
            probe = pathlib.Path(where) / "probe.c"
            probe.write_text(text + "\nint leat_probe;\nextern int leat_probe_declared;\n")
            words = shlex.split(entry["command"])
            words[words.index("-o") + 1] = str(probe.with_suffix(".o"))
            words[words.index("-c") + 1] = str(probe)
            drop = {"-MF": 2, "-MQ": 2, "-MD": 1}
            kept, skip = [], 0
            for word in words:
                if skip == 0 and word in drop:
                    skip = drop[word]
                if skip > 0:
                    skip -= 1
                    continue
                kept.append(word)
            return tap.run(*kept, "-Wno-error", cwd=entry["directory"])
    raise AssertionError(f"no source of {folder} is in compile_commands.json")


@tap.test
def every_source_is_built():
    built = {(pathlib.Path(entry["directory"]) / entry["file"]).resolve() for entry in COMMANDS}
    sources = [name for name in tap.tracked_files() if re.match(r"(core|triggers|config|handlers)/.*\.c$", name)
               and "/test_" not in name]
    tap.equal([name for name in sources if (tap.ROOT / name).resolve() not in built], [])


def archive(name):
    return tap.BUILD / LIBRARIES[name] / f"libleat-{name}.a"


def symbols(library):
    """The functions a library defines for others."""
    listed = tap.must("nm", "-g", "--defined-only", library).stdout
    return sorted(set(re.findall(r"^[0-9a-f]+ T (leat_\w+)$", listed, re.MULTILINE)))


def link(libraries, where, call=None):
    """Links the floors whole into a program that calls the function `call`."""
    source = pathlib.Path(where) / "call.c"
    source.write_text(f"void {call}(void);\nint main(void) {{ {call}(); }}\n" if call else "int main(void) {}\n")
    return tap.run("cc", "-fPIE", "-pie", source, "-o", pathlib.Path(where) / "floors", "-Wl,--whole-archive",
                   *libraries, "-Wl,--no-whole-archive", *FOREIGN)


@tap.test
def a_floor_may_include_itself_and_what_is_below():
    with tap.folder() as where:
        for height, (name, _, folder) in enumerate(FLOORS):
            for _, header, _ in FLOORS[:height + 1]:
                done = compile_like(folder, f"#include <{header}>" if header else "", where)
                assert done.returncode == 0, f"{name} cannot include <{header}>:\n{done.stderr}"


@tap.test
def an_upward_include_does_not_compile():
    with tap.folder() as where:
        for height, (name, _, folder) in enumerate(FLOORS):
            for above, header, _ in FLOORS[height + 1:]:
                if header is None:
                    continue
                done = compile_like(folder, f"#include <{header}>", where)
                assert done.returncode != 0, f"{name} can include <{header}> of {above}"
                tap.contains(done.stderr, "No such file or directory")


@tap.test
def every_floor_links_with_the_floors_below_it_alone():
    with tap.folder() as where:
        names = list(LIBRARIES)
        for height, name in enumerate(names):
            done = link([archive(each) for each in names[:height + 1]], where)
            assert done.returncode == 0, f"{name} needs more than the floors below:\n{done.stderr[-3000:]}"


@tap.test
def an_upward_call_does_not_link():
    with tap.folder() as where:
        names = list(LIBRARIES)
        for height, name in enumerate(names[:-1]):
            own, above = symbols(archive(name))[0], symbols(archive(names[height + 1]))[0]
            floors = [archive(each) for each in names[:height + 1]]
            assert link(floors, where, own).returncode == 0, f"{name} cannot call its own {own}"
            done = link(floors, where, above)
            assert done.returncode != 0, f"{name} can call {above} of {names[height + 1]}"
            tap.contains(done.stderr, "undefined reference")


def trigger_archives():
    found = sorted((tap.BUILD / "triggers").glob("libleat-trigger-*.a"))
    assert found, "no trigger was built"
    return found


@tap.test
def a_trigger_sees_the_contract_and_neither_the_engine_nor_another_trigger():
    with tap.folder() as where:
        done = compile_like("triggers/unknown", "#include <leat/adapter.h>\n#include <leat/source.h>", where)
        assert done.returncode == 0, done.stderr
        for header in ["engine/internal.h", "triggers.h", "sqs/adapter.c", "adapter.c"]:
            done = compile_like("triggers/unknown", f"#include <{header}>", where)
            assert done.returncode != 0, f"a trigger can include <{header}>"


@tap.test
def a_trigger_calls_the_contract_and_no_other_trigger():
    with tap.folder() as where:
        contract = [archive(name) for name in ["base", "event", "contract"]]
        for library in trigger_archives():
            # A source drives the engine's loop through functions that the contract declares and floor 3 has.
            below = contract if "_source.c.o" not in tap.must("ar", "t", library).stdout else \
                [*contract, archive("engine")]
            done = link([*below, library], where)
            assert done.returncode == 0, f"{library.name} needs more than its floors:\n{done.stderr[-3000:]}"
        done = link([*contract, trigger_archives()[0]], where, "leat_adapter_of_another_trigger")
        assert done.returncode != 0


@tap.test
def a_handler_sees_the_public_headers_alone():
    with tap.folder() as where:
        done = compile_like("handlers", "#include <leat/leat.h>", where)
        assert done.returncode == 0, done.stderr
        for header in ["engine/internal.h", "triggers.h", "config/config.h"]:
            assert compile_like("handlers", f"#include <{header}>", where).returncode != 0, f"it can include {header}"


tap.main()
