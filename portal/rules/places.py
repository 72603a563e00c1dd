"""Places that need attention: put on the list, put right, accepted by somebody else (P8.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.models import Grid, Organisation, Place
from portal.models.place_choices import PLACE_STATES
from portal.queries.directory import is_active
from portal.queries.workdays import load_calendar
from portal.rules import numberless
from portal.rules.clocks import workday
from portal.rules.flow import Flow, Guard, Party, Step
from portal.scope import Identity
from portal.workdays import WorkCalendar

FIELD = (
    roles.GRID_WORKER,
    roles.GRID_LEADER,
    roles.BLOCK_LEADER,
    roles.AREA_LEADER,
    roles.STATION,
)
OFTEN = 7  # days between two looks where nobody says
JUDGES = (roles.AREA_LEADER, roles.STATION)


@dataclass(frozen=True)
class Case:
    """A place and who acts."""

    place: Place
    identity: Identity
    at_rest: bool = False

    @property
    def state(self) -> str:
        """The state of the place."""
        return self.place.state

    def has(self, *wanted: str) -> bool:
        """Whether who acts has one of these roles over the place."""
        return any(
            grant.role in wanted and self.place.grid_code.startswith(grant.grid_code)
            for grant in self.identity.grants
        )


PEOPLE = Party("field", _l("worker or leader of its grid"), lambda case: case.has(*FIELD))
JUDGE = Party("judges", _l("area or station"), lambda case: case.has(*JUDGES))


def _on_list(case: Case, data: Mapping[str, Any]) -> Any:
    return None if case.place.off_list_on is None else _l("It is off the list.")


def _somebody_else(case: Case, data: Mapping[str, Any]) -> Any:
    user_id = case.identity.user_id
    if user_id is not None and user_id == case.place.righted_by_id:
        return _l("Somebody else accepts what you put right.")
    return None


def _ended(case: Case, data: Mapping[str, Any]) -> Any:
    if case.place.off_list_on is None and case.state != "accepted":
        return _l("It is on the list and not accepted yet.")
    return None


def _accepted_or_station(case: Case, data: Mapping[str, Any]) -> Any:
    if case.state == "accepted" or case.has(roles.STATION):
        return None
    return _l("It is accepted first; only the station takes it off before that.")


ON_LIST = Guard("on_list", _on_list)
SOMEBODY_ELSE = Guard("somebody_else", _somebody_else)
FLOW = Flow(
    PLACE_STATES,
    (
        Step("put_right", lazy_pgettext("place", "Put right"), frozenset({"listed"}), "righted",
             (PEOPLE,), ("result",), guards=(ON_LIST,), icon="tool", main=True,
             help=_l("What was done, and what shows it.")),
        Step("accept", lazy_pgettext("place", "Accept"), frozenset({"righted"}), "accepted",
             (JUDGE,), (), ("note",), guards=(ON_LIST, SOMEBODY_ELSE), icon="circle-check",
             main=True),
        Step("not_right", _l("Not put right yet"), frozenset({"righted"}), "listed", (JUDGE,),
             ("reason",), guards=(ON_LIST, SOMEBODY_ELSE), icon="rotate"),
        Step("again", _l("Needs attention again"), frozenset(PLACE_STATES), "listed", (JUDGE,),
             ("reason",), guards=(Guard("ended", _ended),), icon="refresh"),
        Step("off_list", _l("Take off the list"), frozenset(PLACE_STATES), None, (JUDGE,),
             ("reason",), guards=(ON_LIST, Guard("accepted", _accepted_or_station)),
             icon="archive"),
    ),
)  # fmt: skip


def prepare(session: Session, place: Place, *, new: bool) -> None:
    """It lies in a cell, its organisation too; the day of the next patrol follows from how often
    somebody looks at it. Raises RuleError with the column.
    """
    level = select(Grid.level).where(Grid.code == place.grid_code, is_active())
    if session.scalar(level) != "cell":
        raise RuleError(_l("Choose the cell in which it lies."), "grid")
    for name in ("name", "address", "licence", "measures"):
        numberless.check(getattr(place, name), name)
    place.patrol_every = place.patrol_every or OFTEN
    place.patrol_unit = place.patrol_unit or "day"
    if not 1 <= place.patrol_every <= 366:
        raise RuleError(_l("Type a whole number from 1 to %(most)s.", most=366), "patrol_every")
    if (place.longitude is None) != (place.latitude is None):
        raise RuleError(_l("Type both, or neither."), "latitude")
    if not -90 <= (place.latitude or 0) <= 90:
        raise RuleError(_l("This position is not on the map."), "latitude")
    _check_organisation(session, place)
    if new:
        place.listed_by = (scope.actor().name or scope.actor().username)[:80]
    place.listed_on = place.listed_on or clock.today()
    if place.listed_on > clock.today():
        raise RuleError(_l("This day has not come yet."), "listed_on")
    if place.off_list_on is None:
        place.next_patrol_on = next_look(place, load_calendar(session))


def _check_organisation(session: Session, place: Place) -> None:
    if place.organisation_id is None:
        return
    lies = select(Organisation.grid_code).where(Organisation.id == place.organisation_id)
    if session.scalar(lies) != place.grid_code:
        raise RuleError(_l("This organisation lies in another grid."), "organisation")


def next_look(place: Place, calendar: WorkCalendar) -> date:
    """The day by which somebody looks at the place again; at once where nobody has yet."""
    if place.patrolled_on is None:
        return place.listed_on
    return counted_on(place.patrolled_on, place.patrol_every, place.patrol_unit, calendar)


def counted_on(day: date, number: int, unit: str, calendar: WorkCalendar) -> date:
    """``number`` working or calendar days after ``day``."""
    if unit == "workday":
        return workday(day, number, calendar)
    return day + timedelta(days=number)


def steps_of(place: Place) -> list[Step]:
    """What the identity of now may do with the place."""
    return FLOW.open_to(Case(place, scope.current()))


def act(session: Session, place: Place, name: str, data: Mapping[str, Any]) -> None:
    """Do the step ``name``; the caller commits. ``data``: what was filled in, by the fields of the
    step. Raises Forbidden, RuleError with the field.
    """
    step = FLOW.check(name, Case(place, scope.current()), data)
    words = {field: str(data.get(field) or "").strip() for field in step.fields}
    for field, text in words.items():
        numberless.check(text, field)
    who, today = scope.current(), clock.today()
    with scope.acting(scope.SYSTEM), session.no_autoflush:
        place.state = step.target or place.state
        EFFECTS[name](session, place, who, today)
        if name == "put_right":
            place.righted_note = words["result"]
        else:
            place.remark = words.get("reason") or words.get("note") or place.remark
        session.flush()


def _name(who: Identity) -> str:
    return (who.name or who.username)[:80]


def _put_right(session: Session, place: Place, who: Identity, today: date) -> None:
    place.righted_on, place.righted_by, place.righted_by_id = today, _name(who), who.user_id


def _accept(session: Session, place: Place, who: Identity, today: date) -> None:
    place.accepted_on, place.accepted_by, place.accepted_by_id = today, _name(who), who.user_id


def _listed(session: Session, place: Place, who: Identity, today: date) -> None:
    place.righted_on = place.righted_by = place.righted_by_id = place.righted_note = None
    place.accepted_on = place.accepted_by = place.accepted_by_id = None
    if place.off_list_on is not None:  # back on the list: somebody looks at it at once
        place.off_list_on, place.patrolled_on = None, None
        place.listed_on, place.listed_by = today, _name(who)
    place.next_patrol_on = next_look(place, load_calendar(session))


def _off_list(session: Session, place: Place, who: Identity, today: date) -> None:
    place.off_list_on, place.next_patrol_on = today, None


EFFECTS = {
    "put_right": _put_right,
    "accept": _accept,
    "not_right": _listed,
    "again": _listed,
    "off_list": _off_list,
}
