"""Matters: reported once, numbered, with an order of their own from the first moment on (P4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.models import Matter, MatterCategory, MatterCounter, WorkOrder
from portal.queries.limits import PETITION
from portal.rules import inbox, petitions, trace
from portal.rules.order_letters import about_of
from portal.rules.reports import (
    Placed,
    Report,
    category_of,
    check_outside,
    check_place,
    check_words,
    outside_key,
    placed,
)
from portal.rules.trace import Step
from portal.rules.work_orders import people, timing
from portal.rules.work_orders.case import level_of
from portal.rules.work_orders.marks import forget_asking
from portal.scope import CODE_LENGTHS

COMMUNITY = CODE_LENGTHS["community"]


def report(
    session: Session, told: Report, moment: datetime | None = None, *, accusation: bool = False
) -> WorkOrder:
    """Enter a matter with its order; the caller commits.

    Raises Forbidden or OutOfScope where the identity of now may not report for this grid, and
    RuleError with ``category_id``, ``grid_code``, ``summary``, ``place``, ``channel``, ``urgency``,
    ``position``, ``reported_at``, ``outside_number`` or ``about_worker_id``. Of two with one form
    key or number of elsewhere at the same moment the second one fails on the unique key
    (IntegrityError); rolled back, ``sent_before`` finds the first one of a form.
    """
    who, moment = scope.current(), moment or clock.now()
    earlier = sent_before(session, told.form_key, who)
    if earlier is not None:
        return earlier
    check_place(session, told.grid_code, who)
    category = category_of(session, told.category_id)
    if petitions.is_accusation(category) and not accusation:
        words = _l(
            'An accusation is passed on, not written down: choose "Pass on an accusation" among the'
            " petitions."
        )
        raise RuleError(words, "category_id")
    check_words(told)
    check_outside(session, told, who)
    stands = placed(session, told, category)
    with scope.acting(scope.SYSTEM):
        return _enter(session, told, category, stands, who, moment)


def sent_before(session: Session, form_key: str | None, who: scope.Identity) -> WorkOrder | None:
    """The order that the same form of the same person has made already."""
    if not form_key:
        return None
    asked = (
        select(WorkOrder)
        .join(Matter, Matter.id == WorkOrder.matter_id)
        .where(Matter.form_key == form_key, Matter.user_id == who.user_id)
    )
    return session.scalars(asked).one_or_none()


def _enter(
    session: Session,
    told: Report,
    category: MatterCategory,
    stands: Placed,
    who: scope.Identity,
    moment: datetime,
) -> WorkOrder:
    common: dict[str, Any] = {
        "number": next_number(session, told.grid_code, moment),
        "kind": category.kind,
        "category_id": category.id,
        "summary": told.summary.strip(),
        "urgency": told.urgency or category.urgency,
        "crowd": told.crowd,
        "visibility": "restricted" if stands.hidden else category.visibility,
        "about_user_id": stands.about_user_id,
        "level": level_of(stands.grid_code),
        "grid_code": stands.grid_code,
        "reported_at": told.reported_at or moment,
    }
    matter = _matter(told, common, who)
    session.add(matter)
    session.flush()
    order = WorkOrder(
        **common, matter_id=matter.id, state="reported", level_since=moment,
        trail_head="", trail_count=0, grade="major" if told.crowd else None,
    )  # fmt: skip
    order.matter, order.category = matter, category
    timing.load(session).start_intake(order, moment)
    session.add(order)
    session.flush()
    if category.kind == PETITION:
        petitions.open_case(session, order, category)
    details = {"channel": told.channel, "category": category.code}
    trace.append(session, order, Step("report", None, "reported", None, details), moment, who)
    if not stands.hidden or scope.covers(who.prefixes(roles.READ, "Matter"), stands.grid_code):
        people.take_part(session, order, [who.user_id], "reporter", who)
    session.flush()
    # Of an accusation nobody hears: it may be about whoever would (Regulation 30).
    if not petitions.is_accusation(category):
        _tell(session, order, who)
    return order


def _matter(told: Report, common: Mapping[str, Any], who: scope.Identity) -> Matter:
    east, north = told.position or (None, None)
    return Matter(
        **common,
        detail=told.detail or None,
        place=(told.place or "").strip() or None,
        longitude=east,
        latitude=north,
        channel=told.channel,
        reporter_name=told.reporter_name or None,
        reporter_contact=told.reporter_contact or None,
        user_id=who.user_id,
        about_worker_id=told.about_worker_id,
        unit=told.unit or None,
        outside_number=(told.outside_number or "").strip() or None,
        outside_key=outside_key(told.grid_code, told.outside_number),
        outside_due_at=told.outside_due_at,
        form_key=told.form_key or None,
    )


def take_back(session: Session, order: WorkOrder, batch: int, moment: datetime) -> None:
    """Void an order because the import ``batch`` that brought it is taken back; the caller holds it
    locked, has asked who may, and commits. The trail says so, and its number may come again.
    """
    who = scope.current()
    with scope.acting(scope.SYSTEM), session.no_autoflush:
        order.void = True
        forget_asking(order)
        timing.stop(order)
        entry = Step("void", order.state, order.state, None, {"batch": batch})
        trace.append(session, order, entry, moment, who)
        session.get_one(Matter, order.matter_id).outside_key = None
        session.flush()


def _tell(session: Session, order: WorkOrder, who: scope.Identity) -> None:
    """Whoever takes it in hears of it; of immediate danger and of many people the station too."""
    told = set(people.heads(session, order, order.level))
    if order.urgency == "immediate" or order.crowd or order.category.route == "report":
        told |= set(people.heads(session, order, "community"))
    told -= {who.user_id or 0}
    few = order.visibility != "normal"
    summary = "" if few else order.summary  # messages stay for long
    params = {"number": order.number, "summary": summary, "urgency": order.urgency}
    url = f"/work-orders/show/{order.id}"
    about = about_of(order)
    inbox.notify(session, sorted(told), "order_reported", params, url, **about)


def next_number(session: Session, code: str, moment: datetime) -> str:
    """``<community>-<yyyymmdd>-<nnnn>``: counted within the community and the day, each once."""
    community, day = code[:COMMUNITY], clock.local(moment).date()
    table = MatterCounter.__table__
    make: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    start = make[session.get_bind().dialect.name](table).values(
        community=community, day=day, last=1
    )
    counted = start.on_conflict_do_update(
        index_elements=["community", "day"], set_={"last": table.c.last + 1}
    ).returning(table.c.last)
    number = session.connection().execute(counted).scalar_one()
    return f"{community}-{day:%Y%m%d}-{number:04d}"
