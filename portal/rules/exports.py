"""Exports: the same columns as the imports, in an order that depends on the rows alone.

Only what the identity may export, row by row of its scope. Private telephones are masked for
everybody but the system itself. Rows are streamed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal import clock, roles, scope
from portal.errors import Forbidden, RuleError
from portal.models import (
    Building,
    CalendarDay,
    Duty,
    Dwelling,
    Grid,
    Household,
    Matter,
    Post,
    Resident,
    Row,
    Worker,
)
from portal.models.matter import Confidential
from portal.queries import replies
from portal.queries.register import living
from portal.rules import audit
from portal.rules.confidential import seen
from portal.rules.export_files import Record, writer_for
from portal.rules.imports import KINDS
from portal.rules.masking import mask
from portal.scope import Identity, following, within

AT_ONCE = 500
Reading = Callable[[Session, ColumnElement[bool]], Iterator[Record]]


@dataclass(frozen=True)
class Source:
    """Where the rows of a kind come from: the table that rights and scope are asked for, its
    column with the grid code, and the reading of rows under a condition. ``since``: the condition
    that something came of them on a day or later."""

    model: type[Row]
    place: InstrumentedAttribute[Any] | None
    read: Reading
    since: Callable[[date], ColumnElement[bool]] | None = None


def export(
    session: Session, kind: str, file: Path, grid: str | None = None, since: date | None = None
) -> int:
    """Write rows of ``kind`` that the current identity may export; returns how many.

    The format follows the ending: .csv, .xlsx, for boundaries .geojson or .json. ``grid`` limits
    to a subtree, ``since`` matters to those answered on that day or later. Raises Forbidden without
    the right, RuleError for another ending and where no day can be asked for.
    """
    identity = scope.current()
    source = SOURCES[kind]
    resource = source.model.resource or ""
    if not identity.can(roles.EXPORT, resource):
        raise Forbidden(f"{roles.EXPORT} {resource}")
    write = writer_for(kind, file)
    condition = _condition(source, identity, grid)
    if since is not None:
        if source.since is None:
            raise RuleError(f"{kind}: --since")
        condition = and_(condition, source.since(since))
    records = source.read(session, condition)
    count = write(file, kind, _masked(records, kind, identity))
    entry = {"row_id": None, "row_label": f"{kind}: {count}", "grid_code": grid}
    audit.record_bulk(
        session, "export", source.model.__tablename__, [entry | {"changes": {"file": file.name}}]
    )
    return count


def _condition(source: Source, identity: Identity, grid: str | None) -> ColumnElement[bool]:
    if source.place is None:
        return source.model.id.is_not(None)
    allowed = within(source.place, identity.prefixes(roles.EXPORT, source.model.resource or ""))
    if issubclass(source.model, Confidential):
        allowed = and_(allowed, seen(source.model, identity, allowed))
    if not grid:
        return allowed
    return and_(allowed, source.place >= grid, source.place < following(grid))


def _masked(records: Iterator[Record], kind: str, identity: Identity) -> Iterator[Record]:
    hidden = [column.name for column in KINDS[kind].columns if column.sensitive]
    for record in records:
        if not identity.unrestricted:
            record |= {name: mask(record[name]) for name in hidden if record[name]}
        yield record


# Rows


def _stream(session: Session, statement: Select[*tuple[Any, ...]]) -> Iterator[Record]:
    rows = session.execute(statement.execution_options(yield_per=AT_ONCE))
    for row in rows.mappings():
        yield dict(row)


def _grids(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    names = [column.name for column in KINDS["grids"].columns]
    return _stream(
        session, select(*(getattr(Grid, n) for n in names)).where(condition).order_by(Grid.code)
    )


def _divisions(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    statement = (
        select(Grid.code, Grid.name)
        .where(condition, Grid.level.in_(("district", "street", "community")))
        .order_by(Grid.code)
    )
    for record in _stream(session, statement):
        code = record["code"]
        yield record | {
            "streetCode": code[:9] if len(code) > 9 else None,
            "areaCode": code[:6] if len(code) > 6 else None,
            "cityCode": code[:4],
            "provinceCode": code[:2],
        }


def _boundaries(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    statement = (
        select(Grid.code, Grid.name, Grid.boundary)
        .where(condition, Grid.boundary.is_not(None))
        .order_by(Grid.code)
    )
    for record in _stream(session, statement):
        yield {"code": record["code"], "name": record["name"], "geometry": record["boundary"]}


def _workers(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    """One row for every post in force in the worker's own grid, or one without a post."""
    today = clock.today()
    own = and_(
        Post.worker_id == Worker.id,
        Post.grid_code == Worker.grid_code,
        Post.since <= today,
        or_(Post.until.is_(None), Post.until >= today),
    )
    statement = (
        select(
            Worker.name,
            Worker.phone,
            Worker.public_phone,
            Worker.origin,
            Worker.grid_code,
            Post.role,
            Worker.public_consent_on.is_not(None).label("public"),
        )
        .select_from(Worker)
        .outerjoin(Post, own)
        .where(condition)
        .order_by(Worker.grid_code, Worker.id, Post.role)
    )
    return _stream(session, statement)


