# SPDX-License-Identifier: Apache-2.0
"""decode.py plain|powertools KIND FILE PASSES: json.loads of FILE, and with `powertools` its data class over that, of
which the id of every record is asked; prints what a pass took."""
import json
import pathlib
import sys
import time


def records_of(event):
    """What json.loads gave, whichever the trigger."""
    if "requestContext" in event:
        return [event]
    if isinstance(event.get("records"), dict):
        return [record for partition in event["records"].values() for record in partition]
    return event["Records"]


def plain(text):
    return len(records_of(json.loads(text)))


def powertools(kind):
    from aws_lambda_powertools.utilities import data_classes as classes
    wrap, ids = {
        "sqs": (classes.SQSEvent, lambda event: [record.message_id for record in event.records]),
        "apigateway": (classes.APIGatewayProxyEventV2, lambda event: [event.request_context.request_id]),
        "s3": (classes.S3Event, lambda event: [record.s3.get_object.key for record in event.records]),
        "dynamodb": (classes.DynamoDBStreamEvent, lambda event: [record.event_id for record in event.records]),
        "kafka": (classes.KafkaEvent, lambda event: [record.offset for record in event.records]),
    }[kind]
    return lambda text: len(ids(wrap(json.loads(text))))


def main():
    how, kind, file, passes = sys.argv[1:]
    text, passes = pathlib.Path(file).read_bytes(), int(passes)
    one_pass = powertools(kind) if how == "powertools" else plain
    records = one_pass(text)
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(passes):
        records = one_pass(text)
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    print(f"wall_ns {wall / passes:.1f}\ncpu_ns {cpu / passes:.1f}\nrecords {records}")


main()
