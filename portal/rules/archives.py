"""Grid archives (P1, 网格档案): overview, buildings, organisations, places, team, change history.

An archive may be issued whatever is missing: it says so. A new version is due when anything in it
changed but the list of documents issued meanwhile, which have versions of their own, and the far
sides of the grids around, which only its map shows.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import OutOfScope, RuleError
from portal.models import Grid, Post
from portal.models.choices import (
    BASES,
    CELL_KINDS,
    DIFFICULTIES,
    DOCUMENT_KINDS,
    FINDING_KINDS,
    LEVELS,
    ORIGINS,
    TEAM_KINDS,
)
from portal.queries import archives as queries
from portal.queries import regrid_history
from portal.queries.archive_record import (
    ArchivePaper,
    ArchiveRecord,
    ArchiveTeam,
    NextGrid,
    PartGrid,
    PostDuties,
    TeamMember,
)
from portal.queries.board_record import BoardHotline, Shape
from portal.queries.boards import ENGLISH_TIMES, around, publisher
from portal.queries.grid_checks import grid_records
from portal.queries.holders import Holder, first_shown, holders, people
from portal.queries.households import registered
from portal.queries.plans import HEADS, number_in
from portal.queries.settings import household_standards
from portal.rules import archive_history, archive_register, documents
from portal.rules.check_grids import check_grids
from portal.rules.geometry import area_m2, load_geometry, neighbours, perimeter_m
from portal.scope import CODE_LENGTHS

KIND = "grid-archive"
SPEC = documents.SPECS[KIND]
SIDES = ("east", "south", "west", "north")
MOST_FINDINGS = 200


def load_archive(session: Session, grid_code: str, lang: str) -> ArchiveRecord:
    """The record of a grid's archive as of today.

    Raises OutOfScope for an unknown grid, RuleError for one above the communities.
    """
    grid = queries.grid(session, grid_code)
    if grid is None:
        raise OutOfScope(f"no grid {grid_code}")
    with force_locale(lang):
        if grid.level not in SPEC.levels:
            raise RuleError(_("Only communities and the grids below them have one."))
        return _record(session, grid, lang)


def content_digest(record: ArchiveRecord) -> str:
    """SHA-256 of what makes another version of an archive, in hexadecimal digits."""
    return documents.digest_of(replace(record, around=(), papers=()))


def _record(session: Session, grid: Grid, lang: str) -> ArchiveRecord:
    english = lang == "en"
    code, shape = grid.code, Shape(grid.code, grid.name, grid.boundary or "")
    upper = queries.above(session, code)
    community = next((row.name for row in upper if len(row.code) == 12), grid.name)
    touching, beside = _neighbours(shape, around(session, grid))
    below = queries.parts(session, code)
    held = holders(session, Post.grid_code == code, english)
    changes, older = archive_history.changes(
        queries.log(session, [code, *regrid_history.former_codes(session, code)]),
        people(session, Post.grid_code == code, english),
        regrid_history.changes(session, code),
    )
    return ArchiveRecord(
        lang=lang,
        code=code,
        name=grid.name,
        level=grid.level,
        above=tuple(row.name for row in upper),
        facts=_facts(session, grid, [row.name for row in upper]),
        bounds=tuple(getattr(grid, f"bound_{side}") or "" for side in SIDES),
        note=grid.note or "",
        shape=shape,
        around=beside,
        below=tuple(Shape(row.code, row.name, row.boundary) for row in below if row.boundary),
        neighbours=touching,
        parts=_parts(session, code, below, english),
        roster=tuple(_member(one) for one in held),
        teams=_teams(session, code),
        duties=_duties(session, held, english),
        hotlines=_hotlines(session, code, english),
        changes=changes,
        older_changes=older,
        papers=_papers(session, code),
        findings=_findings(session, code),
        url=f"{current_app.config['PORTAL_PUBLIC_URL']}/directory/{code}",
        publisher=publisher(session, code, community),
        **archive_register.told(session, grid, below),
    )


def _facts(session: Session, grid: Grid, above: list[str]) -> tuple[tuple[str, str], ...]:
    facts = [
        (_("Code"), grid.code),
        (_("Level"), str(LEVELS[grid.level])),
        *([(_("Kind"), str(CELL_KINDS[grid.kind]))] if grid.kind else ()),
        (_("Belongs to"), " · ".join(above)),
        (_("Households"), _households(session, grid)),
        (_("Difficulty"), str(DIFFICULTIES.get(grid.difficulty or 0, ""))),
        (_("Address"), grid.address or ""),
        (_("Period in force"), _in_force(grid)),
    ]
    if grid.boundary:
        shape = load_geometry(grid.boundary)
        measured = _("%(area)s m², outline %(metres)s m") % {
            "area": f"{round(area_m2(shape)):,}",
            "metres": f"{round(perimeter_m(shape)):,}",
        }
        facts.append((_("Surface area"), measured))
    else:
        facts.append((_("Surface area"), _("no boundary on record")))
    return tuple(facts)


def _in_force(grid: Grid) -> str:
    dates = (grid.active_from, grid.active_to)
    return " – ".join(day.isoformat() if day else "…" for day in dates) if any(dates) else ""


def _households(session: Session, grid: Grid) -> str:
    """Registered homes or declared households against the standard of the kind (P1); of a wider
    grid those declared by its cells.
    """
    declared = grid.households_declared
    if grid.level != "cell":
        cells, told, total = queries.households_below(session, grid.code)
        summed = _("%(total)s in %(told)s of %(cells)s cells below") % {
            "total": total, "told": told, "cells": cells,
        }  # fmt: skip
        return f"{declared}{_('; ')}{summed}" if declared is not None else summed
    limits = household_standards(session).get(grid.kind or "")
    homes = registered(session, grid.code).get(grid.code)
    counts = declared if homes is None else homes
    words = "" if counts is None else str(counts)
    if homes is not None:
        words = _("%(homes)s registered (%(declared)s declared)") % {
            "homes": homes, "declared": "–" if declared is None else declared,
        }  # fmt: skip
    if counts is None or limits is None:
        return words
    verdict = (
        _("within the standard of %(least)s to %(most)s")
        if limits[0] <= counts <= limits[1]
        else _("off the standard of %(least)s to %(most)s")
    )
    told = verdict % {"least": limits[0], "most": limits[1]}
    return _("%(households)s, %(verdict)s") % {"households": words, "verdict": told}


def _neighbours(
    shape: Shape, others: Sequence[Shape]
) -> tuple[tuple[NextGrid, ...], tuple[Shape, ...]]:
    """Who touches this grid, and the shapes of those."""
    if not shape.boundary:
        return (), ()
    shapes = {one.code: load_geometry(one.boundary) for one in (shape, *others)}
    names = {one.code: one for one in others}
    found = neighbours(shape.code, shapes)
    words = {
        "east": _("East"), "south": _("South"), "west": _("West"), "north": _("North"),
        "north_east": _("North-east"), "north_west": _("North-west"),
        "south_east": _("South-east"), "south_west": _("South-west"),
    }  # fmt: skip
    touching = tuple(
        NextGrid(one.code, names[one.code].name, words[one.direction], round(one.shared_m))
        for one in found
    )
    return touching, tuple(names[one.code] for one in found)


def _parts(session: Session, code: str, rows: Sequence[Any], english: bool) -> tuple[PartGrid, ...]:
    roles = {role for level in HEADS.values() for role in level}
    where = Post.grid_code.in_([row.code for row in rows]) & Post.role.in_(roles)
    heads: dict[str, list[Holder]] = {}
    for one in holders(session, where, english) if rows else ():
        heads.setdefault(one.grid_code, []).append(one)
    homes = registered(session, code) if len(code) == CODE_LENGTHS["block"] else {}
    return tuple(
        PartGrid(
            code=row.code,
            number=number_in(row.code, code[:12]),
            name=row.name,
            kind=str(CELL_KINDS.get(row.kind or "", "")),
            households=homes.get(row.code, row.households_declared),
            head=_head(heads.get(row.code, [])),
            area=round(area_m2(load_geometry(row.boundary))) if row.boundary else None,
        )
        for row in rows
    )


def _head(held: Sequence[Holder]) -> str:
    found = first_shown(held, HEADS[held[0].level]) if held else None
    return found.name if found else ""


def _member(one: Holder) -> TeamMember:
    return TeamMember(
        name=one.name,
        post=one.title,
        basis=str(BASES.get(one.basis, one.basis)),
        origin=str(ORIGINS.get(one.origin, one.origin)),
        since=one.since.isoformat(),
        phone=one.phone,
        number=one.number,
    )


def _teams(session: Session, code: str) -> tuple[ArchiveTeam, ...]:
    return tuple(
        ArchiveTeam(
            kind=str(TEAM_KINDS.get(team.kind, team.kind)),
            name=team.name,
            captain=team.captain.name if team.captain else "",
            members=tuple(sorted(member.name for member in team.members)),
        )
        for team in queries.teams(session, code)
    )


def _duties(session: Session, held: Sequence[Holder], english: bool) -> tuple[PostDuties, ...]:
    """The duties of each post that somebody holds here."""
    catalogue = queries.duties(session)
    found = []
    for role, title in {one.role: one.title for one in held}.items():
        lines = tuple(
            (duty.code, duty.title_en or duty.title, ENGLISH_TIMES[duty.frequency])
            if english
            else (duty.code, duty.title, duty.times or "")
            for duty in catalogue
            if role in duty.role.split(";")
        )
        if lines:
            found.append(PostDuties(title, lines))
    return tuple(found)


def _hotlines(session: Session, code: str, english: bool) -> tuple[BoardHotline, ...]:
    hours = {"24h": _("24 hours"), "工作时间": _("office hours")}
    return tuple(
        BoardHotline(
            number=row.number,
            name=(row.name_en if english else None) or row.name,
            hours=hours.get(row.hours or "", "" if english else row.hours or ""),
            scope=row.scope,
        )
        for row in queries.hotlines(session, code)
    )


def _papers(session: Session, code: str) -> tuple[ArchivePaper, ...]:
    """Newest first, so the first of its kind, subject, size and language is in force."""
    seen: set[tuple[str, ...]] = set()
    found = []
    for row in queries.papers(session, code, KIND):
        series = (row.kind, row.subject, row.size, row.lang)
        state = _("superseded") if series in seen else _("in force")
        seen.add(series)
        kind = str(DOCUMENT_KINDS.get(row.kind, row.kind))
        found.append(ArchivePaper(row.number, kind, row.issued_on.isoformat(), state))
    return tuple(found)


def _findings(session: Session, code: str) -> tuple[tuple[str, str, int | None], ...]:
    records = grid_records(session, clock.today())
    report = check_grids(records, household_standards(session), code)
    return tuple(
        (
            str(FINDING_KINDS[one.kind]),
            str(one.message),
            None if one.area_m2 is None else round(one.area_m2),
        )
        for one in report.findings[:MOST_FINDINGS]
    )
