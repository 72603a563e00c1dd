"""Changes of the register as events, visits at home, questions between grids.

What happened is written once: a trigger keeps the columns that the report counts by.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")
FIXED = (
    "kind, happened_on, resident_id, household_id, place, note, actor, part_of_id, cancels_id,"
    " before"
)
KINDS = (
    "kind IN ('registered', 'birth', 'death', 'move_in', 'move_out', 'change_of_head', 'split',"
    " 'merge', 'away_begin', 'away_end', 'registration', 'correction')"
)
HOUSEHOLD_INDEXES = (
    ("ix_households_visit_due", ["grid_code", "next_visit_on"], "next_visit_on IS NOT NULL"),
    ("ix_households_visit_due_first", ["next_visit_on", "id"], "next_visit_on IS NOT NULL"),
    ("ix_households_never_visited", ["grid_code", "id"], "visited_on IS NULL"),
)


def upgrade() -> None:
    op.create_table(
        "home_visits",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("needs", sa.String(length=160), nullable=True),
        sa.Column("hazards", sa.String(length=160), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("next_visit_on", sa.Date(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("visitor", sa.String(length=80), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('routine', 'check', 'service', 'safety', 'follow_up')",
            name=op.f("ck_home_visits_purpose"),
        ),
        sa.CheckConstraint(
            "result IN ('no_change', 'changed', 'nobody_home', 'refused')",
            name=op.f("ck_home_visits_result"),
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_home_visits_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["households.id"],
            name=op.f("fk_home_visits_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home_visits")),
    )
    with op.batch_alter_table("home_visits", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_home_visits_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_home_visits_household_id"), ["household_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_home_visits_visited_on_id"), ["visited_on", "id"], unique=False
        )

    op.create_table(
        "cross_checks",
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("twin_id", sa.Integer(), nullable=True),
        sa.Column("other_code", CODE, nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("question", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("reply_by", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'answered') = (answered_at IS NOT NULL)",
            name=op.f("ck_cross_checks_answered"),
        ),
        sa.CheckConstraint(
            "outcome IN ('yes', 'no', 'unknown')", name=op.f("ck_cross_checks_outcome")
        ),
        sa.CheckConstraint(
            "side = 'sent' OR (resident_id IS NULL AND household_id IS NULL)",
            name=op.f("ck_cross_checks_words_only"),
        ),
        sa.CheckConstraint("side IN ('sent', 'received')", name=op.f("ck_cross_checks_side")),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'withdrawn')", name=op.f("ck_cross_checks_state")
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_cross_checks_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["households.id"],
            name=op.f("fk_cross_checks_household_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["other_code"],
            ["grids.code"],
            name=op.f("fk_cross_checks_other_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["residents.id"],
            name=op.f("fk_cross_checks_resident_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cross_checks")),
        sa.UniqueConstraint("twin_id", name=op.f("uq_cross_checks_twin_id")),
    )
    with op.batch_alter_table("cross_checks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_cross_checks_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_cross_checks_grid_code_state_reply_by"),
            ["grid_code", "state", "reply_by"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_cross_checks_household_id"), ["household_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_cross_checks_other_code"), ["other_code"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_cross_checks_resident_id"), ["resident_id"], unique=False
        )

    op.create_table(
        "population_changes",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("other_household_id", sa.Integer(), nullable=True),
        sa.Column("other_code", CODE, nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("part_of_id", sa.Integer(), nullable=True),
        sa.Column("cancels_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'correction') = (cancels_id IS NOT NULL)",
            name=op.f("ck_population_changes_cancels"),
        ),
        sa.CheckConstraint(KINDS, name=op.f("ck_population_changes_kind")),
        sa.CheckConstraint(
            "resident_id IS NOT NULL OR kind IN ('change_of_head', 'split', 'merge', 'correction')",
            name=op.f("ck_population_changes_person"),
        ),
        sa.ForeignKeyConstraint(
            ["cancels_id"],
            ["population_changes.id"],
            name=op.f("fk_population_changes_cancels_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_population_changes_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["households.id"],
            name=op.f("fk_population_changes_household_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_code"],
            ["grids.code"],
            name=op.f("fk_population_changes_other_code"),
            onupdate="CASCADE",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["other_household_id"],
            ["households.id"],
            name=op.f("fk_population_changes_other_household_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["part_of_id"],
            ["population_changes.id"],
            name=op.f("fk_population_changes_part_of_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["residents.id"],
            name=op.f("fk_population_changes_resident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_population_changes")),
        sa.UniqueConstraint("cancels_id", name=op.f("uq_population_changes_cancels_id")),
    )
    with op.batch_alter_table("population_changes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_population_changes_grid_code_happened_on"),
            ["grid_code", "happened_on"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_population_changes_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_population_changes_happened_on_id"), ["happened_on", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_population_changes_household_id"), ["household_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_population_changes_other_code"), ["other_code"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_population_changes_other_household_id"),
            ["other_household_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_population_changes_part_of_id"), ["part_of_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_population_changes_resident_id"), ["resident_id"], unique=False
        )

    with op.batch_alter_table("households", schema=None) as batch_op:
        batch_op.add_column(sa.Column("visit_every", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("visited_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("next_visit_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("needs", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("hazards", sa.String(length=160), nullable=True))
    for name, columns, where in HOUSEHOLD_INDEXES:
        condition = sa.text(where)
        op.create_index(
            name, "households", columns, sqlite_where=condition, postgresql_where=condition
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER population_changes_append_only BEFORE UPDATE OF {FIXED}"
            " ON population_changes FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER population_changes_append_only BEFORE UPDATE OF {FIXED}"
            " ON population_changes"
            " BEGIN SELECT RAISE(ABORT, 'population_changes is append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER population_changes_append_only ON population_changes")

    for name, _columns, _where in HOUSEHOLD_INDEXES:
        op.drop_index(name, "households")
    with op.batch_alter_table("households", schema=None) as batch_op:
        batch_op.drop_column("hazards")
        batch_op.drop_column("needs")
        batch_op.drop_column("next_visit_on")
        batch_op.drop_column("visited_on")
        batch_op.drop_column("visit_every")

    with op.batch_alter_table("population_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_population_changes_resident_id"))
        batch_op.drop_index(batch_op.f("ix_population_changes_part_of_id"))
        batch_op.drop_index(batch_op.f("ix_population_changes_other_household_id"))
        batch_op.drop_index(batch_op.f("ix_population_changes_other_code"))
        batch_op.drop_index(batch_op.f("ix_population_changes_household_id"))
        batch_op.drop_index(batch_op.f("ix_population_changes_happened_on_id"))
        batch_op.drop_index(batch_op.f("ix_population_changes_grid_code_id"))
        batch_op.drop_index(batch_op.f("ix_population_changes_grid_code_happened_on"))

    op.drop_table("population_changes")
    with op.batch_alter_table("cross_checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cross_checks_resident_id"))
        batch_op.drop_index(batch_op.f("ix_cross_checks_other_code"))
        batch_op.drop_index(batch_op.f("ix_cross_checks_household_id"))
        batch_op.drop_index(batch_op.f("ix_cross_checks_grid_code_state_reply_by"))
        batch_op.drop_index(batch_op.f("ix_cross_checks_grid_code_id"))

    op.drop_table("cross_checks")
    with op.batch_alter_table("home_visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_home_visits_visited_on_id"))
        batch_op.drop_index(batch_op.f("ix_home_visits_household_id"))
        batch_op.drop_index(batch_op.f("ix_home_visits_grid_code_id"))

    op.drop_table("home_visits")
