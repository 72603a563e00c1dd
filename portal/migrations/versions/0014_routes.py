"""Ways of a matter by its category; asking for more time."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BEFORE = (
    "'reported', 'accepted', 'rejected', 'dispatched', 'handling',"
    " 'answered', 'escalated', 'reported_up', 'closed'"
)
AFTER = (
    "'reported', 'accepted', 'rejected', 'dispatched', 'handed', 'handling',"
    " 'answered', 'escalated', 'reported_up', 'closed'"
)
KINDS = "'dispute', 'hazard', 'request', 'complaint', 'letter', 'petition', 'municipal', 'patrol'"
STATE = "ck_work_orders_state"


def upgrade() -> None:
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("outside_answered_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("told_unit", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("asked_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("asked_reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("outcome", sa.String(length=10), nullable=True))
        batch_op.drop_constraint(batch_op.f(STATE), type_="check")
        batch_op.create_check_constraint(batch_op.f(STATE), f"state IN ({AFTER})")
        batch_op.create_check_constraint(
            batch_op.f("ck_work_orders_outcome"), "outcome IN ('guided', 'handed')"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_work_orders_handed"), "state <> 'handed' OR outside_unit IS NOT NULL"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_work_orders_asked"), "(asked_at IS NULL) = (asked_days IS NULL)"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_work_orders_told"), "(told_at IS NULL) = (told_unit IS NULL)"
        )
    with op.batch_alter_table("matters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("converted_from", sa.String(length=12), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_matters_converted_from"), f"converted_from IN ({KINDS})"
        )


def downgrade() -> None:
    with op.batch_alter_table("matters", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_matters_converted_from"), type_="check")
        batch_op.drop_column("converted_from")
    # What was handed over is in hand again: the earlier version knows no such state.
    op.execute("UPDATE work_orders SET state = 'accepted' WHERE state = 'handed'")
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        for name in ("told", "asked", "handed", "outcome"):
            batch_op.drop_constraint(batch_op.f(f"ck_work_orders_{name}"), type_="check")
        batch_op.drop_constraint(batch_op.f(STATE), type_="check")
        batch_op.create_check_constraint(batch_op.f(STATE), f"state IN ({BEFORE})")
        for column in ("outcome", "asked_at", "asked_reason", "asked_days", "told_at", "told_unit",
                       "outside_answered_at"):  # fmt: skip
            batch_op.drop_column(column)
