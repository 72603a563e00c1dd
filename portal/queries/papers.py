"""Issued documents: which are in force, which were superseded, those of one grid."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from portal.models import IssuedDocument

MOST = 400  # of one grid that its page looks at


def is_superseded() -> ColumnElement[bool]:
    """A later version of the same document (grid, kind, subject, size, language) is there."""
    later = aliased(IssuedDocument)
    same = (
        getattr(later, name) == getattr(IssuedDocument, name)
        for name in ("grid_code", "kind", "subject", "size", "lang")
    )
    return exists().where(and_(*same, later.issue_no > IssuedDocument.issue_no))


def in_force(found: Select[Any]) -> Select[Any]:
    """Versions in force."""
    return found.where(~is_superseded())


def superseded(found: Select[Any]) -> Select[Any]:
    """Versions that a later one took the place of."""
    return found.where(is_superseded())


def superseded_among(session: Session, ids: Iterable[int]) -> set[int]:
    """Which of these documents were superseded."""
    asked = select(IssuedDocument.id).where(IssuedDocument.id.in_(list(ids)), is_superseded())
    return set(session.scalars(asked))


def of_grid(session: Session, code: str) -> Sequence[IssuedDocument]:
    """The documents of this very grid, the newest first."""
    found = (
        select(IssuedDocument)
        .where(IssuedDocument.grid_code == code)
        .order_by(IssuedDocument.id.desc())
        .limit(MOST)
    )
    return session.scalars(found).all()
