"""check-grids: what counts as a finding, whom it names, how much ground it is."""

import json
import math
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import shapely
from flask import Flask
from shapely.affinity import translate
from sqlalchemy import delete, select, update

from portal import clock
from portal.models import Grid, Post, Setting
from portal.queries.grid_checks import GridRecord, grid_records
from portal.queries.settings import household_standards
from portal.rules.check_grids import Finding, Report, check_grids
from portal.rules.demo.ground import plan_grids
from portal.rules.demo.sites import site
from portal.rules.geometry import Plane, area_m2, dump_geometry, load_geometry, read_boundary
from tests.support.grids import DEMO, STANDARD, block, cell, check, english, kinds, square  # noqa: F401 - english is a fixture

CELLS = 19  # digits


@pytest.fixture(scope="module")
def demo() -> dict[str, GridRecord]:
    """The grids of the demo community, without a database."""
    plans = plan_grids(site(0), Random(1))
    return {
        plan.code: GridRecord(
            plan.code,
            plan.name,
            plan.level,
            plan.kind,
            plan.parent_code,
            plan.boundary,
            plan.households,
        )
        for plan in plans
    }


def moved(record: GridRecord, corner: int, east: float, north: float) -> GridRecord:
    """``record`` with one corner of its ring moved by metres."""
    ring = shapely.get_coordinates(load_geometry(record.boundary or "")).tolist()[:-1]
    plane = Plane.around(*load_geometry(record.boundary or "").bounds)
    ring[corner] = [
        ring[corner][0] + east / plane.scale[0],
        ring[corner][1] + north / plane.scale[1],
    ]
    return replace(record, boundary=dump_text(ring))


def dump_text(ring: list[list[float]]) -> str:
    """GeoJSON of a ring as it stands, even where it crosses itself."""
    return json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


# -- the demo, whole and disturbed ---------------------------------------------------------------


def test_the_demo_is_in_order(demo: dict[str, GridRecord]) -> None:
    report = check(demo.values())
    assert report.findings == []
    assert report.checked == 49
    assert report.without_boundary == []
    assert report.as_json() == {"findings": [], "checked": 49, "without_boundary": []}


def outward(ring: list[list[float]], corner: int, plane: Plane) -> tuple[float, float]:
    """The unit step that leads out of a counter-clockwise ring at a corner."""
    scale = plane.scale
    before, after = ring[corner - 1], ring[(corner + 1) % len(ring)]
    along = ((after[0] - before[0]) * scale[0], (after[1] - before[1]) * scale[1])
    far = math.hypot(*along)
    return along[1] / far, -along[0] / far


@pytest.mark.one_engine
@pytest.mark.parametrize("way", [1, -1], ids=["outward", "inward"])
def test_moving_any_vertex_by_20_m_names_every_touching_grid_and_the_area(
    demo: dict[str, GridRecord], way: int
) -> None:
    """Every corner of every fourth cell: junctions, T-junctions, bends and the outer rim."""
    cells = [record for record in demo.values() if record.level == "cell"]
    corners = {r.code: set(map(tuple, _ring(r))) for r in cells}
    tried = {"rim": 0, "bend": 0, "three": 0, "four": 0, "crossing": 0}
    rim = set(map(tuple, _ring(demo[DEMO])))
    for record in cells[::4]:
        ring = _ring(record)
        plane = Plane.around(*load_geometry(record.boundary or "").bounds)
        for at, point in enumerate(ring):
            east, north = outward(ring, at, plane)
            changed = moved(record, at, 20 * way * east, 20 * way * north)
            report = check((demo | {record.code: changed}).values())
            touching = {code for code, points in corners.items() if tuple(point) in points}
            named = {code for finding in report.findings for code in finding.grids}
            assert touching <= named, (record.code, point)
            assert all(record.code in f.grids for f in report.findings)
            kind = {1: "rim", 2: "bend", 3: "three"}.get(len(touching), "four")
            tried["rim" if tuple(point) in rim else kind] += 1
            if "invalid_ring" in kinds(report):
                tried["crossing"] += 1
                continue
            gained = _area(report, "overlap") + _area(report, "outside_parent")
            change = _size(changed) - _size(record)
            assert gained - _area(report, "gap") == pytest.approx(change, abs=5)
            assert max(gained, _area(report, "gap")) > 100
    assert all(tried[kind] > 5 for kind in ("rim", "bend", "three")), tried
    assert tried["crossing"] < 10


