# SPDX-License-Identifier: Apache-2.0
"""leat package: the archive under AWS's own emulator, in the same bare root."""
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "rie"))
import emulator  # noqa: E402
import packaging  # noqa: E402
import replaying  # noqa: E402
import tap  # noqa: E402


class Function(emulator.Function):
    """What emulator.Function starts, but behind the change of root."""

    def __init__(self, desk, archive, layer=None):
        super().__init__(desk.folder, False, {})
        self.place, self.program = packaging.make_root(desk, archive, layer)
        self.environment = {"PATH": "/usr/bin:/bin", "AWS_LAMBDA_FUNCTION_NAME": "hello", "AWS_REGION": "eu-west-1",
                            "LAMBDA_TASK_ROOT": "/var/task", "LD_LIBRARY_PATH": packaging.LIBRARY_PATH}

    def start(self):
        shutil.copy(emulator.program(), self.place / "root/emulator")
        for _ in range(3):  # somebody else may take a port that was free
            if self.is_started():
                return
        raise AssertionError(f"the emulator does not start:\n{self.log()}")

    def is_started(self):
        api, self.port = emulator.free_ports(2)
        command = ["unshare", *packaging.NAMESPACE, str(self.place), "/emulator", "--log-level", "info",
                   "--runtime-api-address", f"127.0.0.1:{api}",
                   "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}", self.program]
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        emulator.until(lambda: self.process.poll() is not None or self.answers(), "the emulator listens")
        return self.process.poll() is None


def answers(desk, layer=None):
    function = Function(desk, "function.zip", layer)
    try:
        function.start()
        tap.equal(function.call(replaying.sqs(replaying.message("m1", "a"))), {"batchItemFailures": []})
    except Exception as error:
        raise AssertionError(f"{error}\nlog of the emulator:\n{function.log()[-3000:]}") from error
    finally:
        function.close()


def needs_emulator():
    if not isinstance(emulator.program(), os.PathLike):
        raise tap.Skip(f"service {emulator.program()}")
    if packaging.no_root():
        raise tap.Skip(packaging.no_root())


@replaying.test
def a_function_answers(desk):
    needs_emulator()
    packaging.package(desk, packaging.handler(desk, "hello.so"))
    answers(desk)


@replaying.test
def a_function_and_its_layer_answer(desk):
    needs_emulator()
    packaging.handler(desk, "hello.so")
    packaging.package(desk, "--layer")
    packaging.package(desk, "--no-runtime", "hello.so")
    answers(desk, "layer.zip")


tap.main()
