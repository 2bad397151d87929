# SPDX-License-Identifier: Apache-2.0
"""Patterns and events that are made at random: what leat lets through and what LocalStack's matcher does.

Left out is where the two differ by design: LocalStack lets members of an object match in different elements of an array,
a star stand for one byte or more, 300 equal 300.0 and true equal 1, takes a dot in a name for a step, and of two tests
of one field, one of them in "$or", forgets the first.
"""
import contextlib
import json
import os
import pathlib
import random
import sys
import types

import replaying
import tap

TEXTS = ["", "mill", "Mill", "mill.png", "MILL.PNG", "eu-west-1", "10.0.0.7", "10.1.0.7", "2001:db8::7", "a-lib-b"]
NUMBERS = [0, 1, -1, 5, 5.5, 100, -2.25, 4999999999]
NAMES = ["a", "b", "c"]


@contextlib.contextmanager
def stand_ins():
    """Its module wants one exception of a package that wants half of PyPI."""
    names = ["localstack.aws", "localstack.aws.api", "localstack.aws.api.events"]
    made = {name: types.ModuleType(name) for name in names}
    made[names[-1]].InvalidEventPatternException = ValueError
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def matcher():
    try:
        with stand_ins():
            from localstack.services.events.event_rule_engine import EventPatternCompiler, EventRuleEngine
    except ImportError as error:
        raise tap.Skip(f"service: the packages of tests/interop/alone.txt ({error.name} is not there)") from None
    compiler, engine = EventPatternCompiler(), EventRuleEngine()
    return lambda pattern, event: engine.evaluate_pattern_on_event(compiler.compile_event_pattern(pattern), event)


class Maker:
    def __init__(self):
        self.random = random.Random(int(os.environ.get("LEAT_SEED", "1")))

    def leaf(self):
        return self.random.choice([*TEXTS, *NUMBERS, None])

    def event(self, depth=2):
        event = {}
        for name in self.random.sample(NAMES, self.random.randint(1, len(NAMES))):
            kind = self.random.random()
            if depth and kind < 0.4:
                event[name] = self.event(depth - 1)
            elif kind < 0.6:
                event[name] = [self.leaf() for _ in range(self.random.randint(1, 3))]
            else:
                event[name] = self.leaf()
        return event

    def numeric(self):
        low, high = sorted(self.random.sample(NUMBERS, 2))
        return {"numeric": self.random.choice([
            ["=", low], ["<", high], ["<=", high], [">", low], [">=", low], [">", low, "<", high],
            [">=", low, "<=", high], [">", low, "<=", high]])}

    def anything_but(self):
        texts, part = self.random.sample(TEXTS, 2), self.random.choice(["mi", "eu", "7", "g"])
        return {"anything-but": self.random.choice([
            texts, texts[0], self.random.sample(NUMBERS, 2), self.random.choice(NUMBERS), {"prefix": part},
            {"suffix": part}, {"suffix": ["png", part]}, {"equals-ignore-case": "mill.PNG"}, {"wildcard": "*-lib-*"}])}

    def test(self):
        part = self.random.choice(["m", "mill", "eu-", "10.", "7", "png"])
        return self.random.choice([
            self.leaf(), self.leaf(), {"prefix": part}, {"suffix": part}, {"exists": self.random.random() < 0.5},
            {"equals-ignore-case": self.random.choice(["mILL", "mill.PNG", "x"])},
            {"cidr": self.random.choice(["10.0.0.0/16", "10.0.0.0/8", "2001:db8::/32", "2001:db9::/32"])},
            {"wildcard": self.random.choice(["m*.png", "*-west-*", "a*b", "mill"])}, self.numeric(), self.anything_but()])

    def tests_of(self, name):
        return {name: [self.test() for _ in range(self.random.randint(1, 2))]}

    def pattern(self, depth=2):
        pattern, names = {}, self.random.sample(NAMES, len(NAMES))
        for name in names[:self.random.choice([1, 1, 2])]:
            if depth and self.random.random() < 0.2:
                pattern[name] = self.pattern(depth - 1)
            else:
                pattern |= self.tests_of(name)
        if self.random.random() < 0.3:
            pattern["$or"] = [self.tests_of(names[2]) for _ in range(2)]
        return pattern


def let_through(folder, pattern, events):
    """The numbers of the events that ran."""
    folder = pathlib.Path(folder)
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "pattern.json").write_text(json.dumps(pattern))
    lines = tap.must(tap.BUILD / "leat", "replay", "--json", "--handler", replaying.handler("fine"), "--filter",
                     f"@{folder / 'pattern.json'}", folder / "events.jsonl").stdout.splitlines()
    values = [json.loads(line) for line in lines]
    return {value["document"] - 1 for value in values if "outcome" in value}


@tap.test
def leat_lets_through_what_localstack_does():
    matches, maker, both = matcher(), Maker(), [0, 0]
    with tap.folder() as folder:
        for _ in range(200):
            pattern, events = maker.pattern(), [maker.event() for _ in range(40)]
            ours, theirs = let_through(folder, pattern, events), {i for i, event in enumerate(events)
                                                                 if matches(pattern, event)}
            for i in ours ^ theirs:
                who = "leat" if i in ours else "LocalStack"
                raise AssertionError(f"only {who} lets {json.dumps(events[i])} through {json.dumps(pattern)}")
            both = [both[0] + len(ours), both[1] + len(events) - len(ours)]
    assert min(both) > 200, f"{both[0]} let through, {both[1]} held back: too few of one kind to tell"


tap.main()
