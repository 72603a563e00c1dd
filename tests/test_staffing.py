"""The list of grids short of staff is exactly what check-grids finds."""

from datetime import date

from sqlalchemy import select

from portal import clock
from portal.models import Grid, Post
from portal.queries.grid_checks import grid_records
from portal.queries.settings import household_standards
from portal.queries.staffing import short_of_staff
from portal.rules.check_grids import check_grids

AREA, CELL = "42010200299003", "4201020029900101002"


def codes_of_both(session):
    """Grids short of staff: by the list's condition, by the check."""
    listed = set(session.scalars(short_of_staff(select(Grid.code))))
    records = grid_records(session, clock.today())
    report = check_grids(records, household_standards(session))
    checked = {f.grids[0] for f in report.findings if f.kind == "staffing"}
    return listed, checked


def test_both_say_the_same(session):
    assert codes_of_both(session) == (set(), set())
    for post in session.scalars(select(Post).where(Post.grid_code == CELL)):
        if post.role == "grid_worker":
            post.until = date(2026, 1, 1)
    clerk = session.scalars(select(Post).where(Post.role == "data_clerk")).first()
    other = session.scalars(
        select(Post).where(Post.grid_code == clerk.grid_code, Post.role == "patrol")
    ).first()
    second = Post(
        worker_id=other.worker_id,
        grid_code=clerk.grid_code,
        role="data_clerk",
        basis="appointed",
        since=date(2026, 1, 1),
    )
    session.add(second)
    people = list(session.scalars(select(Post).where(Post.grid_code.startswith(AREA))))
    kept = {post.worker_id for post in people[:3]}
    for post in people:
        if post.worker_id not in kept:
            post.until = date(2026, 1, 1)
    session.flush()
    listed, checked = codes_of_both(session)
    assert listed == checked
    assert {AREA, CELL, clerk.grid_code} <= listed
