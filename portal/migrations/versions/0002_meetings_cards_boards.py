"""Meetings and reminders, inbox and long work, cards and photographs, boards on the wall."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")


# Imports of before belong to the community, where there is only one.
PLACES = """
UPDATE import_batches SET grid_code = (SELECT min(code) FROM grids WHERE level = 'community')
WHERE (SELECT count(*) FROM grids WHERE level = 'community') = 1
"""


def _place_imports() -> None:
    with op.batch_alter_table("import_batches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("grid_code", CODE, nullable=True))
    op.execute(PLACES)


def upgrade() -> None:
    _place_imports()
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
        sa.UniqueConstraint("day", name=op.f("uq_calendar_days_day")),
    )
    op.create_table(
        "import_mappings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_import_mappings_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mappings")),
        sa.UniqueConstraint("user_id", "kind", name=op.f("uq_import_mappings_user_id_kind")),
    )
    op.create_table(
        "meeting_series",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("rrule", sa.String(length=200), nullable=True),
        sa.Column("start_time", sa.Time(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("attendees", sa.String(length=200), nullable=False),
        sa.Column("holiday", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("agenda", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("planned_until", sa.Date(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "holiday IN ('skip', 'next_workday', 'previous_workday')",
            name=op.f("ck_meeting_series_holiday"),
        ),
        sa.CheckConstraint(
            "kind IN ('daily', 'weekly', 'monthly', 'talk', 'analysis', 'reception')",
            name=op.f("ck_meeting_series_kind"),
        ),
        sa.CheckConstraint("mode IN ('online', 'onsite')", name=op.f("ck_meeting_series_mode")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_meeting_series_minutes")),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_meeting_series_dates")),
        sa.CheckConstraint(
            "rrule IS NULL OR start_time IS NOT NULL", name=op.f("ck_meeting_series_start_of_rule")
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_meeting_series_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_series")),
    )
    with op.batch_alter_table("meeting_series", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_meeting_series_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "messages",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=200), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_messages_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_user_id_id"), ["user_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_messages_user_id_read_at"), ["user_id", "read_at"], unique=False
        )

    op.create_table(
        "photos",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_photos_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
    )
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_photos_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "tasks",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("grid_code", CODE, nullable=True),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("result_path", sa.String(length=200), nullable=True),
        sa.Column("result_name", sa.String(length=200), nullable=True),
        sa.Column("error", sa.String(length=400), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_tasks_state"),
        ),
        sa.CheckConstraint(
            "done >= 0 AND failed >= 0 AND total >= 0", name=op.f("ck_tasks_counts")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_tasks_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "boards",
        sa.Column("size", sa.String(length=8), nullable=False),
        sa.Column("lang", sa.String(length=12), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.Column("stale_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stale_reason", sa.String(length=12), nullable=True),
        sa.Column("replacement_id", sa.Integer(), nullable=True),
        sa.Column("replace_by", sa.Date(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("lang IN ('zh_Hans_CN', 'en')", name=op.f("ck_boards_lang")),
        sa.CheckConstraint("size IN ('a3', 'a4', 'a2')", name=op.f("ck_boards_size")),
        sa.CheckConstraint(
            "stale_reason IN ('people', 'boundary', 'hotlines', 'content', 'age')",
            name=op.f("ck_boards_stale_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["issued_documents.id"],
            name=op.f("fk_boards_document_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_boards_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photos.id"], name=op.f("fk_boards_photo_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["replacement_id"],
            ["issued_documents.id"],
            name=op.f("fk_boards_replacement_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boards")),
        sa.UniqueConstraint(
            "grid_code", "size", "lang", name=op.f("uq_boards_grid_code_size_lang")
        ),
    )
    with op.batch_alter_table("boards", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_boards_grid_code_id"), ["grid_code", "id"], unique=False
        )

    op.create_table(
        "meetings",
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("rule_date", sa.Date(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("attendees", sa.String(length=200), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("agenda", sa.Text(), nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('daily', 'weekly', 'monthly', 'talk', 'analysis', 'reception')",
            name=op.f("ck_meetings_kind"),
        ),
        sa.CheckConstraint("mode IN ('online', 'onsite')", name=op.f("ck_meetings_mode")),
        sa.CheckConstraint(
            "state IN ('planned', 'held', 'cancelled')", name=op.f("ck_meetings_state")
        ),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_meetings_minutes")),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_meetings_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["meeting_series.id"],
            name=op.f("fk_meetings_series_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("series_id", "rule_date", name=op.f("uq_meetings_series_id_rule_date")),
    )
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_meetings_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_meetings_reminded_at_starts_at"),
            ["reminded_at", "starts_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_meetings_starts_at_kind"), ["starts_at", "kind"], unique=False
        )

    op.create_table(
        "cards",
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("revoke_reason", sa.String(length=120), nullable=True),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("token_index", sa.String(length=64), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("expires_on >= issued_on", name=op.f("ck_cards_dates")),
        sa.CheckConstraint(
            "revoked_on IS NULL OR revoked_on >= issued_on", name=op.f("ck_cards_revoked")
        ),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_cards_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["workers.id"], name=op.f("fk_cards_worker_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint("number", name=op.f("uq_cards_number")),
        sa.UniqueConstraint("token_index", name=op.f("uq_cards_token_index")),
    )
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_cards_grid_code_id"), ["grid_code", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_cards_worker_id"), ["worker_id"], unique=False)

    op.create_table(
        "reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('sent', 'missed', 'unreachable', 'failed')", name=op.f("ck_reminders_state")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name=op.f("fk_reminders_meeting_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_reminders_user_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["workers.id"], name=op.f("fk_reminders_worker_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "meeting_id",
            "worker_id",
            "lead_minutes",
            "channel",
            name=op.f("uq_reminders_meeting_id_worker_id_lead_minutes_channel"),
        ),
    )
    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminders_worker_id"), ["worker_id"], unique=False)

    with op.batch_alter_table("issued_documents", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("subject", sa.String(length=24), server_default="", nullable=False)
        )
        batch_op.drop_constraint(
            batch_op.f("uq_issued_documents_grid_code_kind_size_lang_issue_no"), type_="unique"
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_issued_documents_grid_code_kind_subject_size_lang_issue_no"),
            ["grid_code", "kind", "subject", "size", "lang", "issue_no"],
        )

    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("photo_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_workers_photo_id"), "photos", ["photo_id"], ["id"], ondelete="SET NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("import_batches", schema=None) as batch_op:
        batch_op.drop_column("grid_code")
    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_workers_photo_id"), type_="foreignkey")
        batch_op.drop_column("photo_id")

    with op.batch_alter_table("issued_documents", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("uq_issued_documents_grid_code_kind_subject_size_lang_issue_no"),
            type_="unique",
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_issued_documents_grid_code_kind_size_lang_issue_no"),
            ["grid_code", "kind", "size", "lang", "issue_no"],
        )
        batch_op.drop_column("subject")

    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reminders_worker_id"))

    op.drop_table("reminders")
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cards_worker_id"))
        batch_op.drop_index(batch_op.f("ix_cards_grid_code_id"))

    op.drop_table("cards")
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meetings_starts_at_kind"))
        batch_op.drop_index(batch_op.f("ix_meetings_reminded_at_starts_at"))
        batch_op.drop_index(batch_op.f("ix_meetings_grid_code_id"))

    op.drop_table("meetings")
    with op.batch_alter_table("boards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_boards_grid_code_id"))

    op.drop_table("boards")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_user_id_id"))
        batch_op.drop_index(batch_op.f("ix_tasks_state_id"))

    op.drop_table("tasks")
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_photos_grid_code_id"))

    op.drop_table("photos")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_messages_user_id_read_at"))
        batch_op.drop_index(batch_op.f("ix_messages_user_id_id"))

    op.drop_table("messages")
    with op.batch_alter_table("meeting_series", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_series_grid_code_id"))

    op.drop_table("meeting_series")
    op.drop_table("import_mappings")
    op.drop_table("calendar_days")
