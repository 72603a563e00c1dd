"""The notice board as a document: the PDF checks, its room, its fence, its portraits."""

import re
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from portal.documents import pdf
from portal.documents.board import CSS, board_html, render_board, warm_up
from portal.documents.figure import figure
from portal.documents.fitting import fit, height_mm, width_mm
from portal.documents.portraits import draw_blank, draw_portrait
from portal.documents.qr import draw_qr
from portal.documents.template import HTML_LANG, style
from portal.errors import RuleError
from portal.queries.board_record import BoardHotline
from tests.support.boards import EDITION, LONG_NAME, crowded, person, record
from tests.support.pdf import check_pdf, read_pdf, squeezed

pytestmark = pytest.mark.one_engine


@pytest.mark.parametrize("lang", list(HTML_LANG))
def test_a_board_passes_the_pdf_checks(lang: str) -> None:
    board = record(lang=lang)
    data, pages = render_board(board, EDITION)
    facts = check_pdf(data, board_html(board, EDITION), HTML_LANG[lang])
    assert pages == 1
    assert facts.sizes == ((420, 297),)
    assert len(facts.figures) == len(board.people) + 2  # a map and a QR code
    assert len(facts.bookmarks) == 8  # the title and seven zones
    assert facts.created.startswith("D:20260401")


def test_every_zone_says_what_the_record_holds() -> None:
    board = record()
    text = squeezed(read_pdf(render_board(board, EDITION)[0]).text)
    shown = [
        board.name, board.code, "152", *board.above, *board.bounds, "百合华庭",
        *(someone.name for someone in board.people),
        *(post for someone in board.people for post in someone.posts),
        *(duty.title + duty.times for duty in board.duties),
        *(line.number for line in (*board.supervision, *board.emergency)),
        board.answer, board.url, EDITION.number, board.publisher,
    ]  # fmt: skip
    assert [part for part in shown if squeezed(part) not in text] == []


@pytest.mark.parametrize(("size", "millimetres"), [("a4", (297, 210)), ("a2", (594, 420))])
def test_other_sizes_are_the_same_board(size: str, millimetres: tuple[int, int]) -> None:
    first, other = (read_pdf(render_board(record(), EDITION, each)[0]) for each in ("a3", size))
    assert other.sizes == (millimetres,)
    assert (other.text, other.tags, other.figures) == (first.text, first.tags, first.figures)


def test_the_same_record_gives_the_same_bytes() -> None:
    assert render_board(record(), EDITION) == render_board(record(), EDITION)


def test_a_crowded_board_still_shows_everything() -> None:
    board = crowded()
    data, pages = render_board(board, EDITION)
    facts = check_pdf(data, board_html(board, EDITION), "zh-Hans")
    text = squeezed(facts.text)
    assert pages == 1
    assert len({someone.name for someone in board.people}) == 12
    assert all(len(someone.name) == len(LONG_NAME) == 14 for someone in board.people)
    assert [someone.name for someone in board.people if someone.name not in text] == []
    assert [line.number for line in board.emergency if line.number not in text] == []
    assert text.count("027-00100040-8012") == 1


@pytest.mark.parametrize("count", range(1, 16))
def test_any_number_of_people_has_room(count: int) -> None:
    people = tuple(
        person(f"阿卜杜热西提{at}", "网格员", own=at % 3 > 0) for at in range(1, count + 1)
    )
    text = read_pdf(render_board(record(people=people), EDITION)[0]).text
    assert [someone.name for someone in people if someone.name not in squeezed(text)] == []


def test_more_people_than_fit_are_announced() -> None:
    people = tuple(person(f"网格员{at:02d}号", "网格员") for at in range(40))
    html = board_html(record(people=people), EDITION)
    assert "网格员00号" in html
    assert "网格员39号" not in html
    assert board_html(record(), EDITION).count('class="hint"') == 1
    hints = [re.search(r'class="hint"[^>]*>([^<]+)<', page) for page in (html, _plain())]
    assert hints[0]
    assert hints[1]
    assert hints[0].group(1) != hints[1].group(1)


def _plain() -> str:
    return board_html(record(), EDITION)


def test_a_warm_board_takes_less_than_half_a_second() -> None:
    warm_up()
    seconds = []
    for _run in range(9):
        # Processor time: what other processes do on this machine is not the board's doing.
        started = time.process_time()
        render_board(record(), EDITION)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.5


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("foot", {"publisher": "幸福里社区居民委员会" * 9}),
        ("head", {"above": ("幸福里社区",) * 20}),
        ("duties", {"duties": record().duties[:1] * 30}),
        ("watch", {"supervision": (BoardHotline("1", "街道监督电话" * 20, ""),)}),
    ],
)
def test_text_without_room_is_refused_by_zone(zone: str, change: dict[str, object]) -> None:
    with pytest.raises(RuleError, match=zone):
        render_board(record(**change), EDITION)


def test_telephones_can_be_read_from_a_metre_away() -> None:
    sizes = re.findall(r'class="phone"[^>]*font-size:([\d.]+)pt', _plain())
    assert len(sizes) == 4
    assert all(float(size) >= 16 for size in sizes)


