"""The register: buildings, dwellings, households, residents, organisations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")
LIVES_HERE = sa.text("moved_out_on IS NULL AND died_on IS NULL")
HEAD_HERE = sa.text("relation_to_head = 'head' AND moved_out_on IS NULL AND died_on IS NULL")


def upgrade() -> None:
    op.create_table(
        "buildings",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("storeys", sa.Integer(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=True),
        sa.Column("dwellings", sa.Integer(), nullable=True),
        sa.Column("built_year", sa.Integer(), nullable=True),
        sa.Column("property_company", sa.String(length=80), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('residential', 'commercial', 'public', 'mixed')",
            name=op.f("ck_buildings_kind"),
        ),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_buildings_latitude")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_buildings_longitude")),
        sa.CheckConstraint(
            "storeys > 0 AND units > 0 AND dwellings >= 0", name=op.f("ck_buildings_sizes")
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_buildings_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buildings")),
        sa.UniqueConstraint("grid_code", "name", name=op.f("uq_buildings_grid_code_name")),
    )
    with op.batch_alter_table("buildings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_buildings_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "organisations",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("contact", sa.String(length=60), nullable=True),
        sa.Column("contact_phone", sa.Text(), nullable=True),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('company', 'shop', 'property', 'owners_committee', 'social', 'public')",
            name=op.f("ck_organisations_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_organisations_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
    )
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organisations_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "dwellings",
        sa.Column("building_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=20), server_default="", nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("use", sa.String(length=12), nullable=False),
        sa.Column("owner_name", sa.String(length=60), nullable=True),
        sa.Column("owner_phone", sa.Text(), nullable=True),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "use IN ('owner', 'rented', 'vacant', 'business')", name=op.f("ck_dwellings_use")
        ),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["buildings.id"],
            name=op.f("fk_dwellings_building_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_dwellings_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dwellings")),
        sa.UniqueConstraint(
            "building_id", "unit", "room", name=op.f("uq_dwellings_building_id_unit_room")
        ),
    )
    with op.batch_alter_table("dwellings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dwellings_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "households",
        sa.Column("dwelling_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('family', 'collective')", name=op.f("ck_households_kind")),
        sa.ForeignKeyConstraint(
            ["dwelling_id"],
            ["dwellings.id"],
            name=op.f("fk_households_dwelling_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_households_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_households")),
        sa.UniqueConstraint("dwelling_id", "number", name=op.f("uq_households_dwelling_id_number")),
    )
    with op.batch_alter_table("households", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_households_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "residents",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_sort", sa.String(length=200), nullable=False),
        sa.Column("sex", sa.String(length=8), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("id_type", sa.String(length=20), nullable=False),
        sa.Column("id_number", sa.Text(), nullable=True),
        sa.Column("id_index", sa.String(length=64), nullable=True),
        sa.Column("id_tail_index", sa.String(length=64), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("registration", sa.String(length=12), nullable=False),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("registered_address", sa.String(length=200), nullable=True),
        sa.Column("relation_to_head", sa.String(length=16), nullable=True),
        sa.Column("nation", sa.String(length=20), nullable=True),
        sa.Column("education", sa.String(length=20), nullable=True),
        sa.Column("occupation", sa.String(length=60), nullable=True),
        sa.Column("employer", sa.String(length=80), nullable=True),
        sa.Column("moved_in_on", sa.Date(), nullable=True),
        sa.Column("moved_out_on", sa.Date(), nullable=True),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "id_type IN ("
            "'resident_id', 'residence_permit', 'travel_permit', 'foreign_permit', "
            "'passport', 'other', 'temporary'"
            ")",
            name=op.f("ck_residents_id_type"),
        ),
        sa.CheckConstraint(
            "registration IN ('permanent', 'floating', 'overseas')",
            name=op.f("ck_residents_registration"),
        ),
        sa.CheckConstraint(
            "relation_to_head IN ("
            "'head', 'spouse', 'son', 'daughter', 'father', 'mother', "
            "'parent_in_law', 'child_in_law', 'grandparent', 'grandchild', "
            "'sibling', 'relative', 'unrelated'"
            ")",
            name=op.f("ck_residents_relation_to_head"),
        ),
        sa.CheckConstraint("sex IN ('male', 'female')", name=op.f("ck_residents_sex")),
        sa.CheckConstraint(
            "id_number IS NOT NULL AND id_index IS NOT NULL", name=op.f("ck_residents_id_number")
        ),
        sa.CheckConstraint(
            "died_on IS NULL OR died_on >= birth_date", name=op.f("ck_residents_died")
        ),
        sa.CheckConstraint(
            "moved_out_on IS NULL OR moved_out_on >= moved_in_on", name=op.f("ck_residents_moved")
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_residents_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["households.id"],
            name=op.f("fk_residents_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents")),
    )
    with op.batch_alter_table("residents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_residents_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_residents_grid_code_name_sort_id"),
            ["grid_code", "name_sort", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_residents_household_id"), ["household_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_residents_id_tail_index"), ["id_tail_index"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_residents_phone_index"), ["phone_index"], unique=False)
        batch_op.create_index(
            "uq_residents_head_here",
            ["household_id"],
            unique=True,
            sqlite_where=HEAD_HERE,
            postgresql_where=HEAD_HERE,
        )
        batch_op.create_index(
            "uq_residents_id_index_here",
            ["id_index"],
            unique=True,
            sqlite_where=LIVES_HERE,
            postgresql_where=LIVES_HERE,
        )


def downgrade() -> None:
    with op.batch_alter_table("residents", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_residents_id_index_here", sqlite_where=LIVES_HERE, postgresql_where=LIVES_HERE
        )
        batch_op.drop_index(
            "uq_residents_head_here", sqlite_where=HEAD_HERE, postgresql_where=HEAD_HERE
        )
        batch_op.drop_index(batch_op.f("ix_residents_phone_index"))
        batch_op.drop_index(batch_op.f("ix_residents_id_tail_index"))
        batch_op.drop_index(batch_op.f("ix_residents_household_id"))
        batch_op.drop_index(batch_op.f("ix_residents_grid_code_name_sort_id"))
        batch_op.drop_index(batch_op.f("ix_residents_grid_code_id"))

    op.drop_table("residents")
    with op.batch_alter_table("households", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_households_grid_code_id"))

    op.drop_table("households")
    with op.batch_alter_table("dwellings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dwellings_grid_code_id"))

    op.drop_table("dwellings")
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisations_grid_code_id"))

    op.drop_table("organisations")
    with op.batch_alter_table("buildings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_buildings_grid_code_id"))

    op.drop_table("buildings")
