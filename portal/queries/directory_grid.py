"""The SELECTs of one grid's public page: who works there, whom to call, what the map shows.

Nothing here depends on who asks. People appear only with their consent on record and only with
posts flagged as public that are in force today; private telephones are never selected.
"""

from typing import Any

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from portal.models import (
    Duty,
    Grid,
    GridAlias,
    Hotline,
    IssuedDocument,
    Photo,
    Post,
    PostRole,
    Worker,
)
from portal.queries.board_lines import FIRST_CALLS, GOVERNMENT_LINE, HOTLINE_ORDER
from portal.queries.boards import BOARD_ROLES
from portal.queries.directory import PLAIN, Rows, is_active
from portal.queries.staffing import consented
from portal.queries.staffing import in_force as current
from portal.scope import CODE_LENGTHS, ancestors, following

CHILDREN = 40  # grids below one that its page lists; the rest is a link to the full list
COMMUNITY_DIGITS = CODE_LENGTHS["community"]


def lineage(session: Session, code: str) -> tuple[list[Any], list[Any]]:
    """The grids above ``code`` and itself (widest first, itself last if it exists), and the
    active grids right below (one more than ``CHILDREN`` at most). One statement.
    """
    line = (*ancestors(code), code)
    own = Grid.code.in_(line)
    part = and_(Grid.parent_code == code, is_active())
    found = session.execute(
        select(
            *PLAIN,
            Grid.households_declared,
            Grid.bound_east,
            Grid.bound_south,
            Grid.bound_west,
            Grid.bound_north,
            Grid.active_from,
            Grid.active_to,
            Grid.boundary.is_not(None).label("has_boundary"),
        )
        .where(or_(own, part))
        .order_by(case((own, 0), else_=1), Grid.code)
        .limit(len(line) + CHILDREN + 1)
    ).all()
    return [row for row in found if row.code in line], [
        row for row in found if row.code not in line
    ]


def new_code(session: Session, old_code: str) -> str | None:
    """The code that an old one leads to now."""
    return session.scalar(select(GridAlias.grid_code).where(GridAlias.old_code == old_code))


def posts(session: Session, code: str) -> Rows:
    """Public posts in force today of people who agreed to be shown: all of grid ``code``, and of
    the grids above those that its notice board names. One statement.
    """
    return session.execute(
        select(
            Post.worker_id,
            Post.grid_code,
            Post.role,
            Post.since,
            PostRole.name_zh,
            PostRole.name_en,
            PostRole.position,
            Worker.name,
            Worker.number,
            Worker.public_phone,
            Worker.portrait,
            Photo.sha256.label("photo"),
        )
        .join(Worker, Worker.id == Post.worker_id)
        .outerjoin(Photo, Photo.id == Worker.photo_id)
        .join(PostRole, PostRole.code == Post.role)
        .where(
            or_(
                Post.grid_code == code,
                and_(Post.grid_code.in_(ancestors(code)), Post.role.in_(BOARD_ROLES)),
            ),
            Post.public.is_(True),
            consented(),
            current(),
        )
        .order_by(PostRole.position, Post.since, Post.worker_id)
    ).all()


def duties(session: Session) -> Rows:
    """The whole catalogue of duties, in its order. One statement."""
    return session.execute(
        select(
            Duty.group_no,
            Duty.code,
            Duty.title,
            Duty.title_en,
            Duty.detail,
            Duty.role,
            Duty.frequency,
            Duty.times,
        ).order_by(Duty.group_no, Duty.code)
    ).all()


def hotlines(session: Session, code: str | None) -> list[Any]:
    """The numbers that people of grid ``code`` may call (national ones without a grid): the
    supervision numbers from near to far and 12345, then 110, 119, 120, then the others from near
    to far. Of two lines of one name the nearer counts. One statement.
    """
    line = (*ancestors(code), code) if code else ()
    found = session.execute(
        select(
            Hotline.id,
            Hotline.grid_code,
            Hotline.scope,
            Hotline.number,
            Hotline.name,
            Hotline.name_en,
            Hotline.hours,
            Hotline.on_board,
            Hotline.supervision,
        )
        .where(
            or_(Hotline.grid_code.in_(line), Hotline.grid_code.is_(None)),
            Hotline.number.is_not(None),
            Hotline.number != "",
        )
        .order_by(Hotline.id)
    )
    nearest: dict[str, Any] = {}
    for row in found:
        known = nearest.get(row.name)
        if known is None or len(row.grid_code or "") > len(known.grid_code or ""):
            nearest[row.name] = row
    return sorted(nearest.values(), key=_hotline_place)


def watches(line: Any) -> bool:
    """Whether this is a number to complain to."""
    return line.supervision or line.number == GOVERNMENT_LINE


def _hotline_place(line: Any) -> tuple[int, int, int, int]:
    first = FIRST_CALLS.index(line.number) if line.number in FIRST_CALLS else len(FIRST_CALLS)
    group = 0 if watches(line) else 1 if first < len(FIRST_CALLS) else 2
    # A number below the community is nearer than the community's own.
    near = -len(line.grid_code or "") if line.scope == "grid" else 0
    return (group, first if group == 1 else near, HOTLINE_ORDER.index(line.scope), line.id)


def boards(session: Session, code: str, kind: str, lang: str) -> dict[str, Any]:
    """Size → the newest issued document of a kind in a language. One statement."""
    found = session.execute(
        select(
            IssuedDocument.size,
            IssuedDocument.number,
            IssuedDocument.issue_no,
            IssuedDocument.issued_on,
        )
        .where(
            IssuedDocument.grid_code == code,
            IssuedDocument.kind == kind,
            IssuedDocument.lang == lang,
        )
        .order_by(IssuedDocument.issue_no)
    )
    return {row.size: row for row in found}


def shapes(session: Session, code: str, level: str) -> Rows:
    """What the map of a grid shows: itself, grids of its level around it (within the community;
    of a community and above, those with the same parent) and its children. One statement.
    """
    upper = ancestors(code)
    prefix = code[:COMMUNITY_DIGITS] if len(code) > COMMUNITY_DIGITS else (upper or ("",))[-1]
    beside = Grid.level == level
    if prefix:
        beside = and_(beside, Grid.code >= prefix, Grid.code < following(prefix))
    return session.execute(
        select(Grid.code, Grid.name, Grid.level, Grid.boundary)
        .where(
            Grid.boundary.is_not(None),
            is_active(),
            or_(beside, Grid.parent_code == code),
        )
        .order_by(Grid.code)
    ).all()
