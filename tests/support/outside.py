"""What tests of deliveries share: a clock they set, letters to put into inboxes, the round."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from portal.models import Delivery, GroupRobot, MessageChoice
from portal.rules import inbox
from portal.rules.outside import sending
from portal.rules.outside.letters import Letter
from tests.support.matters import id_of

DAY = "2026-03-03T10:00"
CELL = "4201020029900102003"  # of worker07 and leader07


def at(text: str) -> datetime:
    """An instant from what the clock on the wall shows."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


class World:
    """The portal's clock, its settings of mail and robots, and a session."""

    def __init__(self, app: Flask, session: Any, file: Path) -> None:
        self.app, self.session, self._file = app, session, file
        self.app.config["PORTAL_CLOCK"] = str(file)
        self.set(DAY)

    def set(self, text: str) -> None:
        """What the clock on the wall shows from now on."""
        self._file.write_text(json.dumps({"at": f"{text}+08:00"}))
        self.now = at(text)

    def put(self, *users: str, kind: str = "order_red", **about: Any) -> None:
        """One message for each of these accounts, as a rule would put it there."""
        told = {"number": "420102002990-20260303-0001", "summary": "三楼漏水，找王师傅13812345678"}
        told |= {"supervision": "D1", "due_at": self.now.isoformat(), **about.pop("params", {})}
        red = {"urgent": True} if kind == "order_red" else {}
        about = {"place": CELL, **red, **about}
        inbox.deliver(
            self.session,
            [
                Letter(id_of(self.session, user), kind, told, "/work-orders/show/1", **about)
                for user in users
            ],
        )
        self.session.commit()

    def round(self, text: str | None = None) -> sending.Round:
        """The round as of now, or as of another moment."""
        if text:
            self.set(text)
        return sending.send_due(self.session, self.now)

    def wish(self, user: str, **wishes: str) -> None:
        """What an account wants by e-mail."""
        self.session.merge(MessageChoice(user_id=id_of(self.session, user), **wishes))
        self.session.commit()

    def robot(
        self, url: str, grid: str, topics: str = "warnings;orders;meetings", **more: Any
    ) -> GroupRobot:
        """A group that hears of a grid, at a host that the settings name."""
        parts, named = urlsplit(url), self.app.config["PORTAL_WEBHOOK_HOSTS"] or ""
        self.app.config["PORTAL_WEBHOOK_HOSTS"] = f"{named},{parts.scheme}://{parts.netloc}"
        told = {"kind": "wecom", "hook": url, "grid_code": grid, "topics": topics} | more
        made = GroupRobot(name=f"群{grid}", **told)
        self.session.add(made)
        self.session.commit()
        return made

    def rows(self) -> list[Delivery]:
        """All deliveries, in order."""
        self.session.rollback()
        self.session.expire_all()
        return list(self.session.scalars(select(Delivery).order_by(Delivery.id)))

    def states(self) -> list[tuple[str, str | None, int]]:
        """State, error and tries of all deliveries."""
        return [(row.state, row.error, row.attempts) for row in self.rows()]


@contextmanager
def world(app: Flask, session: Any, file: Path, **settings: str) -> Iterator[World]:
    """A world while the block runs; ``settings``: PORTAL_MAIL_URL and the like."""
    names = ("PORTAL_CLOCK", "PORTAL_MAIL_URL", "PORTAL_WEBHOOK_URLS", "PORTAL_WEBHOOK_HOSTS")
    before = {name: app.config[name] for name in names}
    app.config.update(settings)
    try:
        yield World(app, session, file)
    finally:
        app.config.update(before)
