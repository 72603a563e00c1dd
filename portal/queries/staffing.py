"""Who a grid needs (domain model, Team), and the grids that lack somebody, as one condition."""

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, distinct, exists, func, or_, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.models import Grid, Post, Worker

# Roles that every grid of a level needs.
NEEDED: dict[str, tuple[str, ...]] = {
    "community": ("group_head", "group_deputy", "office_director"),
    "area": ("area_manager", "area_head", "data_clerk"),
    "block": ("block_head",),
    "cell": ("grid_leader", "grid_worker", "information_officer"),
}
ONLY_ONE = ("data_clerk",)
FEWEST_IN_AREA = 4
COMMUNITY_DIGITS = 12


def in_force(post: Any = Post, today: date | None = None) -> ColumnElement[bool]:
    """Posts held today."""
    today = today or clock.today()
    return and_(post.since <= today, or_(post.until.is_(None), post.until >= today))


def consented(worker: Any = Worker) -> ColumnElement[bool]:
    """Workers who have agreed, by today, to be shown in public."""
    return worker.public_consent_on <= clock.today()


def short_of_staff(found: Select[Any]) -> Select[Any]:
    """Grids with a staffing finding, as ``check-grids`` has it: only in communities with staff."""
    return found.where(_short(clock.today()))


@lru_cache(maxsize=2)
def _short(today: date) -> ColumnElement[bool]:
    """The finding, worded once a day: it looks for a dozen kinds of posts."""
    post = aliased(Post)
    same_community = func.substr(post.grid_code, 1, COMMUNITY_DIGITS) == func.substr(
        Grid.code, 1, COMMUNITY_DIGITS
    )
    staffed = exists().where(same_community, in_force(post, today))
    return and_(staffed, or_(*_vacancies(today), _too_many(today), _too_few(today)))


def _vacancies(today: date) -> list[ColumnElement[bool]]:
    found = []
    for level, roles in NEEDED.items():
        for role in roles:
            post = aliased(Post)
            held = exists().where(
                post.grid_code == Grid.code, post.role == role, in_force(post, today)
            )
            found.append(and_(Grid.level == level, ~held))
    return found


def _too_many(today: date) -> ColumnElement[bool]:
    post = aliased(Post)
    holders = (
        select(func.count(distinct(post.worker_id)))
        .where(post.grid_code == Grid.code, post.role.in_(ONLY_ONE), in_force(post, today))
        .correlate(Grid)
        .scalar_subquery()
    )
    return and_(Grid.level == "area", holders > 1)


def _too_few(today: date) -> ColumnElement[bool]:
    post = aliased(Post)
    below = and_(post.grid_code >= Grid.code, post.grid_code < Grid.code.concat(":"))
    people = (
        select(func.count(distinct(post.worker_id)))
        .where(below, in_force(post, today))
        .correlate(Grid)
        .scalar_subquery()
    )
    return and_(Grid.level == "area", people < FEWEST_IN_AREA)
