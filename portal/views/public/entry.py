"""One grid as the public sees it: the rows of the directory, and their wording for the page."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.documents.gridmap_words import map_labels
from portal.extensions import db
from portal.models.choices import DUTY_GROUPS, FREQUENCIES
from portal.queries import directory_grid as queries
from portal.queries.boards import BOARD_DUTIES, DUTY_LINES, FEEDBACK_DUTY, ROLES_OF_LEVEL
from portal.rules.boards import KIND, SIZES
from portal.rules.geometry import load_geometry, neighbours
from portal.views.public.answers import is_english
from portal.views.public.words import Hit, Line, grid_url, hit_of, line_of, post_name

# Whom a resident asks first; others follow in the order of the catalogue.
FIRST_TO_ASK = ("grid_worker", "grid_leader", "cell_head", "information_officer")
# Clockwise, as one reads a map.
ROUND = (
    "north",
    "north_east",
    "east",
    "south_east",
    "south",
    "south_west",
    "west",
    "north_west",
)
SIDES = ("east", "south", "west", "north")
WITH_DUTIES = ("community", "cell")


@dataclass(frozen=True)
class Rows:
    """What the database says about a grid; ``line`` ends with the grid itself."""

    line: list[Any]
    parts: list[Any]
    posts: queries.Rows
    lines: list[Any]
    duties: queries.Rows

    @property
    def grid(self) -> Any:
        """The grid itself."""
        return self.line[-1]

    def in_order(self) -> list[Any]:
        """The grid's own posts, whom to ask first in front; then those above, the nearest first."""
        return sorted(self.posts, key=lambda post: _post_order(post, self.grid.code))


@dataclass
class Person:
    """A card: who, in which posts, how to reach them. ``place`` is empty for the grid's own."""

    name: str
    posts: list[str] = field(default_factory=list)
    place: str = ""
    number: str = ""
    phone: str = ""
    shared_phone: bool = False
    portrait_url: str = ""


@dataclass(frozen=True)
class Task:
    """A line of work and how often it is done."""

    title: str
    often: str
    detail: str = ""


@dataclass(frozen=True)
class Board:
    """A notice board to download; number, issue and date of the version in force, if any."""

    size: str
    url: str
    number: str | None = None
    issue: int | None = None
    issued_on: date | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON shows it."""
        return asdict(self) | {"issued_on": self.issued_on and self.issued_on.isoformat()}


@dataclass(frozen=True)
class Near:
    """Grids that touch this one on one side."""

    side: str
    hits: list[Hit]


def load(line: list[Any], parts: list[Any]) -> Rows:
    """The rows of the grid at the end of ``line``. Three statements."""
    code = line[-1].code
    return Rows(
        line,
        parts,
        queries.posts(db.session, code),
        queries.hotlines(db.session, code),
        queries.duties(db.session),
    )


def people(rows: Rows) -> tuple[list[Person], list[Person]]:
    """The grid's own people, whom to ask first in front; and those above, the nearest first."""
    duty_phone = next(
        (line.number for line in rows.lines if line.scope == "community" and not line.supervision),
        "",
    )
    places = {row.code: row.name for row in rows.line}
    cards: dict[int, Person] = {}
    own: list[Person] = []
    above: list[Person] = []
    for post in rows.in_order():
        here = post.grid_code == rows.grid.code
        card = cards.get(post.worker_id)
        if card is None:
            place = "" if here else places.get(post.grid_code, "")
            card = cards[post.worker_id] = _card(post, place, duty_phone)
            (own if here else above).append(card)
        if (card.place == "") == here and post_name(post) not in card.posts:
            card.posts.append(post_name(post))
    return own, above


def _post_order(post: Any, code: str) -> tuple[int, int, int]:
    asked = FIRST_TO_ASK.index(post.role) if post.role in FIRST_TO_ASK else len(FIRST_TO_ASK)
    return (len(code) - len(post.grid_code), asked, post.position)


def _card(post: Any, place: str, duty_phone: str) -> Person:
    seed = post.portrait
    picture = url_for("directory.portrait", seed=seed) if seed is not None else ""
    if post.photo:
        picture = url_for("pictures.photo", sha256=post.photo)
    return Person(
        name=post.name,
        place=place,
        number=post.number or "",
        phone=post.public_phone or duty_phone,
        shared_phone=not post.public_phone and bool(duty_phone),
        portrait_url=picture,
    )


