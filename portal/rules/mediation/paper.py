"""A mediation file as one paper (27): asked for, loaded; drawn by the queue for who asked.

It is no issued document: a file grows, and what its parties are called shows only to who may open
it. Names and contacts are masked; whoever keeps the file may have them whole for a reason, and each
one that is opened is noted before the paper is drawn.
"""

from dataclasses import asdict, dataclass
from datetime import date

from babel.dates import format_date, format_datetime
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, OutOfScope
from portal.models import Grid, Matter, MediationFile, MediationParty, Task, WorkOrder
from portal.models.case_choices import (
    AGREEMENT_FORMS,
    CONFIRMATIONS,
    MEDIATION_OUTCOMES,
    PARTY_ROLES,
    PERFORMANCES,
)
from portal.models.matter_choices import CAUSES
from portal.queries import archives
from portal.queries import mediation as queries
from portal.queries.accounts import names_of
from portal.queries.boards import publisher
from portal.queries.mediation import Contents
from portal.queries.mediation_record import FilePaper, PartyLine, SessionLine, TermLine
from portal.queries.settings import numbers
from portal.rules import audit, tasks
from portal.rules.confidential import seen
from portal.rules.masking import mask, mask_name
from portal.rules.mediation.opening import handles
from portal.rules.revealing import check_allowance

TASK = "mediation_paper"
GONE = _l("This file is not yours to print any more.")
PRIVATE = ("name", "contact")


@dataclass(frozen=True)
class Order:
    """What somebody asks for."""

    file: int
    lang: str
    whole: bool = False


def ask(session: Session, user_id: int, row: MediationFile, lang: str, reason: str = "") -> Task:
    """The paper of a file; with a ``reason`` its parties are whole. The caller commits.

    Raises Forbidden where the identity may not open them, RuleError (field ``reason``) where that
    would be more values than it may open within an hour.
    """
    if reason:
        if not handles(session, row):
            raise Forbidden(f"open the parties of {row.number}")
        opened = [
            (party, name)
            for party in queries.contents(session, row.id).parties
            for name in PRIVATE
            if getattr(party, name)
        ]
        check_allowance(session, len(opened))
        for party, name in opened:
            audit.record(session, "reveal", party, reason=reason, changes={"column": name})
    order = Order(row.id, lang, bool(reason))
    return tasks.start(session, user_id, TASK, asdict(order), 1, row.grid_code, quick=True)


def find(session: Session, key: int) -> MediationFile:
    """The file, if the identity of now sees it; raises OutOfScope."""
    who = scope.current()
    placed = scope.within(MediationFile.grid_code, who.prefixes(roles.READ, "MediationFile"))
    row = session.scalars(
        select(MediationFile).where(MediationFile.id == key, seen(MediationFile, who, placed))
    ).one_or_none()
    if row is None or not who.can(roles.READ, "MediationFile"):
        raise OutOfScope(f"mediation file {key}")
    return row


def load(session: Session, order: Order) -> FilePaper:
    """The record of a file as the identity of now may see it; raises OutOfScope."""
    row = find(session, order.file)
    if order.whole and not handles(session, row):
        raise OutOfScope(f"parties of {row.number}")
    with force_locale(order.lang):
        return _paper(session, row, order)


def label(party: MediationParty) -> str:
    """Role and number, which say nothing of who it is."""
    return f"{PARTY_ROLES[party.role]} {party.seq}"


def called(party: MediationParty) -> str:
    """Role, number, and the first character of the name."""
    return f"{label(party)} {mask_name(party.name)}"


def _paper(session: Session, row: MediationFile, order: Order) -> FilePaper:
    found = queries.contents(session, row.id)
    work, matter = session.get_one(WorkOrder, row.order_id), session.get_one(Matter, row.matter_id)
    names = {one.id: label(one) for one in found.parties}
    grid = archives.grid(session, row.grid_code)
    return FilePaper(
        lang=order.lang,
        number=row.number,
        order_number=work.number,
        grid_name=grid.name if grid else row.grid_code,
        above=tuple(one.name for one in archives.above(session, row.grid_code)),
        url=f"/mediation-files/show/{row.id}",
        publisher=publisher(session, row.grid_code),
        printed_by=scope.current().name or scope.current().username,
        day=clock.today().isoformat(),
        whole=order.whole,
        signed=numbers(session)["papers.signatures"] == 1,
        facts=tuple(_facts(session, row, found)),
        summary=row.summary,
        detail=matter.detail or "",
        request=row.request or "",
        parties=tuple(
            PartyLine(
                label(one),
                one.name if order.whole else mask_name(one.name),
                (one.contact or "") if order.whole else mask(one.contact),
            )
            for one in found.parties
        ),
        sessions=tuple(_sessions(found, names)),
        agreement=tuple(_agreement(row)),
        terms=tuple(_terms(found, names)),
        outcome=str(MEDIATION_OUTCOMES[row.outcome]),
        told_ways=row.told_ways or "",
    )


def _facts(session: Session, row: MediationFile, found: Contents) -> list[tuple[str, str]]:
    people = names_of(session, found.mediators)
    grid = session.scalar(select(Grid.name).where(Grid.code == row.grid_code))
    return [
        (_("Number of the file"), row.number),
        (_("Grid"), grid or row.grid_code),
        (_("Cause"), str(CAUSES[row.cause]) if row.cause else ""),
        (_("Mediators"), _(", ").join(people.get(key, "") for key in found.mediators)),
        (_("Opened on"), day_of(row.opened_on)),
        (_("Outcome"), str(MEDIATION_OUTCOMES[row.outcome])),
        (_("Ended on"), day_of(row.ended_on)),
    ]


def _sessions(found: Contents, names: dict[int, str]) -> list[SessionLine]:
    locale = get_locale()
    pattern = "y年M月d日（E）HH:mm" if str(locale).startswith("zh") else "EEE d MMM y, HH:mm"
    return [
        SessionLine(
            str(format_datetime(clock.local(one.held_at), pattern, clock.zone(), locale)),
            one.place,
            _(", ").join(names[key] for key in sorted(found.there.get(one.id, ()))),
            one.others or "",
            one.record or "",
        )
        for one in found.sessions
    ]


def _agreement(row: MediationFile) -> list[tuple[str, str]]:
    if row.outcome != "agreed" or row.agreement_form is None:
        return []
    return [
        (_("Form of the agreement"), str(AGREEMENT_FORMS[row.agreement_form])),
        (_("Agreed on"), day_of(row.ended_on)),
        (_("Joint application to the court until"), day_of(row.confirm_by)),
        (_("Confirmation by the court"), str(CONFIRMATIONS[row.confirmation or "open"])),
        (_("Applied for on"), day_of(row.applied_on)),
    ]


def _terms(found: Contents, names: dict[int, str]) -> list[TermLine]:
    return [
        TermLine(
            one.seq,
            names.get(one.party_id or 0, ""),
            one.text,
            day_of(one.due_on),
            str(PERFORMANCES[one.performance]) if one.performance else "",
            day_of(one.checked_on),
            one.note or "",
        )
        for one in found.terms
    ]


def day_of(day: date | None) -> str:
    """A day in words; empty for none."""
    return str(format_date(day, "long", locale=get_locale())) if day else ""
