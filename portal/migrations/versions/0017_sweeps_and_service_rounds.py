"""Sweeps with what was gone through, service rounds."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")
KINDS = (
    "'school', 'hospital', 'care_home', 'dining', 'entertainment', 'lodging', 'market',"
    " 'workshop', 'warehouse', 'delivery', 'hazardous', 'gas', 'power', 'site', 'rental',"
    " 'high_rise', 'old_house', 'charging', 'transport', 'water', 'square', 'other'"
)
SERVICES = (
    "'community_police', 'family_doctor', 'judicial_office', 'legal_adviser',"
    " 'fire_rescue', 'market_supervision', 'city_management', 'employment',"
    " 'civil_affairs', 'women', 'disabled', 'property', 'utilities', 'other'"
)


def upgrade() -> None:
    op.create_table(
        "sweeps",
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("checklist", sa.Text(), nullable=True),
        sa.Column("place_kind", sa.String(length=16), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            f"place_kind IN ({KINDS})",
            name=op.f("ck_sweeps_place_kind"),
        ),
        sa.CheckConstraint(
            "checklist IS NOT NULL OR place_kind IS NOT NULL", name=op.f("ck_sweeps_something")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_sweeps_days")),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_sweeps_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
    )
    with op.batch_alter_table("sweeps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sweeps_ends_on_id"), ["ends_on", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_sweeps_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "service_rounds",
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "service <> 'other' OR name IS NOT NULL", name=op.f("ck_service_rounds_named")
        ),
        sa.CheckConstraint(
            f"service IN ({SERVICES})",
            name=op.f("ck_service_rounds_service"),
        ),
        sa.CheckConstraint("unit IN ('workday', 'day')", name=op.f("ck_service_rounds_unit")),
        sa.CheckConstraint("every BETWEEN 1 AND 366", name=op.f("ck_service_rounds_every")),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_service_rounds_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_service_rounds_organisation_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_rounds")),
    )
    with op.batch_alter_table("service_rounds", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_service_rounds_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_service_rounds_grid_code_next_on_id"),
            ["grid_code", "next_on", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_service_rounds_next_on_id"), ["next_on", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_service_rounds_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "sweep_grids",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.Integer(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_sweep_grids_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["sweep_id"], ["sweeps.id"], name=op.f("fk_sweep_grids_sweep_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_grids")),
    )
    with op.batch_alter_table("sweep_grids", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sweep_grids_grid_code"), ["grid_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_sweep_grids_sweep_id"), ["sweep_id"], unique=False)

    op.create_table(
        "sweep_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["sweep_id"], ["sweeps.id"], name=op.f("fk_sweep_lines_sweep_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_lines")),
        sa.UniqueConstraint("sweep_id", "seq", name=op.f("uq_sweep_lines_sweep_id_seq")),
    )
    op.create_table(
        "service_visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("came_on", sa.Date(), nullable=False),
        sa.Column("noted_by", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["service_rounds.id"],
            name=op.f("fk_service_visits_round_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_service_visits_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_visits")),
        sa.UniqueConstraint("round_id", "came_on", name=op.f("uq_service_visits_round_id_came_on")),
    )
    op.create_table(
        "sweep_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.Integer(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("cell", CODE, nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.CheckConstraint("result IN ('nothing', 'finding')", name=op.f("ck_sweep_checks_result")),
        sa.CheckConstraint(
            "(line_id IS NULL) <> (place_id IS NULL)", name=op.f("ck_sweep_checks_one")
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_sweep_checks_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["sweep_lines.id"],
            name=op.f("fk_sweep_checks_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_sweep_checks_place_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sweep_id"], ["sweeps.id"], name=op.f("fk_sweep_checks_sweep_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_sweep_checks_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_checks")),
        sa.UniqueConstraint("line_id", "cell", name=op.f("uq_sweep_checks_line_id_cell")),
        sa.UniqueConstraint("sweep_id", "place_id", name=op.f("uq_sweep_checks_sweep_id_place_id")),
    )
    with op.batch_alter_table("sweep_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sweep_checks_grid_code"), ["grid_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_sweep_checks_place_id"), ["place_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_sweep_checks_sweep_id_grid_code"),
            ["sweep_id", "grid_code"],
            unique=False,
        )

    op.create_table(
        "sweep_findings",
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"],
            ["sweep_checks.id"],
            name=op.f("fk_sweep_findings_check_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_sweep_findings_matter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("matter_id", name=op.f("pk_sweep_findings")),
    )
    with op.batch_alter_table("sweep_findings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sweep_findings_check_id"), ["check_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("sweep_findings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweep_findings_check_id"))

    op.drop_table("sweep_findings")
    with op.batch_alter_table("sweep_checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweep_checks_sweep_id_grid_code"))
        batch_op.drop_index(batch_op.f("ix_sweep_checks_place_id"))
        batch_op.drop_index(batch_op.f("ix_sweep_checks_grid_code"))

    op.drop_table("sweep_checks")
    op.drop_table("service_visits")
    op.drop_table("sweep_lines")
    with op.batch_alter_table("sweep_grids", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweep_grids_sweep_id"))
        batch_op.drop_index(batch_op.f("ix_sweep_grids_grid_code"))

    op.drop_table("sweep_grids")
    with op.batch_alter_table("service_rounds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_rounds_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_service_rounds_next_on_id"))
        batch_op.drop_index(batch_op.f("ix_service_rounds_grid_code_next_on_id"))
        batch_op.drop_index(batch_op.f("ix_service_rounds_grid_code_id"))

    op.drop_table("service_rounds")
    with op.batch_alter_table("sweeps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweeps_grid_code_id"))
        batch_op.drop_index(batch_op.f("ix_sweeps_ends_on_id"))

    op.drop_table("sweeps")
