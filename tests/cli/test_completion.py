# SPDX-License-Identifier: Apache-2.0
"""leat completion: the scripts hold all that help knows, and do in a shell what they say."""
import pathlib
import re
import shutil

import tap

COMPLETE = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leat; printf "%s\\n" "${COMPREPLY[@]}"'
SPECS = """
compdef() { : }
_describe() { print -rl -- "${(@P)2}" }
_arguments() { [[ $1 == -C ]] && state=$wanted || print -rl -- "$@" }
source $1; wanted=$2; shift 2; words=("$@"); _leat
"""


def script(shell):
    done = tap.leat("completion", shell)
    tap.equal((done.returncode, done.stderr), (0, ""), shell)
    return done.stdout


def verbs():
    """The verbs, each with its line of help."""
    listed = tap.leat("help").stdout.split("Verbs:\n")[1].split("\n\n")[0]
    names = re.findall(r"^  (\w+) ", listed, re.MULTILINE)
    return {name: tap.leat("help", name).stdout.splitlines()[0].split(": ", 1)[1] for name in names}


def options(verb):
    """The options of a verb, each with its help."""
    text = tap.leat("help", verb).stdout
    listed = text.split("Options:\n")[1].split("\n\n")[0] if "Options:" in text else ""
    return dict(re.findall(r"^  (--?[\w-]+)(?: \S+)?  +(.*)$", listed, re.MULTILINE))


def triggers():
    return [line.split()[0] for line in tap.leat("sample").stdout.splitlines()]


def completed(folder, *words):
    """What bash offers for `leat WORDS` with the cursor behind the last one, which may be empty."""
    file = pathlib.Path(folder) / "leat.bash"
    if not file.exists():
        file.write_text(script("bash"))
    done = tap.must("bash", "--norc", "-c", COMPLETE, "bash", file, "leat", *words, cwd=folder)
    tap.equal(done.stderr, "", words)
    return sorted(line for line in done.stdout.splitlines() if line)


def cut_at_equals(*words):
    """The words as bash cuts them before it calls a completion."""
    return [part for word in words for part in (re.findall(r"=+|[^=]+", word) or [""])]


def reads(shell):
    with tap.folder() as folder:
        (pathlib.Path(folder) / "script").write_text(script(shell))
        tap.equal(tap.must(shell, "-n", f"{folder}/script").stderr, "", shell)


@tap.test
def bash_reads_its_script():
    reads("bash")


@tap.test
def zsh_reads_its_script():
    if shutil.which("zsh") is None:
        raise tap.Skip("no zsh here")
    reads("zsh")


@tap.test
def bash_completes_verbs_by_their_beginning():
    with tap.folder() as folder:
        tap.equal(completed(folder, ""), sorted([*verbs(), "--help", "--version"]))
        tap.equal(completed(folder, "re"), ["replay"])
        tap.equal(completed(folder, "s"), ["sample", "show"])
        tap.equal(completed(folder, "--v"), ["--version"])
        tap.equal(completed(folder, "xyzzy"), [])
        tap.equal(completed(folder, "help", "s"), ["sample", "show"])


@tap.test
def bash_completes_every_option_of_every_verb():
    with tap.folder() as folder:
        for verb in verbs():
            tap.equal(completed(folder, verb, "-"), sorted([*options(verb), "--help"]), verb)
        assert "--expect" in options("replay"), "the test itself reads help"
        tap.equal(completed(folder, "replay", "m.json", "--re"), ["--record", "--repeat", "--request-id"])
        tap.equal(completed(folder, "show", "-", "--j"), ["--json"], "behind standard input")
        tap.equal(completed(folder, "xyzzy", "-"), [], "a verb that is none")
        tap.equal(completed(folder, "show", "--", "--j"), [], "behind -- there are files only")


@tap.test
def bash_completes_triggers_where_they_stand():
    with tap.folder() as folder:
        for words in [["sample"], ["show", "--as"], ["replay", "--json", "--as"]]:
            tap.equal(completed(folder, *words, ""), sorted(triggers()), words)
            tap.equal(completed(folder, *words, "sq"), ["sqs"], words)
        tap.equal(completed(folder, "show", *cut_at_equals("--as=sq")), ["sqs"])
        tap.equal(completed(folder, "show", "--as="), sorted(f"--as={name}" for name in triggers()), "= cuts no word")
        tap.equal(completed(folder, "show", *cut_at_equals("--as=")), sorted(triggers()))
        tap.equal(completed(folder, "replay", "--only", "--as", "sq"), [], "--as is what --only looks for")
        tap.equal(completed(folder, "sample", "sqs", "s"), [], "it takes one")


