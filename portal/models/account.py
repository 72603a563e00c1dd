"""Sign-in accounts and the roles granted to them directly (posts grant the others)."""

from datetime import date, datetime
from typing import ClassVar

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, String, false
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from portal.models.base import Row
from portal.models.grid import Grid
from portal.models.types import CODE, INSTANT


class AccountState(Row):
    """What FAB's account does not hold: lock after failures, change at first sign-in.

    A table of its own and not a subclass of FAB's user: two classes on one table share their
    identity map, and relations of FAB would hand out the wrong one.
    """

    __tablename__ = "account_states"
    resource: ClassVar[str | None] = "User"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False, unique=True
    )
    must_change_password: Mapped[bool] = mapped_column(
        Boolean, nullable=False, default=False, server_default=false()
    )
    locked_until: Mapped[datetime | None] = mapped_column(INSTANT)
    password_changed_at: Mapped[datetime | None] = mapped_column(INSTANT)

    user: Mapped[User] = relationship(
        User,
        lazy="raise_on_sql",
        backref=backref("state", uselist=False, passive_deletes=True, lazy="select"),
    )


class AccountGrant(Row):
    """A role given to an account within a subtree (no grid: everywhere), for a time."""

    __tablename__ = "account_grants"
    resource: ClassVar[str | None] = "AccountGrant"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False, index=True
    )
    role: Mapped[str] = mapped_column(String(64), nullable=False)
    grid_code: Mapped[str | None] = mapped_column(
        CODE, ForeignKey("grids.code", onupdate="CASCADE", ondelete="RESTRICT")
    )
    since: Mapped[date] = mapped_column(Date, nullable=False)
    until: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(200))

    user: Mapped[User] = relationship(User, lazy="raise_on_sql")
    grid: Mapped[Grid | None] = relationship(Grid, lazy="raise_on_sql")

    __table_args__ = (CheckConstraint("until IS NULL OR until >= since", name="dates"),)


# FAB's own tables come under the same line of the roles table, the same check and the same audit.
for _model, _resource in ((User, "User"), (Role, "Role")):
    _model.resource = _resource
    _model.scope_column = None
    _model.scope_above = False
    _model.sensitive = ("password", "email") if _model is User else ()
