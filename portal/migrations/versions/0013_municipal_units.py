"""Units that owe municipal services, and the problems in their hands."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "municipal_units",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("contact", sa.String(length=60), nullable=True),
        sa.Column("contact_phone", sa.Text(), nullable=True),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_municipal_units_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_units")),
        sa.UniqueConstraint("grid_code", "name", name=op.f("uq_municipal_units_grid_code_name")),
    )
    with op.batch_alter_table("municipal_units", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_municipal_units_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_municipal_units_name_id"), ["name", "id"], unique=False
        )

    op.create_table(
        "unit_cases",
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("handed_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("on_time", sa.Boolean(), nullable=True),
        sa.Column("rechecked_on", sa.Date(), nullable=True),
        sa.Column("right_first", sa.Boolean(), nullable=True),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(rechecked_on IS NULL) = (right_first IS NULL)", name=op.f("ck_unit_cases_rechecked")
        ),
        sa.CheckConstraint(
            "(unit_id IS NULL) <> (organisation_id IS NULL)", name=op.f("ck_unit_cases_unit")
        ),
        sa.CheckConstraint(
            "answered_on IS NULL OR on_time IS NOT NULL", name=op.f("ck_unit_cases_answered")
        ),
        sa.CheckConstraint(
            "done_on IS NULL OR rechecked_on IS NOT NULL", name=op.f("ck_unit_cases_done")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_unit_cases_matter_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["work_orders.id"],
            name=op.f("fk_unit_cases_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_unit_cases_organisation_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["municipal_units.id"],
            name=op.f("fk_unit_cases_unit_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_cases")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_unit_cases_matter_id")),
        sa.UniqueConstraint("order_id", name=op.f("uq_unit_cases_order_id")),
    )
    with op.batch_alter_table("unit_cases", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_unit_cases_organisation_id_handed_on"),
            ["organisation_id", "handed_on"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_unit_cases_unit_id_handed_on"), ["unit_id", "handed_on"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("unit_cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unit_cases_unit_id_handed_on"))
        batch_op.drop_index(batch_op.f("ix_unit_cases_organisation_id_handed_on"))

    op.drop_table("unit_cases")
    with op.batch_alter_table("municipal_units", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_municipal_units_name_id"))
        batch_op.drop_index(batch_op.f("ix_municipal_units_grid_code_id"))

    op.drop_table("municipal_units")
