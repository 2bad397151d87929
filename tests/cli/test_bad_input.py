# SPDX-License-Identifier: Apache-2.0
"""Files that cannot be read, hold no JSON, or too much of it; and output that cannot be written."""
import json
import os
import pathlib

import tap

# name: bytes, then code, offset, line, column and the message of the fault
FAULTS = {
    "truncated": (b'{"a": [1,\n {"b": "abc', "not-json", 21, 2, 12,
                  "not JSON: the file ends inside a string that starts at column 8"),
    "truncated_above": (b'{"a": [1,\n 2', "not-json", 12, 2, 3,
                        "not JSON: the file ends inside an array that starts at line 1, column 7"),
    "empty": (b"", "not-json", 0, 1, 1, "not JSON: nothing in it"),
    "blank": (b" \n\t", "not-json", 3, 2, 2, "not JSON: nothing in it"),
    "binary": (bytes(range(256)), "not-json", 0, 1, 1, "not JSON: no value starts like this"),
    "utf16": ('{"a":1}'.encode("utf-16"), "not-json", 0, 1, 1, "not JSON: no value starts like this"),
    "no_utf8": (b'{"a": "\xff"}', "not-json", 7, 1, 8, "not JSON: not UTF-8"),
    "after_bom": (b'\xef\xbb\xbf{"a" 1}', "not-json", 8, 1, 6, "not JSON: a ':' is missing behind a member's name"),
    "comma": (b'{"a": 1,}', "not-json", 8, 1, 9, "not JSON: a member's name in quotes is missing"),
    "single_quotes": (b"{'a': 1}", "not-json", 1, 1, 2, "not JSON: a member's name in quotes is missing"),
    "nul": (b'{"a":1}\0', "not-json", 7, 1, 8, "not JSON: no value starts like this"),
    "deep": (b"[" * 1001 + b"]" * 1001, "too-deep", 1000, 1, 1001, "nested deeper than 1000 levels"),
}


def write(folder, name, data):
    path = pathlib.Path(folder) / f"{name}.json"
    path.write_bytes(data)
    return path


@tap.test
def what_is_no_json_is_told_with_its_place_and_exits_65():
    with tap.folder() as folder:
        for name, (data, _, _, line, column, message) in FAULTS.items():
            done = tap.leat("show", write(folder, name, data).name, cwd=folder)
            tap.equal(done.stderr, f"{name}.json:{line}:{column}: error: {message}\n", name)
            tap.equal(done.returncode, 65, name)


@tap.test
def for_machines_it_is_an_object_in_its_place():
    with tap.folder() as folder:
        for name, (data, code, offset, line, column, message) in FAULTS.items():
            done = tap.leat("show", "--json", write(folder, name, data).name, cwd=folder)
            tap.equal((done.returncode, done.stderr), (65, ""), name)
            values = [json.loads(text) for text in done.stdout.splitlines()]
            wanted = {"file": f"{name}.json", "document": len(values), "error": {
                "code": code, "offset": offset, "line": line, "column": column, "message": message}}
            tap.equal(values[-1], wanted, name)
            tap.equal(len(values), 2 if name == "nul" else 1, name)


@tap.test
def what_stands_before_and_in_other_files_is_still_shown():
    with tap.folder() as folder:
        write(folder, "1", b'{"a":1}\n{"b":2}\n{oops}\n{"c":3}')
        write(folder, "2", b'"two"')
        done = tap.leat("show", "--json", ".", cwd=folder)
        tap.equal(done.returncode, 65)
        values = [json.loads(text) for text in done.stdout.splitlines()]
        tap.equal([(value["file"], value["document"], "error" in value) for value in values],
                  [("./1.json", 1, False), ("./1.json", 2, False), ("./1.json", 3, True), ("./2.json", 1, False)])
        tap.equal((values[2]["error"]["line"], values[2]["error"]["column"]), (3, 2))


@tap.test
def standard_input_may_end_too_early_too():
    done = tap.leat("show", "-", input='{"a": ')
    tap.equal(done.returncode, 65)
    tap.equal(done.stderr, "-:1:7: error: not JSON: the input ends inside an object that starts at column 1\n")


@tap.test
def depth_up_to_the_limit_is_shown():
    done = tap.leat("show", "--json", "-", input="[" * 1000 + "]" * 1000)
    tap.equal((done.returncode, done.stderr), (0, ""))


