"""Words for what tables hold as codes: registers, records, changes, posts, evidence."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import current_app
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import PostRole
from portal.models.case_choices import PARTY_ROLES, PERFORMANCES
from portal.models.choices import CARD_REASONS, LEVELS, ROLES
from portal.rules import meetings, settings
from portal.views.labels import LABELS

# What the audit log tells about, by table: the word for one row.
REGISTERS = {
    "grids": _l("Grid"),
    "grid_aliases": _l("Former code"),
    "leading_groups": _l("Leading group"),
    "buildings": _l("Building"),
    "dwellings": _l("Dwelling"),
    "households": _l("Household"),
    "residents": _l("Resident"),
    "organisations": _l("Organisation or shop"),
    "population_changes": _l("Change of population"),
    "home_visits": _l("Home visit"),
    "cross_checks": _l("Question between grids"),
    "places": _l("Place that needs attention"),
    "patrols": _l("Patrol round"),
    "patrol_checks": _l("Look at a place"),
    "sweeps": _l("Sweep"),
    "sweep_grids": _l("Grid of a sweep"),
    "sweep_checks": _l("Line of a sweep"),
    "service_rounds": _l("Service round"),
    "service_visits": _l("Visit of a service"),
    "matters": _l("Matter"),
    "matter_categories": _l("Category"),
    "work_orders": _l("Work order"),
    "supervision_orders": _l("Supervision order"),
    "municipal_units": _l("Unit of municipal services"),
    "unit_cases": _l("Problem in the hands of a unit"),
    "petition_cases": _l("Petition matter"),
    "mediation_files": _l("Mediation file"),
    "mediation_parties": _l("Party of a mediation"),
    "mediation_sessions": _l("Session of a mediation"),
    "mediation_terms": _l("Term of an agreement"),
    "responsibility_drafts": _l("Responsibility for a delay"),
    "workers": _l("Worker"),
    "posts": _l("Post"),
    "post_roles": _l("Kind of post"),
    "teams": _l("Team"),
    "cards": _l("Card"),
    "photos": _l("Photo"),
    "duties": _l("Duty"),
    "hotlines": _l("Hotline"),
    "regulations": _l("Regulation"),
    "settings": _l("Setting"),
    "meetings": _l("Meeting"),
    "meeting_series": _l("Series of meetings"),
    "reminders": _l("Reminder"),
    "calendar_days": _l("Day of the calendar"),
    "import_batches": _l("Import"),
    "issued_documents": _l("Issued document"),
    "boards": _l("Board on the wall"),
    "audit_entries": _l("Audit log"),
    "ab_user": _l("Account"),
    "account_states": _l("State of an account"),
    "account_grants": _l("Grant"),
    "ab_role": _l("Role"),
    "jobs": _l("Job"),
    "deliveries": _l("Message that leaves the portal"),
    "group_robots": _l("Group robot"),
    "keys": _l("Keys"),
}
# What the audit log tells and no page has a column for.
MORE_LABELS = {
    "accusation": _l("Accusation"),
    "agent": _l("Who files for them"),
    "answered_on": _l("Answered on"),
    "checked_on": _l("Looked at on"),
    "done_on": _l("Put right"),
    "due_on": _l("Until when"),
    "file": _l("Mediation file"),
    "handed_on": _l("Handed to the unit on"),
    "held_at": _l("When"),
    "mandate_file": _l("Photo of the mandate"),
    "mandate_on": _l("Day of the mandate on paper"),
    "matter": _l("Matter"),
    "on_time": _l("Answered in time"),
    "order": _l("Sorted by"),
    "order_id": _l("Work order"),
    "organisation": _l("Organisation or shop"),
    "others": _l("Who else was there"),
    "party": _l("Party"),
    "performance": _l("Performance"),
    "rechecked_on": _l("Re-checked on"),
    "record": _l("What was said"),
    "reminded_on": _l("Reminded on"),
    "request": _l("What is asked for"),
    "right_first": _l("Put right at the first re-check"),
    "seq": _l("No."),
    "hook": _l("Address of the robot"),
    "job": _l("Job"),
    "password": _l("Password"),
    "password_changed_at": _l("Password changed on"),
    "path": _l("Kept as"),
    "photo": _l("Photo"),
    "preset": _l("Shown"),
    "q": _l("Search"),
    "sha256": _l("Fingerprint"),
}
# Values of what lies in a file, which has no page of its own.
FILE_WORDS: dict[str, dict[str, Mapping[Any, Any]]] = {
    "mediation_parties": {"role": PARTY_ROLES},
    "mediation_terms": {"performance": PERFORMANCES},
}
# How a duty shows that it was done: the kinds of rows that count for it.
EVIDENCE = {
    "activity": _l("Activities"),
    "campaign": _l("Campaigns"),
    "care_visit": _l("Care visits"),
    "charity_entry": _l("Charity shop"),
    "home_visit": _l("Home visits"),
    "matter": _l("Matters"),
    "matter_dispute": _l("Disputes"),
    "matter_hazard": _l("Hazards"),
    "matter_request": _l("Requests for service"),
    "matter_urgent": _l("Emergencies reported"),
    "municipal_rating": _l("Ratings of municipal services"),
    "order_escalated": _l("Work orders escalated"),
    "org_rating": _l("Ratings of organisations"),
    "org_visit": _l("Visits to organisations"),
    "pairing": _l("Pairings"),
    "patrol": _l("Patrols"),
    "patrol_place": _l("Patrols of places that need attention"),
    "population_change": _l("Changes of population"),
    "reception": _l("Reception duty"),
    "return_visit": _l("Return visits"),
    "service_record": _l("Services rendered"),
    "sweep": _l("Sweeps"),
}


def listed(texts: Iterable[object]) -> str:
    """An enumeration as the language of the page writes it."""
    return _(", ").join(str(text) for text in texts)


def post_names(session: Session) -> dict[str, str]:
    """Code of each kind of post and its name in the language of the page."""
    chinese = str(get_locale()).startswith("zh")
    name = PostRole.name_zh if chinese else PostRole.name_en
    rows = session.execute(select(PostRole.code, name)).all()
    return {row[0]: row[1] for row in rows}


def attendees(session: Session) -> dict[str, str]:
    """Code and name of everybody who can take part in a meeting: posts, and those without."""
    return post_names(session) | {code: str(word) for code, word in meetings.OTHERS.items()}


def coded(text: str | None, words: Mapping[str, Any]) -> str:
    """``a;b`` as an enumeration of words; a code without a word stays as it is."""
    return listed(words.get(code, code) for code in (text or "").split(";") if code)


def view_of_table(table: str) -> Any:
    """The registered view of a table, or None."""
    views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]
    entities = ((view, getattr(view, "entity", None)) for view in views)
    return next((view for view, one in entities if one and one.__tablename__ == table), None)


def register(table: str) -> str:
    """What people call a row of the register that a table keeps."""
    return str(REGISTERS.get(table, table))


def value(table: str, column: str, text: str) -> str:
    """A value of a table's column as a form words it."""
    view = view_of_table(table)
    words = view.choices.get(column, {}) if view else {}
    return str(words.get(text, text))


