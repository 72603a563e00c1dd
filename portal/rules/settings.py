"""Settings of the portal: what each means, and which values it takes."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.models import Setting
from portal.models.matter_choices import GRADES, MATTER_KINDS
from portal.queries.limits import MUNICIPAL, PREFIX, default_numbers
from portal.queries.settings import DEFAULTS

MEANINGS = {
    "households.scattered.min": _l("Households of a scattered cell, at least"),
    "households.scattered.max": _l("Households of a scattered cell, at most"),
    "households.gated.min": _l("Households of a gated cell, at least"),
    "households.gated.max": _l("Households of a gated cell, at most"),
    "households.bungalow.min": _l("Households of a bungalow cell, at least"),
    "households.bungalow.max": _l("Households of a bungalow cell, at most"),
    "households.counted_by": _l(
        "A cell counts by its registered dwellings, vacant ones included (1), or households (2)"
    ),
    "posts.ending_soon_days": _l("A post counts as ending soon this many days before"),
    "boards.max_age_months": _l("A notice board is renewed after this many months"),
    "inbox.keep_days": _l("Messages that were read are kept for this many days"),
    "messages.night_from": _l("From this hour on only what is urgent leaves the portal"),
    "messages.night_until": _l("What waited for the morning leaves the portal at this hour"),
    "deliveries.keep_days": _l("The log of e-mails and group messages is kept for this many days"),
    "tasks.keep_days": _l("Files made by long work are kept for this many days"),
    "reveals.per_hour": _l("Masked values that one account may open within an hour"),
    "cards.valid_years": _l("A worker's card is valid for this many years (10 at most)"),
    "cards.expiring_soon_days": _l("A card counts as expiring soon this many days before"),
    "visits.permanent_days": _l("Days between two visits to a household"),
    "visits.floating_days": _l("Days between two visits where somebody is not registered here"),
    "visits.needs_days": _l("Days between two visits where a service is still to be brought"),
    "visits.again_days": _l("Days until somebody tries again where nobody was at home"),
    "cross_checks.reply_days": _l("Days another grid has to answer a question"),
    "mediation.confirm_days": _l(
        "Days from an agreement within which both sides may ask the court to confirm it"
    ),
    "mediation.usual_days": _l("Days within which a mediation is usually settled"),
    "mediation.warn_days": _l("A confirmation counts as running out this many days before"),
    "papers.signatures": _l("Papers of a file end with lines to sign on (1), or without (2)"),
    "sweeps.remind_days": _l("Days before the end of a sweep when people are told what is missing"),
}
# Of the clocks of matters; those by kind and grade are worded below.
LIMITS = {
    "accept": _l("Working days until a matter is taken in"),
    "notice": _l("Working days until those concerned hear where it was handed to"),
    "heard": _l("Working days in which a person is heard about a delay"),
    "petition.accept": _l("Working days until a petition is registered and handed over"),
    "petition.report": _l("Working days between two reports on a petition"),
    "petition.authority": _l("Calendar days until the authority answers a petition"),
    "petition.notice": _l("Calendar days until the authority tells of receipt and way"),
    "petition.objection": _l("Working days within which a unit may object to a transfer"),
    "petition.extension": _l("Calendar days more that the authority may take, with notice"),
    "petition.review_request": _l("Calendar days within which a review may be asked for"),
    "petition.review_answer": _l("Calendar days until a review is answered"),
    "petition.second_request": _l("Calendar days within which a second review may be asked for"),
    "petition.second_answer": _l("Calendar days until a second review is answered"),
    "municipal.hand_over": _l("Working days until a problem is handed to the unit that owes it"),
    "municipal.recheck": _l("Working days until what a unit answered is re-checked"),
    "dispute.extend": _l("Working days that an extension may add to a dispute"),
    "control.immediate": _l("Hours until an immediate danger is under control"),
    "control.urgent": _l("Hours until an urgent danger is under control"),
    "control.hazard": _l("Hours until a hazard is under control"),
    "recheck.hazard": _l("Working days after a hazard was put right until it is checked again"),
    "report.hazard": _l("Days within which there is word of a major hazard"),
    "extend_percent": _l("An extension adds at most this many percent of the limit"),
    "escalate_percent": _l("An order goes up after this many percent of its level's time"),
    "yellow_percent": _l("A warning comes when this many percent of the limit are left"),
    "red_percent": _l("An order is supervised when it is over by this many percent of the limit"),
    "suspend_days": _l("An order is suspended for this many days at most"),
    "sample.settled_percent": _l("Of what is settled on the spot, this many percent are checked"),
    "visit.days": _l("Working days after closing until those concerned are asked"),
}


def _meaning(name: str) -> object:
    if name in LIMITS:
        return LIMITS[name]
    kind, _dot, grade = name.partition(".")
    if kind == "visit":
        asked = MATTER_KINDS[grade.removesuffix("_percent")]
        return _l("%(kind)s: in this many percent those concerned are asked", kind=asked)
    if kind == MUNICIPAL:
        return _l(
            "%(kind)s, %(grade)s: working days of the unit that owes the service",
            kind=MATTER_KINDS[kind],
            grade=GRADES[grade],
        )
    return _l(
        "%(kind)s, %(grade)s: working days from taking in to the answer",
        kind=MATTER_KINDS[kind],
        grade=GRADES[grade],
    )


MEANINGS |= {f"{PREFIX}{name}": _meaning(name) for name in default_numbers()}
MOST = {"households.counted_by": 2, "papers.signatures": 2} | {
    f"{PREFIX}{name}": 366 for name in default_numbers()
}
MOST |= {"messages.night_from": 24, "messages.night_until": 24}
LEAST = {"deliveries.keep_days": 180}  # logs at least 6 months (field.md)
MOST |= {key: 100 for key in MOST if key.endswith("_percent") and "extend" not in key}


def load_settings(session: Session) -> int:
    """Add the settings that are missing; returns how many were added."""
    present = set(session.scalars(select(Setting.key)))
    missing = [key for key in DEFAULTS if key not in present]
    session.add_all(Setting(key=key, value=DEFAULTS[key]) for key in missing)
    session.flush()
    return len(missing)


def check_value(setting: Setting) -> None:
    """Raise RuleError when the setting cannot have this value."""
    value = setting.value.strip()
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 100_000:
        raise RuleError(_l("Type a whole number from 1 to 99999."), "value")
    most = MOST.get(setting.key)
    if most is not None and int(value) > most:
        raise RuleError(_l("Type a whole number from 1 to %(most)s.", most=most), "value")
    least = LEAST.get(setting.key, 1)
    if int(value) < least:
        raise RuleError(_l("Type a whole number from %(least)s on.", least=least), "value")
    setting.value = value
