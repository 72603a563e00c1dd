"""What stands on worker cards (持证上岗, P2): of a grid with those below it, or a single one."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import scope
from portal.models import Card, Grid, Photo, Post, PostRole, Worker
from portal.queries.board_lines import GOVERNMENT_LINE, duty_phone, hotlines, nearest, spoken
from portal.queries.board_lines import supervision as watching
from portal.queries.boards import COMMUNITY_DIGITS, publisher, short
from portal.queries.cards import serving, unrevoked
from portal.queries.staffing import in_force

MOST_WATCH = 2  # supervision telephones that a card has room for


@dataclass(frozen=True)
class House:
    """What all cards of a community share: its name, who issues, whom to call."""

    name: str
    office: str
    duty: str
    watch: tuple[tuple[str, str], ...]  # name, number


@dataclass(frozen=True)
class CardEntry:
    """One card. ``until`` is ISO 8601; ``url`` opens the page that says whether it is valid and is
    a secret of the bearer, ``fingerprint`` stands for it wherever something is stored. ``photo``
    is the SHA-256 of a photo, ``face`` that photo as a data URI (for drawing only).
    """

    number: str
    name: str
    posts: tuple[str, ...]
    grid: str
    until: str
    house: House
    url: str
    fingerprint: str
    portrait: int | None
    photo: str
    face: str = ""


@dataclass(frozen=True)
class CardsRecord:
    """The valid cards of grid ``code`` and those below it, in the language ``lang``."""

    lang: str
    code: str
    name: str
    publisher: str
    cards: tuple[CardEntry, ...]


def collect_cards(
    session: Session, code: str, lang: str, public_url: str, only: int | None = None
) -> CardsRecord | None:
    """The record as of today, by grid and post; ``only``: the key of the one card wanted.

    None: no such grid. Three statements, and three more for each community.
    """
    name = session.scalar(select(Grid.name).where(Grid.code == code))
    if name is None:
        return None
    found = (
        select(Card, Grid.name.label("grid"), Worker.name, Worker.portrait, Photo.sha256)
        .join(Grid, Grid.code == Card.grid_code)
        .join(Worker, Worker.id == Card.worker_id)
        .outerjoin(Photo, Photo.id == Worker.photo_id)
        .where(unrevoked(), serving())
    )
    found = (
        found.where(Card.id == only, Card.grid_code == code)
        if only is not None
        else found.where(scope.within(Card.grid_code, (code,)))
    )
    rows = session.execute(found).all()
    held = _held(session, code, lang == "en")
    houses: dict[str, House] = {}
    entries = []
    for row in rows:
        card = row.Card
        community = card.grid_code[:COMMUNITY_DIGITS]
        if community not in houses:
            houses[community] = _house(session, community, lang == "en")
        posts = held.get((card.worker_id, card.grid_code), [])
        entry = CardEntry(
            number=card.number,
            name=row.name,
            posts=tuple(post for _position, post in posts),
            grid=row.grid,
            until=card.expires_on.isoformat(),
            house=houses[community],
            url=f"{public_url}/verify/{card.token}",
            fingerprint=card.token_index,
            portrait=row.portrait,
            photo=row.sha256 or "",
        )
        place = posts[0][0] if posts else 0
        entries.append(((card.grid_code, place, card.number), entry))
    entries.sort(key=lambda pair: pair[0])
    cards = tuple(entry for _place, entry in entries)
    return CardsRecord(lang, code, name, publisher(session, code), cards)


def _held(session: Session, code: str, english: bool) -> dict[tuple[int, str], list[Any]]:
    """Worker and grid → (position in the catalogue, name) of the posts of today."""
    found = (
        select(
            Post.worker_id, Post.grid_code, PostRole.position, PostRole.name_zh, PostRole.name_en
        )
        .join(PostRole, PostRole.code == Post.role)
        .where(in_force(), scope.within(Post.grid_code, (code,)))
        .order_by(PostRole.position)
    )
    held: dict[tuple[int, str], list[Any]] = {}
    for row in session.execute(found):
        name = row.name_en if english else short(row.name_zh)
        held.setdefault((row.worker_id, row.grid_code), []).append((row.position, name))
    return held


def _house(session: Session, community: str, english: bool) -> House:
    name = session.scalar(select(Grid.name).where(Grid.code == community)) or ""
    lines = nearest(session.execute(hotlines((*scope.ancestors(community), community))).all())
    watch = spoken(
        [line for line in watching(lines) if line.number != GOVERNMENT_LINE][:MOST_WATCH], english
    )
    return House(
        name=name,
        office=publisher(session, community, name),
        duty=duty_phone(lines) or "",
        watch=tuple((line.name, line.number) for line in watch),
    )
