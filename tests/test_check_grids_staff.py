"""check-grids: the household standard and the staff that each level needs."""

from dataclasses import replace

import pytest

from portal.queries.grid_checks import GridRecord
from tests.support.grids import DEMO, cell, check, english, kinds, square  # noqa: F401 - english is a fixture


@pytest.mark.parametrize(
    ("kind", "households", "found"),
    [
        ("scattered", 119, True),
        ("scattered", 120, False),
        ("scattered", 160, False),
        ("scattered", 161, True),
        ("gated", 199, True),
        ("gated", 250, False),
        ("bungalow", 80, False),
        ("bungalow", 121, True),
        (None, 5, False),
        ("gated", None, False),
    ],
)
def test_household_standard(kind: str | None, households: int | None, found: bool) -> None:
    report = check([cell(1, square(0, 0), kind=kind, households=households)])
    assert kinds(report) == (["household_standard"] if found else [])
    if found:
        assert str(households) in str(report.findings[0].message)


STAFF: dict[str, dict[str, int]] = {
    "community": {"group_head": 1, "group_deputy": 1, "office_director": 1},
    "area": {"area_manager": 1, "area_head": 1, "data_clerk": 1},
    "block": {"block_head": 1},
    "cell": {"grid_leader": 1, "grid_worker": 1, "information_officer": 1},
}


def staffed(**changes: dict[str, int]) -> list[GridRecord]:
    codes = {
        "community": DEMO,
        "area": f"{DEMO}01",
        "block": f"{DEMO}0101",
        "cell": f"{DEMO}0101001",
    }
    return [
        GridRecord(code, level, level, posts=STAFF[level] | changes.get(level, {}), people=9)
        for level, code in codes.items()
    ]


def staffing(records: list[GridRecord]) -> list[tuple[str, str]]:
    return [(f.grids[0], str(f.message)) for f in check(records).findings if f.kind == "staffing"]


def test_a_full_team_is_no_finding() -> None:
    assert staffing(staffed()) == []


@pytest.mark.parametrize(
    ("level", "role", "words"),
    [
        ("community", "group_head", "Head of the leading group"),
        ("community", "group_deputy", "Deputy"),
        ("community", "office_director", "Office director"),
        ("area", "area_manager", "Sponsoring leader"),
        ("area", "area_head", "Head of the area"),
        ("area", "data_clerk", "Data-entry clerk"),
        ("block", "block_head", "Head of the block"),
        ("cell", "grid_leader", "Grid leader"),
        ("cell", "grid_worker", "Grid worker"),
        ("cell", "information_officer", "Information officer"),
    ],
)
def test_each_missing_post_is_named_at_its_grid(level: str, role: str, words: str) -> None:
    ((code, message),) = staffing(staffed(**{level: {role: 0}}))
    assert code == {"community": DEMO, "area": f"{DEMO}01", "block": f"{DEMO}0101"}.get(
        level, f"{DEMO}0101001"
    )
    assert words in message


def test_a_second_clerk_is_one_too_many_and_a_second_head_is_not() -> None:
    ((_code, message),) = staffing(staffed(area={"data_clerk": 2, "area_head": 2}))
    assert "exactly one" in message


def test_an_area_has_at_least_four_people() -> None:
    records = staffed()
    records[1] = replace(records[1], people=3)
    ((code, message),) = staffing(records)
    assert code == f"{DEMO}01"
    assert "3 people" in message


def test_a_community_without_any_post_is_not_asked_for_staff() -> None:
    empty = [replace(record, posts={}, people=0) for record in staffed()]
    assert staffing(empty) == []
    one = [*empty[:3], replace(empty[3], posts={"volunteer": 1})]
    assert {code for code, _message in staffing(one)} == {r.code for r in empty}
    other = [replace(r, code=r.code.replace("420102002990", "420102002991")) for r in empty]
    assert all(not code.startswith("420102002991") for code, _m in staffing(one + other))
