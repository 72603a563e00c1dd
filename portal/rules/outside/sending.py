"""The round that sends what is due: every minute, and at once after a message was planned.

It commits message by message. A mail server or a robot that does not answer ends its part of the
round and not that of the others; an address that is refused is no reason to stop. What is not
urgent goes to one person, or one group, in one piece.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.models import GroupRobot, MessageChoice
from portal.models.message_choices import TEST
from portal.rules.bulk import among
from portal.rules.outside import claims, robots, wishes, wording
from portal.rules.outside.addresses import ENV, Hook, Unusable, check_hook, hooks_of, mail_server
from portal.rules.outside.claims import Failure
from portal.rules.outside.outbox import target_of, wanted
from portal.rules.outside.post import Line, Refused

log = logging.getLogger(__name__)

LOT = 500  # deliveries read at once
AT_ONCE = 30  # messages in one mail
BUDGET = 60.0  # seconds of one round: other work waits in the same queue
# After these a robot is not tried again in the same round: each try may take its whole patience.
SILENT = ("timeout", "unreachable", "tls", "unsure")
GONE = ("gone", "no_address", "unwanted", "read", "off")


@dataclass
class Round:
    """What a round did, counted in deliveries."""

    sent: int = 0
    failed: int = 0
    held: int = 0
    missed: int = 0
    skipped: int = 0
    given_up: int = 0

    def add(self, **counts: int) -> None:
        """Count more."""
        for name, number in counts.items():
            setattr(self, name, getattr(self, name) + number)

    def __str__(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in asdict(self).items())


Part = Callable[[Session, datetime, Round, float], bool]


def send_due(session: Session, moment: datetime, budget: float = BUDGET) -> Round:
    """Send everything that is due as of ``moment``, for at most ``budget`` seconds and what the
    message in hand takes. Commits; safe to run by several workers at once.
    """
    done = Round()
    done.add(**claims.settle(session, moment))
    parts: tuple[Part, ...] = (_mails, partial(_groups, silent={}))
    for part in parts:
        until = time.monotonic() + budget / 2  # slow mail must not keep the groups from hearing
        while part(session, moment, done, until) and time.monotonic() < until:
            pass
    session.rollback()
    return done


# e-mail -------------------------------------------------------------------------------------------


def _mails(session: Session, moment: datetime, done: Round, until: float) -> bool:
    """Send a lot of mails; whether there may be more."""
    rows, more = _lot(session, "email", moment)
    if not rows:
        return False
    people = _people(session, {row.user_id for row in rows if row.user_id is not None})
    good = _kept(session, rows, lambda row: _unfit(row, people.get(row.user_id)), moment, done)
    letters = list(_letters(good, lambda row: str(row.user_id)))
    _send_mails(session, letters, people, moment, done, until)
    return more


def _send_mails(
    session: Session,
    letters: Sequence[Sequence[Any]],
    people: dict[int, Any],
    moment: datetime,
    done: Round,
    until: float,
) -> None:
    line: Line | None = None
    for number, letter in enumerate(letters):
        if time.monotonic() > until:
            break
        if line is None or line.broken:
            if line is not None:
                line.close()
            try:
                line = _opened()
            except Refused as refused:
                rest = [row.id for one in letters[number:] for row in one]
                failed = claims.note_failed(session, rest, refused.failure, moment, claimed=False)
                done.add(**failed)
                return
        taken = set(claims.claim(session, [row.id for row in letter], moment))
        mine = [row for row in letter if row.id in taken]
        if mine:
            write = partial(_write, mine, people[mine[0].user_id], line, moment)
            _note(session, mine, _tried(write), moment, done)
    if line is not None:
        line.close()


def _write(rows: Sequence[Any], person: Any, line: Line, at: datetime) -> Failure | None:
    mail = wording.mail(rows, person.lang or "", line.sender, person.email, at)
    return line.send(mail, person.email)


def _opened() -> Line:
    config = current_app.config
    try:
        server = mail_server(config["PORTAL_MAIL_URL"] or "", config["PORTAL_PUBLIC_URL"])
    except Unusable as error:
        raise Refused(Failure("settings")) from error
    return Line(server)


def _people(session: Session, ids: Iterable[int]) -> dict[int, Any]:
    choice = MessageChoice.__table__
    asked = (
        select(User.id, User.email, User.active, *(c for c in choice.c if c.name != "user_id"))
        .outerjoin(choice, choice.c.user_id == User.id)
        .where(among(session, User.id, sorted(ids)))
    )
    return {row.id: row for row in session.execute(asked)}


def _unfit(row: Any, person: Any) -> str | None:
    """Why a message is not sent to its account after all."""
    if row.kind is None:
        return "gone"
    if person is None or not person.active or not person.email:
        return "no_address"
    if row.state == "held" and row.read_at is not None:
        return "read"
    if row.topic != TEST and not wanted(person, row.topic, urgent=row.urgent):
        return "unwanted"
    return None


# group robots -------------------------------------------------------------------------------------


def _groups(
    session: Session, moment: datetime, done: Round, until: float, silent: dict[str, Failure]
) -> bool:
    """Tell groups a lot of messages; whether there may be more. ``silent``: what the other messages
    of a robot are noted as that did not answer in this round.
    """
    rows, more = _lot(session, "webhook", moment)
    if not rows:
        return False
    known = _known(session, silent)
    good = _kept(session, rows, lambda row: _unheard(row, known, silent), moment, done)
    for letter in _letters(good, lambda row: row.target):
        if time.monotonic() > until:
            break
        target, ids = letter[0].target, [row.id for row in letter]
        if target in silent:
            failed = claims.note_failed(session, ids, silent[target], moment, claimed=False)
            done.add(**failed)
            continue
        taken = set(claims.claim(session, ids, moment))
        mine = [row for row in letter if row.id in taken]
        if mine:
            failure = _tried(partial(_post, mine, *known[target]))
            _note(session, mine, failure, moment, done)
            if failure is not None and failure.code in SILENT:
                # Of what was not tried it is sure that it did not arrive.
                silent[target] = Failure("timeout" if failure.code == "unsure" else failure.code)
    return more


def _post(rows: Sequence[Any], hook: Hook, lang: str) -> Failure | None:
    return robots.post(hook, wording.notice(rows, lang, robots.LONGEST[hook.kind]))


def _known(session: Session, silent: dict[str, Failure]) -> dict[str, tuple[Hook, str]]:
    """Target → address and language. An address that cannot be opened makes its robot ``silent``;
    one that may not be used any more is left out.
    """
    try:
        hooks = hooks_of(current_app.config["PORTAL_WEBHOOK_URLS"])
    except Unusable:
        hooks = []
    found = {hook.key: (hook, current_app.config["BABEL_DEFAULT_LOCALE"]) for hook in hooks}
    for robot in session.scalars(select(GroupRobot).where(GroupRobot.active.is_(True))).all():
        target, address = target_of(robot.id), wishes.address_of(robot)
        if address is None:
            log.error("the address of group robot %s cannot be opened", robot.id)
            silent[target] = Failure("settings")
            continue
        try:
            found[target] = (check_hook(address, robot.kind), robot.lang)
        except RuleError:
            log.warning("the address of group robot %s may not be used", robot.id)
    return found


def _unheard(
    row: Any, known: dict[str, tuple[Hook, str]], silent: dict[str, Failure]
) -> str | None:
    if row.kind is None:
        return "gone"
    if row.robot_id is None and not row.target.startswith(ENV):
        return "off"  # deleted: another robot may have got its number
    return None if row.target in known or row.target in silent else "off"


# what they share ----------------------------------------------------------------------------------


def _lot(session: Session, channel: str, moment: datetime) -> tuple[Sequence[Any], bool]:
    """What is due, but not too much at once; whether there may be more. What goes to one recipient
    in one piece is not torn apart at its end, unless it is too much by itself.
    """
    rows = session.execute(claims.due(channel, moment).limit(LOT)).all()
    if len(rows) < LOT:
        return rows, False
    last, whole = (rows[-1].user_id, rows[-1].target), LOT
    while whole and (row := rows[whole - 1]) and (row.user_id, row.target) == last:
        if row.urgent:
            break
        whole -= 1
    return rows[: whole or LOT], True


def _kept(session: Session, rows: Sequence[Any], judge: Any, moment: datetime, done: Round) -> Any:
    """The rows that are still to be sent; the others are skipped with their reason."""
    why = {row.id: judge(row) for row in rows}
    for code in GONE:
        done.add(
            skipped=claims.skip(
                session, [k for k, said in why.items() if said == code], code, moment
            )
        )
    return [row for row in rows if why[row.id] is None]


def _letters(rows: Iterable[Any], whose: Any) -> Iterator[list[Any]]:
    """What goes out in one piece: each urgent message by itself and first, of the others all of one
    recipient, but not too many.
    """
    listed = list(rows)
    yield from ([row] for row in listed if row.urgent)
    rest = sorted((row for row in listed if not row.urgent), key=whose)
    for _name, group in groupby(rest, whose):
        together = list(group)
        for start in range(0, len(together), AT_ONCE):
            yield together[start : start + AT_ONCE]


def _tried(send: Callable[[], Failure | None]) -> Failure | None:
    """Send something; a mistake of ours is one failed message, not the end of the round."""
    try:
        return send()
    except Exception:
        log.exception("a message could not be made or sent")
        return Failure("fault", final=True)


def _note(
    session: Session, rows: Sequence[Any], failure: Failure | None, moment: datetime, done: Round
) -> None:
    ids = [row.id for row in rows]
    if failure is None:
        claims.note_sent(session, ids, moment)
        done.add(sent=len(ids))
        return
    done.add(**claims.note_failed(session, ids, failure, moment, claimed=True))
