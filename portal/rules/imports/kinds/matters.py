"""Orders of 12345 and of superior platforms: each row is reported like any other matter
(``rules/matters.py``), so that number, clocks, trail and confidentiality are those of the rule.

A number that is on record makes no second matter: the same row changes nothing, another one is
refused, for an order is not overwritten. Taking a batch back voids the orders nobody took up.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, OutOfScope, RuleError, kept
from portal.models import Matter, MatterCategory, WorkOrder
from portal.models.matter_choices import MATTER_KINDS
from portal.queries.matters import offered
from portal.rules import matters
from portal.rules.confidential import seen
from portal.rules.imports.drafts import Draft
from portal.rules.imports.kind import Kind, Line
from portal.rules.imports.kinds.matter_columns import COLUMNS, HOTLINE, TOLD_BACK
from portal.rules.imports.kinds.matters_back import take_back
from portal.rules.imports.work import Work
from portal.rules.reports import LONGEST_SUMMARY, Report, outside_key

AT_ONCE = 200  # rows
CUT = 60  # characters of a summary that is taken from the text
ENDS = "。！？；\n!?;"
# Why the rule refuses a report, by the field it names.
REASON_OF = {
    "grid_code": "unknown_grid",
    "category_id": "unknown_category",
    "summary": "numbers_in_text",
    "detail": "numbers_in_text",
    "place": "numbers_in_text",
    "reported_at": "future",
    "outside_number": "known_elsewhere",
}


@dataclass
class Catalogue:
    """The categories in use by every word that may stand for them."""

    words: dict[str, list[MatterCategory]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def load(cls, session: Session) -> "Catalogue":
        """The catalogue as it is now."""
        found = cls()
        groups = {}
        for one in offered(session):
            if one.parent_code is None:
                groups[one.code] = one.name
                continue
            kind = str(MATTER_KINDS[one.kind])
            group = groups.get(one.parent_code, "")
            for word in {one.code, one.name, one.name_en or "", f"{group}{one.name}",
                         f"{kind}{one.name}"}:  # fmt: skip
                found.words[_plain(word)].append(one)
        return found

    def find(self, text: str) -> MatterCategory | str:
        """The category that ``text`` names: code, name, or a path of names ("物业/电梯"); a reason
        where there is none, or several.
        """
        for word in (text, _last(text)):
            found = self.words.get(_plain(word), [])
            if len(found) == 1:
                return found[0]
            if found:
                return "ambiguous_category"
        return "unknown_category"


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _last(text: str) -> str:
    for sign in ("/", "\\", ">", "＞", "-", "—", "、", "|"):
        text = text.rsplit(sign, 1)[-1]
    return text


def enter(work: Work, lines: list[Line]) -> list[Draft]:
    """Report every line that is not on record; drafts tell of the matters that were made."""
    if work.memory is None:
        work.memory = Catalogue.load(work.session)
    made = (_take(work, line) for line in lines)
    return [draft for draft in made if draft is not None]


def _take(work: Work, line: Line) -> Draft | None:
    told = told_of(work, line)
    if told is None:
        return None
    key = outside_key(told.grid_code, told.outside_number)
    known = work.session.scalar(select(Matter).where(Matter.outside_key == key))
    if known is not None:
        _compare(work, line, told, known)
        return None
    try:
        with work.session.begin_nested():
            order = matters.report(work.session, told, clock.now())
    except RuleError as refusal:
        name = refusal.field or ""
        column = {"category_id": "category"}.get(name, name) or None
        reason = REASON_OF.get(name, "refused_by_database")
        work.fail(line, reason, column, kept(refusal.message))
        return None
    except (Forbidden, OutOfScope):
        work.fail(line, "out_of_scope", "grid_code")
        return None
    except IntegrityError:
        work.fail(line, "known_elsewhere", "outside_number")
        return None
    line.outcome = "created"
    return _draft(work, line, told, order)


def _draft(work: Work, line: Line, told: Report, order: WorkOrder) -> Draft:
    values: dict[str, Any] = {
        "grid_code": order.grid_code,
        "kind": order.kind,
        "summary": told.summary,
        "place": told.place,
        "urgency": order.urgency,
        "channel": told.channel,
        "reporter_name": told.reporter_name,
        "reporter_contact": told.reporter_contact,
    }
    label = told.outside_number or ""
    if not work.options.dry_run:  # a number that is given and taken back says nothing
        label = f"{order.number} {label}"
    return Draft(Matter, values, label, lines=[line], row_id=order.matter_id)


def told_of(work: Work, line: Line) -> Report | None:
    """What a line reports; None, with the line rejected, where something is missing."""
    code = line["grid_code"] or own_grid(work.identity)
    if code is None:
        work.fail(line, "grid_missing", "grid_code")
        return None
    if not work.may_write(line, Matter, code):
        return None
    category = work.memory.find(line["category"])
    if isinstance(category, str):
        work.fail(line, category, "category")
        return None
    summary, detail = words_of(line["summary"], line["detail"])
    if summary is None:
        work.fail(line, "words_missing", "detail")
        return None
    return Report(
        category_id=category.id,
        grid_code=code,
        summary=summary,
        channel=line["channel"] or HOTLINE,
        detail=detail,
        place=line["place"],
        urgency=line["urgency"],
        reporter_name=line["reporter_name"],
        reporter_contact=line["reporter_contact"],
        outside_number=line["outside_number"],
        reported_at=line["reported_at"],
        outside_due_at=line["due_by"],
    )


def own_grid(identity: scope.Identity) -> str | None:
    """Where a matter without a grid is taken in: the one grid of whoever imports it."""
    own = identity.prefixes(roles.WRITE, "Matter")
    return own[0] if len(own) == 1 and own[0] else None


def words_of(summary: str | None, detail: str | None) -> tuple[str | None, str | None]:
    """The sentence and what more there is to say, of what a file has of both: the sentence is the
    first of the text where there is none, and a short text is the sentence.
    """
    if summary is None and detail is not None:
        if len(detail) <= CUT and "\n" not in detail:
            return detail, None
        ends = [at for sign in ENDS if 0 < (at := detail.find(sign)) <= CUT]
        return detail[: min(ends, default=CUT)].strip() or None, detail
    if summary is not None and len(summary) > LONGEST_SUMMARY:
        whole = summary if detail is None else f"{summary}\n{detail}"
        return summary[:LONGEST_SUMMARY], whole
    return summary, detail


def _compare(work: Work, line: Line, told: Report, known: Matter) -> None:
    """The row of a matter that is on record: the same, or refused. What is not seen is told of as
    little as what is not there.
    """
    who = work.identity
    here = scope.within(Matter.grid_code, who.prefixes(roles.READ, "Matter"))
    shown = select(Matter.id).where(Matter.id == known.id, seen(Matter, who, here))
    if work.session.scalar(shown) is None:
        work.fail(line, "known_elsewhere", "outside_number")
        return
    pairs: list[tuple[Any, Any]] = [
        (told.category_id, known.category_id),
        (_lines(told.summary), _lines(known.summary)),
        (_lines(told.detail), _lines(known.detail)),
        (told.place, known.place),
        (told.reporter_name, known.reporter_name),
        (told.reporter_contact, known.reporter_contact),
        (told.urgency, known.urgency),
        (line["channel"], known.channel),
        (line["grid_code"], known.grid_code),
        (_minute(told.reported_at), _minute(known.reported_at)),
        (_minute(told.outside_due_at), _minute(known.outside_due_at)),
    ]
    if any(new is not None and new != old for new, old in pairs):
        work.fail(line, "known_otherwise", "outside_number")


# A form knows minutes only, and ends its lines in its own way: a slip that was pasted and reported
# is the same matter as its row.
def _minute(value: datetime | None) -> datetime | None:
    return clock.aware(value).replace(second=0, microsecond=0) if value is not None else None


def _lines(value: str | None) -> str | None:
    return "\n".join(value.splitlines()) if value is not None else None


def _key(line: Line) -> tuple[str, str] | None:
    number = line["outside_number"]
    return ((line["grid_code"] or "")[:12], number) if number else None


MATTERS = Kind(
    "matters",
    COLUMNS,
    Matter,
    (Matter,),
    key=_key,
    at_once=AT_ONCE,
    enter=enter,
    take_back=take_back,
    first_counts=True,
    told_back=TOLD_BACK,
)
