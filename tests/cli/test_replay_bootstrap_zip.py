# SPDX-License-Identifier: Apache-2.0
"""`leat replay --bootstrap FILE.zip`: archives of Info-ZIP and of Python, and what no function comes in."""
import io
import os
import shutil
import struct
import zipfile

import guests
import replaying
import tap

ONE = replaying.sqs(replaying.message("m1", "a"))
TELL = """
def look(path):
    return "-> " + os.readlink(path) if os.path.islink(path) else oct(os.stat(path).st_mode & 0o777)
found = {os.path.relpath(os.path.join(folder, name), "."): look(os.path.join(folder, name))
         for folder, folders, files in os.walk(".") for name in folders + files}
open("left.txt", "w").write("x")
serve(lambda event, headers: {"found": found, "root": os.environ["LAMBDA_TASK_ROOT"], "cwd": os.getcwd(),
                              "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"]})
"""
FILE, LINK, FOLDER, DEVICE = 0o100644, 0o120777, 0o40755, 0o60644
BOOTSTRAP = ("bootstrap", guests.text(TELL), 0o100755)


def archive(*entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.external_attr, info.create_system, info.compress_type = mode << 16, 3, method
            made.writestr(info, content)
    return out.getvalue()


def patched(content, at, form, value, signature=b"PK\1\2"):
    """A field of the last entry in the directory (or of another record) is another one."""
    content, start = bytearray(content), content.rfind(signature)
    struct.pack_into(form, content, start + at, value)
    return bytes(content)


def run(desk, name, expected=0):
    """What TELL tells; nothing is left in the temporary folder, whatever came of it."""
    desk.write("a.json", ONE)
    desk.path("tmp").mkdir(exist_ok=True)
    env = {"TMPDIR": str(desk.path("tmp"))}
    if expected != 0:
        done = desk.replay("--bootstrap", name, "a.json", env=env)
        tap.equal((done.returncode, os.listdir(desk.path("tmp"))), (expected, []), done.stderr)
        return done.stderr
    status, lines = desk.lines("--bootstrap", name, "a.json", "--as", "unknown", env=env)
    tap.equal((status, os.listdir(desk.path("tmp"))), (0, []))
    return replaying.replies(lines)[0]


def refused(desk, content, message):
    desk.write("f.zip", content)
    said = run(desk, "f.zip", 78)
    tap.contains(said, "f.zip: ")
    tap.contains(said, message)


@replaying.test
def an_archive_of_info_zip_is_unpacked_as_it_was(desk):
    if shutil.which("zip") is None:
        raise tap.Skip("zip is not installed")
    guests.write(desk, TELL, "package/bootstrap")
    desk.write("package/lib/liba.so.1", "x" * 100000)
    desk.write("package/lib/stored.bin", os.urandom(2000))
    desk.path("package/lib/liba.so").symlink_to("liba.so.1")
    desk.path("package/lib/up").symlink_to("../bootstrap")
    desk.path("package/empty").mkdir()
    desk.path("package/lib/liba.so.1").chmod(0o640)
    for options in ["-qry", "-qry0", "-qryX9"]:
        desk.path("hello.zip").unlink(missing_ok=True)
        tap.must("zip", options, "../hello.zip", ".", cwd=desk.path("package"))
        told = run(desk, "hello.zip")
        tap.equal(told["found"], {"bootstrap": "0o755", "lib": "0o755", "lib/liba.so": "-> liba.so.1", "empty": "0o755",
                                  "lib/liba.so.1": "0o640", "lib/stored.bin": "0o644", "lib/up": "-> ../bootstrap"})
        tap.equal((told["name"], told["root"]), ("hello", told["cwd"]))


@replaying.test
def an_archive_of_python_is_unpacked_as_it_was(desk):
    for method in [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]:
        desk.write("f.zip", archive(BOOTSTRAP, ("a/b/c.txt", "c" * 70000, FILE), ("a/l", "./b/c.txt", LINK), method=method))
        tap.equal(run(desk, "f.zip")["found"],
                  {"bootstrap": "0o755", "a": "0o755", "a/b": "0o755", "a/b/c.txt": "0o644", "a/l": "-> ./b/c.txt"})


@replaying.test
def an_archive_written_as_a_stream_is_read_too(desk):
    class Pipe(io.RawIOBase):
        written = b""

        def writable(self):
            return True

        def write(self, data):
            self.written += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:
        info = zipfile.ZipInfo("bootstrap", (2024, 1, 1, 0, 0, 0))
        info.external_attr, info.compress_type = 0o100755 << 16, zipfile.ZIP_DEFLATED
        made.writestr(info, guests.text(TELL))
        made.comment = b"a comment"
    desk.write("f.zip", pipe.written)
    tap.equal(run(desk, "f.zip")["found"], {"bootstrap": "0o755"})


@replaying.test
def a_bootstrap_is_wanted_that_can_be_run(desk):
    refused(desk, archive(("package/bootstrap", "x", 0o100755)), "it holds no bootstrap at its root")
    refused(desk, archive(("bootstrap", "x", FILE)), "its bootstrap is not executable")
    refused(desk, archive(("bootstrap/", "", FOLDER)), "it holds no bootstrap")


@replaying.test
def the_folder_is_removed_when_the_function_fails_too(desk):
    desk.write("f.zip", archive(("bootstrap", "#!/bin/sh\nchmod 500 . ; exit 3\n", 0o100755), ("a/b", "", FILE)))
    tap.contains(run(desk, "f.zip", 78), "ended 3 times before it took an event: exit status 3")


@replaying.test
def names_that_lead_out_are_refused(desk):
    for name in ["../a", "/a", "a/../../b", "a/./b", "..", "a//b"]:
        refused(desk, archive(BOOTSTRAP, (name, "x", FILE)), f"entry {name}: its name leads out of the archive")
    refused(desk, archive(BOOTSTRAP, ("a!b", "x", FILE)).replace(b"a!b", b"a\\b"), "entry a\\b: a backslash or a control character")
    refused(desk, archive(BOOTSTRAP, ("a!b", "x", FILE)).replace(b"a!b", b"a\0b"), "entry a\\x00b: a backslash or a control character")
    refused(desk, archive(BOOTSTRAP, ("\x1b[31m", "x", FILE)), "entry \\x1b[31m: a backslash or a control character")


@replaying.test
def links_that_lead_out_are_refused(desk):
    for name, target in [("l", "/etc/passwd"), ("l", ".."), ("a/l", "../../x"), ("l", "a/../../x"), ("l", "a/.."), ("l", "x\0y")]:
        refused(desk, archive(BOOTSTRAP, (name, target, LINK)), f"entry {name}: a link that leads out of the archive")
    refused(desk, archive(BOOTSTRAP, ("l", "", LINK)), "a link to nothing")


@replaying.test
def nothing_is_written_through_a_link(desk):
    for entries in [[("l", ".", LINK), ("l/x", "x", FILE)], [("l/x", "../y", LINK), ("l", ".", LINK)],
                    [("l", ".", LINK), ("l/x", "../y", LINK)], [("f", "x", FILE), ("f/x", "x", FILE)]]:
        refused(desk, archive(BOOTSTRAP, *entries), "cannot unpack")


@replaying.test
def what_is_no_file_is_refused(desk):
    refused(desk, archive(BOOTSTRAP, ("d", "", DEVICE)), "entry d: it is no file, no folder and no link")
    refused(desk, archive(BOOTSTRAP, ("d/", "abc", FOLDER)), "a folder that holds bytes")


@replaying.test
def damage_is_told(desk):
    whole = archive(BOOTSTRAP, ("a", "abc" * 100, FILE))
    refused(desk, b"PK\3\4", "no zip archive, or cut off")
    refused(desk, b"", "no zip archive, or cut off")
    refused(desk, whole[:-1], "no zip archive, or cut off")
    refused(desk, whole[:200] + whole[300:], "its directory is not where its end record says")
    refused(desk, b"x" + whole, "its directory is not where its end record says")
    refused(desk, patched(whole, 16, "<I", 1), "entry a is damaged")
    refused(desk, patched(whole, 24, "<I", 299), "entry a is damaged")
    refused(desk, patched(whole, 24, "<I", 301), "entry a is damaged")
    refused(desk, patched(whole, 42, "<I", 1), "it does not stand where the directory says")
    refused(desk, patched(whole, 42, "<I", 0), "it has another name in front of its data")
    refused(desk, patched(whole, 20, "<I", 1 << 20), "it is cut off")
    refused(desk, patched(whole, 0, "<I", 0), "its directory is damaged")


@replaying.test
def what_is_not_read_is_named(desk):
    whole = archive(BOOTSTRAP, ("a", "abc" * 100, FILE))
    refused(desk, patched(whole, 8, "<H", 1), "entry a: it is encrypted")
    refused(desk, patched(whole, 10, "<H", 12), "entry a: it is neither stored nor deflated")
    refused(desk, patched(whole, 24, "<I", 0xFFFFFFFF), "entry a: it is in zip64 form")
    refused(desk, patched(whole, 10, "<H", 0xFFFF, b"PK\5\6"), "it is in zip64 form")
    refused(desk, patched(whole, 4, "<H", 1, b"PK\5\6"), "it is one part of several")


@replaying.test
def entries_may_not_overlap_or_come_twice(desk):
    two = archive(BOOTSTRAP, ("a", "abc", FILE), ("b", "abc", FILE))
    start = two.rfind(b"PK\1\2")
    first = struct.unpack_from("<I", two, two.rfind(b"PK\1\2", 0, start) + 42)[0]
    refused(desk, patched(two, 42, "<I", first), "another name in front")
    twice = bytearray(patched(two, 42, "<I", first))
    twice[start + 46:start + 47] = b"a"
    refused(desk, bytes(twice), "entry a: it overlaps another")
    double = bytearray(two)
    for at in [two.rfind(b"PK\3\4") + 30, start + 46]:
        double[at:at + 1] = b"a"
    refused(desk, bytes(double), "entry a: it is there twice")


@replaying.test
def what_would_fill_the_disk_is_refused(desk):
    content = archive(("big", b"\0" * (126 << 20), FILE), ("bootstrap", "", 0o100755))
    assert len(content) < 1 << 20, len(content)
    refused(desk, patched(content, 24, "<I", 125 << 20), "unzipped it is larger than a function may be")


tap.main()
