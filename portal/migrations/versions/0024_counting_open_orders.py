"""Open orders are counted from their indexes alone (PostgreSQL): what decides who sees them and
whether they are late stands in there.
"""

from alembic import op
from sqlalchemy import text

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OPEN = text("state NOT IN ('rejected', 'closed') AND NOT void AND merged_into_id IS NULL")
COUNTED = ["about_user_id", "suspended_at", "state", "visibility", "level", "matter_id"]
INDEXES = {
    "ix_work_orders_open": (["due_at", "id"], ["grid_code", *COUNTED]),
    "ix_work_orders_open_here": (["grid_code", "due_at", "id"], COUNTED),
}


def upgrade() -> None:
    _make(counted=True)


def downgrade() -> None:
    _make(counted=False)


def _make(*, counted: bool) -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    for name, (columns, included) in INDEXES.items():
        op.drop_index(name, table_name="work_orders")
        op.create_index(
            name,
            "work_orders",
            columns,
            postgresql_where=OPEN,
            postgresql_include=included if counted else None,
        )
