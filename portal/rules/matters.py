"""Matters: reported once, numbered, with an order of their own from the first moment on (P4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.models import (
    Grid,
    Matter,
    MatterCategory,
    MatterCounter,
    Worker,
    WorkOrder,
)
from portal.models.matter_choices import CHANNELS, ORDER_LEVELS, URGENCIES
from portal.queries import accounts
from portal.queries.directory import is_active
from portal.rules import inbox, numberless, trace
from portal.rules.trace import Step
from portal.rules.work_orders import people, timing
from portal.rules.work_orders.case import level_of
from portal.scope import CODE_LENGTHS, ancestors

LONGEST_SUMMARY, LONGEST_PLACE = 200, 120
COMMUNITY = CODE_LENGTHS["community"]
LEVELS = ("community", "area", "block", "cell")


@dataclass(frozen=True)
class Report:
    """What somebody reports. ``position``: longitude and latitude (WGS 84). ``form_key``: of the
    form that was sent, so that what is sent twice is one matter. Urgency and visibility come from
    the category unless they are given; ``about_worker_id`` only for complaints.
    """

    category_id: int
    grid_code: str
    summary: str
    channel: str = "patrol"
    detail: str | None = None
    place: str | None = None
    position: tuple[float, float] | None = None
    urgency: str | None = None
    crowd: bool = False
    reporter_name: str | None = None
    reporter_contact: str | None = None
    about_worker_id: int | None = None
    unit: str | None = None
    outside_number: str | None = None
    form_key: str | None = None


def report(session: Session, told: Report, moment: datetime | None = None) -> WorkOrder:
    """Enter a matter with its order; the caller commits.

    Raises Forbidden or OutOfScope where the identity of now may not report for this grid, and
    RuleError with ``category_id``, ``grid_code``, ``summary``, ``place``, ``channel``, ``urgency``,
    ``position`` or ``about_worker_id``.
    """
    who, moment = scope.current(), moment or clock.now()
    earlier = sent_before(session, told.form_key, who)
    if earlier is not None:
        return earlier
    _check_place(session, told.grid_code, who)
    category = _category(session, told.category_id)
    _check_words(told)
    placed = _placed(session, told, category)
    with scope.acting(scope.SYSTEM):
        return _enter(session, told, category, placed, who, moment)


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


@dataclass(frozen=True)
class _Placed:
    """Where a matter stands, and whom it is about."""

    grid_code: str
    about_user_id: int | None = None
    hidden: bool = False


def _check_place(session: Session, code: str, who: scope.Identity) -> None:
    if not who.can(roles.WRITE, "Matter"):
        raise Forbidden("write Matter")
    found = select(Grid.level).where(Grid.code == code, is_active())
    level = session.scalar(found)
    if level not in LEVELS:
        raise RuleError(_l("Choose the grid where it is."), "grid_code")
    if not scope.covers(who.prefixes(roles.WRITE, "Matter"), code):
        raise OutOfScope(f"write Matter {code}")


def _category(session: Session, key: int) -> MatterCategory:
    category = session.get(MatterCategory, key)
    if category is None or not category.in_use or category.parent_code is None:
        raise RuleError(_l("Choose what it is about."), "category_id")
    return category


def _check_words(told: Report) -> None:
    summary = told.summary.strip()
    if not summary:
        raise RuleError(_l("Say in one sentence what it is."), "summary")
    for name, most in (("summary", LONGEST_SUMMARY), ("place", LONGEST_PLACE)):
        if len(getattr(told, name) or "") > most:
            raise RuleError(_l("Use at most %(most)s characters.", most=most), name)
    for name in ("summary", "place", "detail"):
        numberless.check(getattr(told, name), name)
    if told.channel not in CHANNELS:
        raise RuleError(_l("Choose how it came in."), "channel")
    if told.urgency is not None and told.urgency not in URGENCIES:
        raise RuleError(_l("Choose how urgent it is."), "urgency")
    if told.position is not None:
        east, north = told.position
        if not (-180 <= east <= 180 and -90 <= north <= 90):
            raise RuleError(_l("This position is not on the map."), "position")


def _placed(session: Session, told: Report, category: MatterCategory) -> _Placed:
    """A complaint about a worker stands at the grid above all of the worker's own."""
    if told.about_worker_id is None:
        return _Placed(told.grid_code)
    if category.kind != "complaint":
        words = _l("Only a complaint is about a worker: choose a category of complaints.")
        raise RuleError(words, "about_worker_id")
    worker = session.get(Worker, told.about_worker_id)
    if worker is None:
        raise RuleError(_l("Choose the worker."), "about_worker_id")
    highest = min(accounts.grids_of(session, worker.id), key=len)
    above = ancestors(highest)
    return _Placed(above[-1] if above else highest, worker.user_id, hidden=True)


def _enter(
    session: Session,
    told: Report,
    category: MatterCategory,
    placed: _Placed,
    who: scope.Identity,
    moment: datetime,
) -> WorkOrder:
    level = level_of(placed.grid_code)
    common: dict[str, Any] = {
        "number": next_number(session, told.grid_code, moment),
        "kind": category.kind,
        "category_id": category.id,
        "summary": told.summary.strip(),
        "urgency": told.urgency or category.urgency,
        "crowd": told.crowd,
        "visibility": "restricted" if placed.hidden else category.visibility,
        "about_user_id": placed.about_user_id,
        "level": level if level in ORDER_LEVELS else "street",
        "grid_code": placed.grid_code,
        "reported_at": moment,
    }
    matter = Matter(
        **common,
        detail=told.detail or None,
        place=(told.place or "").strip() or None,
        channel=told.channel,
        reporter_name=told.reporter_name or None,
        reporter_contact=told.reporter_contact or None,
        user_id=who.user_id,
        about_worker_id=told.about_worker_id,
        unit=told.unit or None,
        outside_number=told.outside_number or None,
        form_key=told.form_key or None,
    )
    if told.position is not None:
        matter.longitude, matter.latitude = told.position
    session.add(matter)
    session.flush()
    order = WorkOrder(**common, matter_id=matter.id, state="reported", outside_unit=told.unit)
    order.trail_head, order.trail_count = "", 0
    order.level_since = moment
    order.matter, order.category = matter, category
    if told.crowd:
        order.grade = "major"
    timing.load(session).start_intake(order)
    session.add(order)
    session.flush()
    details = {"channel": told.channel, "category": category.code}
    trace.append(session, order, Step("report", None, "reported", None, details), moment, who)
    if not placed.hidden or scope.covers(who.prefixes(roles.READ, "Matter"), placed.grid_code):
        people.take_part(session, order, [who.user_id], "reporter")
    session.flush()
    _tell(session, order, who)
    return order


def _tell(session: Session, order: WorkOrder, who: scope.Identity) -> None:
    """Whoever takes it in hears of it; of immediate danger and of many people the station too."""
    told = set(people.heads(session, order, order.level))
    if order.urgency == "immediate" or order.crowd:
        told |= set(people.heads(session, order, "community"))
    told -= {who.user_id or 0}
    params = {"number": order.number, "summary": order.summary, "urgency": order.urgency}
    url = f"/work-orders/show/{order.id}"
    inbox.notify(session, sorted(told), "order_reported", params, url)


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
