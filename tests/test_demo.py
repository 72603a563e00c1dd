"""The demo community: the same for the same seed, whole, true in what it says, made once."""

import hashlib
import json
import math
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import astuple
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
import shapely
from flask import Flask
from sqlalchemy import func, select

from portal import clock, roles
from portal.errors import RuleError
from portal.models import (
    AccountGrant,
    AccountState,
    AuditEntry,
    Grid,
    Hotline,
    LeadingGroup,
    Post,
    PostRole,
    Team,
    User,
    Worker,
)
from portal.queries.grid_checks import GridRecord, grid_records
from portal.queries.settings import household_standards
from portal.rules.check_grids import check_grids
from portal.rules.demo import build_demo
from portal.rules.demo.ground import HOUSEHOLDS, plan_grids
from portal.rules.demo.people import plan_people
from portal.rules.demo.plan import GridPlan, PersonPlan, TeamPlan
from portal.rules.demo.sites import MOST, site
from portal.rules.geometry import load_geometry, read_boundary

DEMO = "420102002990"
SHAPE = ((4, 3, 3), (4, 3, 3), (4, 3), (4, 3))
ACCOUNTS = {
    "admin": roles.ADMIN,
    "station": roles.STATION,
    "leader": roles.LEADER,
    "street": roles.STREET,
    "mediator": roles.MEDIATOR,
    "care": roles.CARE_OFFICER,
    "auditor": roles.AUDITOR,
    **{f"area{n}": roles.AREA_LEADER for n in range(1, 5)},
    **{f"clerk{n}": roles.CLERK for n in range(1, 5)},
    **{f"block{n:02d}": roles.BLOCK_LEADER for n in range(1, 11)},
    **{f"leader{n:02d}": roles.GRID_LEADER for n in range(1, 35)},
    **{f"worker{n:02d}": roles.GRID_WORKER for n in range(1, 35)},
}
Plan = tuple[list[GridPlan], list[PersonPlan], list[TeamPlan]]


def plan(number: int = 0, seed: object = 2012) -> Plan:
    random = Random(f"{seed} {site(number).code}")
    grids = plan_grids(site(number), random)
    people, teams = plan_people(grids, number, random)
    return grids, people, teams


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan()


@pytest.fixture(scope="module")
def shapes(planned: Plan) -> dict[str, Any]:
    return {grid.code: load_geometry(grid.boundary or "") for grid in planned[0]}


def digest(value: Plan) -> str:
    return hashlib.sha256(
        repr([astuple(row) for rows in value for row in rows]).encode()
    ).hexdigest()


# -- the plan ------------------------------------------------------------------------------------


def test_the_same_seed_plans_the_same_and_another_seed_another(planned: Plan) -> None:
    assert digest(plan()) == digest(planned)
    assert digest(plan(seed=7)) != digest(planned)


@pytest.mark.one_engine
def test_the_plan_does_not_depend_on_the_order_of_sets() -> None:
    """Strings hash differently in every process; the plan must not show it."""
    program = "from tests.test_demo import digest, plan; print(digest(plan()))"
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert found == {digest(plan()) + "\n"}


def test_levels_codes_and_parents(planned: Plan) -> None:
    grids, _people, _teams = planned
    expected = [DEMO]
    for a, blocks in enumerate(SHAPE, 1):
        expected.append(f"{DEMO}{a:02d}")
        for b, cells in enumerate(blocks, 1):
            expected.append(f"{DEMO}{a:02d}{b:02d}")
            expected += [f"{DEMO}{a:02d}{b:02d}{c:03d}" for c in range(1, cells + 1)]
    assert [grid.code for grid in grids] == expected
    levels = Counter(grid.level for grid in grids)
    assert levels == {"community": 1, "area": 4, "block": 10, "cell": 34}
    for grid in grids:
        shorter = {12: 9, 14: 12, 16: 14, 19: 16}[len(grid.code)]
        assert grid.parent_code == grid.code[:shorter]
    assert grids[0].name == "幸福里社区"
    for level in levels:
        names = [grid.name for grid in grids if grid.level == level]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("seed", [1, 2, 3, 2012])
