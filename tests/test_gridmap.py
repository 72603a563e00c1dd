"""The grid map: one SVG for boards and pages, true to the ground and readable without colour."""

import re
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
import weasyprint
from pypdf import PdfReader

from portal.documents.gridmap import GridShape, draw_map
from portal.documents.gridmap_words import map_labels
from portal.rules.demo.ground import plan_grids
from portal.rules.demo.plan import GridPlan
from portal.rules.demo.sites import site
from portal.rules.geometry import load_geometry, neighbours

SVG = "{http://www.w3.org/2000/svg}"
WORDS = {
    "title": "网格图",
    "here": "您在这里",
    "focus": "本网格",
    "neighbour": "相邻网格",
    "context": "其他网格",
    "street": "街道",
    "north": "北",
    "metres": "米",
    "east": "东",
}


@pytest.fixture(scope="module")
def grids() -> dict[str, GridPlan]:
    return {plan.code: plan for plan in plan_grids(site(0), Random(5))}


def shape(plan: GridPlan) -> GridShape:
    return GridShape(plan.code, plan.name, plan.boundary or "")


def drawn(grids: dict[str, GridPlan], code: str, **labels: Any) -> tuple[str, list[GridPlan]]:
    """The map of a grid with its neighbours, and the neighbours."""
    same = {
        c: load_geometry(g.boundary or "") for c, g in grids.items() if g.level == grids[code].level
    }
    near = [n.code for n in neighbours(code, same) if n.shared_m]
    rest = [c for c in same if c != code and c not in near]
    children = [c for c, g in grids.items() if g.parent_code == code]
    words = WORDS | {"bounds": grids[code].bounds} | labels
    svg = draw_map(
        shape(grids[code]),
        [shape(grids[c]) for c in near],
        [shape(grids[c]) for c in (*rest, *children)],
        640,
        420,
        words,
    )
    return svg, [grids[c] for c in near]


