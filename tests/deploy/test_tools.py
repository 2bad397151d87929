# SPDX-License-Identifier: Apache-2.0
"""AWS's own tools on the templates in deploy/lambda, without an account: cfn-lint, sam validate, sam build, and
sam package into an S3 that is here."""
import http.server
import json
import os
import pathlib
import shutil
import threading
import urllib.parse
import zipfile

import cloudformation
import rules
import tap
from aws_tools import BIN, lint, sam, tool

TEMPLATES = [*cloudformation.NAMES, "layer"]
PACKAGES = ["function.zip", "layer.zip"]


def translated(name):
    """The plain CloudFormation that AWS makes of a SAM template, by its own library."""
    if not (BIN / "sam").exists():
        raise tap.Skip("service aws-sam-translator: build-deploy is not there")
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    from samtranslator.translator.transform import transform

    class NoPolicies:  # managed ones are names of AWS's, which no template here may need
        def load(self):
            return {}

    document = cloudformation.read(name)
    for resource in document["Resources"].values():
        for key in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
            resource["Properties"][key] = "s3://packages/key"
    return transform(document, {"AWS::Region": "eu-west-1"}, NoPolicies())


@tap.test
def cfn_lint_has_nothing_to_say():
    done = lint(*map(cloudformation.path_of, TEMPLATES))
    tap.equal((done.returncode, done.stdout.strip()), (0, ""), done.stderr)


@tap.test
def cfn_lint_has_nothing_to_say_of_what_sam_makes_of_them():
    with tap.folder() as folder:
        paths = []
        for name in TEMPLATES:
            paths.append(pathlib.Path(folder, f"{name}.json"))
            paths[-1].write_text(json.dumps(translated(name)))
        done = tool("cfn-lint", "--", *paths)
        tap.equal((done.returncode, done.stdout.strip()), (0, ""), done.stderr)
        # In this form it also knows what SAM's resources are not asked for.
        broken = json.loads(paths[TEMPLATES.index("orders")].read_text())
        [mapping] = [each for each in broken["Resources"].values() if each["Type"] == "AWS::Lambda::EventSourceMapping"]
        mapping["Properties"]["FunctionResponseTypes"] = ["ReportBatchItemFailure"]
        paths[0].write_text(json.dumps(broken))
        done = tool("cfn-lint", "--", paths[0])
        assert done.returncode != 0, "a misspelt FunctionResponseTypes"
        tap.contains(done.stdout, "ReportBatchItemFailure")


@tap.test
def sam_validate_finds_nothing():
    for name in TEMPLATES:
        done = sam("validate", "--lint", "--template", cloudformation.path_of(name))
        tap.equal(done.returncode, 0, f"{name}: {done.stdout}{done.stderr}")
        tap.contains(done.stdout, "is a valid SAM Template")


@tap.test
def a_property_that_is_none_is_found():
    with tap.folder() as folder:
        path = pathlib.Path(folder, "orders.yaml")
        text = cloudformation.path_of("orders").read_text()
        path.write_text(text.replace("VisibilityTimeout:", "VisibilityTimeot:"))
        for done in [lint(path), sam("validate", "--lint", "--template", path)]:
            assert done.returncode != 0, done.stdout
            tap.contains(done.stdout + done.stderr, "VisibilityTimeot")


@tap.test
def what_sam_adds_allows_nothing_on_everything():
    for name in cloudformation.NAMES:
        resources = translated(name)["Resources"]
        roles = [each for each in resources.values() if each["Type"] == "AWS::IAM::Role"]
        tap.equal(len(roles), 2 if name == "greet" else 1, f"{name}: one role, and one of the scheduler")
        for role in roles:
            tap.equal(role["Properties"].get("ManagedPolicyArns", []), [], name)
            policies = [policy["PolicyDocument"] for policy in role["Properties"]["Policies"]]
            tap.equal(list(rules.wildcards(policies)), [], name)
        for key, each in resources.items():
            if each["Type"] == "AWS::Lambda::Permission":
                assert {"SourceArn", "SourceAccount"} & set(each["Properties"]), f"{name}: {key} lets anybody call"


