"""Rules about workers, posts and teams (P2): who may be posted where, and who decides it."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import Grid, Hotline, Photo, Post, PostRole, Worker
from portal.models.team import PHONE_PLACE
from portal.models.types import blind_indexes
from portal.queries.staffing import in_force
from portal.rules import phones


def prepare_worker(session: Session, worker: Worker) -> None:
    """Nothing appears in public without consent; a private number is no public one.

    Consent that was withdrawn takes the portrait with it; a photo stays, for the card alone, and
    moves with the worker to another grid.
    """
    worker.phone = phones.entered(worker.phone, "phone")
    worker.public_phone = phones.entered(worker.public_phone, "public_phone", public=True)
    consent = worker.public_consent_on
    if consent is not None and consent > clock.today():
        raise RuleError(_l("This day has not come yet."), "public_consent_on")
    if consent is None:
        worker.portrait = None
    photo = session.get(Photo, worker.photo_id) if worker.photo_id else None
    if photo is not None and photo.grid_code != worker.grid_code:
        photo.grid_code = worker.grid_code
    if worker.public_phone and worker.public_phone == worker.phone:
        raise RuleError(_l("Use a duty telephone in public, not the private one."), "public_phone")
    if worker.public_phone and consent is None:
        raise RuleError(
            _l("Enter when the worker agreed to be shown in public, or leave the number empty."),
            "public_consent_on",
        )
    posted = select(Post.grid_code).where(Post.worker_id == (worker.id or 0), in_force())
    places = {worker.grid_code, *session.scalars(posted)}
    for field in ("phone", "public_phone"):
        _check_not_supervising(session, places, getattr(worker, field), field)


def _check_not_supervising(
    session: Session, places: Iterable[str], number: str | None, field: str
) -> None:
    """Raise RuleError where ``number`` is a supervision number for one of ``places``."""
    lines = {code for place in places for code in (*scope.ancestors(place), place)}
    watching = select(Hotline.id).where(
        Hotline.supervision.is_(True), Hotline.number == number, Hotline.grid_code.in_(lines)
    )
    if number and session.scalar(watching.limit(1)) is not None:
        raise RuleError(
            _l("This is the supervision number for this grid: use another number."), field
        )


def prepare_post(session: Session, post: Post) -> None:
    """Level, numbers, dates; and nobody gives posts to themselves."""
    role = session.scalar(select(PostRole).where(PostRole.code == post.role))
    grid = session.scalar(select(Grid).where(Grid.code == post.grid_code))
    if role is None or grid is None:
        raise RuleError(_l("Choose one."), "post_role" if role is None else "grid")
    if post.until is not None and post.until < post.since:
        raise RuleError(_l("The end lies before the beginning."), "until")
    fits = {"leading": "community", "any": grid.level}.get(role.level, role.level)
    if fits != grid.level:
        raise RuleError(
            _l("This post belongs to another level of grid: choose a grid of its level."), "grid"
        )
    holder = session.scalar(select(Worker.user_id).where(Worker.id == post.worker_id))
    identity = scope.current()
    if holder is not None and holder == identity.user_id and role.account_role:
        raise RuleError(_l("Somebody else has to give you a post."), "worker")
    _check_places(session, post, role)
    worker = session.get(Worker, post.worker_id)
    if worker is not None:
        for number in (worker.phone, worker.public_phone):
            _check_not_supervising(session, (post.grid_code,), number, "grid")


def _check_places(session: Session, post: Post, role: PostRole) -> None:
    if role.max_count is None or (post.until is not None and post.until < clock.today()):
        return
    others = select(func.count()).where(
        Post.grid_code == post.grid_code,
        Post.role == post.role,
        Post.id != (post.id or 0),
        or_(Post.until.is_(None), Post.until >= post.since),
    )
    if post.until is not None:
        others = others.where(Post.since <= post.until)
    if (session.scalar(others) or 0) >= role.max_count:
        raise RuleError(
            _l("This post is taken in this grid at that time. End the other one first."),
            "post_role",
        )


def prepare_hotline(session: Session, hotline: Hotline) -> None:
    """A number of no grid is national; a supervision number is not that of the supervised."""
    if (hotline.grid_code is None) != (hotline.scope == "national"):
        raise RuleError(
            _l("National numbers belong to no grid, all others to one: choose it."), "grid"
        )
    hotline.number = phones.entered(hotline.number, "number", public=True)
    if not hotline.supervision or not hotline.number:
        return
    indexes = blind_indexes(PHONE_PLACE, hotline.number)
    below = hotline.grid_code or ""
    posted = exists().where(
        Post.worker_id == Worker.id,
        Post.grid_code.startswith(below, autoescape=True),
        in_force(),
    )
    supervised = select(func.count()).where(
        or_(Worker.public_phone == hotline.number, Worker.phone_index.in_(indexes)),
        or_(Worker.grid_code.startswith(below, autoescape=True), posted),
    )
    if session.scalar(supervised):
        raise RuleError(
            _l("A supervision number must not be the number of somebody it supervises."), "number"
        )