def _ring(record: GridRecord) -> list[list[float]]:
    points: list[list[float]] = shapely.get_coordinates(
        load_geometry(record.boundary or "")
    ).tolist()
    return points[:-1]


def _size(record: GridRecord) -> float:
    return area_m2(load_geometry(record.boundary or ""))


def _area(report: Report, kind: str) -> float:
    return sum(f.area_m2 or 0.0 for f in report.findings if f.kind == kind)


def test_a_vertex_at_a_t_junction_is_there_in_all_three_cells(demo: dict[str, GridRecord]) -> None:
    cells = [set(map(tuple, _ring(r))) for r in demo.values() if r.level == "cell"]
    points = set().union(*cells)
    shared = [sum(point in ring for ring in cells) for point in points]
    assert shared.count(3) > 20
    whole = shapely.union_all(
        [shapely.Polygon(_ring(r)) for r in demo.values() if r.level == "cell"]
    )
    assert isinstance(whole, shapely.Polygon)
    assert not whole.interiors
    assert set(map(tuple, shapely.get_coordinates(whole).tolist())) <= points


def test_moving_a_vertex_of_the_community_is_found_too(demo: dict[str, GridRecord]) -> None:
    community = demo[DEMO]
    ring = _ring(community)
    plane = Plane.around(*load_geometry(community.boundary or "").bounds)
    for way, kind in ((-1, "outside_parent"), (1, "gap")):
        east, north = outward(ring, 3, plane)
        changed = moved(community, 3, 20 * way * east, 20 * way * north)
        report = check((demo | {DEMO: changed}).values())
        assert set(kinds(report)) == {kind}
        areas = {c for c, r in demo.items() if r.level == "area" and ring[3] in _ring(r)}
        named = {code for finding in report.findings for code in finding.grids}
        assert named == areas | {DEMO}


def test_under_a_grid_only_what_concerns_it(demo: dict[str, GridRecord]) -> None:
    first, last = f"{DEMO}0101001", f"{DEMO}0402003"
    records = demo | {code: replace(demo[code], households=999) for code in (first, last)}
    assert len(check(records.values()).findings) == 2
    below = check(records.values(), f"{DEMO}0402")
    assert [f.grids for f in below.findings] == [(last,)]
    assert below.checked == 4
    assert check(records.values(), f"{DEMO}0303").findings == []


# -- coverage, case by case ----------------------------------------------------------------------


def test_overlap_names_both_and_every_grid_that_touches_the_place() -> None:
    records = [
        block(square(0, 0, 2, 2)),
        cell(1, square(0, 0, 1.2, 1)),
        cell(2, square(1, 0)),
        cell(3, square(0, 1)),
        cell(4, square(1, 1)),
    ]
    (finding,) = check(records).findings
    assert finding.kind == "overlap"
    assert [code[-3:] for code in finding.grids] == ["001", "002", "003", "004"]
    assert finding.area_m2 == pytest.approx(area_m2(square(1, 0, 0.2, 1)), abs=0.1)
    text = str(finding.message)
    for words in ("c1 (", "c2 (", "c3 (", "c4 (", f"{finding.area_m2:,.1f} m²"):
        assert words in text
    drawn = finding.as_json()["geometry"]
    assert drawn["type"] == "Polygon"
    assert area_m2(shapely.from_geojson(json.dumps(drawn))) == pytest.approx(finding.area_m2, abs=1)


