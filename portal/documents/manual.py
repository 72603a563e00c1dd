"""The work manual of a grid or of one of its posts: record to PDF.

Its chapters stand in ``defaults/work_manual.yaml``, their text in ``defaults/manual``; what is the
grid's own comes from the record (``portal.queries.manual``).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from portal.documents import (
    manual_figures,
    manual_grids,
    manual_lists,
    manual_people,
    manual_pocket,
    manual_signs,
    manual_work,
)
from portal.documents.manual_parts import Context
from portal.documents.manual_text import Block, Section, chapter, read_yaml
from portal.documents.paper import Frame, paper_html, render_paper
from portal.documents.template import translations
from portal.queries.board_record import Edition
from portal.queries.manual_record import ManualIssue, ManualRecord

CSS = "manual.css"
TEMPLATE = "manual.html"
ANNEXES = ("annex1", "annex2", "annex3", "annex4")
# What the manual of a post leaves out: the list of certificates is at the counter.
OF_POSTS = ("annex2", "annex3", "annex4")
# Posts without an account do not register, dispatch or assess: they need these chapters only.
WITHOUT_ACCOUNT = (1, 3, 4, 8, 9, 11, 13)

Make = Callable[[Context, str], Iterable[Block]]
MAKERS: dict[str, Make] = {
    "areas": manual_people.areas,
    "assembly": manual_lists.assembly,
    "bounds": manual_grids.bounds,
    "certificates": manual_lists.certificates,
    "duties": manual_work.duties,
    "figure": manual_figures.figure_of,
    "forms": manual_pocket.forms,
    "grids": manual_grids.grids,
    "households": manual_grids.households,
    "indicators": manual_lists.indicators,
    "leading": manual_people.leading,
    "ledgers": manual_lists.ledgers,
    "limits": manual_work.limits,
    "linked": manual_people.linked,
    "map": manual_grids.map_of,
    "matters": manual_lists.matters,
    "neighbours": manual_grids.neighbours_of,
    "not_ours": manual_lists.not_ours,
    "organisations": manual_grids.organisations,
    "overview": manual_grids.overview,
    "petition": manual_work.petition,
    "phones": manual_lists.phones,
    "plan": manual_work.plan,
    "pocket": manual_pocket.pocket,
    "posts": manual_people.posts,
    "regulations": manual_work.regulations,
    "roster": manual_people.roster,
    "rules": manual_work.rules,
    "sign": manual_signs.sign,
    "signoff": manual_people.signoff,
    "supplies": manual_lists.supplies,
    "teams": manual_people.teams,
    "urgency": manual_work.urgency,
    "warnings": manual_work.warnings,
}


@dataclass(frozen=True)
class Part:
    """A chapter or an annex, ready to set."""

    label: str
    title: str
    sections: tuple[Section, ...]
    plain: bool = False  # an annex of a single section has no heading below its own


def render_manual(record: ManualRecord, edition: Edition, size: str = "a4") -> tuple[bytes, int]:
    """PDF bytes and number of pages of a manual; ``size`` is a4.

    Raises RuleError where a word is wider than the page.
    """
    return render_paper(TEMPLATE, _frame(record), edition, CSS, **_context(record, edition))


def manual_html(record: ManualRecord, edition: Edition) -> str:
    """The manual as one HTML page that needs nothing else but its style sheets."""
    return paper_html(TEMPLATE, _frame(record), edition, **_context(record, edition))


def _frame(record: ManualRecord) -> Frame:
    _ = translations(record.lang).gettext
    ctx = Context(record, _)
    facts = [(_("Grid code"), record.code)]
    if record.subject:
        facts.append((_("Post"), ctx.post_name(record.subject)))
        facts.append((_("Holder"), _(", ").join(record.holders) or "____________"))
    return Frame(
        record.lang,
        title=_("Work manual"),
        name=record.name,
        url=record.url,
        publisher=record.publisher,
        above=record.above,
        facts=tuple(facts),
    )


def _context(record: ManualRecord, edition: Edition) -> dict[str, Any]:
    ctx = Context(record, translations(record.lang).gettext)
    issue = ManualIssue(edition.number, edition.issue_no, edition.issued_on.isoformat(), 0)
    earlier = [each for each in record.history if each.issue_no < edition.issue_no]
    return {
        "post": ctx.post_name(record.subject) if record.subject else "",
        "issues": [issue, *reversed(earlier)],
        "guide": chapter(record.lang, "front")[0],
        "parts": parts_of(record),
        "panels": [_filled(ctx, section) for section in chapter(record.lang, "pocket")],
    }


def parts_of(record: ManualRecord) -> list[Part]:
    """The chapters and annexes of a manual, filled with what the record says."""
    return list(_parts(Context(record, translations(record.lang).gettext)))


def _parts(ctx: Context) -> Iterable[Part]:
    """The chapters and annexes that the edition has."""
    _, record = ctx.say, ctx.record
    outline = read_yaml("work_manual.yaml")
    slim = record.edition == "post" and not ctx.posts()[0].account
    for number, line in enumerate(outline["chapters"], 1):
        if not slim or number in WITHOUT_ACCOUNT:
            sections = chapter(record.lang, f"ch{number:02d}")
            named = zip(sections, line["sections"], strict=True)
            filled = tuple(_filled(ctx, section, title) for section, title in named)
            yield Part(str(number), line["en" if ctx.english else "zh"], _kept(filled))
    for at, (name, title) in enumerate(zip(ANNEXES, outline["annexes"], strict=True), 1):
        if record.edition == "post" and name not in (ANNEXES[3:] if slim else OF_POSTS):
            continue
        sections = tuple(_filled(ctx, part, title) for part in chapter(record.lang, name))
        label = _("Annex %(number)s") % {"number": at}
        heading = sections[0].title if ctx.english else title
        yield Part(label, heading, sections, plain=len(sections) == 1)


def _filled(ctx: Context, section: Section, title: str = "") -> Section:
    """A section with what the record supplies, and with its title."""
    blocks: list[Block] = []
    for block in section.blocks:
        if block.kind == "data":
            name, _space, arg = block.text.partition(" ")
            blocks += MAKERS[name](ctx, arg)
        else:
            blocks.append(block)
    return Section(section.title or title, tuple(blocks))


def _kept(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """A section that has nothing for this edition is left out."""
    return tuple(section for section in sections if section.blocks)
