"""The record of a notice board: plain data between the SELECTs and the drawing."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Shape:
    """A grid as the board's map draws it; ``boundary`` is GeoJSON text."""

    code: str
    name: str
    boundary: str


@dataclass(frozen=True)
class BoardPerson:
    """One card: a worker with all posts they hold here.

    ``own``: serves this grid or, then with the ``place``, one that it consists of. ``portrait``
    is the seed of a drawing, None where the person did not agree to one. ``by_duty_phone``:
    ``phone`` is the community's. ``photo`` is the SHA-256 of a photo, which is shown instead of the
    drawing; ``face`` is that photo as a data URI, filled in for drawing only.
    """

    name: str
    posts: tuple[str, ...]
    own: bool
    place: str
    number: str | None
    phone: str | None
    by_duty_phone: bool
    portrait: int | None
    photo: str = ""
    face: str = ""


@dataclass(frozen=True)
class BoardDuty:
    """One line of work: what is done, and how often."""

    title: str
    times: str


@dataclass(frozen=True)
class BoardHotline:
    """A telephone number with its name and, where known, its hours; ``scope`` as in Hotline."""

    number: str
    name: str
    hours: str
    scope: str = ""


@dataclass(frozen=True)
class BoardRecord:
    """Everything that stands on a board, plain data, in the board's language ``lang``.

    ``above``: names of the grids above, from the community downwards. ``bounds``: east, south,
    west, north. ``around``: grids of the same level nearby.
    """

    lang: str
    code: str
    name: str
    level: str
    kind: str | None
    households: int | None
    above: tuple[str, ...]
    bounds: tuple[str, ...]
    shape: Shape
    around: tuple[Shape, ...]
    people: tuple[BoardPerson, ...]
    duties: tuple[BoardDuty, ...]
    supervision: tuple[BoardHotline, ...]
    emergency: tuple[BoardHotline, ...]
    answer: str
    url: str
    publisher: str


@dataclass(frozen=True)
class Edition:
    """What makes an issued board citable: number, version, date."""

    number: str
    issue_no: int
    issued_on: date