def test_cells_tile_the_community_exactly(seed: int) -> None:
    """No gap, no overlap: every edge of a cell is an edge of exactly one other, or of the rim."""
    grids, _people, _teams = plan(seed=seed)
    rings = {g.code: _edges(load_geometry(g.boundary or "")) for g in grids}
    for level, digits in (("cell", 19), ("block", 16), ("area", 14)):
        parts = [edges for code, edges in rings.items() if len(code) == digits]
        both = Counter(edge for edges in parts for edge in edges)
        assert all(both[edge] == 1 for edge in both), level
        rim = {edge for edge in both if edge[::-1] not in both}
        assert rim == set(rings[DEMO]), level
        for code, edges in rings.items():
            if len(code) < digits:
                own = Counter(
                    e
                    for c, es in rings.items()
                    if len(c) == digits and c.startswith(code)
                    for e in es
                )
                assert {e for e in own if e[::-1] not in own} == set(edges), code
    records = [
        GridRecord(g.code, g.name, g.level, g.kind, g.parent_code, g.boundary, g.households)
        for g in grids
    ]
    standard = {kind: HOUSEHOLDS[kind] for kind in HOUSEHOLDS}
    assert check_grids(records, standard).findings == []


def _edges(shape: shapely.Polygon) -> list[tuple[Any, Any]]:
    assert isinstance(shape, shapely.Polygon)
    assert shape.is_valid
    assert shape.exterior.is_ccw
    points = list(map(tuple, shapely.get_coordinates(shape).tolist()))
    return list(zip(points, points[1:], strict=False))


def test_cells_are_irregular_and_of_a_useful_size(shapes: dict[str, Any]) -> None:
    cells = [shape for code, shape in shapes.items() if len(code) == 19]
    areas = [read_boundary(shapely.geometry.mapping(cell), "a").area_m2 for cell in cells]
    assert min(areas) > 12_000
    assert max(areas) < 80_000
    assert max(areas) / min(areas) > 1.5
    boxes = [cell.area / shapely.minimum_rotated_rectangle(cell).area for cell in cells]
    assert max(boxes) < 0.99
    assert sum(box < 0.93 for box in boxes) > 20
    assert all(len(cell.exterior.coords) > 8 for cell in cells)
    west, south, east, north = shapes[DEMO].bounds
    assert 1_000 < (east - west) * 95_800 < 1_600
    assert 1_000 < (north - south) * 111_300 < 1_600


@pytest.mark.one_engine
@pytest.mark.parametrize("seed", [2012])
def test_every_site_lies_in_its_real_district_and_clear_of_the_others(seed: int) -> None:
    path = Path(__file__).parent / "data" / "wuhan-districts.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    districts = {f["id"]: read_boundary(f["geometry"], f["id"]).geometry for f in features}
    placed = []
    for number in range(MOST):
        place = site(number)
        whole = load_geometry(plan(number, seed)[0][0].boundary or "")
        assert districts[place.district_code].contains(whole), place
        placed.append(whole)
    assert len(shapely.STRtree(placed).query(placed, predicate="intersects").T) == MOST


def test_four_bounds_are_the_streets_that_are_there(planned: Plan, shapes: dict[str, Any]) -> None:
    grids, _people, _teams = planned
    order = ("east", "south", "west", "north")
    bounds = {
        g.code: {s: set(text.split("、")) for s, text in zip(order, g.bounds or (), strict=True)}
        for g in grids
    }
    assert all(len(sides) == 4 and all(sides.values()) for sides in bounds.values())
    compared = 0
    for digits in (14, 16, 19):
        edges = {code: set(_edges(shape)) for code, shape in shapes.items() if len(code) == digits}
        for code, other in permutations(edges, 2):
            shared = {edge for edge in edges[code] if edge[::-1] in edges[other]}
            for facing, back in (("east", "west"), ("north", "south")):
                if sum(_metres(edge) for edge in shared if _side(edge) == facing) > 80:
                    mine, theirs = bounds[code][facing], bounds[other][back]
                    assert mine & theirs, (code, other, mine, theirs)
                    compared += 1
    assert compared > 60
    rim = set.union(*bounds[DEMO].values())
    assert len(rim) == 5
    assert all(re.fullmatch(r"\w+(大道|路)", street) for street in rim)


