"""What a demo community consists of, as plain data, before anything is written."""

from dataclasses import dataclass
from datetime import date

# 4 areas; per area its blocks; per block its number of cells (domain model, demo community).
SHAPE = ((4, 3, 3), (4, 3, 3), (4, 3), (4, 3))


@dataclass(frozen=True)
class GridPlan:
    """A grid to be made. ``boundary`` is GeoJSON text; ``bounds`` east, south, west, north."""

    code: str
    name: str
    level: str
    parent_code: str | None
    boundary: str | None = None
    bounds: tuple[str, str, str, str] | None = None
    kind: str | None = None
    households: int | None = None
    difficulty: int | None = None
    address: str | None = None


@dataclass(frozen=True)
class PostPlan:
    """A post to be held."""

    grid_code: str
    role: str
    basis: str
    since: date
    public: bool


@dataclass(frozen=True)
class PersonPlan:
    """A worker to be made; ``phone`` is private, ``username`` the account, if any."""

    surname: str
    given: str
    number: str
    phone: str
    public_phone: str | None
    consent_on: date | None
    portrait: int | None
    origin: str
    grid_code: str
    posts: tuple[PostPlan, ...]
    username: str | None = None

    @property
    def name(self) -> str:
        """Surname and given name, as written in Chinese."""
        return self.surname + self.given

    @property
    def roles(self) -> frozenset[str]:
        """The roles of all posts."""
        return frozenset(post.role for post in self.posts)


@dataclass(frozen=True)
class TeamPlan:
    """A team; ``members`` are positions in the list of people, the captain first."""

    kind: str
    grid_code: str
    name: str
    members: tuple[int, ...]
