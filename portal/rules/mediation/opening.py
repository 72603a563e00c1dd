"""Opening a mediation file of a dispute, and who may keep it (People's Mediation Law 27)."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, RuleError
from portal.models import MatterCategory, MediationFile, MediationMediator, WorkOrder
from portal.queries.mediation import file_of, mediators
from portal.rules import numberless, trace
from portal.rules.once import insert_missing
from portal.rules.trace import Step
from portal.rules.work_orders import Case, case_of, people
from portal.rules.work_orders.case import HEADS
from portal.rules.work_orders.moving import locked

LONGEST = 4000
MOST_MEDIATORS = 5


def leads(case: Case) -> bool:
    """Whether who acts has the order in hand, leads its level or is the station."""
    return case.is_assignee or case.has(HEADS[case.order.level], roles.STATION)


def handles(session: Session, row: MediationFile) -> bool:
    """Whether who acts now may keep this file: those who lead the order, and its mediators."""
    order = session.get_one(WorkOrder, row.order_id)
    who = scope.current().user_id
    return who is not None and (leads(case_of(session, order)) or who in mediators(session, row.id))


def why_not(session: Session, order: WorkOrder) -> Any:
    """Why no file is opened of this order, in a sentence; None where one can be."""
    if order.kind != "dispute" or order.stopped or order.state == "reported":
        return _l("A file is opened of a dispute that was taken in and is not closed.")
    if file_of(session, order.id) is not None:
        return _l("It has a file already.")
    category = session.get_one(MatterCategory, order.category_id)
    if category.route != "handle":
        return _l("This kind of dispute is not mediated here: it is reported, or shown its way.")
    return None


def may_open(session: Session, order: WorkOrder) -> bool:
    """Whether who acts now can open a file of this order."""
    return leads(case_of(session, order)) and why_not(session, order) is None


def candidates(session: Session, order: WorkOrder) -> list[Any]:
    """Who can mediate."""
    return people.near(session, order)


def open_file(
    session: Session, order_id: int, request: str | None, user_ids: Iterable[int]
) -> MediationFile:
    """Open the file of an order; the caller commits. ``request``: what the applicant asks for.

    Raises OutOfScope, Forbidden, and RuleError with ``request`` or ``mediators``.
    """
    order = locked(session, order_id)
    case = case_of(session, order)
    if not leads(case):
        raise Forbidden(f"open a mediation file of {order.number}")
    refused = why_not(session, order)
    if refused is not None:
        raise RuleError(refused)
    check_words(request, "request")
    chosen = chosen_mediators(session, order, user_ids)
    category = session.get_one(MatterCategory, order.category_id)
    moment = clock.now()
    with scope.acting(scope.SYSTEM), session.no_autoflush:
        row = MediationFile(
            number=f"{order.number}-M",
            matter_id=order.matter_id,
            order_id=order.id,
            category_id=order.category_id,
            summary=order.summary,
            cause=category.cause,
            request=request or None,
            opened_on=clock.local(moment).date(),
            outcome="open",
            grid_code=order.grid_code,
            level=order.level,
            visibility="restricted",
            about_user_id=order.about_user_id,
        )
        session.add(row)
        session.flush()
        put_mediators(session, row, order, chosen)
        entry = Step("mediate", order.state, order.state, None, {"file": row.number})
        trace.append(session, order, entry, moment, case.identity)
        people.take_part(session, order, [case.identity.user_id], "handler")
        session.flush()
    return row


def chosen_mediators(session: Session, order: WorkOrder, user_ids: Iterable[int]) -> list[int]:
    """The accounts that were chosen. Raises RuleError beside ``mediators``."""
    wanted = sorted(set(user_ids))
    offered = {one.user_id for one in candidates(session, order)}
    if not wanted or not set(wanted) <= offered:
        raise RuleError(_l("Choose who mediates."), "mediators")
    if len(wanted) > MOST_MEDIATORS:
        raise RuleError(_l("At most %(most)s mediators.", most=MOST_MEDIATORS), "mediators")
    return wanted


def put_mediators(
    session: Session, row: MediationFile, order: WorkOrder, chosen: Iterable[int]
) -> None:
    """These mediate from now on; whoever did before keeps having taken part."""
    wanted = set(chosen)
    known = select(MediationMediator).where(MediationMediator.file_id == row.id)
    for one in session.scalars(known):
        if one.user_id not in wanted:
            session.delete(one)
    session.flush()
    rows = [{"file_id": row.id, "user_id": key} for key in sorted(wanted)]
    insert_missing(session, MediationMediator.__table__, rows, ["user_id"])
    people.take_part(session, order, wanted, "handler")


def check_words(text: str | None, field: str) -> None:
    """Raises RuleError where ``text`` is too long, or holds a number of somebody."""
    if len(text or "") > LONGEST:
        raise RuleError(_l("Use at most %(most)s characters.", most=LONGEST), field)
    numberless.check(text, field)
