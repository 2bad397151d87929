# SPDX-License-Identifier: Apache-2.0
"""The functions of the templates, run here: the handler each names is found in its package, and the queries fit the
log lines it writes. Needs no package of PyPI but PyYAML, which Debian has too."""
import functools
import json
import pathlib
import re
import zipfile

import cloudformation
import tap
from cloudformation import Template

EVENTS = {"api": "http-2.0.jsonl", "greet": "calls.jsonl", "index": "direct.json", "orders": "standard.json",
          "project": "changes.json"}
FIELDS = {"timestamp", "level", "message", "requestId", "tenantId", "traceId", "event", "source", "handler",
          "errorType"}  # docs/reference/output.md
REPORT = {"type", "record.metrics.initDurationMs", "record.metrics.durationMs", "record.metrics.maxMemoryUsedMB"}
WORDS = {"fields", "filter", "parse", "stats", "sort", "limit", "as", "by", "in", "desc", "count", "count_distinct",
         "pct", "max", "bin", "1h", "99", "200"}


@functools.lru_cache
def run(name, handler=None):
    """What becomes of the handler's events in the function of its template: (answers, log lines)."""
    template = Template(cloudformation.read(name))
    with tap.folder() as folder:
        package = pathlib.Path(folder, "function.zip")
        with zipfile.ZipFile(package, "w") as archive:
            archive.write(tap.BUILD / "bootstrap", "bootstrap")
            for each in cloudformation.NAMES:  # more than one: it is the template that says which
                archive.write(tap.BUILD / f"handlers/{each}.so", f"{each}.so")
        env = {"_HANDLER": handler or template.value("Function", "Handler"), "LEAT_HANDLER": "",
               "AWS_LAMBDA_LOG_FORMAT": template.value("Function", "LoggingConfig", "LogFormat"),
               "AWS_LAMBDA_LOG_LEVEL": template.value("Function", "LoggingConfig", "ApplicationLogLevel")}
        events = tap.ROOT / "handlers" / name / "events" / EVENTS[name]
        done = tap.leat("replay", "--json", "--bootstrap", package, events, env=env)
    answers = [line["reply"] or line["error"]["type"]
               for line in map(json.loads, done.stdout.splitlines()) if "reply" in line]
    return answers, [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


def expected(name):
    for line in (tap.ROOT / "handlers/demo.expect").read_text().splitlines():
        parts = line.split("\t")
        if parts[0].startswith(EVENTS[name] + "#") and parts[1] in ("reply", "error"):
            yield parts[2]


def without_ids(answers):
    """The API counts its orders, and the expectations are of a run in which it had more of them."""
    return [re.sub(r"A-100[2-9]", "A-new", answer) for answer in answers]


@tap.test
def each_template_names_its_handler():
    for name in cloudformation.NAMES:
        answers, _ = run(name)
        assert answers, name
        tap.equal(without_ids(answers), without_ids(expected(name)), name)


@tap.test
def a_handler_that_is_not_there_is_noticed():
    answers, _ = run("orders", "order.so")
    assert answers != list(expected("orders")), answers


def queries(name):
    return {query: properties["QueryString"]
            for query, properties in Template(cloudformation.read(name)).of_type("AWS::Logs::QueryDefinition")}


def words_of(query):
    """Names that a query uses and does not make itself."""
    bare = re.sub(r'"[^"]*"', " ", query)
    made = set(re.findall(r"\bas ([A-Za-z]+(?:, [A-Za-z]+)*)", bare))
    made = {name for names in made for name in names.split(", ")}
    return set(re.findall(r"@?[A-Za-z0-9_.]+", bare)) - WORDS - made


@tap.test
def queries_use_what_log_lines_have():
    for query, text in queries("orders").items():
        known = REPORT if "platform.report" in text else FIELDS | {"@timestamp"}
        tap.equal(words_of(text) - known, set(), query)
    tap.equal(words_of("fields errorTyp, @timestamp"), {"errorTyp", "@timestamp"})


@tap.test
def queries_find_the_lines_of_failed_events():
    wanted = set(re.findall(r'"(Function\.\w+)"', queries("orders")["FailedEventsQuery"]))
    lines = [line for line in run("orders")[1] if line.get("errorType") in wanted]
    tap.equal([(line["errorType"], line["handler"]) for line in lines],
              [("Function.Retry", "orders"), ("Function.Reject", "orders")])
    for line in lines:
        assert set(line) <= FIELDS and {"event", "message", "requestId"} <= set(line), line


@tap.test
def the_query_for_reasons_takes_messages_apart():
    glob, names = re.search(r'parse message "([^"]*)" as (.*)', queries("orders")["ReasonsQuery"]).groups()
    pattern = "^" + "(.*?)".join(map(re.escape, glob.split("*"))) + "$"
    parts = [dict(zip(names.split(", "), re.match(pattern, line["message"]).groups()))
             for line in run("orders")[1] if "errorType" in line]
    tap.equal([(part["outcome"], part["reason"]) for part in parts],
              [("retry", "database is away (planned)"), ("reject", "body is not JSON")])


tap.main()
