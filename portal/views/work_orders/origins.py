"""A report that is begun on a round: what the form knows already, and what the matter is tied to.

The form carries where it was begun: ``place-12`` on a patrol, ``sweep-3-L7-<cell>`` or
``sweep-3-P12`` on a sweep. Whoever may not see that, or not go the round there, reports like
anybody else: nothing is tied, and nothing is told of it.
"""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import OutOfScope
from portal.forms.entity import EntityForm
from portal.models import Matter, Place, Sweep
from portal.queries.sweeps import Item
from portal.rules import patrols, sweeps
from portal.views import wording
from portal.views.entity.interface import visible

KINDS = ("patrol", "hazard")  # what rounds find, first in the list of what it is about


@dataclass(frozen=True)
class Origin:
    """Where a report was begun: at a place, or at an item of a sweep (which may be a place)."""

    grid_code: str
    channel: str
    place: Place | None = None
    sweep: Sweep | None = None
    item: Item | None = None


def asked() -> bool:
    """Whether this request is about something found on a round."""
    return bool(request.values.get("found"))


def begin(session: Session, form: EntityForm, text: str) -> None:
    """Fill in what is known: grid, where exactly, position, how it came in, what was looked for."""
    origin = _origin(session, text)
    if origin is None:
        return
    form["found"].data = text
    form["grid"].data = origin.grid_code
    if origin.place is not None:
        told = (origin.place.name, origin.place.address)
        form["place"].data = wording.listed(filter(None, told))[:120]
        form["longitude"].data = origin.place.longitude
        form["latitude"].data = origin.place.latitude
    if origin.sweep is not None and origin.item is not None:
        form["detail"].data = f"{origin.sweep.title}{_(': ')}{origin.item.text}"
    if origin.channel in dict(form["channel"].choices):
        form["channel"].data = origin.channel


def told(session: Session, text: str) -> str:
    """What the head of the form says of where it was begun; empty for an ordinary report."""
    origin = _origin(session, text)
    if origin is None:
        return ""
    if origin.place is not None:
        return origin.place.name
    return origin.item.text if origin.item is not None else ""


def tie(session: Session, text: str, matter: Matter) -> None:
    """Tie a new matter to the round it was found on; the caller commits."""
    origin = _origin(session, text)
    if origin is None:
        return
    if origin.sweep is not None and origin.item is not None:
        sweeps.found(session, origin.sweep, origin.item, matter)
    elif origin.place is not None:
        patrols.found(session, origin.place, matter)


def back(text: str) -> str:
    """Where "cancel" leads."""
    if text.startswith("place-"):
        return "/patrols/today"
    parts = text.split("-")
    known = len(parts) > 2 and parts[0] == "sweep" and parts[1].isdecimal()
    return f"/sweeps/round/{int(parts[1])}" if known else "/matters/list/"


def _origin(session: Session, text: str) -> Origin | None:
    kind, _dash, rest = text.partition("-")
    if kind == "place":
        place = _place(session, rest)
        return Origin(place.grid_code, "patrol", place) if place is not None else None
    number, _dash, key = rest.partition("-")
    if kind != "sweep" or not _is_key(number):
        return None
    sweep = session.scalars(
        select(Sweep).where(Sweep.id == int(number), visible(Sweep))
    ).one_or_none()
    if sweep is None:
        return None
    try:
        item = sweeps.item_of(session, sweep, key)
    except OutOfScope:
        return None
    place = _place(session, str(item.place_id)) if item.place_id is not None else None
    if item.place_id is not None and place is None:  # of another grid: not even its name
        return None
    return Origin(item.cell, "sweep", place, sweep, item)


def _place(session: Session, key: str) -> Place | None:
    if not _is_key(key):
        return None
    return session.scalars(select(Place).where(Place.id == int(key), visible(Place))).one_or_none()


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
