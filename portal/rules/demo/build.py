"""Writing the demo into the database: once; a community that is there already is left alone."""

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.models import (
    Grid,
    Hotline,
    LeadingGroup,
    Post,
    PostRole,
    Team,
    Worker,
)
from portal.rules.defaults import community_hotlines
from portal.rules.demo.accounts import demo_accounts
from portal.rules.demo.cards import demo_cards
from portal.rules.demo.ground import plan_grids
from portal.rules.demo.orders import build_orders, has_orders
from portal.rules.demo.people import plan_people
from portal.rules.demo.plan import GridPlan, PersonPlan, TeamPlan
from portal.rules.demo.register import build_register, has_register
from portal.rules.demo.sites import MOST, Site, site
from portal.rules.meetings import set_up_series

ACTIVE_FROM = date(2012, 6, 1)  # routine operation begins (P10)
FORMED_ON = date(2012, 4, 5)
FIXED, FIRST_HOTLINE, PER_COMMUNITY = "027-", 100_000, 100
EVERY_CELL = "物业值班"  # a hotline that every cell fills in for itself


@dataclass
class DemoSummary:
    """What ``build_demo`` did: communities made, found there, and those that were there and got
    a register; rows by kind; sign-in names."""

    made: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    accounts: list[str] = field(default_factory=list)

    @property
    def created(self) -> bool:
        """Whether anything was made."""
        return bool(self.made)

    def add(self, name: str, count: int) -> None:
        """Count ``count`` more rows called ``name``."""
        self.counts[name] = self.counts.get(name, 0) + count

    def add_all(self, counts: dict[str, int]) -> None:
        """Count more rows by name."""
        for name, count in counts.items():
            self.add(name, count)

    def __str__(self) -> str:
        lines = []
        if self.there:
            codes = ", ".join(self.there)
            lines.append(_("Already there, nothing changed: %(codes)s.", codes=codes))
        if self.made or self.filled:
            counts = ", ".join(f"{name} {count}" for name, count in self.counts.items())
            lines.append(f"{', '.join(self.made + self.filled)}: {counts}")
        if self.accounts:
            lines.append(_("Sign-in names: %(names)s", names=" ".join(self.accounts)))
        return "\n".join(lines)


def build_demo(
    session: Session,
    seed: int,
    communities: int,
    password_hash: str,
    residents: int = 0,
    *,
    fill: bool = False,
    orders_before: date | None = None,
    fill_orders: bool = False,
) -> DemoSummary:
    """Make the first ``communities`` demo communities that are not there yet, and a register of
    ``residents`` people in all, spread evenly over them; without residents there is no register.
    ``fill``: communities that are there without a register get theirs too. ``orders_before``: the
    first community, if it is made now, gets the matters and work orders of the weeks before this
    day; ``fill_orders``: also where it is there without any.

    Deterministic: the same ``seed`` makes the same rows (keys and instants of writing excepted),
    with the same ``orders_before`` the same matters and orders, each at the same instant. Only the
    first community has accounts, all with ``password_hash``. The caller acts as the system and
    commits. Raises RuleError for more than ``MOST`` communities, or where the default data is not
    loaded.
    """
    if not 1 <= communities <= MOST:
        raise RuleError(_l("There is room for 1 to %(most)s demo communities.", most=MOST))
    if session.scalar(select(func.count()).select_from(PostRole)) == 0:
        raise RuleError(_l("The default data is missing: run “portal init” first."))
    summary = DemoSummary()
    for number in range(communities):
        place = site(number)
        there = session.scalar(select(Grid.id).where(Grid.code == place.code)) is not None
        wanted = residents * (number + 1) // communities - residents * number // communities
        registered = wanted > 0 and (not there or (fill and not has_register(session, place.code)))
        lived = orders_before is not None and number == 0
        lived = lived and (not there or (fill_orders and not has_orders(session, place.code)))
        if not there:
            _build_community(session, seed, place, password_hash, summary)
        elif registered or lived:
            summary.filled.append(place.code)
        else:
            summary.there.append(place.code)
        if registered:
            summary.add_all(build_register(session, seed, number, place.code, wanted))
        if lived and orders_before is not None:
            summary.add_all(build_orders(session, seed, place.code, orders_before))
    return summary


