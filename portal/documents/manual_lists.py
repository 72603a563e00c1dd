"""Chapters 10 to 13 and the annexes: ledgers, indicators, telephones, matters, blank forms."""

from collections.abc import Iterable
from typing import Any

from portal.documents.manual_parts import BLANK, Context, blanks, head, para, table
from portal.documents.manual_text import Block, english, read_csv, read_yaml
from portal.documents.manual_words import leads, matter_kinds, routes
from portal.queries.manual_record import ManualHotline
from portal.rules.defaults import community_hotlines

FIRST = ("110", "119", "120", "122", "96110")
REPAIR = ("供水", "供电", "供热", "供气", "燃气", "环卫", "园林")
ELSEWHERE = ("street", "unit", "police", "org", "property", "committee")
# Schemes of assessment that concern a post, by the level of the post.
SCHEMES = {"cell": ("worker_month", "cell_quarter"), "block": ("cell_quarter",),
           "area": ("area_quarter",)}  # fmt: skip


def ledgers(ctx: Context, _arg: str) -> Iterable[Block]:
    """Which paper each ledger replaces, and room for the day on which it stops."""
    _ = ctx.say
    papers = english()["ledgers"]
    rows = [
        (
            line["code"],
            line["en"] if ctx.english else line["zh"],
            papers[line["code"]] if ctx.english else line["replaces_paper"],
            BLANK,
        )
        for line in read_csv("ledgers.csv")
    ]
    titles = (_("No."), _("Ledger of the portal"), _("Paper that stops"), _("Stops on"))
    yield table(titles, rows, (9, 39, 32, 20), _("Ledgers"))


def indicators(ctx: Context, _arg: str) -> Iterable[Block]:
    """The schemes of assessment that concern the edition: indicators, weights, full and zero."""
    _ = ctx.say
    chosen = _schemes(ctx)
    titles = (_("Indicator"), _("Weight"), _("How it is calculated"), _("Full"), _("Zero"))
    for scheme in read_yaml("assessment.yaml")["schemes"]:
        if scheme["code"] in chosen:
            yield head(scheme["en" if ctx.english else "zh"].partition(" (self")[0])
            rows = [_indicator(ctx, line) for line in scheme["indicators"]]
            if ctx.english:  # formulas are on record in Chinese
                rows = [(row[0], row[1], row[3], row[4]) for row in rows]
                heads = (titles[0], titles[1], titles[3], titles[4])
                yield table(heads, rows, (58, 14, 14, 14))
            else:
                yield table(titles, rows, (32, 9, 41, 9, 9))


def _schemes(ctx: Context) -> tuple[str, ...]:
    every = ("worker_month", "cell_quarter", "area_quarter", "award_year")
    if ctx.record.edition == "community":
        return every
    levels = {post.level for post in ctx.posts()}
    found = {code for level in levels for code in SCHEMES.get(level, ())}
    return tuple(code for code in every if code in found) or every[:1]


def _indicator(ctx: Context, line: dict[str, Any]) -> tuple[str, ...]:
    name = line["en" if ctx.english else "zh"]
    formula = line.get("formula") or line.get("note") or line.get("why") or ""
    return (f"{line['code']} {name}", f"{line['weight']}", formula, _mark(line["full"]),
            _mark(line["zero"]))  # fmt: skip


def _mark(value: float) -> str:
    """A share as per cent, a count as it is."""
    return f"{value:.0%}" if isinstance(value, float) else str(value)


def phones(ctx: Context, which: str) -> Iterable[Block]:
    """A group of telephones; what the community has not entered is left to write in."""
    _ = ctx.say
    lines = [line for line in lines_of(ctx) if group_of(line) == which]
    if which == "emergency":
        lines.sort(key=lambda line: FIRST.index(line.number))
    rows = [
        (ctx.line_name(line), line.number or BLANK, ctx.hours(line.hours) if line.hours else "")
        for line in lines
    ]
    if which == "community":
        rows += _heads(ctx)
    yield table((_("Whom to call"), _("Telephone"), _("Hours")), rows, (46, 30, 24), "", "phones")


def lines_of(ctx: Context) -> list[ManualHotline]:
    """The hotlines on record, and the ones the community still has to enter."""
    known = {line.name_zh for line in ctx.record.hotlines}
    more = [
        ManualHotline(
            line["scope"],
            "",
            line["name"],
            line["name_en"] or line["name"],
            line["hours"] or "",
            bool(line["supervision"]),
        )
        for line in community_hotlines()
        if line["name"] not in known
    ]
    return [*ctx.record.hotlines, *more]


def group_of(line: ManualHotline) -> str:
    if line.scope == "national" and line.number in FIRST:
        return "emergency"
    if line.scope in ("community", "street", "grid"):
        return "community"
    if any(word in line.name_zh for word in REPAIR):
        return "repair"
    return "service" if line.scope == "national" else "property"


