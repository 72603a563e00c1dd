"""The house itself: layout, floors, pins, sizes, and the setup steps of `make`."""

import ast
import importlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from jobs.schedule import TIMETABLE

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "bench", "config.py",
    "docs", "frontend", "jobs", "portal", "pyproject.toml", "scripts", "tests", "translations",
    "requirements.in", "requirements.txt", "requirements-build.in", "requirements-build.txt",
    "requirements-dev.in", "requirements-dev.txt", "requirements-bench.in",
    "requirements-bench.txt",
}  # fmt: skip
PINS = ("requirements", "requirements-build", "requirements-dev", "requirements-bench")
# "About 300" and "about 40" lines; a test module may list more cases.
LONGEST = {"tests": (700, 60)}
LONGEST_ELSEWHERE = (320, 50)

pytestmark = pytest.mark.one_engine


def load(script: str) -> ModuleType:
    """A script of scripts/ as a module."""
    spec = importlib.util.spec_from_file_location(script, ROOT / "scripts" / f"{script}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file below the folders, with its syntax tree."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def tracked() -> list[str]:
    """Paths under version control."""
    listing = ["git", "-c", f"safe.directory={ROOT}", "ls-files"]
    return subprocess.check_output(listing, cwd=ROOT, text=True).splitlines()


def test_top_level_holds_what_the_architecture_names() -> None:
    assert {path.split("/")[0] for path in tracked()} <= TOP_LEVEL


def test_nothing_that_can_be_made_is_committed() -> None:
    made = re.compile(r"(^|/)(node_modules|\.venv|var|__pycache__|vendor)/|\.(mo|pyc|db|sqlite)$")
    assert [path for path in tracked() if made.search(path)] == []


def test_portal_package_is_empty() -> None:
    assert (ROOT / "portal" / "__init__.py").read_text() == ""


def test_every_part_of_the_portal_stands_on_a_floor() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    floors = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {
        name.removeprefix("portal.") for floor in floors for name in re.split(r"[|: ]+", floor)
    }
    folders = [path for path in (ROOT / "portal").iterdir() if any(path.glob("**/*.py"))]
    files = [path for path in (ROOT / "portal").glob("*.py") if path.name != "__init__.py"]
    present = {path.stem for path in [*folders, *files]} - {"migrations"}
    assert present <= named


def test_portal_never_imports_jobs() -> None:
    for path, tree in sources("portal"):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [name for name in names if name.split(".")[0] == "jobs"], path


def test_jobs_named_by_string_exist() -> None:
    named = {entry.job for entry in TIMETABLE}
    for _path, tree in sources("portal", "jobs"):
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"jobs\.[a-z_]+\.[a-z_]+", text):
                named.add(text)
    for name in named:
        module, _dot, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function)), name