def _build_community(
    session: Session, seed: int, place: Site, password_hash: str, summary: DemoSummary
) -> None:
    random = Random(f"{seed} {place.code}")
    grids = plan_grids(place, random)
    people, teams = plan_people(grids, place.number, random)
    added = _above(place) + grids
    known = set(session.scalars(select(Grid.code).where(Grid.code.in_([g.code for g in added]))))
    for plan in added:
        if plan.code not in known:
            session.add(_grid(plan))
    session.flush()
    session.add(_leading_group(grids[0]))
    workers = [_worker(person) for person in people]
    session.add_all(workers)
    session.flush()
    posts = [
        Post(worker_id=worker.id, **vars(post))
        for worker, person in zip(workers, people, strict=True)
        for post in person.posts
    ]
    session.add_all(posts)
    cards = list(demo_cards(people, workers))
    session.add_all(cards)
    session.add_all(_team(plan, workers) for plan in teams)
    hotlines = _hotlines(session, place, grids)
    session.add_all(hotlines)
    session.flush()
    series = set_up_series(session, [place.code], ACTIVE_FROM)
    users = demo_accounts(session, place, people, workers, password_hash)
    summary.made.append(place.code)
    summary.accounts += [user.username for user in users]
    for name, rows in (
        ("grids", grids),
        ("workers", workers),
        ("posts", posts),
        ("cards", cards),
        ("teams", teams),
        ("hotlines", hotlines),
        ("meeting series", series),
        ("accounts", users),
    ):
        summary.add(name, len(rows))


def _above(place: Site) -> list[GridPlan]:
    return [
        GridPlan(place.district_code, place.district_name, "district", None),
        GridPlan(place.street_code, place.street_name, "street", place.district_code),
    ]


def _grid(plan: GridPlan) -> Grid:
    east, south, west, north = plan.bounds or (None,) * 4
    return Grid(
        code=plan.code,
        name=plan.name,
        level=plan.level,
        kind=plan.kind,
        parent_code=plan.parent_code,
        boundary=plan.boundary,
        bound_east=east,
        bound_south=south,
        bound_west=west,
        bound_north=north,
        households_declared=plan.households,
        difficulty=plan.difficulty,
        address=plan.address,
        active_from=ACTIVE_FROM if plan.boundary else None,
    )


def _leading_group(community: GridPlan) -> LeadingGroup:
    return LeadingGroup(
        grid_code=community.code,
        name=f"{community.name}网格化服务管理工作领导小组",
        office="网格化服务管理办公室（设在社区综治工作站）",
        formed_on=FORMED_ON,
    )


def _worker(person: PersonPlan) -> Worker:
    return Worker(
        name=person.name,
        number=person.number,
        phone=person.phone,
        public_phone=person.public_phone,
        public_consent_on=person.consent_on,
        portrait=person.portrait,
        origin=person.origin,
        grid_code=person.grid_code,
    )


def _team(plan: TeamPlan, workers: list[Worker]) -> Team:
    members = [workers[at] for at in plan.members]
    return Team(
        kind=plan.kind,
        grid_code=plan.grid_code,
        name=plan.name,
        captain_id=members[0].id,
        members=members,
    )


def _hotlines(session: Session, place: Site, grids: list[GridPlan]) -> list[Hotline]:
    """The numbers a community fills in; those of its street only once for the street."""
    known = {tuple(row) for row in session.execute(select(Hotline.grid_code, Hotline.name))}
    cells = [grid.code for grid in grids if grid.level == "cell"]
    wanted: list[tuple[str, dict[str, Any]]] = []
    for line in community_hotlines():
        if line["name"] == EVERY_CELL:
            wanted += [(code, line | {"scope": "grid"}) for code in cells]
        else:
            wanted.append((place.street_code if line["scope"] == "street" else place.code, line))
    first = FIRST_HOTLINE + place.number * PER_COMMUNITY
    return [
        Hotline(**line | {"grid_code": code, "number": f"{FIXED}{first + at:08d}", "note": None})
        for at, (code, line) in enumerate(wanted)
        if (code, line["name"]) not in known
    ]
