"""What the settings say, with the defaults where nothing is set."""

from collections.abc import Mapping

from flask import has_request_context, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Setting
from portal.queries.limits import default_settings

KEPT = "portal.settings"  # of a request
# Sources: P1 household standards, domain.md (Grid); notice_board.yaml (renewal);
# time_limits.yaml (clocks of matters).
DEFAULTS: dict[str, str] = {
    "households.scattered.min": "120",
    "households.scattered.max": "160",
    "households.gated.min": "200",
    "households.gated.max": "250",
    "households.bungalow.min": "80",
    "households.bungalow.max": "120",
    "households.counted_by": "1",
    "posts.ending_soon_days": "30",
    "boards.max_age_months": "12",
    "inbox.keep_days": "180",
    "messages.night_from": "22",
    "messages.night_until": "7",
    "deliveries.keep_days": "180",
    "tasks.keep_days": "30",
    "reveals.per_hour": "60",
    "cards.valid_years": "3",
    "cards.expiring_soon_days": "60",
    "visits.permanent_days": "180",
    "visits.floating_days": "90",
    "visits.needs_days": "30",
    "visits.again_days": "7",
    "cross_checks.reply_days": "7",
    # People's Mediation Law 33; rules for the work of people's mediation 33.
    "mediation.confirm_days": "30",
    "mediation.usual_days": "30",
    "mediation.warn_days": "7",
    "papers.signatures": "1",
    "sweeps.remind_days": "3",
} | default_settings()


def numbers(session: Session) -> Mapping[str, int]:
    """All settings as whole numbers, defaults where nothing is set; a page that is only looked at
    reads them once.
    """
    if not has_request_context() or request.method != "GET":
        return _read(session)
    if KEPT not in request.environ:
        request.environ[KEPT] = _read(session)
    kept: Mapping[str, int] = request.environ[KEPT]
    return kept


def _read(session: Session) -> dict[str, int]:
    found = {key: int(default) for key, default in DEFAULTS.items()}
    for key, value in session.execute(select(Setting.key, Setting.value)):
        if key in found and value.strip().isdecimal():
            found[key] = int(value)
    return found


def household_standards(session: Session) -> dict[str, tuple[int, int]]:
    """Kind of cell → (least, most) households (P1)."""
    values = numbers(session)
    return {
        kind: (values[f"households.{kind}.min"], values[f"households.{kind}.max"])
        for kind in ("scattered", "gated", "bungalow")
    }
