"""Extension objects, created once and wired in ``portal.app``."""

import sqlite3

import psycopg
from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from sqlalchemy import Engine, event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler, SQLiteDialect

# Set before FAB's own models are imported, so that their constraints have names too
# (without names neither engine can drop them in a migration).
Model.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

db = SQLA(metadata=Model.metadata)
migrate = Migrate()
csrf = CSRFProtect()


class _Hinted(SQLiteCompiler):
    """Hints of a select (INDEXED BY …), which SQLAlchemy leaves out on SQLite."""

    def get_from_hint_text(self, table: object, text: str | None) -> str | None:
        """What stands behind the name of the table."""
        return text


SQLiteDialect.statement_compiler = _Hinted


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: object, record: object) -> None:
    """Write-ahead log, enforced foreign keys and patience on every SQLite connection."""
    if isinstance(connection, sqlite3.Connection):
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "connect")
def _prepare_postgresql(connection: object, record: object) -> None:
    """Plans for a database that lies in memory or on a solid-state drive: what a page joins to its
    rows is found by index, however long the joined table is. Whoever set the cost keeps it.
    """
    if isinstance(connection, psycopg.Connection):
        connection.execute(
            "SELECT set_config(name, '1.1', false) FROM pg_settings"
            " WHERE name = 'random_page_cost' AND source = 'default'"
        )
        connection.commit()
