"""Counts the SQL statements of a block of code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from portal.extensions import db

# Sent by drivers around the statements that a page asks for.
FRAME = ("PRAGMA", "SAVEPOINT", "RELEASE", "BEGIN")


class Statements(list[str]):
    """The statements in order."""

    def reads(self) -> list[str]:
        """Only SELECTs."""
        return [text for text in self if text.lstrip().upper().startswith(("SELECT", "WITH"))]


@contextmanager
def count_statements(app: Flask) -> Iterator[Statements]:
    """``with count_statements(app) as statements: …; assert len(statements) <= 6``."""
    found = Statements()

    def note(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        if not sql.lstrip().upper().startswith(FRAME):
            found.append(sql)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
