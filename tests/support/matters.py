"""Matters and orders for tests: rows as they lie in the database, and reports by the rules."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import (
    Matter,
    MatterCategory,
    MatterPerson,
    MediationFile,
    PetitionCase,
    ResponsibilityDraft,
    SupervisionOrder,
    User,
    WorkOrder,
)
from portal.queries.identity import load_identity
from portal.rules.work_orders.case import level_of
from portal.scope import Identity

CELL = "4201020029900102003"  # of worker07 and leader07
BLOCK, AREA, COMMUNITY = CELL[:16], CELL[:14], CELL[:12]
BEGAN = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def category(session: Session, code: str = "DI0202") -> MatterCategory:
    """A category of the catalogue: water that leaks, unless another one is wanted."""
    return session.scalars(select(MatterCategory).where(MatterCategory.code == code)).one()


def who(session: Session, username: str) -> Identity:
    """The identity of a sign-in."""
    return load_identity(
        session, session.scalars(select(User).where(User.username == username)).one()
    )


def id_of(session: Session, username: str) -> int:
    """The key of a sign-in."""
    return session.scalars(select(User.id).where(User.username == username)).one()


def rows_at(session: Session, code: str, number: object, **more: Any) -> dict[str, Any]:
    """A matter in grid ``code`` with its order and whatever can belong to one, past the rules."""
    told = category(session)
    common = {
        "number": f"T{code}-{number}",
        "kind": told.kind,
        "category_id": told.id,
        "summary": f"漏水{number}",
        "urgency": "normal",
        "visibility": "normal",
        "level": level_of(code),
        "grid_code": code,
        "reported_at": BEGAN,
    } | more
    matter = Matter(**common, channel="patrol", reporter_contact="15400001111")
    session.add(matter)
    session.flush()
    order = WorkOrder(**common, matter_id=matter.id, due_at=BEGAN)
    session.add(order)
    session.flush()
    supervised = SupervisionOrder(
        order_id=order.id, matter_id=matter.id, number=f"{common['number']}-D1", made_at=BEGAN,
        due_at=BEGAN, grid_code=code, level=common["level"],
    )  # fmt: skip
    file = MediationFile(
        number=f"{common['number']}-M", matter_id=matter.id, order_id=order.id,
        category_id=told.id, summary=common["summary"], cause=told.cause, grid_code=code,
        level=common["level"], visibility="restricted", opened_on=BEGAN.date(), outcome="open",
    )  # fmt: skip
    petition = PetitionCase(
        number=common["number"], matter_id=matter.id, order_id=order.id, category_id=told.id,
        summary=common["summary"], grid_code=code, level=common["level"],
    )  # fmt: skip
    session.add_all([supervised, file, petition])
    session.flush()
    draft = ResponsibilityDraft(
        order_id=order.id, matter_id=matter.id, number=order.number, due_at=BEGAN, grid_code=code,
        drafted_at=BEGAN, hear_by=BEGAN.date(), level=common["level"],
    )  # fmt: skip
    session.add(draft)
    session.flush()
    return {
        "matters": matter,
        "work-orders": order,
        "supervision-orders": supervised,
        "mediation-files": file,
        "petitions": petition,
        "responsibility-drafts": draft,
    }


def involve(session: Session, matter_id: int, *usernames: str) -> None:
    """These take part in a matter."""
    for username in usernames:
        key = id_of(session, username)
        session.add(MatterPerson(matter_id=matter_id, user_id=key, part="handler", outside=True))
    session.flush()