def _metres(edge: Any) -> float:
    (x, y), (u, v) = edge
    return math.hypot((u - x) * 95_800, (v - y) * 111_320)


def _side(edge: Any) -> str:
    """The side that lies to the right of an edge: outside, in a counter-clockwise ring."""
    (x, y), (u, v) = edge
    angle = math.degrees(math.atan2((x - u) * 95_800, (v - y) * 111_320))
    return ("east", "north", "west", "south")[round(angle / 90) % 4]


def test_households_keep_the_standard_and_add_up(planned: Plan) -> None:
    grids, _people, _teams = planned
    cells = [grid for grid in grids if grid.level == "cell"]
    assert {cell.kind for cell in cells} == set(HOUSEHOLDS)
    standard = {"scattered": (120, 160), "gated": (200, 250), "bungalow": (80, 120)}
    for cell in cells:
        least, most = standard[cell.kind or ""]
        assert least <= (cell.households or 0) <= most
        assert cell.difficulty in (1, 2, 3)
        assert cell.address
    for grid in grids:
        assert grid.households == sum(
            c.households or 0 for c in cells if c.code.startswith(grid.code)
        )
        assert (grid.kind is None) == (grid.level != "cell")


def test_240_people_as_the_model_counts_them(planned: Plan) -> None:
    grids, people, _teams = planned
    assert len(people) == 240
    held = Counter(role for person in people for role in person.roles)
    assert held == {
        "group_head": 1,
        "group_deputy": 1,
        "office_director": 1,
        "group_member": 3,
        "mediator": 1,
        "station_officer": 1,
        "linked_police": 1,
        "area_manager": 4,
        "area_head": 4,
        "data_clerk": 4,
        "patrol": 12,
        "block_head": 10,
        "grid_leader": 34,
        "cell_head": 34,
        "grid_worker": 34,
        "information_officer": 34,
        "volunteer": 98,
    }
    assert all(("cell_head" in p.roles) == ("grid_leader" in p.roles) for p in people)
    assert sum(p.grid_code == DEMO for p in people) == 6
    levels = {grid.code: grid.level for grid in grids}
    for person in people:
        for post in person.posts:
            assert post.grid_code == (DEMO if post.role == "mediator" else person.grid_code)
        if {"grid_leader", "grid_worker", "information_officer", "volunteer"} & person.roles:
            assert levels[person.grid_code] == "cell"


def test_people_differ_and_their_numbers_reach_nobody(planned: Plan) -> None:
    _grids, people, _teams = planned
    for values in (
        [p.name for p in people],
        [p.phone for p in people],
        [p.number for p in people],
        [p.public_phone for p in people if p.public_phone],
    ):
        assert len(set(values)) == len(values)
    for person in people:
        assert re.fullmatch(r"154\d{8}", person.phone)
        public = any(post.public for post in person.posts)
        assert (person.public_phone is not None) == public
        assert (person.consent_on is not None) == (person.portrait is not None) == public
        if person.public_phone:
            assert re.fullmatch(r"027-0\d{7}", person.public_phone)
    others = {p.phone for n in (1, 2) for p in plan(n)[1]} | {p.number for p in plan(1)[1]}
    assert not others & ({p.phone for p in people} | {p.number for p in people})


def test_teams_have_members_and_a_captain_of_their_own_area(planned: Plan) -> None:
    grids, people, teams = planned
    assert Counter(team.kind for team in teams) == {"patrol": 4, "volunteers": 4, "harmony": 1}
    for team in teams:
        assert team.members
        for at in team.members:
            assert people[at].grid_code.startswith(team.grid_code)
    assert sum(len(t.members) for t in teams if t.kind == "volunteers") == 98
    assert {g.code for g in grids if g.level in ("community", "area")} == {
        t.grid_code for t in teams
    }


# -- in the database -----------------------------------------------------------------------------


