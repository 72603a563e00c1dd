"""Who belongs to a meeting: people with a post among its attendees on the day it is held.

A post counts if its grid lies on the line of the meeting's grid: in it or below it (the grid
leaders of a block's cells), or above it (the community's police officer at a talk of an area).
One person with several such posts is invited once.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models import Meeting, Post, Worker
from portal.scope import CODE_LENGTHS, ancestors, following

COMMUNITY = CODE_LENGTHS["community"]
MOST_PLACES = 40  # communities named in the statement; of more, all posts are read


class Held(Protocol):
    """What is asked of a meeting."""

    id: int
    grid_code: str
    starts_at: datetime
    attendees: str


@dataclass(frozen=True)
class Invited:
    """A person of a meeting, with their first post among its attendees.

    ``user_id``: the account, where there is one that is switched on.
    """

    worker_id: int
    name: str
    roles: tuple[str, ...]
    grid_code: str
    user_id: int | None


def codes_of(attendees: str | None) -> list[str]:
    """The codes in ``a;b``, in order."""
    return [code.strip() for code in (attendees or "").split(";") if code.strip()]


def day_of(instant: datetime) -> date:
    """The day of an instant on the community's wall clock."""
    return clock.local(instant).date()


def invited(session: Session, meetings: Sequence[Held]) -> dict[int, list[Invited]]:
    """Meeting's id → its people, in the order of attendees, grids and names. One statement."""
    if not meetings:
        return {}
    posts = _Posts(session.execute(_posts_for(meetings)).all())
    return {meeting.id: posts.of(meeting) for meeting in meetings}


def _posts_for(meetings: Sequence[Held]) -> Select[Any]:
    days = [day_of(meeting.starts_at) for meeting in meetings]
    roles = {code for meeting in meetings for code in codes_of(meeting.attendees)}
    account = and_(User.id == Worker.user_id, User.active.is_(True))
    return (
        select(
            Post.role, Post.grid_code, Post.since, Post.until,
            Worker.id, Worker.name, User.id.label("user_id"),
        )
        .join(Worker, Worker.id == Post.worker_id)
        .outerjoin(User, account)
        .where(
            Post.role.in_(sorted(roles)),
            Post.since <= max(days),
            or_(Post.until.is_(None), Post.until >= min(days)),
            _near({meeting.grid_code for meeting in meetings}),
        )
        .order_by(Post.grid_code, Worker.name, Post.id)
    )  # fmt: skip


def _near(codes: set[str]) -> ColumnElement[bool]:
    places = scope.smallest(code[:COMMUNITY] for code in codes)
    if len(places) > MOST_PLACES:
        places = (scope.EVERYWHERE,)
    upper = {code for place in codes for code in ancestors(place)}
    return or_(scope.within(Post.grid_code, places), Post.grid_code.in_(sorted(upper)))


class _Posts:
    """Posts by role, in the order of grid codes, so that a subtree is one stretch of them."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows: dict[str, list[Any]] = {}
        for row in rows:
            self.rows.setdefault(row.role, []).append(row)
        self.codes = {role: [row.grid_code for row in rows] for role, rows in self.rows.items()}

    def of(self, meeting: Held) -> list[Invited]:
        """The people of a meeting."""
        on = day_of(meeting.starts_at)
        found: dict[int, Invited] = {}
        for role in codes_of(meeting.attendees):
            for row in self._on_line(role, meeting.grid_code):
                if row.since > on or (row.until is not None and row.until < on):
                    continue
                known = found.get(row.id)
                held = (*known.roles, role) if known else (role,)
                place = known.grid_code if known else row.grid_code
                roles = tuple(dict.fromkeys(held))
                found[row.id] = Invited(row.id, row.name, roles, place, row.user_id)
        return list(found.values())

    def _on_line(self, role: str, code: str) -> list[Any]:
        codes, rows = self.codes.get(role, []), self.rows.get(role, [])
        found = []
        for above in ancestors(code):
            found += rows[bisect_left(codes, above) : bisect_left(codes, f"{above}0")]
        return found + rows[bisect_left(codes, code) : bisect_left(codes, following(code))]


def inviting(session: Session, user_id: int | None) -> ColumnElement[bool]:
    """Condition on meetings: the account holds a post today that is among the attendees."""
    today = clock.today()
    held = select(Post.role, Post.grid_code).join(Worker, Worker.id == Post.worker_id).where(
        Worker.user_id == user_id,
        Post.since <= today,
        or_(Post.until.is_(None), Post.until >= today),
    )  # fmt: skip
    parts = [
        and_(
            (";" + Meeting.attendees + ";").contains(f";{role};", autoescape=True),
            or_(
                Meeting.grid_code.in_([*ancestors(code), code]),
                scope.within(Meeting.grid_code, [code]),
            ),
        )
        for role, code in session.execute(held)
    ]
    return or_(*parts) if parts else false()
