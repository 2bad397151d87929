# SPDX-License-Identifier: Apache-2.0
"""The tree itself: what stands at the top, what a folder's README says, what no file may hold."""
import re

import tap

TOP = {"meson.build", "meson_options.txt", "core", "triggers", "handlers", "config", "tests", "deploy", "docs", "dev",
       ".ci", "README.md", "CHANGELOG.md", "LICENSE"}
FOLDERS = ["core", "triggers", "handlers", "config", "tests", "tests/services", "deploy"]
HEADINGS = ["What lives here", "May use, may not use", "Reading order", "How to add one"]
# Split, so that this file does not hold what it looks for.
HOSTS = ["pypi" + ".org", "files.pythonhosted" + ".org", "registry.npmjs" + ".org", "crates" + ".io",
         "proxy.golang" + ".org", "deb.debian" + ".org", "repo.maven" + ".apache.org", "rubygems" + ".org"]


@tap.test
def the_top_level_is_exactly_this():
    top = {name.split("/")[0] for name in tap.tracked_files()}
    dotfiles = {name for name in top if name.startswith(".")} - TOP
    tap.equal(sorted(top - dotfiles), sorted(TOP))


@tap.test
def every_folder_has_a_readme_with_the_four_headings():
    for folder in FOLDERS:
        path = tap.ROOT / folder / "README.md"
        assert path.exists(), f"{folder}/README.md is missing"
        lines = path.read_text().splitlines()
        assert len(lines) <= 60, f"{folder}/README.md has {len(lines)} lines, at most 60"
        tap.equal([line.lstrip("# ") for line in lines if line.startswith("## ")], HEADINGS, f"{folder}/README.md")


@tap.test
def the_licence_is_apache_2():
    text = (tap.ROOT / "LICENSE").read_text()
    tap.contains(text, "Apache License")
    tap.contains(text, "END OF TERMS AND CONDITIONS")


@tap.test
def no_file_names_a_path_of_one_machine_or_a_package_registry():
    path = re.compile(r"(?<![\w./-])/(work|root|home)/[\w.]")
    found = []
    for name in tap.tracked_files():
        text = (tap.ROOT / name).read_bytes().decode(errors="replace")
        found += [f"{name}: {match[0]}" for match in path.finditer(text)]
        found += [f"{name}: {host}" for host in HOSTS if host in text]
    tap.equal(found, [])


@tap.test
def every_c_test_is_in_a_list():
    for folder in ["unit", "threads"]:
        listed = (tap.ROOT / "tests" / folder / "meson.build").read_text()
        names = [path.stem[len("test_"):] for path in sorted((tap.ROOT / "tests" / folder).glob("test_*.c"))]
        tap.equal([name for name in names if f"'{name}'" not in listed], [], f"tests/{folder} that are not built")


@tap.test
def links_between_documents_lead_somewhere():
    broken = []
    for name in tap.tracked_files():
        if not name.endswith(".md"):
            continue
        path = tap.ROOT / name
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{name}: {target}")
    tap.equal(broken, [])


tap.main()
