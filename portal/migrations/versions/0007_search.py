"""Search at a million: an index of the terms on both engines, indexes for the orders of lists."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from portal.models.search import search_terms, sort_key

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT_ONCE = 2000
# table, columns that the terms follow from, whether those are names of people
SEARCHED = (
    ("grids", ("name", "address", "code"), False),
    ("workers", ("name", "number", "public_phone"), True),
    ("duties", ("title", "code", "title_en"), False),
    ("hotlines", ("name", "name_en", "number"), False),
    ("regulations", ("title", "code", "title_en"), False),
    ("buildings", ("name", "property_company"), False),
    ("dwellings", ("name", "owner_name"), False),
    ("households", ("name",), False),
    ("residents", ("name",), True),
    ("organisations", ("name", "address", "contact"), False),
)
INDEXED = ("buildings", "dwellings", "households", "residents", "organisations")
ORDERS = (
    ("residents", ("registration", "grid_code", "id")),
    ("residents", ("name_sort", "id", "grid_code")),
    ("dwellings", ("name", "id", "grid_code")),
    ("households", ("number", "id", "grid_code")),
)
FEW = (
    ("ix_residents_no_papers", sa.text("id_type = 'temporary'")),
    ("ix_residents_gone", sa.text("moved_out_on IS NOT NULL OR died_on IS NOT NULL")),
)
VECTOR = "array_to_tsvector(array_remove(string_to_array(search_terms, ' '), ''))"
# Terms hold letters, digits, characters beyond ASCII, hyphens and underscores: each is one token.
TOKENS = "ascii tokenchars '-_'"


def upgrade() -> None:
    bind = op.get_bind()
    for table, source, people in SEARCHED:
        _fill(bind, table, source, people)
    if bind.dialect.name == "postgresql":
        op.alter_column("residents", "name_sort", type_=sa.String(length=200, collation="C"))
    for table, columns in ORDERS:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
    for name, only in FEW:
        scope = ["grid_code", "id"]
        op.create_index(name, "residents", scope, sqlite_where=only, postgresql_where=only)
    for table in INDEXED:
        if bind.dialect.name == "postgresql":
            words = [sa.text(VECTOR)]
            op.create_index(f"ix_{table}_words", table, words, postgresql_using="gin")
        else:
            _full_text(table)


def downgrade() -> None:
    """The terms stay as they are: older versions find by them too."""
    bind = op.get_bind()
    for table in INDEXED:
        if bind.dialect.name == "postgresql":
            op.drop_index(f"ix_{table}_words", table)
        else:
            _no_full_text(table)
    for table, columns in ORDERS:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)
    for name, only in FEW:
        op.drop_index(name, "residents", sqlite_where=only, postgresql_where=only)
    if bind.dialect.name == "postgresql":
        plain = sa.String(length=200, collation="default")
        op.alter_column("residents", "name_sort", type_=plain)


def _fill(bind: sa.Connection, name: str, source: tuple[str, ...], people: bool) -> None:
    table = sa.table(name, *(sa.column(c) for c in ("id", "search_terms", "name_sort", *source)))
    values: dict[str, Any] = {"search_terms": sa.bindparam("terms")}
    if name == "residents":
        values["name_sort"] = sa.bindparam("sort")
    write = sa.update(table).where(table.c.id == sa.bindparam("of_id")).values(values)
    for rows in _batches(bind, table, source):
        told = []
        for key, *texts in rows:
            row = {"of_id": key, "terms": search_terms(*texts, people=people)}
            told.append(row | {"sort": sort_key(texts[0])} if "name_sort" in values else row)
        bind.execute(write, told)


def _batches(bind: sa.Connection, table: Any, source: tuple[str, ...]) -> Iterator[list[Any]]:
    asked = sa.select(table.c.id, *(table.c[column] for column in source)).order_by(table.c.id)
    last = 0
    while rows := bind.execute(asked.where(table.c.id > last).limit(AT_ONCE)).all():
        yield list(rows)
        last = rows[-1].id


def _full_text(table: str) -> None:
    words = f"{table}_words"
    op.execute(
        f"CREATE VIRTUAL TABLE {words} USING fts5(search_terms, content='{table}',"
        f" content_rowid='id', tokenize=\"{TOKENS}\", detail=none, columnsize=0)"
    )
    into = f"INSERT INTO {words}"
    op.execute(f"{into} ({words}) VALUES ('rebuild')")
    add = f"{into} (rowid, search_terms) VALUES (new.id, new.search_terms);"
    drop = f"{into} ({words}, rowid, search_terms) VALUES ('delete', old.id, old.search_terms);"
    op.execute(f"CREATE TRIGGER {words}_insert AFTER INSERT ON {table} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {words}_delete AFTER DELETE ON {table} BEGIN {drop} END")
    op.execute(
        f"CREATE TRIGGER {words}_update AFTER UPDATE OF search_terms ON {table}"
        f" WHEN old.search_terms <> new.search_terms BEGIN {drop} {add} END"
    )


def _no_full_text(table: str) -> None:
    words = f"{table}_words"
    gone = [f"{words}_{verb}" for verb in ("insert", "delete", "update")]
    for trigger in gone:
        op.execute(f"DROP TRIGGER {trigger}")
    kept = context.get_context().opts.setdefault("dropped_triggers", [])
    kept.extend(gone)
    op.execute(f"DROP TABLE {words}")
