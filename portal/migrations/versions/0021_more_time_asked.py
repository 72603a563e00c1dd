"""Orders for which more time is asked are found by an index of their own: they are few."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ASKED = sa.text("asked_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_work_orders_asked",
        "work_orders",
        ["grid_code", "due_at", "id"],
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    )


def downgrade() -> None:
    op.drop_index("ix_work_orders_asked", table_name="work_orders")
