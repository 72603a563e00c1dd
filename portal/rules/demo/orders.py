"""The matters of the demo lived through: reported, moved and warned of by the rules that the pages
call, in the name of the demo accounts, with the clock standing at the moment of each step.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models import Grid, Matter, MatterCategory, SupervisionOrder, User, Worker, WorkOrder
from portal.queries.identity import load_identity
from portal.queries.workdays import load_calendar
from portal.rules import inbox, matters
from portal.rules.demo.order_moves import Acting, asked_to, filled_in
from portal.rules.demo.order_plans import (
    CellPlan,
    Hours,
    MatterPlan,
    StepPlan,
    cell_plan,
    plan_matters,
)
from portal.rules.demo.order_words import NOTES
from portal.rules.demo.people import MOBILE
from portal.rules.reports import Report
from portal.rules.tick import tick_within
from portal.rules.work_orders import move, supervised

ROUNDS = (time(0), time(8))  # when deadlines end, when people are warned of them
READ_UNTIL = -480  # working minute: what came before is read
ASKED = 0.85  # of the return visits that are drawn
# After a supervision order was written: what is done with it, after how many working minutes.
SUPERVISED = (("sign", 60, 400), ("answer", 420, 900), ("close", 1500, 2600))
REPORTERS = {
    **dict.fromkeys(("patrol", "visit", "sweep"), "worker"),
    **dict.fromkeys(("hotline12345", "superior"), "station"),
    "inspection": "block",
}


@dataclass
class Story:
    """A matter that is lived through: its order, the moves it still has, its own chance."""

    plan: MatterPlan
    chance: Random
    order: WorkOrder | None = None  # kept, so that the session need not load it again
    ahead: int = 0


def has_orders(session: Session, community: str) -> bool:
    """Whether a matter of the community is on record."""
    inside = Matter.grid_code.between(community, community + ":")
    return session.scalar(select(Matter.id).where(inside).limit(1)) is not None


def build_orders(session: Session, seed: int, community: str, day: date) -> dict[str, int]:
    """Live through the weeks before ``day``, up to its first minute; how many rows by kind.

    The same for the same seed, grids, accounts and day. The caller acts as the system, has made the
    community with its accounts, and commits.
    """
    cells = list(_cells(session, community))
    hours = Hours(day, load_calendar(session))
    plans = list(plan_matters(cells, hours, Random(f"{seed} {community} orders")))
    stories = [Story(plan, Random(f"{seed} {at}")) for at, plan in enumerate(plans)]
    return _Weeks(session, stories, hours, day, Acting(session, cells)).play()


def _cells(session: Session, community: str) -> Iterator[CellPlan]:
    bounds = (Grid.bound_east, Grid.bound_south, Grid.bound_west, Grid.bound_north)
    found = select(Grid.code, Grid.kind, Grid.boundary, *bounds).where(
        Grid.level == "cell",
        Grid.code.between(community, community + ":"),
        Grid.boundary.is_not(None),
        Grid.active_to.is_(None),
    )
    for number, row in enumerate(session.execute(found.order_by(Grid.code)), start=1):
        yield cell_plan(number, row)


@dataclass
class _Weeks:
    """What happens, in the order of time."""

    session: Session
    stories: list[Story]
    hours: Hours
    day: date
    acting: Acting
    events: list[tuple[datetime, int, Any, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    supervised: int = 0
    pushed: int = 0

    def play(self) -> dict[str, int]:
        """Everything; how many rows by kind."""
        self.counts = {"matters": 0, "moves": 0, "warnings": 0}
        columns = select(MatterCategory.code, MatterCategory.id)
        self.categories = {row.code: row.id for row in self.session.execute(columns)}
        self.users = {user.username: user for user in self.session.scalars(select(User))}
        self.names = {user.id: name for name, user in self.users.items()}
        self.identities: dict[str, scope.Identity] = {}
        for story in self.stories:
            self._push(story.plan.at, self._report, story)
            story.ahead = len(story.plan.steps)
            for step in story.plan.steps:
                self._push(step.at, self._move, (story, step))
        self._push(self.hours.at(READ_UNTIL), self._read, None)
        self._rounds(min(story.plan.at for story in self.stories))
        while self.events:
            moment, _number, do, what = heappop(self.events)
            with clock.standing(moment):
                do(what)
        self.session.flush()
        return self.counts

    def _push(self, at: datetime, do: Any, what: Any) -> None:
        self.pushed += 1
        heappush(self.events, (clock.aware(at), self.pushed, do, what))

    def _rounds(self, first: datetime) -> None:
        today = clock.local(first).date()
        while today <= self.day:
            for hour in ROUNDS:
                if today < self.day or hour == ROUNDS[0]:
                    self._push(datetime.combine(today, hour, clock.zone()), self._round, None)
            today += timedelta(days=1)

    def _as(self, username: str) -> scope.Identity:
        known = self.identities.get(username)
        if known is None:
            known = load_identity(self.session, self.users[username])
            self.identities[username] = known
        return known

    def _later(self, minutes: int) -> datetime | None:
        """So many working minutes from now; None where that is the demo's future."""
        minute = self.hours.minute(clock.now()) + minutes
        return self.hours.at(minute) if minute < 0 else None

    # what happens ---------------------------------------------------------------------------------

    def _report(self, story: Story) -> None:
        plan = story.plan
        said, _colon, value = plan.more.partition(":")
        about = self._worker(value) if said == "about" else None
        told = Report(
            category_id=self.categories[plan.category],
            grid_code=plan.code,
            summary=plan.summary,
            channel=plan.channel,
            place=plan.place or None,
            position=plan.position,
            crowd=said == "crowd",
            reporter_name=value if said == "reporter" else None,
            reporter_contact=self._contact(story) if said == "reporter" else None,
            about_worker_id=about,
            unit=value if said == "unit" else None,
        )
        role = "station" if plan.cell is None or about else REPORTERS.get(plan.channel, "leader")
        with scope.acting(self._as(self.acting.account(role, plan.code))):
            order = matters.report(self.session, told)
        story.order = order
        self.counts["matters"] += 1

    def _worker(self, username: str) -> int | None:
        return self.session.scalar(
            select(Worker.id).where(Worker.user_id == self.users[username].id)
        )

    @staticmethod
    def _contact(story: Story) -> str:
        return f"{MOBILE}09{story.chance.randrange(10**6):06d}"

    def _move(self, made: tuple[Story, StepPlan]) -> None:
        story, step = made
        order = story.order
        assert order is not None
        assignee = self.names.get(order.assignee_id or 0)
        dispatcher = self.names.get(order.dispatcher_id or 0)
        username = asked_to(self.acting, order, step, assignee, dispatcher)
        name = {"visit": "return_visit"}.get(step.name, step.name)
        data = filled_in(self.acting, order, step, story.plan, story.chance)
        data |= self._people(data)
        if name == "merge":
            data["into"] = self._before(story)
        with scope.acting(self._as(username)):
            order = move(self.session, order.id, name, data)
        if given := {"assignee", "helper"} & data.keys():
            for key in given:  # may have something to do elsewhere now
                self.identities.pop(self.names[int(data[key])], None)
        story.ahead -= 1
        self.counts["moves"] += 1
        self._ask(story, order)

    def _people(self, data: dict[str, Any]) -> dict[str, str]:
        """Names of accounts as the keys that a form would send."""
        return {key: str(self.users[data[key]].id) for key in ("assignee", "helper") if key in data}

    def _before(self, story: Story) -> str:
        other = self.stories[self.stories.index(story) - 1].order
        return other.number if other is not None else ""

    def _ask(self, story: Story, order: WorkOrder) -> None:
        """Most of those who are to be asked are asked within some days."""
        if order.state != "closed" or story.ahead or order.satisfaction is not None:
            return
        drawn = order.to_sample or order.return_visit_by is not None
        at = self._later(story.chance.randint(540, 1400))
        if drawn and at is not None and story.chance.random() < ASKED:
            said = story.chance.choice(("satisfied", "satisfied", "satisfied", "partly"))
            story.ahead += 1
            self._push(at, self._move, (story, StepPlan(at, "visit", (said,))))

    def _round(self, _nothing: None) -> None:
        done = tick_within(self.session, clock.now())
        self.counts["warnings"] += done.yellow + done.orange + done.red + done.control
        if not done.red:
            return
        columns = select(SupervisionOrder.id, SupervisionOrder.number)
        new = columns.where(SupervisionOrder.id > self.supervised).order_by(SupervisionOrder.id)
        for key, number in self.session.execute(new).all():
            # By its number: keys differ from database to database.
            self.supervised, chance, passed = key, Random(number), 0
            for name, least, most in SUPERVISED:
                passed += chance.randint(least, most)
                at = self._later(passed)
                if at is not None:
                    reply = chance.choice(NOTES["reply"]) if name == "answer" else None
                    self._push(at, self._supervise, (key, name, reply))

    def _supervise(self, told: tuple[int, str, str | None]) -> None:
        key, name, reply = told
        row = self.session.get_one(SupervisionOrder, key)
        who = {"sign": "leading", "answer": "area", "close": "station"}[name]
        with scope.acting(self._as(self.acting.account(who, row.grid_code))):
            supervised.act(self.session, row, name, reply)

    def _read(self, _nothing: None) -> None:
        """People have read their messages, but for the newest."""
        for user in self.users.values():
            inbox.mark_read(self.session, user.id)
