# SPDX-License-Identifier: Apache-2.0
"""leat new: what it writes builds and passes at once."""
import os
import pathlib

import tap

FILES = ["Makefile", "events/sqs.expect", "events/sqs.json", "leat.yaml", "{}.c"]
ENV = {"PATH": f"{tap.BUILD}:{os.environ['PATH']}", "PKG_CONFIG_PATH": str(tap.BUILD / "meson-uninstalled")}


def written(folder, name):
    root = pathlib.Path(folder) / name
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def make(folder, *targets):
    return tap.run("make", "-C", folder, *targets, env=ENV)


@tap.test
def it_says_what_it_wrote():
    with tap.folder() as folder:
        done = tap.leat("new", "hello", cwd=folder)
        tap.equal((done.returncode, done.stderr), (0, ""))
        tap.equal(done.stdout, "wrote hello.c Makefile leat.yaml events/sqs.json events/sqs.expect\n")
        tap.equal(written(folder, "hello"), sorted(name.format("hello") for name in FILES))
        for name in written(folder, "hello"):
            text = (pathlib.Path(folder) / "hello" / name).read_text()
            assert "@NAME@" not in text and "@IDENT@" not in text, name


@tap.test
def with_lambda_there_is_a_template_too():
    with tap.folder() as folder:
        for arguments in [["--lambda", "2nd-try"], ["hello", "--lambda", "--lambda"]]:
            done = tap.leat("new", *arguments, cwd=folder)
            name = next(word for word in arguments if word != "--lambda")
            tap.equal((done.returncode, done.stderr), (0, ""))
            tap.equal(done.stdout, f"wrote {name}.c Makefile leat.yaml events/sqs.json events/sqs.expect"
                                   f" deploy/lambda/{name}.yaml\n")
            tap.equal(written(folder, name), sorted([each.format(name) for each in FILES]
                                                    + [f"deploy/lambda/{name}.yaml"]))
            text = (pathlib.Path(folder) / name / f"deploy/lambda/{name}.yaml").read_text()
            tap.contains(text, f"\n      Handler: {name}.so\n")
            tap.contains(text, f"sam deploy -t deploy/lambda/{name}.yaml --guided\n")
            for unwanted in ["@NAME@", "@IDENT@", "orders", "SPDX", "build/"]:
                assert unwanted not in text, unwanted


@tap.test
def with_lambda_a_folder_that_is_there_is_left_alone_too():
    with tap.folder() as folder:
        tap.equal(tap.leat("new", "hello", cwd=folder).returncode, 0)
        done = tap.leat("new", "--lambda", "hello", cwd=folder)
        tap.equal((done.returncode, done.stdout), (73, ""))
        tap.contains(done.stderr, "hello is there already and not empty")
        assert not (pathlib.Path(folder) / "hello/deploy").exists()


@tap.test
def what_it_writes_builds_and_passes_at_once():
    for name in ["hello", "2nd-try", "_"]:
        with tap.folder() as folder:
            tap.equal(tap.leat("new", name, cwd=folder).returncode, 0)
            done = make(pathlib.Path(folder) / name, "test")
            tap.equal(done.returncode, 0, f"{name}: {done.stdout}{done.stderr}")
            tap.contains(done.stdout, "as expected")
            assert "warning" not in done.stderr, done.stderr


@tap.test
def what_it_writes_runs_as_a_worker():
    with tap.folder() as folder:
        tap.equal(tap.leat("new", "2nd-try", cwd=folder).returncode, 0)
        home = pathlib.Path(folder) / "2nd-try"
        tap.equal(make(home).returncode, 0)
        env = {"XDG_STATE_HOME": folder}
        tap.equal(tap.leat("check", "-W", cwd=home, env=env).returncode, 0)
        tap.equal(tap.leat("put", "inbox", "events/sqs.json", cwd=home, env=env).returncode, 0)
        done = tap.leat("run", "--until-idle", cwd=home, env=env)
        tap.equal(done.returncode, 0, done.stderr)
        tap.contains(done.stderr, "1 event: 1 ok")
        tap.equal([path for path in (home / "spool").rglob("*") if path.is_file()], [])


