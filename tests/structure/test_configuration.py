# SPDX-License-Identifier: Apache-2.0
"""The reference page and the JSON Schema of the configuration are what the table of options says.

`test_configuration.py --record` writes both anew.
"""
import json
import re
import sys

import tap

PAGE = tap.ROOT / "docs/reference/configuration.md"
SCHEMA = tap.ROOT / "config/leat.schema.json"
BEGIN, END = "<!-- options -->\n", "<!-- /options -->\n"


def described(form):
    return tap.must(tap.BUILD / "describe", form).stdout


def parts():
    text = PAGE.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:start], text[start:end], text[end:]


def keys():
    """Every option of the help."""
    listed = tap.must(tap.BUILD / "leat", "help", "check").stdout.split("or in a file:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\S+)  ", listed, re.MULTILINE)


@tap.test
def the_page_has_the_table():
    tap.equal(parts()[1], described("markdown"))


@tap.test
def the_schema_is_current():
    tap.equal(SCHEMA.read_text(), described("schema"))


@tap.test
def page_schema_and_help_have_the_same_options():
    schema = json.loads(SCHEMA.read_text())
    tap.equal(schema["additionalProperties"], False)
    found = []
    for name, about in schema["properties"].items():
        found += [f"{name}.{member}" for member in about["properties"]] if "properties" in about else [name]
    tap.equal(found, keys())
    tap.equal(re.findall(r"^\| `([\w.]+)` \|", parts()[1], re.MULTILINE), found)


@tap.test
def the_patterns_of_the_schema_take_the_defaults_and_what_is_put_in():
    def options(properties):
        for about in properties.values():
            yield from options(about["properties"]) if "properties" in about else [about]
    tried = 0
    for about in options(json.loads(SCHEMA.read_text())["properties"]):
        if "pattern" not in about:
            continue
        default = about["default"]
        text = str(default).lower() if isinstance(default, bool) else default
        for good in [text, "${NAME}", "${secret:a#/b}"]:
            assert re.search(about["pattern"], good), (about, good)
        for bad in ["", "soon", "5 minutes", "yes"]:
            assert not re.search(about["pattern"], bad), (about, bad)
        tried += 1
    assert tried >= 10, tried


if "--record" in sys.argv:
    before, _, after = parts()
    PAGE.write_text(before + described("markdown") + after)
    SCHEMA.write_text(described("schema"))
else:
    tap.main()
