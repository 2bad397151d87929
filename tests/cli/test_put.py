# SPDX-License-Identifier: Apache-2.0
"""leat put: files into the queue of a source."""
import json

import tap
import working


def put(desk, *arguments, **options):
    return desk.leat("put", *arguments, env=desk.environment, **options)


def names(desk):
    return sorted(path.name for path in desk.path("spool/new").iterdir())


@working.test
def what_is_put_is_what_a_worker_runs(desk):
    desk.configure()
    text = '{ "do": "reject",  "n": 9007199254740993 }\n'
    desk.write("a.json", text)
    done = put(desk, "inbox", "a.json")
    tap.equal((done.returncode, done.stderr), (0, ""))
    tap.equal(done.stdout.split(), names(desk))
    tap.equal(desk.path("spool/new").joinpath(names(desk)[0]).read_text(), text)
    tap.equal(desk.run("--until-idle").returncode, 0)
    tap.equal(len(desk.dead()), 1)


@working.test
def several_files_and_standard_input(desk):
    desk.configure()
    desk.write("a.json", {"do": "ok"})
    desk.write("b.jsonl", '{"do":"ok"}\n\n{"do":"ok"}\n')
    done = put(desk, "--json", "inbox", "a.json", "b.jsonl", "-", input='{"do":"ok"}')
    tap.equal(done.returncode, 0)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    tap.equal([line["file"] for line in lines], ["a.json", "b.jsonl", "-"])
    tap.equal({line["source"] for line in lines}, {"inbox"})
    tap.equal([line["bytes"] for line in lines], [12, 25, 11])
    tap.equal(sorted(line["name"] for line in lines), names(desk))


@working.test
def what_is_no_json_is_refused_with_its_place_and_nothing_is_put(desk):
    desk.configure()
    desk.write("good.json", {"do": "ok"})
    for text, place in [('{"do":\n  "ok"', ":2:7: error: not JSON: the file ends"), ("hello", ":1:1: error: not JSON"),
                        ('{"a":1}\n{"b":}\n', ":2:6: error: not JSON"), ('["ab', "string that starts at column 2"),
                        ('{"a":1}{"b":1}\n', ":1:8: error: not JSON: more follows the value"),
                        ('{"a":\n1}\n{"b":1}\n', ":3:1: error: not JSON: more follows the value"),
                        ('{"a":1}\n\n{"b":\n1}\n', ":3:6: error: not JSON: the line ends too early")]:
        desk.write("bad.json", text)
        done = put(desk, "inbox", "good.json", "bad.json")
        tap.equal((done.returncode, done.stdout), (65, ""), text)
        tap.contains(done.stderr, place)
        tap.contains(done.stderr, "nothing was put; --raw puts it as it is")
    desk.write("bad.json", " \n")
    tap.equal(put(desk, "inbox", "bad.json").returncode, 65)
    assert not desk.path("spool/new").exists() or names(desk) == []
    desk.write("bad.json", "hello")
    done = put(desk, "--json", "inbox", "bad.json")
    tap.equal(done.returncode, 65)
    tap.equal(json.loads(done.stdout)["error"]["code"], "not-json")
    tap.equal(put(desk, "--raw", "inbox", "bad.json").returncode, 0)
    tap.equal(desk.path("spool/new").joinpath(names(desk)[0]).read_text(), "hello")


@working.test
def each_mistake_has_its_words_and_its_status(desk):
    desk.configure()
    desk.write("a.json", {"do": "ok"})
    for arguments, status, words in [
            ([], 64, "no source is named"), (["inbox"], 64, "no file is named"), (["--to", "x"], 64, "knows no option"),
            (["inbx", "a.json"], 78, 'did you mean "inbox"?'), (["inbox", "missing.json"], 66, "missing.json: No such"),
            (["inbox", "."], 66, ".: Is a directory"), (["--config", "no.yaml", "inbox", "a.json"], 78, "no.yaml"),
            (["--set", "limits.payload=5", "inbox", "a.json"], 65, "a.json is longer than 5 bytes")]:
        done = put(desk, *arguments)
        tap.equal((done.returncode, done.stdout), (status, ""), arguments)
        tap.contains(done.stderr, words)


@working.test
def a_queue_that_cannot_be_written_is_74(desk):
    desk.configure(inbox="{type: spool, path: a.json/spool}")
    desk.write("a.json", {"do": "ok"})
    done = put(desk, "inbox", "a.json")
    assert done.returncode in (74, 78), done
    tap.contains(done.stderr, "leat: error: ")


tap.main()
