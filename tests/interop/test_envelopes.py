# SPDX-License-Identifier: Apache-2.0
"""leat's envelopes of recorded payloads are CloudEvents by the letter, and lose nothing of the payload."""
import others
import tap
from envelopes import repeated, wrong
from exact import parse
from payloads import look, no_lines, own, shared
from strict import faults, is_uri_reference

GOOD = {"specversion": "1.0", "id": "1", "source": "/a", "type": "t"}
AGAINST = [
    {"id": ""}, {"type": None}, {"specversion": "1"}, {"Name": "v"}, {"a_b": "v"}, {"a" * 21: "v"}, {"extra": 1},
    {"subject": ""}, {"subject": "a\x00"}, {"subject": "\x85"}, {"subject": "\ufffe"}, {"subject": "\U0001ffff"},
    {"subject": "\ud800"}, {"time": "2024-05-02"}, {"time": "2024-02-30T00:00:00Z"}, {"time": "2024-02-03 00:00:00Z"},
    {"datacontenttype": "json"}, {"data": 1, "data_base64": ""}, {"data_base64": "a"},
]
WITHIN = [
    {"time": "2024-05-02T18:51:44.123456789+02:00"}, {"time": "2016-12-31T23:59:60Z"}, {"data": None},
    {"datacontenttype": 'text/plain; charset="utf-8"'}, {"subject": "\u65e5 \U0001f600"}, {"a" * 20: "v"},
]


def check(payloads):
    count, found = 0, []
    for name, _, records, line in payloads:
        count += len(line.items)
        found += [f"{name}: {text}" for text in repeated(line)]
        found += [f"{name}: {text}" for record, item in zip(records, line.items) for text in wrong(record, item)]
    no_lines(found, "things are wrong")
    return count


@others.test
def our_own_payloads_give_cloudevents_by_the_letter():
    assert check(look(*own())) >= 25


@others.test
def the_shared_payloads_give_cloudevents_by_the_letter():
    assert check(look(*shared())) >= 100


@tap.test
def the_checks_themselves_find_what_is_against_the_rules():
    tap.equal([change for change in AGAINST if not faults({**GOOD, **change})], [])
    tap.equal([change for change in [{}, *WITHIN] if faults({**GOOD, **change})], [])
    for text in ["arn:aws:sqs:eu-west-1:1:q", "kafka://k1:9092/t?a=/", "?", "urn:a", "//h:1", "http://[::1]/%C3%BC#f"]:
        assert is_uri_reference(text), text
    for text in ["a b", "http://<x>/", "%4", "\xfc", "a^", "http://a:b:c/", "{{{"]:
        assert not is_uri_reference(text), text


@tap.test
def numbers_are_compared_by_their_digits():
    assert parse("[1.50]") != parse("[1.5]") and parse("[1e2]") != parse("[100]") and parse("[10]") == parse(" [10 ]")
    assert parse('{"a":1,"b":2}') != parse('{"b":2,"a":1}') and parse('{"a":1,"a":1}') != parse('{"a":1}')


tap.main()
