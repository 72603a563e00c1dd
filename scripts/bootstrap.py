"""Makes a checkout ready: operating-system packages, virtual environment, packages, assets,
database.

    bootstrap.py run      everything, then the portal itself (replaces this process)
    bootstrap.py test     everything that checks and tests need, no database
    bootstrap.py assets   virtual environment and front-end files only

Runs on the system's Python 3.11+ with the standard library alone. Each step is skipped while the
content of its inputs is what it was when the step last ended well, so a start that was interrupted
can be repeated.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
FRONTEND = ROOT / "frontend"
ASSETS = ROOT / "portal" / "static" / "vendor"

# WeasyPrint loads Pango and the subsetter by name; the fonts hold the Chinese glyphs of every
# document, the last one cuts them down to those in use.
RUN_PACKAGES = (
    *("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-noto-cjk"),
    "libharfbuzz-bin",
)
TEST_PACKAGES = ("chromium", "poppler-utils")
RUN_REQUIREMENTS = ("requirements.txt", "requirements-build.txt")
TEST_REQUIREMENTS = (*RUN_REQUIREMENTS, "requirements-dev.txt")


class SetupError(Exception):
    """A step that could not be done; the text says what a person has to do."""


def say(text: str) -> None:
    """One line of progress, at once even when the output is a file."""
    print(f"-- {text}", flush=True)


def call(*command: object, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Runs a command; SetupError with the command line if it fails."""
    words = [str(word) for word in command]
    if subprocess.run(words, cwd=cwd, env=env, check=False).returncode:
        raise SetupError(f"this command failed, see above: {' '.join(words)}")


# -- stamps --------------------------------------------------------------------------------------


def digest(inputs: Iterable[Path], *facts: str) -> str:
    """SHA-256 over names and contents of files (folders: all files below, without caches)."""
    total = hashlib.sha256("\n".join(facts).encode())
    for path in inputs:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".mo":
                total.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def once(stamp: Path, value: str, needs: Sequence[Path], action: Callable[[], None]) -> bool:
    """Runs `action` unless `stamp` holds `value` and all `needs` exist; True if it ran."""
    if stamp.is_file() and stamp.read_text() == value and all(path.exists() for path in needs):
        return False
    stamp.unlink(missing_ok=True)
    action()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value)
    return True


# -- steps ---------------------------------------------------------------------------------------


def missing_packages(names: Iterable[str]) -> list[str]:
    """Those Debian packages of `names` that are not installed; [] where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return []
    missing = []
    for name in names:
        query = ["dpkg-query", "-W", "-f=${db:Status-Abbrev}", name]
        found = subprocess.run(query, capture_output=True, text=True, check=False)
        if not found.stdout.startswith("ii"):
            missing.append(name)
    return missing


def has_ensurepip() -> bool:
    """Whether this Python can make a virtual environment (Debian packs that part apart)."""
    probe = [sys.executable, "-c", "import ensurepip, venv"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def apt_commands(packages: Sequence[str], root: bool, sudo: bool) -> list[list[str]]:
    """The commands that install `packages`; [] when neither root nor sudo is there."""
    if not root and not sudo:
        return []
    prefix = [] if root else ["sudo"]
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return [
        [*apt, "update", "-q"],
        [*apt, "install", "-y", "-q", "--no-install-recommends", *packages],
    ]


def os_packages(wanted: Sequence[str]) -> None:
    """Installs what is missing; SetupError names the exact packages when it may not or cannot."""
    missing = missing_packages(wanted)
    if not PYTHON.exists() and not has_ensurepip():
        missing.append("python3-venv")
    if not missing:
        return
    hint = (
        f"these packages are missing: {' '.join(missing)}\n"
        f"As root: apt-get update && apt-get install -y --no-install-recommends {' '.join(missing)}"
    )
    commands = apt_commands(missing, os.geteuid() == 0, shutil.which("sudo") is not None)
    if not commands or not shutil.which("apt-get"):
        raise SetupError(hint)
    say(f"operating-system packages: {' '.join(missing)}")
    for command in commands:
        if subprocess.run(command, check=False).returncode:
            raise SetupError(hint)


def virtual_environment() -> None:
    """Makes .venv if it is not there, does not start, or was left in the middle of an install."""
    probe = [str(PYTHON), "-m", "pip", "--version"]
    whole = PYTHON.exists() and not UNFINISHED.exists()
    if whole and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return
    say(f"virtual environment in .venv (Python {sys.version.split()[0]})")
    call(sys.executable, "-m", "venv", "--clear", VENV)


def python_packages(files: Sequence[str], label: str) -> bool:
    """Installs exactly the pinned packages, hashes checked; True if it was not done already."""
    paths = [ROOT / name for name in files]

    def install() -> None:
        virtual_environment()
        say(f"Python packages of {', '.join(files)} (some minutes the first time)")
        names = [word for name in files for word in ("-r", name)]
        # pip takes a package that it copied half for installed, so half an environment is no use.
        UNFINISHED.touch()
        quick = ("--quiet", "--disable-pip-version-check", "--no-compile")
        call(PYTHON, "-m", "pip", "install", *quick, "--require-hashes", *names)
        UNFINISHED.unlink()

    value = digest(paths, str(VENV))
    return once(VENV / ".stamps" / label, value, [PYTHON], install)


@contextmanager
def compiling(wanted: bool) -> Iterator[None]:
    """The installed packages are compiled while the block runs, on all cores: pip would do it on
    one, with everything else waiting. What does not compile is no package's code.
    """
    if not wanted:
        yield
        return
    command = [str(PYTHON), "-m", "compileall", "-qq", "-j", "0", str(VENV / "lib")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        yield


def front_end(with_tests: bool) -> None:
    """npm packages from the lock file, then the copy step into portal/static/vendor."""
    inputs = [FRONTEND / "package.json", FRONTEND / "package-lock.json", FRONTEND / ".npmrc"]
    modules = FRONTEND / "node_modules"
    label = "complete" if with_tests or (modules / ".stamp-complete").exists() else "pages"

    def install() -> None:
        say("front-end packages")
        env = {**os.environ, "PATH": f"{VENV / 'bin'}:{os.environ.get('PATH', '')}"}
        omit = [] if label == "complete" else ["--omit=dev"]
        call(
            VENV / "bin" / "npm",
            "ci",
            "--ignore-scripts",
            "--loglevel=error",
            *omit,
            cwd=FRONTEND,
            env=env,
        )

    once(modules / f".stamp-{label}", digest(inputs), [modules], install)
    copy = ROOT / "scripts" / "assets.py"
    value = digest([*inputs, FRONTEND / "icons.txt", copy])
    needs = [ASSETS / "manifest.json"]
    once(ASSETS / ".stamp", value, needs, lambda: call(sys.executable, copy))


def fonts() -> None:
    """The cut of the documents' font, into portal/static/vendor."""
    script = ROOT / "scripts" / "fonts.py"
    call_it = partial(call, sys.executable, script)
    once(VENV / ".stamps" / "fonts", digest([script]), [ASSETS / "fonts"], call_it)


