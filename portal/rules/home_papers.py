"""The forms of the register (P8.5): 常住人口登记卡 of households, 流动人口登记册 of a grid.

They are drawn by the queue for the person who asked, in that person's scope, and kept like every
result of long work; they are no issued documents, for the next move makes them old. Numbers and
telephones are masked. Only on the card of one household are they whole, for somebody who may change
it and says why; each opening is noted before the card is drawn.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from flask_babel import force_locale, format_decimal
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import OutOfScope, RuleError
from portal.models import Dwelling, Grid, Household, Resident, Task
from portal.models.register_choices import (
    HOUSEHOLD_KINDS,
    ID_TYPES,
    REGISTRATIONS,
    RELATIONS,
    SEXES,
)
from portal.queries import archives
from portal.queries import home_record as queries
from portal.queries.boards import publisher
from portal.queries.home_record import FloatingBook, Home, HomeCards, Lodger, Person, iso
from portal.rules import audit, tasks
from portal.rules.masking import mask
from portal.rules.revealing import check_allowance

TASK = "home_papers"
CARD, CARDS, BOOK = "card", "cards", "book"
MOST_CARDS = 300  # sheets in one file
MOST_LINES = 3000
OPENED = ("id_number", "phone")
GONE = _l("This household or grid is not yours to print any more.")


@dataclass(frozen=True)
class Order:
    """What somebody asks for: the CARD of ``household``, or CARDS or BOOK of the grid ``grid``."""

    paper: str
    grid: str
    lang: str
    household: int | None = None
    whole: bool = False

    def params(self) -> dict[str, Any]:
        """As a task keeps it."""
        return asdict(self)


def ask_card(
    session: Session, user_id: int, household: Household, lang: str, reason: str = ""
) -> Task:
    """The card of one household; with a ``reason`` its numbers are whole. The caller commits.

    Raises OutOfScope where the identity may not read the household, or not open its numbers,
    RuleError (field ``reason``) where that would be more values than it may open within an hour.
    """
    identity = scope.current()
    _check(identity, roles.READ, household.grid_code)
    if reason:
        _check(identity, roles.WRITE, household.grid_code)
        opened = [
            (person, name)
            for person, _home, _dwelling in queries.people_of(session, Household.id == household.id)
            for name in OPENED
            if getattr(person, name)
        ]
        check_allowance(session, len(opened))
        for person, name in opened:  # one entry for each value: the entries are what is counted
            audit.record(session, "reveal", person, reason=reason, changes={"column": name})
    order = Order(CARD, household.grid_code, lang, household.id, bool(reason))
    return tasks.start(session, user_id, TASK, order.params(), 1, order.grid, quick=True)


def ask_grid(session: Session, user_id: int, paper: str, grid_code: str, lang: str) -> Task:
    """CARDS or BOOK of a grid and all below it; the caller commits.

    Raises OutOfScope where the identity may not export the register there, RuleError where there
    is nothing to print, or too much.
    """
    _check(scope.current(), roles.EXPORT, grid_code)
    if paper == CARDS:
        where = scope.within(Household.grid_code, (grid_code,))
        count, most = queries.homes_count(session, where), MOST_CARDS
    else:
        where = scope.within(Resident.grid_code, (grid_code,))
        count, most = queries.lodgers_count(session, where), MOST_LINES
    if not count:
        raise RuleError(_l("There is nobody to print: the register holds nothing of it there."))
    if count > most:
        raise RuleError(
            _l(
                "That would be %(count)s; at most %(most)s go into one file: choose a smaller"
                " grid.",
                count=format_decimal(count),
                most=format_decimal(most),
            ),
            "grid",
        )
    return tasks.start(session, user_id, TASK, Order(paper, grid_code, lang).params(), 1, grid_code)


def load(session: Session, order: Order) -> HomeCards | FloatingBook:
    """The record of what was asked for, as the identity of now may see it.

    Raises OutOfScope where it may not any more, or where the grid or household is gone.
    """
    identity = scope.current()
    needed = {CARD: roles.WRITE if order.whole else roles.READ}.get(order.paper, roles.EXPORT)
    _check(identity, needed, order.grid)
    grid = archives.grid(session, order.grid)
    if grid is None:
        raise OutOfScope(f"no grid {order.grid}")
    with force_locale(order.lang):
        if order.paper == BOOK:
            return _book(session, grid, order, identity)
        where = scope.within(Household.grid_code, (order.grid,))
        if order.household is not None:
            where &= Household.id == order.household
        return _cards(session, grid, order, identity, where)


def _check(identity: scope.Identity, action: str, grid_code: str) -> None:
    if not scope.covers(identity.prefixes(action, "Resident"), grid_code):
        raise OutOfScope(f"{action} residents of {grid_code}")


def _cards(
    session: Session,
    grid: Grid,
    order: Order,
    identity: scope.Identity,
    where: ColumnElement[bool],
) -> HomeCards:
    rows = queries.people_of(session, where)
    places = _places(session, {home.grid_code for _person, home, _dwelling in rows})
    homes = [
        _home(list(group), places, order.whole)
        for _key, group in groupby(rows, key=lambda row: row[1].id)
    ]
    if not homes and order.household is not None:
        homes = [_empty(session, order.household, identity)]
    return HomeCards(
        order.lang,
        grid.code,
        grid.name,
        publisher(session, grid.code),
        clock.today().isoformat(),
        identity.username,
        order.whole,
        tuple(homes),
    )


def _home(rows: Sequence[queries.Found], places: dict[str, str], whole: bool) -> Home:
    _first, home, dwelling = rows[0]
    people = [person for person, _home, _dwelling in rows]
    head = next((one.name for one in people if one.relation_to_head == "head"), "")
    return Home(
        home.number,
        str(HOUSEHOLD_KINDS[home.kind]),
        places[home.grid_code],
        dwelling.name,
        head,
        tuple(_person(one, whole) for one in people),
    )


def _empty(session: Session, household_id: int, identity: scope.Identity) -> Home:
    """The card of a household in which nobody lives (yet): to be filled in by hand. Raises
    OutOfScope where it lies elsewhere by now: it may have moved since it was asked for.
    """
    found = select(Household, Dwelling).join(Household.dwelling).where(Household.id == household_id)
    row = session.execute(found).one_or_none()
    if row is None:
        raise OutOfScope(f"no household {household_id}")
    home, dwelling = row
    _check(identity, roles.READ, home.grid_code)
    places = _places(session, {home.grid_code})
    kind, place = str(HOUSEHOLD_KINDS[home.kind]), places[home.grid_code]
    return Home(home.number, kind, place, dwelling.name, "", ())


def _book(session: Session, grid: Grid, order: Order, identity: scope.Identity) -> FloatingBook:
    rows = queries.lodgers(session, scope.within(Resident.grid_code, (order.grid,)))
    places = _places(session, {person.grid_code for person, _home, _dwelling in rows})
    return FloatingBook(
        order.lang,
        grid.code,
        grid.name,
        tuple(row.name for row in archives.above(session, grid.code)),
        publisher(session, grid.code),
        clock.today().isoformat(),
        identity.username,
        tuple(
            Lodger(
                places[person.grid_code],
                dwelling.name,
                dwelling.owner_name or "",
                _person(person, whole=False),
            )
            for person, _home, dwelling in rows
        ),
    )


def _person(row: Resident, whole: bool) -> Person:
    number, phone = row.id_number or "", row.phone or ""
    if row.id_type == "temporary":
        number = ""  # it was made up here, and says nothing on paper
    work = " ".join(part for part in (row.employer, row.occupation) if part)
    return Person(
        row.name,
        str(SEXES.get(row.sex or "", "")),
        iso(row.birth_date),
        str(RELATIONS.get(row.relation_to_head or "", "")),
        str(ID_TYPES[row.id_type]),
        number if whole else mask(number),
        row.nation or "",
        row.education or "",
        work,
        phone if whole else mask(phone),
        str(REGISTRATIONS[row.registration]) + (_away() if row.away else ""),
        row.registered_address or "",
        iso(row.moved_in_on),
    )


def _away() -> str:
    return str(_l(" (away)"))


def _places(session: Session, codes: set[str]) -> dict[str, str]:
    """What a cell is called with the grids above it, from the community down."""
    wanted = {code for cell in codes for code in (*scope.ancestors(cell), cell)}
    found = session.execute(select(Grid.code, Grid.name).where(Grid.code.in_(wanted)))
    names: dict[str, str] = {row.code: row.name for row in found}
    return {
        cell: " · ".join(
            names[code]
            for code in (*scope.ancestors(cell), cell)
            if code in names and len(code) >= scope.CODE_LENGTHS["community"]
        )
        for cell in codes
    }