def test_nothing_but_what_the_record_says_is_about_a_person() -> None:
    someone = person("王秀兰", "网格员", phone=None, number=None)
    text = squeezed(read_pdf(render_board(record(people=(someone,)), EDITION)[0]).text)
    assert "王秀兰" in text
    assert "027-01000042" not in text


def test_text_is_escaped() -> None:
    board = replace(record(), name="<b>甲</b>&乙", publisher="<script>x</script>")
    data, _pages = render_board(board, EDITION)
    assert "<b>甲</b>&乙" in squeezed(read_pdf(data).text)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/x.png",
        "https://example.com/x.css",
        "ftp://127.0.0.1/x.png",
        "file:///etc/hostname",
        "../../config.py",
        "%2e%2e/%2e%2e/config.py",
        "file://elsewhere/etc/hostname",
        ".",
    ],
)
@pytest.mark.parametrize(
    "use",
    [
        '<img alt="x" src="{}">',
        '<link rel="stylesheet" href="{}">',
        '<style>@import url("{}");</style>',
        '<p style="background: url(&quot;{}&quot;)">x</p>',
        '<svg xmlns="http://www.w3.org/2000/svg"><title>x</title>'
        '<image href="{}" width="9"/></svg>',
    ],
)
def test_documents_open_nothing_from_outside(use: str, address: str) -> None:
    html = f'<html lang="en"><title>x</title><body>{use.format(address)}'
    with pytest.raises(pdf.FetchRefused):
        pdf.write(pdf.lay_out(html, ""))


def test_a_link_out_of_the_static_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (tmp_path / "way-out.svg").symlink_to("/etc/hostname")
    fetcher = pdf.FencedFetcher(tmp_path)
    assert fetcher.fetch((tmp_path / "own.svg").as_uri()).read().startswith(b"<svg")
    with pytest.raises(pdf.FetchRefused):
        fetcher.fetch((tmp_path / "way-out.svg").as_uri())


def test_own_files_and_data_are_opened() -> None:
    drawing = "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E"
    html = f'<html lang="en"><title>x</title><body><img alt="x" src="{drawing}">text'
    assert pdf.write(pdf.lay_out(html, "")).startswith(b"%PDF-1.7")


def test_overfull_names_the_boxes_that_do_not_hold_their_text() -> None:
    box = '<div data-zone="{}" style="width:{}mm;height:6mm;white-space:nowrap">网格公示牌</div>'
    html = f'<html lang="zh-Hans"><title>x</title>{box.format("narrow", 9)}{box.format("wide", 60)}'
    assert pdf.overfull(pdf.lay_out(html, "")) == ["narrow"]
    low = '<div data-zone="low" style="width:9mm;height:6mm">网格公示牌</div>'
    assert pdf.overfull(pdf.lay_out(f'<html lang="zh-Hans"><title>x</title>{low}', "")) == ["low"]


@pytest.mark.parametrize(
    "text", ["网格员", LONG_NAME, "Sponsoring leader of the area", "027-00100040"]
)
def test_fitted_text_is_as_large_as_it_can_be(text: str) -> None:
    for width in (20.0, 40.0, 80.0):
        fitted = fit(text, width, 40, 6)
        assert width_mm(text, fitted.pt) <= width or fitted.pt == 6
        assert fitted.pt == 40 or width_mm(text, fitted.pt + 0.5) > 0.95 * width
        boxed = fit(text, width, 40, 6, 12.0)
        assert height_mm(text, boxed.pt, width) <= 12.0 or boxed.pt == 6


def test_portraits_are_stable_varied_and_plain() -> None:
    drawings = [draw_portrait(seed, "画像") for seed in range(200)]
    assert drawings == [draw_portrait(seed, "画像") for seed in range(200)]
    assert len(set(drawings)) > 190
    for drawing in (*drawings, draw_blank("画像")):
        root = ElementTree.fromstring(drawing)
        attributes = {name for element in root.iter() for name in element.attrib}
        assert attributes.isdisjoint({"style", "id", "onload", "href"})
        assert root.find("{http://www.w3.org/2000/svg}title").text == "画像"  # type: ignore[union-attr]


def test_whoever_shows_no_face_has_an_outline() -> None:
    shown, hidden = (
        board_html(record(people=(person("甲", "网格员", portrait=seed),)), EDITION)
        for seed in (5, None)
    )
    face, outline = _source(draw_portrait(5)), _source(draw_blank())
    assert (face in shown, outline in shown) == (True, False)
    assert (face in hidden, outline in hidden) == (False, True)


def _source(drawing: str) -> str:
    return figure(drawing, "").partition("src=")[2]


def test_the_code_leads_to_the_page_of_the_grid() -> None:
    board = record()
    html = board_html(board, EDITION)
    assert _source(draw_qr(board.url, "")) in html
    assert _source(draw_qr(board.url + "/", "")) not in html


def test_the_style_sheet_needs_no_font_of_elsewhere() -> None:
    assert "@font-face" not in style(CSS)
    fonts = read_pdf(render_board(record(), EDITION)[0]).fonts
    assert {name.partition("+")[2] for name in fonts} == {
        "Grid-Sans", "Grid-Sans-Bold"
    }  # fmt: skip
