"""What an import tells, in words: columns, reasons, refused rows, changes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.errors import reworded
from portal.models.choices import IMPORT_KINDS
from portal.rules.imports import KINDS, REASONS, REFUSALS
from portal.views import wording
from portal.views.labels import LABELS

MOST_SHOWN = 100
LABELS_OF_COLUMNS = {"group": LABELS["group_no"], "number": LABELS["number"]}


@dataclass(frozen=True)
class Counted:
    """A reason in words and how many rows it concerns."""

    text: str
    count: int


@dataclass(frozen=True)
class Refused:
    """A row that is not taken: its number in the file, the column, the cell and the reason."""

    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Told:
    """A report in words. ``left_out``: how many refused rows are not listed."""

    created: int
    updated: int
    unchanged: int
    failed: int
    mended: list[Counted]
    reasons: list[Counted]
    refused: list[Refused]
    left_out: int
    extra: list[str]
    dropped: list[str]
    ignored: int
    also: list[Counted]
    refused_file: str


@dataclass(frozen=True)
class Sample:
    """A row that would be written: its number in the file, its register, what is new of it."""

    row: int
    register: str
    label: str
    new: bool
    changes: list[str]


def kind_name(kind: str) -> str:
    """What people call a kind of rows."""
    return str(IMPORT_KINDS.get(kind, kind))


def column_label(kind: str, name: str | None) -> str:
    """What people call a column of a kind; empty for none."""
    known_columns = (*KINDS[kind].columns, *KINDS[kind].told_back) if kind in KINDS else ()
    columns = {column.name: column for column in known_columns}
    column = columns.get(name or "")
    if column is None:
        return name or ""
    if str(get_locale()).startswith("zh"):
        return column.zh
    known = LABELS_OF_COLUMNS.get(column.name) or LABELS.get(column.name)
    return str(known) if known else column.name.replace("_", " ").capitalize()


def told(kind: str, report: Mapping[str, Any]) -> Told:
    """A report (``Report.as_dict``) in words."""
    errors = report.get("errors", [])
    file = report.get("refused_file")
    return Told(
        report.get("created", 0),
        report.get("updated", 0),
        report.get("unchanged", 0),
        report.get("failed", 0),
        _counted(report.get("mended", {})),
        _counted(report.get("by_reason", {})),
        [_refused(kind, error) for error in errors[:MOST_SHOWN]],
        max(0, report.get("failed", 0) - MOST_SHOWN),
        list(report.get("extra_columns", [])),
        list(report.get("dropped_columns", [])),
        report.get("ignored_rows", 0),
        [
            Counted(wording.register_or_level(name), count)
            for name, count in report.get("also_created", {}).items()
        ],
        str(REASONS.get(file, file)) if file else "",
    )


def _counted(counts: Mapping[str, int]) -> list[Counted]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Counted(str(REASONS.get(reason, reason)), count) for reason, count in ordered]


def _refused(kind: str, error: Mapping[str, Any]) -> Refused:
    reason = error["reason"]
    message = reworded(error.get("message") or "") or str(REASONS.get(reason, reason))
    value = error.get("value")
    column, text = error.get("column"), "" if value is None else str(value)
    if kind in KINDS and column:
        text = wording.value(KINDS[kind].model.__tablename__, column, text)
    return Refused(error["row"], column_label(kind, column), text, message)


def samples(session: Session, found: Iterable[Mapping[str, Any]]) -> list[Sample]:
    """The first rows that would be written, in words."""
    posts = wording.post_names(session)
    return [
        Sample(
            one["row"],
            wording.register(one["table"]),
            label(one["label"], posts),
            one["new"],
            wording.changes(session, one["table"], json.dumps(one["changes"])).splitlines(),
        )
        for one in found
    ]


def label(text: str, posts: Mapping[str, str]) -> str:
    """The label of a row without codes that mean a post."""
    return " ".join(posts.get(word, word) for word in text.split(" "))


def refusal(one: Mapping[str, str], posts: Mapping[str, str]) -> str:
    """Why a row keeps a batch from being taken back."""
    detail = wording.register(one["detail"]) if one["detail"] else ""
    name, reason = label(one["label"], posts), str(REFUSALS.get(one["reason"], one["reason"]))
    if detail:
        reason = _("%(reason)s (%(detail)s)", reason=reason, detail=detail)
    return f"{name}{_(': ')}{reason}"
