"""The record of a work manual: plain data between the SELECTs and the text."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ManualGrid:
    """A grid of the community; ``bounds``: east, south, west, north; ``boundary``: GeoJSON text."""

    code: str
    name: str
    level: str
    kind: str | None
    households: int | None
    parent: str
    bounds: tuple[str, str, str, str]
    boundary: str


@dataclass(frozen=True)
class ManualPerson:
    """A post somebody holds today; ``phone`` is one that may be shown in public."""

    grid_code: str
    role: str
    name: str
    phone: str


@dataclass(frozen=True)
class ManualTeam:
    """A team with its captain and the number of its members."""

    kind: str
    name: str
    grid_code: str
    captain: str
    members: int


@dataclass(frozen=True)
class ManualPost:
    """A line of the catalogue of posts."""

    role: str
    level: str
    name_zh: str
    name_en: str
    account: bool
    responsibility: str
    duties: str
    decides: str


@dataclass(frozen=True)
class ManualDuty:
    """A line of the catalogue of duties."""

    group: int
    code: str
    title_zh: str
    title_en: str
    detail: str
    roles: tuple[str, ...]
    frequency: str
    times: str
    evidence: tuple[str, ...]
    paper: str


@dataclass(frozen=True)
class ManualRegulation:
    """定章: one rule with its number and issue; ``since`` is an ISO date or empty."""

    code: str
    title_zh: str
    title_en: str
    clauses: tuple[str, ...]
    issue_no: int
    since: str


@dataclass(frozen=True)
class ManualHotline:
    """A telephone; ``number`` is empty where the community has not entered one yet."""

    scope: str
    number: str
    name_zh: str
    name_en: str
    hours: str
    supervision: bool


@dataclass(frozen=True)
class ManualMeeting:
    """A series of meetings; ``start`` is the wall clock, ``rrule`` empty where ad hoc."""

    kind: str
    level: str
    rrule: str
    start: str
    minutes: int
    holiday: str
    attendees: tuple[str, ...]
    mode: str
    agenda: str


@dataclass(frozen=True)
class ManualIssue:
    """An earlier issue of the same manual."""

    number: str
    issue_no: int
    issued_on: str
    pages: int


@dataclass(frozen=True)
class ManualRecord:
    """Everything a manual says that is not the same everywhere.

    ``subject``: the code of a post, or empty for the whole edition of the grid. ``grids``: all of
    the community, by code. ``people``: those of the grid, of what is above and below it, and the
    public heads of the other grids of its level. ``standards``: kind of cell to least and most
    households. ``texts``: digest of the text and the default data that are printed.
    """

    lang: str
    code: str
    subject: str
    name: str
    level: str
    community: str
    above: tuple[str, ...]
    url: str
    publisher: str
    holders: tuple[str, ...]
    grids: tuple[ManualGrid, ...]
    people: tuple[ManualPerson, ...]
    teams: tuple[ManualTeam, ...]
    posts: tuple[ManualPost, ...]
    duties: tuple[ManualDuty, ...]
    regulations: tuple[ManualRegulation, ...]
    hotlines: tuple[ManualHotline, ...]
    meetings: tuple[ManualMeeting, ...]
    standards: tuple[tuple[str, int, int], ...]
    history: tuple[ManualIssue, ...] = ()
    texts: str = ""

    @property
    def edition(self) -> str:
        """``community``, ``grid`` or ``post``: which chapters there are."""
        if self.subject:
            return "post"
        return "community" if self.level == "community" else "grid"
