"""What pages say of frequencies, and of what a look at a place brought."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from babel.dates import format_time
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal import clock, roles, scope
from portal.models import PatrolCheck
from portal.models.place_choices import CHECK_RESULTS


@dataclass(frozen=True)
class Look:
    """A look at a place, worded. ``matters`` are (address, number) of those the reader sees."""

    title: str
    url: str
    who: str
    result: str
    tone: str
    place_id: int
    matters: list[tuple[str, str]] = field(default_factory=list)


def every(number: int, unit: str) -> str:
    """How often, in words."""
    if unit == "workday":
        return ngettext("every working day", "every %(num)d working days", number)
    return ngettext("every day", "every %(num)d days", number)


def looks(
    checks: Sequence[PatrolCheck], matters: dict[int, list[tuple[int, str]]], titled: Any
) -> list[Look]:
    """The looks, each called by ``titled(check)`` → (title, address, who). A finding that became a
    matter the reader does not see is a look like any other.
    """
    found = []
    for check in checks:
        shown = matters.get(check.id, [])
        result, tone = result_of(check.result, bool(shown))
        title, url, who = titled(check)
        links = [(f"/matters/show/{key}", number) for key, number in shown]
        found.append(Look(title, url, who, result, tone, check.place_id, links))
    return found


def result_of(result: str, shown: bool) -> tuple[str, str]:
    """What came of a look, and its tone; ``shown``: the reader sees a matter that came of it."""
    if result == "nothing":
        return str(CHECK_RESULTS[result]), "good"
    return (str(CHECK_RESULTS[result]), "warn") if shown else (_("Looked at"), "")


def own_cell(form: Any, resource: str) -> None:
    """Fill in the grid for whoever writes in one cell only."""
    prefixes = scope.current().prefixes(roles.WRITE, resource)
    if len(prefixes) == 1 and len(prefixes[0]) == scope.CODE_LENGTHS["cell"]:
        form["grid"].process(None, prefixes[0])


def clock_time(instant: Any) -> str:
    """The time of day on the wall clock."""
    moment = clock.local(clock.aware(instant))
    return str(format_time(moment, "HH:mm", tzinfo=clock.zone(), locale=get_locale()))
