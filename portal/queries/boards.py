"""The SELECTs that fill a notice board (P5, ``defaults/notice_board.yaml``)."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, and_, false, or_, select
from sqlalchemy.orm import Session

from portal.models import Duty, Grid, LeadingGroup, Photo, Post, PostRole, Worker
from portal.queries.board_lines import (
    duty_phone,
    hotlines,
    nearest,
    spoken,
    supervision,
    useful,
)
from portal.queries.board_record import (
    BoardDuty,
    BoardPerson,
    BoardRecord,
    Shape,
)
from portal.queries.staffing import consented
from portal.queries.staffing import in_force as current
from portal.scope import CODE_LENGTHS, ancestors, following

# The zone 服务人员 of notice_board.yaml, in its order.
BOARD_ROLES = (
    "area_manager",
    "area_head",
    "block_head",
    "cell_head",
    "grid_leader",
    "grid_worker",
    "information_officer",
    "linked_police",
)
# Whom a community's own board names: there is no cell to name people of.
COMMUNITY_ROLES = ("group_head", "group_deputy", "office_director", "mediator", "linked_police")
# Whom a larger grid's board names of the grids it consists of.
CHILD_HEADS = {"community": "area_head", "area": "block_head", "block": "cell_head"}
# The zone 工作内容 of notice_board.yaml, each line told by the duty that carries it.
BOARD_DUTIES = ("D101", "D103", "D104", "D106", "D406", "D208", "D301", "D107")
DUTY_LINES = 8
# How often, where the catalogue's own words are Chinese only.
ENGLISH_TIMES = {
    "workday": "every working day",
    "weekly": "weekly",
    "monthly": "monthly",
    "quarterly": "quarterly",
    "half_year": "twice a year",
    "yearly": "yearly",
    "on_change": "on change",
    "on_event": "when it happens",
    "by_plan": "by plan",
    "by_campaign": "by campaign",
}
FEEDBACK_DUTY = "D506"
ROLES_OF_LEVEL = {
    "area": frozenset({"area_manager", "area_head", "data_clerk", "patrol"}),
    "block": frozenset({"block_head"}),
}
COMMUNITY_DIGITS = CODE_LENGTHS["community"]


def collect_board(session: Session, code: str, lang: str, public_url: str) -> BoardRecord | None:
    """The record of grid ``code`` as of today, in ``lang`` (zh_Hans_CN or en); None: no such grid.

    It may be incomplete; ``portal.rules.boards`` decides whether it can hang on a wall. Only
    public posts of workers who agreed to be shown, only public telephones. Seven statements.
    """
    lineage = (*ancestors(code), code)
    rows = {row.code: row for row in session.execute(grids(lineage))}
    grid = rows.get(code)
    if grid is None:
        return None
    community = rows.get(code[:COMMUNITY_DIGITS])
    above = [rows[upper] for upper in lineage[:-1] if upper in rows]
    # Below a community its name is enough; a community shows what it lies in.
    least = COMMUNITY_DIGITS if len(code) > COMMUNITY_DIGITS else 0
    english = lang == "en"
    lines = nearest(session.execute(hotlines(lineage)).all())
    duties = session.execute(_duties()).all()
    feedback = next((duty.times for duty in duties if duty.code == FEEDBACK_DUTY), None)
    return BoardRecord(
        lang=lang,
        code=code,
        name=grid.name,
        level=grid.level,
        kind=grid.kind,
        households=grid.households_declared,
        above=tuple(row.name for row in above if len(row.code) >= least),
        bounds=tuple(
            getattr(grid, f"bound_{side}") or "" for side in ("east", "south", "west", "north")
        ),
        shape=Shape(code, grid.name, grid.boundary or ""),
        around=around(session, grid),
        people=_people(session, grid, lineage, duty_phone(lines), english),
        duties=_duty_lines(duties, grid.level, english),
        supervision=spoken(supervision(lines), english),
        emergency=spoken(useful(lines), english),
        answer="" if english else feedback or "",
        url=f"{public_url}/directory/{code}",
        publisher=publisher(session, code, community.name if community else grid.name),
    )


def publisher(session: Session, code: str, head: str = "") -> str:
    """Who issues the documents of grid ``code``: the office of its community, called ``head``
    (looked up if it is not given).
    """
    office = session.scalar(
        select(LeadingGroup.office)
        .where(LeadingGroup.grid_code == code[:COMMUNITY_DIGITS], LeadingGroup.office.is_not(None))
        .order_by(LeadingGroup.id)
        .limit(1)
    )
    if not head:
        community = select(Grid.name).where(Grid.code == code[:COMMUNITY_DIGITS])
        head = session.scalar(community) or ""
    office = short(office or "")
    return office if office.startswith(head) else f"{head}{office}"


def grids(codes: Iterable[str]) -> Any:
    """SELECT of what documents say of these grids."""
    return select(
        Grid.code,
        Grid.name,
        Grid.level,
        Grid.kind,
        Grid.households_declared,
        Grid.boundary,
        Grid.bound_east,
        Grid.bound_south,
        Grid.bound_west,
        Grid.bound_north,
    ).where(Grid.code.in_(codes))


def around(session: Session, grid: Any) -> tuple[Shape, ...]:
    """The other grids of the level within the community; of a community or more, the siblings."""
    prefix = grid.code[:COMMUNITY_DIGITS]
    if prefix == grid.code or len(prefix) < COMMUNITY_DIGITS:
        prefix = (ancestors(grid.code) or ("",))[-1]
    found = select(Grid.code, Grid.name, Grid.boundary).where(
        Grid.level == grid.level, Grid.boundary.is_not(None), Grid.code != grid.code
    )
    if prefix:
        found = found.where(Grid.code >= prefix, Grid.code < following(prefix))
    rows = session.execute(found.order_by(Grid.code))
    return tuple(Shape(row.code, row.name, row.boundary or "") for row in rows)


def _people(
    session: Session, grid: Row[Any], lineage: Iterable[str], duty: str | None, english: bool
) -> tuple[BoardPerson, ...]:
    """One card per worker: this grid's, the heads of its parts, then those above it."""
    roles = COMMUNITY_ROLES if len(grid.code) <= COMMUNITY_DIGITS else BOARD_ROLES
    order = (*roles, CHILD_HEADS.get(grid.level, ""))
    held: dict[int, list[Row[Any]]] = {}
    for row in session.execute(_posts(grid, lineage, roles)):
        held.setdefault(row.worker_id, []).append(row)

    def rank(post: Row[Any]) -> tuple[Any, ...]:
        distance = 0 if post.grid_code == grid.code else 1 if post.parent_code == grid.code else 2
        return (distance, order.index(post.role), post.grid_code, post.since, post.worker_id)

    cards = []
    for posts in held.values():
        posts.sort(key=rank)
        shown = [post for post in posts if post.grid_code == posts[0].grid_code]
        cards.append((rank(posts[0]), _card(shown, grid.code, duty, english)))
    return tuple(card for _rank, card in sorted(cards, key=lambda pair: pair[0]))


