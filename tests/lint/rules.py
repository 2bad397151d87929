# SPDX-License-Identifier: Apache-2.0
"""The house rules that a search can check, as TAP; each finding as file:line. `--quiet`: findings only."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap  # noqa: E402

C = r"\.[ch]$"
OWN = r"^(core|triggers|config)/.*\.[ch]$"
SLEEP = r"\b(u|nano)?sleep\s*\(|\bclock_nanosleep\s*\(" + r"|\btime\.sleep\b"

# name: files it looks at, files it spares, pattern that must not occur
RULES = {
    "no_string_function_without_a_bound": (C, None, r"\b(strcpy|strcat|stpcpy|sprintf|vsprintf|strtok|gets)\s*\("),
    "no_number_parser_without_an_error": (C, None, r"\b(atoi|atol|atoll|atof)\s*\("),
    "members_are_looked_up_case_sensitive": (C, None, r"\bcJSON_(GetObjectItem|HasObjectItem)\s*\("),
    "memory_comes_from_leat_alloc": (
        OWN, r"^core/base/alloc\.c$|^core/event/json_tree\.c$",
        # What a foreign function made is freed with a word on whose it is: free(line); /* getline's */
        r"(?<![\w.>])(malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf)\s*\((?!.*'s \*/)"),
    "headers_of_other_folders_come_through_the_include_path": (C, None, r'#\s*include\s+"[^"]*\.\./'),
    "no_tab_in_c": (C, None, r"\t"),
    "nothing_left_to_do_in_comments": (r"", r"^tests/lint/rules\.py$", r"\b(TODO|FIXME|XXX)\b"),
    "no_path_of_one_machine": (r"", r"^tests/lint/rules\.py$", r"(?<![\w./-])/(work|root|home)(?=/|[\s\"'`)]|$)"),
    "no_test_sleeps": (r"^tests/.*\.(c|h|py)$", r"^tests/lint/rules\.py$", SLEEP),
}
BUGS = 30
SPDX = "SPDX-License-Identifier: Apache-2.0"


def texts():
    for name in tap.tracked_files():
        try:
            yield name, (tap.ROOT / name).read_text()
        except UnicodeDecodeError:
            continue


FILES = list(texts())


def findings(files, spared, pattern):
    for name, text in FILES:
        if not re.search(files, name) or (spared and re.search(spared, name)):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(pattern, line):
                yield f"{name}:{number}: {line.strip()[:100]}"


def unlicensed():
    for name, text in FILES:
        head = text.splitlines()[:2]
        if re.search(C, name) and head[:1] != [f"/* {SPDX} */"]:
            yield f"{name}:1: the first line is not /* {SPDX} */"
        elif re.search(r"\.(py|sh|build)$|^dev$|^\.ci/run$", name) and f"# {SPDX}" not in head:
            yield f"{name}:1: no # {SPDX} on top"


def foreign_private():
    """A header NAME_private.h is for its own folder."""
    for name, text in FILES:
        for number, line in enumerate(text.splitlines(), 1):
            include = re.match(r'#\s*include\s+[<"](.*_private\.h)[>"]', line)
            if re.search(C, name) and include and not (tap.ROOT / name).with_name(include[1]).exists():
                yield f"{name}:{number}: {line}"


def untested_bugs():
    """The bugs of peers have numbers, and each a test named bug_NUMBER_what_is_expected in C or in Python."""
    test = re.compile(r"^(?:Test\(\w+, |def )bug_(\d+)_\w+[,(:)]", re.MULTILINE)
    tests = [text for name, text in FILES if re.search(r"^tests/.*\.(c|py)$", name)]
    tested = {int(number) for text in tests for number in test.findall(text)}
    for number in sorted(set(range(1, BUGS + 1)) - tested):
        yield f"tests: none is named bug_{number}_..."
    for number in sorted(tested - set(range(1, BUGS + 1))):
        yield f"tests: bug_{number}_... stands for none of the {BUGS}"


CHECKS = {name: lambda rule=rule: findings(*rule) for name, rule in RULES.items()}
CHECKS["every_source_names_its_licence"] = unlicensed
CHECKS["private_headers_stay_in_their_folder"] = foreign_private
CHECKS["every_bug_of_peers_has_its_test"] = untested_bugs


def main():
    quiet, bad = "--quiet" in sys.argv, 0
    if not quiet:
        print(f"1..{len(CHECKS)}")
    for number, (name, check) in enumerate(CHECKS.items(), 1):
        found = list(check())
        bad += len(found)
        if not quiet:
            print(f"{'not ok' if found else 'ok'} {number} - rules: {name}")
        for line in found:
            print(f"{line}  [{name}]" if quiet else f"  # {line}")
    sys.exit(1 if bad else 0)


main()
