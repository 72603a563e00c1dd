"""What a report of a matter must hold, and where the matter stands that comes of it."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.models import Grid, Matter, MatterCategory, Worker
from portal.models.matter_choices import CHANNELS, URGENCIES
from portal.queries import accounts
from portal.queries.directory import is_active
from portal.rules import numberless
from portal.rules.confidential import seen
from portal.scope import CODE_LENGTHS, ancestors

LONGEST_SUMMARY, LONGEST_PLACE = 200, 120
LEVELS = ("community", "area", "block", "cell")


@dataclass(frozen=True)
class Report:
    """What somebody reports. ``position``: longitude and latitude (WGS 84). ``form_key``: of the
    form that was sent, so that what is sent twice is one matter. Urgency and visibility come from
    the category unless they are given; ``about_worker_id`` only for complaints. ``reported_at``:
    when somebody else was told of it first (12345), and ``outside_due_at``, by when they want it
    answered; one's own clocks begin when it is entered here.
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
    reported_at: datetime | None = None
    outside_due_at: datetime | None = None
    form_key: str | None = None


@dataclass(frozen=True)
class Placed:
    """Where a matter stands, and whom it is about."""

    grid_code: str
    about_user_id: int | None = None
    hidden: bool = False


def check_place(session: Session, code: str, who: scope.Identity) -> None:
    """Whether ``who`` may report for this grid; raises as ``matters.report``."""
    if not who.can(roles.WRITE, "Matter"):
        raise Forbidden("write Matter")
    found = select(Grid.level).where(Grid.code == code, is_active())
    level = session.scalar(found)
    if level not in LEVELS:
        raise RuleError(_l("Choose the grid where it is."), "grid_code")
    if not scope.covers(who.prefixes(roles.WRITE, "Matter"), code):
        raise OutOfScope(f"write Matter {code}")


def category_of(session: Session, key: int) -> MatterCategory:
    """The category that was chosen: one in use, and no group. Raises RuleError."""
    category = session.get(MatterCategory, key)
    if category is None or not category.in_use or category.parent_code is None:
        raise RuleError(_l("Choose what it is about."), "category_id")
    return category


def check_words(told: Report) -> None:
    """Whether everything that was typed can be taken. Raises RuleError with its field."""
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
    if told.reported_at is not None and clock.aware(told.reported_at) > clock.now():
        raise RuleError(_l("This lies in the future."), "reported_at")
    if told.position is not None:
        east, north = told.position
        if not (-180 <= east <= 180 and -90 <= north <= 90):
            raise RuleError(_l("This position is not on the map."), "position")


def outside_key(code: str, number: str | None) -> str | None:
    """What is one matter only: the number it has elsewhere, within the community of ``code``."""
    told = (number or "").strip()
    return f"{code[: CODE_LENGTHS['community']]} {told}" if told else None


def check_outside(session: Session, told: Report, who: scope.Identity) -> None:
    """Whether nothing is on record with this number of elsewhere. Raises RuleError; its own number
    is named only to whoever sees it.
    """
    key = outside_key(told.grid_code, told.outside_number)
    if key is None or session.scalar(select(Matter.id).where(Matter.outside_key == key)) is None:
        return
    here = scope.within(Matter.grid_code, who.prefixes(roles.READ, "Matter"))
    shown = select(Matter.number).where(Matter.outside_key == key, seen(Matter, who, here))
    number = session.scalar(shown)
    if number is not None:
        words = _l("This number is on record already: it is %(number)s.", number=number)
        raise RuleError(words, "outside_number")
    raise RuleError(_l("This number is on record already, with somebody else."), "outside_number")


def placed(session: Session, told: Report, category: MatterCategory) -> Placed:
    """A complaint about a worker stands at the grid above all of the worker's own."""
    if told.about_worker_id is None:
        return Placed(told.grid_code)
    if category.kind != "complaint":
        words = _l("Only a complaint is about a worker: choose a category of complaints.")
        raise RuleError(words, "about_worker_id")
    worker = session.get(Worker, told.about_worker_id)
    if worker is None:
        raise RuleError(_l("Choose the worker."), "about_worker_id")
    highest = min(accounts.grids_of(session, worker.id), key=len)
    above = ancestors(highest)
    return Placed(above[-1] if above else highest, worker.user_id, hidden=True)