@tap.test
def sam_makes_of_them_what_they_say():
    resources = {name: translated(name)["Resources"] for name in cloudformation.NAMES}
    mapping = resources["orders"]["FunctionQueue"]["Properties"]
    tap.equal((mapping["FunctionResponseTypes"], mapping["ScalingConfig"], mapping["MaximumBatchingWindowInSeconds"]),
              (["ReportBatchItemFailures"], {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}}, 1))
    mapping = resources["project"]["FunctionStream"]["Properties"]
    tap.equal((mapping["BisectBatchOnFunctionError"], mapping["DestinationConfig"]),
              (True, {"OnFailure": {"Destination": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}}))
    [notified] = resources["index"]["Bucket"]["Properties"]["NotificationConfiguration"]["LambdaConfigurations"][:1]
    tap.equal(notified["Function"], {"Fn::GetAtt": ["Function", "Arn"]})
    alias = resources["api"]["FunctionAliaslive"]["Properties"]
    tap.equal(alias["ProvisionedConcurrencyConfig"]["Fn::If"][0], "Provisions")
    api = json.dumps(resources["api"]["Api"]["Properties"]["Body"])
    tap.contains(api, "${FunctionAliaslive}/invocations")
    tap.contains(api, '"security": [{"AWS_IAM": []}]')
    assert "Name" not in resources["greet"]["FunctionSchedule"]["Properties"], "two stacks would want the same schedule"


# --- packages ----------------------------------------------------------------------------------------------


class Bucket(http.server.BaseHTTPRequestHandler):
    """As much of S3 as sam package asks for: is an object there, and take one."""
    protocol_version = "HTTP/1.1"

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"0"')
        self.end_headers()

    def do_HEAD(self):
        self.answer(200 if self.path in self.server.objects else 404)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            body = unchunked(body)
        self.server.objects[urllib.parse.urlsplit(self.path).path] = body
        self.answer(200)

    def log_message(self, *_):
        pass


def unchunked(body):
    data = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        data, body = data + body[:length], body[length + 2:]
    return data


def package_of(name):
    return "layer.zip" if name == "layer" else "function.zip"


def desk(folder):
    """A folder as `leat package` leaves it: deploy/lambda, function.zip and layer.zip. Returns the bytes of both."""
    folder = pathlib.Path(folder)
    shutil.copytree(cloudformation.FOLDER, folder / "deploy/lambda")
    for name in PACKAGES:
        files = {"bootstrap": 0o755} | ({"orders.so": 0o644} if name == "function.zip" else {})
        with zipfile.ZipFile(folder / name, "w") as archive:
            for file, mode in files.items():
                entry = zipfile.ZipInfo(file)
                entry.external_attr = mode << 16
                archive.writestr(entry, f"{name} {file}")
    return {name: (folder / name).read_bytes() for name in PACKAGES}


@tap.test
def sam_build_leaves_the_package_as_it_is():
    with tap.folder() as folder:
        packages = desk(folder)
        for name in ["orders", "layer"]:
            done = sam("build", "--template", f"deploy/lambda/{name}.yaml", cwd=folder)
            tap.equal(done.returncode, 0, f"{name}: {done.stdout}{done.stderr}")
            built = pathlib.Path(folder, ".aws-sam/build/template.yaml")
            [properties] = [each["Properties"] for each in cloudformation.parse(built.read_text())["Resources"].values()
                            if each["Type"].startswith("AWS::Serverless::")]
            package = built.parent / (properties.get("CodeUri") or properties["ContentUri"])
            tap.equal(package.read_bytes(), packages[package_of(name)])


@tap.test
def sam_package_takes_the_package_to_the_bucket():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    server.objects = {}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with tap.folder() as folder:
            packages = desk(folder)
            for name in ["orders", "layer"]:
                server.objects.clear()
                check_package(server, folder, name, packages[package_of(name)])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def check_package(server, folder, name, package):
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    done = sam("package", "--template-file", f"deploy/lambda/{name}.yaml", "--s3-bucket", "packages",
               "--output-template-file", "packaged.yaml", cwd=folder, AWS_ENDPOINT_URL_S3=endpoint,
               AWS_ACCESS_KEY_ID="invented", AWS_SECRET_ACCESS_KEY="invented", NO_PROXY="*", no_proxy="*")
    tap.equal(done.returncode, 0, f"{name}: {done.stdout}{done.stderr}")
    [(path, stored)] = server.objects.items()
    tap.equal(stored, package, name)
    document = cloudformation.parse(pathlib.Path(folder, "packaged.yaml").read_text())
    kind = "ContentUri" if name == "layer" else "CodeUri"
    [uri] = [each["Properties"][kind] for each in document["Resources"].values() if kind in each["Properties"]]
    tap.equal(uri, f"s3:/{path}", name)


tap.main()
