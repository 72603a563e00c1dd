"""Import and export against the bare database: how much the engine adds.

The same 3,495 communities go in as plain inserts, then through the import (read, cleaned,
checked, audited, remembered for undo), again, back out, and into files. Ratios are to the plain
inserts of the same run; absolute times belong to the machine.
"""

import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.app import create_app
from portal.extensions import db
from portal.models import Grid
from portal.models.search import search_terms
from portal.rules.exports import export
from portal.rules.imports import KINDS, Options, run_import, undo_import
from portal.rules.imports.kinds.divisions import LEVEL_OF_LENGTH
from portal.scope import SYSTEM, acting, ancestors

COMMUNITIES = Path(__file__).resolve().parents[1] / "tests" / "data" / "wuhan-communities.csv"
PROMISED = 20.0  # seconds


def _timed(work: Callable[[], object]) -> tuple[float, object]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _plain_rows() -> list[dict[str, str | None]]:
    with COMMUNITIES.open(encoding="utf-8-sig", newline="") as file:
        names = {row["code"]: row["name"] for row in csv.DictReader(file)}
    codes = {above for code in names for above in ancestors(code)} | set(names)
    rows = []
    for code in sorted(codes, key=lambda code: (len(code), code)):
        name, above = names.get(code, code), ancestors(code)
        rows.append(
            {
                "code": code,
                "name": name,
                "level": LEVEL_OF_LENGTH[len(code)],
                "parent_code": above[-1] if above else None,
                "search_terms": search_terms(name, code),
            }
        )
    return rows


def _plain(session: Session) -> int:
    rows = _plain_rows()
    session.connection().execute(insert(Grid.__table__), rows)
    session.rollback()
    return len(rows)


def _load(session: Session, *, dry_run: bool = False) -> int | None:
    report = run_import(session, KINDS["divisions"], COMMUNITIES, Options(dry_run=dry_run))
    session.commit()
    return report.batch


def measure(app: Flask, folder: Path) -> list[tuple[str, float]]:
    """Steps with their seconds, the plain inserts first; on an empty, migrated database."""
    with app.app_context(), acting(SYSTEM):
        upgrade()
        session: Session = db.session
        _plain_rows()  # warms the spelling cache alike for all steps
        steps = [("plain inserts", _timed(lambda: _plain(session))[0])]
        steps.append(("import, dry run", _timed(lambda: _load(session, dry_run=True))[0]))
        seconds, batch = _timed(lambda: _load(session))
        steps.append(("import", seconds))
        steps.append(("import again, nothing changed", _timed(lambda: _load(session))[0]))
        for ending in ("csv", "xlsx"):
            file = folder / f"divisions.{ending}"
            seconds, _rows = _timed(lambda file=file: export(session, "divisions", file))
            steps.append((f"export {ending}", seconds))

        def undo() -> None:
            undo_import(session, int(str(batch)))
            session.commit()

        steps.append(("undo", _timed(undo)[0]))
    return steps


def main() -> int:
    """Measure on a database of its own (``PORTAL_DATABASE_URL``, else SQLite) and print; 1 when the
    promise is broken.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PORTAL_VAR"] = folder
        steps = measure(create_app(), Path(folder))
    base = steps[0][1]
    print("import of 3,495 communities (and their streets and districts)")
    for name, seconds in steps:
        print(f"  {name:32}{seconds:7.2f} s{seconds / base:8.1f} ×")
    imported = dict(steps)["import"]
    verdict = "ok" if imported <= PROMISED else "BROKEN"
    print(f"promised: import in at most {PROMISED:.0f} s: {verdict}")
    return 0 if imported <= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())