def _card(posts: Sequence[Row[Any]], code: str, duty: str | None, english: bool) -> BoardPerson:
    """The card of a worker from their posts at one grid."""
    first = posts[0]
    titles = dict.fromkeys(short(p.name_en if english else p.name_zh) for p in posts)
    elsewhere = first.grid_code != code and len(first.grid_code) > COMMUNITY_DIGITS
    return BoardPerson(
        name=first.name,
        posts=tuple(titles),
        own=first.grid_code.startswith(code),
        place=short(first.grid_name) if elsewhere else "",
        number=first.number,
        phone=first.public_phone or duty,
        by_duty_phone=not first.public_phone and duty is not None,
        portrait=first.portrait,
        photo=first.photo or "",
    )


def _posts(grid: Row[Any], lineage: Iterable[str], roles: Iterable[str]) -> Any:
    head = CHILD_HEADS.get(grid.level)
    here = and_(Post.grid_code.in_(list(lineage)), Post.role.in_(roles))
    below = and_(Grid.parent_code == grid.code, Post.role == head) if head else false()
    return (
        select(
            Post.worker_id,
            Post.grid_code,
            Post.role,
            Post.since,
            Grid.parent_code,
            Grid.name.label("grid_name"),
            PostRole.name_zh,
            PostRole.name_en,
            Worker.name,
            Worker.number,
            Worker.public_phone,
            Worker.portrait,
            Photo.sha256.label("photo"),
        )
        .join(Grid, Grid.code == Post.grid_code)
        .join(Worker, Worker.id == Post.worker_id)
        .outerjoin(Photo, Photo.id == Worker.photo_id)
        .join(PostRole, PostRole.code == Post.role)
        .where(
            or_(here, below),
            Post.public.is_(True),
            consented(),
            current(),
        )
    )


def short(title: str) -> str:
    """A name without what stands in brackets behind it."""
    return title.partition("（")[0].strip()


def _duties() -> Any:
    return select(
        Duty.code, Duty.title, Duty.title_en, Duty.times, Duty.frequency, Duty.role
    ).order_by(Duty.code)


def _duty_lines(duties: Sequence[Row[Any]], level: str, english: bool) -> tuple[BoardDuty, ...]:
    """At most eight lines: those of the level's own posts, otherwise what a cell does."""
    roles = ROLES_OF_LEVEL.get(level)
    if roles is None:
        by_code = {duty.code: duty for duty in duties}
        chosen = [by_code[code] for code in BOARD_DUTIES if code in by_code]
    else:
        chosen = [duty for duty in duties if roles & set(duty.role.split(";"))]
    return tuple(
        BoardDuty(duty.title_en or duty.title, ENGLISH_TIMES[duty.frequency])
        if english
        else BoardDuty(duty.title, duty.times or "")
        for duty in chosen[:DUTY_LINES]
    )
