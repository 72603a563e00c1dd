"""Matters, their categories, work orders with trace and warnings.

The trace is append-only by trigger on both engines, whoever writes to the database.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")
LEADS = (
    "'area', 'cell', 'committee', 'mediation', 'org',"
    " 'police', 'property', 'station', 'street', 'unit'"
)
CHANNELS = (
    "'patrol', 'visit', 'letterbox', 'hotline', 'hotline12345', 'superior',"
    " 'inspection', 'sweep', 'counter', 'web', 'open311', 'meeting'"
)
STATES = (
    "'reported', 'accepted', 'rejected', 'dispatched', 'handling',"
    " 'answered', 'escalated', 'reported_up', 'closed'"
)
KINDS = "'dispute', 'hazard', 'request', 'complaint', 'letter', 'petition', 'municipal', 'patrol'"
OPEN = "state NOT IN ('rejected', 'closed') AND NOT void AND merged_into_id IS NULL"
TO_ASK = "state = 'closed' AND satisfaction IS NULL AND (to_sample OR return_visit_by IS NOT NULL)"
SEARCHED = ("matters", "work_orders")
WORDS = "array_to_tsvector(array_remove(string_to_array(search_terms, ' '), ''))"
TOKENS = "ascii tokenchars '-_'"


def upgrade() -> None:
    op.create_table(
        "matter_categories",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("parent_code", sa.String(length=12), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=True),
        sa.Column("lead", sa.String(length=12), nullable=False),
        sa.Column("urgency", sa.String(length=10), nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("route", sa.String(length=8), nullable=False),
        sa.Column("convert_to", sa.String(length=12), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=True),
        sa.Column("common", sa.Boolean(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(route = 'convert') = (convert_to IS NOT NULL)",
            name=op.f("ck_matter_categories_convert"),
        ),
        sa.CheckConstraint(
            "cause IN ('administration', 'organisation', 'citizens')",
            name=op.f("ck_matter_categories_cause"),
        ),
        sa.CheckConstraint(
            f"convert_to IN ({KINDS})",
            name=op.f("ck_matter_categories_convert_to"),
        ),
        sa.CheckConstraint(
            f"kind IN ({KINDS})",
            name=op.f("ck_matter_categories_kind"),
        ),
        sa.CheckConstraint(
            f"lead IN ({LEADS})",
            name=op.f("ck_matter_categories_lead"),
        ),
        sa.CheckConstraint(
            "route IN ('handle', 'guide', 'handoff', 'report', 'convert')",
            name=op.f("ck_matter_categories_route"),
        ),
        sa.CheckConstraint(
            "urgency IN ('immediate', 'urgent', 'normal')",
            name=op.f("ck_matter_categories_urgency"),
        ),
        sa.CheckConstraint(
            "visibility IN ('normal', 'restricted')", name=op.f("ck_matter_categories_visibility")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_categories")),
        sa.UniqueConstraint("code", name=op.f("uq_matter_categories_code")),
    )
    with op.batch_alter_table("matter_categories", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_matter_categories_kind_code"), ["kind", "code"], unique=False
        )

    op.create_table(
        "matter_counters",
        sa.Column("community", CODE, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("community", "day", name=op.f("pk_matter_counters")),
    )
    op.create_table(
        "matters",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("urgency", sa.String(length=10), nullable=False),
        sa.Column("crowd", sa.Boolean(), nullable=False),
        sa.Column("reporter_name", sa.Text(), nullable=True),
        sa.Column("reporter_contact", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("about_worker_id", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(length=80), nullable=True),
        sa.Column("outside_number", sa.String(length=60), nullable=True),
        sa.Column("form_key", sa.String(length=40), nullable=True),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("about_user_id", sa.Integer(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "about_worker_id IS NULL OR kind = 'complaint'", name=op.f("ck_matters_about")
        ),
        sa.CheckConstraint(
            f"channel IN ({CHANNELS})",
            name=op.f("ck_matters_channel"),
        ),
        sa.CheckConstraint(
            f"kind IN ({KINDS})",
            name=op.f("ck_matters_kind"),
        ),
        sa.CheckConstraint(
            "level IN ('cell', 'block', 'area', 'community', 'street')",
            name=op.f("ck_matters_level"),
        ),
        sa.CheckConstraint(
            "urgency IN ('immediate', 'urgent', 'normal')", name=op.f("ck_matters_urgency")
        ),
        sa.CheckConstraint(
            "visibility IN ('normal', 'restricted')", name=op.f("ck_matters_visibility")
        ),
        sa.CheckConstraint(
            "(longitude IS NULL) = (latitude IS NULL)", name=op.f("ck_matters_position")
        ),
        sa.ForeignKeyConstraint(
            ["about_user_id"],
            ["ab_user.id"],
            name=op.f("fk_matters_about_user_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["about_worker_id"],
            ["workers.id"],
            name=op.f("fk_matters_about_worker_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["matter_categories.id"],
            name=op.f("fk_matters_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_matters_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_matters_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matters")),
        sa.UniqueConstraint("form_key", name=op.f("uq_matters_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_matters_number")),
    )
    with op.batch_alter_table("matters", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_matters_about_worker_id"), ["about_worker_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_matters_category_id_place"), ["category_id", "place"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_matters_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_matters_reported_at_id"), ["reported_at", "id"], unique=False
        )

    op.create_table(
        "matter_people",
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("outside", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(
            "part IN ('reporter', 'assignee', 'helper', 'dispatcher', 'handler')",
            name=op.f("ck_matter_people_part"),
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_matter_people_matter_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_matter_people_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("matter_id", "user_id", "part", name=op.f("pk_matter_people")),
    )
    with op.batch_alter_table("matter_people", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_matter_people_user_id_matter_id"), ["user_id", "matter_id"], unique=False
        )
        batch_op.create_index(
            "ix_matter_people_outside",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("outside"),
            postgresql_where=sa.text("outside"),
        )

    op.create_table(
        "matter_photos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_matter_photos_matter_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["ab_user.id"],
            name=op.f("fk_matter_photos_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_photos")),
    )
    with op.batch_alter_table("matter_photos", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_matter_photos_matter_id"), ["matter_id"], unique=False)

    op.create_table(
        "work_orders",
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("urgency", sa.String(length=10), nullable=False),
        sa.Column("crowd", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("dispatcher_id", sa.Integer(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("level_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("yellow_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("red_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalate_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_warning_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned", sa.String(length=8), nullable=True),
        sa.Column("control_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("controlled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_until", sa.Date(), nullable=True),
        sa.Column("suspend_reason", sa.String(length=12), nullable=True),
        sa.Column("outside_unit", sa.String(length=80), nullable=True),
        sa.Column("outside_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("help_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("analysis", sa.Text(), nullable=True),
        sa.Column("station_signed_id", sa.Integer(), nullable=True),
        sa.Column("area_signed_id", sa.Integer(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("to_sample", sa.Boolean(), nullable=False),
        sa.Column("return_visit_by", sa.Date(), nullable=True),
        sa.Column("satisfaction", sa.String(length=10), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("trail_head", sa.String(length=64), nullable=False),
        sa.Column("trail_count", sa.Integer(), nullable=False),
        sa.Column("search_terms", sa.Text(), nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("about_user_id", sa.Integer(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "grade IN ('general', 'difficult', 'major')", name=op.f("ck_work_orders_grade")
        ),
        sa.CheckConstraint(
            f"kind IN ({KINDS})",
            name=op.f("ck_work_orders_kind"),
        ),
        sa.CheckConstraint(
            "level IN ('cell', 'block', 'area', 'community', 'street')",
            name=op.f("ck_work_orders_level"),
        ),
        sa.CheckConstraint(
            "satisfaction IN ('satisfied', 'partly', 'not')",
            name=op.f("ck_work_orders_satisfaction"),
        ),
        sa.CheckConstraint(
            f"state IN ({STATES})",
            name=op.f("ck_work_orders_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('dispatched', 'handling', 'answered') OR assignee_id IS NOT NULL",
            name=op.f("ck_work_orders_assigned"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('dispatched', 'handling', 'answered') OR grade IS NOT NULL",
            name=op.f("ck_work_orders_graded"),
        ),
        sa.CheckConstraint(
            "suspend_reason IN ('weather', 'court', 'third_party', 'funding', 'by_request')",
            name=op.f("ck_work_orders_suspend_reason"),
        ),
        sa.CheckConstraint(
            "urgency IN ('immediate', 'urgent', 'normal')", name=op.f("ck_work_orders_urgency")
        ),
        sa.CheckConstraint(
            "visibility IN ('normal', 'restricted')", name=op.f("ck_work_orders_visibility")
        ),
        sa.CheckConstraint(
            "warned IN ('yellow', 'orange', 'red', 'control')", name=op.f("ck_work_orders_warned")
        ),
        sa.CheckConstraint(
            "(suspended_at IS NULL) = (suspend_reason IS NULL)",
            name=op.f("ck_work_orders_suspended"),
        ),
        sa.ForeignKeyConstraint(
            ["about_user_id"],
            ["ab_user.id"],
            name=op.f("fk_work_orders_about_user_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["area_signed_id"],
            ["ab_user.id"],
            name=op.f("fk_work_orders_area_signed_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"],
            ["ab_user.id"],
            name=op.f("fk_work_orders_assignee_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["matter_categories.id"],
            name=op.f("fk_work_orders_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["dispatcher_id"],
            ["ab_user.id"],
            name=op.f("fk_work_orders_dispatcher_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_work_orders_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_work_orders_matter_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["work_orders.id"],
            name=op.f("fk_work_orders_merged_into_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["station_signed_id"],
            ["ab_user.id"],
            name=op.f("fk_work_orders_station_signed_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_orders")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_work_orders_matter_id")),
        sa.UniqueConstraint("number", name=op.f("uq_work_orders_number")),
    )
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_work_orders_assignee_id_state_due_at"),
            ["assignee_id", "state", "due_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_work_orders_category_id_id"), ["category_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_work_orders_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            "ix_work_orders_closed",
            ["closed_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_work_orders_to_ask",
            ["grid_code", "return_visit_by"],
            unique=False,
            sqlite_where=sa.text(TO_ASK),
            postgresql_where=sa.text(TO_ASK),
        )
        batch_op.create_index(
            "ix_work_orders_warned",
            ["warned", "due_at"],
            unique=False,
            sqlite_where=sa.text("warned IS NOT NULL"),
            postgresql_where=sa.text("warned IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_work_orders_open",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text(OPEN),
            postgresql_where=sa.text(OPEN),
        )
        batch_op.create_index(
            "ix_work_orders_open_here",
            ["grid_code", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text(OPEN),
            postgresql_where=sa.text(OPEN),
        )
        batch_op.create_index(
            batch_op.f("ix_work_orders_due_at_id"), ["due_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_work_orders_grid_code_due_at_id"),
            ["grid_code", "due_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_work_orders_state_due_at_id"), ["state", "due_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_work_orders_suspended",
            ["suspended_until"],
            unique=False,
            sqlite_where=sa.text("suspended_at IS NOT NULL"),
            postgresql_where=sa.text("suspended_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_work_orders_in_danger",
            ["control_due_at"],
            unique=False,
            sqlite_where=sa.text("control_due_at IS NOT NULL AND controlled_at IS NULL"),
            postgresql_where=sa.text("control_due_at IS NOT NULL AND controlled_at IS NULL"),
        )
        batch_op.create_index(
            "ix_work_orders_to_warn",
            ["next_warning_at"],
            unique=False,
            sqlite_where=sa.text("next_warning_at IS NOT NULL"),
            postgresql_where=sa.text("next_warning_at IS NOT NULL"),
        )

    _warnings_and_trace()
    _guard_and_find()


def _warnings_and_trace() -> None:
    op.create_table(
        "order_warnings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('yellow', 'orange', 'red', 'control')", name=op.f("ck_order_warnings_kind")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["work_orders.id"],
            name=op.f("fk_order_warnings_order_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_warnings")),
        sa.UniqueConstraint(
            "order_id", "kind", "due_at", name=op.f("uq_order_warnings_order_id_kind_due_at")
        ),
    )
    op.create_table(
        "supervision_orders",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=48), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("signed_by", sa.String(length=80), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
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
            name=op.f("ck_supervision_orders_level"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'closed')", name=op.f("ck_supervision_orders_state")
        ),
        sa.CheckConstraint(
            "visibility IN ('normal', 'restricted')", name=op.f("ck_supervision_orders_visibility")
        ),
        sa.ForeignKeyConstraint(
            ["about_user_id"],
            ["ab_user.id"],
            name=op.f("fk_supervision_orders_about_user_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_supervision_orders_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["matters.id"],
            name=op.f("fk_supervision_orders_matter_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["work_orders.id"],
            name=op.f("fk_supervision_orders_order_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_supervision_orders_number")),
        sa.UniqueConstraint(
            "order_id", "due_at", name=op.f("uq_supervision_orders_order_id_due_at")
        ),
    )
    with op.batch_alter_table("supervision_orders", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_supervision_orders_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_supervision_orders_matter_id"), ["matter_id"], unique=False
        )

    op.create_table(
        "trace_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("actor_name", sa.String(length=80), nullable=False),
        sa.Column("move", sa.String(length=16), nullable=False),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["work_orders.id"],
            name=op.f("fk_trace_entries_order_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_entries")),
        sa.UniqueConstraint("order_id", "seq", name=op.f("uq_trace_entries_order_id_seq")),
    )


def _guard_and_find() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in SEARCHED:
            words = [sa.text(WORDS)]
            op.create_index(f"ix_{table}_words", table, words, postgresql_using="gin")
        op.execute(
            "CREATE TRIGGER trace_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
            " ON trace_entries FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only()"
        )
        return
    for table in SEARCHED:
        _full_text(table)
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER trace_entries_no_{verb.lower()} BEFORE {verb} ON trace_entries"
            " BEGIN SELECT RAISE(ABORT, 'trace_entries is append-only'); END"
        )


def downgrade() -> None:
    _unguard()
    op.drop_table("trace_entries")
    with op.batch_alter_table("supervision_orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supervision_orders_matter_id"))
        batch_op.drop_index(batch_op.f("ix_supervision_orders_grid_code_id"))

    op.drop_table("supervision_orders")
    op.drop_table("order_warnings")
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.drop_index("ix_work_orders_suspended")
        batch_op.drop_index("ix_work_orders_in_danger")
        batch_op.drop_index(
            "ix_work_orders_to_warn",
            sqlite_where=sa.text("next_warning_at IS NOT NULL"),
            postgresql_where=sa.text("next_warning_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_work_orders_state_due_at_id"))
        batch_op.drop_index("ix_work_orders_closed")
        batch_op.drop_index("ix_work_orders_to_ask")
        batch_op.drop_index("ix_work_orders_warned")
        batch_op.drop_index("ix_work_orders_open")
        batch_op.drop_index("ix_work_orders_open_here")
        batch_op.drop_index(batch_op.f("ix_work_orders_due_at_id"))
        batch_op.drop_index(batch_op.f("ix_work_orders_grid_code_due_at_id"))
        batch_op.drop_index(batch_op.f("ix_work_orders_grid_code_id"))
        batch_op.drop_index(batch_op.f("ix_work_orders_category_id_id"))
        batch_op.drop_index(batch_op.f("ix_work_orders_assignee_id_state_due_at"))

    op.drop_table("work_orders")
    with op.batch_alter_table("matter_people", schema=None) as batch_op:
        batch_op.drop_index("ix_matter_people_outside")
        batch_op.drop_index(batch_op.f("ix_matter_people_user_id_matter_id"))

    op.drop_table("matter_photos")
    op.drop_table("matter_people")
    with op.batch_alter_table("matters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_matters_reported_at_id"))
        batch_op.drop_index(batch_op.f("ix_matters_grid_code_id"))
        batch_op.drop_index(batch_op.f("ix_matters_category_id_place"))
        batch_op.drop_index(batch_op.f("ix_matters_about_worker_id"))

    op.drop_table("matters")
    op.drop_table("matter_counters")
    with op.batch_alter_table("matter_categories", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_matter_categories_kind_code"))

    op.drop_table("matter_categories")


def _unguard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER trace_entries_append_only ON trace_entries")
        for table in SEARCHED:
            op.drop_index(f"ix_{table}_words", table)
    else:
        for table in SEARCHED:
            _no_full_text(table)
        _gone("trace_entries_no_update", "trace_entries_no_delete")


def _full_text(table: str) -> None:
    words = f"{table}_words"
    op.execute(
        f"CREATE VIRTUAL TABLE {words} USING fts5(search_terms, content='{table}',"
        f" content_rowid='id', tokenize=\"{TOKENS}\", detail=none, columnsize=0)"
    )
    into = f"INSERT INTO {words}"
    op.execute(f"{into} ({words}) VALUES ('rebuild')")
    add = f"{into} (rowid, search_terms) VALUES (new.id, new.search_terms);"
    drop = f"{into} ({words}, rowid, search_terms) VALUES ('delete', old.id, old.search_terms);"
    op.execute(f"CREATE TRIGGER {words}_insert AFTER INSERT ON {table} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {words}_delete AFTER DELETE ON {table} BEGIN {drop} END")
    op.execute(
        f"CREATE TRIGGER {words}_update AFTER UPDATE OF search_terms ON {table}"
        f" WHEN old.search_terms <> new.search_terms BEGIN {drop} {add} END"
    )


def _no_full_text(table: str) -> None:
    words = f"{table}_words"
    _gone(*(f"{words}_{verb}" for verb in ("insert", "delete", "update")))
    op.execute(f"DROP TABLE {words}")


def _gone(*triggers: str) -> None:
    for trigger in triggers:
        op.execute(f"DROP TRIGGER {trigger}")
    context.get_context().opts.setdefault("dropped_triggers", []).extend(triggers)
