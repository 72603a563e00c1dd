"""Named conditions on grids: off the household standard, short of staff, without a boundary."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.extensions import db
from portal.models import Grid, LeadingGroup, Post, PostRole
from portal.queries.settings import household_standards


def off_standard(found: Select[Any]) -> Select[Any]:
    """Cells in service whose declared households lie outside the standard of their kind (P1)."""
    limits = household_standards(db.session)
    outside = [
        and_(Grid.kind == kind, ~Grid.households_declared.between(least, most))
        for kind, (least, most) in limits.items()
    ]
    return found.where(Grid.level == "cell", or_(*outside))


def without_boundary(found: Select[Any]) -> Select[Any]:
    """Grids that no boundary is on record for."""
    return found.where(Grid.boundary.is_(None))


def in_service(grid: Any = Grid) -> ColumnElement[bool]:
    """Grids of a community that has a leading group: only there are vacant posts a finding."""
    return exists().where(func.substr(grid.code, 1, 12) == LeadingGroup.grid_code)


def current(post: Any = Post) -> ColumnElement[bool]:
    """Posts in force today."""
    today = clock.today()
    return and_(post.since <= today, or_(post.until.is_(None), post.until >= today))


def short_of_staff(found: Select[Any]) -> Select[Any]:
    """Grids where fewer workers hold a post than its line of the catalogue asks for (P2)."""
    role, post = aliased(PostRole), aliased(Post)
    held = (
        select(func.count())
        .select_from(post)
        .where(post.grid_code == Grid.code, post.role == role.code, current(post))
        .correlate(Grid, role)
        .scalar_subquery()
    )
    level = func.replace(role.level, "leading", "community")
    lacking = exists().where(level == Grid.level, role.min_count > held)
    return found.where(in_service(), lacking)
