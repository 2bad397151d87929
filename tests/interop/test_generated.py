# SPDX-License-Identifier: Apache-2.0
"""Views and envelopes of payloads that are generated from a seed; LEAT_SEED=N takes another."""
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
from payloads import no_lines
from kinds import kind_of
from records import records_of

SEED = int(os.environ.get("LEAT_SEED", "20240501"))
COUNT = 400  # of each kind
MAKERS = {"sqs": generate.sqs, "s3": generate.s3, "dynamodb": generate_streams.dynamodb,
          "kinesis": generate_streams.kinesis, "kafka": generate_streams.kafka,
          "cloudevents": generate_streams.cloudevents,
          "apigateway-rest": generate_http.rest, "apigateway-http": generate_http.http,
          "apigateway-websocket": generate_http.websocket, "function-url": generate_http.function_url,
          "alb": generate_http.alb}


def payloads(kind):
    """Their texts: one kind's do not depend on another's."""
    maker = generate.Maker(f"{SEED} {kind}")
    made = [MAKERS[kind](maker) for _ in range(COUNT)] + generate_http.by_hand(maker).get(kind, [])
    return [write(payload, maker.chance(50)) for payload in made]


def shown(texts):
    with tap.folder() as folder:
        pathlib.Path(folder, "made.jsonl").write_text("\n".join(texts) + "\n")
        return show("made.jsonl", cwd=folder)


def check(kind, faults):
    """All payloads of a kind; `faults(record, item)` says what is wrong, a line each. Returns the number of events."""
    texts, count, found = payloads(kind), 0, []
    for text, line in zip(texts, shown(texts), strict=True):
        document = parse(text)
        records = records_of(kind_of(document), document)
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
            for line, text in zip(shown(payloads(kind)[:COUNT]), payloads(kind)):
                payload = plain(parse(text))
                if payload.get("version") == "2.0":
                    tap.equal(joined(line.items[0].view["query"]), payload.get("queryStringParameters", {}), text)


@others.test
def every_difference_that_was_decided_is_met():
    wanted = {item.name for item in DIFFERENCES if set(item.kinds) & set(others.triggers())}
    tap.equal(sorted(wanted - met), [])


tap.main()
