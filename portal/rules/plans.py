"""Site plans (P1, P5): what a plan of the division needs, and when there is a new version."""

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import OutOfScope, RuleError
from portal.queries.plans import PlanRecord, collect_plan
from portal.rules import documents

KIND = "site-plan"
SPEC = documents.SPECS[KIND]
MOST_NAMES = 8  # of grids without a boundary in one message


def load_plan(session: Session, grid_code: str, lang: str) -> PlanRecord:
    """The complete record of a community's site plan.

    Raises OutOfScope for an unknown grid, RuleError naming what the plan still lacks.
    """
    record = collect_plan(session, grid_code, lang, current_app.config["PORTAL_PUBLIC_URL"])
    if record is None:
        raise OutOfScope(f"no grid {grid_code}")
    lacking = missing(record)
    if lacking:
        raise RuleError(
            _(
                "The site plan of %(grid)s cannot be issued yet: %(lacking)s",
                grid=record.name,
                lacking=" ".join(str(part) for part in lacking),
            )
        )
    return record


def missing(record: PlanRecord) -> list[Any]:
    """What the plan lacks: a sentence each, with what to do about it."""
    if record.level not in SPEC.levels:
        return [_l("Only communities have one.")]
    return [text for text, holds in requirements(record) if not holds]


def requirements(record: PlanRecord) -> tuple[tuple[Any, bool], ...]:
    """What the required zones of ``notice_board.yaml`` ask for, and whether it is there."""
    levels = {grid.level for grid in record.grids}
    bare = [grid.name for grid in record.grids if not grid.boundary]
    names = _(", ").join(bare[:MOST_NAMES]) + ("…" if len(bare) > MOST_NAMES else "")
    watching = {line.scope for line in record.supervision}
    heads = {grid.head.phone for grid in record.grids if grid.head}
    return (
        (_l("It is not divided: add areas, blocks and cells."), levels >= {"area", "cell"}),
        (_l("No boundary is on record of: %(names)s. Import them.", names=names), not bare),
        (
            _l("Nobody of the leading group is shown in public: give posts, record the consent."),
            bool(record.leading),
        ),
        (_l("The duty telephone of the community has no number: enter it."), bool(record.duty)),
        (
            _l("The supervision telephone of the community has no number: enter it."),
            not watching.isdisjoint({"community", "grid"}),
        ),
        (
            _l("A supervision number is that of somebody it supervises: change it."),
            heads.isdisjoint(line.number for line in record.supervision),
        ),
    )
