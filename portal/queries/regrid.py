"""What a regridding reads: the cells, what stands in them, who serves there, what hangs there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import distinct, func, or_, select, union
from sqlalchemy.orm import Session

from portal import clock
from portal.models import (
    Board,
    Building,
    Dwelling,
    Grid,
    Household,
    Organisation,
    Post,
    PostRole,
    Resident,
    Worker,
)
from portal.queries.boards import short
from portal.queries.directory import is_active
from portal.queries.staffing import in_force
from portal.scope import following


@dataclass(frozen=True)
class GridLine:
    """A grid as a regridding sees it."""

    id: int
    code: str
    name: str
    level: str
    kind: str | None
    parent_code: str | None
    version: int
    declared: int | None
    difficulty: int | None
    boundary: str | None


@dataclass(frozen=True)
class BuildingLine:
    """A building with its figures. ``households``: registered dwellings (P1, vacant ones
    included), or how many it is known to have while none is registered.
    """

    id: int
    code: str
    name: str
    households: int
    dwellings: int
    residents: int
    longitude: float | None
    latitude: float | None

    @property
    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude, where known."""
        if self.longitude is None or self.latitude is None:
            return None
        return self.longitude, self.latitude


@dataclass(frozen=True)
class PostLine:
    """A post that somebody holds or will hold; ``most``: how many a grid may have of its kind."""

    id: int
    code: str
    worker_id: int
    worker: str
    role: str
    name_zh: str
    name_en: str
    most: int | None
    since: date
    until: date | None

    def title(self, english: bool) -> str:
        """What the post is called."""
        return short(self.name_en if english else self.name_zh)


@dataclass(frozen=True)
class BoardLine:
    """A board: whether it hangs, or only waits to be hung."""

    id: int
    code: str
    size: str
    lang: str
    place: str | None
    hangs: bool


def grids(session: Session, codes: Iterable[str]) -> list[GridLine]:
    """The grids of these codes that are in use today, by code."""
    return _lines(session, Grid.code.in_(sorted(set(codes))))


def below(session: Session, parent: str) -> list[GridLine]:
    """The grids in use right below ``parent``, by code."""
    return _lines(session, Grid.parent_code == parent)


def subtree(session: Session, code: str) -> list[GridLine]:
    """Everything below a grid, dissolved grids too, by code."""
    where = (Grid.code > code, Grid.code < following(code))
    return _lines(session, *where, active=False)


def of_level(session: Session, level: str, home: str) -> list[GridLine]:
    """The grids of a level in use within ``home``, by code."""
    return _lines(session, Grid.level == level, Grid.code >= home, Grid.code < following(home))


def _lines(session: Session, *where: Any, active: bool = True) -> list[GridLine]:
    found = select(
        Grid.id,
        Grid.code,
        Grid.name,
        Grid.level,
        Grid.kind,
        Grid.parent_code,
        Grid.version,
        Grid.households_declared,
        Grid.difficulty,
        Grid.boundary,
    ).where(*where)
    if active:
        found = found.where(is_active())
    rows: Iterable[Any] = session.execute(found.order_by(Grid.code))
    return [GridLine(*row) for row in rows]


def buildings(session: Session, codes: Iterable[str]) -> list[BuildingLine]:
    """The buildings of cells, by cell and key. Three statements."""
    wanted = sorted(set(codes))
    flats = dict(
        session.execute(
            select(Dwelling.building_id, func.count())
            .where(Dwelling.grid_code.in_(wanted))
            .group_by(Dwelling.building_id)
        ).all()
    )
    people = dict(
        session.execute(
            select(Dwelling.building_id, func.count())
            .join(Household, Household.dwelling_id == Dwelling.id)
            .join(Resident, Resident.household_id == Household.id)
            .where(
                Dwelling.grid_code.in_(wanted),
                Resident.moved_out_on.is_(None),
                Resident.died_on.is_(None),
            )
            .group_by(Dwelling.building_id)
        ).all()
    )
    rows = session.execute(
        select(
            Building.id,
            Building.grid_code,
            Building.name,
            Building.dwellings,
            Building.longitude,
            Building.latitude,
        )
        .where(Building.grid_code.in_(wanted))
        .order_by(Building.grid_code, Building.id)
    )
    return [
        BuildingLine(
            row.id,
            row.grid_code,
            row.name,
            flats.get(row.id) or row.dwellings or 0,
            flats.get(row.id, 0),
            people.get(row.id, 0),
            row.longitude,
            row.latitude,
        )
        for row in rows
    ]


def households(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """Cell → registered dwellings; cells without any are left out. One statement."""
    found = (
        select(Dwelling.grid_code, func.count())
        .where(Dwelling.grid_code.in_(sorted(set(codes))))
        .group_by(Dwelling.grid_code)
    )
    return dict(session.execute(found).all())


def organisations(session: Session, code: str) -> Sequence[Any]:
    """Key, name and address of the organisations of a cell, by key."""
    columns = select(Organisation.id, Organisation.name, Organisation.address)
    return session.execute(
        columns.where(Organisation.grid_code == code).order_by(Organisation.id)
    ).all()


def posts(session: Session, codes: Iterable[str]) -> list[PostLine]:
    """The posts at these grids that did not end before today, in the order of the catalogue."""
    found = (
        select(
            Post.id,
            Post.grid_code,
            Post.worker_id,
            Worker.name,
            Post.role,
            PostRole.name_zh,
            PostRole.name_en,
            PostRole.max_count,
            Post.since,
            Post.until,
        )
        .join(Worker, Worker.id == Post.worker_id)
        .join(PostRole, PostRole.code == Post.role)
        .where(
            Post.grid_code.in_(sorted(set(codes))),
            or_(Post.until.is_(None), Post.until >= clock.today()),
        )
        .order_by(Post.grid_code, PostRole.position, Post.since, Post.id)
    )
    rows: Iterable[Any] = session.execute(found)
    return [PostLine(*row) for row in rows]


def boards(session: Session, codes: Iterable[str]) -> list[BoardLine]:
    """The boards of these very grids."""
    found = (
        select(Board.id, Board.grid_code, Board.size, Board.lang, Board.place, Board.document_id)
        .where(Board.grid_code.in_(sorted(set(codes))))
        .order_by(Board.grid_code, Board.id)
    )
    return [BoardLine(*row[:5], row[5] is not None) for row in session.execute(found)]


def workers_at(session: Session, code: str) -> int:
    """How many people there are to serve a cell: those at home there and those with a post there
    today.
    """
    home = select(Worker.id).where(Worker.grid_code == code)
    serving = select(Post.worker_id).where(Post.grid_code == code, in_force())
    both = union(home, serving).subquery()
    return session.scalar(select(func.count(distinct(both.c[0])))) or 0
