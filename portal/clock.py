"""The one clock of the portal.

``PORTAL_CLOCK`` (tests only) names a file with ``{"at": ISO 8601, "since": epoch seconds,
"speed": factor}``, so that web, worker and timetable travel through time together.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import current_app, has_app_context

DEFAULT_ZONE = "Asia/Shanghai"
_standing: ContextVar[datetime | None] = ContextVar("standing", default=None)


@contextmanager
def standing(moment: datetime) -> Iterator[None]:
    """Let the clock stand at ``moment`` within the block: for who makes a past (the demo)."""
    token = _standing.set(aware(moment))
    try:
        yield
    finally:
        _standing.reset(token)


def stands() -> bool:
    """Whether a past is being made."""
    return _standing.get() is not None


def now() -> datetime:
    """The current instant, aware, in UTC."""
    stood = _standing.get()
    if stood is not None:
        return stood
    file = current_app.config.get("PORTAL_CLOCK") if has_app_context() else None
    if not file:
        return datetime.now(UTC)
    state = json.loads(Path(file).read_text())
    passed = (time.time() - state.get("since", time.time())) * state.get("speed", 0)
    return datetime.fromisoformat(state["at"]).astimezone(UTC) + timedelta(seconds=passed)


def zone() -> ZoneInfo:
    """The community's time zone (``PORTAL_TIMEZONE``)."""
    name = current_app.config["PORTAL_TIMEZONE"] if has_app_context() else DEFAULT_ZONE
    return ZoneInfo(name)


def aware(instant: datetime) -> datetime:
    """``instant`` in UTC; naive values, as SQLite gives them back, are taken as UTC."""
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)


def local(instant: datetime) -> datetime:
    """``instant`` on the community's wall clock; naive values are taken as UTC."""
    return aware(instant).astimezone(zone())


def today() -> date:
    """Today's date in the community's time zone."""
    return local(now()).date()
