"""What a dissolved cell leaves behind: posts, grants, boards; and who is told."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import clock
from portal.models import AccountGrant, Board, Grid, GridChange, Post, Worker
from portal.queries import boards_hung
from portal.rules import inbox, posting, stale
from portal.rules.regrid.plan import Plan

PAGE = "/grids/regridded/"


def posts_and_grants(session: Session, now: Plan) -> None:
    """Posts and grants at dissolved cells end; a post that goes on is a new one from today, so
    that the old one stays on record where it was held.
    """
    today = clock.today()
    for one in now.posts:
        post = session.get_one(Post, one.post.id)
        if post.since > today:
            if one.to:
                post.grid_code = one.to
            else:
                session.delete(post)
            continue
        if one.to:
            session.add(
                Post(
                    worker_id=post.worker_id,
                    grid_code=one.to,
                    role=post.role,
                    basis=post.basis,
                    since=today,
                    until=post.until,
                    public=post.public,
                )
            )
        post.until = _last_day(post.since)
    found = select(AccountGrant).where(AccountGrant.grid_code.in_(now.dissolved))
    for grant in session.scalars(found).all() if now.dissolved else ():
        if grant.until is None or grant.until >= today:
            grant.until = max(grant.since, _last_day(grant.since))
    session.flush()


def _last_day(since: date) -> date:
    return max(since, clock.today() - timedelta(days=1))


def walls(session: Session, now: Plan) -> None:
    """Boards of dissolved cells: a board goes on as that of the heir, with what hangs to be
    replaced; one too many comes off the wall; one that never hung is not waited for any more.
    """
    there = {
        board.id: board
        for board in session.scalars(
            select(Board)
            .where(Board.grid_code.in_(now.dissolved))
            .options(joinedload(Board.grid), joinedload(Board.document))
        ).all()
    }
    for one in now.boards:
        board = there.get(one.board.id)
        if board is None:
            continue
        board.replacement, board.replacement_id = None, None
        if one.to:
            board.grid_code = one.to
            stale.look_at(session, one.to)
        elif one.board.hangs:
            posting.take_down(session, board)
        else:
            session.delete(board)
    session.flush()


def tell(session: Session, now: Plan, change: GridChange) -> None:
    """After the commit the boards around are looked at; whoever loses a post, and whoever sees to
    the grids, reads of it in the inbox.
    """
    for code in {one.code for one in now.after}:
        stale.note(session, Grid, None, [code])
    losing = [one.post.worker_id for one in now.posts if not one.to]
    found = select(Worker.user_id).where(Worker.id.in_(losing), Worker.user_id.is_not(None))
    people = {user for user in session.scalars(found) if user is not None} if losing else set()
    for one in now.after:
        people.update(boards_hung.told(session, one.code))
    names = change.details["names"]
    before = change.details["before"]
    told: dict[str, Any] = {
        "regridding": change.kind,
        "before": ", ".join(before.get(code, code) for code in change.old[:6]),
        "after": ", ".join(names.get(code, code) for code in change.new[:6]),
    }
    inbox.notify(session, sorted(people), "regridded", told, f"{PAGE}{change.id}")
