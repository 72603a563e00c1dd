"""Mediation files with parties, sessions, terms; reminders of the days of files."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "case_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('session', 'term', 'confirm', 'authority')",
            name=op.f("ck_case_notices_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_case_notices_matter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_notices")),
        sa.UniqueConstraint(
            "matter_id",
            "kind",
            "ref",
            "due_on",
            name=op.f("uq_case_notices_matter_id_kind_ref_due_on"),
        ),
    )
    op.create_table(
        "mediation_files",
        sa.Column("number", sa.String(length=48), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=True),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("told_ways", sa.String(length=400), nullable=True),
        sa.Column("agreement_form", sa.String(length=8), nullable=True),
        sa.Column("confirm_by", sa.Date(), nullable=True),
        sa.Column("confirmation", sa.String(length=12), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("about_user_id", sa.Integer(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(confirmation IN ('applied', 'confirmed', 'refused')) = (applied_on IS NOT NULL)"
            " OR confirmation IS NULL",
            name=op.f("ck_mediation_files_applied"),
        ),
        sa.CheckConstraint(
            "(outcome = 'agreed') = (agreement_form IS NOT NULL)",
            name=op.f("ck_mediation_files_agreed"),
        ),
        sa.CheckConstraint(
            "(outcome = 'agreed') = (confirm_by IS NOT NULL)",
            name=op.f("ck_mediation_files_confirm_by"),
        ),
        sa.CheckConstraint(
            "(outcome = 'open') = (ended_on IS NULL)", name=op.f("ck_mediation_files_ended")
        ),
        sa.CheckConstraint(
            "agreement_form IN ('written', 'oral')", name=op.f("ck_mediation_files_agreement_form")
        ),
        sa.CheckConstraint(
            "cause IN ('administration', 'organisation', 'citizens')",
            name=op.f("ck_mediation_files_cause"),
        ),
        sa.CheckConstraint(
            "confirmation IN ('open', 'not_wanted', 'applied', 'confirmed', 'refused')",
            name=op.f("ck_mediation_files_confirmation"),
        ),
        sa.CheckConstraint(
            "level IN ('cell', 'block', 'area', 'community', 'street')",
            name=op.f("ck_mediation_files_level"),
        ),
        sa.CheckConstraint(
            "outcome <> 'not_agreed' OR told_ways IS NOT NULL", name=op.f("ck_mediation_files_told")
        ),
        sa.CheckConstraint(
            "outcome IN ('open', 'agreed', 'not_agreed', 'withdrawn')",
            name=op.f("ck_mediation_files_outcome"),
        ),
        sa.CheckConstraint("visibility = 'restricted'", name=op.f("ck_mediation_files_visibility")),
        sa.CheckConstraint(
            "(confirm_by IS NULL) = (confirmation IS NULL)",
            name=op.f("ck_mediation_files_confirming"),
        ),
        sa.ForeignKeyConstraint(
            ["about_user_id"],
            ["ab_user.id"],
            name=op.f("fk_mediation_files_about_user_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["matter_categories.id"],
            name=op.f("fk_mediation_files_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_mediation_files_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_mediation_files_matter_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["work_orders.id"],
            name=op.f("fk_mediation_files_order_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediation_files")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_mediation_files_matter_id")),
        sa.UniqueConstraint("number", name=op.f("uq_mediation_files_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_mediation_files_order_id")),
    )
    with op.batch_alter_table("mediation_files", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mediation_files_confirmation_confirm_by"),
            ["confirmation", "confirm_by"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_mediation_files_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_mediation_files_opened_on_id"), ["opened_on", "id"], unique=False
        )

    op.create_table(
        "mediation_mediators",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["mediation_files.id"],
            name=op.f("fk_mediation_mediators_file_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["ab_user.id"],
            name=op.f("fk_mediation_mediators_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("file_id", "user_id", name=op.f("pk_mediation_mediators")),
    )
    with op.batch_alter_table("mediation_mediators", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mediation_mediators_user_id"), ["user_id"], unique=False
        )

    op.create_table(
        "mediation_parties",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('applicant', 'respondent', 'agent', 'third', 'witness')",
            name=op.f("ck_mediation_parties_role"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["mediation_files.id"],
            name=op.f("fk_mediation_parties_file_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediation_parties")),
        sa.UniqueConstraint("file_id", "seq", name=op.f("uq_mediation_parties_file_id_seq")),
    )
    with op.batch_alter_table("mediation_parties", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mediation_parties_file_id"), ["file_id"], unique=False)

    op.create_table(
        "mediation_sessions",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("others", sa.String(length=200), nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["mediation_files.id"],
            name=op.f("fk_mediation_sessions_file_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediation_sessions")),
    )
    with op.batch_alter_table("mediation_sessions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mediation_sessions_file_id"), ["file_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_mediation_sessions_held_at_file_id"),
            ["held_at", "file_id"],
            unique=False,
        )

    op.create_table(
        "mediation_attendances",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"],
            ["mediation_parties.id"],
            name=op.f("fk_mediation_attendances_party_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["mediation_sessions.id"],
            name=op.f("fk_mediation_attendances_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "party_id", name=op.f("pk_mediation_attendances")),
    )
    op.create_table(
        "mediation_terms",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("performance", sa.String(length=8), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "performance IN ('done', 'not_done')", name=op.f("ck_mediation_terms_performance")
        ),
        sa.CheckConstraint(
            "(performance IS NULL) = (checked_on IS NULL)", name=op.f("ck_mediation_terms_checked")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["mediation_files.id"],
            name=op.f("fk_mediation_terms_file_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["party_id"],
            ["mediation_parties.id"],
            name=op.f("fk_mediation_terms_party_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediation_terms")),
        sa.UniqueConstraint("file_id", "seq", name=op.f("uq_mediation_terms_file_id_seq")),
    )
    with op.batch_alter_table("mediation_terms", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mediation_terms_due_on_file_id"), ["due_on", "file_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_mediation_terms_file_id"), ["file_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("mediation_terms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mediation_terms_file_id"))
        batch_op.drop_index(batch_op.f("ix_mediation_terms_due_on_file_id"))

    op.drop_table("mediation_terms")
    op.drop_table("mediation_attendances")
    with op.batch_alter_table("mediation_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mediation_sessions_held_at_file_id"))
        batch_op.drop_index(batch_op.f("ix_mediation_sessions_file_id"))

    op.drop_table("mediation_sessions")
    with op.batch_alter_table("mediation_parties", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mediation_parties_file_id"))

    op.drop_table("mediation_parties")
    with op.batch_alter_table("mediation_mediators", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mediation_mediators_user_id"))

    op.drop_table("mediation_mediators")
    with op.batch_alter_table("mediation_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mediation_files_opened_on_id"))
        batch_op.drop_index(batch_op.f("ix_mediation_files_grid_code_id"))
        batch_op.drop_index(batch_op.f("ix_mediation_files_confirmation_confirm_by"))

    op.drop_table("mediation_files")
    op.drop_table("case_notices")
