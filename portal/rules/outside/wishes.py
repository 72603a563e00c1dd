"""What an account wants beside its inbox, and the messages that try whether it arrives."""

from collections.abc import Mapping
from datetime import timedelta

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import RuleError
from portal.models import GroupRobot, Message, MessageChoice, User
from portal.models.choices import DOCUMENT_LANGUAGES
from portal.models.message_choices import TEST, TOPICS, WISHES
from portal.queries.settings import numbers
from portal.rules import inbox
from portal.rules.outside import outbox
from portal.rules.outside.addresses import Hook, check_hook, read_hook
from portal.rules.outside.letters import Letter
from portal.rules.outside.night import night_of

TRIES = 5  # test messages of one account within an hour
KIND = "delivery_test"


def choice_of(session: Session, user_id: int) -> dict[str, str]:
    """The language and the wish for each topic of an account, defaults where it chose nothing."""
    row = session.get(MessageChoice, user_id)
    found = {topic: getattr(row, topic, None) or outbox.DEFAULTS[topic] for topic in TOPICS}
    return {"lang": row.lang if row else next(iter(DOCUMENT_LANGUAGES))} | found


def choose(session: Session, user_id: int, told: Mapping[str, str]) -> None:
    """Keep what an account wants; the caller commits. Raises RuleError."""
    known = {"lang": DOCUMENT_LANGUAGES} | dict.fromkeys(TOPICS, WISHES)
    for name, offered in known.items():
        if told.get(name) not in offered:
            raise RuleError(_l("Choose one."), name)
    row = session.get(MessageChoice, user_id)
    if row is None:
        row = MessageChoice(user_id=user_id)
        session.add(row)
    for name in known:
        setattr(row, name, told[name])


def try_email(session: Session, user_id: int) -> None:
    """A test message to the inbox and the e-mail address of an account; the caller commits. Raises
    RuleError where no mail can leave, or too many were asked for.
    """
    if not mail_works():
        raise RuleError(_l("No mail server is set up: ask your administrator."))
    if not session.scalar(select(User.email).where(User.id == user_id)):
        raise RuleError(_l("Your account has no e-mail address: ask your administrator."))
    _try(session, user_id, channel="email", user_id=user_id)


def try_robot(session: Session, robot: GroupRobot, user_id: int) -> None:
    """A test message to a group, and to the inbox of who asks; the caller commits. RuleError where
    the robot is switched off, or too many were asked for.
    """
    if not robot.active:
        raise RuleError(_l("Switch the robot on first."))
    target = outbox.target_of(robot.id)
    _try(session, user_id, channel="webhook", target=target, robot_id=robot.id)


def prepare_robot(robot: GroupRobot, typed: str | None) -> None:
    """Judge a robot before it is written; ``typed``: its new address. One that may not be used any
    more, or cannot be opened, can be switched off or given a new one. Raises RuleError.
    """
    address = address_of(robot)  # opened before it is changed: the audit log tells that it was
    if typed:
        address = robot.hook = typed.strip()
    if not robot.topics:
        raise RuleError(_l("Choose at least one."), "topics")
    if typed or robot.active:
        check_hook(address or "", robot.kind)


def address_of(robot: GroupRobot) -> str | None:
    """The address of a robot, opened; None where there is none, or no key opens it."""
    try:
        return robot.hook
    except ValueError:
        return None


def hook_of(robot: GroupRobot) -> Hook | None:
    """The address of a robot, read; None where it cannot be."""
    return read_hook(address_of(robot) or "", robot.kind)


def mail_works() -> bool:
    """Whether a mail server is set up."""
    return bool(current_app.config.get("PORTAL_MAIL_URL"))


def night(session: Session) -> tuple[str, str] | None:
    """Begin and end of the night on the clock; None where there is none."""
    found = night_of(numbers(session))
    if found.begins % 24 == found.ends % 24:
        return None
    return f"{found.begins % 24:02}:00", f"{found.ends % 24:02}:00"


def _try(session: Session, asks: int, **way: object) -> None:
    now = clock.now()
    hour = now - timedelta(hours=1)
    mine = (Message.user_id == asks, Message.kind == KIND, Message.created_at > hour)
    if (session.scalar(select(func.count(Message.id)).where(*mine)) or 0) >= TRIES:
        raise RuleError(_l("That is enough for now: try again in an hour."))
    letter = Letter(asks, KIND, {}, inbox.HERE, urgent=True)
    (key,) = inbox.put(session, [letter], now)
    night = night_of(numbers(session))
    outbox.write(
        session, [outbox.row(key, letter, night, now, **way) | {"topic": TEST, "bare": False}]
    )
