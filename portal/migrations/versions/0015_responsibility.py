"""Drafts of responsibility for delays: heard, then decided."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")
TABLE = "responsibility_drafts"
DECIDED = "state IN ('recorded', 'not_recorded')"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hear_by", sa.Date(), nullable=False),
        sa.Column("decider", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("about_user_id", sa.Integer(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        *_checks(),
        *_keys(),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("order_id", "user_id", name=op.f(f"uq_{TABLE}_order_id_user_id")),
    )
    for name in ("user_id", "matter_id"):
        op.create_index(op.f(f"ix_{TABLE}_{name}"), TABLE, [name], unique=False)
    op.create_index(op.f(f"ix_{TABLE}_grid_code_id"), TABLE, ["grid_code", "id"], unique=False)


def downgrade() -> None:
    op.drop_table(TABLE)


def _checks() -> list[sa.CheckConstraint]:
    told = {
        "state": "state IN ('open', 'heard', 'recorded', 'not_recorded')",
        "decider": "decider IN ('station', 'leader')",
        "visibility": "visibility IN ('normal', 'restricted')",
        "level": "level IN ('cell', 'block', 'area', 'community', 'street')",
        "heard": "state <> 'heard' OR statement IS NOT NULL",
        "decided": f"({DECIDED}) = (decided_at IS NOT NULL)",
        "reasoned": "decided_at IS NULL OR reason IS NOT NULL",
        "not_oneself": "decided_by_id <> user_id",
    }
    return [
        sa.CheckConstraint(rule, name=op.f(f"ck_{TABLE}_{name}")) for name, rule in told.items()
    ]


def _keys() -> list[sa.ForeignKeyConstraint]:
    keys = [
        sa.ForeignKeyConstraint(
            [name], [f"{other}.id"], name=op.f(f"fk_{TABLE}_{name}"), ondelete=then
        )
        for name, other, then in (
            ("order_id", "work_orders", "RESTRICT"),
            ("matter_id", "matters", "RESTRICT"),
            ("user_id", "ab_user", "SET NULL"),
            ("decided_by_id", "ab_user", "SET NULL"),
            ("about_user_id", "ab_user", "SET NULL"),
        )
    ]
    place = sa.ForeignKeyConstraint(
        ["grid_code"],
        ["grids.code"],
        name=op.f(f"fk_{TABLE}_grid_code"),
        onupdate="CASCADE",
        ondelete="RESTRICT",
    )
    return [*keys, place]