def _heads(ctx: Context) -> list[tuple[str, str, str]]:
    """Public telephones of the people on the way up from the grid."""
    _ = ctx.say
    own = ctx.record.code
    roles = (
        "grid_worker",
        "grid_leader",
        "cell_head",
        "block_head",
        "area_head",
        "office_director",
    )
    rows: dict[tuple[str, str], tuple[str, str, str]] = {}
    for person in ctx.record.people:
        if person.role in roles and person.phone and own.startswith(person.grid_code):
            key = f"{ctx.post_name(person.role)} {person.name}"
            rows.setdefault((person.name, person.phone), (key, person.phone, ""))
    return list(rows.values())


def certificates(ctx: Context, _arg: str) -> Iterable[Block]:
    """Room for the list that the community publishes."""
    _ = ctx.say
    titles = (_("No."), _("Certificate"), _("Item of the local list"), _("Papers to bring"),
              _("Issued within"))  # fmt: skip
    yield blanks(titles, 8, (7, 31, 22, 24, 16), _("Certificates on the list, to be filled in"))


def matters(ctx: Context, _arg: str) -> Iterable[Block]:
    """Every category by kind and group; the manual of a post has the common ones."""
    _ = ctx.say
    every = ctx.record.edition != "post"
    groups, items = _categories()
    titles = (_("Group, and who takes the lead"), _("Categories"))
    for kind, name in matter_kinds(_).items():
        rows = []
        for group in groups[kind]:
            members = [i for i in items[group["code"]] if every or _chosen(i)]
            if members:
                lead = leads(_)[group["lead"]]
                label = f"{_category(ctx, group)}{_(' (')}{lead}{_(')')}"
                rows.append((label, _("; ").join(_item(ctx, member) for member in members)))
        if rows:
            yield head(name)
            yield table(titles, rows, (30, 70), "", "dense")


def _chosen(item: dict[str, str]) -> bool:
    return bool(item["common"]) or item["urgency"] == "immediate"


def _categories() -> tuple[dict[str, list[dict[str, str]]], dict[str, list[dict[str, str]]]]:
    """Groups by kind, and items by group."""
    groups: dict[str, list[dict[str, str]]] = {}
    items: dict[str, list[dict[str, str]]] = {}
    for line in read_csv("matter_categories.csv"):
        if line["parent"]:
            items.setdefault(line["parent"], []).append(line)
        else:
            groups.setdefault(line["kind"], []).append(line)
    return groups, items


def _category(ctx: Context, line: dict[str, str]) -> str:
    return f"{line['code']} {line['en'] if ctx.english else line['zh']}"


def _item(ctx: Context, item: dict[str, str]) -> str:
    _ = ctx.say
    marks = []
    if item["urgency"] == "immediate":
        marks.append(_("Immediate"))
    elif item["urgency"] == "urgent":
        marks.append(_("Urgent"))
    if item["visibility"] == "restricted":
        marks.append(_("handlers only"))
    star = "★" if item["common"] else ""
    behind = f"{_(' (')}{_(', ').join(marks)}{_(')')}" if marks else ""
    return f"{star}{item['code'][-2:]} {item['en'] if ctx.english else item['zh']}{behind}"


def not_ours(ctx: Context, _arg: str) -> Iterable[Block]:
    """Groups that others handle: to whom they go, and what the community does."""
    _ = ctx.say
    notes, words = english()["groups"], routes(_)
    kinds, groups = matter_kinds(_), _categories()[0]
    for kind, lines in groups.items():
        rows = []
        for group in lines:
            away = group["lead"] in ELSEWHERE or group["route"] != "handle"
            if away and group["route"] in words:
                note = notes.get(group["code"], "") if ctx.english else group["note"]
                done = words[group["route"]]
                rows.append((_category(ctx, group), leads(_)[group["lead"]], done, note))
        if rows:
            yield head(kinds[kind])
            titles = (_("Matter"), _("Goes to"), _("The community"), _("Mind"))
            yield table(titles, rows, (28, 20, 24, 28), "", "dense")


def assembly(ctx: Context, _arg: str) -> Iterable[Block]:
    """Room for assembly points and ways out."""
    _ = ctx.say
    titles = (_("No."), _("Buildings"), _("Way out"), _("Assembly point"), _("Leads"), _("Counts"))
    yield blanks(titles, 6, (7, 21, 24, 22, 13, 13), _("Assembly points, to be filled in"))


def supplies(ctx: Context, _arg: str) -> Iterable[Block]:
    """Room for what lies ready."""
    _ = ctx.say
    titles = (_("No."), _("What"), _("How many"), _("Where"), _("Who has the key"), _("Checked on"))
    yield para(_("Emergency supplies:"))
    yield blanks(titles, 6, (7, 28, 12, 23, 15, 15))
