"""What was gone through on sweeps, and when services came, is not deleted along with them; a sweep
names a grid once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Table, column, the table it refers to.
KEPT = (
    ("sweep_checks", "sweep_id", "sweeps"),
    ("sweep_checks", "line_id", "sweep_lines"),
    ("service_visits", "round_id", "service_rounds"),
)
NAMED_ONCE = "uq_sweep_grids_sweep_id_grid_code"


def upgrade() -> None:
    _deleting("RESTRICT")
    named = sa.table("sweep_grids", sa.column("id"), sa.column("sweep_id"), sa.column("grid_code"))
    first = sa.select(sa.func.min(named.c.id)).group_by(named.c.sweep_id, named.c.grid_code)
    op.execute(named.delete().where(named.c.id.not_in(first)))
    with op.batch_alter_table("sweep_grids", schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f(NAMED_ONCE), ["sweep_id", "grid_code"])


def downgrade() -> None:
    with op.batch_alter_table("sweep_grids", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(NAMED_ONCE), type_="unique")
    _deleting("CASCADE")


def _deleting(rule: str) -> None:
    """What deleting the row that is referred to does."""
    for table in dict.fromkeys(table for table, _column, _other in KEPT):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column, other in [(c, o) for t, c, o in KEPT if t == table]:
                name = batch_op.f(f"fk_{table}_{column}")
                batch_op.drop_constraint(name, type_="foreignkey")
                batch_op.create_foreign_key(name, other, [column], ["id"], ondelete=rule)
