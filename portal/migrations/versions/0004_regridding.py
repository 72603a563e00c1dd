"""Regridding: what became of grids, append-only by trigger on both engines."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "grid_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("home", CODE, nullable=False),
        sa.Column("from_codes", sa.Text(), nullable=False),
        sa.Column("to_codes", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("asked_how", sa.String(length=120), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('split', 'merge', 'move', 'buildings')", name=op.f("ck_grid_changes_kind")
        ),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'partly', 'objected', 'not_asked')",
            name=op.f("ck_grid_changes_outcome"),
        ),
        sa.CheckConstraint(
            "outcome = 'not_asked' OR asked_on IS NOT NULL", name=op.f("ck_grid_changes_asked")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_changes")),
    )
    with op.batch_alter_table("grid_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grid_changes_home_id"), ["home", "id"], unique=False)
    _guard()


def downgrade() -> None:
    op.drop_table("grid_changes")


def _guard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER grid_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
            " ON grid_changes FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER grid_changes_no_{verb.lower()} BEFORE {verb} ON grid_changes"
            " BEGIN SELECT RAISE(ABORT, 'grid_changes is append-only'); END"
        )