@tap.test
def a_document_beyond_the_limit_is_too_big():
    with tap.folder() as folder:
        path = write(folder, "huge", b'"' + b"x" * (65 << 20) + b'"')
        done = tap.leat("show", "--json", path)
        tap.equal(done.returncode, 65)
        error = json.loads(done.stdout)["error"]
        tap.equal((error["code"], error["line"], error["column"]), ("too-big", 1, 1))
        done = tap.leat("show", path)
        tap.equal(done.returncode, 65)
        tap.contains(done.stderr, "huge.json:1:1: error: ")


@tap.test
def many_documents_may_be_larger_than_the_limit_together():
    with tap.folder() as folder:
        path = write(folder, "many", (b'"' + b"x" * (1 << 20) + b'"\n') * 70)
        done = tap.leat("show", path)
        tap.equal((done.returncode, done.stderr), (0, ""))
        tap.equal(done.stdout.count("\nunknown "), 70)


@tap.test
def a_number_of_any_length_is_left_as_it_is():
    digits = "1" * 500
    done = tap.leat("show", "--json", "-", input='{"n": %s}' % digits)
    tap.equal((done.returncode, done.stderr), (0, ""))
    tap.contains(done.stdout, digits)


# --- files ----------------------------------------------------------------------------------------------

@tap.test
def a_missing_file_exits_66_before_anything_is_shown():
    with tap.folder() as folder:
        write(folder, "good", b"{}")
        for missing in ["missing.json", "missing/", "good.json/x", "*.nothing"]:
            done = tap.leat("show", "good.json", missing, cwd=folder)
            tap.equal((done.returncode, done.stdout), (66, ""), missing)
            tap.contains(done.stderr, f"leat: error: {missing}: ")


@tap.test
def a_folder_without_event_files_exits_66():
    with tap.folder() as folder:
        (pathlib.Path(folder) / "readme.txt").write_text("{}")
        done = tap.leat("show", folder)
        tap.equal((done.returncode, done.stdout), (66, ""))
        tap.contains(done.stderr, "no *.json, *.jsonl or *.ndjson file in it")


@tap.test
def a_file_that_cannot_be_read_exits_66_and_the_others_are_shown():
    with tap.folder() as folder:
        (pathlib.Path(folder) / "1.json").symlink_to("/proc/self/mem")  # nobody can read its first byte
        write(folder, "2", b"{}")
        for options in [[], ["--json"]]:
            done = tap.leat("show", *options, ".", cwd=folder)
            tap.equal(done.returncode, 66)
            tap.equal(done.stderr, "leat: error: ./1.json: Input/output error\n")
            tap.contains(done.stdout, "./2.json")


@tap.test
def a_closed_standard_input_is_an_error_of_reading():
    done = tap.run("sh", "-c", 'exec "$0" show - <&-', tap.BUILD / "leat")
    tap.equal((done.returncode, done.stdout), (66, ""))
    tap.contains(done.stderr, "leat: error: -: ")


# --- output ---------------------------------------------------------------------------------------------

OUTPUTS = [["show", "-"], ["show", "--json", "-"], ["sample", "sqs"], ["help"], ["--version"]]


@tap.test
def a_full_disk_exits_74():
    for arguments in OUTPUTS:
        with open("/dev/full", "w") as full:
            done = tap.leat(*arguments, input='{"a":1}', capture_output=False, stdout=full, stderr=-1)
        tap.equal(done.returncode, 74, arguments)
        tap.equal(done.stderr, "leat: error: cannot write to standard output: No space left on device\n", arguments)


@tap.test
def a_closed_standard_output_exits_74():
    for arguments in OUTPUTS:
        done = tap.run("sh", "-c", 'exec "$0" "$@" >&-', tap.BUILD / "leat", *arguments, input="{}")
        tap.equal(done.returncode, 74, arguments)
        tap.contains(done.stderr, "cannot write to standard output")


@tap.test
def a_reader_that_has_left_exits_74_without_a_word():
    for arguments in OUTPUTS:
        read_end, write_end = os.pipe()
        os.close(read_end)
        try:
            done = tap.leat(*arguments, input="{} " * 20000, capture_output=False, stdout=write_end, stderr=-1)
        finally:
            os.close(write_end)
        tap.equal((done.returncode, done.stderr), (74, ""), arguments)


@tap.test
def a_closed_standard_error_harms_nothing():
    with tap.folder() as folder:
        path = write(folder, "bad", b"{")
        done = tap.run("sh", "-c", 'exec "$0" "$@" 2>&-', tap.BUILD / "leat", "show", path)
        tap.equal(done.returncode, 65)
        tap.equal(path.read_bytes(), b"{", "no message went into the file")


tap.main()
