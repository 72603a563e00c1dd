"""Service sign, site plan and grid archive as documents: the PDF checks, room, readability."""

import re
from dataclasses import replace
from itertools import combinations

import pytest

from portal.documents.archive import archive_html, render_archive
from portal.documents.divisionmap import LINES, DivisionMap
from portal.documents.figure import figure
from portal.documents.orgchart import Unit, draw_organisation
from portal.documents.plan import MAP, plan_html, render_plan
from portal.documents.qr import draw_qr
from portal.documents.sign import render_sign, sign_html
from portal.documents.template import HTML_LANG
from portal.errors import RuleError
from portal.queries.plans import number_in
from tests.support.boards import LONG_NAME
from tests.support.papers import (
    CELL,
    COMMUNITY,
    LONG,
    archive,
    crowded_archive,
    crowded_sign,
    edition,
    empty_archive,
    plan,
    sign,
)
from tests.support.pdf import check_pdf, read_pdf, squeezed

pytestmark = pytest.mark.one_engine

SIGN, PLAN, ARCHIVE = (
    edition(f"FW-{CELL}-A4-001"),
    edition(f"PM-{COMMUNITY}-A2-001"),
    edition(f"DA-{CELL}-A4-001"),
)
WORDS = {
    "title": "图", "north": "北", "metres": "米", "later": "以社区公布为准",
    "community": "社区", "area": "片格", "block": "中格", "cell": "小格", "bounds": ("甲路",) * 4,
}  # fmt: skip


# the sign ----------------------------------------------------------------


@pytest.mark.parametrize("lang", list(HTML_LANG))
def test_a_sign_passes_the_pdf_checks(lang: str) -> None:
    record = sign(lang=lang)
    data, pages = render_sign(record, SIGN)
    facts = check_pdf(data, sign_html(record, SIGN), HTML_LANG[lang])
    assert (pages, facts.sizes) == (1, ((297, 210),))
    assert len(facts.figures) == 1
    assert facts.created.startswith("D:20260401")
    text = squeezed(facts.text)
    shown = [record.name, record.post, record.person, record.phone, *record.above, SIGN.number]
    assert [part for part in shown if squeezed(part) not in text] == []
    assert [line.number for line in record.supervision if line.number not in text] == []


def test_name_and_telephone_are_read_from_three_metres() -> None:
    for record in (sign(), sign(phone="027-00100040-8012"), sign(person="欧阳诸葛慕容")):
        sizes = dict(
            re.findall(r'class="(person|phone)"[^>]*font-size:([\d.]+)pt', sign_html(record, SIGN))
        )
        assert set(sizes) == {"person", "phone"}
        assert all(float(size) >= 43 for size in sizes.values())  # 15 mm


def test_a_crowded_sign_still_says_everything_or_is_refused_by_zone() -> None:
    record = crowded_sign()
    facts = check_pdf(render_sign(record, SIGN)[0], sign_html(record, SIGN), "zh-Hans")
    text = squeezed(facts.text)
    assert all(part in text for part in (LONG, LONG_NAME, record.phone, record.post))
    for zone, change in (("who", {"person": LONG_NAME * 3}), ("head", {"name": LONG * 3})):
        with pytest.raises(RuleError, match=zone):
            render_sign(sign(**change), SIGN)


def test_what_the_portal_does_not_hold_has_a_place_on_the_sign() -> None:
    html = sign_html(sign(), SIGN)
    for way in ("网格之家", "居民之声信箱", "网格公示牌"):
        assert way in html
    assert html.count("以社区公布为准") == html.count('class="arrow"') == 3
    assert html.count("步行______分钟") == 3


def test_the_code_of_a_sign_leads_to_the_page_of_its_grid() -> None:
    source = figure(draw_qr(sign().url, ""), "").partition("src=")[2]
    assert source in sign_html(sign(), SIGN)


# the plan ----------------------------------------------------------------


@pytest.mark.parametrize("lang", list(HTML_LANG))
def test_a_plan_passes_the_pdf_checks(lang: str) -> None:
    record = plan(lang=lang)
    data, pages = render_plan(record, PLAN)
    facts = check_pdf(data, plan_html(record, PLAN), HTML_LANG[lang])
    assert (pages, facts.sizes) == (1, ((594, 420),))
    assert len(facts.figures) == 3  # code, map, chart
    assert facts.tags.count("TR") == len(record.grids)  # all but the community, and the head
    text = squeezed(facts.text)
    assert [grid.number for grid in record.grids[1:] if text.count(grid.number) < 2] == []
    for person in (*record.leading, record.director):
        assert person is not None
        assert person.name in text


def test_the_larger_plan_is_the_same_drawing() -> None:
    small, large = (read_pdf(render_plan(plan(), PLAN, size)[0]) for size in ("a2", "a1"))
    assert large.sizes == ((841, 595),)
    assert (large.text, large.tags, large.figures) == (small.text, small.tags, small.figures)


@pytest.mark.parametrize(("areas", "blocks", "cells"), [(1, 1, 1), (4, 3, 3), (6, 3, 4), (8, 2, 5)])
def test_labels_of_a_map_never_cover_one_another(areas: int, blocks: int, cells: int) -> None:
    record = plan(areas, blocks, cells)
    drawing = DivisionMap(record.grids, *MAP, WORDS)
    svg = drawing.svg()
    boxes = drawing.labels.taken
    assert len(boxes) == len(record.grids)  # without the community, with the north arrow
    for one, other in combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    assert [grid.number for grid in record.grids[1:] if f">{grid.number}" not in svg] == []


