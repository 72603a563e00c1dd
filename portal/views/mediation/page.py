"""What lies in a mediation file, worded for its page."""

from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.models import MediationFile
from portal.models.case_choices import PARTY_ROLES, PERFORMANCES
from portal.queries.mediation import Contents
from portal.rules.masking import mask, mask_name
from portal.rules.mediation import paper
from portal.views.context import format_date
from portal.views.work_orders.words import minute


def page_of(row: MediationFile, found: Contents, keeps: bool) -> dict[str, Any]:
    """The context of ``views/mediation/contents.html``: parties masked, whoever sees it."""
    base, mends = f"/mediation-files/party/{row.id}", keeps and row.outcome == "open"
    names = {one.id: paper.label(one) for one in found.parties}
    return {
        "keeps": keeps,
        "parties": [
            {
                "role": str(PARTY_ROLES[one.role]),
                "number": one.seq,
                "name": mask_name(one.name),
                "contact": mask(one.contact),
                "name_url": f"{base}/{one.id}/name" if keeps else None,
                "contact_url": f"{base}/{one.id}/contact" if keeps and one.contact else None,
                "mend_url": _do(row, "mend_party", one.id) if mends else None,
            }
            for one in found.parties
        ],
        "sessions": [
            {
                "when": minute(one.held_at),
                "place": one.place,
                "there": _(", ").join(names[key] for key in sorted(found.there.get(one.id, ()))),
                "others": one.others or "",
                "record": one.record or "",
                "url": _do(row, "record", one.id) if keeps and _held(one) else None,
                "drop_url": _do(row, "drop_session", one.id) if mends and not one.record else None,
            }
            for one in found.sessions
        ],
        "terms": [
            {
                "number": one.seq,
                "who": names.get(one.party_id or 0, _("Both sides")),
                "text": one.text,
                "due_on": format_date(one.due_on) if one.due_on else "",
                "late": one.performance is None and row.outcome == "agreed"
                and one.due_on is not None and one.due_on < clock.today(),
                "performance": str(PERFORMANCES[one.performance]) if one.performance else "",
                "tone": {"done": "good", "not_done": "late"}.get(one.performance or "", ""),
                "checked_on": format_date(one.checked_on) if one.checked_on else "",
                "note": one.note or "",
                "url": _do(row, "perform", one.id) if keeps and row.outcome == "agreed" else None,
                "mend_url": _do(row, "mend_term", one.id) if mends else None,
            }
            for one in found.terms
        ],
    }  # fmt: skip


def _held(one: Any) -> bool:
    return clock.aware(one.held_at) <= clock.now()


def _do(row: MediationFile, verb: str, key: int) -> str:
    return f"/mediation-files/do/{verb}/{row.id}?of={key}"
