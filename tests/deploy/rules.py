# SPDX-License-Identifier: Apache-2.0
"""What a template of leat's must hold, and cfn-lint and sam validate do not look at: RULES, by name.

A rule takes a Template and the name of its handler, and yields what is wrong, a line each.
"""
import re

from cloudformation import Template

RULES = {}
EVENTS = {  # SAM's events: their properties, and what the handler must accept
    "SQS": ("sqs", "Queue BatchSize Enabled FilterCriteria FunctionResponseTypes KmsKeyArn "
                   "MaximumBatchingWindowInSeconds MetricsConfig ProvisionedPollerConfig ScalingConfig"),
    "S3": ("s3", "Bucket Events Filter"),
    "HttpApi": ("apigateway-http", "ApiId Auth Method Path PayloadFormatVersion RouteSettings TimeoutInMillis"),
    "DynamoDB": ("dynamodb", "Stream BatchSize BisectBatchOnFunctionError DestinationConfig Enabled FilterCriteria "
                             "FunctionResponseTypes KmsKeyArn MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds "
                             "MaximumRetryAttempts MetricsConfig ParallelizationFactor StartingPosition "
                             "StartingPositionTimestamp TumblingWindowInSeconds"),
    "ScheduleV2": ("unknown", "DeadLetterConfig Description EndDate FlexibleTimeWindow GroupName Input KmsKeyArn Name "
                              "OmitName PermissionsBoundary RetryPolicy RoleArn ScheduleExpression "
                              "ScheduleExpressionTimezone StartDate State"),
}
BATCHES, ASYNCHRONOUS = ("SQS", "DynamoDB"), ("S3", "ScheduleV2")
POLLING = {
    "SQS": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
    "DynamoDB": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"},
}
SOURCE = {"SQS": "Queue", "DynamoDB": "Stream"}
WITHOUT_RESOURCES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}  # IAM has nothing to name for these


def rule(function):
    RULES[function.__name__] = function
    return function


def as_list(value):
    return value if isinstance(value, list) else [value]


def functions(template):
    return template.of_type("AWS::Serverless::Function")


def events(template):
    """(logical id of the function, its properties, event's type, event's properties)"""
    for name, function in functions(template):
        for event in function.get("Events", {}).values():
            yield name, function, event.get("Type"), event.get("Properties", {})


def queues(template):
    return dict(template.of_type("AWS::SQS::Queue"))


