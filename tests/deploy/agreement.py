# SPDX-License-Identifier: Apache-2.0
"""Where a serverless.yml says other than the SAM template beside it."""
import json

from cloudformation import Template

EVENTS = {  # the framework's name of an event: SAM's, and the properties that both have
    "sqs": ("SQS", {"arn": "Queue", "batchSize": "BatchSize", "maximumBatchingWindow": "MaximumBatchingWindowInSeconds",
                    "functionResponseType": "FunctionResponseTypes", "maximumConcurrency": "ScalingConfig"}),
    "stream": ("DynamoDB", {"arn": "Stream", "batchSize": "BatchSize", "batchWindow": "MaximumBatchingWindowInSeconds",
                            "functionResponseType": "FunctionResponseTypes", "startingPosition": "StartingPosition",
                            "bisectBatchOnFunctionError": "BisectBatchOnFunctionError",
                            "maximumRetryAttempts": "MaximumRetryAttempts",
                            "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
                            "destinations": "DestinationConfig"}),
    "s3": ("S3", {"event": "Events"}),
    "httpApi": ("HttpApi", {"method": "Method", "path": "Path"}),
    "schedule": ("ScheduleV2", {"rate": "ScheduleExpression", "input": "Input"}),
}


def plain(key, value):
    """A property of either side in one form."""
    if key == "FunctionResponseTypes" and isinstance(value, str):
        return [value]
    if key == "ScalingConfig" and isinstance(value, dict):
        return value["MaximumConcurrency"]
    if key == "DestinationConfig" and isinstance(value, dict):
        on_failure = value.get("OnFailure") or value.get("onFailure")
        return Template.target(on_failure.get("Destination") or on_failure.get("arn"))
    if key == "ScheduleExpression" and isinstance(value, list):
        return value[0] if len(value) == 1 else value
    if key == "Input" and isinstance(value, str):
        return json.loads(value)
    return value


def of_function(template, document, function):
    """(what, SAM's, the framework's)"""
    sam = template.value("Function")
    provider, asynchronous = document["provider"], sam.get("EventInvokeConfig", {})
    yield "runtime", sam["Runtime"], provider.get("runtime")
    yield "architecture", sam["Architectures"], [provider.get("architecture")]
    yield "package", sam["CodeUri"], document["package"].get("artifact")
    yield "handler", sam["Handler"], function.get("handler")
    yield "memory", sam["MemorySize"], function.get("memorySize")
    yield "timeout", sam["Timeout"], function.get("timeout")
    yield "reserved", sam["ReservedConcurrentExecutions"], function.get("reservedConcurrency")
    yield "tracing", sam["Tracing"] == "Active", provider.get("tracing", {}).get("lambda")
    yield "logs", template.value("Logs", "RetentionInDays"), provider.get("logRetentionInDays")
    yield ("provisioned", sam.get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions"),
           function.get("provisionedConcurrency"))
    yield "retries", asynchronous.get("MaximumRetryAttempts"), function.get("maximumRetryAttempts")
    yield "age", asynchronous.get("MaximumEventAgeInSeconds"), function.get("maximumEventAge")
    yield ("destination", plain("DestinationConfig", asynchronous.get("DestinationConfig")),
           plain("DestinationConfig", function.get("destinations")))


def of_events(template, events):
    ours = []
    for event in template.value("Function", "Events").values():
        keys = next((keys for kind, keys in EVENTS.values() if kind == event["Type"]), {})
        each = {key: plain(key, event["Properties"].get(key)) for key in keys.values()}
        if event["Type"] == "S3":  # the framework takes one event at a time
            ours += [(event["Type"], {"Events": one}) for one in each["Events"]]
        else:
            ours.append((event["Type"], each))
    theirs = []
    for name, event in events:
        kind, keys = EVENTS.get(name, (name, {}))
        theirs.append((kind, {key: plain(key, event.get(own)) for own, key in keys.items()}))
    if len(ours) != len(theirs):
        yield "number of events", len(ours), len(theirs)
    for (kind, our), (their_kind, their) in zip(sorted(ours, key=str), sorted(theirs, key=str)):
        yield "kind of event", kind, their_kind
        for key in our:
            yield f"{kind} {key}", our[key], their.get(key)


def of_resources(template, other):
    for name, properties in other.of_type("AWS::SQS::Queue", "AWS::DynamoDB::Table"):
        yield name, template.value(name), properties
    for name, _ in template.of_type("AWS::SQS::Queue", "AWS::DynamoDB::Table"):
        if name not in other.resources:
            yield name, "is there", "is not"


def disagreements(template, document, function, events, other):
    for part in [of_function(template, document, function), of_events(template, events), of_resources(template, other)]:
        for what, ours, theirs in part:
            if ours != theirs:
                yield f"{what}: SAM {ours!r}, serverless {theirs!r}"