@tap.test
def its_test_fails_when_the_handler_does_something_else():
    with tap.folder() as folder:
        tap.equal(tap.leat("new", "hello", cwd=folder).returncode, 0)
        source = pathlib.Path(folder) / "hello" / "hello.c"
        text = source.read_text()
        source.write_text(text.replace("return leat_ok(ctx);", 'return leat_retry(ctx, "not today");'))
        assert source.read_text() != text
        done = make(source.parent, "test")
        assert done.returncode != 0, done.stdout
        tap.contains(done.stdout + done.stderr, "not today")


@tap.test
def an_empty_folder_is_used_and_a_full_one_left_alone():
    with tap.folder() as folder:
        (pathlib.Path(folder) / "hello").mkdir()
        tap.equal(tap.leat("new", "hello", cwd=folder).returncode, 0)
        before = {name: (pathlib.Path(folder) / "hello" / name).read_bytes() for name in written(folder, "hello")}
        done = tap.leat("new", "hello", cwd=folder)
        tap.equal((done.returncode, done.stdout), (73, ""))
        tap.contains(done.stderr, "hello is there already and not empty")
        tap.equal(before, {name: (pathlib.Path(folder) / "hello" / name).read_bytes()
                           for name in written(folder, "hello")})


@tap.test
def a_file_in_the_way_exits_73():
    with tap.folder() as folder:
        (pathlib.Path(folder) / "hello").write_text("mine")
        done = tap.leat("new", "hello", cwd=folder)
        tap.equal((done.returncode, done.stdout), (73, ""))
        tap.equal((pathlib.Path(folder) / "hello").read_text(), "mine")


@tap.test
def a_name_that_c_or_a_path_cannot_take_exits_64():
    with tap.folder() as folder:
        for name in ["", "a/b", "../x", "/tmp/x", ".", "..", "-x", "a b", "a\nb", "h\u00e9llo", "a.c", "x" * 101]:
            done = tap.leat("new", "--", name, cwd=folder)
            tap.equal((done.returncode, done.stdout), (64, ""), name)
            tap.contains(done.stderr, "cannot be the name of a handler")
        for arguments in [[], ["a", "b"], ["--lambda"], ["--lambda=sqs", "a"]]:
            tap.equal(tap.leat("new", *arguments, cwd=folder).returncode, 64, arguments)
        tap.equal(os.listdir(folder), [])


# The limit on the size of a file stands for a full disk: the first file fits, a later one does not.
@tap.test
def a_disk_that_fills_up_leaves_nothing_behind():
    with tap.folder() as folder:
        limited = 'ulimit -f 1; trap "" XFSZ; exec "$0" new "$1"'
        for name in ["hello", "empty"]:
            if name == "empty":
                (pathlib.Path(folder) / name).mkdir()
            done = tap.run("sh", "-c", limited, tap.BUILD / "leat", name, cwd=folder)
            tap.equal((done.returncode, done.stdout), (74, ""), done.stderr)
            tap.contains(done.stderr, f"cannot write {name}/")
        tap.equal(os.listdir(folder), ["empty"], "the folder that was there stays")
        tap.equal(written(folder, "empty"), [])
        done = tap.run("sh", "-c", 'ulimit -f 8; trap "" XFSZ; exec "$0" new --lambda hello', tap.BUILD / "leat",
                       cwd=folder)
        tap.equal((done.returncode, done.stdout), (74, ""), done.stderr)
        tap.contains(done.stderr, "cannot write hello/deploy/lambda/hello.yaml")
        tap.equal(os.listdir(folder), ["empty"], "nor do the folders above the template")


@tap.test
def a_folder_that_cannot_be_made_exits_73():
    with tap.folder() as folder:
        gone = pathlib.Path(folder) / "gone"
        gone.mkdir()
        done = tap.run("sh", "-c", 'cd "$1" && rmdir "$1" && exec "$0" new hello', tap.BUILD / "leat", gone)
        tap.equal((done.returncode, done.stdout), (73, ""), done.stderr)
        tap.contains(done.stderr, "cannot create hello")


tap.main()
