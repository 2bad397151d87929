# SPDX-License-Identifier: Apache-2.0
"""The templates in deploy/lambda: what AWS's own tools do not look at, and that each such rule can fail."""
import copy
import re

import agreement
import cloudformation
import rules
import tap
from cloudformation import Template

GONE = object()
F = "Resources.Function.Properties"
S = "Resources.Role.Properties.Policies.0.PolicyDocument.Statement"
# rule: template, what is changed there, to what
MUTATIONS = [
    ("runs_the_handler", "orders", F + ".Runtime", "provided.al2"),
    ("runs_the_handler", "orders", F + ".Handler", "order.so"),
    ("runs_the_handler", "index", F + ".CodeUri", "../function.zip"),
    ("runs_the_handler", "api", F + ".Tracing", "PassThrough"),
    ("runs_the_handler", "api", "Resources.Function", GONE),
    ("events_are_ones_that_sam_has", "orders", F + ".Events.Queue.Properties.BatchSise", 10),
    ("events_are_ones_that_sam_has", "index", F + ".Events.Objects.Type", "S4"),
    ("partial_batches_are_reported", "orders", F + ".Events.Queue.Properties.FunctionResponseTypes",
     ["ReportBatchItemFailure"]),
    ("partial_batches_are_reported", "project", F + ".Events.Stream.Properties.FunctionResponseTypes", GONE),
    ("logs_are_json_and_end", "orders", F + ".LoggingConfig.LogFormat", "Text"),
    ("logs_are_json_and_end", "orders", F + ".LoggingConfig.SystemLogLevel", "WARN"),
    ("logs_are_json_and_end", "orders", F + ".LoggingConfig.LogGroup", {"Ref": "Queue"}),
    ("logs_are_json_and_end", "api", "Resources.AccessLogs.Properties.RetentionInDays", GONE),
    ("concurrency_fits", "orders", F + ".ReservedConcurrentExecutions", 9),
    ("concurrency_fits", "orders", F + ".Events.Queue.Properties.ScalingConfig", GONE),
    ("concurrency_fits", "api", "Parameters.ProvisionedConcurrency.Default", 11),
    ("concurrency_fits", "project", F + ".Events.Stream.Properties.ParallelizationFactor", 11),
    ("concurrency_is_reserved", "orders", "Parameters.ReserveConcurrency.Default", "false"),
    ("concurrency_is_reserved", "index", F + ".ReservedConcurrentExecutions", GONE),
    ("visibility_is_long_enough", "orders", "Resources.Queue.Properties.VisibilityTimeout", 180),
    ("visibility_is_long_enough", "orders", "Resources.Queue.Properties.VisibilityTimeout", GONE),
    ("visibility_is_long_enough", "orders", F + ".Timeout", 31),
    ("visibility_is_long_enough", "orders", F + ".Events.Queue.Properties.MaximumBatchingWindowInSeconds", 2),
    ("queues_have_dead_letter_queues", "orders", "Resources.Queue.Properties.RedrivePolicy", GONE),
    ("queues_have_dead_letter_queues", "orders", "Resources.Queue.Properties.RedrivePolicy.maxReceiveCount", 3),
    ("queues_have_dead_letter_queues", "orders", "Resources.DeadLetterQueue.Properties.MessageRetentionPeriod",
     345600),
    ("queues_have_dead_letter_queues", "orders", "Resources.DeadLetterQueue", GONE),
    ("data_is_encrypted_and_kept", "orders", "Resources.Queue.Properties.SqsManagedSseEnabled", False),
    ("data_is_encrypted_and_kept", "index", "Resources.Bucket.Properties.BucketEncryption", GONE),
    ("data_is_encrypted_and_kept", "index",
     "Resources.Bucket.Properties.PublicAccessBlockConfiguration.BlockPublicPolicy", False),
    ("data_is_encrypted_and_kept", "project", "Resources.Table.DeletionPolicy", "Delete"),
    ("streams_give_up", "project", F + ".Events.Stream.Properties.BisectBatchOnFunctionError", GONE),
    ("streams_give_up", "project", F + ".Events.Stream.Properties.MaximumRetryAttempts", -1),
    ("streams_give_up", "project", F + ".Events.Stream.Properties.MaximumRecordAgeInSeconds", GONE),
    ("streams_give_up", "project", F + ".Events.Stream.Properties.StartingPosition", "OLDEST"),
    ("what_is_given_up_is_kept", "project", F + ".Events.Stream.Properties.DestinationConfig", GONE),
    ("what_is_given_up_is_kept", "index", F + ".EventInvokeConfig.DestinationConfig", GONE),
    ("what_is_given_up_is_kept", "index", F + ".EventInvokeConfig.MaximumRetryAttempts", 0),
    ("what_is_given_up_is_kept", "greet", F + ".Events.Schedule.Properties.DeadLetterConfig", GONE),
    ("gateways_are_closed", "api", "Resources.Api.Properties.Auth.DefaultAuthorizer", GONE),
    ("gateways_are_closed", "api", "Resources.Api.Properties.DefaultRouteSettings.ThrottlingBurstLimit", GONE),
    ("gateways_are_closed", "api", "Resources.Api.Properties.AccessLogSettings", GONE),
    ("gateways_are_closed", "api", F + ".AutoPublishAlias", GONE),
    ("dead_letter_queues_have_alarms", "orders", "Resources.DeadLettersAlarm", GONE),
    ("dead_letter_queues_have_alarms", "greet", "Resources.DeadLettersAlarm.Properties.MetricName",
     "NumberOfMessagesSent"),
    ("functions_have_alarms", "orders", "Resources.ErrorsAlarm", GONE),
    ("functions_have_alarms", "api", "Resources.ThrottlesAlarm.Properties.Dimensions", []),
    ("functions_have_alarms", "api", "Resources.DurationAlarm.Properties.ExtendedStatistic", "p50"),
    ("functions_have_alarms", "api", "Resources.DurationAlarm.Properties.Threshold", 5000),
    ("functions_have_alarms", "orders", F + ".Timeout", 20),
    ("triggers_have_alarms", "orders", "Resources.OldestMessageAlarm", GONE),
    ("triggers_have_alarms", "project", "Resources.IteratorAgeAlarm", GONE),
    ("triggers_have_alarms", "index", "Resources.WaitingAlarm", GONE),
    ("triggers_have_alarms", "api", "Resources.ServerErrorsAlarm", GONE),
    ("triggers_have_alarms", "api", "Resources.SpilloverAlarm", GONE),
    ("triggers_have_alarms", "greet", "Resources.UndeliveredAlarm", GONE),
    ("alarms_reach_somebody", "orders", "Resources.ErrorsAlarm.Properties.AlarmActions", GONE),
    ("alarms_reach_somebody", "orders", "Resources.ErrorsAlarm.Properties.TreatMissingData", "missing"),
    ("alarms_reach_somebody", "orders", "Resources.ErrorsAlarm.Properties.AlarmDescription", GONE),
    ("nothing_is_allowed_on_everything", "orders", S + ".2.Action", ["sqs:*"]),
    ("nothing_is_allowed_on_everything", "orders", S + ".2.Resource", "*"),
    ("nothing_is_allowed_on_everything", "orders", S + ".2.Resource", "arn:aws:sqs:eu-west-1:123456789012:*"),
    ("nothing_is_allowed_on_everything", "orders", "Resources.Role.Properties.ManagedPolicyArns",
     ["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"]),
    ("nothing_is_allowed_on_everything", "orders", F + ".Role", GONE),
    ("nothing_is_allowed_on_everything", "orders", F + ".Policies", ["AmazonSQSFullAccess"]),
    ("the_role_allows_what_is_done", "orders", S + ".2", GONE),
    ("the_role_allows_what_is_done", "orders", S + ".2.Resource", {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}),
    ("the_role_allows_what_is_done", "project", S + ".2.Action", ["dynamodb:GetRecords"]),
    ("the_role_allows_what_is_done", "index", S + ".2", GONE),
    ("the_role_allows_what_is_done", "api", S + ".0", GONE),
    ("the_role_allows_what_is_done", "greet", S + ".1.Effect", "Deny"),
    ("the_role_allows_nothing_else", "api", S + ".0.Action", ["logs:CreateLogGroup", "logs:CreateLogStream",
     "logs:PutLogEvents"]),
    ("parameters_explain_themselves", "orders", "Parameters.LayerArn.Description", GONE),
    ("parameters_explain_themselves", "orders", "Parameters.Architecture.Default", GONE),
    ("parameters_explain_themselves", "greet", "Parameters.ScheduleExpression.AllowedPattern", GONE),
    ("parameters_explain_themselves", "greet", "Parameters.ScheduleExpression.Default", "hourly"),
    ("outputs_are_there", "orders", "Outputs.DeadLetterQueueUrl", GONE, "Outputs.DeadLetterQueueArn", GONE),
    ("outputs_are_there", "index", F + ".Tags", GONE),
]
SERVERLESS_MUTATIONS = [  # as above, without a rule
    ("orders", "functions.orders.timeout", 60), ("orders", "functions.orders.memorySize", 1024),
    ("orders", "functions.orders.reservedConcurrency", GONE), ("orders", "provider.runtime", "provided.al2"),
    ("orders", "functions.orders.events.0.sqs.batchSize", 100), ("orders", "provider.logRetentionInDays", GONE),
    ("orders", "functions.orders.events.0.sqs.maximumBatchingWindow", GONE), ("orders", "functions.orders.events", []),
    ("orders", "functions.orders.events.0.sqs.functionResponseType", GONE), ("orders", "package.artifact", "x.zip"),
    ("orders", "functions.orders.events.0.sqs.maximumConcurrency", 2), ("orders", "provider.tracing", GONE),
    ("orders", "functions.orders.events.0.sqs.arn", {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}),
    ("orders", "resources.Resources.Queue.Properties.VisibilityTimeout", 30),
    ("orders", "resources.Resources.DeadLetterQueue", GONE), ("orders", "provider.architecture", "arm64"),
    ("api", "functions.api.provisionedConcurrency", 2), ("api", "functions.api.handler", "bootstrap"),
    ("api", "functions.api.events.0.httpApi.path", "/orders"), ("api", "functions.api.events.1.httpApi.method", "PUT"),
    ("index", "functions.index.maximumRetryAttempts", 0), ("index", "functions.index.destinations", GONE),
    ("index", "functions.index.events.1.s3.event", "s3:ObjectRestore:*"),
    ("index", "functions.index.maximumEventAge", 60),
    ("project", "functions.project.events.0.stream.functionResponseType", GONE),
    ("project", "functions.project.events.0.stream.maximumRetryAttempts", -1),
    ("project", "functions.project.events.0.stream.destinations", GONE),
    ("project", "functions.project.events.0.stream.bisectBatchOnFunctionError", False),
    ("project", "resources.Resources.Table.Properties.StreamSpecification.StreamViewType", "KEYS_ONLY"),
    ("greet", "functions.greet.events.0.schedule.rate", ["rate(1 day)"]),
    ("greet", "functions.greet.events.0.schedule.input", {"name": "you"}),
]