def register_or_level(name: str) -> str:
    """A row of a register, or a grid of a level."""
    return str(LEVELS.get(name) or register(name))


def record_name(table: str, label: str | None) -> str:
    """What people call the row that an entry of the audit log is about."""
    text = label or ""
    if text.startswith(f"{table} "):  # a row without a name of its own: its register and number
        return f"{register(table)} {text.removeprefix(table).strip()}"
    words = {"settings": settings.MEANINGS, "ab_role": ROLES}.get(table, {})
    return str(words.get(text, text))


def changes(session: Session, table: str, text: str | None) -> str:
    """What an entry of the audit log tells, one line for each column: name, old and new value."""
    told: dict[str, Any] = json.loads(text) if text else {}
    view = view_of_table(table)
    words = _words(session, table, view)
    lines = []
    for name, value in told.items():
        if name != "id":  # stands above as the number of the record
            plain = name.removesuffix("_id")
            labels = {**MORE_LABELS, **LABELS, **(view.labels if view else {})}
            label = labels.get(name) or labels.get(plain, plain)
            lines.append(f"{label}{_(': ')}{_value(value, words.get(name, {}))}")
    return "\n".join(lines)


def _words(session: Session, table: str, view: Any) -> dict[str, Mapping[Any, Any]]:
    """Words for the values of a table's columns."""
    words: dict[str, Mapping[Any, Any]] = dict(view.choices) if view else {}
    words |= FILE_WORDS.get(table, {})
    if table in ("posts", "duties"):
        words["role"] = post_names(session)
    if table == "duties":
        words["evidence"] = EVIDENCE
    if table == "cards":
        words["revoke_reason"] = CARD_REASONS
    if table == "settings":
        words["key"] = settings.MEANINGS
    return words


def _value(value: Any, words: Mapping[Any, Any]) -> str:
    if isinstance(value, list):
        return " → ".join(_value(one, words) for one in value)
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and ";" in value:
        return coded(value, words)
    return str(words.get(value, value))
