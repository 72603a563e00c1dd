"""The SELECTs that fill a grid's archive: the grid, its parts, teams, duties, log and documents."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from portal import clock
from portal.models import AuditEntry, Duty, Grid, Hotline, IssuedDocument, Team
from portal.scope import ancestors

# Whose changes are history of the grid; the people's own data are not.
LOGGED = ("grids", "hotlines", "teams", "leading_groups")


def grid(session: Session, code: str) -> Grid | None:
    """The grid with its boundary."""
    found = select(Grid).where(Grid.code == code).execution_options(populate_existing=True)
    return session.scalar(found)


def above(session: Session, code: str) -> list[Row[Any]]:
    """Code and name of the grids above, the widest first."""
    columns = select(Grid.code, Grid.name).where(Grid.code.in_(ancestors(code)))
    return list(session.execute(columns.order_by(Grid.code)))


def parts(session: Session, code: str) -> list[Row[Any]]:
    """The grids right below that are in force today."""
    today = clock.today()
    found = select(Grid.code, Grid.name, Grid.kind, Grid.households_declared, Grid.boundary).where(
        Grid.parent_code == code,
        or_(Grid.active_from.is_(None), Grid.active_from <= today),
        or_(Grid.active_to.is_(None), Grid.active_to >= today),
    )
    return list(session.execute(found.order_by(Grid.code)))


def households_below(session: Session, code: str) -> tuple[int, int, int]:
    """How many cells lie below, how many of them say how many households, and their sum."""
    found = select(
        func.count(), func.count(Grid.households_declared), func.sum(Grid.households_declared)
    ).where(Grid.level == "cell", Grid.code > code, Grid.code < code + ":")
    cells, told, total = session.execute(found).one()
    return cells, told, total or 0


def teams(session: Session, code: str) -> Sequence[Team]:
    """The teams of this very grid with captain and members."""
    found = (
        select(Team)
        .where(Team.grid_code == code)
        .options(selectinload(Team.captain), selectinload(Team.members))
        .order_by(Team.id)
    )
    return session.scalars(found).all()


def duties(session: Session) -> list[Row[Any]]:
    """The catalogue of duties."""
    columns = select(
        Duty.code, Duty.title, Duty.title_en, Duty.times, Duty.frequency, Duty.role
    ).order_by(Duty.code)
    return list(session.execute(columns))


def hotlines(session: Session, code: str) -> list[Row[Any]]:
    """Every number that holds for the grid: its own, of the grids above, of the whole country."""
    found = (
        select(Hotline.number, Hotline.name, Hotline.name_en, Hotline.hours, Hotline.scope)
        .where(
            or_(Hotline.grid_code.in_((*ancestors(code), code)), Hotline.grid_code.is_(None)),
            Hotline.number.is_not(None),
            Hotline.number != "",
        )
        .order_by(Hotline.grid_code.desc().nulls_last(), Hotline.id)
    )
    return list(session.execute(found))


def log(session: Session, codes: Sequence[str]) -> list[Row[Any]]:
    """What the audit log tells of a grid under the codes that it has and had, the newest first."""
    found = (
        select(
            AuditEntry.at,
            AuditEntry.action,
            AuditEntry.table_name,
            AuditEntry.row_label,
            AuditEntry.changes,
        )
        .where(
            AuditEntry.grid_code.in_(codes),
            AuditEntry.table_name.in_(LOGGED),
            AuditEntry.action.in_(("insert", "update", "delete")),
        )
        .order_by(AuditEntry.id.desc())
    )
    return list(session.execute(found))


def papers(session: Session, code: str, without: str) -> list[Row[Any]]:
    """The documents issued for this very grid but those of kind ``without``, the newest first.
    A card that was printed alone is no document of the grid.
    """
    alone = and_(IssuedDocument.kind == "worker-cards", IssuedDocument.subject != "")
    found = (
        select(
            IssuedDocument.kind,
            IssuedDocument.subject,
            IssuedDocument.size,
            IssuedDocument.lang,
            IssuedDocument.issue_no,
            IssuedDocument.number,
            IssuedDocument.issued_on,
        )
        .where(IssuedDocument.grid_code == code, IssuedDocument.kind != without, ~alone)
        .order_by(IssuedDocument.id.desc())
    )
    return list(session.execute(found))
