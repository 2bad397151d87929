# SPDX-License-Identifier: Apache-2.0
"""The Python peer of the Lambda bench; its runtime client reads and writes JSON in any case."""


def echo(event, _):
    return event


raw = echo


def sqs(event, _):
    assert event["Records"]
    return {"batchItemFailures": []}