@pytest.mark.parametrize("folder", ["portal", "jobs", "scripts", "tests"])
def test_modules_and_functions_stay_small(folder: str) -> None:
    too_long = []
    longest_module, longest_function = LONGEST.get(folder, LONGEST_ELSEWHERE)
    for path, tree in sources(folder):
        if "migrations" in path.parts:
            continue
        lines = (ROOT / path).read_text("utf-8").count("\n")
        if lines > longest_module:
            too_long.append(f"{path}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                size = node.end_lineno - node.lineno + 1
                if size > longest_function:
                    too_long.append(f"{path}:{node.lineno} {node.name}: {size} lines")
    assert too_long == []


@pytest.mark.parametrize("name", PINS)
def test_requirements_are_pinned_with_hashes(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._\[\]-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in text
    assert "--index-url" not in text
    pinned = {re.split(r"[\[=]", entry)[0].lower() for entry in entries}
    for line in (ROOT / f"{name}.in").read_text().splitlines():
        if line and not line.startswith(("#", "-")):
            wanted = re.split(r"[\[=<>~! ;]", line)[0].lower()
            assert wanted in pinned, f"{wanted} is in {name}.in only; run make lock"


def test_front_end_lock_names_no_host_and_checks_every_package() -> None:
    text = (ROOT / "frontend" / "package-lock.json").read_text()
    lock = json.loads(text)
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name
    wanted = json.loads((ROOT / "frontend" / "package.json").read_text())
    assert lock["packages"][""]["dependencies"] == wanted["dependencies"]


def test_copied_assets_are_what_the_manifest_says() -> None:
    folder = ROOT / "portal" / "static" / "vendor"
    bootstrap = load("bootstrap")
    entries = json.loads((folder / "manifest.json").read_text())["files"]
    names = {entry["name"] for entry in entries}
    assert {"@tabler/core", "@tabler/icons", "htmx.org", "leaflet", "tom-select"} == names
    for entry in entries:
        assert entry["version"]
        assert entry["licence"]
        content = (folder / entry["file"]).read_bytes()
        assert bootstrap.hashlib.sha256(content).hexdigest() == entry["sha256"], entry["file"]


def test_icons_that_templates_use_are_in_the_sprite() -> None:
    assets = load("assets")
    known = set(assets.icon_names())
    used = set()
    for path in (ROOT / "portal").rglob("*.html"):
        used |= set(re.findall(r"""\bicon\(\s*["']([a-z0-9-]+)["']""", path.read_text("utf-8")))
    assert used <= known


def test_python_that_make_picks_starts() -> None:
    name = subprocess.check_output(["sh", "scripts/find-python.sh"], cwd=ROOT, text=True).strip()
    probe = "import sys; print(sys.version_info >= (3, 11))"
    assert subprocess.check_output([name, "-c", probe], text=True).strip() == "True"


class TestBootstrap:
    def test_missing_packages_are_named(self) -> None:
        bootstrap = load("bootstrap")
        assert bootstrap.missing_packages(["base-files", "no-such-package-of-debian"]) == [
            "no-such-package-of-debian"
        ]

    def test_commands_depend_on_who_asks(self) -> None:
        bootstrap = load("bootstrap")
        as_root = bootstrap.apt_commands(["chromium"], root=True, sudo=True)
        with_sudo = bootstrap.apt_commands(["chromium"], root=False, sudo=True)
        assert [command[-1] for command in as_root] == ["-q", "chromium"]
        assert [command[0] for command in as_root] == ["env", "env"]
        assert [command[0] for command in with_sudo] == ["sudo", "sudo"]
        assert bootstrap.apt_commands(["chromium"], root=False, sudo=False) == []

    def test_where_nothing_may_be_installed_the_packages_are_named(self, tmp_path: Path) -> None:
        # A package database that knows no package, and a path without apt-get and sudo.
        dpkg_query = shutil.which("dpkg-query")
        if dpkg_query is None:
            pytest.skip("not a Debian system")
        (tmp_path / "status").touch()
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "dpkg-query").symlink_to(dpkg_query)
        done = subprocess.run(
            [sys.executable, "scripts/bootstrap.py", "run"],
            cwd=ROOT,
            env={"PATH": str(tmp_path / "bin"), "DPKG_ADMINDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        packages = " ".join(load("bootstrap").RUN_PACKAGES)
        assert f"apt-get install -y --no-install-recommends {packages}" in done.stderr

    def test_a_step_runs_once_and_again_when_its_inputs_change(self, tmp_path: Path) -> None:
        bootstrap = load("bootstrap")
        stamp, runs = tmp_path / "stamps" / "step", []
        for value in ("a", "a", "b"):
            bootstrap.once(stamp, value, [], lambda: runs.append(1))
        assert len(runs) == 2
        assert not bootstrap.once(stamp, "b", [tmp_path], lambda: runs.append(1))
        assert bootstrap.once(stamp, "b", [tmp_path / "gone"], lambda: runs.append(1))

    def test_an_interrupted_step_is_repeated(self, tmp_path: Path) -> None:
        bootstrap = load("bootstrap")
        stamp = tmp_path / "step"
        stamp.write_text("old")

        def interrupted() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            bootstrap.once(stamp, "new", [], interrupted)
        assert bootstrap.once(stamp, "new", [], lambda: None)

    def test_digest_follows_contents_and_names(self) -> None:
        bootstrap = load("bootstrap")
        one, two = ROOT / "Makefile", ROOT / "pyproject.toml"
        assert bootstrap.digest([one]) == bootstrap.digest([one])
        assert bootstrap.digest([one]) != bootstrap.digest([two])
        assert bootstrap.digest([one]) != bootstrap.digest([one], "other database")


class TestTranslationCheck:
    def test_faults_are_found(self) -> None:
        translations = load("translations")
        fresh, known = translations.Catalog(), translations.Catalog(locale="zh_Hans_CN")
        for message in ("missing", "empty", "%(count)s rows", "fine"):
            fresh.add(message, locations=[("portal/x.py", 0)])
        known.add("empty", "")
        known.add("%(count)s rows", "%(number)s 行")
        known.add("fine", "好")
        found = translations.faults(fresh, known)
        assert len(found) == 3
        assert "'missing'" in found[0]
        assert "'empty'" in found[1]
        assert "other values" in found[2]

    def test_source_is_gathered_from_code_and_templates(self) -> None:
        messages = load("translations").gather()
        places = {place for message in messages for place, _line in message.locations}
        assert any(place.endswith(".py") for place in places)
        assert any(place.endswith(".html") for place in places)
