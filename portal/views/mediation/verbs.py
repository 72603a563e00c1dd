"""What can be done with a mediation file: a short form for each, by the word in the address."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import Field

from portal.forms import mediation as fields
from portal.forms.entity import EntityForm
from portal.models import (
    MediationFile,
    MediationParty,
    MediationSession,
    MediationTerm,
    WorkOrder,
)
from portal.models.case_choices import MEDIATION_OUTCOMES
from portal.queries import mediation as queries
from portal.rules import mediation
from portal.rules.mediation import opening, paper
from portal.rules.mediation.keeping import AFTER, Held, Promise
from portal.views.work_orders import words


@dataclass
class Asked:
    """A file with what lies in it, and the part of it that the address names (``?of=``)."""

    session: Session
    row: MediationFile
    found: queries.Contents
    of: int = 0

    def parties(self) -> list[tuple[str, Any]]:
        """The parties to choose from."""
        return [(str(one.id), paper.called(one)) for one in self.found.parties]

    def party(self) -> MediationParty:
        """The party that is meant; 404 where the file has none like it."""
        return next((one for one in self.found.parties if one.id == self.of), None) or abort(404)

    def meeting(self) -> MediationSession:
        """The session that is meant; 404 where the file has none like it."""
        return next((one for one in self.found.sessions if one.id == self.of), None) or abort(404)

    def term(self) -> MediationTerm:
        """The term that is meant; 404 where the file has none like it."""
        return next((one for one in self.found.terms if one.id == self.of), None) or abort(404)

    def people(self) -> list[tuple[str, Any]]:
        """Who can mediate."""
        order = self.session.get_one(WorkOrder, self.row.order_id)
        return words.people(self.session, opening.candidates(self.session, order))


@dataclass(frozen=True)
class Verb:
    """``fields(asked)`` of its form, ``begin(asked, form)`` fills it in, ``act(asked, form)`` calls
    the rule. ``offered(row)``: whether it makes sense now; ``main``: it stands among the buttons.
    What is filled in goes with the version that the form was begun with (``seen_version``).
    """

    title: Any
    icon: str
    fields: Callable[[Asked], dict[str, Field]]
    act: Callable[[Asked, EntityForm], object]
    offered: Callable[[MediationFile], bool]
    main: bool = True
    intro: Any = ""
    begin: Callable[[Asked, EntityForm], None] = lambda asked, form: None


def keys(text: str | None) -> tuple[int, ...]:
    """The keys that were ticked."""
    return tuple(int(one) for one in (text or "").split(";") if one.isdecimal() and len(one) < 10)


def _running(row: MediationFile) -> bool:
    return row.outcome == "open"


def _agreed(row: MediationFile) -> bool:
    return row.outcome == "agreed"


def _alive(row: MediationFile) -> bool:
    return row.outcome in ("open", "agreed")


def _mediators_now(asked: Asked, form: EntityForm) -> None:
    form["mediators"].data = ";".join(str(key) for key in asked.found.mediators)


def _recorded(asked: Asked, form: EntityForm) -> None:
    meeting = asked.meeting()
    form["record"].data, form["others"].data = meeting.record, meeting.others
    there = asked.found.there.get(meeting.id, [])
    form["there"].data = ";".join(str(key) for key in there)


def _party_now(asked: Asked, form: EntityForm) -> None:
    form["role"].data = asked.party().role


def _term_now(asked: Asked, form: EntityForm) -> None:
    term = asked.term()
    form["text"].data, form["due_on"].data = term.text, term.due_on
    form["party"].data = str(term.party_id or "")


def _promise(form: EntityForm) -> Promise:
    return form["text"].data, next(iter(keys(form["party"].data)), None), form["due_on"].data


def _dropped(asked: Asked) -> dict[str, Field]:
    asked.meeting()
    return {}


VERBS: dict[str, Verb] = {
    "party": Verb(
        _l("Add a party"), "user", lambda asked: fields.party_fields(),
        lambda asked, form: mediation.add_party(
            asked.session, asked.row, form["role"].data, form["name"].data, form["contact"].data),
        _running,
    ),
    "session": Verb(
        _l("Plan a session"), "calendar-event", lambda asked: fields.session_fields(),
        lambda asked, form: mediation.plan_session(
            asked.session, asked.row, form["held_at"].data, form["place"].data),
        _running,
    ),
    "record": Verb(
        _l("Record a session"), "notes", lambda asked: fields.record_fields(asked.parties()),
        lambda asked, form: mediation.record_session(
            asked.session, asked.row, asked.meeting(),
            Held(keys(form["there"].data), form["record"].data, form["others"].data),
            seen=form.seen_version),
        lambda row: True, main=False, begin=_recorded,
    ),
    "term": Verb(
        _l("Add a term"), "plus", lambda asked: fields.term_fields(asked.parties()),
        lambda asked, form: mediation.add_term(asked.session, asked.row, *_promise(form)),
        _alive,
    ),
    "agree": Verb(
        _l("Agreement reached"), "checks", lambda asked: fields.agreement_fields(),
        lambda asked, form: mediation.agree(
            asked.session, asked.row, form["form"].data, form["on"].data),
        _running,
        intro=_l("An oral agreement is recorded here: its terms are the record."),
    ),
    "end": Verb(
        _l("End without an agreement"), "x",
        lambda asked: fields.end_fields(
            {name: MEDIATION_OUTCOMES[name] for name in ("not_agreed", "withdrawn")}),
        lambda asked, form: mediation.end(
            asked.session, asked.row, form["outcome"].data, form["on"].data,
            form["told_ways"].data),
        _running,
    ),
    "confirm": Verb(
        _l("Confirmation by the court"), "gavel",
        lambda asked: fields.confirmation_fields(AFTER.get(asked.row.confirmation or "", ())),
        lambda asked, form: mediation.confirm(
            asked.session, asked.row, form["confirmation"].data, form["on"].data),
        lambda row: row.confirmation in AFTER,
    ),
    "perform": Verb(
        _l("Follow up"), "circle-check", lambda asked: fields.performance_fields(),
        lambda asked, form: mediation.perform(
            asked.session, asked.row, asked.term(), form["performance"].data,
            (form["on"].data, form["note"].data)),
        _agreed, main=False,
    ),
    "mediators": Verb(
        _l("Mediators"), "users", lambda asked: {
            "mediators": fields.mediators_field(asked.people())},
        lambda asked, form: mediation.name_mediators(
            asked.session, asked.row, keys(form["mediators"].data), seen=form.seen_version),
        _running, begin=_mediators_now,
    ),
    "mend_party": Verb(
        _l("Mend a party"), "edit", lambda asked: fields.party_fields(known=True),
        lambda asked, form: mediation.mend_party(
            asked.session, asked.row, asked.party(),
            (form["role"].data, form["name"].data, form["contact"].data),
            seen=form.seen_version),
        _running, main=False, begin=_party_now,
    ),
    "mend_term": Verb(
        _l("Mend a term"), "edit", lambda asked: fields.term_fields(asked.parties()),
        lambda asked, form: mediation.mend_term(
            asked.session, asked.row, asked.term(), _promise(form), seen=form.seen_version),
        _running, main=False, begin=_term_now,
    ),
    "drop_session": Verb(
        _l("Call a session off"), "ban", _dropped,
        lambda asked, form: mediation.drop_session(
            asked.session, asked.row, asked.meeting(), seen=form.seen_version),
        _running, main=False,
        intro=_l("It is taken out of the file. To move it, plan it anew for another day."),
    ),
}  # fmt: skip
