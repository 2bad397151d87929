# SPDX-License-Identifier: Apache-2.0
"""docs/lambda.md: what it names is there, and what it does on the desk works."""
import json
import pathlib
import re

import cloudformation
import rules
import tap
from cloudformation import Template

GUIDE = (tap.ROOT / "docs/lambda.md").read_text()
LETTER = {"Messages": [{  # as `aws sqs receive-message` prints what lies in a dead-letter queue
    "MessageId": "6f1c2e9d-8a47-4b30-9d15-2c7e0b8f4a63", "ReceiptHandle": "AQEBtwoCups", "Body": "two cups, please",
    "Attributes": {"ApproximateReceiveCount": "6", "SentTimestamp": "1716450903118",
                   "ApproximateFirstReceiveTimestamp": "1716450903127",
                   "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:123456789012:hello-Queue"}}]}
SHELL = {"PATH": f"{tap.BUILD}:/usr/bin:/bin", "PKG_CONFIG_PATH": str(tap.BUILD / "meson-uninstalled")}


def documents():
    return {name: cloudformation.read(name) for name in cloudformation.NAMES}


def rows(heading):
    """The first cells of the table below a heading of the table, without the marks of code."""
    table = GUIDE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [re.findall(r"`([A-Za-z]+)`", line.split("|")[1]) for line in table]


@tap.test
def all_parameters_are_explained_with_their_defaults():
    defaults = {key: parameter["Default"] for document in documents().values()
                for key, parameter in document["Parameters"].items() if key != "MaximumConcurrency"}
    told = rows("parameter")
    tap.equal(sorted(name for [name] in told), sorted([*defaults, "MaximumConcurrency"]))
    for name, default in defaults.items():
        cell = re.search(rf"^\| `{name}` \| (.*?) \|", GUIDE, re.MULTILINE)[1]
        tap.contains(cell, str(default) if default != "" else "none")


@tap.test
def all_alarms_are_explained():
    alarms = {key for document in documents().values() for key, resource in document["Resources"].items()
              if resource["Type"] == "AWS::CloudWatch::Alarm"}
    tap.equal({name for names in rows("alarm") for name in names}, alarms)


@tap.test
def outputs_and_queries_are_there():
    outputs = {name: set(document["Outputs"]) for name, document in documents().items()}
    asked = set(re.findall(r"\$\(out (\w+)\)", GUIDE))
    assert asked, "the guide asks for outputs"
    for name in asked:
        where = "project" if name == "StreamArn" else "orders"
        assert name in outputs[where], f"{where} has no output {name}"
    names = [properties["Name"]["Fn::Sub"].split("/", 1)[1] for _, properties
             in Template(documents()["orders"]).of_type("AWS::Logs::QueryDefinition")]
    for name in names:
        tap.contains(GUIDE, f"*{name}*")


@tap.test
def the_numbers_are_those_of_the_template():
    template = Template(documents()["orders"])
    [(_, function)] = rules.functions(template)
    queue = template.value("Queue")
    tap.contains(GUIDE, f"rejected five times, {queue['VisibilityTimeout']} seconds apart")
    tap.equal(queue["RedrivePolicy"]["maxReceiveCount"], 5)
    [(_, alarm)] = rules.alarms(template, "ApproximateAgeOfOldestMessage", QueueName="Queue")
    assert alarm["Threshold"] > 5 * queue["VisibilityTimeout"], "one failing message is no backlog"
    assert function["Timeout"] > 25, "the guide proposes a timeout of 25s"
    tap.contains(GUIDE, "at 128 MB a fourteenth")


@tap.test
def a_letter_of_the_dead_letter_queue_fails_on_the_desk_and_is_mended():
    with tap.folder() as folder:
        tap.equal(tap.leat("new", "--lambda", "hello", cwd=folder).returncode, 0)
        home = pathlib.Path(folder, "hello")
        (home / "bad.json").write_text(json.dumps(LETTER))
        tap.must("make", "test", cwd=home, env=SHELL)
        tap.contains(GUIDE, tap.leat("show", "bad.json", cwd=home).stdout.splitlines()[0])
        for arguments in [["bad.json"], ["--only", "6f1c", "bad.json"]]:
            done = tap.leat("replay", "--handler", "./hello.so", *arguments, cwd=home)
            tap.equal(done.returncode, 1)
            tap.contains(done.stdout, "body is not JSON")
        mend(home)


def mend(home):
    """The lines of the guide behind "Mend the handler", from its text."""
    source = home / "hello.c"
    text = source.read_text()
    mended = text.replace('return leat_reject(ctx, "body is not JSON");', "return leat_ok(ctx);")
    assert mended != text
    source.write_text(mended)
    lines = re.findall(r"^    \$ (.*(?:--record|--expect) events/all\.expect.*)$", GUIDE, re.MULTILINE)
    tap.equal(len(lines), 2)
    for line in lines:
        done = tap.must("sh", "-c", line, cwd=home, env=SHELL)
    tap.contains(done.stdout, "2 events: 2 ok, as expected")


def left_by_a_function(name, event):
    """What `aws sqs receive-message` prints of an event that an asynchronous function failed on."""
    record = {"version": "1.0", "timestamp": "2024-05-02T18:51:44.007Z", "requestPayload": event,
              "requestContext": {"requestId": "8f5e", "condition": "RetriesExhausted", "approximateInvokeCount": 3,
                                 "functionArn": f"arn:aws:lambda:eu-west-1:123456789012:function:{name}:$LATEST"},
              "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
              "responsePayload": {"errorType": "Function.Retry", "errorMessage": "not today"}}
    return {"Messages": [{"MessageId": "7a2d", "ReceiptHandle": "AQEB", "Body": json.dumps(record),
                          "Attributes": {"SentTimestamp": "1716450903118"}}]}


@tap.test
def what_an_asynchronous_function_left_runs_on_the_desk():
    event = json.loads((tap.ROOT / "handlers/index/events/direct.json").read_text())
    with tap.folder() as folder:
        pathlib.Path(folder, "bad.json").write_text(json.dumps(left_by_a_function("index", event)))
        done = tap.leat("replay", "--handler", tap.BUILD / "handlers/index.so", "bad.json", cwd=folder)
        tap.equal(done.returncode, 0, done.stdout + done.stderr)
        tap.contains(done.stdout, "Lambda would be told null")


@tap.test
def so_does_what_a_schedule_called_with():
    letter = left_by_a_function("greet", {"name": "world"})
    with tap.folder() as folder:  # what jq takes out of the letter
        event = json.loads(letter["Messages"][0]["Body"])["requestPayload"]
        pathlib.Path(folder, "event.json").write_text(json.dumps(event))
        done = tap.leat("replay", "--handler", tap.BUILD / "handlers/greet.so", "event.json", cwd=folder)
        tap.equal(done.returncode, 0, done.stdout + done.stderr)
        tap.contains(done.stdout, '{"greeting":"hello world"}')


tap.main()