def translations() -> None:
    """Compiles the message catalogues (compiled ones are not committed)."""
    catalogues = sorted((ROOT / "translations").glob("*/LC_MESSAGES/*.po"))
    if not catalogues:
        return

    def compile_all() -> None:
        say("translations")
        call(VENV / "bin" / "pybabel", "--quiet", "compile", "-d", "translations")

    needs = [path.with_suffix(".mo") for path in catalogues]
    once(VENV / ".stamps" / "translations", digest(catalogues), needs, compile_all)


def code_files() -> list[Path]:
    """What `portal init` reads: code, migrations and default data, but no template, style or
    script.
    """
    kinds = {".py", ".csv", ".yaml", ".json"}
    found = (ROOT / "portal").rglob("*")
    return sorted(path for path in found if path.suffix in kinds and ASSETS not in path.parents)


def database() -> None:
    """Migrations, roles and settings; on the very first start the demo community too."""
    var = Path(os.environ.get("PORTAL_VAR") or ROOT / "var").resolve()
    var.mkdir(parents=True, exist_ok=True)
    url = os.environ.get("PORTAL_DATABASE_URL", "")
    flask = [PYTHON, "-m", "flask", "--app", "portal.app", "portal"]
    # A server's database may have been dropped behind our back, so only SQLite's is trusted to be
    # there.
    needs = [var / "portal.db"] if not url else [var / "no-such-file"]
    code = digest([ROOT / "config.py", ROOT / "requirements.txt", *code_files()], url)

    def init() -> None:
        say("database: migrations, roles, settings")
        call(*flask, "init")

    def demo() -> None:
        say("demo community")
        call(*flask, "demo")

    fresh = once(var / ".stamps" / "init", code, needs, init)
    if os.environ.get("PORTAL_ENV", "development") == "development":
        needs = [] if url else [var / "portal.db"]
        once(var / ".stamps" / "demo", digest([], url), needs, demo)
    if fresh:
        say(f"everything of this portal is under {var}")


def main(arguments: Sequence[str]) -> int:
    """Does the steps of one mode; returns the exit code, or never returns for `run`."""
    mode = arguments[0] if arguments else ""
    if mode not in ("run", "test", "assets"):
        print(__doc__, file=sys.stderr)
        return 2
    testing = mode == "test"
    try:
        os_packages(
            [*RUN_PACKAGES, *(TEST_PACKAGES if testing else ())] if mode != "assets" else []
        )
        if testing:
            fresh = python_packages(TEST_REQUIREMENTS, "test")
        else:
            fresh = python_packages(RUN_REQUIREMENTS, "run")
        with compiling(fresh):
            front_end(with_tests=testing)
            fonts()
            translations()
        if mode == "run":
            database()
    except SetupError as error:
        print(f"Grid Portal is not ready: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130
    if mode == "run":
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), "-m", "portal.cli.run"])  # noqa: S606 - signals must reach it
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
