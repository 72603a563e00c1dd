"""Service signs (P5): what a sign needs before it may hang at an entrance."""

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import OutOfScope, RuleError
from portal.queries.signs import SignRecord, collect_sign
from portal.rules import documents

KIND = "service-sign"
SPEC = documents.SPECS[KIND]


def load_sign(session: Session, grid_code: str, lang: str) -> SignRecord:
    """The complete record of a grid's service sign.

    Raises OutOfScope for an unknown grid, RuleError naming what the sign still lacks.
    """
    record = collect_sign(session, grid_code, lang, current_app.config["PORTAL_PUBLIC_URL"])
    if record is None:
        raise OutOfScope(f"no grid {grid_code}")
    lacking = missing(record)
    if lacking:
        raise RuleError(
            _(
                "The service sign of %(grid)s cannot be issued yet: %(lacking)s",
                grid=record.name,
                lacking=" ".join(str(part) for part in lacking),
            )
        )
    return record


def missing(record: SignRecord) -> list[Any]:
    """What the sign lacks: a sentence each, with what to do about it."""
    return [text for text, holds in requirements(record) if not holds]


def requirements(record: SignRecord) -> tuple[tuple[Any, bool], ...]:
    """What the required zones of ``notice_board.yaml`` ask for, and whether it is there."""
    nobody = (
        _l("Its grid worker is not shown in public: give the post, record the consent.")
        if record.level == "cell"
        else _l("Nobody who heads it is shown in public: give the post, record the consent.")
    )
    watching = {line.scope for line in record.supervision}
    return (
        (_l("Only communities and the grids below them have one."), record.level in SPEC.levels),
        (nobody, bool(record.person) or record.level not in SPEC.levels),
        (
            _l("There is no telephone to call: enter the public or the duty telephone."),
            bool(record.phone) or not record.person,
        ),
        (
            _l("The supervision telephone of the community has no number: enter it."),
            not watching.isdisjoint({"community", "grid"}),
        ),
        (
            _l("A supervision number is that of somebody it supervises: change it."),
            record.phone not in {line.number for line in record.supervision},
        ),
    )
