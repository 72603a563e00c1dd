"""Places that need attention, patrols of them, and what they found."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")
KINDS = (
    "'school', 'hospital', 'care_home', 'dining', 'entertainment', 'lodging', 'market',"
    " 'workshop', 'warehouse', 'delivery', 'hazardous', 'gas',"
    " 'power', 'site', 'rental', 'high_rise', 'old_house', 'charging',"
    " 'transport', 'water', 'square', 'other'"
)


def upgrade() -> None:
    op.create_table(
        "patrols",
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("patroller", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cell", CODE, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checked >= 0", name=op.f("ck_patrols_checked")),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_patrols_times")),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_patrols_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_patrols_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrols")),
        sa.UniqueConstraint("user_id", "day", "cell", name=op.f("uq_patrols_user_id_day_cell")),
    )
    with op.batch_alter_table("patrols", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrols_day_id"), ["day", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_patrols_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "places",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("licence", sa.String(length=60), nullable=True),
        sa.Column("licence_until", sa.Date(), nullable=True),
        sa.Column("measures", sa.Text(), nullable=True),
        sa.Column("patrol_every", sa.Integer(), nullable=False),
        sa.Column("patrol_unit", sa.String(length=8), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("listed_by", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("righted_on", sa.Date(), nullable=True),
        sa.Column("righted_by", sa.String(length=80), nullable=True),
        sa.Column("righted_by_id", sa.Integer(), nullable=True),
        sa.Column("righted_note", sa.Text(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("accepted_by", sa.String(length=80), nullable=True),
        sa.Column("accepted_by_id", sa.Integer(), nullable=True),
        sa.Column("off_list_on", sa.Date(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("patrolled_on", sa.Date(), nullable=True),
        sa.Column("next_patrol_on", sa.Date(), nullable=True),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'accepted') = (accepted_on IS NOT NULL)", name=op.f("ck_places_accepted")
        ),
        sa.CheckConstraint(
            "(state = 'listed') = (righted_on IS NULL)", name=op.f("ck_places_righted")
        ),
        sa.CheckConstraint(
            f"kind IN ({KINDS})",
            name=op.f("ck_places_kind"),
        ),
        sa.CheckConstraint("patrol_unit IN ('workday', 'day')", name=op.f("ck_places_patrol_unit")),
        sa.CheckConstraint(
            "state IN ('listed', 'righted', 'accepted')", name=op.f("ck_places_state")
        ),
        sa.CheckConstraint(
            "(longitude IS NULL) = (latitude IS NULL)", name=op.f("ck_places_position")
        ),
        sa.CheckConstraint(
            "(off_list_on IS NULL) = (next_patrol_on IS NOT NULL)", name=op.f("ck_places_on_list")
        ),
        sa.CheckConstraint(
            "accepted_by_id IS NULL OR righted_by_id IS NULL OR accepted_by_id <> righted_by_id",
            name=op.f("ck_places_two_people"),
        ),
        sa.CheckConstraint("patrol_every BETWEEN 1 AND 366", name=op.f("ck_places_patrol_every")),
        sa.ForeignKeyConstraint(
            ["accepted_by_id"],
            ["ab_user.id"],
            name=op.f("fk_places_accepted_by_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_places_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_places_organisation_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["righted_by_id"],
            ["ab_user.id"],
            name=op.f("fk_places_righted_by_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
    )
    with op.batch_alter_table("places", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_places_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_places_grid_code_next_patrol_on_id"),
            ["grid_code", "next_patrol_on", "id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_places_name_id"), ["name", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_places_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "patrol_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patrol_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.CheckConstraint(
            "result IN ('nothing', 'finding')", name=op.f("ck_patrol_checks_result")
        ),
        sa.ForeignKeyConstraint(
            ["patrol_id"],
            ["patrols.id"],
            name=op.f("fk_patrol_checks_patrol_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_patrol_checks_place_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_checks")),
        sa.UniqueConstraint(
            "patrol_id", "place_id", name=op.f("uq_patrol_checks_patrol_id_place_id")
        ),
    )
    with op.batch_alter_table("patrol_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_checks_place_id"), ["place_id"], unique=False)

    op.create_table(
        "patrol_findings",
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"],
            ["patrol_checks.id"],
            name=op.f("fk_patrol_findings_check_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_patrol_findings_matter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("matter_id", name=op.f("pk_patrol_findings")),
    )
    with op.batch_alter_table("patrol_findings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_findings_check_id"), ["check_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("patrol_findings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patrol_findings_check_id"))

    op.drop_table("patrol_findings")
    with op.batch_alter_table("patrol_checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patrol_checks_place_id"))

    op.drop_table("patrol_checks")
    with op.batch_alter_table("places", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_places_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_places_name_id"))
        batch_op.drop_index(batch_op.f("ix_places_grid_code_next_patrol_on_id"))
        batch_op.drop_index(batch_op.f("ix_places_grid_code_id"))

    op.drop_table("places")
    with op.batch_alter_table("patrols", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patrols_grid_code_id"))
        batch_op.drop_index(batch_op.f("ix_patrols_day_id"))

    op.drop_table("patrols")