def test_gap_at_the_rim_names_the_children_around_it_and_the_parent() -> None:
    records = [block(square(0, 0, 2, 1)), cell(1, square(0, 0)), cell(2, square(1, 0, 0.9, 1))]
    (finding,) = check(records).findings
    assert finding.kind == "gap"
    assert [code[-3:] for code in finding.grids] == ["002", "101"]
    assert finding.area_m2 == pytest.approx(area_m2(square(1.9, 0, 0.1, 1)), abs=0.1)


def test_a_gap_names_grids_of_the_block_beside_it() -> None:
    other = replace(
        cell(7, square(2, 0)), code="4201020029900102007", parent_code="4201020029900102"
    )
    records = [
        block(square(0, 0, 2, 1)),
        cell(1, square(0, 0)),
        cell(2, square(1, 0, 0.9, 1)),
        replace(block(square(2, 0)), code="4201020029900102"),
        other,
    ]
    (finding,) = check(records).findings
    assert finding.kind == "gap"
    assert other.code in finding.grids


def test_outside_parent_names_child_parent_and_whom_it_runs_into() -> None:
    beside = replace(
        cell(7, square(1, 0)), code="4201020029900102007", parent_code="4201020029900102"
    )
    records = [
        block(square(0, 0)),
        cell(1, square(0, 0, 1.3, 1)),
        replace(block(square(1, 0)), code="4201020029900102"),
        beside,
    ]
    (finding,) = check(records).findings
    assert finding.kind == "outside_parent"
    assert finding.grids == (cell(1, None).code, "4201020029900101", beside.code)
    assert finding.area_m2 == pytest.approx(area_m2(square(1, 0, 0.3, 1)), abs=0.1)


def test_cousins_that_overlap_are_found_where_a_parent_has_no_outline() -> None:
    beside = replace(
        cell(7, square(0.5, 0)), code="4201020029900102007", parent_code="4201020029900102"
    )
    records = [
        block(None),
        cell(1, square(0, 0)),
        replace(block(square(0.5, 0)), code="4201020029900102"),
        beside,
    ]
    (finding,) = check(records).findings
    assert finding.kind == "overlap"
    assert set(finding.grids) == {cell(1, None).code, beside.code}


def test_inside_is_asked_of_the_nearest_ancestor_that_has_an_outline() -> None:
    district = GridRecord("420102", "d", "district", boundary=dump_geometry(square(0, 0, 3, 3)))
    street = GridRecord("420102002", "s", "street", parent_code="420102")
    community = GridRecord(
        "420102002990",
        "c",
        "community",
        parent_code="420102002",
        boundary=dump_geometry(square(2.5, 1)),
    )
    (finding,) = check([district, street, community]).findings
    assert finding.kind == "outside_parent"
    assert finding.grids == ("420102002990", "420102")


def test_holes_between_grids_without_a_parent_outline_are_gaps() -> None:
    frame = [square(0, 0, 3, 1), square(0, 2, 3, 1), square(0, 1), square(2, 1)]
    records = [block(None), *(cell(n, shape) for n, shape in enumerate(frame, 1))]
    (finding,) = check(records).findings
    assert finding.kind == "gap"
    assert [code[-3:] for code in finding.grids] == ["001", "002", "003", "004"]
    assert finding.area_m2 == pytest.approx(area_m2(square(1, 1)), abs=0.1)


def test_a_bay_between_grids_without_a_parent_outline_is_no_gap() -> None:
    frame = [square(0, 0, 3, 1), square(0, 1), square(2, 1)]
    records = [block(None), *(cell(n, shape) for n, shape in enumerate(frame, 1))]
    assert check(records).findings == []


def test_cover_is_not_judged_while_a_child_has_no_boundary() -> None:
    records = [block(square(0, 0, 2, 1)), cell(1, square(0, 0)), cell(2, None)]
    report = check(records)
    assert report.findings == []
    assert report.without_boundary == [cell(2, None).code]
    alone = check(records[:2])
    assert kinds(alone) == ["gap"]