def texts(root: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def test_every_grid_of_the_demo_has_a_map_that_names_its_neighbours(
    grids: dict[str, GridPlan],
) -> None:
    for code, plan in grids.items():
        svg, near = drawn(grids, code)
        root = ElementTree.fromstring(svg)
        words = "".join(texts(root))
        for neighbour in near:
            assert neighbour.name in words
        if plan.level == "cell":
            assert plan.name in words
            assert "您在这里" in words
            assert len(near) >= 2
        assert len(svg) < 40_000


def test_nothing_in_it_offends_a_strict_policy(grids: dict[str, GridPlan]) -> None:
    svg, _near = drawn(grids, next(c for c, g in grids.items() if g.level == "cell"))
    root = ElementTree.fromstring(svg)
    for node in root.iter():
        assert node.tag not in {f"{SVG}style", f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"}
        for name, value in node.attrib.items():
            assert name != "style"
            assert not name.startswith("on")
            assert "href" not in name
            if "url(" in value:
                assert re.fullmatch(r"url\(#map-\d+-(view|focus|\d)\)", value)


def test_it_is_named_and_described_for_those_who_do_not_see_it(grids: dict[str, GridPlan]) -> None:
    code = next(c for c, g in grids.items() if g.level == "cell")
    svg, near = drawn(grids, code)
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    ids = [node.attrib["id"] for node in root.iter() if "id" in node.attrib]
    assert len(set(ids)) == len(ids)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
    assert title.text == f"网格图: {grids[code].name}"
    for neighbour in near:
        assert neighbour.name in (description.text or "")


def test_two_maps_on_one_page_share_no_id(grids: dict[str, GridPlan]) -> None:
    first, second = [c for c, g in grids.items() if g.level == "cell"][:2]
    ids = [set(re.findall(r' id="([^"]+)"', drawn(grids, code)[0])) for code in (first, second)]
    assert not ids[0] & ids[1]


def test_each_fill_has_a_pattern_of_its_own(grids: dict[str, GridPlan]) -> None:
    svg, _near = drawn(grids, next(c for c, g in grids.items() if g.level == "cell"))
    patterns = re.findall(r"<pattern id=\"[^\"]+\"[^>]*>(.*?)</pattern>", svg)
    forms = {re.sub(r'(fill|stroke)="#\w+"', "", pattern) for pattern in patterns}
    assert len(forms) == len(patterns) == 5
    assert svg.count('class="map-pattern"') == svg.count('class="map-neighbour"') + 1


def test_streets_stand_where_the_four_bounds_say(grids: dict[str, GridPlan]) -> None:
    code, plan = next((c, g) for c, g in grids.items() if g.level == "community")
    svg, _near = drawn(grids, code)
    root = ElementTree.fromstring(svg)
    places = {}
    for node in root.iter(f"{SVG}text"):
        if node.attrib.get("class") == "map-street-name":
            x, y = (float(node.attrib[axis].split()[0]) for axis in ("x", "y"))
            places[node.text] = (x, y)
    east, south, west, north = (places[text] for text in plan.bounds or ())
    assert west[0] < 500 < east[0]
    assert north[1] < south[1]
    bare = drawn(grids, code, bounds=None)[0]
    assert "map-street-name" not in bare


def test_the_scale_bar_tells_the_truth() -> None:
    # 0.01 degree of latitude is 1113 m; the picture shows it 1000 units wide at most.
    box = shapely.box(114.0, 30.0, 114.01, 30.01)
    root = ElementTree.fromstring(draw_map(GridShape("1", "a", box), [], [], 500, 500, {}))
    focus = next(n for n in root.iter() if n.attrib.get("class") == "map-focus")
    ys = [float(y) for _x, y in re.findall(r"([\d.]+) ([\d.]+)", focus.attrib["d"])]
    group = next(n for n in root.iter() if n.attrib.get("class") == "map-scale")
    (line,) = group.findall(f"{SVG}path")
    units = float(re.findall(r"h([\d.]+)", line.attrib["d"])[0])
    metres = int((group.findtext(f"{SVG}text") or "").split()[0])
    assert units / metres == pytest.approx((max(ys) - min(ys)) / 1113.2, rel=0.01)
    assert root.attrib["viewBox"] == "0 0 1000 1000.0"


def test_names_are_escaped_and_long_ones_broken() -> None:
    box = shapely.box(114.0, 30.0, 114.01, 30.01)
    svg = draw_map(GridShape("1", '<b>&"甲"', box), [], [], 300, 200, {})
    assert '<b>&"甲"' in texts(ElementTree.fromstring(svg))
    long = draw_map(GridShape("1", "幸福里第一片格（松涛街段）", box), [], [], 300, 200, {})
    found = texts(ElementTree.fromstring(long))
    assert "幸福里第一片格" in found
    assert "（松涛街段）" in found


def test_odd_shapes_do_not_break_it() -> None:
    two = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(3, 0, 4, 1)])
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(2, 2, 7, 7))
    sliver = shapely.Polygon([(0, 0), (10, 0.0001), (10, 0.0002)])
    for odd in (two, ring, sliver):
        for width, height in ((640, 420), (131, 85), (85, 131)):
            svg = draw_map(
                GridShape("1", "a", odd),
                [GridShape("2", "b", shapely.box(1, 0, 3, 1))],
                [GridShape("3", "c", shapely.box(50, 50, 51, 51))],
                width,
                height,
                {"bounds": ("E", "S", "W", "N")},
            )
            ElementTree.fromstring(svg)


def test_words_are_english_by_default_and_can_be_translated() -> None:
    box = shapely.box(114.0, 30.0, 114.01, 30.01)
    assert "You are here" in draw_map(GridShape("1", "a", box), [], [], 300, 200, {})
    translated = map_labels(lambda text: f"[{text}]")
    assert "[You are here]" in draw_map(GridShape("1", "a", box), [], [], 300, 200, translated)
    without = draw_map(GridShape("1", "a", box), [], [], 300, 200, {"here": ""})
    assert "map-here" not in without


def test_it_prints_with_its_words_as_text(grids: dict[str, GridPlan], tmp_path: Any) -> None:
    code = next(c for c, g in grids.items() if g.level == "cell")
    svg, near = drawn(grids, code)
    pdf = tmp_path / "map.pdf"
    weasyprint.HTML(string=f"<meta charset=utf-8>{svg}").write_pdf(pdf)
    extracted = re.sub(r"\s", "", PdfReader(pdf).pages[0].extract_text())
    for name in (grids[code].name, "您在这里", *(plan.name for plan in near)):
        assert name in extracted
