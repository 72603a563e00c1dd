"""Rows of a check that look like somebody on record, as its page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

UNDECIDED = "match_undecided"


@dataclass(frozen=True)
class Record:
    """Somebody on record: ``facts`` beside the name; ``home``: what tells one from another;
    ``replaces``: the number that would go and the one that would stand instead."""

    id: int
    name: str
    facts: list[str]
    home: str
    replaces: tuple[str, str] | None


@dataclass(frozen=True)
class Proposal:
    """A row of the file and whom it looks like; ``more``: so many others are not listed."""

    row: int
    name: str
    facts: list[str]
    records: list[Record]
    more: int


@dataclass(frozen=True)
class Shown:
    """The first such rows, and how many there are beyond."""

    rows: list[Proposal]
    count: int
    more: int


def shown(told: Mapping[str, Any]) -> Shown:
    """What a check told (``matches.Told.as_dict``), in words."""
    rows = [_proposal(one) for one in told["rows"]]
    return Shown(rows, told["count"], told["count"] - len(rows))


def _proposal(one: Mapping[str, Any]) -> Proposal:
    return Proposal(
        one["row"],
        one["name"],
        [*_facts(one, _("no number")), one["home"], _cell(one)],
        [_record(record, one["number"]) for record in one["records"]],
        one["more"],
    )


def _record(one: Mapping[str, Any], number: str) -> Record:
    return Record(
        one["id"],
        one["name"],
        [*_facts(one, _("temporary number")), one["household"], _cell(one)],
        one["household"] or one["grid_code"],
        (one["number"], number) if one["replaces"] else None,
    )


def _facts(one: Mapping[str, Any], otherwise: str) -> list[str]:
    born = one["birth_date"]
    return [
        one["number"] or otherwise,
        _("born %(day)s", day=born) if born else _("no date of birth"),
    ]


def _cell(one: Mapping[str, Any]) -> str:
    return _("cell %(code)s", code=one["grid_code"])


def without(report: Mapping[str, Any], matches: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The report of a check without the rows that wait for a decision: they are not refused."""
    if not matches:
        return report
    reasons = dict(report["by_reason"])
    waiting = reasons.pop(UNDECIDED, 0)
    errors = [error for error in report["errors"] if error["reason"] != UNDECIDED]
    return {
        **report,
        "failed": report["failed"] - waiting,
        "by_reason": reasons,
        "errors": errors,
    }
