# SPDX-License-Identifier: Apache-2.0
"""leat package --check and sbom.json: what an archive was made of, and what of it is out of date."""
import hashlib
import json
import re
import shutil
import zipfile

import packaging
import replaying
import tap


def dpkg():
    if shutil.which("dpkg-query") is None:
        raise tap.Skip("no dpkg here")


def rewritten(desk, change, source="function.zip", target="old.zip"):
    """The archive with its files changed: change(name, content) gives the new content."""
    with zipfile.ZipFile(desk.path(source)) as archive, zipfile.ZipFile(desk.path(target), "w") as made:
        for info in archive.infolist():
            made.writestr(info, change(info.filename, archive.read(info)))


def check(desk, *arguments, **options):
    done = desk.leat("package", "--check", *arguments, **options)
    tap.equal(done.stderr, "", arguments)
    return done.returncode, done.stdout


def made(desk):
    packaging.package(desk, packaging.handler(desk, "hello.so"))


@replaying.test
def the_list_is_cyclonedx_and_has_each_file(desk):
    made(desk)
    with zipfile.ZipFile(desk.path("function.zip")) as archive:
        sbom = json.loads(archive.read("sbom.json"))
        contents = {name: archive.read(name) for name in archive.namelist() if name != "sbom.json"}
    tap.equal((sbom["bomFormat"], sbom["specVersion"], sbom["version"]), ("CycloneDX", "1.5", 1))
    tap.equal(sorted(sbom), ["bomFormat", "components", "metadata", "specVersion", "version"])
    tap.equal(sbom["metadata"]["component"], {"type": "application", "name": "hello"})
    tap.equal([each["name"] for each in sbom["components"]], sorted(contents))
    for each in sbom["components"]:
        assert set(each) <= {"type", "name", "version", "hashes", "purl", "properties"}, each
        tap.equal(each["type"], "file")
        tap.equal(each["hashes"], [{"alg": "SHA-256", "content": hashlib.sha256(contents[each["name"]]).hexdigest()}])
        properties = {one["name"]: one["value"] for one in each["properties"]}
        tap.equal(properties["leat:bytes"], str(len(contents[each["name"]])))


@replaying.test
def files_of_packages_have_their_version(desk):
    dpkg()
    made(desk)
    cjson = packaging.listed(desk)["lib/libcjson.so.1"]
    version = tap.must("dpkg-query", "-W", "-f", "${Version}", "libcjson1").stdout
    tap.equal(cjson["version"], version)
    assert re.fullmatch(r"pkg:deb/[a-z]+/libcjson1@[\w.%~-]+\?arch=\w+", cjson["purl"]), cjson["purl"]
    assert "+" not in cjson["purl"]
    assert "purl" not in packaging.listed(desk)["hello.so"]


@replaying.test
def without_dpkg_nobody_knows_the_packages(desk):
    packaging.package(desk, packaging.handler(desk, "hello.so"), env={"PATH": "/nowhere"})
    assert not [each for each in packaging.listed(desk).values() if "purl" in each]
    tap.equal(check(desk, "function.zip", "--keep-debug", env={"PATH": "/nowhere"})[0], 0)


@replaying.test
def what_was_made_now_is_as_new_as_can_be(desk):
    made(desk)
    status, said = check(desk, "function.zip")
    tap.equal((status, said.splitlines()), (0, ["function.zip: hello.so: not compared: none is named or found here",
                                                "function.zip: 2 files, none older than this machine's"]))
    status, said = check(desk, "function.zip", "hello.so")
    tap.equal((status, said), (0, "function.zip: 3 files, none older than this machine's\n"))
    status, said = check(desk, "function.zip", "hello.so", "--json")
    tap.equal(status, 0)
    tap.equal([(each["name"], each["state"]) for each in map(json.loads, said.splitlines())],
              [("bootstrap", "same"), ("hello.so", "same"), ("lib/libcjson.so.1", "same")])


@replaying.test
def an_older_package_is_told_with_both_versions(desk):
    dpkg()
    made(desk)
    now = packaging.listed(desk)["lib/libcjson.so.1"]["version"]

    def older(name, content):
        return content.replace(b'"version":"' + now.encode(), b'"version":"1.0.0~rc1') if name == "sbom.json" else content

    rewritten(desk, older)
    status, said = check(desk, "old.zip")
    tap.equal(status, 1)
    tap.contains(said, f"old.zip: lib/libcjson.so.1: libcjson1:{architecture()} 1.0.0~rc1, this machine has {now}\n")

    rewritten(desk, lambda name, content: content.replace(b'"version":"' + now.encode(), b'"version":"99:1'))
    tap.equal(check(desk, "old.zip")[0], 0, "newer than this machine's is not older")


def architecture():
    return tap.must("dpkg", "--print-architecture").stdout.strip()


@replaying.test
def other_bytes_are_told(desk):
    made(desk)
    rewritten(desk, lambda name, content: content[:-1] + b"x" if name in ("bootstrap", "lib/libcjson.so.1") else content)
    status, said = check(desk, "old.zip")
    tap.equal(status, 1)
    tap.contains(said, "old.zip: bootstrap: another than ")
    tap.contains(said, "old.zip: lib/libcjson.so.1: another than ")
    packaging.handler(desk, "hello.so", condition="0")
    status, said = check(desk, "function.zip", "hello.so")
    tap.equal((status, said), (1, "function.zip: hello.so: another than hello.so\n"))


@replaying.test
def a_list_may_say_anything(desk):
    made(desk)
    for text in [b'{"components":[{}]}', b'{"components":[{"name":5,"properties":{}}]}',
                 b'{"components":[{"name":"../../etc/passwd","version":"--help","properties":[{"name":"leat:package",'
                 b'"value":"--help"},{"name":"leat:role","value":"library"}]}]}',
                 b'{"components":[{"name":"a\\u001b[31mb"}]}']:
        rewritten(desk, lambda name, content: text if name == "sbom.json" else content)
        status, said = check(desk, "old.zip")
        tap.equal(status, 1, said)
        tap.contains(said, "not in the archive, or damaged")
        assert "\x1b" not in said
    for text in [b"", b"[]", b"no", b'{"components":5}']:
        rewritten(desk, lambda name, content: text if name == "sbom.json" else content)
        tap.contains(packaging.refused(desk, 78, "--check", "old.zip"), "no list of what is in it")


@replaying.test
def what_is_no_archive_is_refused(desk):
    desk.write("text.zip", "hello")
    tap.contains(packaging.refused(desk, 78, "--check", "text.zip"), "text.zip: no zip archive")
    tap.contains(packaging.refused(desk, 66, "--check", "missing.zip"), "missing.zip: No such file")
    with zipfile.ZipFile(desk.path("other.zip"), "w") as archive:
        archive.writestr("bootstrap", "x")
    tap.contains(packaging.refused(desk, 78, "--check", "other.zip"), "leat package makes archives that have one")


tap.main()
