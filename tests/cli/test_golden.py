# SPDX-License-Identifier: Apache-2.0
"""What decode makes of each payload, against golden lines: attributes and digests, never a payload.

`test_golden.py --record` writes the lines anew; read the difference before it is kept. One line an event, tabs
between: file (#n: not the first document), kind, id, source, type, subject, time, datacontenttype, extensions,
digest of data, digest of the view. A payload without events has one line that says so.
"""
import glob
import hashlib
import json
import os
import pathlib
import sys

import tap

GOLDEN = tap.ROOT / "tests/golden"
ATTRIBUTES = ["id", "source", "type", "subject", "time", "datacontenttype"]
NOT_EXTENSIONS = {*ATTRIBUTES, "specversion", "data", "data_base64"}
OURS = ["triggers/*/sample.json", "handlers/*/events/*.json*"]
HEAD = "# tests/cli/test_golden.py --record: file kind id source type subject time datacontenttype extensions data view\n"


def digest(value):
    """Of a JSON value as it prints, its numbers with all their digits."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def member_digest(holder, *names):
    """Of the one of these members that is there, with its name, as data and data_base64 are not the same."""
    for name in names:
        if name in holder:
            return digest([name, holder[name]])
    return "-"


def cell(text):
    assert "\t" not in text and "\n" not in text, text
    return text or "-"


def event_line(item):
    if "error" in item:
        return ["broken", cell(item["error"]["message"])]
    event = item["event"]
    extensions = [f"{name}={event[name]}" for name in sorted(event) if name not in NOT_EXTENSIONS]
    return [*(cell(event.get(name, "")) for name in ATTRIBUTES), cell(" ".join(extensions)),
            member_digest(event, "data", "data_base64"), member_digest(item, "view")]


def lines_of(folder, names):
    """What `leat show --json` says of the files, as golden lines."""
    done = tap.leat("show", "--json", *names, cwd=folder)
    tap.equal((done.returncode, done.stderr), (0, ""))
    for text in done.stdout.splitlines():
        # No double in between: a digit that is lost must change the digest.
        shown = json.loads(text, parse_int=lambda digits: "number " + digits, parse_float=lambda digits: "number " + digits)
        document = shown["document"].removeprefix("number ")
        start = [shown["file"] + (f"#{document}" if document != "1" else ""), shown["kind"]]
        for item in shown["events"] or [None]:
            yield "\t".join([*start, *(event_line(item) if item else ["no event"])])


def kinds():
    """The triggers this leat has, but what no adapter claims."""
    return [name for name in sorted(os.listdir(tap.ROOT / "triggers"))
            if name != "unknown" and (tap.ROOT / "triggers" / name / "adapter.c").exists()]


def shared_lines():
    names = [f"{folder}/{file.name}" for folder in kinds()
             for file in sorted(pathlib.Path(tap.EVENTS, folder).glob("*"))]
    return list(lines_of(tap.EVENTS, names))


def own_lines():
    names = sorted(name for pattern in OURS for name in glob.glob(pattern, root_dir=tap.ROOT))
    return list(lines_of(tap.ROOT, names))


def compare(file, got):
    wanted = [line for line in (GOLDEN / file).read_text().splitlines() if not line.startswith("#")]
    differences = [f"- {line}" for line in wanted if line not in got] + [f"+ {line}" for line in got if line not in wanted]
    assert got == wanted, "\n".join([f"{len(differences)} lines of {file} differ", *differences[:20]])


def need_events():
    if not tap.EVENTS:
        raise tap.Skip("LEAT_EVENTS names no folder of recorded payloads")


@tap.test
def our_own_payloads_decode_as_recorded():
    compare("own.tsv", own_lines())


@tap.test
def shared_payloads_decode_as_recorded():
    need_events()
    compare("shared.tsv", shared_lines())


@tap.test
def no_shared_record_is_broken():
    need_events()
    tap.equal([line for line in shared_lines() if "\tbroken\t" in line], [])


@tap.test
def shared_payloads_are_of_the_kind_their_folder_says():
    """But for format 1.0, which HTTP APIs send and REST APIs do not."""
    need_events()
    for line in shared_lines():
        file, kind = line.split("\t")[:2]
        folder = file.split("/")[0]
        first = json.loads(pathlib.Path(tap.EVENTS, file.split("#")[0]).read_text(encoding="utf-8-sig"))
        wanted = "apigateway-http" if folder == "apigateway-rest" and first.get("version") == "1.0" else folder
        tap.equal(kind, wanted, file)


@tap.test
def what_has_no_adapter_is_unknown():
    need_events()
    folders = [name for name in sorted(os.listdir(tap.EVENTS))
               if name not in kinds() and os.path.isdir(os.path.join(tap.EVENTS, name))]
    assert "other-not-tier1" in folders and "responses" in folders, folders
    done = tap.leat("show", "--json", *folders, cwd=tap.EVENTS)
    tap.equal((done.returncode, done.stderr), (0, ""))
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(shown) >= 21, len(shown)
    tap.equal([(line["file"], line["kind"]) for line in shown if line["kind"] != "unknown"], [])


if "--record" in sys.argv:
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "own.tsv").write_text(HEAD + "\n".join(own_lines()) + "\n")
    if tap.EVENTS:
        (GOLDEN / "shared.tsv").write_text(HEAD + "\n".join(shared_lines()) + "\n")
else:
    tap.main()
