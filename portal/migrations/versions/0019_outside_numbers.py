"""A matter that came from 12345 or from above is one matter, however often its number comes; orders
in the order in which they came, for ledgers and figures.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COMMUNITY = 12  # digits of its code


def upgrade() -> None:
    op.add_column("matters", sa.Column("outside_key", sa.String(length=80), nullable=True))
    matters = sa.table(
        "matters",
        sa.column("id", sa.Integer()),
        sa.column("grid_code", sa.String()),
        sa.column("outside_number", sa.String()),
        sa.column("outside_key", sa.String()),
    )
    connection = op.get_bind()
    known: set[str] = set()
    named = sa.select(matters.c.id, matters.c.grid_code, matters.c.outside_number)
    for row in connection.execute(
        named.where(matters.c.outside_number.is_not(None)).order_by(matters.c.id)
    ).all():
        key = f"{row.grid_code[:COMMUNITY]} {row.outside_number.strip()}"
        if key not in known:  # of two that are there already the first one has the number
            known.add(key)
            connection.execute(
                matters.update().where(matters.c.id == row.id).values(outside_key=key)
            )
    op.create_index("ix_matters_outside_key", "matters", ["outside_key"], unique=True)
    op.create_index(
        "ix_work_orders_reported_at_id_kind_grid_code",
        "work_orders",
        ["reported_at", "id", "kind", "grid_code"],
    )


def downgrade() -> None:
    op.drop_index("ix_work_orders_reported_at_id_kind_grid_code", table_name="work_orders")
    op.drop_index("ix_matters_outside_key", table_name="matters")
    op.drop_column("matters", "outside_key")
