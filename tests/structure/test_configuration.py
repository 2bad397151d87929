# SPDX-License-Identifier: Apache-2.0
"""The reference page and the JSON Schema of the configuration are what the tables of options say.

`test_configuration.py --record` writes both anew.
"""
import json
import re
import sys

import tap

PAGE = tap.ROOT / "docs/reference/configuration.md"
SCHEMA = tap.ROOT / "config/leat.schema.json"
PARTS = ["options", "sources", "sinks"]  # as `describe` calls them, and the marks of the page


def described(form):
    return tap.must(tap.BUILD / "describe", form).stdout


def parts(text, part):
    """What stands before a generated part, the part, and what stands behind it."""
    begin, end = f"<!-- {part} -->\n", f"<!-- /{part} -->\n"
    start, stop = text.index(begin) + len(begin), text.index(end)
    return text[:start], text[start:stop], text[stop:]


def keys():
    """Every option of the help."""
    listed = tap.must(tap.BUILD / "leat", "help", "check").stdout.split("or in a file:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\S+)  ", listed, re.MULTILINE)


def names(properties):
    found = []
    for name, about in properties.items():
        found += [f"{name}.{member}" for member in about["properties"]] if "properties" in about else [name]
    return found


def listed(part):
    return re.findall(r"^\| `([\w.]+)` \|", parts(PAGE.read_text(), part)[1], re.MULTILINE)


@tap.test
def the_page_has_the_tables():
    for part in PARTS:
        tap.equal(parts(PAGE.read_text(), part)[1], described(part), part)


@tap.test
def the_schema_is_current():
    tap.equal(SCHEMA.read_text(), described("schema"))


@tap.test
def page_schema_and_help_have_the_same_options():
    schema = json.loads(SCHEMA.read_text())
    tap.equal(schema["additionalProperties"], False)
    entries = {name: schema["properties"].pop(name) for name in ["sources", "sinks"]}
    found = names(schema["properties"])
    tap.equal(found, keys())
    tap.equal(listed("options"), found)
    for name, about in entries.items():
        entry = about["additionalProperties"]
        tap.equal(entry["required"], ["type"])
        found = names(entry["properties"])
        for addition in entry.get("allOf", []):
            assert addition["then"]["additionalProperties"] is False
            properties = addition["then"]["properties"]
            tap.equal({key for key, schema in properties.items() if schema is True}, set(entry["properties"]))
            found += names({key: schema for key, schema in properties.items() if schema is not True})
        tap.equal(listed(name), found)


@tap.test
def the_patterns_of_the_schema_take_the_defaults_and_what_is_put_in():
    def options(properties):
        for about in properties.values():
            yield from options(about["properties"]) if "properties" in about else [about]
    tried = 0
    properties = json.loads(SCHEMA.read_text())["properties"]
    entries = [properties.pop(name)["additionalProperties"]["properties"] for name in ["sources", "sinks"]]
    for about in [about for each in [properties, *entries] for about in options(each)]:
        if "pattern" not in about:
            continue
        default = about.get("default", "${NAME}")
        text = str(default).lower() if isinstance(default, bool) else str(default)
        for good in [text, "${NAME}", "${secret:a#/b}"]:
            assert re.search(about["pattern"], good), (about, good)
        for bad in ["", "soon", "5 minutes", "yes"]:
            assert not re.search(about["pattern"], bad), (about, bad)
        tried += 1
    assert tried >= 20, tried


if "--record" in sys.argv:
    for part in PARTS:
        before, _, after = parts(PAGE.read_text(), part)
        PAGE.write_text(before + described(part) + after)
    SCHEMA.write_text(described("schema"))
else:
    tap.main()