def test_a_grid_without_boundary_is_a_finding_only_with_a_team() -> None:
    report = check([cell(1, None), cell(2, None, has_team=True)])
    assert [(f.kind, f.grids) for f in report.findings] == [("no_boundary", (cell(2, None).code,))]
    assert report.findings[0].as_json()["area_m2"] is None
    assert report.findings[0].as_json()["geometry"] is None
    assert len(report.without_boundary) == 2


@pytest.mark.parametrize(
    ("shift", "findings"), [(0.0015, 0), (0.0019, 0), (0.0031, 1)], ids=["15cm", "19cm", "31cm"]
)
def test_the_parent_is_snapped_to_its_children_within_20_cm(shift: float, findings: int) -> None:
    # A thousandth of a degree is 96 m here, so 0.0021 of it is 20 cm. The gap would be 22 m² wide.
    records = [block(square(0, 0, 2 + shift, 1)), cell(1, square(0, 0)), cell(2, square(1, 0))]
    assert len(check(records).findings) == findings


def test_a_square_metre_is_tolerated_and_more_is_not() -> None:
    for side, findings in ((0.0085, 0), (0.0125, 1)):
        notch = square(1 - side, 0, side, side)
        records = [block(square(0, 0)), cell(1, shapely.difference(square(0, 0), notch))]
        assert len(check(records).findings) == findings
        if findings:
            assert 1 < area_m2(notch) < 2


def test_two_rough_copies_of_one_bank_give_one_finding_not_hundreds() -> None:
    # Twenty teeth of 2.9 m on one side, a straight line through their middle on the other.
    steps = [(114.001 + (0.00003 if n % 2 else 0.0), 30 + n / 20_000) for n in range(21)]
    west = shapely.Polygon([(114, 30), *steps, (114, 30.001)])
    middle = 114.001015
    east = shapely.Polygon([(114.002, 30.001), (middle, 30.001), (middle, 30), (114.002, 30)])
    report = check([block(square(0, 0, 2, 1)), cell(1, west), cell(2, east)])
    assert sorted(kinds(report)) == ["gap", "overlap"]
    for finding in report.findings:
        assert {c[-3:] for c in finding.grids} >= {"001", "002"}
        assert finding.area_m2 is not None
        assert finding.area_m2 > 10


def test_two_large_gaps_between_the_same_grids_stay_apart() -> None:
    ring = shapely.difference(square(0, 0, 5, 3), square(1, 1))
    records = [block(None), cell(1, shapely.difference(ring, square(3, 1)))]
    report = check(records)
    assert kinds(report) == ["gap", "gap"]


# -- rings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        '{"type":"Point","coordinates":[114,30]}',
        '{"type":"Polygon","coordinates":[]}',
        '{"type":"Polygon","coordinates":[[[214,30],[214.1,30],[214.1,30.1],[214,30]]]}',
        dump_text([[114, 30], [114.001, 30.001], [114.001, 30], [114, 30.002]]),
    ],
)
def test_a_stored_boundary_that_is_none_is_a_finding_not_a_crash(text: str) -> None:
    report = check([replace(cell(1, None), boundary=text), cell(2, square(5, 5))])
    assert kinds(report) == ["invalid_ring"]
    assert report.findings[0].grids == (cell(1, None).code,)
    assert "c1 (" in str(report.findings[0].message)


def test_a_stored_ring_that_can_be_mended_is_no_finding() -> None:
    ring = [[114, 30], [114.001, 30], [114.001, 30], [114.001, 30.001], [114, 30.001]]
    spike = [*ring[:2], [114.002, 30.0], *ring[2:]]
    assert check([replace(cell(1, None), boundary=dump_text(spike))]).findings == []


# -- real boundaries, many grids -----------------------------------------------------------------


def test_the_real_districts_have_two_gaps_and_no_overlap() -> None:
    path = Path(__file__).parent / "data" / "wuhan-districts.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    records = [
        GridRecord(
            f["id"],
            f["properties"]["name"],
            "district",
            boundary=read_boundary(f["geometry"], f["properties"]["name"]).text,
        )
        for f in features
    ]
    report = check(records)
    assert kinds(report) == ["gap", "gap"]
    assert [f.area_m2 for f in report.findings] == [
        pytest.approx(636_000, rel=0.005),
        pytest.approx(283_000, rel=0.005),
    ]
    assert report.checked == 13


