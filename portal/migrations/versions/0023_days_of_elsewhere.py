"""By when 12345 or a superior wants an answer stands on the matter; what was merged is found by the
order it went into.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CHANNELS = ("hotline12345", "superior")
MERGED = sa.text("merged_into_id IS NOT NULL")

MATTERS = sa.table(
    "matters",
    sa.column("id", sa.Integer()),
    sa.column("outside_number", sa.String()),
    sa.column("channel", sa.String()),
    sa.column("outside_due_at", INSTANT),
)
ORDERS = sa.table(
    "work_orders",
    sa.column("id", sa.Integer()),
    sa.column("matter_id", sa.Integer()),
    sa.column("outcome", sa.String()),
    sa.column("outside_due_at", INSTANT),
)
UNITS = sa.table("unit_cases", sa.column("order_id", sa.Integer()))
PETITIONS = sa.table(
    "petition_cases", sa.column("order_id", sa.Integer()), sa.column("authority", sa.String())
)


def upgrade() -> None:
    op.add_column("matters", sa.Column("outside_due_at", INSTANT, nullable=True))
    theirs, its = ORDERS.c, ORDERS.c.matter_id == MATTERS.c.id
    # Where a unit or an authority has it, the day of the order is that one's: what 12345 wanted is
    # gone, and no day is better than a wrong one.
    told = sa.and_(
        theirs.outside_due_at.is_not(None),
        sa.or_(theirs.outcome.is_(None), theirs.outcome != "handed"),
        ~sa.exists().where(UNITS.c.order_id == theirs.id),
        ~sa.exists().where(PETITIONS.c.order_id == theirs.id, PETITIONS.c.authority.is_not(None)),
    )
    day = sa.select(theirs.outside_due_at).where(its, told).scalar_subquery()
    elsewhere = MATTERS.c.outside_number.is_not(None) | MATTERS.c.channel.in_(CHANNELS)
    op.execute(MATTERS.update().where(elsewhere).values(outside_due_at=day))
    moved = sa.exists().where(its, MATTERS.c.outside_due_at.is_not(None))
    op.execute(ORDERS.update().where(told, moved).values(outside_due_at=None))
    op.create_index(
        "ix_work_orders_merged",
        "work_orders",
        ["merged_into_id"],
        unique=False,
        sqlite_where=MERGED,
        postgresql_where=MERGED,
    )


def downgrade() -> None:
    op.drop_index("ix_work_orders_merged", table_name="work_orders")
    its = ORDERS.c.matter_id == MATTERS.c.id
    day = sa.select(MATTERS.c.outside_due_at).where(its).scalar_subquery()
    op.execute(ORDERS.update().where(ORDERS.c.outside_due_at.is_(None)).values(outside_due_at=day))
    op.drop_column("matters", "outside_due_at")
