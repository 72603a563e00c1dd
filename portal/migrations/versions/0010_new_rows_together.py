"""What an import added is remembered many rows to an entry."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANGES = sa.table(
    "import_changes",
    sa.column("id", sa.Integer),
    sa.column("batch_id", sa.Integer),
    sa.column("table_name", sa.String),
    sa.column("row_id", sa.Integer),
    sa.column("label", sa.String),
    sa.column("before", sa.Text),
    sa.column("row_version", sa.Integer),
    sa.column("rows", sa.Text),
    sa.column("last_id", sa.Integer),
)
KEPT = ("batch_id", "table_name", "row_id", "label", "before", "row_version")
MANY = sa.text("rows IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("import_changes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rows", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("last_id", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_import_changes_rows"), "(rows IS NULL) = (last_id IS NULL)"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_import_changes_new_rows"), "rows IS NULL OR before IS NULL"
        )
        batch_op.create_index(
            batch_op.f("ix_import_changes_table_name_row_id"), ["table_name", "row_id"]
        )
        batch_op.create_index(
            "ix_import_changes_rows",
            ["table_name", "last_id"],
            sqlite_where=MANY,
            postgresql_where=MANY,
        )


def downgrade() -> None:
    """Every row gets an entry of its own again, in the order in which they were written."""
    connection = op.get_bind()
    packed = sa.select(CHANGES.c.batch_id).where(CHANGES.c.rows.is_not(None)).distinct()
    for batch in connection.execute(packed).scalars().all():
        own = CHANGES.c.batch_id == batch
        found = connection.execute(sa.select(CHANGES).where(own).order_by(CHANGES.c.id))
        entries = [entry for change in found.mappings().all() for entry in _single(change)]
        connection.execute(sa.delete(CHANGES).where(own))
        connection.execute(sa.insert(CHANGES), entries)
    with op.batch_alter_table("import_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_import_changes_rows")
        batch_op.drop_index(batch_op.f("ix_import_changes_table_name_row_id"))
        batch_op.drop_constraint(batch_op.f("ck_import_changes_new_rows"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_import_changes_rows"), type_="check")
        batch_op.drop_column("last_id")
        batch_op.drop_column("rows")


def _single(change: Any) -> list[dict[str, Any]]:
    kept = {name: change[name] for name in KEPT}
    if change["rows"] is None:
        return [kept]
    return [
        kept | {"row_id": key, "label": label, "row_version": version}
        for key, label, version in json.loads(change["rows"])
    ]
