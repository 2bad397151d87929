# SPDX-License-Identifier: Apache-2.0
"""The README's table of payloads is what leat says of its own samples.

`test_readme.py --record` writes it anew.
"""
import json
import sys
import tempfile

import replaying
import tap

README = tap.ROOT / "README.md"
BEGIN, END = "<!-- payloads -->\n", "<!-- /payloads -->\n"
HEAD = "| kind | what | recognised by | becomes | Lambda is told |\n|---|---|---|---|---|\n"


def samples():
    """Kind -> a line of help, in the order of the list."""
    done = tap.must(tap.BUILD / "leat", "sample")
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())


def row(kind, what, folder):
    text = tap.must(tap.BUILD / "leat", "sample", kind).stdout
    path = folder.write(f"{kind}.json", text)
    shown = json.loads(folder.leat("show", "--json", path).stdout)
    tap.equal(shown["kind"], kind)
    types = list(dict.fromkeys(item["event"]["type"] for item in shown["events"]))
    status, lines = folder.lines("--handler", folder.handler("fine"), path)
    tap.equal(status, 0, kind)
    reply = next(line["reply"] for line in lines if "reply" in line)
    becomes = ", ".join(f"`{name}`" for name in types)
    return f"| `{kind}` | {what} | {shown['why']} | {becomes} | `{reply}` |\n"


def table():
    with tempfile.TemporaryDirectory(prefix="leat-readme-") as folder:
        desk = replaying.Desk(folder)
        return HEAD + "".join(row(kind, what, desk) for kind, what in samples().items())


def parts():
    text = README.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:start], text[start:end], text[end:]


@tap.test
def table_of_payloads_says_what_leat_says():
    tap.equal(parts()[1], table())


if "--record" in sys.argv:
    before, _, after = parts()
    README.write_text(before + table() + after)
else:
    tap.main()
