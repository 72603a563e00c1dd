"""The authority's side of petitions; one row for every petition there is."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")

BEYOND = " AND ".join(
    f"{name} IS NULL"
    for name in (
        "received_on",
        "notice_on",
        "objected_on",
        "accepted_on",
        "extended_on",
        "answered_on",
        "review_asked_on",
        "review_answered_on",
        "second_asked_on",
        "second_answered_on",
        "agent_id",
        "mandate_on",
        "mandate_file",
    )
)


def upgrade() -> None:
    op.create_table(
        "petition_cases",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("accusation", sa.Boolean(), nullable=False),
        sa.Column("claim", sa.Boolean(), nullable=False),
        sa.Column("authority", sa.String(length=80), nullable=True),
        sa.Column("handed_over_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("notice_on", sa.Date(), nullable=True),
        sa.Column("objected_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("extended_on", sa.Date(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("review_asked_on", sa.Date(), nullable=True),
        sa.Column("review_answered_on", sa.Date(), nullable=True),
        sa.Column("second_asked_on", sa.Date(), nullable=True),
        sa.Column("second_answered_on", sa.Date(), nullable=True),
        sa.Column("owed", sa.String(length=16), nullable=True),
        sa.Column("owed_by", sa.Date(), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("mandate_on", sa.Date(), nullable=True),
        sa.Column("mandate_file", sa.String(length=80), nullable=True),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("about_user_id", sa.Integer(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "level IN ('cell', 'block', 'area', 'community', 'street')",
            name=op.f("ck_petition_cases_level"),
        ),
        sa.CheckConstraint(
            "owed IN ('notice', 'answer', 'review', 'second')", name=op.f("ck_petition_cases_owed")
        ),
        sa.CheckConstraint(
            "visibility IN ('normal', 'restricted')", name=op.f("ck_petition_cases_visibility")
        ),
        sa.CheckConstraint(
            "(owed IS NULL) = (owed_by IS NULL)", name=op.f("ck_petition_cases_owed_by")
        ),
        sa.CheckConstraint("NOT (accusation AND claim)", name=op.f("ck_petition_cases_claim")),
        sa.CheckConstraint(
            f"NOT accusation OR ({BEYOND})",
            name=op.f("ck_petition_cases_accusation"),
        ),
        sa.CheckConstraint(
            "agent_id IS NULL OR mandate_on IS NOT NULL", name=op.f("ck_petition_cases_mandate")
        ),
        sa.CheckConstraint(
            "answered_on IS NULL OR accepted_on IS NOT NULL", name=op.f("ck_petition_cases_answer")
        ),
        sa.CheckConstraint(
            "extended_on IS NULL OR (claim AND accepted_on IS NOT NULL)",
            name=op.f("ck_petition_cases_extension"),
        ),
        sa.CheckConstraint(
            "mandate_file IS NULL OR mandate_on IS NOT NULL",
            name=op.f("ck_petition_cases_mandate_file"),
        ),
        sa.CheckConstraint(
            "notice_on IS NULL OR received_on IS NOT NULL", name=op.f("ck_petition_cases_notice")
        ),
        sa.CheckConstraint(
            "review_answered_on IS NULL OR review_asked_on IS NOT NULL",
            name=op.f("ck_petition_cases_reviewed"),
        ),
        sa.CheckConstraint(
            "review_asked_on IS NULL OR answered_on IS NOT NULL",
            name=op.f("ck_petition_cases_review"),
        ),
        sa.CheckConstraint(
            "second_answered_on IS NULL OR second_asked_on IS NOT NULL",
            name=op.f("ck_petition_cases_seconded"),
        ),
        sa.CheckConstraint(
            "second_asked_on IS NULL OR review_answered_on IS NOT NULL",
            name=op.f("ck_petition_cases_second"),
        ),
        sa.ForeignKeyConstraint(
            ["about_user_id"],
            ["ab_user.id"],
            name=op.f("fk_petition_cases_about_user_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["ab_user.id"],
            name=op.f("fk_petition_cases_agent_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["matter_categories.id"],
            name=op.f("fk_petition_cases_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_petition_cases_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_petition_cases_matter_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["work_orders.id"],
            name=op.f("fk_petition_cases_order_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_cases")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_petition_cases_matter_id")),
        sa.UniqueConstraint("number", name=op.f("uq_petition_cases_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_petition_cases_order_id")),
    )
    with op.batch_alter_table("petition_cases", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_petition_cases_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_petition_cases_owed_by_id"), ["owed_by", "id"], unique=False
        )

    op.execute(
        "INSERT INTO petition_cases (number, matter_id, order_id, category_id, summary, accusation,"
        " claim, grid_code, level, visibility, about_user_id, version, created_at, updated_at)"
        " SELECT o.number, o.matter_id, o.id, o.category_id, o.summary, c.route = 'handoff', false,"
        " o.grid_code, o.level, o.visibility, o.about_user_id, 1, o.created_at, o.updated_at"
        " FROM work_orders o JOIN matter_categories c ON c.id = o.category_id"
        " WHERE o.kind = 'petition' ORDER BY o.id"
    )


def downgrade() -> None:
    with op.batch_alter_table("petition_cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_petition_cases_owed_by_id"))
        batch_op.drop_index(batch_op.f("ix_petition_cases_grid_code_id"))

    op.drop_table("petition_cases")
