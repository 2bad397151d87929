# SPDX-License-Identifier: Apache-2.0
"""What `leat sample` prints passes the parsers of Powertools, which are strict about what AWS sends."""
import copy
import json

import others
import tap

MODELS = {
    "sqs": ["SqsModel"],
    "s3": ["S3Model"],
    "sns": ["SnsModel"],
    "dynamodb": ["DynamoDBStreamModel"],
    "kinesis": ["KinesisDataStreamModel"],
    "kafka": ["KafkaMskEventModel", "KafkaSelfManagedEventModel"],
    "eventbridge": ["EventBridgeModel"],
    "cloudwatch-logs": ["CloudWatchLogsModel"],
    "apigateway-rest": ["APIGatewayProxyEventModel"],
    "apigateway-http": ["APIGatewayProxyEventV2Model"],
    "apigateway-websocket": ["APIGatewayWebSocketConnectEventModel", "APIGatewayWebSocketMessageEventModel",
                             "APIGatewayWebSocketDisconnectEventModel"],
    "function-url": ["LambdaFunctionUrlModel"],
    "alb": ["AlbModel"],
}
ANYTHING = ["unknown", "cloudevents"]  # payloads that AWS does not write


def without_tombstones(payload):
    """Powertools' models want a value in each record; a Kafka tombstone has none."""
    return {**payload, "records": {name: [record for record in batch if record.get("value") is not None]
                                   for name, batch in payload["records"].items()}}


PREPARED = {"kafka": without_tombstones}


def test_kind(kind):
    def parses():
        others.need_trigger(kind)
        payload = PREPARED.get(kind, dict)(json.loads(tap.must(tap.BUILD / "leat", "sample", kind).stdout))
        refused = {}
        for name in MODELS[kind]:
            try:
                getattr(others.models, name).model_validate(copy.deepcopy(payload))  # some models change it
                return
            except ValueError as error:
                refused[name] = str(error)
        raise AssertionError(f"no model takes it: {refused}")

    parses.__name__ = f"the_sample_of_{kind.replace('-', '_')}_is_one_that_powertools_parses"
    others.test(parses)


for sampled in MODELS:
    test_kind(sampled)


@others.test
def every_sample_has_a_model():
    tap.equal([name for name in others.triggers() if name not in [*MODELS, *ANYTHING]], [])


@others.test
def a_sample_without_a_member_is_refused():
    payload = json.loads(tap.must(tap.BUILD / "leat", "sample", "sqs").stdout)
    del payload["Records"][0]["attributes"]["SentTimestamp"]
    try:
        others.models.SqsModel.model_validate(payload)
    except ValueError:
        return
    raise AssertionError("the model takes everything")


tap.main()