def changed(document, *changes):
    """A copy with each path (of keys and indices, dots between) set to a value, or GONE."""
    document = copy.deepcopy(document)
    for path, value in zip(changes[::2], changes[1::2]):
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        at = document
        for step in parents:
            at = at[step]
        if value is GONE:
            del at[last]
        else:
            at[last] = value
    return document


def found(document, handler, rule):
    return list(rules.RULES[rule](Template(document), handler))


@tap.test
def templates_keep_all_rules():
    for name in cloudformation.NAMES:
        tap.equal(rules.findings(Template(cloudformation.read(name)), name), [], name)


@tap.test
def each_rule_fails_on_what_breaks_it():
    documents = {name: cloudformation.read(name) for name in cloudformation.NAMES}
    for rule, name, *changes in MUTATIONS:
        broken = changed(documents[name], *changes)
        assert broken != documents[name], f"{rule}: {changes[0]} is so already"
        assert found(broken, name, rule), f"{rule} does not mind {changes} in {name}"
    tap.equal({rule for rule, *_ in MUTATIONS}, set(rules.RULES), "rules that are never broken here")


@tap.test
def without_reserved_concurrency_all_else_holds():
    for name in cloudformation.NAMES:
        template = Template(cloudformation.read(name), ReserveConcurrency="false")
        tap.equal({rule for rule, _ in rules.findings(template, name)}, {"concurrency_is_reserved"}, name)


