"""Work manuals (P2 四定): what a manual needs, and what makes a new issue of it."""

import csv
import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import OutOfScope, RuleError
from portal.queries.manual import KIND as KIND
from portal.queries.manual import collect_manual
from portal.queries.manual_record import ManualGrid, ManualMeeting, ManualRecord
from portal.rules import documents
from portal.rules.defaults import FOLDER
from portal.rules.geometry import load_geometry, neighbours
from portal.scope import ancestors

TEXTS = FOLDER / "manual"
PRINTED = (
    "assessment.yaml",
    "ledgers.csv",
    "matter_categories.csv",
    "meetings.csv",
    "time_limits.yaml",
    "work_manual.yaml",
)
FIRST_CALLS = ("110", "119", "120")
# Which posts a grid of a level has, by the level that the catalogue of posts gives them.
POST_LEVELS = {
    "community": ("leading", "community", "any"),
    "area": ("area", "any"),
    "block": ("block", "any"),
    "cell": ("cell", "any"),
}


def load_manual(session: Session, grid_code: str, lang: str, subject: str = "") -> ManualRecord:
    """The complete record of a manual of a grid, or of one of its posts.

    Raises OutOfScope for an unknown grid, RuleError for a post that a grid of its level does not
    have, and RuleError naming what a manual still lacks.
    """
    url = current_app.config["PORTAL_PUBLIC_URL"]
    record = collect_manual(session, grid_code, lang, subject, url)
    if record is None:
        raise OutOfScope(f"no grid {grid_code}")
    if subject and subject not in subjects(record):
        raise RuleError(
            _("A grid of this level has no such post. Choose one of: %(posts)s.",
              posts=", ".join(subjects(record))),
            "subject",
        )  # fmt: skip
    lacking = missing(record)
    if lacking:
        raise RuleError(
            _(
                "The work manual of %(grid)s cannot be issued yet: %(lacking)s",
                grid=record.name,
                lacking=" ".join(str(part) for part in lacking),
            )
        )
    return replace(record, meetings=record.meetings or default_meetings(), texts=texts_digest())


def subjects(record: ManualRecord) -> tuple[str, ...]:
    """Codes of the posts that a grid of the record's level has."""
    levels = POST_LEVELS[record.level]
    return tuple(post.role for post in record.posts if post.level in levels)


def missing(record: ManualRecord) -> list[Any]:
    """What the manual lacks: a sentence each, with what to do about it."""
    return [text for text, holds in requirements(record) if not holds]


def requirements(record: ManualRecord) -> tuple[tuple[Any, bool], ...]:
    """What a manual must have, and whether it is there."""
    own = own_grid(record)
    calls = {line.number for line in record.hotlines}
    watched = any(line.supervision and line.number for line in record.hotlines)
    return (
        (_l("No boundary is on record: import it."), bool(own.boundary)),
        (_l("The four bounds are empty: enter them."), any(own.bounds)),
        (_l("The catalogue of posts is empty: run portal init."), bool(record.posts)),
        (_l("The catalogue of duties is empty: run portal init."), bool(record.duties)),
        (_l("No regulation is on record: run portal init."), bool(record.regulations)),
        (
            _l("Police, fire and ambulance are not among the hotlines: run portal init."),
            calls.issuperset(FIRST_CALLS),
        ),
        (_l("No supervision telephone has a number: enter one."), watched),
    )


def own_grid(record: ManualRecord) -> ManualGrid:
    """The grid the manual is about."""
    return next(grid for grid in record.grids if grid.code == record.code)


def touching(record: ManualRecord) -> list[tuple[ManualGrid, str, float]]:
    """The grids of the same level that touch it: grid, direction, metres of common line."""
    own = own_grid(record)
    alike = {g.code: g for g in record.grids if g.level == own.level and g.boundary}
    if own.code not in alike:
        return []
    shapes = {code: load_geometry(grid.boundary) for code, grid in alike.items()}
    return [(alike[n.code], n.direction, n.shared_m) for n in neighbours(own.code, shapes)]


def content_hash(record: ManualRecord) -> str:
    """SHA-256 of what makes a manual another manual, in hexadecimal digits.

    Its earlier issues are told in it but change nothing. Of the grids that are neither on the way
    up nor below nor beside it only the line of the table counts, not the boundary.
    """
    near = {grid.code for grid, _direction, _metres in touching(record)}

    def kept(grid: ManualGrid) -> bool:
        related = record.code.startswith(grid.code) or grid.code.startswith(record.code)
        return related or grid.code in near

    shown = {grid.code for grid in record.grids if kept(grid)}
    above = set(ancestors(record.code))
    grids = tuple(g if g.code in shown else replace(g, boundary="") for g in record.grids)
    people = tuple(p for p in record.people if p.grid_code in shown | above)
    return documents.digest_of(replace(record, history=(), grids=grids, people=people))


@lru_cache(maxsize=1)
def texts_digest() -> str:
    """SHA-256 of the texts and the default data that manuals print; they change with a release."""
    digest = hashlib.sha256()
    for path in sorted((*TEXTS.rglob("*.*"), *(FOLDER / name for name in PRINTED))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def default_meetings() -> tuple[ManualMeeting, ...]:
    """The meetings of the plan, until the community has series of its own."""
    with (FOLDER / "meetings.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return tuple(
        ManualMeeting(
            line["kind"],
            line["level"],
            line["rrule"],
            line["start"],
            int(line["minutes"]),
            line["holiday"],
            tuple(line["attendees"].split(";")),
            line["mode"],
            line["auto_agenda"],
        )
        for line in lines
    )
