"""Which grids and posts a batch of documents is about."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models import Grid, Post
from portal.queries.staffing import in_force


def grids_for(session: Session, code: str, level: str | None) -> list[tuple[str, str, str]]:
    """Code, name and level of the grids of ``level`` in force within the subtree of ``code``, in
    order; without a level the grid itself.
    """
    found = select(Grid.code, Grid.name, Grid.level).order_by(Grid.code)
    if level is None:
        found = found.where(Grid.code == code)
    else:
        found = found.where(
            scope.within(Grid.code, [code]),
            Grid.level == level,
            Grid.active_to.is_(None) | (Grid.active_to >= clock.today()),
        )
    return [(row.code, row.name, row.level) for row in session.execute(found)]


def posts_of(session: Session, codes: Iterable[str]) -> dict[str, list[str]]:
    """Grid to the kinds of posts that somebody holds there today, in order."""
    found = (
        select(Post.grid_code, Post.role)
        .where(Post.grid_code.in_(list(codes)), in_force())
        .distinct()
        .order_by(Post.grid_code, Post.role)
    )
    posts: dict[str, list[str]] = {}
    for code, role in session.execute(found):
        posts.setdefault(code, []).append(role)
    return posts
