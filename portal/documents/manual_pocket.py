"""The pocket card: chapters 4, 6 and 13 in brief on one sheet, and the blank forms."""

from collections.abc import Iterable

from portal.documents.manual_lists import FIRST, group_of, lines_of
from portal.documents.manual_parts import Context
from portal.documents.manual_text import Block, chapter, read_yaml
from portal.documents.manual_words import grades, matter_kinds, when
from portal.documents.manual_work import attended, called

MOST_DUTIES, MOST_LINES = 9, 9


def pocket(ctx: Context, which: str) -> Iterable[Block]:
    """A panel of the card."""
    _ = ctx.say
    yield Block("list", items=tuple(PANELS[which](ctx)))


def _cover(ctx: Context) -> Iterable[str]:
    _ = ctx.say
    record = ctx.record
    yield record.name
    if record.subject:
        yield ctx.post_name(record.subject)
        yield f"{_('Holder')}{_(': ')}{_(', ').join(record.holders) or '____________'}"
    yield record.publisher
    yield f"{_('Found? Please give it back to')}{_(': ')}{record.community}"
    yield _("Fold in four, then once across.")


def _calls(ctx: Context) -> Iterable[str]:
    lines = [line for line in ctx.record.hotlines if line.number in FIRST]
    for line in sorted(lines, key=lambda line: FIRST.index(line.number)):
        yield f"{line.number} {ctx.line_name(line)}"


def _duties(ctx: Context) -> Iterable[str]:
    for duty in ctx.duties()[:MOST_DUTIES]:
        yield ctx.title(duty)


def _plan(ctx: Context) -> Iterable[str]:
    for meeting in attended(ctx)[:4]:
        yield f"{called(ctx, meeting)}{ctx.say(': ')}{when(meeting.rrule, ctx.say)} {meeting.start}"


def _numbers(ctx: Context) -> Iterable[str]:
    for line in [line for line in lines_of(ctx) if group_of(line) == "community"][:MOST_LINES]:
        yield f"{ctx.line_name(line)} {line.number or '____________'}"


def _repair(ctx: Context) -> Iterable[str]:
    chosen = [line for line in lines_of(ctx) if group_of(line) in ("repair", "property")]
    for line in chosen[:MOST_LINES]:
        yield f"{ctx.line_name(line)} {line.number or '____________'}"


def _urgency(ctx: Context) -> Iterable[str]:
    _ = ctx.say
    clocks = read_yaml("time_limits.yaml")["urgency"]
    hours = {
        "control": clocks["immediate"]["control"]["hours"],
        "there": clocks["urgent"]["on_site"]["hours"],
        "end": clocks["urgent"]["control"]["hours"],
    }
    yield _("Immediate: at once, under control within %(control)s hours") % hours
    yield _("Urgent: there within %(there)s hours, under control within %(end)s") % hours
    yield _("Normal: by the limit of its kind")


def _limits(ctx: Context) -> Iterable[str]:
    _ = ctx.say
    names = "/".join(grades(_).values())
    yield f"{names}{_(', working days')}"
    for kind, clock in read_yaml("time_limits.yaml")["limits"].items():
        if kind != "petition":
            days = "/".join(str(clock[grade]) for grade in ("general", "difficult", "major"))
            yield f"{matter_kinds(_)[kind]} {days}"


PANELS = {
    "cover": _cover,
    "calls": _calls,
    "duties": _duties,
    "plan": _plan,
    "numbers": _numbers,
    "repair": _repair,
    "urgency": _urgency,
    "limits": _limits,
}


def forms(ctx: Context, _arg: str) -> Iterable[Block]:
    """The blank forms of ``forms.txt``: a section each; a row holds one or two fields."""
    for section in chapter(ctx.record.lang, "forms"):
        for block in section.blocks:
            if block.kind == "table":
                rows = (block.head, *block.rows)
                yield Block("form", section.title, rows=rows)
