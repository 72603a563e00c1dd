"""Who holds which post at which grid: the people of signs, plans and archives."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Grid, Post, PostRole, Worker
from portal.queries.boards import short
from portal.queries.staffing import in_force


@dataclass(frozen=True)
class Holder:
    """Somebody in a post, in the language of the document.

    ``shown``: they agreed to be shown and the post is public. ``phone`` is the public telephone,
    empty without consent; the private one is never read. ``origin`` and ``basis`` are codes.
    """

    grid_code: str
    level: str
    role: str
    title: str
    name: str
    number: str
    phone: str
    shown: bool
    origin: str
    basis: str
    since: date
    until: date | None


def holders(session: Session, where: ColumnElement[bool], english: bool) -> list[Holder]:
    """The posts held today that meet ``where`` (over posts and grids), by grid and kind of post."""
    return people(session, where & in_force(), english)


def people(session: Session, where: ColumnElement[bool], english: bool) -> list[Holder]:
    """All posts that meet ``where``, those of the past and the future too."""
    today = clock.today()
    return [_holder(row, today, english) for row in session.execute(_posts().where(where))]


def first_shown(found: Iterable[Holder], roles: Iterable[str]) -> Holder | None:
    """The first of those who may be shown, in the order of ``roles``."""
    shown = [holder for holder in found if holder.shown]
    return next((one for role in roles for one in shown if one.role == role), None)


def _posts() -> Any:
    return (
        select(
            Post.grid_code,
            Grid.level,
            Post.role,
            PostRole.name_zh,
            PostRole.name_en,
            Worker.name,
            Worker.number,
            Worker.public_phone,
            Worker.public_consent_on,
            Worker.origin,
            Post.public,
            Post.basis,
            Post.since,
            Post.until,
        )
        .join(Grid, Grid.code == Post.grid_code)
        .join(Worker, Worker.id == Post.worker_id)
        .join(PostRole, PostRole.code == Post.role)
        .order_by(Post.grid_code, PostRole.position, Post.since, Post.id)
    )


def _holder(row: Any, today: date, english: bool) -> Holder:
    agreed = row.public_consent_on is not None and row.public_consent_on <= today
    return Holder(
        grid_code=row.grid_code,
        level=row.level,
        role=row.role,
        title=short(row.name_en if english else row.name_zh),
        name=row.name,
        number=row.number or "",
        phone=(row.public_phone or "") if agreed else "",
        shown=agreed and row.public,
        origin=row.origin,
        basis=row.basis,
        since=row.since,
        until=row.until,
    )
