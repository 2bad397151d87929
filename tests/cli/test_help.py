# SPDX-License-Identifier: Apache-2.0
"""Verbs, options, help and version."""
import re

import tap

VERBS = ["check", "completion", "dead", "help", "new", "package", "put", "replay", "run", "sample", "show"]


@tap.test
def the_overview_has_examples_first_and_every_verb():
    for arguments in [["help"], ["--help"], ["-h"]]:
        done = tap.leat(*arguments)
        tap.equal((done.returncode, done.stderr), (0, ""), arguments)
        tap.equal(done.stdout, tap.leat("help").stdout)
    text = done.stdout
    listed = re.findall(r"^  (\w+) +\S.*$", text.split("Verbs:\n")[1].split("\n\n")[0], re.MULTILINE)
    tap.equal(listed, VERBS, "sorted, and all of them")
    assert text.index("leat sample sqs") < text.index("Verbs:")


@tap.test
def every_verb_has_help_with_examples_before_options_before_notes():
    for verb in VERBS:
        done = tap.leat("help", verb)
        tap.equal((done.returncode, done.stderr), (0, ""), verb)
        for arguments in [[verb, "--help"], [verb, "-h"], [verb, "something", "--help"]]:
            tap.equal(tap.leat(*arguments).stdout, done.stdout, arguments)
        assert done.stdout.startswith(f"leat {verb} "), verb
        example = done.stdout.index(f"\n  leat {verb}") if verb != "new" else done.stdout.index("\n  leat new hello")
        if "Options:" in done.stdout:
            assert example < done.stdout.index("Options:"), verb


@tap.test
def options_are_aligned():
    for verb in ["replay", "show"]:
        options = tap.leat("help", verb).stdout.split("Options:\n")[1].split("\n\n")[0].splitlines()
        columns = {re.match(r"  --\S+(?: \S+)?  +", line).end() for line in options}
        tap.equal(len(columns), 1, f"{verb}: {options}")


@tap.test
def no_line_of_help_is_wider_than_a_terminal_of_120():
    for arguments in [["help"], *(["help", verb] for verb in VERBS)]:
        for line in tap.leat(*arguments).stdout.splitlines():
            assert len(line) <= 120, f"{arguments}: {line}"
            tap.equal(line, line.rstrip())


@tap.test
def the_version_names_the_libraries_at_run_time():
    done = tap.must(tap.BUILD / "leat", "--version")
    project = re.search(r'"version": "([^"]+)"', tap.must("meson", "introspect", "--projectinfo", tap.BUILD).stdout)[1]
    lines = done.stdout.splitlines()
    assert re.fullmatch(rf"leat {re.escape(project)}, handler ABI \d+", lines[0]), lines[0]
    for library, line in zip(["libevent", "cJSON", "libyaml", "glibc"], lines[1:]):
        assert re.fullmatch(rf"{library} \d+\.\d+\S*", line), line


@tap.test
def no_verb_is_a_short_help_on_stderr():
    done = tap.leat(env={"AWS_LAMBDA_RUNTIME_API": ""})
    tap.equal((done.returncode, done.stdout), (64, ""))
    for verb in VERBS:
        tap.contains(done.stderr, f"\n  {verb} ")


@tap.test
def without_a_verb_in_lambda_it_says_what_is_missing():
    done = tap.leat(env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"})
    tap.equal((done.returncode, done.stdout), (78, ""))
    tap.contains(done.stderr, "no handler is named")
    tap.equal(tap.leat("--version", env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}).returncode, 0)


def says(arguments, *parts):
    done = tap.leat(*arguments)
    tap.equal((done.returncode, done.stdout), (64, ""), arguments)
    for part in parts:
        tap.contains(done.stderr, part)


@tap.test
def a_wrong_verb_is_answered_with_the_one_that_was_meant():
    says(["shwo"], 'no verb "shwo"', "did you mean leat show?")
    says(["repaly"], "did you mean leat replay?")
    says(["rep"], "did you mean leat replay?")
    says(["help", "samples"], "did you mean leat sample?")
    says(["xyzzy"], "leat help lists the verbs")
    says(["--json", "show"], "no option --json in front of a verb")
    says([""], 'no verb ""')
    says(["help", "show", "new"], "one verb")


@tap.test
def a_wrong_option_is_answered_with_the_one_that_was_meant():
    says(["show", "--jsno", "x"], "show knows no option --jsno", "did you mean --json?")
    says(["replay", "--handlers", "x"], "did you mean --handler?")
    says(["show", "--xyzzy"], "leat help show lists the options")
    says(["show", "-j", "x"], "show knows no option -j")
    says(["show", "--json=yes", "x"], "--json takes no value")
    says(["show", "--as"], "--as wants a value: TRIGGER")
    says(["show", "--as", "sqz", "x"], 'no trigger "sqz"', 'did you mean "sqs"?')
    says(["show", "--as", "qss", "x"], 'did you mean "sqs"?')
    says(["show"], "no file is named")
    says(["sample", "--record", "2"], "sample knows no option --record", "did you mean --records?")


@tap.test
def a_name_behind_two_dashes_is_no_option():
    with tap.folder() as folder:
        with open(f"{folder}/--json", "w") as file:
            file.write("{}")
        done = tap.leat("show", "--", "--json", cwd=folder)
        tap.equal((done.returncode, done.stderr), (0, ""))
        tap.contains(done.stdout, "--json: unknown ")
        tap.equal(tap.leat("show", "--", "--help", cwd=folder).returncode, 66, "no help is asked for")


@tap.test
def errors_show_no_control_characters():
    done = tap.leat("show", "\x1b[31mmissing\n")
    tap.equal(done.returncode, 66)
    assert "\x1b" not in done.stderr
    tap.contains(done.stderr, "\\x1b[31mmissing\\n")


tap.main()
