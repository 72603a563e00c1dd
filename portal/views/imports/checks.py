"""The check of an uploaded file as its page shows it, and what is asked with its form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.models import Task
from portal.rules import importing
from portal.rules.imports import KINDS
from portal.rules.imports.decisions import Decisions, decided
from portal.rules.imports.layout import Layout
from portal.views.imports import proposals, words
from portal.views.work import Work, worded

RENAMING = ("divisions", "boundaries")  # kinds whose names may replace existing ones


@dataclass(frozen=True)
class KindShown:
    """A kind of rows with its columns, the needed ones first named."""

    name: str
    text: str
    needed: str
    others: str


@dataclass(frozen=True)
class FileColumn:
    """A column of the file: its name there, its first cells, and what it is taken for."""

    place: int
    header: str
    first: list[str]
    chosen: str


@dataclass(frozen=True)
class CheckPage:
    """Everything on the page of a check. ``ready``: it can be imported; ``gone``: file and result
    were kept for their time; ``taken_url``: it was imported already; ``matches``: rows that look
    like somebody on record, ``matches_told`` as the check told of them.
    """

    id: int
    kind: str
    kind_text: str
    name: str
    work: Work
    told: words.Told | None = None
    samples: list[words.Sample] = field(default_factory=list)
    columns: list[FileColumn] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0
    sheet: int = 1
    sheets: int = 1
    row: int = 1
    is_table: bool = True
    may_rename: bool = False
    rename: bool = False
    ready: bool = False
    wanted: int = 0
    gone: bool = False
    taken_url: str | None = None
    errors: list[str] = field(default_factory=list)
    matches: proposals.Shown | None = None
    matches_told: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Asked:
    """What the form of a check asks for: columns in ``layout`` (None: propose them anew), the sheet
    and header row, or what is wrong with it."""

    layout: Layout | None
    at: tuple[int, int]
    rename: bool
    columns: list[FileColumn]
    errors: list[str]


def kind_shown(kind: str) -> KindShown:
    """A kind with its columns in words."""
    columns = KINDS[kind].columns
    needed = [words.column_label(kind, c.name) for c in columns if c.required]
    others = [words.column_label(kind, c.name) for c in columns if not c.required]
    comma = _(", ")
    return KindShown(kind, words.kind_name(kind), comma.join(needed), comma.join(others))


def page(session: Session, check: Task) -> CheckPage:
    """The page of a check."""
    params = importing.params_of(check)
    kind = params["kind"]
    found = CheckPage(
        check.id,
        kind,
        words.kind_name(kind),
        params["name"],
        worded(check),
        may_rename=kind in RENAMING,
        rename=params.get("rename", False),
        is_table=KINDS[kind].shape == "table",
    )
    taken = importing.taken_by(session, check)
    if taken is not None and taken.state not in ("failed", "cancelled"):
        found = replace(found, taken_url=f"/tasks/{taken.id}")
    if check.state != "done":
        return found
    if not check.report:
        return replace(found, gone=True)
    return _reported(session, found, json.loads(check.report))


def _reported(session: Session, found: CheckPage, report: Mapping[str, Any]) -> CheckPage:
    matches = report.get("matches")
    seen = report["outline"]
    told = words.told(found.kind, proposals.without(report["report"], matches))
    found = replace(found, told=told, samples=words.samples(session, report["samples"]))
    if matches:
        found = replace(found, matches=proposals.shown(matches), matches_told=matches)
    if not seen:
        return found
    layout = seen["layout"]
    columns = [
        FileColumn(place, header, seen["first"][place], _at(layout["columns"], place))
        for place, header in enumerate(seen["header"])
    ]
    names = [c.name for c in KINDS[found.kind].columns if c.name != "geometry"]
    wanted = told.created + told.updated
    return replace(
        found,
        columns=columns,
        options=[(name, words.column_label(found.kind, name)) for name in names],
        rows=seen["rows"],
        sheet=layout["sheet"] + 1,
        sheets=seen["sheets"],
        row=layout["row"] + 1,
        ready=not told.refused_file and bool(wanted or matches) and found.taken_url is None,
        wanted=wanted,
    )


def decisions(page: CheckPage, form: Mapping[str, str]) -> Decisions | None:
    """What was chosen for the rows that look like somebody on record; None without such rows."""
    if page.matches_told is None:
        return None
    chosen = {row["row"]: form.get(f"m{row['row']}", "") for row in page.matches_told["rows"]}
    return decided(page.matches_told, form.get("every", ""), chosen)


def _at(columns: list[str], place: int) -> str:
    return columns[place] if place < len(columns) else ""


def asked(page: CheckPage, form: Mapping[str, str]) -> Asked:
    """What was chosen on the page of a check."""
    sheet = _number(form.get("sheet"), page.sheet)
    row = _number(form.get("row"), page.row)
    at = (sheet - 1, row - 1)
    rename = page.may_rename and bool(form.get("rename"))
    known = {name for name, _label in page.options}
    columns = [
        replace(column, chosen=value if value in known else "")
        for column in page.columns
        if (value := form.get(f"c{column.place}", "")) is not None
    ]
    if (sheet, row) != (page.sheet, page.row):
        return Asked(None, at, rename, columns, [])
    errors = _wrong(page, columns)
    layout = Layout(tuple(column.chosen for column in columns), *at)
    return Asked(layout, at, rename, columns, errors)


def _wrong(page: CheckPage, columns: list[FileColumn]) -> list[str]:
    chosen = [column.chosen for column in columns if column.chosen]
    told = dict(page.options)
    errors = [
        _("Only one column can be “%(name)s”: choose what the others are.", name=told[name])
        for name in dict.fromkeys(chosen)
        if chosen.count(name) > 1
    ]
    if page.is_table:
        missing = [told[c.name] for c in KINDS[page.kind].required if c.name not in chosen]
        errors += [_("Say which column is “%(name)s”.", name=name) for name in missing]
    return errors


def _number(text: str | None, otherwise: int) -> int:
    """A number from 1 that was typed; what it was before where it is none."""
    good = text is not None and text.isascii() and text.isdigit() and 0 < len(text) < 8
    return max(1, int(text)) if good and text is not None else otherwise
