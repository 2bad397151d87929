# SPDX-License-Identifier: Apache-2.0
"""A new trigger is one folder and one word in one list: tried in a copy of the tree."""
import json
import pathlib
import re
import shutil

import tap

NAME = "demo-trigger"


def copy_tree(where):
    for name in tap.tracked_files():
        target = where / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(tap.ROOT / name, target)


def add_trigger(where):
    shutil.copytree(tap.ROOT / "tests/structure" / NAME, where / "triggers" / NAME)
    listed = where / "triggers/meson.build"
    text, count = re.subn(r"^triggers = \[\n", f"triggers = [\n  '{NAME}',\n", listed.read_text(), flags=re.MULTILINE)
    tap.equal(count, 1, "lists of triggers found")
    listed.write_text(text)


@tap.test
def a_trigger_is_a_folder_and_a_word_in_a_list():
    with tap.folder() as temporary:
        where = pathlib.Path(temporary)
        copy_tree(where)
        add_trigger(where)
        tap.must("meson", "setup", where / "build", where, "-Dtests=disabled", "-Dbuildtype=plain")
        tap.must("ninja", "-C", where / "build", "leat")
        leat = where / "build/leat"
        tap.equal(json.loads(tap.must(leat, "sample", NAME).stdout), {"demo": "hello"})
        payload = where / "payload.json"
        payload.write_text('{"demo": "from a file"}')
        shown = json.loads(tap.must(leat, "show", "--json", payload).stdout)
        tap.equal(shown["kind"], NAME)
        tap.equal(shown["events"][0]["event"]["type"], "demo.event")
        tap.equal(shown["events"][0]["event"]["data"], {"demo": "from a file"})


tap.main()