@tap.test
def parameters_reach_what_they_are_for():
    template = Template(cloudformation.read("orders"), LayerArn="arn:aws:lambda:eu-west-1:123456789012:layer:leat:1",
                        MaximumConcurrency="7", Architecture="arm64", LogLevel="DEBUG", LogRetentionDays="1")
    function = template.value("Function")
    tap.equal(function["Layers"], ["arn:aws:lambda:eu-west-1:123456789012:layer:leat:1"])
    tap.equal((function["Architectures"], function["LoggingConfig"]["ApplicationLogLevel"]), (["arm64"], "DEBUG"))
    tap.equal((function["ReservedConcurrentExecutions"],
               function["Events"]["Queue"]["Properties"]["ScalingConfig"]["MaximumConcurrency"]), (7, 7))
    tap.equal(template.value("Logs", "RetentionInDays"), 1)
    tap.equal(Template(cloudformation.read("orders")).value("Function", "Layers"), None)
    bare = Template(cloudformation.read("api"), ProvisionedConcurrency="0")
    tap.equal((bare.value("Function", "ProvisionedConcurrencyConfig"), bare.exists("SpilloverAlarm")), (None, False))
    tap.equal(rules.findings(bare, "api"), [])


@tap.test
def handlers_accept_the_events_of_their_template():
    for name in cloudformation.NAMES:
        source = cloudformation.handler_source(name)
        accepts = re.search(r'LEAT_HANDLER\(' + name + r', \.accepts = "([^"]*)"', source)[1]
        kinds = {kind for _, _, kind, _ in rules.events(Template(cloudformation.read(name)))}
        assert kinds, name
        for kind in kinds:
            assert rules.EVENTS[kind][0] in accepts.split(","), f"{name} does not accept {kind}"


