# SPDX-License-Identifier: Apache-2.0
"""What bootstrap asks of the kernel as a Lambda runtime: the figures of ./dev bench lambda that do not vary.

They are gates: a library more is 35-75 us of every cold start, a system call more is paid in every invoke."""
import functools
import pathlib
import re

import tap
import tracing

STUB = tap.BUILD / "tests/bench/bench-lambda-stub"
CALLS_TO_NEXT = 85  # there were 82 when this was written, half of them the loader's; lower it with them
CALLS_PER_INVOKE = 6
INVOKES = 100


def runtime(work, **env):
    """(command, environment) of bootstrap with a handler of the bench."""
    return [tap.BUILD / "bootstrap"], {"LEAT_HANDLER": tap.BUILD / f"tests/bench/lambda-{work}.so", **env}


@functools.lru_cache
def traced(work):
    if tracing.strace() is None:
        raise tap.Skip("there is no strace")
    told, lines = tracing.trace(STUB, *runtime(work), "--invokes", str(INVOKES))
    return lines


@tap.test
def nothing_but_cjson_libc_and_the_handler_is_opened_until_the_first_next():
    opened = {pathlib.Path(path).name for path in tracing.shared_objects(tracing.until_next(traced("echo")))}
    tap.equal(sorted(opened), ["lambda-echo.so", "libc.so.6", "libcjson.so.1"])


@tap.test
def the_way_to_the_first_next_is_short():
    # Where the loader looks in vain for libcjson depends on the processor, and on what lies beside bootstrap.
    calls = [line for line in tracing.until_next(traced("echo")) if "ENOENT" not in line]
    print(f"# {len(calls)} system calls to the first next")
    listed = "\n".join(calls)
    assert len(calls) <= CALLS_TO_NEXT, f"{len(calls)} system calls, wanted at most {CALLS_TO_NEXT}\n{listed}"


@tap.test
def no_thread_is_made_for_one_slot():
    made = [line for line in traced("echo") if re.match(r"(clone3?|fork|vfork)$", tracing.name(line))]
    tap.equal(made, [])


@tap.test
def an_invoke_takes_six_system_calls():
    calls, invokes = tracing.between_nexts(traced("echo"))
    tap.equal(invokes, INVOKES)
    print(f"# {len(calls) / invokes:.2f} system calls an invoke")
    # A few more than six: what grows once (a buffer, the heap) may take its calls in one of them.
    last = "\n".join(calls[-12:])
    assert len(calls) <= CALLS_PER_INVOKE * invokes + 10, f"{len(calls)} calls in {invokes} invokes\n{last}"


@tap.test
def one_connection_serves_a_thousand_invokes():
    told = tracing.serve(STUB, *runtime("echo"), "--invokes", "1000")
    tap.equal(told["connections"], 1)


@tap.test
def one_connection_is_enough_for_events_in_chunks():
    with tap.folder() as folder:
        event = pathlib.Path(folder) / "event.json"
        event.write_text('{"text":"' + "x" * 300_000 + '"}')
        told = tracing.serve(STUB, *runtime("echo"), "--chunked", "--payload", event, "--invokes", "20")
    tap.equal(told["connections"], 1)


tap.main()
