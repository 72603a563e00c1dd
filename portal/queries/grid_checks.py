"""What ``check-grids`` reads: every active grid with its boundary and its staff."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from portal.models import Grid, Post, Team
from portal.queries.households import registered
from portal.scope import ancestors


@dataclass(frozen=True)
class GridRecord:
    """A grid as the checks see it.

    ``boundary``: stored GeoJSON text. ``posts``: role → number of people holding it today at this
    very grid. ``households`` is what counts, ``registered`` what of it is on record (None: nothing,
    ``declared`` counts). ``people``: number of different people holding any post at it or below.
    """

    code: str
    name: str
    level: str
    kind: str | None = None
    parent_code: str | None = None
    boundary: str | None = None
    households: int | None = None
    has_team: bool = False
    posts: Mapping[str, int] = field(default_factory=dict)
    people: int = 0
    registered: int | None = None
    declared: int | None = None


def grid_records(session: Session, on: date) -> list[GridRecord]:
    """All grids active on ``on``, by code, with the posts and teams of that day."""
    posts, people = _staff(session, on)
    teams = set(session.scalars(select(Team.grid_code).distinct()))
    rows = session.execute(_grids(on)).all()
    homes = registered(session)
    return [
        GridRecord(
            code=code,
            name=name,
            level=level,
            kind=kind,
            parent_code=parent_code,
            boundary=boundary or None,
            households=homes.get(code, households),
            registered=homes.get(code),
            declared=households,
            has_team=code in teams or code in posts,
            posts=posts.get(code, {}),
            people=len(people.get(code, ())),
        )
        for code, name, level, kind, parent_code, boundary, households in rows
    ]


def _grids(on: date) -> Select[str, str, str, str | None, str | None, str | None, int | None]:
    return (
        select(
            Grid.code,
            Grid.name,
            Grid.level,
            Grid.kind,
            Grid.parent_code,
            Grid.boundary,
            Grid.households_declared,
        )
        .where(or_(Grid.active_from.is_(None), Grid.active_from <= on))
        .where(or_(Grid.active_to.is_(None), Grid.active_to >= on))
        .order_by(Grid.code)
    )


def _staff(session: Session, on: date) -> tuple[dict[str, Counter[str]], dict[str, set[int]]]:
    """Holders per grid and role, and the people at each grid or below."""
    posts: dict[str, Counter[str]] = defaultdict(Counter)
    people: dict[str, set[int]] = defaultdict(set)
    held = (
        select(Post.grid_code, Post.role, Post.worker_id)
        .where(Post.since <= on, or_(Post.until.is_(None), Post.until >= on))
        .group_by(Post.grid_code, Post.role, Post.worker_id)
        .having(func.count() > 0)
    )
    for code, role, worker in session.execute(held):
        posts[code][role] += 1
        for above in (*ancestors(code), code):
            people[above].add(worker)
    return posts, people
