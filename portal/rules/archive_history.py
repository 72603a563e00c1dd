"""The change history of a grid: what the audit log tells, and when posts began and ended."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock
from portal.models import GridChange
from portal.models.choices import ACCEPTANCES, CELL_KINDS, DIFFICULTIES, TEAM_KINDS
from portal.queries.archive_record import Change
from portal.queries.holders import Holder
from portal.rules.regrid.history import sentence

MOST = 300  # entries of one archive; the audit log has the others
REGISTERS = {
    "grids": _l("Grid"),
    "hotlines": _l("Hotline"),
    "teams": _l("Team"),
    "leading_groups": _l("Leading group"),
}
COLUMNS = {
    "active_from": _l("In force from"),
    "active_to": _l("In force until"),
    "address": _l("Address"),
    "bound_east": _l("East to"),
    "bound_north": _l("North to"),
    "bound_south": _l("South to"),
    "bound_west": _l("West to"),
    "captain_id": _l("Captain"),
    "code": _l("Code"),
    "difficulty": _l("Difficulty"),
    "formed_on": _l("Formed on"),
    "hours": _l("Hours"),
    "households_declared": _l("Declared households"),
    "kind": _l("Kind"),
    "members": _l("Members"),
    "name": _l("Name"),
    "name_en": _l("English name"),
    "note": _l("Note"),
    "number": _l("Number"),
    "office": _l("Office"),
    "on_board": _l("On the notice board"),
    "supervision": _l("Supervision number"),
}
# Said without their values: keys and coordinates tell people nothing.
WITHOUT_VALUES = {"captain_id"}
WORDS: dict[str, dict[Any, Any]] = {
    "kind": {**CELL_KINDS, **TEAM_KINDS},
    "difficulty": dict(DIFFICULTIES),
    "on_board": {True: _l("yes"), False: _l("no")},
    "supervision": {True: _l("yes"), False: _l("no")},
}


def changes(
    log: Sequence[Any], posts: Iterable[Holder], regridded: Sequence[GridChange] = ()
) -> tuple[tuple[Change, ...], int]:
    """The newest changes first, and how many older ones are left out. ``log``: entries of the
    audit log, newest first; ``posts``: everybody who holds, held or will hold a post here;
    ``regridded``: splits, merges and moves, newest first.
    """
    found: list[Change] = [_regridded(one) for one in reversed(regridded)]
    drawn = False  # an entry may not know whether there was a boundary before
    for entry in reversed(log):
        told: dict[str, Any] = json.loads(entry.changes) if entry.changes else {}
        change = _entry(entry, told, drawn)
        if entry.table_name == "grids" and "boundary" in told:
            drawn = bool(_pair(told["boundary"])[1])
        if change is not None:
            found.append(change)
    for post in posts:
        found += _post(post)
    found.reverse()
    found.sort(key=lambda change: change.day, reverse=True)
    return tuple(found[:MOST]), max(0, len(found) - MOST)


def _regridded(change: GridChange) -> Change:
    """What happened to the ground, and what the residents said to it."""
    said = f"{sentence(change)} {_('Residents')}{_(': ')}{ACCEPTANCES[change.outcome]}"
    return Change(change.happened_on.isoformat(), _("Regridding"), said)


def _post(post: Holder) -> list[Change]:
    """When a post began and, if it is over, ended."""
    who = {"name": post.name, "post": post.title}
    made = [Change(post.since.isoformat(), _("Post"), _("%(name)s began as %(post)s.") % who)]
    if post.until is not None and post.until < clock.today():
        ended = Change(post.until.isoformat(), _("Post"), _("%(name)s ended as %(post)s.") % who)
        made.append(ended)
    return made


def _entry(entry: Any, told: dict[str, Any], drawn: bool) -> Change | None:
    """An entry in words; None where there is nothing that people would miss."""
    name = {"name": entry.row_label or ""}
    if entry.action == "insert":
        text = _("%(name)s was entered.") % name
    elif entry.action == "delete":
        text = _("%(name)s was deleted.") % name
    else:
        text = _("; ").join(
            _column(column, value, drawn) for column, value in told.items() if _told(column)
        )
        if not text:
            return None
        if entry.table_name != "grids":
            text = f"{name['name']}{_(': ')}{text}"
    day = clock.local(entry.at).date().isoformat()
    return Change(day, str(REGISTERS[entry.table_name]), text)


def _told(column: str) -> bool:
    return column in COLUMNS or column == "boundary"


def _column(column: str, value: Any, drawn: bool) -> str:
    """What happened to one column: old and new value. ``drawn``: there was a boundary before."""
    old, new = _pair(value)
    if column == "boundary":
        if not new:
            return _("the boundary was taken away")
        return _("the boundary was changed") if old or drawn else _("the boundary was drawn")
    label = str(COLUMNS[column])
    if column in WITHOUT_VALUES:
        return label
    return f"{label}{_(': ')}{_value(column, old)} → {_value(column, new)}"


def _pair(value: Any) -> tuple[Any, Any]:
    """Old and new value as the log has them; entries of new rows only have the new one."""
    if isinstance(value, list) and len(value) == 2:
        return value[0], value[1]
    return None, value


def _value(column: str, value: Any) -> str:
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, list):
        return _(", ").join(str(one) for one in value)
    words = WORDS.get(column, {})
    try:
        return str(words.get(value, value))
    except TypeError:
        return str(value)
