# SPDX-License-Identifier: Apache-2.0
"""The two binaries: what they export, what they need, on what they start."""
import re

import tap

HEADERS = [path for floor in ["base", "event", "contract"]
           for path in sorted((tap.ROOT / "core" / floor / "leat").glob("*.h"))]
LEAT_MAY_NEED = {"libevent_core-2.1.so.7", "libevent_extra-2.1.so.7", "libcjson.so.1", "libyaml-0.so.2", "libz.so.1",
                 "libc.so.6"}


def public_api():
    """Every name that a header marks LEAT_API."""
    names = set()
    for header in HEADERS:
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(), flags=re.DOTALL)
        text = re.sub(r"^\s*#(?:.*\\\n)*.*$", "", text, flags=re.MULTILINE)
        for declaration in re.findall(r"\bLEAT_API\b([^;{]*)[;{]", text):
            function = re.search(r"\b(leat_\w+)\s*\(", declaration)
            variable = re.search(r"\b(leat_\w+)\s*(?:\[[^]]*\])?\s*$", declaration)
            assert function or variable, f"{header.name}: cannot read{declaration}"
            names.add((function or variable)[1])
    return names


def exported(binary):
    names = set()
    for line in tap.must("nm", "-D", "--defined-only", tap.BUILD / binary).stdout.splitlines():
        _, kind, symbol = line.split()
        name, _, version = symbol.partition("@")
        # "LEAT_0" itself is the version; what has another version is a copy of a variable of the C library.
        if kind != "A" and version.lstrip("@") in ("", "LEAT_0"):
            names.add(name)
    return names


def dynamic(binary, tag):
    return re.findall(rf"\({tag}\).*?\[(.*?)\]", tap.must("readelf", "-d", "-W", tap.BUILD / binary).stdout)


def check_exports(binary):
    api, got = public_api(), exported(binary)
    tap.equal(sorted(api - got), [], f"declared and not exported by {binary}")
    tap.equal(sorted(got - api), [], f"exported by {binary} and not declared")


@tap.test
def leat_exports_exactly_the_public_api():
    check_exports("leat")


@tap.test
def bootstrap_exports_exactly_the_public_api():
    check_exports("bootstrap")


@tap.test
def leat_needs_only_what_it_may():
    needed = set(dynamic("leat", "NEEDED"))
    tap.equal(sorted(needed - LEAT_MAY_NEED), [])


@tap.test
def bootstrap_needs_cjson_and_libc_alone():
    tap.equal(sorted(dynamic("bootstrap", "NEEDED")), ["libc.so.6", "libcjson.so.1"])


@tap.test
def bootstrap_looks_for_cjson_beside_itself():
    tap.equal(dynamic("bootstrap", "RUNPATH"), ["$ORIGIN/lib"])
    tap.equal(dynamic("bootstrap", "RPATH"), [])


def newest_glibc(file):
    """The newest version of glibc that a file asks for, as (2, 34)."""
    listed = tap.must("objdump", "-T", tap.BUILD / file).stdout
    assert "GLIBC_ABI_DT_RELR" not in listed, file
    versions = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", listed)}
    assert versions, f"{file}: no version was found"
    return max(versions)


@tap.test
def nothing_in_bootstrap_is_newer_than_the_c_library_of_lambda():
    newest = newest_glibc("bootstrap")
    assert newest <= (2, 34), f"the newest is GLIBC_{'.'.join(map(str, newest))}"


@tap.test
def nothing_in_a_module_is_newer_either():
    modules = sorted(path for path in tap.BUILD.glob("triggers/*/*.so"))
    if not modules:
        raise tap.Skip("no module was built")
    for module in modules:
        newest = newest_glibc(module.relative_to(tap.BUILD))
        assert newest <= (2, 34), f"{module.name}: the newest is GLIBC_{'.'.join(map(str, newest))}"


@tap.test
def both_carry_the_note_that_leat_main_is_known_by():
    for binary in ["leat", "bootstrap"]:
        notes = tap.must("readelf", "-n", "-W", tap.BUILD / binary).stdout
        assert re.search(r"^\s+leat\s+0x00000004\s", notes, re.MULTILINE), f"{binary}: {notes}"


@tap.test
def bootstrap_without_a_verb_is_a_function_and_says_what_it_lacks():
    done = tap.run(tap.BUILD / "bootstrap", env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "LAMBDA_TASK_ROOT": "/var/empty"})
    tap.equal(done.returncode, 78, done.stderr)
    tap.contains(done.stderr, "no handler")
    done = tap.run(tap.BUILD / "bootstrap", env={"AWS_LAMBDA_RUNTIME_API": ""})
    tap.equal(done.returncode, 78, done.stderr)
    tap.contains(done.stderr, "AWS_LAMBDA_RUNTIME_API")


@tap.test
def bootstrap_with_a_verb_is_leat():
    ours, theirs = (tap.must(tap.BUILD / name, "sample", "sqs").stdout for name in ["leat", "bootstrap"])
    tap.equal(ours, theirs)


tap.main()
