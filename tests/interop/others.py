# SPDX-License-Identifier: Apache-2.0
"""The libraries leat is compared with, and a kind of test that says so when they are not there."""
import functools

import tap

try:
    from aws_lambda_powertools.utilities.data_classes import (  # noqa: F401
        ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2, DynamoDBStreamEvent, KafkaEvent, KinesisStreamEvent,
        LambdaFunctionUrlEvent, S3Event, S3EventBridgeNotificationEvent, SNSEvent, SQSEvent)
    from aws_lambda_powertools.utilities.data_classes.api_gateway_websocket_event import (  # noqa: F401
        APIGatewayWebSocketEvent)
    from aws_lambda_powertools.utilities.parser import models  # noqa: F401
    from boto3.dynamodb.types import Binary, TypeDeserializer  # noqa: F401
    from cloudevents.core.formats.json import JSONFormat  # noqa: F401
    MISSING = None
except ImportError as error:
    MISSING = error.name or str(error)


def test(function):
    """A test that needs them."""
    @functools.wraps(function)
    def run():
        if MISSING:
            raise tap.Skip(f"service: the packages of tests/interop/requirements.txt ({MISSING} is not there)")
        function()
    return tap.test(run)


@functools.cache
def triggers():
    """The triggers of the leat that is tested."""
    return [line.split()[0] for line in tap.must(tap.BUILD / "leat", "sample").stdout.splitlines()]


def need_trigger(kind):
    if kind not in triggers():
        raise tap.Skip(f"this leat has no trigger {kind}")


def need_events():
    if not tap.EVENTS:
        raise tap.Skip("LEAT_EVENTS names no folder of recorded payloads")
