"""Petition matters (P8.2): the authority's days apart from ours, agency with a mandate.

The authority's clocks (time_limits.yaml, petition.authority) bind the authority: they are computed
and shown, the named person is told when one has passed so that they can ask, and nothing here is
warned of as ours or counted in the community's figures. The community's own clocks (hand over, then
report on the named case again and again) are those of the order (``rules/clocks.py``).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, RuleError
from portal.models import MatterCategory, PetitionCase, WorkOrder
from portal.queries.limits import PETITION, Limits
from portal.queries.workdays import load_calendar
from portal.rules import clocks, numberless, sealedfiles, trace
from portal.rules.pictures import read_picture
from portal.rules.trace import Step
from portal.rules.unchanged import check_unchanged
from portal.rules.work_orders import case_of, people
from portal.rules.work_orders.case import HEADS
from portal.rules.work_orders.moving import locked
from portal.workdays import WorkCalendar

HANDED_OFF = "handoff"  # the way of the categories of accusations
FOLDER = Path("files", "mandates")
# The days of the form, in the order in which they follow one another.
DAYS = (
    "handed_over_on", "received_on", "notice_on", "objected_on", "accepted_on", "extended_on",
    "answered_on", "review_asked_on", "review_answered_on", "second_asked_on",
    "second_answered_on",
)  # fmt: skip
# A day that needs another one before it.
AFTER = {
    "notice_on": "received_on",
    "objected_on": "received_on",
    "accepted_on": "received_on",
    "extended_on": "accepted_on",
    "answered_on": "accepted_on",
    "review_asked_on": "answered_on",
    "review_answered_on": "review_asked_on",
    "second_asked_on": "review_answered_on",
    "second_answered_on": "second_asked_on",
}


@dataclass(frozen=True)
class Due:
    """A day that follows from those on record: of the authority (``kind`` of OWED), or until which
    the petitioner or a unit may do something. ``done_on``: when it was done.
    """

    kind: str
    due_on: date
    done_on: date | None
    owed: bool


def is_accusation(category: MatterCategory) -> bool:
    """Whether nothing of it is recorded but its date and where it went (Regulation 30)."""
    return category.kind == PETITION and category.route == HANDED_OFF


def check_way(session: Session, category: MatterCategory) -> None:
    """Whether a category on record that was changed is of accusations as before, or of others as
    before. The caller has not flushed. Raises RuleError beside ``route``.
    """
    asked = select(MatterCategory.kind, MatterCategory.route).where(
        MatterCategory.id == category.id
    )
    with session.no_autoflush:
        before = tuple(session.execute(asked).one())
    after = (category.kind, category.route)
    if before != after and (PETITION, HANDED_OFF) in (before, after):
        words = _l("Accusations are passed on, not written down: the way of this category is"
                   " fixed.")  # fmt: skip
        raise RuleError(words, "route")


def dues(row: PetitionCase, limits: Limits, calendar: WorkCalendar) -> list[Due]:
    """Every day that follows from what is on record, in order."""
    if row.accusation:
        return []
    found: list[Due] = []

    def add(kind: str, since: date | None, days: int, done_on: date | None, owed: bool) -> None:
        if since is not None:
            found.append(Due(kind, since + timedelta(days=days), done_on, owed))

    add("notice", row.received_on, limits["petition.notice"], row.notice_on, True)
    if row.received_on is not None:
        last = clocks.workday(row.received_on, limits["petition.objection"], calendar)
        found.append(Due("objection", last, row.objected_on, owed=False))
    if row.claim:
        more = limits["petition.extension"] if row.extended_on else 0
        add("answer", row.accepted_on, limits["petition.authority"] + more, row.answered_on, True)
    ask = limits["petition.review_request"]
    add("review_request", row.answered_on, ask, row.review_asked_on, False)
    answer = limits["petition.review_answer"]
    add("review", row.review_asked_on, answer, row.review_answered_on, True)
    again = limits["petition.second_request"]
    add("second_request", row.review_answered_on, again, row.second_asked_on, False)
    last_answer = limits["petition.second_answer"]
    add("second", row.second_asked_on, last_answer, row.second_answered_on, True)
    return found


def handles(session: Session, row: PetitionCase) -> bool:
    """Whether who acts now writes down what the authority does: the named person, the head of its
    level, the station, with the right to. Of an accusation nobody writes anything.
    """
    if row.accusation or not scope.current().can(roles.WRITE, "PetitionCase"):
        return False
    order = session.get_one(WorkOrder, row.order_id)
    case = case_of(session, order)
    return case.is_assignee or case.has(HEADS[order.level], roles.STATION)


def open_case(session: Session, order: WorkOrder, category: MatterCategory) -> PetitionCase:
    """The authority's side of a petition that was just reported; the caller acts as the system."""
    row = PetitionCase(
        number=order.number,
        matter_id=order.matter_id,
        order_id=order.id,
        category_id=order.category_id,
        summary=order.summary,
        accusation=is_accusation(category),
        claim=False,
        grid_code=order.grid_code,
        level=order.level,
        visibility=order.visibility,
        about_user_id=order.about_user_id,
    )
    session.add(row)
    session.flush()
    return row


