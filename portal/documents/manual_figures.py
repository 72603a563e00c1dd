"""The figures of the manual: levels, the way of a matter, the ladder, what to do first, a visit."""

from collections.abc import Callable, Iterable

from portal.documents.figure import figure
from portal.documents.fitting import ems
from portal.documents.manual_drawing import (
    GOLD,
    GREEN,
    GREY,
    INK,
    NAVY,
    PALE,
    RED,
    SAND,
    SKY,
    WHITE,
    arrow,
    box,
    circle,
    rect,
    svg,
    wrapped,
    write,
)
from portal.documents.manual_parts import Context
from portal.documents.manual_text import Block

LEVELS = ("community", "area", "block", "cell")


def figure_of(ctx: Context, name: str) -> Iterable[Block]:
    """The figure called ``name``."""
    drawing, text = FIGURES[name](ctx)
    yield Block("figure", text, markup=figure(drawing, text))


def levels(ctx: Context) -> tuple[str, str]:
    """The four levels with their numbers, and the services that come in."""
    _ = ctx.say
    names = {
        "community": _("Community"),
        "area": _("Area"),
        "block": _("Block"),
        "cell": _("Cell"),
    }
    who = {
        "community": _("Leading group and its office"),
        "area": _("Sponsoring leader, head of the area, clerk, patrol"),
        "block": _("Section cadre"),
        "cell": _("Grid leader, grid worker, information officer, volunteers"),
    }
    parts = []
    for at, level in enumerate(LEVELS):
        width, y = 300 + at * 90, 16 + at * 86
        x = 310 - width / 2
        count = len(ctx.grids(level))
        parts.append(box(x, y, width, 44, f"{names[level]} {count}", NAVY, WHITE, 24, bold=True))
        parts.append(box(x, y + 44, width, 28, who[level], SKY, INK, 17))
        if at:
            parts.append(arrow([(310, y - 14), (310, y)], GREY))
    services = (
        _("Community police"),
        _("Family doctor"),
        _("Justice office"),
        _("Property company"),
        _("Municipal repair units"),
    )
    parts.append(write(820, 34, _("Services come into the grid"), 20, RED, "middle", bold=True))
    for at, name in enumerate(services):
        y = 52 + at * 58
        parts.append(box(690, y, 260, 46, name, PALE, INK, 20))
        parts.append(arrow([(690, y + 23), (610, y + 23)], RED))
    return svg(1000, 366, *parts), _("Four levels, and the services that come into them")


def flow(ctx: Context) -> tuple[str, str]:
    """Six steps in a row, with the ways back."""
    _ = ctx.say
    steps = (
        (_("Intake"), _("within 1 working day")),
        (_("Dispatch"), _("grade, person, deadline")),
        (_("Handling"), _("take it, go there, act")),
        (_("Result"), _("what came of it")),
        (_("Check"), _("by somebody else")),
        (_("Return visit"), _("within 3 working days")),
    )
    parts = []
    for at, (name, note) in enumerate(steps):
        x = 10 + at * 166
        parts.append(box(x, 120, 136, 56, name, NAVY, WHITE, 24, bold=True))
        lines = wrapped(note, 160, 17)
        parts.append(write(x + 68, 200, lines, 17, GREY, "middle"))
        if at:
            parts.append(arrow([(x - 30, 148), (x, 148)], INK))
    top = _("Settle on the spot: general, can be done at once")
    parts += [
        arrow([(78, 120), (78, 56), (908, 56), (908, 120)], GREEN),
        box(270, 30, 460, 44, top, "#e6f0e4", GREEN, 20, GREEN),
        arrow([(742, 246), (742, 290), (410, 290), (410, 246)], RED, dashed=True),
        box(470, 270, 214, 40, _("not good enough: again"), WHITE, RED, 18, RED),
        arrow([(908, 246), (908, 350), (380, 350), (380, 246)], RED, dashed=True),
        box(560, 332, 230, 40, _("not satisfied: once more"), WHITE, RED, 18, RED),
        arrow([(78, 246), (78, 290)], GREY, dashed=True),
        box(10, 290, 260, 62, _("Not ours: ground and destination within 2 working days"), SAND,
            INK, 17, GREY),
    ]  # fmt: skip
    return svg(1000, 384, *parts), _("How a matter goes: six steps, and the ways back")


