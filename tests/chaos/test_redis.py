# SPDX-License-Identifier: Apache-2.0
"""A few kills of each sort, of workers and of their server."""
import pathlib

import redis
import table
import tap


def passes(*arguments):
    """Runs it, and gives the line of the table."""
    given = table.options(redis.Yard, list(map(str, arguments)))
    print(f"# ./dev chaos redis {' '.join(map(str, arguments))} --seed {given.seed}", flush=True)
    with tap.folder() as folder:
        line, wrong = table.run(redis.Yard, given, pathlib.Path(folder))
    print(f"# {line}")
    tap.equal(wrong, [], f"seed {given.seed}")
    return line


@tap.test
def killed_workers_and_servers_lose_nothing_and_keep_the_order_of_lanes():
    line = passes(20)
    assert line["events"] > 0 and line["delivered"] > line["events"], line


@tap.test
def workers_that_are_told_to_end_lose_and_repeat_nothing():
    line = passes(10, "--term", "--waiting", 100)
    tap.equal((line["duplicates"], line["inversions"]), (0, 0))


@tap.test
def two_workers_on_one_stream_take_over_from_each_other():
    passes(10, "--workers", 2)


tap.main()