def dead_letter_queues(template):
    """Those that something is redriven or sent to."""
    found = set()
    for _, queue in template.of_type("AWS::SQS::Queue"):
        found.add(Template.target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn")))
    for _, function, _, event in events(template):
        found.update(destinations(function, event))
        found.add(Template.target(event.get("DeadLetterConfig", {}).get("Arn")))
    return found - {None}


def destinations(function, event):
    for config in [function.get("EventInvokeConfig", {}), event]:
        on_failure = config.get("DestinationConfig", {}).get("OnFailure", {})
        if on_failure:
            yield Template.target(on_failure.get("Destination"))


def alarms(template, metric, **dimensions):
    """The alarms on a metric whose dimensions are resources, by logical id."""
    for name, alarm in template.of_type("AWS::CloudWatch::Alarm"):
        has = {each["Name"]: Template.target(each["Value"]) or each["Value"] for each in alarm.get("Dimensions", [])}
        if alarm.get("MetricName") == metric and dimensions.items() <= has.items():
            yield name, alarm


def statements(template, role):
    for policy in template.value(role, "Policies", default=[]):
        yield from policy["PolicyDocument"]["Statement"]


def allowed(template, role, resource):
    """Actions that a role may take on a resource of the template."""
    return {action for statement in statements(template, role) for action in as_list(statement["Action"])
            if statement["Effect"] == "Allow"
            and resource in [Template.target(each) or each for each in as_list(statement["Resource"])]}


# --- the function ------------------------------------------------------------------------------------------


@rule
def runs_the_handler(template, handler):
    for name, function in functions(template):
        for key, wanted in [("Runtime", "provided.al2023"), ("Handler", f"{handler}.so"),
                            ("CodeUri", "../../function.zip"), ("Tracing", "Active")]:
            if function.get(key) != wanted:
                yield f"{name}: {key} is {function.get(key)!r}, not {wanted!r}"
    if not list(functions(template)):
        yield "there is no function"


@rule
def events_are_ones_that_sam_has(template, handler):
    for name, _, kind, event in events(template):
        if kind not in EVENTS:
            yield f"{name}: no event {kind!r}"
        for unknown in sorted(set(event) - set(EVENTS.get(kind, ("", ""))[1].split())):
            yield f"{name}: {kind} has no property {unknown!r}"


@rule
def partial_batches_are_reported(template, handler):
    for name, _, kind, event in events(template):
        if kind in BATCHES and event.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: {kind}: FunctionResponseTypes is {event.get('FunctionResponseTypes')!r}"


@rule
def logs_are_json_and_end(template, handler):
    for name, function in functions(template):
        logging = function.get("LoggingConfig", {})
        group = Template.target(logging.get("LogGroup"))
        if logging.get("LogFormat") != "JSON" or logging.get("SystemLogLevel") not in ("INFO", "DEBUG"):
            yield f"{name}: the queries want JSON, and the platform's reports"
        if template.resources.get(group, {}).get("Type") != "AWS::Logs::LogGroup":
            yield f"{name}: logs go to {group!r}"
    for name, group in template.of_type("AWS::Logs::LogGroup"):
        if not group.get("RetentionInDays"):
            yield f"{name}: lines are kept forever"


@rule
def concurrency_fits(template, handler):
    for name, function, kind, event in events(template):
        wanted = {"MaximumConcurrency": event.get("ScalingConfig", {}).get("MaximumConcurrency"),
                  "ParallelizationFactor": event.get("ParallelizationFactor"),
                  "ProvisionedConcurrentExecutions":
                      function.get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions")}
        if kind == "SQS" and wanted["MaximumConcurrency"] is None:
            yield f"{name}: the queue has no MaximumConcurrency"
        reserved = function.get("ReservedConcurrentExecutions")
        for key, value in wanted.items():
            if reserved is not None and value is not None and reserved < value:
                yield f"{name}: ReservedConcurrentExecutions {reserved} is below {key} {value}"


@rule
def concurrency_is_reserved(template, handler):
    for name, function in functions(template):
        if function.get("ReservedConcurrentExecutions") is None:
            yield f"{name}: no ReservedConcurrentExecutions"


# --- queues, streams, buckets, gateways --------------------------------------------------------------------


@rule
def visibility_is_long_enough(template, handler):
    for name, function, kind, event in events(template):
        queue = Template.target(event.get("Queue"))
        if kind == "SQS" and queue in template.resources:
            wanted = 6 * function.get("Timeout", 3) + event.get("MaximumBatchingWindowInSeconds", 0)
            has = template.value(queue, "VisibilityTimeout", default=30)
            if has < wanted:
                yield f"{queue}: VisibilityTimeout {has} is below 6 x the timeout of {name} and the window, {wanted}"


@rule
def queues_have_dead_letter_queues(template, handler):
    dead = dead_letter_queues(template)
    for name, queue in queues(template).items():
        policy = queue.get("RedrivePolicy", {})
        target = Template.target(policy.get("deadLetterTargetArn"))
        if name in dead:
            continue
        if target not in queues(template):
            yield f"{name}: no dead-letter queue"
            continue
        if policy.get("maxReceiveCount", 0) < 5:
            yield f"{name}: maxReceiveCount is below 5"
        kept = [template.value(each, "MessageRetentionPeriod", default=345600) for each in (name, target)]
        if kept[1] <= kept[0]:
            yield f"{target}: keeps messages {kept[1]} s, which is not longer than {name}"


@rule
def data_is_encrypted_and_kept(template, handler):
    for name, queue in queues(template).items():
        if queue.get("SqsManagedSseEnabled") is not True and not queue.get("KmsMasterKeyId"):
            yield f"{name}: not encrypted"
    for name, bucket in template.of_type("AWS::S3::Bucket"):
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        if not bucket.get("BucketEncryption") or len(blocked) != 4 or not all(blocked.values()):
            yield f"{name}: not encrypted, or not closed to the public"
    for name, _ in template.of_type("AWS::S3::Bucket", "AWS::DynamoDB::Table"):
        resource = template.resources[name]
        if not resource.get("DeletionPolicy") == resource.get("UpdateReplacePolicy") == "Retain":
            yield f"{name}: goes with the stack"


@rule
def streams_give_up(template, handler):
    for name, _, kind, event in events(template):
        if kind != "DynamoDB":
            continue
        if event.get("BisectBatchOnFunctionError") is not True:
            yield f"{name}: a crash is the whole batch's"
        for key in ["MaximumRetryAttempts", "MaximumRecordAgeInSeconds"]:
            if event.get(key, -1) < 0:
                yield f"{name}: {key} has no limit"
        if event.get("StartingPosition") not in ("TRIM_HORIZON", "LATEST"):
            yield f"{name}: StartingPosition is {event.get('StartingPosition')!r}"


@rule
def what_is_given_up_is_kept(template, handler):
    for name, function, kind, event in events(template):
        where = [event] if kind == "DynamoDB" else [function.get("EventInvokeConfig", {})]
        if kind in (*ASYNCHRONOUS, "DynamoDB"):
            kept = [target for config in where for target in destinations({}, config)]
            if not kept or kept[0] not in queues(template):
                yield f"{name}: {kind}: no queue as DestinationConfig.OnFailure"
        if kind in ASYNCHRONOUS and function.get("EventInvokeConfig", {}).get("MaximumRetryAttempts", 0) < 1:
            yield f"{name}: an event is tried once"
        missed = Template.target(event.get("DeadLetterConfig", {}).get("Arn"))
        if kind == "ScheduleV2" and missed not in queues(template):
            yield f"{name}: calls that the schedule cannot make are lost"


@rule
def gateways_are_closed(template, handler):
    for name, function, kind, event in events(template):
        if kind != "HttpApi":
            continue
        api = Template.target(event.get("ApiId"))
        if not template.value(api, "Auth", "DefaultAuthorizer"):
            yield f"{api}: open to the world"
        for key in ["ThrottlingRateLimit", "ThrottlingBurstLimit"]:
            if not template.value(api, "DefaultRouteSettings", key):
                yield f"{api}: no {key}"
        if not template.value(api, "AccessLogSettings", "DestinationArn"):
            yield f"{api}: no access log"
        if not function.get("AutoPublishAlias"):
            yield f"{name}: no alias, which provisioned concurrency wants"


# --- alarms ------------------------------------------------------------------------------------------------


@rule
def dead_letter_queues_have_alarms(template, handler):
    for name in sorted(dead_letter_queues(template)):
        if not list(alarms(template, "ApproximateNumberOfMessagesVisible", QueueName=name)):
            yield f"{name}: no alarm on its depth"


@rule
def functions_have_alarms(template, handler):
    for name, function in functions(template):
        for metric in ["Errors", "Throttles", "Duration"]:
            if not list(alarms(template, metric, FunctionName=name)):
                yield f"{name}: no alarm on {metric}"
        for alarm, each in alarms(template, "Duration", FunctionName=name):
            if each.get("ExtendedStatistic") != "p99":
                yield f"{alarm}: not p99"
            if not 500 * function.get("Timeout", 3) <= each["Threshold"] < 1000 * function.get("Timeout", 3):
                yield f"{alarm}: {each['Threshold']} ms beside a timeout of {function.get('Timeout', 3)} s"


@rule
def triggers_have_alarms(template, handler):
    for name, function, kind, event in events(template):
        wanted = {
            "SQS": [("ApproximateAgeOfOldestMessage", {"QueueName": Template.target(event.get("Queue"))})],
            "DynamoDB": [("IteratorAge", {"FunctionName": name})],
            "S3": [("AsyncEventAge", {"FunctionName": name})],
            "HttpApi": [("5xx", {"ApiId": Template.target(event.get("ApiId"))})],
        }.get(kind, [])
        if any(destinations(function, event)):
            wanted = [*wanted, ("DestinationDeliveryFailures", {"FunctionName": name})]
        if function.get("ProvisionedConcurrencyConfig"):
            wanted = [*wanted, ("ProvisionedConcurrencySpilloverInvocations", {"FunctionName": name})]
        for metric, dimensions in wanted:
            if not list(alarms(template, metric, **dimensions)):
                yield f"{name}: {kind}: no alarm on {metric}"


@rule
def alarms_reach_somebody(template, handler):
    told = Template(template.document, AlarmTopicArn="arn:aws:sns:eu-west-1:123456789012:alarms")
    for name, alarm in told.of_type("AWS::CloudWatch::Alarm"):
        if alarm.get("AlarmActions") != ["arn:aws:sns:eu-west-1:123456789012:alarms"]:
            yield f"{name}: AlarmActions is {alarm.get('AlarmActions')!r}"
        if alarm.get("TreatMissingData") != "notBreaching":
            yield f"{name}: without events it would have no state"
        if not alarm.get("AlarmDescription"):
            yield f"{name}: says not what it means"


# --- permissions -------------------------------------------------------------------------------------------


def wildcards(documents):
    """Of policy documents: an action or a resource that is, or ends in, *."""
    for document in documents:
        for statement in document["Statement"]:
            actions = as_list(statement["Action"])
            for action in actions:
                if "*" in action:
                    yield f"action {action}"
            for resource in as_list(statement.get("Resource", [])):
                if "*" in str(resource) and not (resource == "*" and set(actions) <= WITHOUT_RESOURCES):
                    yield f"{', '.join(actions)} on {resource}"


@rule
def nothing_is_allowed_on_everything(template, handler):
    for name, role in template.of_type("AWS::IAM::Role"):
        if role.get("ManagedPolicyArns"):
            yield f"{name}: managed policies have wildcards"
        for wildcard in wildcards(policy["PolicyDocument"] for policy in role.get("Policies", [])):
            yield f"{name}: {wildcard}"
    for name, function in functions(template):
        if template.resources.get(Template.target(function.get("Role")), {}).get("Type") != "AWS::IAM::Role":
            yield f"{name}: without a role SAM makes one with managed policies, which have wildcards"
        if function.get("Policies"):
            yield f"{name}: has Policies beside its role"


@rule
def the_role_allows_what_is_done(template, handler):
    for name, function, kind, event in events(template):
        role = Template.target(function.get("Role"))
        wanted = {"*": WITHOUT_RESOURCES,
                  Template.target(function.get("LoggingConfig", {}).get("LogGroup")):
                      {"logs:CreateLogStream", "logs:PutLogEvents"}}
        if kind in POLLING:
            wanted[Template.target(event.get(SOURCE[kind]))] = POLLING[kind]
        for target in destinations(function, event):
            wanted[target] = {"sqs:SendMessage"}
        for resource, actions in wanted.items():
            for action in sorted(actions - allowed(template, role, resource)):
                yield f"{role}: {kind}: {action} on {resource} is not allowed"


@rule
def the_role_allows_nothing_else(template, handler):
    used = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"} | WITHOUT_RESOURCES
    used = used.union(*(POLLING.get(kind, ()) for _, _, kind, _ in events(template)))
    for name, _ in template.of_type("AWS::IAM::Role"):
        for statement in statements(template, name):
            for action in sorted(set(as_list(statement["Action"])) - used):
                yield f"{name}: nothing here needs {action}"


# --- the whole ---------------------------------------------------------------------------------------------


@rule
def parameters_explain_themselves(template, handler):
    for name, parameter in template.document.get("Parameters", {}).items():
        if not parameter.get("Description"):
            yield f"{name}: no description"
        if "Default" not in parameter:
            yield f"{name}: no default, so it does not deploy as it is"
        if not {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter):
            yield f"{name}: takes anything"
        if "AllowedPattern" in parameter and not re.search(parameter["AllowedPattern"], str(parameter.get("Default"))):
            yield f"{name}: the default does not match the pattern"


@rule
def outputs_are_there(template, handler):
    outputs = {Template.target(each["Value"]) for each in template.document.get("Outputs", {}).values()}
    for name, _ in template.of_type("AWS::Serverless::Function", "AWS::SQS::Queue", "AWS::S3::Bucket",
                                    "AWS::DynamoDB::Table", "AWS::Serverless::HttpApi"):
        if name not in outputs:
            yield f"{name}: no output names it"
    for name, _ in functions(template):
        if not template.value(name, "Tags"):
            yield f"{name}: no tags"


def findings(template, handler):
    return [(name, finding) for name, check in RULES.items() for finding in check(template, handler)]
