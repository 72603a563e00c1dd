"""The record of a grid's archive (网格档案): plain data, worded in the archive's language."""

from dataclasses import dataclass

from portal.queries.board_record import BoardHotline, Shape


@dataclass(frozen=True)
class NextGrid:
    """A grid that touches this one: where it lies and along how many metres."""

    code: str
    name: str
    side: str
    metres: int


@dataclass(frozen=True)
class PartGrid:
    """A grid right below this one. ``area``: square metres, None without a boundary."""

    code: str
    number: str
    name: str
    kind: str
    households: int | None
    head: str
    area: int | None


@dataclass(frozen=True)
class TeamMember:
    """Somebody in a post at this very grid; ``phone`` is public, or empty."""

    name: str
    post: str
    basis: str
    origin: str
    since: str
    phone: str
    number: str


@dataclass(frozen=True)
class ArchiveTeam:
    """A team of the grid."""

    kind: str
    name: str
    captain: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class PostDuties:
    """What one post has to do: (code, duty, how often)."""

    post: str
    duties: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Change:
    """Something that changed: ``day`` (ISO 8601), what it is about, what happened."""

    day: str
    about: str
    text: str


@dataclass(frozen=True)
class ArchivePaper:
    """A document of the grid as it was issued; ``state`` says whether it is in force."""

    number: str
    kind: str
    day: str
    state: str


@dataclass(frozen=True)
class ArchiveRecord:
    """Everything that an archive holds. ``facts``: label and value; ``bounds``: east, south, west,
    north; ``buildings`` (name, kind, units, storeys, dwellings) and ``organisations`` (name, kind,
    address) are those of a cell, ``registered`` (name, number, buildings, dwellings, households,
    people, organisations) are the parts of a wider grid; ``around``: the grids that touch;
    ``below``: shapes of the parts; ``older_changes``: how many are left to the log; ``findings``:
    kind, sentence, square metres or None.
    """

    lang: str
    code: str
    name: str
    level: str
    above: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    bounds: tuple[str, ...]
    note: str
    shape: Shape
    around: tuple[Shape, ...]
    below: tuple[Shape, ...]
    neighbours: tuple[NextGrid, ...]
    parts: tuple[PartGrid, ...]
    roster: tuple[TeamMember, ...]
    teams: tuple[ArchiveTeam, ...]
    duties: tuple[PostDuties, ...]
    hotlines: tuple[BoardHotline, ...]
    changes: tuple[Change, ...]
    older_changes: int
    papers: tuple[ArchivePaper, ...]
    findings: tuple[tuple[str, str, int | None], ...]
    url: str
    publisher: str
    buildings: tuple[tuple[str, str, int | None, int | None, int], ...] = ()
    organisations: tuple[tuple[str, str, str], ...] = ()
    registered: tuple[tuple[str, str, int, int, int, int, int], ...] = ()
