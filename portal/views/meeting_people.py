"""The people of a meeting: who is invited, and what became of every reminder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from babel.dates import format_datetime
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Meeting
from portal.models.choices import REMINDER_STATES
from portal.queries import meetings as meeting_queries
from portal.queries.invitations import Invited
from portal.rules.messages import LEADS
from portal.rules.reminders import LEADS as LEAD_MINUTES
from portal.views import wording
from portal.views.page import Tone

TONES: dict[str, Tone] = {"sent": "good", "missed": "late", "unreachable": "warn", "failed": "late"}


@dataclass(frozen=True)
class PersonLine:
    """A person of a meeting: what they are, and what became of their reminders."""

    name: str
    posts: str
    grid: str
    reachable: bool
    reminders: list[tuple[str, Tone]]


def people_lines(
    session: Session, people: Sequence[Invited], told: Sequence[meeting_queries.Told]
) -> list[PersonLine]:
    """Who is invited, with what became of their reminders."""
    names = wording.post_names(session)
    grids = meeting_queries.grid_names(session, [one.grid_code for one in people])
    of_person: dict[int, list[tuple[str, Tone]]] = {}
    for one in told:
        text = _(
            "%(lead)s ahead: %(state)s",
            lead=LEADS.get(one.lead_minutes, one.lead_minutes),
            state=REMINDER_STATES[one.state],
        )
        of_person.setdefault(one.worker_id, []).append((text, TONES[one.state]))
    return [
        PersonLine(
            one.name,
            wording.listed(names.get(role, role) for role in one.roles),
            grids.get(one.grid_code, one.grid_code),
            one.user_id is not None,
            of_person.get(one.worker_id, []),
        )
        for one in people
    ]


def lead_lines(row: Meeting, told: Sequence[meeting_queries.Told]) -> list[dict[str, Any]]:
    """One line for each lead time: when it is due, and what happened, with times."""
    starts_at, lines = clock.aware(row.starts_at), []
    for lead in LEAD_MINUTES[row.kind]:
        mine = [one for one in told if one.lead_minutes == lead]
        outcomes = []
        for state, word in REMINDER_STATES.items():
            times = [clock_time(one.at) for one in mine if one.state == state]
            if times:
                shown = wording.listed(dict.fromkeys(times))
                outcomes.append((str(word), len(times), shown, TONES[state]))
        lines.append({
            "lead": str(LEADS.get(lead, lead)),
            "due": clock_time(starts_at - timedelta(minutes=lead)),
            "outcomes": outcomes,
        })  # fmt: skip
    return lines


def clock_time(moment: Any) -> str:
    """When something was sent: day and minute."""
    chinese = str(get_locale()).startswith("zh")
    pattern = "M月d日 HH:mm" if chinese else "d MMM, HH:mm"
    local = clock.local(moment)
    return str(format_datetime(local, pattern, tzinfo=clock.zone(), locale=get_locale()))