def _residents(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    """Everybody who lives here, with the home."""
    homes = {
        "building": Building.name,
        "unit": Dwelling.unit,
        "room": Dwelling.room,
        "household": Household.number,
    }
    names = [column.name for column in KINDS["residents"].columns if column.name not in homes]
    statement = (
        select(
            *(getattr(Resident, name) for name in names),
            *(column.label(name) for name, column in homes.items()),
        )
        .join(Resident.household)
        .join(Household.dwelling)
        .join(Dwelling.building)
        .where(condition, *living())
        .order_by(Resident.grid_code, Resident.id)
    )
    return _stream(session, statement)


def _buildings(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    names = [column.name for column in KINDS["buildings"].columns]
    columns = [getattr(Building, name) for name in names]
    statement = select(*columns).where(condition)
    return _stream(session, statement.order_by(Building.grid_code, Building.id))


def _dwellings(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    statement = (
        select(
            Dwelling.grid_code,
            Building.name.label("building"),
            *(Dwelling.unit, Dwelling.room, Dwelling.use),
            *(Dwelling.owner_name, Dwelling.owner_phone),
        )
        .join(Dwelling.building)
        .where(condition)
        .order_by(Dwelling.grid_code, Dwelling.id)
    )
    return _stream(session, statement)


def _households(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    statement = (
        select(
            Household.grid_code,
            Building.name.label("building"),
            *(Dwelling.unit, Dwelling.room),
            *(Household.number.label("household"), Household.kind),
        )
        .join(Household.dwelling)
        .join(Dwelling.building)
        .where(condition)
        .order_by(Household.grid_code, Household.id)
    )
    return _stream(session, statement)


def _posts(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    statement = (
        select(
            Worker.name,
            Worker.number,
            Worker.grid_code.label("worker_grid"),
            Post.grid_code,
            Post.role,
            Post.basis,
            Post.since,
            Post.until,
            Post.public,
        )
        .join(Post.worker)
        .where(condition)
        .order_by(Post.grid_code, Post.role, Post.since, Post.worker_id)
    )
    return _stream(session, statement)


def _duties(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    names = [column.name for column in KINDS["duties"].columns if column.name != "group"]
    columns = [Duty.group_no.label("group"), *(getattr(Duty, name) for name in names)]
    statement = select(*columns).where(condition).order_by(Duty.group_no, Duty.code)
    return _stream(session, statement)


def _workdays(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    columns = CalendarDay.day.label("date"), CalendarDay.working, CalendarDay.name
    return _stream(session, select(*columns).where(condition).order_by(CalendarDay.day))


def _matters(session: Session, condition: ColumnElement[bool]) -> Iterator[Record]:
    """What 12345 and superior platforms handed down, with what came of it."""
    return map(replies.record, _stream(session, replies.statement(condition)))


SOURCES: dict[str, Source] = {
    "divisions": Source(Grid, Grid.code, _divisions),
    "grids": Source(Grid, Grid.code, _grids),
    "buildings": Source(Building, Building.grid_code, _buildings),
    "dwellings": Source(Dwelling, Dwelling.grid_code, _dwellings),
    "households": Source(Household, Household.grid_code, _households),
    "residents": Source(Resident, Resident.grid_code, _residents),
    "workers": Source(Worker, Worker.grid_code, _workers),
    "posts": Source(Post, Post.grid_code, _posts),
    "duties": Source(Duty, None, _duties),
    "boundaries": Source(Grid, Grid.code, _boundaries),
    "workdays": Source(CalendarDay, None, _workdays),
    "matters": Source(Matter, Matter.grid_code, _matters, replies.answered_since),
}