def ladder(ctx: Context) -> tuple[str, str]:
    """From the cell up to the street."""
    _ = ctx.say
    steps = (
        (_("Cell"), _("settles what is general")),
        (_("Block"), _("helps, takes over if need be")),
        (_("Area"), _("dispatches, coordinates")),
        (_("Community"), _("sponsoring leader and station analyse together")),
        (_("Street"), _("separate clock")),
    )
    parts = []
    for at, (name, note) in enumerate(steps):
        x, height = 10 + at * 198, 96 + at * 48
        fill = NAVY if at < 4 else RED
        parts.append(rect(x, 340 - height, 186, height, SKY if at < 4 else PALE, r=4))
        parts.append(box(x, 340 - height, 186, 42, name, fill, WHITE, 23, bold=True))
        parts.append(write(x + 93, 340 - height + 68, wrapped(note, 172, 18), 18, INK, "middle"))
    for at in range(4):
        x, y = 10 + at * 198 + 92, 340 - 96 - at * 48
        parts.append(arrow([(x, y), (x, y - 26), (x + 112, y - 26)], RED))
    up = wrapped(_("half the time gone without progress: report upwards, or ask for help"), 330, 19)
    parts += [
        write(20, 60, up, 19, RED, bold=True),
        arrow([(990, 372), (20, 372)], GREEN),
        box(300, 354, 400, 36, _("the result comes back level by level"), WHITE, GREEN, 18, GREEN),
    ]
    return svg(1000, 400, *parts), _("The ladder: help first, take over if need be")


def decide(ctx: Context) -> tuple[str, str]:
    """Four questions, in this order."""
    _ = ctx.say
    asked = (
        (_("Danger to life?"), _("Call 110, 119, 120 first; told in 15 minutes"), RED, _("yes")),
        (_("Is it ours?"), _("Say whose it is, on what ground"), GREY, _("no")),
        (_("General, and done at once?"), _("Settle on the spot"), GREEN, _("yes")),
        (_("Half the time gone without progress?"), _("Report upwards, or ask for help"), RED,
         _("yes")),
    )  # fmt: skip
    parts = []
    for at, (question, answer, colour, word) in enumerate(asked):
        y = 10 + at * 92
        parts.append(box(30, y, 360, 62, question, SAND, INK, 22, GOLD, bold=True))
        parts.append(arrow([(390, y + 31), (500, y + 31)], colour))
        parts.append(write(445, y + 22, word, 17, colour, "middle", bold=True))
        parts.append(box(500, y, 470, 62, answer, WHITE, colour, 22, colour))
        parts.append(arrow([(210, y + 62), (210, y + 92)], INK))
        other = _("no") if word == _("yes") else _("yes")
        parts.append(write(226, y + 84, other, 17, INK, bold=True))
    last = _("Handle, answer, have it checked, visit again")
    parts.append(box(30, 378, 360, 62, last, NAVY, WHITE, 22, bold=True))
    return svg(1000, 450, *parts), _("Which way: four questions in this order")


def visit(ctx: Context) -> tuple[str, str]:
    """Five steps of a visit."""
    _ = ctx.say
    steps = (
        (_("Prepare"), _("what is due, the card")),
        (_("Knock"), _("one step back, say why")),
        (_("Enter"), _("only when asked in")),
        (_("Do"), _("four things at once")),
        (_("Leave"), _("say when an answer comes")),
    )
    parts = []
    for at, (name, note) in enumerate(steps):
        x = 8 + at * 198
        tip = x + 190
        chevron = f"M{x} 12H{tip - 26}L{tip} 70L{tip - 26} 128H{x}L{x + 26} 70Z"
        if not at:
            chevron = f"M{x} 12H{tip - 26}L{tip} 70L{tip - 26} 128H{x}Z"
        parts.append(f'<path d="{chevron}" fill="{NAVY if at % 2 == 0 else RED}"/>')
        parts.append(circle(x + 50, 50, 21, WHITE))
        parts.append(write(x + 50, 58, str(at + 1), 23, NAVY, "middle", bold=True))
        size = min(26, 92 / max(ems(name), 1))
        parts.append(write(x + 78, 59, name, round(size, 1), WHITE, bold=True))
        parts.append(write(x + 98, 96, wrapped(note, 136, 16), 16, WHITE, "middle"))
    return svg(1000, 140, *parts), _("A visit in five steps")


FIGURES: dict[str, Callable[[Context], tuple[str, str]]] = {
    "levels": levels,
    "flow": flow,
    "ladder": ladder,
    "decide": decide,
    "visit": visit,
}
