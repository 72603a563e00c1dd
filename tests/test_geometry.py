"""Boundaries as pure geometry: reading, mending, measuring, storing, neighbours."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from flask import Flask
from flask_babel import Babel
from shapely.geometry.base import BaseGeometry

from portal.errors import RuleError
from portal.rules import geometry as geo

SQUARE = [[114.30, 30.60], [114.31, 30.60], [114.31, 30.61], [114.30, 30.61], [114.30, 30.60]]


@pytest.fixture(autouse=True)
def _texts() -> Any:
    """Messages are lazy; give them an application to be translated in."""
    app = Flask(__name__)
    Babel(app, default_locale="en")
    with app.app_context():
        yield


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{", "not readable"),
        ("[1, 2]", "geometry object"),
        ('{"type": "Polygon", "coordinates": [[[NaN, 30], [1, 2], [3, 4], [NaN, 30]]]}', "holds"),
        ('{"type": "Polygon", "coordinates": [[[1e999, 30], [1, 2], [3, 4], [1, 2]]]}', "holds"),
        ({"type": "Point", "coordinates": [114.3, 30.6]}, 'not "Point"'),
        ({"coordinates": []}, "not null"),
        ({"type": "Feature", "geometry": polygon(SQUARE)}, 'not "Feature"'),
        (polygon(), "empty or misplaced"),
        ({"type": "Polygon"}, "empty or misplaced"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "holds 114.3"),
        (polygon(SQUARE[:-1]), "not closed"),
        (polygon([SQUARE[0], SQUARE[1], SQUARE[0]]), "three different points"),
        (polygon([[114.3, 30.6, 5.0], *SQUARE]), "heights"),
        (polygon([[114.3], *SQUARE]), "holds [114.3]"),
        (polygon([["114.3", 30.6], *SQUARE]), "holds"),
        (polygon([[True, 30.6], *SQUARE]), "holds"),
        (polygon([[10**400, 30.6], *SQUARE]), "holds"),
        (polygon([[30.6, 114.3], [30.7, 114.3], [30.7, 114.4], [30.6, 114.3]]), "out of range"),
        ({**polygon(SQUARE), "crs": {"properties": {"name": "EPSG:2383"}}}, "EPSG:4326"),
        (polygon([[114, 30], [115, 30], [116, 30], [114, 30]]), "encloses no area"),
    ],
)
def test_refuses_by_name_what_is_no_boundary(source: Any, words: str) -> None:
    with pytest.raises(RuleError) as refused:
        geo.read_boundary(source, "幸福里一号")
    assert "幸福里一号" in str(refused.value)
    assert words in str(refused.value)
    assert refused.value.field == "boundary"


def test_deep_nesting_is_refused_not_crashed() -> None:
    with pytest.raises(RuleError):
        geo.read_boundary('{"type":"Polygon","coordinates":' + "[" * 200_000, "a")


def test_unknown_reference_system_is_refused() -> None:
    with pytest.raises(RuleError, match="bd09"):
        geo.read_boundary(polygon(SQUARE), "a", "bd09")


def test_reads_polygon_and_multipolygon_with_holes() -> None:
    hole = [[114.302, 30.602], [114.302, 30.604], [114.304, 30.604], [114.302, 30.602]]
    east = [[x + 0.02, y] for x, y in SQUARE]
    multi = {"type": "MultiPolygon", "coordinates": [[SQUARE, hole], [east]]}
    read = geo.read_boundary(json.dumps(multi), "a")
    assert not read.mended
    assert read.repeated == 0
    assert len(read.geometry.geoms) == 2
    assert read.bounds == (114.30, 30.60, 114.33, 30.61)
    whole = geo.read_boundary(polygon(SQUARE), "a").area_m2
    hole_area = geo.read_boundary(polygon(hole), "a").area_m2
    assert read.area_m2 == pytest.approx(2 * whole - hole_area, rel=1e-6)


def test_area_is_geodesic() -> None:
    # One square degree at the equator on WGS 84, a published figure: 12,308.778 km².
    degree = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    area = geo.read_boundary(polygon(degree), "a").area_m2
    assert area == pytest.approx(12_308_778_361, rel=1e-6)
    # Further north a degree of longitude is shorter.
    north = [[0, 60], [1, 60], [1, 61], [0, 61], [0, 60]]
    ratio = geo.read_boundary(polygon(north), "a").area_m2 / area
    assert ratio == pytest.approx(math.cos(math.radians(60.5)), rel=0.02)


def test_repeated_points_are_dropped_and_count_as_mending() -> None:
    ring = [SQUARE[0], SQUARE[0], SQUARE[1], SQUARE[2], SQUARE[2], SQUARE[2], *SQUARE[3:]]
    read = geo.read_boundary(polygon(ring), "a")
    assert (read.mended, read.repeated) == (True, 3)
    assert read.text == geo.read_boundary(polygon(SQUARE), "a").text


def test_a_spike_is_mended_and_a_bow_tie_refused() -> None:
    spike = [*SQUARE[:2], [114.32, 30.605], SQUARE[1], *SQUARE[2:]]
    read = geo.read_boundary(polygon(spike), "a")
    assert read.mended
    assert read.text == geo.read_boundary(polygon(SQUARE), "a").text
    bow_tie = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]
    with pytest.raises(RuleError, match="网格甲: .* crosses itself"):
        geo.read_boundary(polygon(bow_tie), "网格甲")


@pytest.mark.parametrize(("size", "mended"), [(0.0002, True), (0.0004, False)])
def test_a_loop_is_mended_only_below_a_thousandth_of_the_area(size: float, mended: bool) -> None:
    # The corner is overshot: a loop of half `size` squared, which mending counts the other way,
    # so 0.04 % of the area for the small one and 0.16 % for the large one.
    over = [
        SQUARE[0],
        SQUARE[1],
        [114.31, 30.61 + size],
        [114.31 + size, 30.61],
        SQUARE[3],
        SQUARE[0],
    ]
    if mended:
        assert geo.read_boundary(polygon(over), "a").mended
    else:
        with pytest.raises(RuleError, match=r"by 0\.2 %"):
            geo.read_boundary(polygon(over), "a")


def test_all_thirteen_districts_are_mended_and_keep_their_area(districts: list[Any]) -> None:
    read = {f["id"]: geo.read_boundary(f["geometry"], f["properties"]["name"]) for f in districts}
    assert len(read) == 13
    assert all(boundary.mended and boundary.repeated for boundary in read.values())
    assert sum(boundary.repeated for boundary in read.values()) > 3000
    for feature in districts:
        boundary = read[feature["id"]]
        assert boundary.geometry.is_valid
        drawn = geo.area_m2(shapely.from_geojson(json.dumps(feature["geometry"])))
        assert boundary.area_m2 == pytest.approx(drawn, rel=1e-6)
    total = sum(boundary.area_m2 for boundary in read.values()) / 1e6
    assert 8_500 < total < 8_600  # the city has 8,569 km²


def test_stored_text_is_deterministic_and_survives_a_second_reading() -> None:
    turned = [*SQUARE[2:], *SQUARE[1:3]]
    reversed_ring = SQUARE[::-1]
    texts = {geo.read_boundary(polygon(r), "a").text for r in (SQUARE, turned, reversed_ring)}
    assert len(texts) == 1
    text = texts.pop()
    assert "114.3000000" in text
    again = geo.read_boundary(text, "a")
    assert (again.text, again.mended) == (text, False)
    assert shapely.from_geojson(text).exterior.is_ccw
    assert geo.geometry_mapping(again.geometry)["type"] == "Polygon"


def test_stored_text_rounds_to_seven_decimals_without_negative_zero() -> None:
    ring = [[-1e-9, 0.00000012], [1, 0], [1, 1], [-1e-9, 0.00000012]]
    text = geo.read_boundary(polygon(ring), "a").text
    assert "[0.0000000,0.0000001]" in text
    assert "-0.0" not in text


def test_centre_lies_inside_even_of_a_horseshoe() -> None:
    ring = [[0, 0], [4, 0], [4, 4], [3, 4], [3, 1], [1, 1], [1, 4], [0, 4], [0, 0]]
    read = geo.read_boundary(polygon(ring), "a")
    assert not read.geometry.contains(read.geometry.centroid)
    assert read.geometry.contains(shapely.Point(read.centre))


def test_gcj02_matches_a_published_pair_and_comes_back_exactly() -> None:
    # Tiananmen: WGS 84 (116.391259, 39.907355) is shown by web maps near (116.39750, 39.90876).
    shifted = geo.wgs84_to_gcj02(np.array([[116.391259, 39.907355]]))
    assert shifted[0] == pytest.approx([116.397500, 39.908759], abs=2e-5)
    longitudes, latitudes = np.meshgrid(np.linspace(74, 134, 61), np.linspace(4, 53, 50))
    points = np.column_stack([longitudes.ravel(), latitudes.ravel()])
    back = geo.gcj02_to_wgs84(geo.wgs84_to_gcj02(points))
    assert np.abs(back - points).max() < 1e-9
    moved = np.abs(geo.wgs84_to_gcj02(points) - points).max(axis=1)
    assert moved.min() > 1e-4  # the shift is real everywhere in the box: over ten metres


def test_gcj02_leaves_points_abroad_alone() -> None:
    abroad = np.array([[2.35, 48.85], [-70.0, -33.0], [140.0, 36.0]])
    assert np.array_equal(geo.wgs84_to_gcj02(abroad), abroad)
    assert np.array_equal(geo.gcj02_to_wgs84(abroad), abroad)


def test_a_gcj02_file_is_converted_when_it_says_so() -> None:
    shifted = geo.wgs84_to_gcj02(np.array(SQUARE)).tolist()
    shifted[-1] = shifted[0]
    read = geo.read_boundary(polygon(shifted), "a", "gcj02")
    assert read.text == geo.read_boundary(polygon(SQUARE), "a").text
    assert geo.read_boundary(polygon(shifted), "a").text != read.text


def box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    return shapely.box(114 + west / 100, 30 + south / 100, 114 + east / 100, 30 + north / 100)


def test_neighbours_name_direction_and_shared_length() -> None:
    shapes = {
        "focus": box(0, 0, 1, 1),
        "east": box(1, 0, 2, 1),
        "north": box(0, 1, 1, 2),
        "corner": box(1, 1, 2, 2),
        "west": box(-1, 0.25, 0, 0.75),
        "away": box(5, 5, 6, 6),
    }
    found = {n.code: n for n in geo.neighbours("focus", shapes)}
    assert sorted(found) == ["corner", "east", "north", "west"]
    assert {code: n.direction for code, n in found.items()} == {
        "corner": "north_east",
        "east": "east",
        "north": "north",
        "west": "west",
    }
    assert found["corner"].shared_m == 0
    assert found["east"].shared_m == pytest.approx(1113, rel=0.01)
    assert found["west"].shared_m == pytest.approx(557, rel=0.01)
    assert found["west"].shared.bounds == pytest.approx((114, 30.0025, 114, 30.0075))


def test_neighbours_bridge_a_gap_of_centimetres() -> None:
    shapes = {"a": box(0, 0, 1, 1), "b": box(1.000005, 0, 2, 1), "c": box(1.001, 0, 2, 1)}
    found = geo.neighbours("a", shapes)
    assert [(n.code, n.direction) for n in found] == [("b", "east")]
    assert found[0].shared_m == pytest.approx(1113, rel=0.01)


@pytest.fixture(scope="session")
def districts() -> list[Any]:
    path = Path(__file__).parent / "data" / "wuhan-districts.geojson"
    features: list[Any] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features
