"""What stands on the site plan of a community: every grid, and who answers for it (P1, P5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Grid, LeadingGroup, Post
from portal.queries.board_lines import (
    duty_phone,
    hotlines,
    nearest,
    spoken,
    supervision,
)
from portal.queries.board_record import BoardHotline
from portal.queries.boards import publisher, short
from portal.queries.holders import Holder, first_shown, holders
from portal.scope import CODE_LENGTHS, ancestors, following, within

# Who answers for a grid of each level, the first who may be shown.
HEADS = {
    "community": ("group_head", "group_deputy", "office_director"),
    "area": ("area_head",),
    "block": ("block_head",),
    "cell": ("cell_head", "grid_leader"),
}
SPONSOR = "area_manager"
LEADING = ("group_head", "group_deputy", "group_member")
DIRECTOR = "office_director"


@dataclass(frozen=True)
class PlanPerson:
    """Somebody who may be shown, with the post and the telephone to call (or none)."""

    post: str
    name: str
    phone: str


@dataclass(frozen=True)
class PlanGrid:
    """A grid of the plan. ``number``: what its code adds to that of the community ("01-03-003").
    ``bounds``: east, south, west, north. ``sponsor``: of areas only.
    """

    code: str
    number: str
    level: str
    name: str
    bounds: tuple[str, ...]
    households: int | None
    boundary: str
    head: PlanPerson | None
    sponsor: PlanPerson | None = None


@dataclass(frozen=True)
class PlanRecord:
    """Everything that stands on a site plan, in its language ``lang``; ``grids`` by code, the
    community first. ``duty``: the telephone of the community on duty.
    """

    lang: str
    code: str
    name: str
    level: str
    above: tuple[str, ...]
    grids: tuple[PlanGrid, ...]
    group: str
    office: str
    leading: tuple[PlanPerson, ...]
    director: PlanPerson | None
    duty: str
    supervision: tuple[BoardHotline, ...]
    url: str
    publisher: str


def collect_plan(session: Session, code: str, lang: str, public_url: str) -> PlanRecord | None:
    """The record of the plan of community ``code`` as of today, which may lack something; None: no
    such grid. Five statements.
    """
    english = lang == "en"
    rows = {row.code: row for row in session.execute(_grids(code))}
    grid = rows.get(code)
    if grid is None:
        return None
    lines = nearest(session.execute(hotlines((*ancestors(code), code))).all())
    duty = duty_phone(lines) or ""
    roles = {role for heads in HEADS.values() for role in heads} | {*LEADING, SPONSOR}
    held = holders(session, within(Post.grid_code, [code]) & Post.role.in_(roles), english)
    by_grid: dict[str, list[Holder]] = {}
    for holder in held:
        by_grid.setdefault(holder.grid_code, []).append(holder)
    group = session.execute(
        select(LeadingGroup.name, LeadingGroup.office)
        .where(LeadingGroup.grid_code == code)
        .order_by(LeadingGroup.id)
        .limit(1)
    ).one_or_none()
    own = by_grid.get(code, [])
    return PlanRecord(
        lang=lang,
        code=code,
        name=grid.name,
        level=grid.level,
        above=tuple(rows[upper].name for upper in ancestors(code) if upper in rows),
        grids=tuple(
            _grid(row, by_grid.get(row.code, []), duty)
            for row in rows.values()
            if row.code.startswith(code)
        ),
        group=group.name if group else "",
        office=short(group.office or "") if group else "",
        leading=tuple(
            _person(one, duty) for role in LEADING for one in own if one.shown and one.role == role
        ),
        director=_first(own, (DIRECTOR,), duty),
        duty=duty,
        supervision=spoken(supervision(lines), english),
        url=f"{public_url}/directory/{code}",
        publisher=publisher(session, code, grid.name),
    )


def number_in(code: str, community: str) -> str:
    """What ``code`` adds to the code of its community: "01-03-003"; the code itself otherwise."""
    cuts = [size for size in CODE_LENGTHS.values() if len(community) < size <= len(code)]
    starts = [len(community), *cuts[:-1]]
    parts = [code[start:end] for start, end in zip(starts, cuts, strict=True)] if cuts else [code]
    return "-".join(parts)


def _grids(code: str) -> Any:
    today = clock.today()
    inside = (Grid.code >= code) & (Grid.code < following(code))
    return (
        select(
            Grid.code,
            Grid.name,
            Grid.level,
            Grid.households_declared,
            Grid.boundary,
            Grid.bound_east,
            Grid.bound_south,
            Grid.bound_west,
            Grid.bound_north,
        )
        .where(
            inside | Grid.code.in_(ancestors(code)),
            or_(Grid.active_from.is_(None), Grid.active_from <= today),
            or_(Grid.active_to.is_(None), Grid.active_to >= today),
        )
        .order_by(Grid.code)
    )


def _grid(row: Any, held: Sequence[Holder], duty: str) -> PlanGrid:
    community = row.code[: CODE_LENGTHS["community"]]
    return PlanGrid(
        code=row.code,
        number=number_in(row.code, community),
        level=row.level,
        name=row.name,
        bounds=tuple(
            getattr(row, f"bound_{side}") or "" for side in ("east", "south", "west", "north")
        ),
        households=row.households_declared,
        boundary=row.boundary or "",
        head=_first(held, HEADS.get(row.level, ()), duty),
        sponsor=_first(held, (SPONSOR,), duty),
    )


def _first(held: Sequence[Holder], roles: tuple[str, ...], duty: str) -> PlanPerson | None:
    found = first_shown(held, roles)
    return _person(found, duty) if found else None


def _person(holder: Holder, duty: str) -> PlanPerson:
    return PlanPerson(holder.title, holder.name, holder.phone or duty)
