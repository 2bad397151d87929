# SPDX-License-Identifier: Apache-2.0
"""leat new --lambda: its template is that of orders under another name, and holds what that one does."""
import pathlib
import zipfile

import aws_tools
import cloudformation
import rules
import tap
from cloudformation import Template

SHELL = {"PATH": f"{tap.BUILD}:/usr/bin:/bin", "PKG_CONFIG_PATH": str(tap.BUILD / "meson-uninstalled")}
NAMES = ["hello", "2nd-try", "_", "null", "1e3", "orders", "n" * 100]


def new(folder, name):
    """The folder of a new handler, and its template."""
    tap.equal(tap.leat("new", "--lambda", name, cwd=folder).returncode, 0, name)
    home = pathlib.Path(folder, name)
    return home, home / f"deploy/lambda/{name}.yaml"


@tap.test
def it_is_the_template_of_orders():
    orders = cloudformation.path_of("orders").read_text().splitlines()
    with tap.folder() as folder:
        _, path = new(folder, "hello")
        lines = path.read_text().replace("hello", "orders").splitlines()
    wanted = [line.replace("build/handlers/", "") for line in orders if "SPDX" not in line]
    tap.equal(lines, wanted)


@tap.test
def whatever_the_name_it_keeps_all_rules():
    cloudformation.need_yaml()
    for name in NAMES:
        with tap.folder() as folder:
            _, path = new(folder, name)
            tap.equal(rules.findings(Template(path.read_text()), name), [], name)


@tap.test
def whatever_the_name_cfn_lint_has_nothing_to_say():
    with tap.folder() as folder:
        done = aws_tools.lint(*[new(folder, name)[1] for name in NAMES])
        tap.equal((done.returncode, done.stdout.strip()), (0, ""), done.stderr)


@tap.test
def its_function_runs_with_the_package_beside_it():
    cloudformation.need_yaml()
    with tap.folder() as folder:
        home, path = new(folder, "2nd-try")
        tap.must("make", "-C", home, env=SHELL)
        function = Template(path.read_text()).value("Function")
        package = (path.parent / function["CodeUri"]).resolve()
        tap.equal(package, (home / "function.zip").resolve(), "where leat package writes it")
        with zipfile.ZipFile(package, "w") as archive:
            archive.write(tap.BUILD / "bootstrap", "bootstrap")
            for name in ["2nd-try.so", "leat.yaml"]:
                archive.write(home / name, name)
        done = tap.leat("replay", "--bootstrap", "function.zip", "events/sqs.json", cwd=home,
                        env={"_HANDLER": function["Handler"]})
        tap.equal(done.returncode, 0, done.stderr)
        tap.contains(done.stdout, 'Lambda would be told {"batchItemFailures":[]}')


@tap.test
def what_leat_package_writes_is_what_the_template_deploys():
    """The first ten minutes: leat new --lambda, make test, leat package, sam deploy but for the deploying."""
    with tap.folder() as folder:
        home, path = new(folder, "hello")
        tap.must("make", "-C", home, "test", env=SHELL)
        done = tap.leat("package", "hello.so", "-o", "function.zip", "--config", "leat.yaml", cwd=home)
        tap.equal(done.returncode, 0, done.stderr)
        tap.contains((done.stdout + done.stderr).splitlines()[-1], "sam deploy -t deploy/lambda/hello.yaml --guided")
        package = (path.parent / Template(path.read_text()).value("Function", "CodeUri")).resolve()
        with zipfile.ZipFile(package) as archive:
            modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        tap.equal(modes.get("bootstrap"), 0o755, modes)
        assert {Template(path.read_text()).value("Function", "Handler"), "leat.yaml"} <= set(modes), modes
        done = tap.leat("replay", "--bootstrap", "function.zip", "events/sqs.json", cwd=home,
                        env={"_HANDLER": Template(path.read_text()).value("Function", "Handler")})
        tap.equal(done.returncode, 0, done.stdout + done.stderr)


tap.main()
