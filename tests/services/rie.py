# SPDX-License-Identifier: Apache-2.0
"""AWS's aws-lambda-rie, the Runtime Interface Emulator: prints the path of the program. It is in aws-sam-cli's wheel."""
import platform
import sys

import wheel

PACKAGE = ("aws-sam-cli==1.170.0", "24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf")
PROGRAMS = {  # by machine: the name in the wheel, its SHA-256
    "x86_64": ("aws-lambda-rie-x86_64", "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5"),
    "aarch64": ("aws-lambda-rie-arm64", "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21"),
}

if platform.machine() not in PROGRAMS:
    sys.exit(wheel.none(f"aws-lambda-rie for {platform.machine()}"))
name, sha256 = PROGRAMS[platform.machine()]
sys.exit(wheel.main(wheel.Program(name, *PACKAGE, f"samcli/local/rapid/{name}", sha256)))
