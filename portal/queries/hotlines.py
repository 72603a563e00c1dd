"""Which telephone numbers stand beside a matter: by its category, and by what its note names."""

import re
from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import scope
from portal.models import Hotline, MatterCategory

# National numbers (hotlines.csv), by what the catalogue says of a category.
BY_ROUTE = {"report": ("110",)}
BY_LEAD = {"police": ("110",), "street": ("12345",)}
BY_KIND = {"dispute": ("12348",), "petition": ("12348",)}
NUMBER = re.compile(r"(?<!\d)\d{3,5}(?!\d)")


def group_of(session: Session, category: MatterCategory) -> MatterCategory | None:
    """The group that a category belongs to."""
    asked = select(MatterCategory).where(MatterCategory.code == category.parent_code)
    return session.scalars(asked).one_or_none()


def beside(session: Session, category: MatterCategory, notes: Iterable[str], code: str) -> list[
    Hotline
]:  # fmt: skip
    """The hotlines for matters of ``category`` in the grid ``code``, those to call first first."""
    named = [number for note in notes for number in NUMBER.findall(note)]
    wanted = [
        *BY_ROUTE.get(category.route, ()),
        *named,
        *BY_LEAD.get(category.lead, ()),
        *BY_KIND.get(category.kind, ()),
    ]
    order = {number: place for place, number in reversed(list(enumerate(wanted)))}
    if not order:
        return []
    line = [*scope.ancestors(code), code]
    asked = select(Hotline).where(
        Hotline.number.in_(sorted(order)),
        or_(Hotline.grid_code.is_(None), Hotline.grid_code.in_(line)),
    )
    found = {one.number or "": one for one in session.scalars(asked.order_by(Hotline.id))}
    return sorted(found.values(), key=lambda one: order[one.number or ""])
