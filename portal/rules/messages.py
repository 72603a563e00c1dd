"""What messages say: a title and a body per kind, in the language of who reads them."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from babel.dates import format_date, format_datetime
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from portal import clock
from portal.errors import reworded
from portal.models import Message
from portal.models.choices import (
    DOCUMENT_KINDS,
    IMPORT_KINDS,
    MEETING_KINDS,
    MEETING_MODES,
    REGRIDDINGS,
    STALE_REASONS,
    TASK_KINDS,
)
from portal.models.matter_choices import RESPONSIBILITY_STATES, URGENCIES
from portal.rules.work_orders.table import FLOW

# kind: (title, body); the values are those of ``params``.
TEXTS: dict[str, tuple[Any, Any]] = {
    "task_done": (
        _l("%(what)s: finished"),
        _l("%(done)s done, %(failed)s failed. The result is kept for you."),
    ),
    "task_failed": (_l("%(what)s: failed"), _l("It stopped before the end. %(error)s")),
    "task_cancelled": (_l("%(what)s: cancelled"), _l("%(done)s of %(total)s were done.")),
    "meeting": (
        "%(time)s %(meeting)s · %(grid)s",
        _l("%(starts_at)s, %(mode)s, %(place)s, %(minutes)s minutes. %(agenda)s"),
    ),
    "meeting_ahead": (
        "%(starts_at)s %(meeting)s · %(grid)s",
        _l("%(mode)s, %(place)s, %(minutes)s minutes. Reminder %(lead)s ahead. %(agenda)s"),
    ),
    "meeting_late": (
        "%(starts_at)s %(meeting)s · %(grid)s",
        _l(
            "%(mode)s, %(place)s, %(minutes)s minutes. Reminder %(lead)s ahead, sent late."
            " %(agenda)s"
        ),
    ),
    "meeting_moved": (
        _l("Moved to %(starts_at)s: %(meeting)s · %(grid)s"),
        _l("It was to begin on %(before_at)s. %(mode)s, %(place)s, %(minutes)s minutes."),
    ),
    "meeting_place": (
        _l("Another place: %(meeting)s · %(grid)s"),
        _l("%(place)s, %(mode)s. It begins on %(starts_at)s and takes %(minutes)s minutes."),
    ),
    "meeting_cancelled": (
        _l("Cancelled: %(meeting)s · %(grid)s"),
        _l("It was to begin on %(starts_at)s."),
    ),
    "population_report": (
        _l("Population report of %(period)s: %(grid)s"),
        _l("It is made and kept: %(number)s. Look at it and pass it on to the service centre."),
    ),
    "board_stale": (
        _l("Hang the new notice board: %(grid)s"),
        _l("%(reason)s. Print %(number)s (%(size)s) and hang it by %(by_on)s."),
    ),
    "board_lacking": (
        _l("The notice board is out of date: %(grid)s"),
        _l("%(reason)s. A new one cannot be issued yet. %(lacking)s"),
    ),
    "board_down": (
        _l("Take the notice board down: %(grid)s"),
        _l("The grid is dissolved. Take the board (%(size)s) off the wall: %(place)s"),
    ),
    "order_reported": (
        _l("%(urgency)s: %(number)s is to be taken in"),
        "%(summary)s",
    ),
    "order_moved": (
        "%(move)s: %(number)s",
        _l("%(summary)s. %(who)s. %(note)s"),
    ),
    "regridded": (
        _l("The grids changed: %(after)s"),
        _l("%(regridding)s. Before: %(before)s."),
    ),
    "order_yellow": (
        _l("Due soon: %(number)s %(summary)s"),
        _l("The next step must be done by %(due_at)s."),
    ),
    "order_orange": (
        _l("Overdue: %(number)s %(summary)s"),
        _l("It was to be done by %(due_at)s. Finish it, ask for help or hand it up."),
    ),
    "order_red": (
        _l("Supervision order %(supervision)s: %(summary)s"),
        _l("%(number)s was to be done by %(due_at)s and is over by half of its limit."),
    ),
    "order_weekly": (
        _l("No word for a week: %(number)s %(summary)s"),
        _l(
            "A major hazard is reported on every week until it is put right. Write a progress note."
        ),
    ),
    "order_control": (
        _l("Danger not under control: %(number)s %(summary)s"),
        _l("It was to be under control by %(due_at)s. Secure the place and note it down."),
    ),
    "case_session": (
        _l("Session of a mediation: %(number)s"),
        _l("It is held on %(due_on)s. Afterwards write down who was there and what was said."),
    ),
    "case_term": (
        _l("A promise is due: %(number)s"),
        _l("It was to be kept by %(due_on)s. Ask, and note whether it was."),
    ),
    "case_confirm": (
        _l("Confirmation by the court runs out: %(number)s"),
        _l("Both sides may ask the court together until %(due_on)s. Ask whether they want to."),
    ),
    "case_authority": (
        _l("The authority's day has passed: %(number)s"),
        _l("It was due on %(due_on)s. Ask the authority, and tell whoever waits. It is not ours."),
    ),
    "responsibility_drafted": (
        _l("Overdue by half: you are heard about %(number)s"),
        _l("Until %(by_on)s you can say what held it up. Then it is decided."),
    ),
    "responsibility_heard": (
        _l("Heard about a delay: %(number)s"),
        _l("The person concerned has answered. Read it, then decide."),
    ),
    "responsibility_decided": (
        _l("%(decision)s: %(number)s"),
        _l("The reason stands on the page."),
    ),
    "sweep_ends": (
        _l("%(title)s ends on %(ends_on)s"),
        _l("Still to go through in your grid: %(open)s (cells: %(cells)s)."),
    ),
    "board_current": (
        _l("The notice board is right again: %(grid)s"),
        _l("The change was taken back: leave the board (%(size)s) as it hangs."),
    ),
    "delivery_test": (
        _l("Test message of the portal"),
        _l("If you read this where you wanted to, everything is set up well."),
    ),
}
LEADS = {
    30: _l("30 minutes"),
    60: _l("1 hour"),
    24 * 60: _l("1 day"),
    3 * 24 * 60: _l("3 days"),
}
# Why long work failed, where no rule refused it.
TASK_ERRORS = {
    "fault": _l(
        "The portal made a mistake. It is noted; try again, and if it stays, tell your"
        " administrator the number of this work."
    ),
    "crashed": _l("It broke off several times. Try again with less at once."),
}
# The moves of a work order, as the table calls them.
MOVES = {step.name: step.label for step in FLOW}
# Values that stand for words: name of the value → its words.
WORDS: dict[str, Mapping[Any, Any]] = {
    "error": TASK_ERRORS,
    "what": TASK_KINDS,
    "meeting": MEETING_KINDS,
    "mode": MEETING_MODES,
    "lead": LEADS,
    "document": DOCUMENT_KINDS,
    "imported": IMPORT_KINDS,
    "reason": STALE_REASONS,
    "regridding": REGRIDDINGS,
    "lacking": {},
    "urgency": URGENCIES,
    "move": MOVES,
    "decision": RESPONSIBILITY_STATES,
}


class _Values(dict[str, Any]):
    """What a message of an earlier version does not hold is a dash, not a broken inbox."""

    def __missing__(self, name: str) -> str:
        return "—"


def worded(message: Message) -> tuple[str, str]:
    """Title and body of a message in the language in force; its kind where nobody knows it."""
    return say(message.kind, json.loads(message.params))


def say(kind: str, told: Mapping[str, Any]) -> tuple[str, str]:
    """Title and body of a message of this kind with these values."""
    title, body = TEXTS.get(kind, (kind, ""))
    values = _Values({name: _shown(name, value) for name, value in told.items()})
    # Of what few may see the summary is empty: then the sentence begins with who did it.
    return str(title) % values, (str(body) % values).lstrip("。. ")


def _shown(name: str, value: Any) -> Any:
    if name in WORDS:
        return str(WORDS[name].get(value) or reworded(str(value)))
    locale = get_locale()
    chinese = str(locale).startswith("zh")
    if name.endswith("_at") and value:
        pattern = "M月d日（E）HH:mm" if chinese else "EEE d MMM, HH:mm"
        return format_datetime(
            clock.local(datetime.fromisoformat(value)), pattern, tzinfo=clock.zone(), locale=locale
        )
    if name.endswith("_on") and value:
        return format_date(
            date.fromisoformat(value), "y年M月d日" if chinese else "d MMMM y", locale=locale
        )
    return value