@tap.test
def bash_completes_handlers_with_triggers_and_files():
    with tap.folder() as folder:
        (pathlib.Path(folder) / "orders.so").touch()
        tap.equal(completed(folder, "replay", "--handler", ""), sorted(f"{name}=" for name in triggers()))
        tap.equal(completed(folder, "replay", "--handler", "sq"), ["sqs="])
        tap.equal(completed(folder, "replay", "--handler", "./o"), ["./orders.so"])
        tap.equal(completed(folder, "replay", "--handler", *cut_at_equals("sqs=./o")), ["./orders.so"])
        tap.equal(completed(folder, "replay", *cut_at_equals("--handler=sqs=o")), ["orders.so"])
        tap.equal(completed(folder, "replay", "--handler=sqs=o"), ["--handler=sqs=orders.so"], "= cuts no word")


@tap.test
def bash_completes_files_elsewhere_and_nothing_where_none_belongs():
    with tap.folder() as folder:
        for name in ["m.json", "my file.json"]:
            (pathlib.Path(folder) / name).touch()
        for words in [["show"], ["show", "--json"], ["show", "a"], ["show", "--as", "sqs"], ["replay", "--expect"],
                      ["replay", "--handler", *cut_at_equals("sqs=x")], ["show", "--"], ["sample", "sqs", ">"]]:
            tap.equal(completed(folder, *words, "m"), ["m.json", "my file.json"], words)
        tap.equal(completed(folder, "replay", *cut_at_equals("--record=m.")), ["m.json"])
        for words in [["new", "m"], ["replay", "--only", "m"], ["replay", "--repeat", "m"], ["xyzzy", "m"],
                      ["show", "--xyzzy=m"], ["show", *cut_at_equals("--json=m")]]:
            tap.equal(completed(folder, *words), [], words)
        tap.equal(completed(folder, "completion", ""), ["bash", "zsh"])


@tap.test
def zsh_shows_verbs_and_options_with_their_help():
    if shutil.which("zsh") is None:
        raise tap.Skip("no zsh here")
    with tap.folder() as folder:
        file = pathlib.Path(folder) / "leat.zsh"
        file.write_text(script("zsh"))

        def specs(*words):
            done = tap.must("zsh", "-f", "-c", SPECS, "zsh", file, *words)
            tap.equal(done.stderr, "", words)
            return done.stdout.splitlines()

        tap.equal(specs("verb"), [f"{verb}:{summary}" for verb, summary in verbs().items()])
        for verb in verbs():
            given = [re.sub(r"\\(.)", r"\1", spec) for spec in specs("rest", verb)]
            for option, about in options(verb).items():
                wanted = rf"\*{option}=?\[{re.escape(about)}\]"
                assert any(re.match(wanted, spec) for spec in given), f"{option}: {given}"
        offered = re.search(r"^1:.*\((.*)\)$", "\n".join(specs("rest", "sample")), re.MULTILINE)[1]
        tap.equal(sorted(offered.split()), sorted(triggers()))


@tap.test
def the_zsh_script_holds_every_verb_and_option():
    text = re.sub(r"\\(.)", r"\1", script("zsh").replace("'\\''", "'"))
    for verb, summary in verbs().items():
        tap.contains(text, f"'{verb}:{summary}'")
        for option, about in options(verb).items():
            assert f"'*{option}[{about}]" in text or f"'*{option}=[{about}]:" in text, f"{verb} {option}"


@tap.test
def a_program_of_another_name_completes_under_its_own():
    with tap.folder() as folder:
        for name, quoted in [("bootstrap", "'bootstrap'"), ("or'ders $x", "'or'\\''ders $x'")]:
            (pathlib.Path(folder) / name).symlink_to(tap.BUILD / "leat")
            for shell, line in [("bash", f"complete -F _leat -- {quoted}\n"), ("zsh", f"compdef _leat {quoted}\n")]:
                tap.contains(tap.must(f"{folder}/{name}", "completion", shell).stdout, line)


@tap.test
def an_unknown_shell_is_answered_with_the_ones_there_are():
    fix = "leat completion bash, or leat completion zsh"
    for arguments, parts in [(["fish"], ['shell "fish"', fix]), ([""], ['shell ""', fix]),
                             ([], ["one shell, not 0", "leat completion bash"]), (["bash", "zsh"], ["not 2"]),
                             (["--json"], ["knows no option --json"])]:
        done = tap.leat("completion", *arguments)
        tap.equal((done.returncode, done.stdout), (64, ""), arguments)
        for part in parts:
            tap.contains(done.stderr, part)


tap.main()
