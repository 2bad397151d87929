# SPDX-License-Identifier: Apache-2.0
"""For tests of `leat package`: files to package, and a root as bare as Lambda's to run archives in.

    with packaging.Lambda(desk, "function.zip") as function:
        tap.equal(function.invoke(replaying.sqs(replaying.message("m1", "a"))), {"batchItemFailures": []})

The root has the archive in /var/task (read-only), a layer in /opt, this machine's glibc and its loader, and nothing else. It is made in a mount namespace of its own, which ends with the process.
"""
import functools
import json
import os
import pathlib
import shlex
import shutil
import zipfile

import runtime_api
import tap

LIBRARY_PATH = "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
LOADERS = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}
# The root comes first, as this machine's is out of sight behind the change of root.
ENTER = """set -e
mount -t tmpfs -o mode=755 tmpfs "$1/mnt"
cp -r "$1/root/." "$1/mnt"
mkdir -p "$1/mnt/tmp" "$1/mnt/dev" "$1/mnt/proc"
touch "$1/mnt/dev/null" && mount --bind /dev/null "$1/mnt/dev/null"
mount --bind "$1/mnt/var/task" "$1/mnt/var/task" && mount -o remount,bind,ro "$1/mnt/var/task"
root=$1 && shift && exec "$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)" "$root/mnt" "$@"
"""
NOTE = """
__attribute__((section(".note.leat"), aligned(4), used)) static const struct {
    unsigned name_size, content_size, type; char name[8]; unsigned abi;
} note = {5, 4, 1, "leat", 1};
"""
HANDLER = """
#include <leat/leat.h>
%s
static leat_outcome handle(leat_context *ctx, const leat_event *event, void *state)
{
    (void)event; (void)state;
    return %s ? leat_ok(ctx) : leat_retry(ctx, "no");
}
LEAT_HANDLER(%s, .handle = handle);
"""
MAIN = """
static const struct leat_handler *const handlers[] = {&leat_handler_%s, NULL};
int main(int argc, char **argv) { return leat_main(argc, argv, handlers); }
"""


@functools.lru_cache
def flags(*options):
    env = {"PKG_CONFIG_PATH": f"{tap.BUILD}/meson-uninstalled"}
    return shlex.split(tap.must("pkg-config", *options, env=env).stdout)


def compiled(desk, target, source, *more, compiler="cc"):
    """A shared object of that text, linked with nothing of leat."""
    desk.write(f"{target}.c", source)
    tap.must(compiler, "-g", "-O1", "-shared", "-fPIC", desk.path(f"{target}.c"), *more, "-o", desk.path(target),
             cwd=desk.folder)
    return target


def handler(desk, target, *more, include="", condition="1", compiler="cc", libs=True):
    name = pathlib.Path(target).name.split(".")[0]
    return compiled(desk, target, HANDLER % (include, condition, name), *flags("--cflags", "leat"), *more,
                    *(flags("--libs", "leat") if libs else []), compiler=compiler)


def program(desk, target, *more):
    """A handler with leat_main() in it, linked for Lambda."""
    desk.write(f"{target}.c", HANDLER % ("", "1", target) + MAIN % target)
    tap.must("cc", "-g", "-O1", desk.path(f"{target}.c"), *flags("--cflags", "--libs", "leat-function"), *more, "-o",
             desk.path(target))
    return target


def package(desk, *arguments, **options):
    """What is said of an archive that is made."""
    done = desk.leat("package", *arguments, **options)
    tap.equal(done.returncode, 0, done.stderr)
    return done.stdout


def refused(desk, status, *arguments, **options):
    """Why there is none."""
    before = sorted(desk.folder.iterdir())
    done = desk.leat("package", *arguments, **options)
    tap.equal((done.returncode, done.stdout), (status, ""), done.stderr)
    tap.equal(sorted(desk.folder.iterdir()), before, "what is left behind")
    return done.stderr


def names(desk, archive="function.zip"):
    with zipfile.ZipFile(desk.path(archive)) as opened:
        return opened.namelist()


def listed(desk, archive="function.zip"):
    """The components of sbom.json, by name."""
    with zipfile.ZipFile(desk.path(archive)) as opened:
        return {each["name"]: each for each in json.loads(opened.read("sbom.json"))["components"]}


@functools.lru_cache
def no_root():
    """Why no bare root can be had; None: it can."""
    if os.geteuid() != 0:
        return "root is needed for a mount namespace"
    done = tap.run("unshare", "--mount", "--propagation", "private", "sh", "-c", "mount -t tmpfs tmpfs /mnt && chroot / true")
    return None if done.returncode == 0 else f"no mount namespace here: {done.stderr.strip()}"


def c_library():
    """The files of glibc itself: what Lambda has."""
    listed = tap.must("ldd", tap.BUILD / "leat").stdout
    folder = next(pathlib.Path(word).parent for word in listed.split() if word.endswith("/libc.so.6"))
    wanted = ["libc.so.6", "libm.so.6", "libresolv.so.2", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"]
    return [folder / name for name in wanted if (folder / name).exists()]


NAMESPACE = ["--mount", "--propagation", "private", "sh", "-c", ENTER, "sh"]


def make_root(desk, archive, layer=None):
    """A folder for ENTER, and the program that Lambda would start in it."""
    if no_root():
        raise tap.Skip(no_root())
    place = desk.path("lambda")
    shutil.rmtree(place, ignore_errors=True)
    for folder in ["root/lib64", "root/usr/lib64", "root/opt", "root/var/task", "mnt"]:
        (place / folder).mkdir(parents=True)
    tap.must("unzip", "-q", desk.path(archive), "-d", place / "root/var/task")
    if layer:
        tap.must("unzip", "-q", desk.path(layer), "-d", place / "root/opt")
    for path in c_library():
        shutil.copy(path, place / "root/lib64" / path.name)
    loader = pathlib.Path(LOADERS[os.uname().machine])
    target = place / "root" / loader.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(loader, target)
    start = "/var/task" if (place / "root/var/task/bootstrap").exists() else "/opt"
    return place, f"{start}/bootstrap"


class Lambda(runtime_api.Function):
    """An archive, and a layer beside it, run as Lambda would run it."""

    def __init__(self, desk, archive, layer=None, **env):
        place, program = make_root(desk, archive, layer)
        variables = {"LAMBDA_TASK_ROOT": "/var/task", "LD_LIBRARY_PATH": LIBRARY_PATH, **env}
        super().__init__(env=variables, program="/usr/bin/unshare", arguments=[*NAMESPACE, str(place), program])

    def invoke(self, payload, **options):
        return super().invoke(payload, **options).json()
