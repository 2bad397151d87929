# SPDX-License-Identifier: Apache-2.0
"""triggers/generate.py: a sample.ids becomes a row of the table, and a wrong one is a build error that says where."""
import json
import pathlib
import sys

import tap

SAMPLE = {"Records": [{"id": "a-1", "n": 7, "at": 1.5, "on": True}, {"id": "a-2", "in": {"a/b": "x"}}], "empty": []}


def generated(ids, sample=SAMPLE):
    """Runs it on one trigger: what it wrote, and its message."""
    with tap.folder() as temporary:
        folder, output = pathlib.Path(temporary) / "demo", pathlib.Path(temporary) / "triggers.c"
        folder.mkdir()
        (folder / "sample.json").write_text(json.dumps(sample))
        if ids is not None:
            (folder / "sample.ids").write_text(ids)
        done = tap.run(sys.executable, tap.ROOT / "triggers/generate.py", output, temporary, "", "demo")
        return (output.read_text() if output.exists() else None), done.stderr


@tap.test
def its_lines_are_in_the_table():
    text, _ = generated("/Records\n/id\n/n\n/in/a~1b\n")
    tap.contains(text, 'ids_demo[] = {"/id", "/n", "/in/a~1b", NULL};')
    tap.contains(text, 'sizeof(sample_demo) - 1, "/Records", ids_demo},')


@tap.test
def a_sample_without_one_is_one_event():
    text, _ = generated(None)
    tap.contains(text, "sizeof(sample_demo) - 1, NULL, NULL},")


@tap.test
def a_line_that_leads_nowhere_is_an_error_with_its_number():
    for ids, said in [
            ("", "sample.ids:1: no array"), ("/nope\n/id\n", ":1: no array"), ("/empty\n/id\n", ":1: no array"),
            ("/Records/0\n/id\n", ":1: no array"), ("Records\n/id\n", ":1: a line is a JSON Pointer"),
            ("/Records\n\n/id\n", ":2: a line is a JSON Pointer"), ("/Records\n/id \n", ":2: a line is a JSON"),
            ("/Records\n/id\n/at\n", ":3: /at is neither text nor a whole number"),
            ("/Records\n/on\n", ":2: /on is"), ("/Records\n/in\n", ":2: /in is neither"),
            ("/Records\n", "nothing of it is in record 0"), ("/Records\n/n\n", "nothing of it is in record 1")]:
        text, message = generated(ids)
        tap.equal(text, None, ids)
        tap.contains(message, said)


tap.main()
