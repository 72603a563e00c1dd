"""Planning: which of the messages just put into inboxes leave the portal, how and when.

Everything is decided here, in the transaction of the messages; the queue only sends. Without a
mail server and without robots nothing is planned at all.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal import clock, queue
from portal.models import Delivery, GroupRobot, MessageChoice
from portal.models.message_choices import TOPICS
from portal.queries.settings import numbers
from portal.rules.bulk import among
from portal.rules.outside.addresses import Unusable, hooks_of
from portal.rules.outside.letters import Letter
from portal.rules.outside.night import Night, night_of

JOB, JOB_ID = "jobs.deliveries.send", "deliveries-send"
DELIVERIES = Delivery.__table__
DEFAULTS = {topic: MessageChoice.__table__.c[topic].default.arg for topic in TOPICS}
# A robot of the settings hears of everything that presses and of every meeting.
ENV_TOPICS = ("warnings", "meetings")
Found = Sequence[tuple[int, Letter]]


@dataclass(frozen=True)
class Ear:
    """A group that is told of some topics in a grid (empty: everywhere)."""

    target: str
    robot_id: int | None
    grid_code: str
    topics: frozenset[str]

    def hears(self, letter: Letter) -> bool:
        """Whether the group is told. Of its meetings only those of its own grid: nobody reads the
        briefings of every cell.
        """
        if letter.place is None or letter.bare or not letter.place.startswith(self.grid_code):
            return False
        if letter.urgent and letter.topic in ("orders", "warnings"):
            return bool({"orders", "warnings"} & self.topics)
        if letter.topic == "meetings" and self.grid_code and letter.place != self.grid_code:
            return False
        return letter.topic in self.topics


@dataclass(frozen=True)
class Ways:
    """The ways out that there are now."""

    by_mail: bool
    ears: list[Ear]


def ways_out(session: Session) -> Ways | None:
    """The ways out; None where there is none. A past that is made (the demo) is sent to nobody."""
    if clock.stands():
        return None
    ways = Ways(bool(current_app.config.get("PORTAL_MAIL_URL")), _ears(session))
    return ways if ways.by_mail or ways.ears else None


def plan(session: Session, found: Found, ways: Ways, moment: datetime) -> int:
    """Plan the deliveries of messages (key, letter) that are new in this transaction; how many."""
    night = night_of(numbers(session))
    rows = list(_to_robots(found, ways.ears, night, moment))
    if ways.by_mail:
        rows += _by_mail(session, found, night, moment)
    return write(session, rows)


def write(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Put planned rows down and ask the queue to send them after the commit; how many."""
    if rows:
        session.execute(insert(Delivery), list(rows))
        ask()
    return len(rows)


def ask() -> None:
    """Have the queue send what is due, after the commit; the timetable does so every minute."""
    queue.enqueue(JOB, "", job_id=JOB_ID, pauses=())


def row(
    message_id: int, letter: Letter, night: Night, moment: datetime, **way: Any
) -> dict[str, Any]:
    """One delivery of a message; ``way``: channel and target."""
    due = night.earliest(moment, urgent=letter.urgent)
    return {
        "message_id": message_id,
        "user_id": None,
        "robot_id": None,
        "target": "",
        "topic": letter.topic,
        "urgent": letter.urgent,
        "bare": letter.bare,
        "state": "held" if due > moment else "waiting",
        "next_try_at": due,
        "expires_at": letter.until,
        "created_at": moment,
        "updated_at": moment,
    } | way


def wanted(choice: Any, topic: str, *, urgent: bool) -> bool:
    """Whether an account with the row ``choice`` of its wishes (None: none) wants an e-mail."""
    wish = getattr(choice, topic, None) or DEFAULTS[topic]
    return wish == "all" or (wish == "urgent" and urgent)


def _by_mail(
    session: Session, found: Found, night: Night, moment: datetime
) -> Iterator[dict[str, Any]]:
    columns = [MessageChoice.__table__.c[topic] for topic in TOPICS]
    asked = (
        select(User.id, *columns)
        .outerjoin(MessageChoice, MessageChoice.user_id == User.id)
        .where(among(session, User.id, sorted({letter.user_id for _key, letter in found})))
        .where(User.active.is_(True), User.email != "")
    )
    people = {one.id: one for one in session.execute(asked)}
    for key, letter in found:
        person = people.get(letter.user_id)
        if person is not None and wanted(person, letter.topic, urgent=letter.urgent):
            yield row(key, letter, night, moment, channel="email", user_id=letter.user_id)


def _to_robots(
    found: Found, ears: Sequence[Ear], night: Night, moment: datetime
) -> Iterator[dict[str, Any]]:
    """A group is told once of what several people are told of."""
    told = set()
    for key, letter in found:
        about = (letter.kind, json.dumps(letter.params, sort_keys=True), letter.url)
        for ear in ears:
            if (ear.target, about) not in told and ear.hears(letter):
                told.add((ear.target, about))
                way = {"channel": "webhook", "target": ear.target, "robot_id": ear.robot_id}
                yield row(key, letter, night, moment, **way)


def _ears(session: Session) -> list[Ear]:
    try:
        hooks = hooks_of(current_app.config.get("PORTAL_WEBHOOK_URLS"))
    except Unusable:  # portal doctor says so
        hooks = []
    found = [Ear(hook.key, None, "", frozenset(ENV_TOPICS)) for hook in hooks]
    robots = select(GroupRobot.id, GroupRobot.grid_code, GroupRobot.topics)
    for one in session.execute(robots.where(GroupRobot.active.is_(True)).order_by(GroupRobot.id)):
        topics = frozenset(one.topics.split(";"))
        found.append(Ear(target_of(one.id), one.id, one.grid_code, topics))
    return found


def target_of(robot_id: int) -> str:
    """How deliveries name a robot of the list."""
    return f"robot-{robot_id}"
