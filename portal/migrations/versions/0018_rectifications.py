"""Hazards put right and checked again; a word every week of a major one."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BEFORE = "'yellow', 'orange', 'red', 'control'"
TO_RECHECK = sa.text("righted_at IS NOT NULL AND rechecked_at IS NULL")
MAJOR_HAZARD = sa.text("kind = 'hazard' AND grade = 'major' AND closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "rectifications",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("responsible", sa.String(length=80), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("right_by", sa.Date(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("righted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("righted_by", sa.String(length=80), nullable=True),
        sa.Column("righted_by_id", sa.Integer(), nullable=True),
        sa.Column("recheck_on", sa.Date(), nullable=True),
        sa.Column("rechecked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rechecked_by", sa.String(length=80), nullable=True),
        sa.Column("rechecked_by_id", sa.Integer(), nullable=True),
        sa.Column("recheck_result", sa.String(length=4), nullable=True),
        sa.CheckConstraint(
            "recheck_result IN ('good', 'not')", name=op.f("ck_rectifications_recheck_result")
        ),
        sa.CheckConstraint(
            "recheck_result IS NULL OR (recheck_result = 'good') = (righted_at IS NOT NULL)",
            name=op.f("ck_rectifications_good"),
        ),
        sa.CheckConstraint(
            "(rechecked_at IS NULL) = (recheck_result IS NULL)",
            name=op.f("ck_rectifications_rechecked"),
        ),
        sa.CheckConstraint(
            "(righted_at IS NULL) = (recheck_on IS NULL)", name=op.f("ck_rectifications_righted")
        ),
        sa.CheckConstraint(
            "righted_by_id IS NULL OR rechecked_by_id IS NULL OR righted_by_id <> rechecked_by_id",
            name=op.f("ck_rectifications_two_people"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["work_orders.id"],
            name=op.f("fk_rectifications_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["rechecked_by_id"],
            ["ab_user.id"],
            name=op.f("fk_rectifications_rechecked_by_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["righted_by_id"],
            ["ab_user.id"],
            name=op.f("fk_rectifications_righted_by_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_rectifications")),
    )
    with op.batch_alter_table("rectifications", schema=None) as batch_op:
        batch_op.create_index(
            "ix_rectifications_to_recheck",
            ["recheck_on"],
            unique=False,
            sqlite_where=TO_RECHECK,
            postgresql_where=TO_RECHECK,
        )

    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_work_orders_major_hazards",
            ["accepted_at"],
            unique=False,
            sqlite_where=MAJOR_HAZARD,
            postgresql_where=MAJOR_HAZARD,
        )
    _kinds(f"{BEFORE}, 'weekly'")


def downgrade() -> None:
    op.execute("DELETE FROM order_warnings WHERE kind = 'weekly'")
    _kinds(BEFORE)
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_work_orders_major_hazards",
            sqlite_where=MAJOR_HAZARD,
            postgresql_where=MAJOR_HAZARD,
        )

    with op.batch_alter_table("rectifications", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_rectifications_to_recheck",
            sqlite_where=TO_RECHECK,
            postgresql_where=TO_RECHECK,
        )

    op.drop_table("rectifications")


def _kinds(listed: str) -> None:
    """The kinds of warnings."""
    name = op.f("ck_order_warnings_kind")
    with op.batch_alter_table("order_warnings", schema=None) as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, f"kind IN ({listed})")
