"""Quality of the register: a wrong number is noted, people on record twice are found."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LIVES_HERE = sa.text("moved_out_on IS NULL AND died_on IS NULL")
DIED = sa.text("died_on IS NOT NULL")


def upgrade() -> None:
    # Both engines add a column in place; making the table anew would read a million people.
    op.add_column("residents", sa.Column("number_fault", sa.String(length=16), nullable=True))
    op.create_index(
        "ix_residents_alike_here",
        "residents",
        ["birth_date", "name", "grid_code"],
        sqlite_where=LIVES_HERE,
        postgresql_where=LIVES_HERE,
    )
    op.create_index(
        "ix_residents_died",
        "residents",
        ["id_index"],
        sqlite_where=DIED,
        postgresql_where=DIED,
    )


def downgrade() -> None:
    op.drop_index("ix_residents_died", "residents")
    op.drop_index("ix_residents_alike_here", "residents")
    op.drop_column("residents", "number_fault")