def write_down(
    session: Session, row: PetitionCase, authority: str | None, claim: bool,
    days: Mapping[str, date | None], *, seen_version: int | None = None,
) -> None:  # fmt: skip
    """What the authority has done so far (``days`` by DAYS); the caller commits.

    Raises Forbidden, and RuleError with the day that does not fit, or where somebody changed the
    case since ``seen_version``.
    """
    order = _begin(session, row, seen_version)
    numberless.check(authority, "authority")
    told = {name: days.get(name) for name in DAYS}
    _check_days(row, told)
    if told["received_on"] and not authority:
        raise RuleError(_l("Say which authority it is."), "authority")
    if told["extended_on"] and not claim:
        words = _l("Only a claim under article 31 (6) has 60 days, and 30 more by notice.")
        raise RuleError(words, "extended_on")
    values: dict[str, Any] = told | {"authority": authority or None, "claim": claim}
    changed = {name: value for name, value in values.items() if value != getattr(row, name)}
    if not changed:
        return
    with scope.acting(scope.SYSTEM):
        for name, value in changed.items():
            setattr(row, name, value)
        _reckon(session, row, order)
        session.flush()
    _note(session, order, "authority", changed)


def _check_days(row: PetitionCase, told: Mapping[str, date | None]) -> None:
    today = clock.today()
    for name, day in told.items():
        if day is None:
            continue
        if day > today:
            raise RuleError(_l("This day has not come yet."), name)
        before = AFTER.get(name)
        first = told[before] if before else None
        if before and first is None:
            raise RuleError(_l("Fill in the day before it first."), name)
        if first is not None and day < first:
            raise RuleError(_l("This cannot have been before the day that it follows."), name)


def _reckon(session: Session, row: PetitionCase, order: WorkOrder) -> None:
    """What the authority owes next, on the case and for the page of the order."""
    found = dues(row, clocks.load_limits(session), load_calendar(session))
    owing = [one for one in found if one.owed and one.done_on is None]
    owing.sort(key=lambda one: one.due_on)
    row.owed = owing[0].kind if owing else None
    row.owed_by = owing[0].due_on if owing else None
    order.outside_unit = row.authority
    order.outside_due_at = clocks.end_of(row.owed_by) if row.owed_by else None


# agency -------------------------------------------------------------------------------------------


def give_mandate(
    session: Session, row: PetitionCase, agent_id: int, on: date, photo: bytes | None, *,
    seen_version: int | None = None,
) -> None:  # fmt: skip
    """A worker files for the resident (信访代理), with a mandate on paper of a day; ``photo``: a
    picture of it, which is kept sealed. The caller commits. Raises as ``write_down``.
    """
    order = _begin(session, row, seen_version)
    near = {one.user_id: one.name for one in people.near(session, order)}
    if agent_id not in near:
        raise RuleError(_l("Choose who files for them."), "agent")
    if on > clock.today():
        raise RuleError(_l("This day has not come yet."), "mandate_on")
    name = _keep(row, photo) if photo else row.mandate_file
    with scope.acting(scope.SYSTEM):
        row.agent_id, row.mandate_on, row.mandate_file = agent_id, on, name
        people.take_part(session, order, [agent_id], "handler")
        session.flush()
    _note(session, order, "mandate", {"agent": near[agent_id], "mandate_on": on})


def mandate_of(row: PetitionCase) -> Path | None:
    """The sealed picture of the mandate, if there is one."""
    if row.mandate_file is None:
        return None
    file = _folder(row) / row.mandate_file
    return file if file.is_file() else None


def _keep(row: PetitionCase, photo: bytes) -> str:
    try:
        picture = read_picture(photo)
    except RuleError as refusal:
        raise RuleError(refusal.message, "photo") from refusal
    digest = hashlib.sha256(picture.jpeg).hexdigest()[:32]
    file = _folder(row) / f"{digest}.jpg{sealedfiles.ENDING}"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealedfiles.write(file, picture.jpeg)
    return file.name


def _folder(row: PetitionCase) -> Path:
    return Path(current_app.config["PORTAL_VAR"]) / FOLDER / str(row.id)


def _begin(session: Session, row: PetitionCase, seen_version: int | None) -> WorkOrder:
    """The order of a case, both as they are now and held until the transaction ends."""
    if not handles(session, row):
        raise Forbidden(f"write petition {row.number}")
    order = locked(session, row.order_id)
    session.refresh(row)
    check_unchanged(row, seen_version)
    return order


def _note(session: Session, order: WorkOrder, move: str, told: Mapping[str, Any]) -> None:
    """The order's trail tells who wrote it down."""
    plain = {name: one.isoformat() if isinstance(one, date) else one for name, one in told.items()}
    entry = Step(move, order.state, order.state, None, {"petition": plain})
    who = scope.current()
    with scope.acting(scope.SYSTEM), session.no_autoflush:
        trace.append(session, order, entry, clock.now(), who)
        session.flush()


def case_of_order(session: Session, order_id: int) -> PetitionCase | None:
    """The case of an order."""
    return session.scalars(select(PetitionCase).where(PetitionCase.order_id == order_id)).first()


def hand_off(
    session: Session, order: WorkOrder, destination: str, on: date, moment: datetime
) -> None:
    """An accusation went to ``destination`` on a day; that is all that is recorded of it. The
    caller acts as the system, and closes the order (``rules/accusations.py``).
    """
    row = case_of_order(session, order.id)
    assert row is not None and row.accusation
    row.authority, row.handed_over_on = destination, on
    order.outside_unit, order.closed_at = destination, moment
    session.flush()
