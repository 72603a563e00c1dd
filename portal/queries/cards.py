"""The SELECTs about worker cards: their states, who lacks one, and the card behind a token."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.extensions import db
from portal.models import Card, Grid, Photo, Post, PostRole, Worker
from portal.models.card import TOKEN_PLACE
from portal.models.types import blind_indexes
from portal.queries.settings import numbers
from portal.queries.staffing import consented, in_force

LONGEST_TOKEN = 200  # characters that are looked at; ours have 43


def unrevoked() -> ColumnElement[bool]:
    """Cards that nobody took back and whose day has not passed."""
    return (Card.revoked_on.is_(None)) & (Card.expires_on >= clock.today())


def serving(worker: Any = Card.worker_id, place: Any = Card.grid_code) -> ColumnElement[bool]:
    """The worker holds a post in the card's grid today."""
    return exists().where(Post.worker_id == worker, Post.grid_code == place, in_force())


# ready-made views ------------------------------------------------------------------------------


def valid(found: Select[Any]) -> Select[Any]:
    """Cards in force."""
    return found.where(unrevoked())


def expiring(found: Select[Any]) -> Select[Any]:
    """Cards in force that expire within the days the settings say."""
    last = clock.today() + timedelta(days=numbers(db.session)["cards.expiring_soon_days"])
    return found.where(unrevoked(), Card.expires_on <= last)


def expired(found: Select[Any]) -> Select[Any]:
    """Cards whose day has passed."""
    return found.where(Card.revoked_on.is_(None), Card.expires_on < clock.today())


def revoked(found: Select[Any]) -> Select[Any]:
    """Cards that were taken back."""
    return found.where(Card.revoked_on.is_not(None))


def without_card(found: Select[Any]) -> Select[Any]:
    """Workers who hold a post today in a grid for which they have no valid card."""
    held = exists().where(Post.worker_id == Worker.id, in_force(), ~_has_card())
    return found.where(held)


def _has_card() -> ColumnElement[bool]:
    """A valid card of the post's worker for the post's grid."""
    return exists().where(
        Card.worker_id == Post.worker_id, Card.grid_code == Post.grid_code, unrevoked()
    )


# issuing ----------------------------------------------------------------------------------------


def lacking(
    session: Session,
    grid_code: str,
    places: Iterable[str],
    homes: Iterable[str],
    public_only: bool,
) -> list[Any]:
    """Who serves ``grid_code`` or a grid below it without a valid card: one row per worker and
    grid with ``worker_id, name, grid_code, grid_name, role`` (name of the first post), by grid.

    ``places`` are the prefixes within which cards, ``homes`` those within which workers may be
    written. One statement.
    """
    found = (
        select(
            Post.worker_id,
            Worker.name,
            Post.grid_code,
            Grid.name.label("grid_name"),
            PostRole.name_zh,
            PostRole.name_en,
        )
        .join(Worker, Worker.id == Post.worker_id)
        .join(Grid, Grid.code == Post.grid_code)
        .join(PostRole, PostRole.code == Post.role)
        .where(
            in_force(),
            ~_has_card(),
            scope.within(Post.grid_code, (grid_code,)),
            scope.within(Post.grid_code, places),
            scope.within(Worker.grid_code, homes),
        )
        .order_by(Post.grid_code, PostRole.position, Post.worker_id)
    )
    if public_only:
        found = found.where(Post.public.is_(True))
    first: dict[tuple[int, str], Any] = {}
    for row in session.execute(found):
        first.setdefault((row.worker_id, row.grid_code), row)
    return list(first.values())


def places_of(session: Session, worker_id: int, places: Iterable[str]) -> list[Row[Any]]:
    """The grids that a worker serves today, within ``places``: ``code, name``, by code."""
    found = (
        select(Grid.code, Grid.name)
        .where(
            serving(worker_id, Grid.code),
            scope.within(Grid.code, places),
        )
        .order_by(Grid.code)
    )
    return list(session.execute(found))


# verifying ----------------------------------------------------------------------------------------


def by_token(session: Session, token: str) -> Any:
    """The card behind a token, with what may be shown of it, or None. One statement, the same for
    whatever was typed: an index is looked up, so the time says nothing about near misses.
    """
    indexes = blind_indexes(TOKEN_PLACE, token[:LONGEST_TOKEN] or "-")
    return session.execute(
        select(
            Card.number,
            Card.grid_code,
            Card.issued_on,
            Card.expires_on,
            Card.revoked_on,
            Card.worker_id,
            Grid.name.label("grid_name"),
            Worker.name,
            Worker.portrait,
            Photo.sha256.label("photo"),
            consented().label("consented"),
        )
        .join(Grid, Grid.code == Card.grid_code)
        .join(Worker, Worker.id == Card.worker_id)
        .outerjoin(Photo, Photo.id == Worker.photo_id)
        .where(Card.token_index.in_(indexes))
    ).one_or_none()


def posts_held(session: Session, worker_id: int, grid_code: str) -> list[Row[Any]]:
    """The posts of a worker in a grid today: ``name_zh, name_en, public``. One statement."""
    found = (
        select(PostRole.name_zh, PostRole.name_en, Post.public)
        .select_from(Post)
        .join(PostRole, PostRole.code == Post.role)
        .where(Post.worker_id == worker_id, Post.grid_code == grid_code, in_force())
        .order_by(PostRole.position)
    )
    return list(session.execute(found))


def is_public_photo(session: Session, sha256: str) -> bool:
    """Whether somebody who agreed to be shown, in a public post of today, has this photo."""
    found = (
        select(Worker.id)
        .join(Photo, Photo.id == Worker.photo_id)
        .join(Post, Post.worker_id == Worker.id)
        .where(Photo.sha256 == sha256, Post.public.is_(True), consented(), in_force())
    )
    return session.scalar(found.limit(1)) is not None