def test_what_stands_in_the_database(session: Any) -> None:
    below = Grid.code.startswith(DEMO)
    counts = dict(
        session.execute(select(Grid.level, func.count()).where(below).group_by(Grid.level)).all()
    )
    assert counts == {"community": 1, "area": 4, "block": 10, "cell": 34}
    assert session.scalar(select(func.count()).select_from(Worker)) == 240
    assert session.scalar(select(func.count()).select_from(LeadingGroup)) == 1
    assert session.scalar(select(func.count()).select_from(Team)) == 9
    report = check_grids(grid_records(session, clock.today()), household_standards(session))
    assert report.findings == []
    known = set(session.scalars(select(PostRole.code)))
    assert set(session.scalars(select(Post.role))) <= known


def test_accounts_follow_grid_codes_and_posts(session: Any) -> None:
    users = {user.username: user for user in session.scalars(select(User))}
    assert set(users) == set(ACCOUNTS)
    assert {name: [role.name for role in user.roles] for name, user in users.items()} == {
        name: [role] for name, role in ACCOUNTS.items()
    }
    homes = dict(
        session.execute(
            select(User.username, Worker.grid_code).join(Worker, Worker.user_id == User.id)
        ).all()
    )
    for level, word, digits in (
        ("area", "area", 1),
        ("area", "clerk", 1),
        ("block", "block", 2),
        ("cell", "leader", 2),
        ("cell", "worker", 2),
    ):
        codes = session.scalars(
            select(Grid.code).where(Grid.level == level).order_by(Grid.code)
        ).all()
        for number, code in enumerate(codes, 1):
            assert homes.pop(f"{word}{number:0{digits}d}") == code
    assert homes == {"station": DEMO, "leader": DEMO, "mediator": f"{DEMO}0101001"}
    grants = session.execute(
        select(User.username, AccountGrant.role, AccountGrant.grid_code).join(
            User, User.id == AccountGrant.user_id
        )
    ).all()
    assert {tuple(row) for row in grants} == {
        ("admin", roles.ADMIN, None),
        ("auditor", roles.AUDITOR, None),
        ("street", roles.STREET, DEMO[:9]),
        ("care", roles.CARE_OFFICER, DEMO),
    }
    states = session.scalars(select(AccountState.must_change_password)).all()
    assert len(states) == len(users)
    assert not any(states)


def test_hotlines_are_filled_and_never_the_number_of_the_supervised(session: Any) -> None:
    lines = session.scalars(select(Hotline).where(Hotline.grid_code.is_not(None))).all()
    assert all(re.fullmatch(r"027-0\d{7}", line.number) for line in lines)
    assert len({line.number for line in lines}) == len(lines)
    watch = {line.grid_code for line in lines if line.supervision}
    assert watch == {DEMO, DEMO[:9]}
    assert sum(line.name == "物业值班" for line in lines) == 34
    people = set(session.scalars(select(Worker.public_phone)))
    assert not people & {line.number for line in lines}
    assert session.scalar(select(func.count()).where(Hotline.scope == "national")) == 15


def test_a_second_run_changes_nothing_and_says_so(session: Any) -> None:
    before = session.scalar(select(func.count()).select_from(AuditEntry))
    summary = build_demo(session, 99, 1, "hash")
    session.flush()
    assert not summary.created
    assert summary.there == [DEMO]
    assert DEMO in str(summary)
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_more_communities_join_without_accounts(session: Any) -> None:
    summary = build_demo(session, 2012, 2, "hash")
    session.flush()
    assert (summary.there, summary.made) == ([DEMO], ["420102002991"])
    assert summary.counts["workers"] == 240
    assert summary.accounts == []
    assert session.scalar(select(func.count()).select_from(User)) == len(ACCOUNTS)
    assert session.scalar(select(func.count()).where(Hotline.scope == "street")) == 1
    report = check_grids(grid_records(session, clock.today()), household_standards(session))
    assert report.findings == []
    assert report.checked == 100


@pytest.mark.parametrize("communities", [0, MOST + 1])
def test_there_is_room_for_so_many_only(session: Any, communities: int) -> None:
    with pytest.raises(RuleError):
        build_demo(session, 1, communities, "hash")


def test_the_command_is_refused_in_production(portal: Flask) -> None:
    portal.config["PORTAL_ENV"] = "production"
    try:
        result = portal.test_cli_runner().invoke(args=["portal", "demo"])
    finally:
        portal.config["PORTAL_ENV"] = "development"
    assert result.exit_code == 2