def test_levels_differ_by_more_than_colour() -> None:
    weights = {width for width, _dashes, _colour in LINES.values()}
    patterns = {(width, dashes) for width, dashes, _colour in LINES.values()}
    assert len(weights) == len(patterns) == 4
    svg = DivisionMap(plan().grids, *MAP, WORDS).svg()
    assert all(f'stroke-width="{width:g}"' in svg for width in weights)
    assert len(set(re.findall(r'fill="(url\(#tint-\d\))"', svg))) == 4
    assert 'style="' not in svg


def test_what_can_be_read_on_a2_on_a1_and_on_neither() -> None:
    small, large, huge = plan(4, 3, 4), plan(6, 3, 4), plan(6, 4, 5)
    assert [len(each.grids) - 1 for each in (small, large, huge)] == [64, 96, 150]
    check_pdf(render_plan(small, PLAN)[0], plan_html(small, PLAN), "zh-Hans")
    check_pdf(render_plan(large, PLAN, "a1")[0], plan_html(large, PLAN), "zh-Hans")
    with pytest.raises(RuleError, match="A1"):
        render_plan(large, PLAN)
    with pytest.raises(RuleError, match="150"):
        render_plan(huge, PLAN, "a1")


def test_a_cell_without_room_for_its_name_shows_its_number() -> None:
    record = plan(8, 2, 5)
    grids = [replace(grid, name=LONG) for grid in record.grids]
    drawing = DivisionMap(grids, *MAP, WORDS)
    svg = drawing.svg()
    assert [grid.number for grid in grids[1:] if f">{grid.number}" not in svg] == []
    assert len(drawing.labels.taken) == len(grids)


def test_a_plan_with_long_names_and_nobody_shown_still_fits() -> None:
    base = plan()
    grids = tuple(
        replace(grid, name=LONG, head=None, sponsor=None, households=None, bounds=("",) * 4)
        for grid in base.grids
    )
    record = replace(base, grids=grids, leading=base.leading * 4, director=None, name=LONG)
    facts = check_pdf(render_plan(record, PLAN)[0], plan_html(record, PLAN), "zh-Hans")
    assert squeezed(facts.text).count(LONG) > 2 * len(grids) - 8


def test_more_areas_than_a_row_holds_stand_in_two() -> None:
    units = [Unit(f"{at:02d} 片格", ("组长：某某",)) for at in range(12)]
    drawing = draw_organisation("组织", units[0], units[0], units, units[0], 273, 67)
    assert all(unit.title in drawing for unit in units)


def test_numbers_are_what_a_code_adds() -> None:
    assert number_in(CELL, COMMUNITY) == "01-03-003"
    assert number_in(f"{COMMUNITY}02", COMMUNITY) == "02"
    assert number_in(COMMUNITY, COMMUNITY) == COMMUNITY


# the archive -------------------------------------------------------------


@pytest.mark.parametrize("lang", list(HTML_LANG))
@pytest.mark.parametrize("make", [archive, crowded_archive, empty_archive])
def test_an_archive_passes_the_pdf_checks(lang: str, make) -> None:  # type: ignore[no-untyped-def]
    record = replace(make(), lang=lang)
    data, pages = render_archive(record, ARCHIVE)
    facts = check_pdf(data, archive_html(record, ARCHIVE), HTML_LANG[lang])
    assert set(facts.sizes) == {(210, 297)}
    assert len(facts.sizes) == pages > 2
    assert len([mark for mark in facts.bookmarks if re.match(r"\d ", mark)]) == 5
    assert len(facts.figures) == (2 if record.shape.boundary else 1)


def test_an_archive_says_what_its_record_holds() -> None:
    record = crowded_archive()
    text = squeezed(read_pdf(render_archive(record, ARCHIVE)[0]).text)
    assert text.count("1,234,567") == 80
    assert all(f"{LONG}{at}→{LONG}" in text for at in range(120))
    assert text.count("片格管理责任人（包挂领导）") == 12
    assert "更早的12条记录" in text


def test_what_is_not_registered_yet_is_said_plainly() -> None:
    text = squeezed(read_pdf(render_archive(archive(), ARCHIVE)[0]).text)
    assert text.count("尚未登记：") == 3


@pytest.mark.parametrize(
    ("draw", "record", "one"),
    [
        (render_sign, sign(), SIGN),
        (render_plan, plan(2, 1, 2), PLAN),
        (render_archive, archive(), ARCHIVE),
    ],
)
def test_the_same_record_gives_the_same_bytes(draw, record, one) -> None:  # type: ignore[no-untyped-def]
    assert draw(record, one) == draw(record, one)


def test_text_is_escaped() -> None:
    name = "<b>甲</b>&乙"
    for data in (
        render_sign(sign(person=name), SIGN)[0],
        render_archive(archive(name=name), ARCHIVE)[0],
        render_plan(plan(2, 1, 2, office=name, name=name), PLAN)[0],
    ):
        assert name in squeezed(read_pdf(data).text)
