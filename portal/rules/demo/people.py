"""The 240 people of a demo community, their posts, telephones and accounts (P2).

Names are put together by chance. Telephone numbers cannot reach anybody: mobile numbers begin
with 154, a range no operator has been given, and no fixed number begins with 0 after the area
code.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from random import Random

from portal.rules.demo.plan import GridPlan, PersonPlan, PostPlan, TeamPlan
from portal.rules.demo.words import GIVEN, SURNAMES

VOLUNTEERS = 98
PATROL_PER_AREA = 3
FIRST_DAY = date(2021, 12, 20)  # after the election of the heads of residents' groups
DAYS = 900
FIXED, MOBILE = "027-", "154"
FIRST_PUBLIC, PUBLIC_PER_COMMUNITY = 1_000_000, 1_000
OWN_ORIGINS = ("community_worker", "retired_party_member", "building_liaison", "caring_helper")
WORKER_ORIGINS = ("community_worker", "community_worker", "property_staff", "owners_committee")
OFFICER_ORIGINS = (
    "building_liaison",
    "security_assistant",
    "caring_helper",
    "property_staff",
    "owners_committee",
)
VOLUNTEER_ORIGINS = (
    "volunteer",
    "volunteer",
    "volunteer",
    "college_club",
    "retired_party_member",
    "other",
)
# Role → basis, shown to the public. Roles that are not here are neither.
BASIS = {
    "cell_head": "elected",
    "information_officer": "selected",
    "grid_worker": "selected",
    "volunteer": "volunteer",
}
WIDER = frozenset({"mediator"})
NOT_PUBLIC = frozenset({"data_clerk", "patrol", "volunteer", "group_member", "station_officer"})


class _Crew:
    """People as they are hired, one after the other."""

    def __init__(self, community: GridPlan, number: int, random: Random) -> None:
        self.community, self.random, self.number = community, random, number
        self.people: list[PersonPlan] = []
        self.names = _names(random)

    def hire(
        self, grid: GridPlan, roles: Sequence[str], origin: str, username: str | None = None
    ) -> int:
        """One more worker at ``grid`` with posts in ``roles`` (those of ``WIDER`` at the
        community); the position in the list."""
        random, position = self.random, len(self.people)
        since = FIRST_DAY + timedelta(days=random.randrange(DAYS))
        posts = tuple(
            PostPlan(
                self.community.code if role in WIDER else grid.code,
                role,
                BASIS.get(role, "appointed"),
                since,
                role not in NOT_PUBLIC,
            )
            for role in roles
        )
        public = any(post.public for post in posts)
        portrait = random.randrange(2**31)
        surname, given = next(self.names)
        serial = self.number * PUBLIC_PER_COMMUNITY + position
        person = PersonPlan(
            surname=surname,
            given=given,
            number=f"{self.community.code}-{position + 1:04d}",
            phone=f"{MOBILE}{serial:08d}",
            public_phone=f"{FIXED}{FIRST_PUBLIC + serial:08d}" if public else None,
            consent_on=since + timedelta(days=random.randrange(1, 15)) if public else None,
            portrait=portrait if public else None,
            origin=origin,
            grid_code=grid.code,
            posts=posts,
            username=username,
        )
        self.people.append(person)
        return position


def plan_people(
    grids: Sequence[GridPlan], number: int, random: Random
) -> tuple[list[PersonPlan], list[TeamPlan]]:
    """The people and teams of the community whose grids are ``grids``, by code.

    Only community ``number`` 0 gets accounts (the documented sign-in names).
    """
    levels = {
        level: [grid for grid in grids if grid.level == level]
        for level in ("community", "area", "block", "cell")
    }
    (community,) = levels["community"]
    crew = _Crew(community, number, random)
    named = number == 0
    harmony = _leading_group(crew, community, named)
    patrols = _areas(crew, levels["area"], named)
    harmony += [
        crew.hire(block, ["block_head"], "community_worker", _login(named, "block", at, 2))
        for at, block in enumerate(levels["block"], 1)
    ]
    _cells(crew, levels["cell"], named)
    volunteers = _volunteers(crew, levels["cell"], named)
    harmony.append(volunteers[0])
    teams = [
        TeamPlan("harmony", community.code, "平安和谐服务队", tuple(harmony)),
        *_teams("patrol", "巡防队", levels["area"], patrols, crew.people),
        *_teams("volunteers", "网格义工队", levels["area"], volunteers, crew.people),
    ]
    return crew.people, teams


def _login(named: bool, word: str, number: int, digits: int) -> str | None:
    return f"{word}{number:0{digits}d}" if named else None


def _leading_group(crew: _Crew, community: GridPlan, named: bool) -> list[int]:
    """Head, deputy, office director and three members; those of the harmony team."""

    def login(word: str) -> str | None:
        return word if named else None

    crew.hire(community, ["group_head"], "community_worker", login("leader"))
    crew.hire(community, ["group_deputy"], "community_worker")
    director = crew.hire(community, ["office_director"], "community_worker", login("station"))
    crew.hire(community, ["group_member", "station_officer"], "community_worker")
    police = crew.hire(community, ["group_member", "linked_police"], "police")
    crew.hire(community, ["group_member"], "community_worker")
    return [director, police]


def _areas(crew: _Crew, areas: Sequence[GridPlan], named: bool) -> list[int]:
    """Managers, heads, clerks and patrols of all areas; the patrols."""
    for area in areas:
        crew.hire(area, ["area_manager"], "community_worker")
    for at, area in enumerate(areas, 1):
        crew.hire(area, ["area_head"], "community_worker", _login(named, "area", at, 1))
    for at, area in enumerate(areas, 1):
        crew.hire(area, ["data_clerk"], "community_worker", _login(named, "clerk", at, 1))
    return [
        crew.hire(area, ["patrol"], "security_assistant")
        for area in areas
        for _member in range(PATROL_PER_AREA)
    ]


def _cells(crew: _Crew, cells: Sequence[GridPlan], named: bool) -> None:
    """Per cell a leader (its elected head by default), a worker and an information officer."""
    choose = crew.random.choice
    for at, cell in enumerate(cells, 1):
        login = _login(named, "leader", at, 2)
        crew.hire(cell, ["cell_head", "grid_leader"], choose(OWN_ORIGINS), login)
    for at, cell in enumerate(cells, 1):
        login = _login(named, "worker", at, 2)
        crew.hire(cell, ["grid_worker"], choose(WORKER_ORIGINS), login)
    for cell in cells:
        crew.hire(cell, ["information_officer"], choose(OFFICER_ORIGINS))


def _volunteers(crew: _Crew, cells: Sequence[GridPlan], named: bool) -> list[int]:
    """Two or three per cell: everybody's turn comes round until all are placed. The first one
    is the people's mediator too (社区五员)."""
    places = [cells[turn % len(cells)] for turn in range(VOLUNTEERS)]
    places.sort(key=lambda cell: cell.code)
    login = "mediator" if named else None
    return [
        crew.hire(places[0], ["volunteer", "mediator"], "mediator", login),
        *(
            crew.hire(cell, ["volunteer"], crew.random.choice(VOLUNTEER_ORIGINS))
            for cell in places[1:]
        ),
    ]


def _teams(
    kind: str,
    name: str,
    areas: Iterable[GridPlan],
    members: Sequence[int],
    people: Sequence[PersonPlan],
) -> Iterator[TeamPlan]:
    """One team per area of those ``members`` who serve in it."""
    for area in areas:
        own = tuple(at for at in members if people[at].grid_code.startswith(area.code))
        yield TeamPlan(kind, area.code, name, own)


def _names(random: Random) -> Iterator[tuple[str, str]]:
    """Surnames and given names, no two people alike."""
    seen = set()
    while True:
        surname = random.choice(SURNAMES)
        given = "".join(random.sample(GIVEN, 1 if random.random() < 0.18 else 2))
        if (surname, given) not in seen:
            seen.add((surname, given))
            yield surname, given
