"""Questions between grids: which wait for an answer."""

from typing import Any

from sqlalchemy import Select

from portal import clock
from portal.models import CrossCheck


def to_answer(found: Select[Any]) -> Select[Any]:
    """We are asked and have not answered."""
    return found.where(CrossCheck.side == "received", CrossCheck.state == "open")


def waiting(found: Select[Any]) -> Select[Any]:
    """We asked and have no answer yet."""
    return found.where(CrossCheck.side == "sent", CrossCheck.state == "open")


def overdue(found: Select[Any]) -> Select[Any]:
    """Not answered by the day it was asked for, on either side."""
    return found.where(CrossCheck.state == "open", CrossCheck.reply_by < clock.today())


def answers(found: Select[Any]) -> Select[Any]:
    """What we asked and was answered."""
    return found.where(CrossCheck.side == "sent", CrossCheck.state == "answered")
