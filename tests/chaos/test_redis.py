# SPDX-License-Identifier: Apache-2.0
"""A few kills of each sort, of workers and of their server."""
import redis
import table
import tap


@tap.test
def killed_workers_and_servers_lose_nothing_and_keep_the_order_of_lanes():
    line = table.passes(redis.Yard, 20)
    assert line["events"] > 0 and line["delivered"] > line["events"], line


@tap.test
def workers_that_are_told_to_end_lose_and_repeat_nothing():
    line = table.passes(redis.Yard, 10, "--term", "--waiting", 100)
    tap.equal((line["duplicates"], line["inversions"]), (0, 0))


@tap.test
def two_workers_on_one_stream_take_over_from_each_other():
    table.passes(redis.Yard, 10, "--workers", 2)


tap.main()
