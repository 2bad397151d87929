# SPDX-License-Identifier: Apache-2.0
"""What `meson install` puts down is enough to write handlers with: C11, C++20, and linked in."""
import pathlib
import shlex

import tap

C_HANDLER = """\
#include <leat/leat.h>

static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)state;
    const cJSON *body = leat_event_json(event);
    if (body == NULL)
        return leat_reject(ctx, "body is not JSON");
    if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(body, "name")))
        return leat_retry(ctx, "no field \\"name\\"");
    return leat_ok(ctx);
}

LEAT_HANDLER(hello, .handle = handle);
"""
CXX_HANDLER = C_HANDLER.replace("NULL", "nullptr").replace("(void)state;", "static_cast<void>(state);")
MAIN = C_HANDLER + """
static const struct leat_handler *const handlers[] = {&leat_handler_hello, NULL};

int main(int argc, char **argv)
{
    return leat_main(argc, argv, handlers);
}
"""
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]


class Installed:
    """leat installed below a folder, and a folder to build handlers in."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder) / "root"
        self.here = pathlib.Path(folder) / "hello"
        self.here.mkdir()
        tap.must("meson", "install", "-C", tap.BUILD, "--no-rebuild", "--destdir", self.root)
        packages = [str(path) for path in self.root.rglob("pkgconfig")]
        tap.equal(len(packages), 1, "pkgconfig folders")
        self.env = {"PKG_CONFIG_SYSROOT_DIR": str(self.root), "PKG_CONFIG_PATH": packages[0]}

    def find(self, name):
        found = [path for path in self.root.rglob(name) if path.is_file()]
        tap.equal(len(found), 1, f"files named {name}")
        return found[0]

    def flags(self, *options):
        return shlex.split(tap.must("pkg-config", *options, env=self.env).stdout)

    def write(self, name, text):
        (self.here / name).write_text(text)
        return name

    def run(self, *command, **options):
        return tap.run(*command, cwd=self.here, **options)


def replay_says_ok(installed, *handler):
    """A handler, under both binaries: an event it takes and one it does not."""
    installed.write("good.json", '{"name": "world"}')
    installed.write("bad.json", '{"nobody": "there"}')
    for binary in ["leat", "bootstrap"]:
        program = installed.find(binary)
        done = installed.run(program, "replay", "--handler", *handler, "good.json")
        tap.equal(done.returncode, 0, f"{binary}: {done.stdout}{done.stderr}")
        done = installed.run(program, "replay", "--handler", *handler, "bad.json")
        tap.equal(done.returncode, 1, f"{binary}: {done.stdout}{done.stderr}")
        tap.contains(done.stdout, 'no field "name"')


def with_installed(function):
    def test():
        with tap.folder() as folder:
            function(Installed(folder))
    test.__name__ = function.__name__
    return tap.test(test)


@with_installed
def the_installed_headers_are_the_lower_three_floors(installed):
    between_floors = {"cloudevents.h", "filter.h", "http_adapter.h", "middleware.h", "run.h", "window.h"}
    wanted = sorted(path.name for floor in ["base", "event", "contract"]
                    for path in (tap.ROOT / "core" / floor / "leat").glob("*.h") if path.name not in between_floors)
    got = sorted(path.name for path in (installed.find("leat.h").parent).iterdir())
    tap.equal(got, wanted)


@with_installed
def every_header_compiles_alone_in_c11_and_in_cxx20(installed):
    for header in sorted(installed.find("leat.h").parent.iterdir()):
        text = f"#include <leat/{header.name}>\nextern int nothing_else;\n"
        for compiler, standard, name in [("gcc", "c11", "alone.c"), ("g++", "c++20", "alone.cc"),
                                         ("clang-14", "c11", "alone.c"), ("clang++-14", "c++20", "alone.cc")]:
            installed.write(name, text)
            done = installed.run(compiler, f"-std={standard}", *STRICT, "-fsyntax-only", name,
                                 *installed.flags("--cflags", "leat"))
            assert done.returncode == 0, f"{header.name} with {compiler}:\n{done.stderr[-2000:]}"


@with_installed
def a_handler_in_c11_runs_under_both_binaries(installed):
    source = installed.write("hello.c", C_HANDLER)
    for compiler in ["clang-14", "gcc"]:
        done = installed.run(compiler, "-std=c11", *STRICT, "-g", "-O2", "-shared", "-fPIC", source,
                             *installed.flags("--cflags", "--libs", "leat"), "-o", "hello.so")
        assert done.returncode == 0, f"{compiler}:\n{done.stderr}"
    replay_says_ok(installed, "./hello.so")


@with_installed
def a_handler_in_cxx20_runs_under_both_binaries(installed):
    source = installed.write("hello.cc", CXX_HANDLER)
    for compiler in ["clang++-14", "g++"]:
        done = installed.run(compiler, "-std=c++20", *STRICT, "-g", "-O2", "-shared", "-fPIC", source,
                             *installed.flags("--cflags", "--libs", "leat"), "-o", "hello.so")
        assert done.returncode == 0, f"{compiler}:\n{done.stderr}"
    replay_says_ok(installed, "./hello.so")


@with_installed
def a_handler_linked_in_through_leat_main_runs(installed):
    source = installed.write("hello.c", MAIN)
    done = installed.run("gcc", "-std=c11", *STRICT, source, *installed.flags("--cflags", "--libs", "leat-main"),
                         "-o", "hello")
    assert done.returncode == 0, done.stderr
    installed.write("good.json", '{"name": "world"}')
    done = installed.run("./hello", "replay", "--handler", "hello", "good.json")
    tap.equal(done.returncode, 0, done.stdout + done.stderr)


@tap.test
def the_one_compiler_line_works_without_an_installation():
    with tap.folder() as folder:
        (pathlib.Path(folder) / "hello.c").write_text(C_HANDLER)
        line = ("cc -std=c11 -Wall -g -O2 -shared -fPIC hello.c $(pkg-config --cflags --libs leat) -o hello.so"
                " && echo '{\"name\": \"world\"}' > good.json && leat replay --handler ./hello.so good.json")
        path = f"{tap.BUILD}:" + tap.must("printenv", "PATH").stdout.strip()
        env = {"PKG_CONFIG_PATH": str(tap.BUILD / "meson-uninstalled"), "PATH": path}
        done = tap.run("sh", "-c", line, cwd=folder, env=env)
        tap.equal(done.returncode, 0, done.stdout + done.stderr)


@with_installed
def the_package_files_name_no_library_that_does_not_exist(installed):
    flags = installed.flags("--libs", "leat")
    assert "-lleat" not in flags, flags
    tap.contains(flags, "-lcjson")
    version = tap.must("pkg-config", "--modversion", "leat", env=installed.env).stdout.strip()
    project = tap.must("meson", "introspect", "--projectinfo", tap.BUILD).stdout
    tap.contains(project, f'"version": "{version}"')


tap.main()
