"""Files that hold numbers in clear while somebody works with them lie sealed on the disk.

Uploads to import, the rows that an import refused, pictures of mandates: a copy of the folder, as a
backup makes it, tells nothing without the data keys. Sealed like a column (``models/sealing.py``);
bound to the name of the file, not to its folder. They are opened in memory, never beside
themselves.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app

from portal.models.sealing import ring

ENDING = ".sealed"


def is_sealed(path: Path) -> bool:
    """Whether the file at ``path`` is sealed."""
    return path.suffix == ENDING


def write(path: Path, content: bytes) -> None:
    """Seal ``content`` into ``path`` (which ends in ``.sealed``), whole or not at all."""
    _put(path, ring().seal(_bound(path), content))


def read(path: Path) -> bytes:
    """The content of ``path``. Raises OSError, and ValueError where no key opens it."""
    return ring().open(_bound(path), path.read_bytes())


@contextmanager
def in_memory(content: bytes = b"") -> Iterator[Path]:
    """A file of this process without a place on any disk."""
    number = os.memfd_create("portal")
    try:
        with os.fdopen(os.dup(number), "wb") as file:
            file.write(content)
        yield Path(f"/proc/self/fd/{number}")
    finally:
        os.close(number)


def all_files() -> list[Path]:
    """Every sealed file: of a task, and the mandates of petitions."""
    var = Path(current_app.config["PORTAL_VAR"])
    places = (var / "tasks", var / "files" / "mandates")
    return sorted(file for place in places for file in place.glob(f"*/*{ENDING}"))


def reseal(path: Path) -> bool:
    """Seal a file with the first data key; whether another one had sealed it."""
    raw = path.read_bytes()
    if raw[:2] == ring().head:
        return False
    sealed = ring().seal(_bound(path), ring().open(_bound(path), raw))
    if path.exists():  # it was not taken away meanwhile
        _put(path, sealed)
    return True


def _put(path: Path, raw: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(raw)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _bound(path: Path) -> bytes:
    return f"files.{path.name}".encode()
