"""What leaves the portal: deliveries, group robots, what each account wants."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CODE = sa.String(length=24).with_variant(sa.String(length=24, collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
WISHES = "('none', 'urgent', 'all')"
LANGUAGES = "('zh_Hans_CN', 'en')"
DUE = sa.text("next_try_at IS NOT NULL")


def _row() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "group_robots",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("topics", sa.String(length=80), nullable=False),
        sa.Column("lang", sa.String(length=12), server_default="zh_Hans_CN", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
        *_row(),
        sa.CheckConstraint(
            "kind IN ('wecom', 'dingtalk', 'feishu')", name=op.f("ck_group_robots_kind")
        ),
        sa.CheckConstraint(f"lang IN {LANGUAGES}", name=op.f("ck_group_robots_lang")),
        sa.ForeignKeyConstraint(
            ["grid_code"],
            ["grids.code"],
            name=op.f("fk_group_robots_grid_code"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_robots")),
    )
    with op.batch_alter_table("group_robots", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_group_robots_grid_code_id"), ["grid_code", "id"], unique=False
        )
    _deliveries()
    topics = ("orders", "warnings", "meetings", "documents", "work", "other")
    op.create_table(
        "message_choices",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lang", sa.String(length=12), server_default="zh_Hans_CN", nullable=False),
        *(sa.Column(topic, sa.String(length=8), nullable=False) for topic in topics),
        sa.CheckConstraint(f"lang IN {LANGUAGES}", name=op.f("ck_message_choices_lang")),
        *(
            sa.CheckConstraint(f"{topic} IN {WISHES}", name=op.f(f"ck_message_choices_{topic}"))
            for topic in topics
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_message_choices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_message_choices")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("robot_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("target", sa.String(length=24), server_default="", nullable=False),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("bare", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("error", sa.String(length=12), nullable=True),
        sa.Column("answer", sa.Integer(), nullable=True),
        *_row(),
        *_checks(),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_deliveries_user_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["group_robots.id"], name=op.f("fk_deliveries_robot_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "message_id", "channel", "target", name=op.f("uq_deliveries_message_id_channel_target")
        ),
    )  # fmt: skip
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        for columns in (["user_id"], ["robot_id"], ["state", "id"], ["created_at", "id"]):
            name = batch_op.f(f"ix_deliveries_{'_'.join(columns)}")
            batch_op.create_index(name, columns, unique=False)
        batch_op.create_index(
            "ix_deliveries_due",
            ["next_try_at"],
            unique=False,
            sqlite_where=DUE,
            postgresql_where=DUE,
        )


def _checks() -> list[sa.CheckConstraint]:
    said = {
        "channel": "channel IN ('email', 'webhook')",
        "topic": "topic IN ('orders', 'warnings', 'meetings', 'documents', 'work', 'other',"
        " 'test')",
        "state": "state IN ('waiting', 'held', 'sending', 'failed', 'sent', 'given_up', 'missed',"
        " 'skipped')",
        "error": "error IN ('settings', 'unreachable', 'timeout', 'tls', 'login', 'address',"
        " 'refused', 'unsure', 'gone', 'no_address', 'unwanted', 'read', 'off', 'fault')",
        "target": "(channel = 'email') = (target = '')",
        "next_try": "(state IN ('waiting', 'held', 'failed')) = (next_try_at IS NOT NULL)",
        "claimed": "(state = 'sending') = (claimed_at IS NOT NULL)",
        "sent": "(state = 'sent') = (sent_at IS NOT NULL)",
        "attempts": "attempts >= 0",
    }
    return [
        sa.CheckConstraint(check, name=op.f(f"ck_deliveries_{name}"))
        for name, check in said.items()
    ]


def downgrade() -> None:
    op.drop_table("message_choices")
    op.drop_table("deliveries")
    op.drop_table("group_robots")
