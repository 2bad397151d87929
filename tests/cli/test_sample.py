# SPDX-License-Identifier: Apache-2.0
"""leat sample: a payload of each trigger."""
import json

import tap


def listed():
    done = tap.must(tap.BUILD / "leat", "sample")
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())


@tap.test
def without_a_trigger_it_lists_them_with_a_line_of_help():
    triggers = listed()
    assert {"sqs", "s3", "apigateway-http", "apigateway-rest", "dynamodb"} <= set(triggers), triggers
    assert all(triggers.values())
    tap.equal(list(triggers), sorted(triggers))


@tap.test
def every_sample_is_the_file_of_its_trigger():
    for name in listed():
        done = tap.must(tap.BUILD / "leat", "sample", name)
        tap.equal(done.stdout, (tap.ROOT / "triggers" / name / "sample.json").read_text(), name)
        json.loads(done.stdout)


@tap.test
def apigateway_is_the_http_api_in_format_2():
    done = tap.must(tap.BUILD / "leat", "sample", "apigateway")
    tap.equal(done.stdout, tap.leat("sample", "apigateway-http").stdout)
    tap.equal(json.loads(done.stdout)["version"], "2.0")


@tap.test
def an_unknown_trigger_is_answered_with_the_one_that_was_meant():
    for wrong, part in [("sqz", 'did you mean "sqs"?'), ("dynamo", 'did you mean "dynamodb"?'),
                        ("xyzzy", "leat sample lists the triggers"), ("", "no trigger")]:
        done = tap.leat("sample", wrong)
        tap.equal((done.returncode, done.stdout), (64, ""), wrong)
        tap.contains(done.stderr, part)
    tap.equal(tap.leat("sample", "sqs", "s3").returncode, 64)


tap.main()
