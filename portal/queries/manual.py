"""The SELECTs that fill a work manual (P2, P3; ``defaults/work_manual.yaml``)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import (
    Duty,
    Grid,
    Hotline,
    IssuedDocument,
    LeadingGroup,
    MeetingSeries,
    Post,
    PostRole,
    Regulation,
    Team,
    Worker,
)
from portal.models.team import team_members
from portal.queries.manual_record import (
    ManualDuty,
    ManualGrid,
    ManualHotline,
    ManualIssue,
    ManualMeeting,
    ManualPerson,
    ManualPost,
    ManualRecord,
    ManualRegulation,
    ManualTeam,
)
from portal.queries.settings import household_standards
from portal.queries.staffing import consented, in_force
from portal.scope import CODE_LENGTHS, ancestors, following

KIND = "work-manual"
COMMUNITY_DIGITS = CODE_LENGTHS["community"]
HEADS = {"area": "area_head", "block": "block_head", "cell": "cell_head"}
# Whose names no list of a manual holds: they come and go, and serve of their free will.
UNLISTED = ("volunteer", "security_liaison")


def collect_manual(
    session: Session, code: str, lang: str, subject: str, public_url: str
) -> ManualRecord | None:
    """The record of the manual of grid ``code`` and post ``subject`` ("": all of the grid) as of
    today; None where there is no such grid or it lies above the communities.

    It may be incomplete; ``portal.rules.manual`` decides. Twelve statements, whatever the size.
    """
    lineage = (*ancestors(code), code)
    community = code[:COMMUNITY_DIGITS]
    names = dict(session.execute(select(Grid.code, Grid.name).where(Grid.code.in_(lineage))).all())
    if code not in names or len(community) < COMMUNITY_DIGITS or community not in names:
        return None
    grids = tuple(_grids(session, community))
    own = next(grid for grid in grids if grid.code == code)
    people = tuple(_people(session, own, lineage))
    office = session.scalar(
        select(LeadingGroup.office)
        .where(LeadingGroup.grid_code == community, LeadingGroup.office.is_not(None))
        .order_by(LeadingGroup.id)
        .limit(1)
    )
    office = (office or "").partition("（")[0].strip()
    head = names[community]
    return ManualRecord(
        lang=lang,
        code=code,
        subject=subject,
        name=own.name,
        level=own.level,
        community=head,
        above=tuple(names[c] for c in lineage[:-1] if c in names and len(c) >= COMMUNITY_DIGITS),
        url=f"{public_url}/directory/{code}",
        publisher=office if office.startswith(head) else f"{head}{office}",
        holders=tuple(p.name for p in people if p.grid_code == code and p.role == subject),
        grids=grids,
        people=people,
        teams=tuple(_teams(session, code, lineage)),
        posts=tuple(_posts(session)),
        duties=tuple(_duties(session)),
        regulations=tuple(_regulations(session)),
        hotlines=tuple(_hotlines(session, lineage)),
        meetings=tuple(_meetings(session, code, lineage)),
        standards=tuple(
            (kind, least, most) for kind, (least, most) in household_standards(session).items()
        ),
        history=tuple(_history(session, code, subject, lang)),
    )


def _within(column: Any, code: str) -> Any:
    return and_(column >= code, column < following(code))


def _grids(session: Session, community: str) -> Iterable[ManualGrid]:
    found = select(
        Grid.code, Grid.name, Grid.level, Grid.kind, Grid.households_declared, Grid.parent_code,
        Grid.bound_east, Grid.bound_south, Grid.bound_west, Grid.bound_north, Grid.boundary,
    ).where(_within(Grid.code, community))  # fmt: skip
    for row in session.execute(found.order_by(Grid.code)):
        bounds = (row.bound_east, row.bound_south, row.bound_west, row.bound_north)
        east, south, west, north = (text or "" for text in bounds)
        yield ManualGrid(
            row.code,
            row.name,
            row.level,
            row.kind,
            row.households_declared,
            row.parent_code or "",
            (east, south, west, north),
            row.boundary or "",
        )


def _people(session: Session, own: ManualGrid, lineage: tuple[str, ...]) -> Iterable[ManualPerson]:
    """Posts of the grid, above and below it; of other grids of its level the public heads."""
    community = own.code[:COMMUNITY_DIGITS]
    ours = or_(Post.grid_code.in_(lineage), _within(Post.grid_code, own.code))
    heads = and_(
        _within(Post.grid_code, community),
        Post.role == HEADS.get(own.level, ""),
        Post.public.is_(True),
        consented(),
    )
    found = (
        select(
            Post.grid_code,
            Post.role,
            Worker.name,
            Worker.public_phone,
            Worker.public_consent_on,
        )
        .join(Worker, Worker.id == Post.worker_id)
        .join(PostRole, PostRole.code == Post.role)
        .where(or_(ours, heads), Post.role.not_in(UNLISTED), in_force())
        .order_by(Post.grid_code, PostRole.position, Post.since, Post.id)
    )
    today = clock.today()
    for row in session.execute(found):
        agreed = row.public_consent_on is not None and row.public_consent_on <= today
        yield ManualPerson(
            row.grid_code, row.role, row.name, (row.public_phone or "") if agreed else ""
        )


def _teams(session: Session, code: str, lineage: tuple[str, ...]) -> Iterable[ManualTeam]:
    found = (
        select(
            Team.kind,
            Team.name,
            Team.grid_code,
            Worker.name.label("captain"),
            func.count(team_members.c.worker_id).label("members"),
        )
        .outerjoin(Worker, Worker.id == Team.captain_id)
        .outerjoin(team_members, team_members.c.team_id == Team.id)
        .where(or_(Team.grid_code.in_(lineage), _within(Team.grid_code, code)))
        .group_by(Team.id, Team.kind, Team.name, Team.grid_code, Worker.name)
        .order_by(Team.grid_code, Team.id)
    )
    for row in session.execute(found):
        yield ManualTeam(row.kind, row.name, row.grid_code, row.captain or "", row.members)


def _posts(session: Session) -> Iterable[ManualPost]:
    for role in session.scalars(select(PostRole).order_by(PostRole.position)):
        yield ManualPost(
            role.code,
            role.level,
            role.name_zh,
            role.name_en,
            role.account_role is not None,
            role.responsibility or "",
            role.main_duties or "",
            role.decides or "",
        )


def _duties(session: Session) -> Iterable[ManualDuty]:
    for duty in session.scalars(select(Duty).order_by(Duty.code)):
        yield ManualDuty(
            duty.group_no,
            duty.code,
            duty.title,
            duty.title_en or duty.title,
            duty.detail or "",
            tuple(duty.role.split(";")),
            duty.frequency,
            duty.times or "",
            tuple(part for part in (duty.evidence or "").split(";") if part),
            duty.paper_replaced or "",
        )


def _regulations(session: Session) -> Iterable[ManualRegulation]:
    for rule in session.scalars(select(Regulation).order_by(Regulation.code)):
        yield ManualRegulation(
            rule.code,
            rule.title,
            rule.title_en or rule.title,
            tuple(line.strip() for line in rule.text.splitlines() if line.strip()),
            rule.issue_no,
            rule.in_force_from.isoformat() if rule.in_force_from else "",
        )


def _hotlines(session: Session, lineage: tuple[str, ...]) -> Iterable[ManualHotline]:
    """One line per name: the one of the grid nearest to ours."""
    found = (
        select(Hotline)
        .where(or_(Hotline.grid_code.in_(lineage), Hotline.grid_code.is_(None)))
        .order_by(Hotline.id)
    )
    nearest: dict[str, Hotline] = {}
    for line in session.scalars(found):
        known = nearest.get(line.name)
        if known is None or len(line.grid_code or "") > len(known.grid_code or ""):
            nearest[line.name] = line
    for line in sorted(nearest.values(), key=lambda line: line.id):
        yield ManualHotline(
            line.scope,
            line.number or "",
            line.name,
            line.name_en or line.name,
            line.hours or "",
            line.supervision,
        )


def _meetings(session: Session, code: str, lineage: tuple[str, ...]) -> Iterable[ManualMeeting]:
    """The kinds of meetings of the grid, above and below it; many alike count once."""
    today = clock.today()
    found = (
        select(MeetingSeries, Grid.level)
        .join(Grid, Grid.code == MeetingSeries.grid_code)
        .where(
            or_(MeetingSeries.grid_code.in_(lineage), _within(MeetingSeries.grid_code, code)),
            MeetingSeries.since <= today,
            or_(MeetingSeries.until.is_(None), MeetingSeries.until >= today),
        )
        .order_by(MeetingSeries.grid_code, MeetingSeries.id)
    )
    yield from dict.fromkeys(_meeting(*row) for row in session.execute(found))


def _meeting(series: MeetingSeries, level: str) -> ManualMeeting:
    return ManualMeeting(
        series.kind,
        level,
        series.rrule or "",
        series.start_time.strftime("%H:%M") if series.start_time else "",
        series.minutes,
        series.holiday,
        tuple(series.attendees.split(";")),
        series.mode,
        series.agenda or "",
    )


def _history(session: Session, code: str, subject: str, lang: str) -> Iterable[ManualIssue]:
    found = (
        select(
            IssuedDocument.number,
            IssuedDocument.issue_no,
            IssuedDocument.issued_on,
            IssuedDocument.pages,
        )
        .where(
            IssuedDocument.grid_code == code,
            IssuedDocument.kind == KIND,
            IssuedDocument.subject == subject,
            IssuedDocument.lang == lang,
        )
        .order_by(IssuedDocument.issue_no)
    )
    for row in session.execute(found):
        yield ManualIssue(row.number, row.issue_no, row.issued_on.isoformat(), row.pages)