def differences(documents):
    """Parameters and resources of one name that are not the same everywhere; what is about one trigger may differ."""
    spared = {"Function", "Role", "DurationAlarm", "MaximumConcurrency"}
    for part in ["Parameters", "Conditions", "Resources", "Outputs"]:
        seen = {}
        for name, document in documents.items():
            for key, value in document[part].items():
                if key not in spared and seen.setdefault(key, (name, value))[1] != value:
                    yield f"{part}.{key}: {seen[key][0]} and {name}"


@tap.test
def what_all_have_is_the_same_in_all():
    documents = {name: cloudformation.read(name) for name in cloudformation.NAMES}
    tap.equal(list(differences(documents)), [])
    documents["api"] = changed(documents["api"], "Resources.ErrorsAlarm.Properties.Period", 300)
    tap.contains(list(differences(documents)), "Resources.ErrorsAlarm: api and orders")



@tap.test
def the_serverless_files_say_the_same():
    for name in cloudformation.NAMES:
        template, document = Template(cloudformation.read(name)), cloudformation.read(name, "serverless.yml")
        tap.equal(list(agreement.disagreements(template, *cloudformation.parts_of_serverless(document))), [], name)


@tap.test
def a_serverless_file_that_says_otherwise_is_noticed():
    for name, *changes in SERVERLESS_MUTATIONS:
        template, document = Template(cloudformation.read(name)), cloudformation.read(name, "serverless.yml")
        broken = changed(document, *changes)
        assert broken != document, f"{name}: {changes[0]} is so already"
        parts = cloudformation.parts_of_serverless(broken)
        assert list(agreement.disagreements(template, *parts)), f"{name}: {changes} goes unnoticed"


@tap.test
def all_templates_are_looked_at():
    there = {path.name for path in cloudformation.FOLDER.iterdir()}
    wanted = {f"{name}.{kind}" for name in cloudformation.NAMES for kind in ["yaml", "serverless.yml"]}
    tap.equal(there, wanted | {"layer.yaml"})


@tap.test
def the_layer_fits_the_functions():
    layer = cloudformation.read("layer")
    properties = layer["Resources"]["Layer"]["Properties"]
    tap.equal(layer["Parameters"]["Architecture"]["AllowedValues"],
              cloudformation.read("orders")["Parameters"]["Architecture"]["AllowedValues"])
    tap.equal((properties["ContentUri"], properties["CompatibleRuntimes"], properties["RetentionPolicy"]),
              ("../../layer.zip", ["provided.al2023"], "Retain"))
    tap.equal(layer["Outputs"]["LayerArn"]["Value"], {"Ref": "Layer"})


tap.main()