def test_3600_grids_are_checked_in_two_seconds(demo: dict[str, GridRecord]) -> None:
    records = []
    for number in range(74):
        row, column = divmod(number, 10)
        for record in demo.values():
            shape = translate(load_geometry(record.boundary or ""), column * 0.02, row * 0.02)
            records.append(
                replace(
                    record,
                    code=f"42{number:04d}002990" + record.code[12:],
                    parent_code=(
                        f"42{number:04d}002990" + (record.parent_code or "")[12:]
                        if record.level != "community"
                        else f"42{number:04d}002"
                    ),
                    boundary=dump_geometry(shape),
                )
            )
    assert len(records) > 3600
    started = time.process_time()
    report = check(records)
    assert time.process_time() - started < 2
    assert report.findings == []
    assert report.checked == len(records)


# -- with the database and the command -----------------------------------------------------------


def found(findings: Iterable[Finding]) -> set[tuple[str, tuple[str, ...]]]:
    return {(finding.kind, finding.grids) for finding in findings}


def test_records_of_the_demo_say_who_serves_where(session: Any) -> None:
    records = {record.code: record for record in grid_records(session, clock.today())}
    area = records[f"{DEMO}01"]
    assert area.posts == {"area_manager": 1, "area_head": 1, "data_clerk": 1, "patrol": 3}
    assert area.people > 60
    assert area.has_team
    assert records[f"{DEMO}0101001"].posts["grid_leader"] == 1
    assert not records["420102"].has_team
    report = check_grids(list(records.values()), household_standards(session))
    assert report.findings == []
    assert report.checked == 51
    assert report.without_boundary == ["420102", "420102002"]


def test_posts_that_ended_and_settings_that_changed_count(session: Any) -> None:
    cell_code = f"{DEMO}0101001"
    kind, households = session.execute(
        select(Grid.kind, Grid.households_declared).where(Grid.code == cell_code)
    ).one()
    quiet = {"audited": True}
    session.execute(
        delete(Post).where(Post.grid_code == cell_code, Post.role == "grid_worker"),
        execution_options=quiet,
    )
    session.execute(
        update(Setting).where(Setting.key == f"households.{kind}.max").values(value=households - 1),
        execution_options=quiet,
    )
    report = check_grids(
        grid_records(session, clock.today()), household_standards(session), cell_code
    )
    assert found(report.findings) == {
        ("staffing", (cell_code,)),
        ("household_standard", (cell_code,)),
    }


def test_the_command_exits_0_then_1_after_a_vertex_moved(portal: Flask, session: Any) -> None:
    run = portal.test_cli_runner()
    clean = run.invoke(args=["portal", "check-grids", "--json"])
    assert clean.exit_code == 0, clean.output
    assert json.loads(clean.output)["findings"] == []
    grid = session.scalar(select(Grid).where(Grid.code == f"{DEMO}0101001"))
    record = GridRecord(grid.code, grid.name, grid.level, boundary=grid.boundary)
    grid.boundary = moved(record, 0, 14.2, 14.2).boundary
    session.commit()
    broken = run.invoke(args=["portal", "check-grids", "--json"])
    assert broken.exit_code == 1
    report = json.loads(broken.output)
    assert report["checked"] == 51
    for finding in report["findings"]:
        assert set(finding) == {"kind", "grids", "area_m2", "message", "geometry"}
        assert grid.code in finding["grids"]
    spoken = run.invoke(args=["portal", "check-grids", "--grid", DEMO])
    assert spoken.exit_code == 1
    assert "平方米" in spoken.output
    elsewhere = run.invoke(args=["portal", "check-grids", "--grid", f"{DEMO}0402"])
    assert elsewhere.exit_code == 0
    assert run.invoke(args=["portal", "check-grids", "--grid", "999"]).exit_code == 2
