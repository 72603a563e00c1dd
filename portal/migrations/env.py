"""Migrations on SQLite and PostgreSQL, with rows and triggers kept.

SQLite rebuilds a table to change it: with foreign keys on that fails or silently deletes the
children, and it drops the triggers. So keys are off before the transaction, checked after it, and
after each step the triggers are made again from what the schema held before it.
"""

import re
from collections.abc import Sequence
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from portal import models
from portal.extensions import db

FULL_TEXT = re.compile(r"_words(_\w+)?$")
TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"


def run() -> None:
    """Run the migrations on the application's own engine."""
    assert models, "the tables must be imported before they are compared"
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        _migrate(connection, sqlite)
        if sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.commit()


def _migrate(connection: Connection, sqlite: bool) -> None:
    known: list[Any] = list(connection.execute(text(TRIGGERS))) if sqlite else []

    def keep_triggers(*_step: object, **_more: object) -> None:
        """After each step: what it rebuilt a table of is as guarded as before."""
        if sqlite:
            _restore_triggers(connection, known)
            known[:] = connection.execute(text(TRIGGERS)).all()

    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        compare_type=False,
        include_object=_ours,
        on_version_apply=keep_triggers,
    )
    with context.begin_transaction():
        if sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        context.run_migrations()
        if sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise RuntimeError(f"the migration would break references: {broken}")
    connection.commit()


def _restore_triggers(connection: Connection, before: Sequence[Any]) -> None:
    tables = set(
        connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type='table'").scalars()
    )
    dropped = set(context.get_context().opts.get("dropped_triggers", ()))
    left = {row.name for row in connection.execute(text(TRIGGERS))}
    for name, table, sql in before:
        if name not in left and table in tables and name not in dropped:
            connection.exec_driver_sql(sql)


def _ours(item: object, name: str | None, kind: str, reflected: bool, against: object) -> bool:
    # Neither is the full text of a table, which SQLite keeps in tables beside it.
    return kind != "table" or (name != "alembic_version" and not FULL_TEXT.search(name or ""))


assert current_app, "run through the flask command"
run()
