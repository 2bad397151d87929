# SPDX-License-Identifier: Apache-2.0
"""Views and envelopes of payloads that are generated from a seed; LEAT_SEED=N takes another."""
import functools
import os
import pathlib

import generate
import generate_http
import generate_streams
import others
import tap
from compare import differing
from differences import DIFFERENCES, joined, met
from envelopes import repeated, wrong
from exact import parse, plain, show, write
from kinds import kind_of
from payloads import no_lines
from records import records_of

SEED = int(os.environ.get("LEAT_SEED", "20240501"))
COUNT = 400  # of each kind
MAKERS = {"sqs": generate.sqs, "s3": generate.s3, "dynamodb": generate_streams.dynamodb,
          "kinesis": generate_streams.kinesis, "kafka": generate_streams.kafka,
          "cloudevents": generate_streams.cloudevents,
          "apigateway-rest": generate_http.rest, "apigateway-http": generate_http.http,
          "apigateway-websocket": generate_http.websocket, "function-url": generate_http.function_url,
          "alb": generate_http.alb}


@functools.cache
def looked_at(kind):
    """(text, document, its records, what is shown of it) of each payload; one kind's do not depend on another's."""
    maker = generate.Maker(f"{SEED} {kind}")
    made = [MAKERS[kind](maker) for _ in range(COUNT)] + generate_http.by_hand(maker).get(kind, [])
    texts = [write(payload, maker.chance(50)) for payload in made]
    with tap.folder() as folder:
        pathlib.Path(folder, "made.jsonl").write_text("\n".join(texts) + "\n")
        lines = show("made.jsonl", cwd=folder)
    documents = [parse(text) for text in texts]
    return [(text, document, records_of(kind_of(document), document), line)
            for text, document, line in zip(texts, documents, lines, strict=True)]


def check(kind, faults):
    """All payloads of a kind; `faults(record, item)` says what is wrong, a line each. Returns the number of events."""
    count, found = 0, []
    for text, document, records, line in looked_at(kind):
        count += len(records)
        found += [f"{fault}\n  of {ascii(text):.1200}" for fault in line_faults(document, records, line, faults)]
    no_lines(found, f"faults with seed {SEED}")
    return count


def line_faults(document, records, line, faults):
    found = repeated(line)
    if line.value.get("kind") != kind_of(document) or len(line.items) != len(records):
        return [f"{kind_of(document)} with {len(records)} records is shown as {line.value}"[:300]]
    for record, item in zip(records, line.items):
        error = item.value.get("error")
        found += [error["message"]] if error else faults(record, item)
    return found


def test_kind(kind):
    def views():
        others.need_trigger(kind)
        assert check(kind, differing) >= COUNT

    def envelopes():
        others.need_trigger(kind)
        assert check(kind, wrong) >= COUNT

    name = kind.replace("-", "_")
    views.__name__ = f"generated_{name}_payloads_have_the_view_that_libraries_have"
    envelopes.__name__ = f"generated_{name}_payloads_give_cloudevents_by_the_letter"
    others.test(views)
    others.test(envelopes)


print(f"# LEAT_SEED={SEED}")
for made in MAKERS:
    test_kind(made)


@others.test
def format_2_joins_with_commas_what_the_view_tells_apart():
    for kind in ["apigateway-http", "function-url"]:
        if kind in others.triggers():
            for text, document, _, line in looked_at(kind)[:COUNT]:  # without those written by hand
                payload = plain(document)
                if payload.get("version") == "2.0":
                    tap.equal(joined(line.items[0].view["query"]), payload.get("queryStringParameters", {}), text)


@others.test
def every_difference_that_was_decided_is_met():
    wanted = {item.name for item in DIFFERENCES if set(item.kinds) & set(others.triggers())}
    tap.equal(sorted(wanted - met), [])


tap.main()
