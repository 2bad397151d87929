# SPDX-License-Identifier: Apache-2.0
"""The function of test_guests.py, for awslambdaric."""
import os


def handler(event, context):
    failures = []
    for record in event["Records"]:
        if record["body"] == "fail":
            raise ValueError("told to fail")
        if record["body"] == "exit":
            os._exit(4)
        if record["body"] == "again":
            failures.append({"itemIdentifier": record["messageId"]})
    assert 0 < context.get_remaining_time_in_millis() <= 30000
    return {"batchItemFailures": failures, "request": context.aws_request_id, "arn": context.invoked_function_arn}