def main_tasks(rows: Rows) -> list[Task]:
    """What the people of this grid do, at most as many lines as the notice board shows."""
    level = rows.grid.level
    if level in WITH_DUTIES:
        by_code = {duty.code: duty for duty in rows.duties}
        chosen = [by_code[code] for code in BOARD_DUTIES if code in by_code]
    else:
        roles = ROLES_OF_LEVEL.get(level, frozenset())
        chosen = [duty for duty in rows.duties if roles & _roles(duty)][:DUTY_LINES]
    return [_task(duty) for duty in chosen]


def all_tasks(rows: Rows) -> list[tuple[str, list[Task]]]:
    """Every duty of the posts that are shown for this grid, by group."""
    held = {post.role for post in rows.posts if post.grid_code == rows.grid.code}
    groups: dict[int, list[Task]] = {}
    for duty in rows.duties:
        if held & _roles(duty):
            groups.setdefault(duty.group_no, []).append(_task(duty, detailed=True))
    return [(str(DUTY_GROUPS[number]), tasks) for number, tasks in sorted(groups.items())]


def duties_of(role: str, duties: Iterable[Any]) -> list[str]:
    """Titles of the duties of a post."""
    english = is_english()
    return [(english and duty.title_en) or duty.title for duty in duties if role in _roles(duty)]


def _roles(duty: Any) -> set[str]:
    return set(duty.role.split(";"))


def _task(duty: Any, *, detailed: bool = False) -> Task:
    often = str(FREQUENCIES[duty.frequency])
    if is_english():  # times and details are kept in Chinese only
        return Task(duty.title_en or duty.title, often)
    return Task(duty.title, duty.times or often, (duty.detail or "") if detailed else "")


def answer_time(rows: Rows) -> str:
    """How soon people hear back, as the catalogue of duties says; empty if it does not."""
    if is_english():
        return ""
    return next((duty.times or "" for duty in rows.duties if duty.code == FEEDBACK_DUTY), "")


def bounds(rows: Rows) -> list[tuple[str, str]]:
    """The four bounds that are known, with their sides."""
    labels = (_("East to"), _("South to"), _("West to"), _("North to"))
    texts = (getattr(rows.grid, f"bound_{side}") for side in SIDES)
    return [(label, text) for label, text in zip(labels, texts, strict=True) if text]


def telephone_lines(rows: Rows) -> dict[str, list[Line]]:
    """Numbers to complain to (``watch``), on the board (``board``) and all others (``more``)."""
    found: dict[str, list[Line]] = {"watch": [], "board": [], "more": []}
    for line in rows.lines:
        kind = "watch" if queries.watches(line) else "board" if line.on_board else "more"
        found[kind].append(line_of(line))
    return found


def trail(rows: Rows) -> list[tuple[str, str]]:
    """Names and pages of the grids above, widest first."""
    return [(row.name, grid_url(row.code)) for row in rows.line[:-1]]


def around(rows: Rows, shapes: queries.Rows) -> list[Near]:
    """The grids that touch this one, clockwise from the north."""
    here = rows.grid
    places = {
        shape.code: load_geometry(shape.boundary)
        for shape in shapes
        if shape.level == here.level and shape.boundary
    }
    if here.code not in places:
        return []
    names = {shape.code: shape.name for shape in shapes}
    words = map_labels(_) | {"north": map_labels(_)["north_side"]}
    sides: dict[str, list[Hit]] = {side: [] for side in ROUND}
    for near in neighbours(here.code, places):
        hit = Hit(near.code, names[near.code], grid_url(near.code), "", "")
        sides[near.direction].append(hit)
    return [Near(words[side], hits) for side, hits in sides.items() if hits]


def parts(rows: Rows) -> list[Hit]:
    """The grids right below."""
    return [hit_of(row, {}, row.address or "") for row in rows.parts[: queries.CHILDREN]]


def boards(rows: Rows) -> list[Board]:
    """The notice boards one may ask for: none where nobody may be shown, or without a map.

    One statement, or none.
    """
    code = rows.grid.code
    own = any(post.grid_code == code for post in rows.posts)
    if not (own and rows.grid.has_boundary and bounds(rows)):
        return []
    issued = queries.boards(db.session, code, KIND, str(get_locale()))
    found = []
    for size in SIZES:
        url, latest = url_for("board.pdf", code=code, size=size), issued.get(size)
        if latest is None:
            found.append(Board(size, url))
        else:
            found.append(Board(size, url, latest.number, latest.issue_no, latest.issued_on))
    return found
